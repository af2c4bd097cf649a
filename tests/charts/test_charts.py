"""What holds for every chart of every assessment."""

import itertools
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from chart_documents import activity, document, entry, figure
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardgen.charts import digest, draw, pictures, png, read_digest, style, svg
from cardgen.charts.layout import scene
from cardgen.charts.scene import Text
from cardgen.charts.words import width

HOSTILE = '<b>$\\frac{1}{2}$</b> & "q" ]]> \x00\x1b[31m\u202e\ud800\ufffe ' + "very long name " * 20
NAMES = ["energy-by-component", "emissions-by-phase", "model-comparison", "break-even", "cost-and-power"]
DOCUMENTS = {
    "ordinary": document(),
    "many phases": document(*(activity(f"Experiment {i}", 900 / (i + 1), location=300 / (i + 1), embodied=9.0) for i in range(2000))),
    "hostile names": document(
        activity(HOSTILE, 5.0, location=2.0), activity("נחל 7B גדול", None), activity("模型训练😀" * 30, 4e5, location=1e5, market=0.0),
        model={"name": "W" * 300}, comparison=[entry("נחל 7B", 5.0, own=True), entry(HOSTILE, 1e9), entry("I" * 90, 20.0)],
    ),
}  # fmt: skip
CASES = [pytest.param(chart, id=f"{case}: {chart.name}") for case, made in DOCUMENTS.items() for chart in draw(made).values()]


def test_the_pictures_are_found_by_their_names_in_the_order_of_the_page():
    assert list(pictures()) == NAMES
    assert list(draw(document())) == NAMES


def test_an_assessment_without_figures_has_no_charts():
    empty = {
        "model": {"name": "Pond"},
        "activities": [],
        "totals": {"energy": None},
        "inference": None,
        "comparison": [],
        "infrastructure": [],
    }
    assert draw(empty) == {}
    assert draw(document(activity("Pretraining", None), comparison=[], infrastructure=[], inference=None)) == {}


@pytest.mark.parametrize("chart", CASES)
def test_the_texts_tell_the_finding_the_measure_and_the_source(chart):
    assert chart.title and not chart.title.endswith(".")
    assert chart.description.endswith(".") and chart.subtitle.endswith(".")
    assert chart.source.startswith("Source: ")
    assert all(len(row) == len(chart.columns) for row in chart.rows) and chart.rows
    assert "None" not in svg(chart) and "nan" not in re.sub(r"[A-Za-z]nan|nan[a-z]", "", svg(chart))


@pytest.mark.parametrize("chart", CASES)
def test_the_svg_is_well_formed_and_described_and_brings_nothing_along(chart):
    text = svg(chart)
    root = ElementTree.fromstring(text)
    assert text.startswith("<svg ") and root.get("role") == "img"
    title, description = root[0], root[1]
    assert (title.tag, title.text) == ("{http://www.w3.org/2000/svg}title", chart.title)
    assert (description.tag, description.text) == ("{http://www.w3.org/2000/svg}desc", chart.description)
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    tags = {element.tag.split("}")[1] for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "text", "tspan", "polygon", "polyline", "circle"}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not [name for name in attributes if name.startswith("on") or "href" in name or name == "style"]
    assert "url(" not in text and "@import" not in text and text.count("http") == 1 + "".join(root.itertext()).count("http")


def test_ids_are_unique_when_all_charts_stand_in_one_page():
    ids = [id for chart in draw(document()).values() for id in re.findall(r'\bid="([^"]*)"', svg(chart))]
    assert len(set(ids)) == len(ids) == 3 * len(NAMES)
    assert all(any(id.startswith(name) for name in NAMES) for id in ids)
    rules = "".join(re.findall("<style>(.*?)</style>", svg(draw(document())["break-even"])))
    selectors = re.findall(r"([^{}]+)\{[^{}]*\}", rules.replace("@media ", "{}@media{"))
    assert all(selector.startswith("#break-even") for selector in selectors if "@" not in selector and "(" not in selector)


@pytest.mark.parametrize("chart", CASES)
def test_all_text_stands_within_the_picture(chart):
    drawing = scene(chart)
    for part in drawing.parts:
        if isinstance(part, Text):
            wide = sum(width(run.words, part.size, run.bold) for run in part.runs) + style.GAP * (len(part.runs) - 1)
            left = part.x - {"start": 0, "middle": wide / 2, "end": wide}[part.anchor]
            assert left >= 0 and left + wide <= style.WIDTH - 4, part
            assert part.size <= part.y <= drawing.height - 4, part


@pytest.mark.parametrize("chart", CASES)
def test_no_label_stands_on_another(chart):
    boxes = []
    for part in scene(chart).parts:
        if isinstance(part, Text):
            wide = sum(width(run.words, part.size, run.bold) for run in part.runs) / 1.2
            left = part.x - {"start": 0, "middle": wide / 2, "end": wide}[part.anchor]
            boxes.append((left, part.y - part.size * 0.7, left + wide, part.y, part.runs))
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (a, b)


