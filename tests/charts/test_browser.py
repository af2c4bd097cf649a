"""The SVG as Chromium lays it out: nothing clipped, nothing on top of another, at every width and in both colour schemes."""

import json
import os
import re
import shutil
import subprocess

import pytest
from chart_documents import document
from test_charts import DOCUMENTS

from cardgen.charts import draw, svg

pytestmark = pytest.mark.browser
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--virtual-time-budget=2000"]  # fmt: skip
MEASURE = """<script>
addEventListener('load', () => {
  const found = {clipped: [], touching: [], colours: {}};
  for (const picture of document.querySelectorAll('svg')) {
    const view = picture.viewBox.baseVal, boxes = [];
    for (const text of picture.querySelectorAll('text')) {
      const b = text.getBBox();
      boxes.push([b, text.textContent]);
      if (b.x < 0 || b.y < 0 || b.x + b.width > view.width || b.y + b.height > view.height) found.clipped.push(text.textContent);
    }
    boxes.forEach(([a, one], i) => boxes.slice(i + 1).forEach(([b, other]) => {
      const lines = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
      if (a.x < b.x + b.width && b.x < a.x + a.width && lines > 0.35 * Math.min(a.height, b.height)) found.touching.push([one, other]);
    }));
    found.colours[picture.id] = ['rect', 'tspan'].map(part => getComputedStyle(picture.querySelector(part)).fill);
    found.wide = picture.getBoundingClientRect().width;
  }
  document.body.innerHTML = '<pre>' + btoa(unescape(encodeURIComponent(JSON.stringify(found)))) + '</pre>';
});
</script>"""


def browser():
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("Chromium is missing: install it on the machine that runs CI")
    if found is None:
        pytest.skip("Chromium is missing: apt install chromium")
    return found


def measure(tmp_path, pictures, css="", *flags):
    """Return what a page with these charts measures of itself."""
    import base64

    page = tmp_path / "page.html"
    page.write_text(f'<!doctype html><meta charset="utf-8"><style>{css}</style><body>{"".join(pictures)}{MEASURE}', encoding="utf-8")
    command = [browser(), *FLAGS, *flags, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return json.loads(base64.b64decode(re.search(r"<pre>(.*?)</pre>", done.stdout.decode())[1]))


@pytest.mark.parametrize("case", DOCUMENTS)
@pytest.mark.parametrize("font", ["system-ui", "DejaVu Sans", "Verdana, DejaVu Sans"])
def test_no_label_is_clipped_or_touches_another(tmp_path, case, font):
    found = measure(tmp_path, map(svg, draw(DOCUMENTS[case]).values()), f"svg text{{font-family:{font}}}")
    assert found["clipped"] == [] and found["touching"] == []


@pytest.mark.parametrize(
    ("scheme", "page", "ink"), [(1, "rgb(255, 255, 255)", "rgb(31, 35, 40)"), (0, "rgb(13, 17, 23)", "rgb(230, 237, 243)")]
)
def test_charts_in_one_page_have_the_readers_colours(tmp_path, scheme, page, ink):
    found = measure(tmp_path, map(svg, draw(document()).values()), "", f"--blink-settings=preferredColorScheme={scheme}")
    assert set(map(tuple, found["colours"].values())) == {(page, ink)}


def test_a_page_with_its_own_theme_sets_the_colours(tmp_path):
    css = ":root{--chart-page:#222222;--chart-ink:#eeeeee}"
    found = measure(tmp_path, map(svg, draw(document()).values()), css)
    assert set(map(tuple, found["colours"].values())) == {("rgb(34, 34, 34)", "rgb(238, 238, 238)")}


def test_a_chart_shrinks_to_the_width_of_its_page(tmp_path):
    found = measure(tmp_path, map(svg, draw(document()).values()), "body{margin:0;width:320px}")
    assert found["wide"] == 320
