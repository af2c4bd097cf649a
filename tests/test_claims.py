"""The popular claims: each computed again by hand, the verdicts from a tolerance, the page from nothing else."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from cardgen.claims.catalogue import claims, trainings
from cardgen.claims.page import anchor, findings, page
from cardgen.core.factors import Factors
from cardgen.core.tables import Row

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "claims.md"
POUND = 0.45359237  # kg

# What stands on the page, beside the arithmetic by hand: the result with three digits, the verdict, further numbers of the section.
BY_HAND = {
    "gpt3-uk-homes": (
        "does not hold",
        {"388": 1_280_000 / 3300, "413": 1_280_000 / 3100, "441": 1_280_000 / 2900, "474": 1_280_000 / 2700, "512": 1_280_000 / 2500,
         "308": 1_280_000 / (112_064_000_000 / 26_987_000), "4,000": 1_280_000 / 320},
    ),
    "gpt3-flights": (
        "holds only of return trips",
        {"388": 503_000 / (2 * 5540 * 0.11704), "655": 503_000 / (2 * 5540 * 0.06926), "776": 503_000 / (5540 * 0.11704),
         "1,310": 503_000 / (5540 * 0.06926), "552": 1_287 * 0.429, "502": 1_287 * 0.429 / 1.1, "426": 1_287_000 * 0.429 / 1296.8,
         "719": 1_287_000 * 0.429 / 767.4, "1,010": 503_000 / 500},
    ),
    "chatgpt-uk-homes": (
        "does not hold",
        {"171": 564_000 / 3300, "182": 564_000 / 3100, "194": 564_000 / 2900, "209": 564_000 / 2700, "226": 564_000 / 2500,
         "136": 564_000 / 4152, "4,030": 564_000 / 140, "71,000": 564_000 * 365 / 2900, "564": 3617 * 6.5 * 24 / 1000},
    ),
    "gpt4o-cars": (
        "holds, with EPA 2021",
        {"1,640": 7546 / 4.60, "1,630": 7546 / 4.63, "1,600": 7546 / 4.71, "1,760": 7546 / 4.29},
    ),
    "gpt4o-forest": (
        "holds, with EPA 2018 and EPA 2019",
        {"7,120": 7546 / 1.06, "8,880": 7546 / 0.85, "9,800": 7546 / 0.77, "9,200": 7546 / 0.82, "8,980": 7546 / 0.84,
         "7,550": 7546 / 1.00},
    ),
    "gpt4o-homes": (
        "holds only of US homes' energy for a year",
        {"904": 7546 / 8.35, "909": 7546 / 8.30, "950": 7546 / 7.94, "1,010": 7546 / 7.46, "1,320": 7546 / 5.734, "1,370": 7546 / 5.505,
         "1,570": 7546 / 4.798},
    ),
    "five-cars": (
        "holds only of the estimate of 2019",
        {"4.97": 626_155 / 126_000, "88.8": 626_155 * POUND / 3200, "0.056": 3200 / POUND / 126_000},
    ),
    "hundreds-of-pounds": (
        "holds only of Transformer big and ELMo",
        {"25.6": 1.41578 * 12 * 1.58 * 0.954, "192": 1.51543 * 84 * 1.58 * 0.954, "262": 0.51766 * 336 * 1.58 * 0.954,
         "1,430": 12.04151 * 79 * 1.58 * 0.954, "626,000": 1.51543 * 274_120 * 1.58 * 0.954},
    ),
    "a100-power": ("holds only of the rated power of SXM4 parts", {"400": 0.4 * 1000, "250": 250, "300": 300}),
    "cooling": (
        "holds only of data centres with a PUE of at least 1.43",
        {"1.43": 1 / 0.7, "1.67": 1 / 0.6, "1.3": 1.3, "1.4": 1.4},
    ),
    "formula": (
        "holds only of GPUs at rated power without their hosts",
        {"45,400": 700 * 25_000 * 90 * 24 * 1.2 / 1e6, "16,800": 700 * 25_000 * 90 * 24 * 1.2 / 1e6 * 0.37, "2,160": 90 * 24,
         "2.22": 700 * 25_000 * 90 * 24 * 1.2 / 1e6 * 0.37 / 7546},
    ),
    "cohere-flight": (
        "holds only of transatlantic flights of a whole aircraft",
        {"0.162": 6689.76 / 41_284, "10.3": 6689.76 / 648.4, "17.4": 6689.76 / 383.7},
    ),
    "t5-jets": ("holds only of whole passenger jets from San Francisco to New York and back", {"0.259": 46.7 / 180, "51.9": 46_700 / 900}),
    "gpt3-us-household": ("holds, with EIA 2020", {"120": 1_287_000 / 10_715, "119": 1_287_000 / 10_837}),
    "idefics-miles": (
        "holds, with EPA 2024",
        {"167,000": 65_570 / 0.393, "165,000": 65_570 / 0.398, "163,000": 65_570 / 0.403, "160,000": 65_570 / 0.409,
         "0.39": 65_570 / 168_092},
    ),
    "idefics-homes": (
        "holds only of US homes' energy for a year",
        {"8.26": 65.57 / 7.94, "7.85": 65.57 / 8.35, "7.9": 65.57 / 8.30, "8.79": 65.57 / 7.46, "11.9": 65.57 / 5.505},
    ),
    "sdxl-miles": (
        "holds only of the printed grams",
        {"4.06": 1.594 / 0.393, "4.01": 1.594 / 0.398, "3.96": 1.594 / 0.403, "3.9": 1.594 / 0.409, "3.42": 11.49 * 0.2976,
         "8.7": 11.49 * 0.2976 / 0.393},
    ),
    "sdxl-phones": ("holds only of smartphone charges (Luccioni et al.)", {"522": 11.49 / 0.022, "958": 11.49 / 0.012}),
    "carbontracker-km": (
        "holds only of km driven by a new car (EU)",
        {"3.51": 0.423 / 0.1204, "3.93": 0.423 / 0.1075, "2.42": 0.423 / 0.175},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def text() -> str:
    return page(Factors())


@pytest.fixture(scope="module")
def found():
    return {finding.claim["id"]: finding for finding in findings(Factors())}


@pytest.fixture(scope="module")
def sections(text, found) -> dict[str, str]:
    """The sections of the page by claim."""
    bodies = text.split("\n## ")[1:-1]
    return dict(zip(found, bodies, strict=True))


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cardgen", "claims", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=cwd, env=environment, check=False)


def numbers_in(section: str) -> set[str]:
    """Return the numbers of a section as they are written."""
    return {number.rstrip(".,") for number in re.findall(r"\d[\d,.]*", section)}


# --- the arithmetic


def test_every_claim_is_computed_by_hand(found):
    assert set(found) == set(BY_HAND)


@pytest.mark.parametrize("name", BY_HAND)
def test_the_numbers_of_a_claim_are_those_computed_by_hand(name, sections):
    for written, value in BY_HAND[name][1].items():
        assert float(f"{value:.3g}") == pytest.approx(float(written.replace(",", "")), rel=1e-9), (written, value)
        assert written in numbers_in(sections[name]), written


@pytest.mark.parametrize("name", BY_HAND)
def test_the_verdict_of_a_claim(name, found, sections):
    verdict = BY_HAND[name][0]
    assert found[name].judgement == verdict
    assert f"**{verdict[0].upper()}{verdict[1:]}.**" in sections[name]


def test_overhead_is_what_the_pue_leaves(sections):
    rows = {"1.5": ("33 %", "50 %"), "2": ("50 %", "100 %")}
    for pue, (of_the_whole, of_the_it) in rows.items():
        assert round((1 - 1 / float(pue)) * 100) == int(of_the_whole.split()[0])
        assert re.search(rf"PUE {pue} \| {of_the_whole} \| {of_the_it} \|", sections["cooling"])
    low, high = 0.3 / (1 - 1 / 2), 0.4 / (1 - 1 / 2)
    assert f"{low:.0%} to {high:.0%} of the overhead".replace("%", " %") in sections["cooling"]  # 60 to 80


def test_differences_are_told_against_the_printed_count(sections):
    assert f"{(1_280_000 / 2900 / 320 - 1) * 100:.0f} % more" in sections["gpt3-uk-homes"]  # 38
    assert f"{(1 - 1_280_000 / 4152 / 320) * 100:.1f} % less" in sections["gpt3-uk-homes"]  # 3.7


def test_published_trainings_are_counted_in_pounds(sections):
    with (ROOT / "cardgen/core/data/published_footprints.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["unit"] == "run" and row["co2e_kg"] and not row["part_of"]]
    trainings = [float(r["co2e_kg"]) / POUND for r in rows if r["phase"] in ("pretraining", "training") or "fine-tuning" in r["phase"]]
    below, within = sum(p < 100 for p in trainings), sum(100 <= p < 1000 for p in trainings)
    words = f"{below} lie below that, {within} within, and {len(trainings) - below - within} above"
    assert f"Of the {len(trainings)} published trainings" in sections["hundreds-of-pounds"]
    assert words in sections["hundreds-of-pounds"]


def test_no_edition_gives_cars_acres_and_homes_together():
    factor, printed = {}, {"car-year-us": 1640, "acre-forest-year-us": 8900, "home-energy-year-us": 900}
    for row in Factors().table("equivalents"):
        if row["id"] in printed:
            factor.setdefault(row["edition"], {})[row["id"]] = float(row["value"])
    whole = {edition: values for edition, values in factor.items() if len(values) == 3}
    assert {"EPA 2019", "EPA 2020", "EPA 2021", "EPA 2024"} <= set(whole)
    for values in whole.values():
        assert any(abs(7_546_000 / value / printed[name] - 1) > 0.02 for name, value in values.items())


def test_the_trainings_of_strubell_come_to_what_they_print():
    for row in trainings():
        pounds = float(row["power_w"]) / 1000 * float(row["hours"]) * 1.58 * 0.954
        assert pounds == pytest.approx(float(row["printed_lb"]), rel=0.02), row["model"]


# --- the verdicts follow from the tables


def with_home(value: str, verified: str = "true") -> Factors:
    row = Row(
        id="home-electricity-year-uk", label="UK homes' electricity for a year", dimension="energy", value=value, unit="kWh",
        edition="Imagined 2030", year="2030", basis="", source="ofgem-tdcv", verified=verified, note="",
    )  # fmt: skip
    row.table = "equivalents"
    return Factors({"equivalents": [row]})


@pytest.mark.parametrize(
    ("value", "verified", "verdict"),
    [
        ("4000", "true", "holds only of UK homes' electricity for a year"),
        ("4080", "true", "holds only of UK homes' electricity for a year"),  # 313.7 homes, 2.0 % less
        ("4090", "true", "does not hold"),  # 313.0 homes, 2.2 % less
        ("4000", "false", "does not hold"),  # a number from memory gives nothing
    ],
)
def test_a_verdict_changes_with_the_factor(value, verified, verdict):
    finding = next(f for f in findings(with_home(value, verified)) if f.claim["id"] == "gpt3-uk-homes")
    assert finding.judgement == verdict


def test_no_number_of_a_claim_is_typed_beside_its_place():
    names = r"GPT-[34]o?|english-v2\.0|T5|A100|SXM4|DUKES 2010|Green Algorithms v3|1906\.02243|Table [34]"
    allowed = rf"{names}|\b(19|20)\d\d\b|24 h\b|\b[48]0 GB|1 − 1 ÷ PUE"
    for claim in claims(Factors()):
        for column in ("title", "claim", "reason", "instead", "source"):
            words = re.sub(allowed, "", re.sub(r"\{[^}]*\}", "", claim[column]))
            assert not re.search(r"\d", words), (claim["id"], column, words)


# --- the page


def test_the_page_is_current(text):
    assert PAGE.read_text(encoding="utf-8") == text, "run: cardgen claims -o docs/claims.md"


def test_the_summary_links_to_every_section(text):
    headings = [anchor(line.removeprefix("## ")) for line in text.splitlines() if line.startswith("## ")]
    links = re.findall(r"\]\(#([^)]+)\)", text)
    assert len(headings) == len(set(headings)) == len(BY_HAND) + 1
    assert set(links) == set(headings)
    assert all(heading.isascii() for heading in headings)  # beyond ASCII the rules of GitHub are its own


def test_every_table_is_one_for_a_markdown_renderer(text):
    html = MarkdownIt("commonmark").enable("table").render(text)
    tables = re.findall(r"<table>.*?</table>", html, re.DOTALL)
    assert len(tables) == len(BY_HAND) + 2  # the summary, and cooling has two
    for table in tables:
        assert {len(re.findall(r"<t[hd]", row)) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)} <= {3, 4, 5}
        assert "<td></td>" not in table and "<td style=\"text-align:right\"></td>" not in table  # fmt: skip
    assert not re.search(r"\{|\}|nan|None", text)


def test_every_factor_is_shown_with_its_row_edition_and_source(found, sections):
    for name, finding in found.items():
        if finding.claim["kind"] == "count":
            (table,) = finding.tables
            assert all(table.sources) and len(table.sources) == len(table.rows)
            assert all(f"`{reading}`" in sections[name] for reading in finding.claim["readings"].split(";"))
            assert "edition" in table.columns[0].lower()


# --- the command


def test_the_command_prints_and_writes_the_same_bytes(tmp_path, text):
    target = tmp_path / "new" / "claims.md"
    first, second, printed = run("-o", str(target), cwd=tmp_path), run("-o", str(target), cwd=tmp_path), run(cwd=tmp_path)
    assert (first.returncode, first.stdout, first.stderr) == (0, "", f"wrote {target}\n")
    assert (second.returncode, second.stderr) == (0, f"unchanged {target}\n")
    assert printed.stdout.encode() == target.read_bytes() == text.encode()
    assert [path.name for path in target.parent.iterdir()] == ["claims.md"]


def test_a_dash_is_stdout(tmp_path, text):
    assert run("-o", "-", cwd=tmp_path).stdout == text


def test_a_folder_is_wrong_use_and_a_place_that_cannot_be_written_is_said(tmp_path):
    assert run("-o", str(tmp_path), cwd=tmp_path).returncode == 2
    (tmp_path / "file").write_text("")
    result = run("-o", str(tmp_path / "file" / "claims.md"), cwd=tmp_path)
    assert result.returncode == 4 and "cannot be written" in result.stderr
