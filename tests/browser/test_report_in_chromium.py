"""The report in a real browser: accessible, without sideways scroll, without a request, in both colour schemes.

Chromium is looked for on the path or in ``CHROMIUM``; playwright drives it, axe-core comes with axe-playwright-python.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from render_documents import HOSTILE, hostile, pond, unknown

from cardgen.charts import draw, svg
from cardgen.render import report

pytestmark = pytest.mark.browser
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DOCUMENTS = {"pond": pond, "unknown": unknown, "hostile": lambda: hostile(" ".join(HOSTILE) + " " + "W" * 200)}


def missing(what: str) -> None:
    """Skip where something is missing; fail where continuous integration should have it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        missing("Chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright (pip install cardgen[test])")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def axe() -> str:
    try:
        return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    except ModuleNotFoundError:
        missing("axe-playwright-python (pip install cardgen[test])")
        raise


@pytest.fixture(scope="module", params=list(DOCUMENTS))
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    document = DOCUMENTS[request.param]()
    found = draw(document)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report(document, found.values(), {name: svg(chart) for name, chart in found.items()}), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_is_accessible_and_stays_in_its_window(browser: Any, axe: str, file: Path, scheme: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    page.goto(file.as_uri())
    scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    page.evaluate(axe)
    result = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", TAGS)
    page.close()
    assert [(v["id"], [n["html"] for n in v["nodes"][:3]]) for v in result["violations"]] == []
    assert scroll <= client
    assert requests == [file.as_uri()]
    assert messages == []  # the browser says there what the policy refused


def test_colours_follow_the_scheme_and_paper_is_black_on_white(browser: Any, file: Path) -> None:
    page = browser.new_page()
    page.goto(file.as_uri())
    seen = {}
    for name, media in {
        "light": {"color_scheme": "light"},
        "dark": {"color_scheme": "dark"},
        "print": {"media": "print", "color_scheme": "dark"},
    }.items():
        page.emulate_media(**media)
        seen[name] = page.evaluate("(() => { const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]; })()")
    page.close()
    assert seen["light"] != seen["dark"]
    assert seen["print"] == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]


def test_data_can_be_saved(browser: Any, file: Path) -> None:
    page = browser.new_page(accept_downloads=True)
    page.goto(file.as_uri())
    with page.expect_download() as download:
        page.click("a.download")
    assert Path(download.value.path()).read_text(encoding="utf-8").startswith('{\n  "cardgen": 1,')
    page.close()