def contrast(one, other):
    """Return the contrast of two colours, by WCAG 2.2."""

    def luminance(colour):
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_text_and_marks_stand_out_from_the_page(theme):
    def blend(colour, share):
        mixed = (round(int(colour[i : i + 2], 16) * share + int(theme["page"][i : i + 2], 16) * (1 - share)) for i in (1, 3, 5))
        return "#" + "".join(f"{part:02x}" for part in mixed)

    assert all(contrast(theme[role], theme["page"]) >= 4.5 for role in ("ink", "muted"))
    assert all(contrast(mark, theme["page"]) >= 3 for mark in style.MARKS)
    assert contrast(theme["ink"], blend(style.MARKS[1], style.BAND)) >= 4.5


def test_the_drawing_uses_no_other_colours():
    used = {colour for chart in draw(document()).values() for colour in re.findall(r'(?:fill|stroke)="(#\w+)"', svg(chart))}
    assert used <= {*style.LIGHT.values(), *style.MARKS}


def test_the_digest_stands_in_the_picture_and_follows_what_is_shown():
    chart = draw(document())["energy-by-component"]
    assert read_digest(svg(chart)) == digest(chart) == read_digest(png(chart, scale=0.5))
    assert read_digest("<svg/>") is None
    assert digest(draw(json.loads(json.dumps(document())))["energy-by-component"]) == digest(chart)
    assert digest(replace(chart, title="Other")) != digest(chart)
    more = document(activity("Pretraining", 21999.0), activity("Fine-tuning", 1210.0))
    assert digest(draw(more)["energy-by-component"]) != digest(chart)


def test_a_difference_in_the_last_place_changes_neither_digest_nor_bytes():
    def nudged(found):
        if isinstance(found, dict):
            return {key: nudged(value) for key, value in found.items()}
        if isinstance(found, list):
            return [nudged(value) for value in found]
        return found * (1 + 2e-15) if isinstance(found, float) else found

    before, after = draw(document()), draw(nudged(document()))
    assert [digest(chart) for chart in after.values()] == [digest(chart) for chart in before.values()]
    assert [svg(chart) for chart in after.values()] == [svg(chart) for chart in before.values()]


def test_other_processes_with_other_settings_draw_the_same_bytes(tmp_path):
    script = (
        "import sys, hashlib; sys.path[:0] = sys.argv[1:]\n"
        "from chart_documents import document; from cardgen.charts import draw, png, svg\n"
        "made = draw(document()).values()\n"
        "assert 'matplotlib' not in sys.modules\n"
        "drawn = [svg(c).encode() for c in made]\n"
        "assert 'matplotlib' not in sys.modules\n"
        "print(hashlib.sha256(b''.join([*drawn, *(png(c, 1) for c in made)])).hexdigest())"
    )
    rc = tmp_path / "matplotlibrc"
    rc.write_text("text.usetex: True\nfont.size: 40\nsavefig.dpi: 30\npath.sketch: 5, 100, 2\nlines.antialiased: False\n"
                  "figure.dpi: 37\naxes.facecolor: red\ntext.hinting: none\nsvg.fonttype: path\nlines.scale_dashes: False\n")  # fmt: skip
    paths = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

    def run(**settings):
        environment = {**os.environ, "MPLCONFIGDIR": str(tmp_path), **settings}
        done = subprocess.run([sys.executable, "-c", script, *paths], env=environment, capture_output=True, text=True, check=True)
        assert done.stderr == "" or "font cache" in done.stderr
        return done.stdout

    plain = run(PYTHONHASHSEED="1", TZ="UTC", LANG="C", LC_ALL="C", MATPLOTLIBRC="")
    assert plain == run(PYTHONHASHSEED="2", TZ="Asia/Kolkata", LANG="de_DE.UTF-8", LC_ALL="", MATPLOTLIBRC=str(rc))


VALUES = st.one_of(st.none(), st.just(0.0), st.floats(1e-12, 1e15))
TEXTS = st.text(max_size=60)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(TEXTS, VALUES, VALUES, VALUES, VALUES), min_size=1, max_size=9), VALUES, TEXTS, st.floats(0, 0.99))
def test_any_names_and_values_give_pictures_with_all_text_inside(phases, request_kwh, model, spread):
    made = []
    for name, energy, *emissions in phases:
        stated = {key: value for key, value in zip(("location", "market", "embodied"), emissions) if value is not None}
        made.append(activity(name, energy, **stated))
    inference = {"per_request": None if request_kwh is None else figure(request_kwh, spread=spread), "days_to_match_training": None}
    total = sum(energy or 0 for _, energy, *_ in phases)
    inference["requests_to_match_training"] = figure(total / request_kwh, "1", spread=spread) if request_kwh else None
    parts = [{"name": name, "power": energy and figure(energy, "W", spread=spread), "price": None} for name, energy, *_ in phases]
    rivals = [entry(name, energy, own=i == 0) for i, (name, energy, *_) in enumerate(phases)]
    whole = document(*made, model={"name": model}, inference=inference, infrastructure=parts, comparison=rivals)
    for chart in draw(whole).values():
        ElementTree.fromstring(svg(chart))
        test_all_text_stands_within_the_picture(chart)
