from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from render_documents import HOSTILE, hostile, pond, unknown

from cardgen.charts import draw, svg
from cardgen.render import fragment, report
from cardgen.render.markdown import summary
from cardgen.render.text import address, clean

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Parses a page, checks that elements are closed in order, and gathers what the tests look at."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: dict[str, list[str]] = {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in self.open[-1:]:
            self.words.setdefault(tag, []).append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


def made(document: dict[str, object]) -> str:
    found = draw(document)
    return report(document, found.values(), {name: svg(chart) for name, chart in found.items()})


@pytest.fixture(params=["pond", "unknown", "hostile"])
def html(request: pytest.FixtureRequest) -> str:
    return made({"pond": pond, "unknown": unknown, "hostile": lambda: hostile(" ".join(HOSTILE))}[request.param]())


def test_page_runs_and_loads_nothing(html: str) -> None:
    page = Page(html)
    names = {tag for tag, _ in page.elements}
    assert not names & {"script", "iframe", "object", "embed", "link", "base", "form", "img", "image", "foreignobject", "animate", "set"}
    for tag, attributes in page.elements:
        assert not [
            name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style", "xlink:href", "formaction", "ping")
        ]
        if "href" in attributes:
            assert tag == "a"
            assert re.match(r"https?://|#|data:application/json;base64,", attributes["href"] or "")
    assert "url(" not in "".join(page.words["style"]) and "@import" not in html


def test_policy_allows_the_styles_of_the_page_and_nothing_else(html: str) -> None:
    page = Page(html)
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy") or ""
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" for style in styles}
    assert rules == {
        "default-src": "'none'",
        "style-src": rules["style-src"],
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert set(rules["style-src"].split()) == hashes
    assert html.index("Content-Security-Policy") < html.index("<style>") < html.index("<body>")


def test_headings_go_down_one_step_at_a_time(html: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(html).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:]))


def test_ids_are_unique_and_every_reference_finds_its_target(html: str) -> None:
    page = Page(html)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(a["href"] or "")[1:] for a in page.all("a") if (a.get("href") or "").startswith("#")}
    labels = {i for _, attributes in page.elements for i in (attributes.get("aria-labelledby") or "").split()}
    assert targets | labels <= set(ids)


def test_page_has_language_landmarks_and_a_way_past_the_label(html: str) -> None:
    page = Page(html)
    assert page.all("html") == [{"lang": "en"}]
    assert [len(page.all(tag)) for tag in ("header", "main", "h1")] == [1, 1, 1]
    assert page.all("a")[0] == {"class": "skip", "href": "#content"}


def test_tables_have_captions_and_headers_in_regions_that_scroll(html: str) -> None:
    page = Page(html)
    assert len(page.all("caption")) == len(page.all("table")) > 0
    assert all(th.get("scope") in ("col", "row") for th in page.all("th"))
    regions = [s for s in page.all("section") if s.get("class") == "scroll"]
    assert len(regions) == len(page.all("table"))
    assert all(s["tabindex"] == "0" and s["aria-label"] for s in regions)


def test_every_picture_stands_beside_its_table() -> None:
    found = draw(pond())
    html = made(pond())
    assert [s["id"] for s in Page(html).all("svg") if s.get("role") == "img"] == list(found)
    for chart in found.values():
        title = chart.title.replace("₂", "<sub>2</sub>")
        assert f"<caption>{title}</caption>" in html and f">{title}</h3>" in html
        assert all(f">{cell}<" in html.replace("<sub>2</sub>", "₂") for row in chart.rows for cell in row if cell)


def test_data_is_a_download_of_the_whole_assessment() -> None:
    link = next(a for a in Page(made(pond())).all("a") if "download" in a)
    assert link["download"] == "acme-pond-7b.assessment.json"
    assert json.loads(base64.b64decode((link["href"] or "").partition(",")[2])) == pond()


def test_label_comes_first_and_says_the_answer() -> None:
    html = made(pond())
    label = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html[html.index('<div class="label">') : html.index("</header>")])).strip()
    assert label == (
        "Environmental impact of Pond 7B acme/pond-7b 4.76 t CO 2 e greenhouse gases of the electricity, location based. How it was found "
        "90 % interval 3.9 to 5.8 t CO 2 e Basis estimated Energy 17.8 MWh (15.1 to 20.9), computed from device-hours as declared "
        "Device-hours 52,200 Covers accelerators, host and facility overhead Market based 213 kg CO 2 e (170 to 266) "
        "Making the hardware 224 kg CO 2 e (108 to 461), counted apart Each request 420 mWh (400 to 440)"
    )


def test_label_says_which_carbon_is_missing_and_that_a_request_is_a_mean() -> None:
    document = pond()
    document["activities"][1]["energy"] = document["activities"][0]["energy"]
    document["inference"]["services"] *= 2
    html = made(document)
    assert "<dt>Without</dt><dd>carbon of Evaluation</dd>" in html
    assert "<dt>Mean of all requests</dt><dd>420 mWh (400 to 440)</dd>" in html


def test_page_and_card_say_the_same() -> None:
    unlinked = re.sub(r'<a href="#step-\d+">(.*?)</a>', r"\1", made(pond()))
    assert fragment(summary(pond())) in re.sub(r" \(steps? [\d, and]+\)", "", unlinked)


def test_steps_link_to_the_steps_that_they_build_on() -> None:
    html = made(pond())
    assert (
        '= <a href="#step-2">facility energy</a> × grid intensity</p>\n<p class="formula">= 17.8 MWh × 268 g CO<sub>2</sub>e/kWh</p>'
        in html
    )


def test_print_hides_nothing() -> None:
    assert "<details" not in made(pond())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_adds_no_element(text: str) -> None:
    def elements(words: str) -> list[str]:
        page = report(hostile(words))
        return [tag for tag, _ in Page(page).elements if tag not in ("span", "sub")]

    if address(text) is None and clean(text):
        assert elements(text) == elements("Plain")


def test_same_input_gives_the_same_bytes() -> None:
    assert made(pond()) == made(pond())
