from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from render_documents import HOSTILE, NOTHING, activity, document, figure, hostile, impact, pond, unknown

from cardgen.charts import draw
from cardgen.render import fragment, section
from cardgen.render.text import Markdown, address, clean, escape

BLOCKS = {"h2", "p", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}
ELEMENTS = BLOCKS | {"strong", "em", "sub", "span", "a", "img"}


@dataclass(frozen=True)
class Picture:
    name: str = "energy"
    title: str = "Pretraining used most"
    subtitle: str = "Energy in MWh."
    source: str = "Source: run file."
    description: str = "Pretraining used 17.8 MWh."
    note: str = ""
    columns: tuple[str, ...] = ("Phase", "Value")
    rows: tuple[tuple[str, ...], ...] = (("Pretraining", "17.8 MWh"),)


class Structure(HTMLParser):
    """Gathers the elements of a page with their attributes, links, comments and visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.words: list[str] = []
        self.comments: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def shown(markdown: str) -> Structure:
    """Return what a reader of GitHub or the Hub gets: GFM tables, HTML allowed, nothing sanitised."""
    return Structure(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown))


def skeleton(found: Structure) -> list[tuple[str, tuple[tuple[str, str | None], ...]]]:
    """Return the elements without the spans that part dollars, and without the subscript of CO₂."""
    return [(tag, attributes) for tag, attributes in found.elements if (tag, attributes) not in (("span", ()), ("sub", ()))]


def test_section_begins_with_the_answer() -> None:
    lines = section(pond()).splitlines()
    assert lines[0] == "## Environmental impact"
    assert lines[2] == (
        "**4.76 t CO<sub>2</sub>e** (90 % interval 3.9 to 5.8), location based, estimated, from 17.8 MWh (15.1 to 20.9), computed from "
        "device-hours as declared; it covers accelerators, host and facility overhead; making the hardware is counted apart."
    )


def test_section_shows_one_table_with_gaps_and_the_total_last() -> None:
    table = [line for line in section(pond()).splitlines() if line.startswith("|")]
    assert table == [
        "| Phase | Device-hours | Energy (MWh) | Carbon (t CO<sub>2</sub>e) | Basis |",
        "|:--|--:|--:|--:|:--|",
        r"| Pretraining | 52,200 | 17.8 | 4.76 | estimated \[1\] |",
        "| Evaluation | not reported | not reported | not reported |  |",
        "| **Total** | **52,200** | **17.8** | **4.76** | estimated |",
    ]


def test_section_states_apart_what_is_not_in_the_total() -> None:
    lines = [line for line in section(pond()).splitlines() if line.startswith("- **")]
    assert lines == [
        "- **Market based**: 213 kg CO<sub>2</sub>e (170 to 266), declared; after wind power, 2025; beside the location-based figure, "
        "not in its place.",
        "- **Offsets**: 3 t CO<sub>2</sub>e, declared; not subtracted anywhere.",
        r"- **Making the hardware**: 224 kg CO<sub>2</sub>e (108 to 461), assumed; not in the total above \[2\].",
        "- **Water**: on site for cooling 3.55 m³ (3 to 4.2); in making the electricity not reported.",
        "- **Cost**: 1,950 EUR for electricity.",
        "- **Each request (text-generation)**: 420 mWh (400 to 440), measured; carbon not reported.",
        "- **1,000 requests**: 420 Wh (400 to 440), measured; carbon not reported.",
        "- **Break-even**: after about 42.3 million requests (36 to 49), or 21.1 days (18 to 24.6) of service, inference has used as much "
        "energy as training.",
        "- **Reported energy**: 17.8 MWh; computed: 17.8 MWh (15.1 to 20.9); they agree within the interval "
        r"([https\://example.org/paper](https://example.org/paper)).",
    ]


def test_comparison_is_about_and_names_edition_and_source() -> None:
    assert r"About as much carbon as 1.1 passenger cars driven for a year (US) (EPA 2024) \[3\]." in section(pond())


def test_gaps_are_printed() -> None:
    made = section(pond())
    assert "\n\nNot included: failed runs.\n\nNot reported: energy of Evaluation.\n\n" in made


@pytest.mark.parametrize(
    ("value", "count"), [(2664.0, "2,700"), (3.1e6, "3.1 million"), (1.04, "1.0"), (0.00012, "0.00012"), (0.0, "0"), (10.4, "10")]
)
def test_a_comparison_of_any_size_is_shown_and_one_reads_as_a_count(value: float, count: str) -> None:
    made = pond()
    made["equivalents"][0]["figure"]["value"] = value
    assert f"\n\nAbout as much carbon as {count} passenger cars driven for a year (US) (EPA 2024)" in section(made)


def test_more_than_two_comparisons_are_a_list_of_all() -> None:
    made = pond()
    names = {"emissions": "cars", "energy": "homes", "water": "pools", "sequestration": "acres of forest"}
    made["equivalents"] = [
        {"id": name, "label": name, "figure": figure(5000, "1"), "quantity": quantity, "edition": None} for quantity, name in names.items()
    ]
    assert """
To compare:

- About as much carbon as 5,000 cars.
- About as much energy as 5,000 homes.
- About as much water as 5,000 pools.
- About as much carbon as is taken up by 5,000 acres of forest.

Not included""" in section(made)


def bullets(made: dict[str, object]) -> dict[str, str]:
    """Return the statements beside the table by their label."""
    found = (line[4:].partition("**: ") for line in section(made).splitlines() if line.startswith("- **"))
    return {label: text for label, _, text in found}


def uneven() -> dict[str, object]:
    """Return an assessment whose evaluation has energy and no emissions."""
    trained = figure(200e3, "kWh"), figure(78.1e3, "kgCO2e", 70e3, 90e3, "estimated")
    phases = [
        activity(energy=trained[0], emissions={**NOTHING, "location": trained[1]}, evidence="measured energy"),
        activity("Evaluation", phase="evaluation", energy=figure(50e3, "kWh"), evidence="measured energy"),
    ]
    return document(phases, impact(energy=figure(250e3, "kWh"), emissions={**NOTHING, "location": trained[1]}))


def test_a_phase_with_energy_and_without_carbon_is_said_to_be_missing() -> None:
    made = section(uneven())
    assert (
        "**78.1 t CO<sub>2</sub>e** (90 % interval 70 to 90), location based, estimated, without Evaluation; "
        "the energy, with Evaluation, is 250 MWh, measured; making the hardware is not included."
    ) in made
    assert "| Evaluation | not reported | 50 | not reported | measured |" in made
    assert "| **Total** | **not reported** | **250** | **78.1** | estimated; carbon without Evaluation |" in made


def test_many_missing_phases_are_counted() -> None:
    made = uneven()
    made["activities"] += [activity(f"Run {i}", energy=figure(1, "kWh")) for i in range(7)]
    assert "carbon without 8 of the 9 phases |" in section(made)


def service(name: str, wh: float, **more: object) -> dict[str, object]:
    energy = {f"per_{key}": figure(wh * count / 1000, "kWh") for key, count in (("request", 1), ("1000", 1000), ("year", 365e6))}
    return {"activity": 1, "name": name, "task": "text-generation", **energy, **more}


def served(*services: dict[str, object], **more: object) -> dict[str, object]:
    mean = {"per_request": figure(0.002, "kWh"), "per_1000": figure(2, "kWh"), "per_year": figure(1.46e6, "kWh")}
    chat = activity("Chat", phase="inference", cost={"electricity": None, "devices": figure(1200, "USD", basis="declared")})
    chat["emissions"] = {**NOTHING, "embodied": figure(12, "kgCO2e", 5, 30, "assumed")}
    inference = {
        "services": list(services),
        **mean,
        "requests_to_match_training": figure(5e7, "1"),
        "days_to_match_training": figure(1400, "d"),
    }
    return document([activity(energy=figure(1e5, "kWh")), chat], impact(energy=figure(1e5, "kWh")), inference={**inference, **more})


def test_each_of_several_services_has_its_own_figures_and_the_mean_is_called_so() -> None:
    carbon = {"emissions_per_request": figure(0.0003, "kgCO2e", basis="estimated"), "market_emissions_per_year": figure(9e3, "kgCO2e")}
    found = bullets(served(service("Chat", 1.0, **carbon), service("Search", 3.0)))
    assert found["Chat (text-generation)"] == (
        "each request 1 Wh, measured, and 300 mg CO<sub>2</sub>e, estimated; 1,000 requests 1 kWh, measured, and carbon not reported; "
        "a year 365 MWh, measured, and carbon not reported, market based 9 t CO<sub>2</sub>e, measured; its hardware: 1,200 USD for "
        "devices and 12 kg CO<sub>2</sub>e (5 to 30), assumed, for making it, over the time that the run file states."
    )
    assert found["Search (text-generation)"].startswith("each request 3 Wh, measured, and carbon not reported; 1,000 requests 3 kWh")
    assert found["Mean of all requests"] == "2 Wh, measured; carbon not reported."
    assert found["A year of all services"] == "1.46 GWh, measured; carbon not reported."
    assert found["Break-even"] == (
        "after about 50 million requests at the mean of all requests, or 3.84 years of service, inference has used as much energy as "
        "training."
    )
    assert "Each request" not in " ".join(found)


def test_one_service_has_its_hardware_beside_it_and_market_based_carbon() -> None:
    found = bullets(served(service("Chat", 2.0), market_emissions_per_year=figure(9e3, "kgCO2e", basis="declared")))
    assert found["A year of service"] == "1.46 GWh, measured; carbon not reported, market based 9 t CO<sub>2</sub>e, declared."
    assert found["Hardware of the service"].startswith("1,200 USD for devices and 12 kg CO<sub>2</sub>e (5 to 30), assumed, for making it")


def test_several_services_alone_are_answered_with_their_mean_or_their_range() -> None:
    made = served(service("Chat", 1.0), service("Search", 3.0))
    made.update(activities=made["activities"][1:], totals=impact())
    assert section(made, heading=None).startswith("**2 Wh per request**, measured, mean of all requests; training is not reported.")
    made["inference"]["per_request"] = None
    assert section(made, heading=None).startswith("**1 Wh to 3 Wh per request**, by service, measured; training is not reported.")


def test_time_is_told_in_text_as_in_the_chart() -> None:
    made = served(service("Chat", 2.0))
    assert "or 3.84 years of service" in bullets(made)["Break-even"]
    assert draw(made)["break-even"].title.endswith(", 3.84 years")


@pytest.mark.parametrize(
    ("driver", "basis", "expected"),
    [
        ("utilisation", "declared", "To narrow it most, measure the energy."),
        ("host share", "estimated", "To narrow it most, measure the energy."),
        ("mean power", "measured", "To narrow it most, state the uncertainty of the meter."),
        ("measured energy", "measured", "To narrow it most, state the uncertainty of the meter."),
        ("mean of 10 repeats of 1,000 requests", "measured", "To narrow it most, state the uncertainty of the meter."),
        ("grid intensity", "estimated", "To narrow it most, state the intensity of the local grid."),
        ("grid intensity", "declared", "To narrow it most, state the uncertainty of the grid intensity."),
        ("PUE", "assumed", "To narrow it most, ask the operator for the PUE."),
        ("PUE", "declared", "To narrow it most, state the uncertainty of the PUE."),
        ("moon phase", "declared", "The first widens it most."),
    ],
)
def test_what_narrows_the_interval_fits_the_kind_of_driver(driver: str, basis: str, expected: str) -> None:
    made = pond()
    made["totals"]["emissions"]["location"]["drivers"] = [{"input": driver, "share": 0.9}]
    made["derivations"]["5"].update(name=driver, basis=basis)
    made["derivations"]["99"] = {**made["derivations"]["5"], "basis": "assumed"}  # of a figure that is not the headline
    assert f"**Where the interval comes from**: {driver} 90 %. {expected}" in section(made)


def test_costs_in_several_currencies_are_listed_by_phase() -> None:
    made = pond()
    made["totals"]["cost"] = {"electricity": None, "devices": None}
    made["activities"][0]["cost"] = {"electricity": figure(1953, "EUR"), "devices": None}
    made["activities"][1]["cost"] = {"electricity": figure(20, "USD"), "devices": figure(300, "USD")}
    assert bullets(made)["Cost"] == (
        "1,950 EUR for electricity of Pretraining; 20 USD for electricity of Evaluation; 300 USD for devices of Evaluation; "
        "not added, as the currencies differ."
    )


def test_what_several_phases_leave_out_stands_once() -> None:
    made = pond()
    host, upstream = "host (CPU, memory, network, fans)", "upstream emissions of the electricity (the grid factor counts direct emissions)"
    made["not_included"] = [
        f"Pretraining: {host}",
        f"Pretraining: {upstream}",
        f"Evaluation: {host}",
        "failed runs",
        "water (not reported)",
    ]
    text = f"\n\nNot included: {host} of all phases; {upstream} of Pretraining; failed runs.\n\nNot reported: water.\n\n"
    assert text in section(made)
    made["activities"].append(activity("Distillation"))
    assert f"{host} of Pretraining and Evaluation; {upstream}" in section(made)


def test_method_is_numbered_and_names_formula_values_inputs_and_sources() -> None:
    expected = r"""
1. Device-hours: 52,200 h, declared: run file, activities\[0\].hardware\[0\].device_hours.
2. Facility energy = power × utilisation × device-hours (step 1) = 400 W × 0.85 × 52,200 h = **17.8 MWh**.
   - Power: 400 W, declared: run file, activities\[0\].hardware\[0\].power.
   - Utilisation: 0.85, declared: run file, activities\[0\].hardware\[0\].utilization.
3. Location-based emissions = facility energy (step 2) × grid intensity = 17.8 MWh × 268 g CO<sub>2</sub>e/kWh = **4.76 t CO<sub>2</sub>e**.
   - Grid intensity: 268 g CO<sub>2</sub>e/kWh, estimated: grid intensity of Netherlands, 2024, life-cycle \[1\].
"""
    made = section(pond())
    assert expected in made
    assert "**Where the interval comes from**: power 71 %. To narrow it most, measure the energy." in made
    assert "- Service life: 4 years was not checked against a document." in made
    assert (
        r"- \[1\] [Carbon intensity of electricity](https://ourworldindata.org/grapher/carbon-intensity-electricity), Publisher, 2024"
        in made
    )


def test_nothing_known_is_said_so() -> None:
    made = section(unknown(), heading=None)
    assert made.startswith("**Energy and carbon are not reported**.\n")
    assert "| Pretraining | not reported | not reported | not reported |  |" in made
    assert "- **Water**: not reported." in made


def test_zero_is_a_number() -> None:
    none = figure(0, "kgCO2e")
    made = section(document([activity()], impact(energy=figure(0, "kWh"), emissions={**NOTHING, "location": none, "embodied": none})))
    assert "**0 kg CO<sub>2</sub>e**, location based, measured, from 0 kWh, measured" in made


def test_energy_comes_first_where_carbon_is_not_reported() -> None:
    made = section(document([activity(energy=figure(152e3, "kWh"))], impact(energy=figure(152e3, "kWh"))), heading=None)
    assert made.startswith("**152 MWh** of energy, measured, carbon not reported; making the hardware is not included.")


def test_inference_alone_is_the_answer() -> None:
    made = document([activity("Chat", phase="inference")], impact(), inference={"services": [], "per_request": figure(0.00042, "kWh")})
    text = section(made, heading=None)
    assert text.startswith("**420 mWh per request**, measured; training is not reported.")
    assert "|" not in text


@pytest.mark.parametrize(
    ("evidence", "basis", "expected"),
    [
        (["measured energy"], "measured", "measured"),
        (["measured energy"], "assumed", "measured, in part assumed"),
        (["device-hours"], "declared", "computed from device-hours as declared"),
        (["device-hours"], "assumed", "estimated from device-hours, in part assumed"),
        (["compute"], "estimated", "estimated from compute"),
        (["measured energy", "compute"], "assumed", "in part measured, in part assumed"),
    ],
)
def test_basis_is_said_with_the_evidence(evidence: list[str], basis: str, expected: str) -> None:
    energy = figure(152e3, "kWh", basis=basis)
    made = section(document([activity(evidence=e, energy=energy) for e in evidence], impact(energy=energy)))
    assert f"energy, {expected}, carbon not reported" in made


def test_charts_are_images_beside_the_card() -> None:
    made = section(pond(), [Picture(description="Half | all of [it] costs $5.")], assets="my environment (1)/")
    assert r"![Half &#124; all of \[it\] costs &#36;5.](my%20environment%20%281%29/energy.svg)" in made
    assert ("img", (("src", "my%20environment%20%281%29/energy.svg"), ("alt", "Half | all of [it] costs $5."))) in shown(made).elements


def test_heading_and_level_are_parameters() -> None:
    assert section(pond(), heading="Carbon *footprint*", level=3).startswith("### Carbon \\*footprint\\*\n\n**4.76")
    assert section(pond(), heading=None).startswith("**4.76")


def test_same_input_gives_the_same_bytes_and_no_blank_line_twice() -> None:
    assert section(pond(), [Picture()]) == section(pond(), [Picture()])
    assert "\n\n\n" not in section(pond(), [Picture()])
    assert not re.search(r"[ \t]+$", section(pond(), [Picture()]), re.MULTILINE)


def test_fragment_is_the_section_with_a_table_that_a_screen_reader_can_read() -> None:
    html = fragment(section(pond()))
    assert '<section class="scroll" tabindex="0" aria-label="Energy and carbon by phase">\n<table>\n<caption>Energy' in html
    assert '<th scope="row">Pretraining</th>' in html
    assert '<th class="number" scope="col">Device-hours</th>' in html
    assert '<td class="number">52,200</td>' in html
    assert "style=" not in html
    assert (
        "".join(Structure(html).words).split()
        == "".join(shown(section(pond())).words).replace("Phase", "Energy and carbon by phase Phase", 1).split()
    )


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", '<p onclick="x">y</p>']
)
def test_fragment_keeps_nothing_that_runs_even_from_raw_markdown(text: str) -> None:
    html = fragment(text)
    assert "<script" not in html and "onerror" not in html and "onclick" not in html and 'href="javascript' not in html


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    assert_stays_text(text)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(st.sampled_from([*HOSTILE, " ", "x", "\n", "*", "_", "|", "\\", "`", "$", "<", "[", "]", "(", ")"]), max_size=6).map(
            "".join
        ),
    )
)
def test_any_text_stays_text(text: str) -> None:
    assert_stays_text(text)


def assert_stays_text(text: str) -> None:
    made = section(hostile(text), [Picture(description=text)], heading=text)
    found, plain = shown(made), shown(section(hostile("Plain"), [Picture(description="Plain")], heading="Plain"))
    if address(text) is None and clean(text):
        without = [(tag, () if tag == "img" else attributes) for tag, attributes in skeleton(found)]
        assert without == [(tag, () if tag == "img" else attributes) for tag, attributes in skeleton(plain)]
    assert found.comments == []
    assert "<!--" not in made and "{{" not in made and "{%" not in made
    assert clean(text).replace("CO₂", "CO2") in "".join(found.words)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", made)
    assert {tag for tag, _ in found.elements} <= ELEMENTS


@given(st.text(max_size=60))
def test_escaped_text_is_one_paragraph_that_reads_as_it_was(text: str) -> None:
    found = shown(f"{escape(text)}\n")
    assert "".join(found.words).strip() == clean(text).replace("CO₂", "CO2")
    assert skeleton(found) == ([("p", ())] if clean(text) else [])
    assert isinstance(escape(text), Markdown)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("ml.energy/zeus", "https://ml.energy/zeus"),
        ("https://example.org/x?a=1&copy;=2", "https://example.org/x?a=1&copy%3B=2"),
        ("https://example.org/)[x](y", "https://example.org/%29%5Bx%5D%28y"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        (" java\nscript:alert(1)", None),
        ("Strubell et al. 2019", None),
        ("", None),
    ],
)
def test_only_web_addresses_become_links(url: str, expected: str | None) -> None:
    assert address(url) == expected


def test_a_contradiction_stands_above_the_table():
    found = pond()
    found["problems"] = [{"code": "CG304", "severity": "error", "message": "380,000 g is too much", "path": None, "hint": None}]
    made = section(found)
    assert "**Not resolved**: 380,000 g is too much." in made.partition("| Phase |")[0]
