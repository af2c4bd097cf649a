"""What a card states, read and checked: twins of cards that are in use, and the cards themselves where they are there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cardgen.cards.kind import is_card
from cardgen.cards.reading.amounts import amounts, one
from cardgen.cards.reading.card import read
from cardgen.cards.reading.facts import facts
from cardgen.cards.reading.recognised import country, part, provider, region
from cardgen.cards.reading.run_data import written
from cardgen.core.factors import Factors
from cardgen.reviewing import review

CARDS = Path(__file__).parents[3] / "shared" / "fixtures" / "model-cards" / "cards"
FACTORS = Factors()
real = pytest.mark.skipif(not CARDS.is_dir(), reason="the real cards are not beside the project")


def card(*bullets: str, front: str = "", heading: str = "## Environmental Impact") -> bytes:
    """Return a card with some lines under a heading, and lines of metadata."""
    matter = f"---\nlicense: mit\n{front}---\n\n" if front else ""
    return (matter + f"# Pond 7B\n\n{heading}\n\n" + "\n".join(bullets) + "\n").encode()


def found(content: bytes) -> list[str]:
    return [f"{p.line}:{p.column} {p.code}" for p in sorted(review(content, FACTORS), key=lambda p: (p.line, p.column, p.code))]


def codes(content: bytes) -> list[str]:
    return [line.split()[1] for line in found(content)]


def metadata(value: str) -> list[str]:
    return found(f"---\nco2_eq_emissions: {value}\n---\n# Pond\n".encode())


@pytest.mark.parametrize(
    ("text", "kind", "low", "high"),
    [
        ("7t CO2eq", "mass", 7000, 7000),
        ("15000 kg CO2 eq.", "mass", 15000, 15000),
        ("240 tons CO2eq for training", "mass", 240e3, 240e3),
        ("539 tCO2eq, 100% of which were offset", "mass", 539e3, 539e3),
        ("0.21 in grams of CO2", "mass", 0.00021, 0.00021),
        ("123 gCO2eq", "mass", 0.123, 0.123),
        ("2.5 metric tonnes", "mass", 2500, 2500),
        ("1,438 lb", "mass", 652.265806, 652.265806),
        ("28,53 g", "mass", 0.02853, 0.02853),
        ("10 to 20 kg", "mass", 10, 20),
        ("115.69 kWh", "energy", 115.69, 115.69),
        ("1 082 MWh", "energy", 1082e3, 1082e3),
        ("0.5–0.7 kWh", "energy", 0.5, 0.7),
        ("370.84 kJ", "energy", 0.103011111, 0.103011111),
        ("57 gCO2eq/kWh", "intensity", 0.057, 0.057),
        ("~ 36 hours", "time", 36, 36),
        ("118 days, 5 hours, 41 min", "time", 2837.683333, 2837.683333),
        ("3.46 million hours", "time", 3.46e6, 3.46e6),
        ("960 - 1080 hours (40-45 days)", "time", 960, 1080),
        ("Approx 1024 GPU hours (32 hours total)", "device time", 1024, 1024),
        ("916k GPU hours of computation on H100-80GB (TDP of 700W)", "device time", 916e3, 916e3),
    ],
)
def test_an_amount_is_read_from_prose(text, kind, low, high):
    kinds = ("time", "device time") if "time" in kind else (kind,)
    amount = one(text, kinds)
    assert amount is not None
    assert (amount.kind, amount.low, amount.high) == (kind, pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    "text",
    [
        "22,000 for ViT-g, 4,500 for ViT-S distillation", "3 days for pre-training and around 10 hours for fine-tuning", "several days",
        "1.000.000 kg", "0.3 MT CO2e", "stats are logged in this file", "32GB", "0*", "A100 80G", "",
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_not_read(text):
    assert one(text, ("mass", "time", "device time"), "time") is None


@pytest.mark.parametrize("apart", [" ", "\u00a0", "\u202f", "\u2009", "'"])
def test_thousands_set_apart_are_written_whole(apart):
    text = f"12{apart}500 kg"
    stated = facts(read(card(f"- **Carbon Emitted:** {text}")), read(card(f"- **Carbon Emitted:** {text}")).groups[0], FACTORS)
    assert written(stated.emissions.value) == "12500 kgCO2e"
    assert written(amounts(f"5{apart}521{apart}000 kg")[0]) == "5521000 kgCO2e"


@pytest.mark.parametrize(
    ("text", "value"),
    [("25 ± 5 kg", None), ("1/2 t", None), ("-5 kg", None), ("1.4 × 10^4 kg", 14000), ("1.5 x 10³ kg", 1500), ("25 kg ± 5 kg", None)],
)
def test_an_amount_in_parts_is_never_its_last_part(text, value):
    assert (found := one(text, ("mass",))) is None if value is None else (found := one(text, ("mass",))) and found.value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("-100", None), ("1d 12h 30m", 36.5), ("1.5x10^3 h", 1500), ("96h x 8", None), ("25 ± 5", None), ("36:30 hours", None)],
)
def test_a_time_in_parts_is_never_its_last_part(text, value):
    amount = one(text, ("time", "device time"), "time")
    assert (amount and amount.value) == value


@pytest.mark.parametrize(
    ("text", "count"),
    [("64 nodes with 8x A100 each", 512), ("2 nodes x 8 A100", 16), ("4 x p4d.24xlarge (8x A100 each)", None), ("up to 8 A100", None),
     ("64 A100 GPUs on 8 nodes", 64), ("8 A100 per node, 4 nodes", 32), ("4 A100s", 4), ("4 to 8 A100", None)],
)  # fmt: skip
def test_the_devices_of_nodes_are_counted_or_left_out(text, count):
    device = part(text, FACTORS)
    assert (device.name, device.count) == ("NVIDIA A100 SXM4 40GB", count)


@pytest.mark.parametrize("text", ["14 MtCO2e", "14000 kilos", "5.521.000 kg", "1,00,000 kg", "0.432 kgCO2eq/kWh", "> 5 t", "25 ± 5 kg"])
def test_a_figure_that_cannot_be_read_is_told_at_its_line(text):
    (problem,) = review(card(f"- **Carbon Emitted:** {text}"), FACTORS)
    assert (problem.line, problem.column, problem.code, problem.severity) == (5, 23, "CG443", "warning")


@pytest.mark.parametrize("hardware", ["CPU only", "4x A100 and 2x V100", "our cluster"])
def test_hours_of_devices_that_are_not_known_explain_what_the_strongest_could_emit(hardware):
    bullets = [f"- **Hardware Type:** {hardware}", "- **Hours used:** 24", "- **Carbon Emitted:** {} kg"]
    assert codes(card("\n".join(bullets).format("500000"))) == ["CG441"]
    assert codes(card("\n".join(bullets).format("500"))) == []


def test_short_names_are_read_in_the_environmental_section():
    content = card("- GPU: 8 A100", "- Duration: 24 h", "- CO2eq: 5 kg", "- Energy (kWh): 12")
    (group,) = read(content).groups
    assert {role: claim.amount.value for role, claim in group.claims.items() if claim.amount} == {"hours": 24, "emissions": 5, "energy": 12}
    assert read(card("- CO2: 5 kg", "- Total energy: 3 kWh", heading="## Training")).groups == []
    assert [set(g.claims) for g in read(card("- CO2: 5 kg", "- Total energy: 3 kWh")).groups] == [{"emissions", "energy"}]
    (row,) = read(card("| Hardware | Hours | Emissions (tCO2eq) |", "|---|---|---|", "| 8 A100 | 24 | 0.1 |")).groups
    assert set(row.claims) == {"hardware", "hours", "emissions"} and row.amount("emissions").value == 100


def test_two_letters_are_a_country_only_where_the_name_says_so():
    assert (country("CA", FACTORS), country("San Jose, CA", FACTORS), country("US", FACTORS)) == (None, None, "USA")
    assert country("CA", FACTORS, codes=True) == "CAN"


def test_a_bound_is_not_an_amount():
    assert [(a.bound, a.is_definite) for a in amounts("less than 0.001 metric tonnes, > 3 kg, ~5 kg")] == [
        ("<", False), (">", False), ("~", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name", "count"),
    [
        ("1 NVIDIA A100-SXM4-40GB", "NVIDIA A100 SXM4 40GB", 1),
        ("1024 V100 GPUs", "NVIDIA V100 SXM2 16GB", 1024),
        ("8x A100-80GB", "NVIDIA A100 SXM4 80GB", 8),
        ("a single Tesla T4", "NVIDIA T4", 1),
        ("TPU v3-8", "Google TPU v3 (chip)", 4),
        ("32 Cloud TPU v3 cores", "Google TPU v3 (chip)", None),
        ("4x8 Nvidia A100 80GB", "NVIDIA A100 SXM4 80GB", None),
        ("NVidia Tesla V100 GPU", "NVIDIA V100 SXM2 16GB", None),
    ],
)
def test_a_device_and_its_number_are_read(text, name, count):
    device = part(text, FACTORS)
    assert device is not None
    assert (device.name, device.count) == (name, count)


@pytest.mark.parametrize("text", ["NVIDIA GPUs: H100 or A100", "a GPU", "Intel", "", "our own cluster of 8 machines"])
def test_a_device_that_is_not_known_or_one_of_several_is_not_guessed(text):
    assert part(text, FACTORS) is None


def test_places_are_read_as_the_tables_know_them():
    assert provider("GCP (as mentioned in the technical report)", FACTORS) == "gcp"
    assert provider("Amazon Web Services", FACTORS) == "aws"
    assert provider("AWS, Google Cloud, etc.", FACTORS) is None
    assert region("us-east1 (provided by model developers)", "gcp", FACTORS) == "us-east1"
    assert region("US-east", "aws", FACTORS) is None
    assert (country("Orsay, France", FACTORS), country("United States of America", FACTORS)) == ("FRA", "USA")
    assert country("Germany or France, Sweden", FACTORS) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3.3212", ["2:19 CG431"]),
        ("0.319355 Kg", ["2:19 CG432"]),
        ("Kg", ["2:19 CG432"]),
        ("[1, 2]", ["2:19 CG431"]),
        ("0", ["2:19 CG434"]),
        ("1.2e-05", ["2:19 CG431", "2:19 CG433"]),
        ("0.00001", ["2:19 CG431", "2:19 CG433"]),
        ("1e3", ["2:19 CG431", "2:19 CG433"]),
        ("24_700_000", ["2:19 CG431", "2:19 CG433"]),
        ("-5", ["2:19 CG432"]),
        (".inf", ["2:19 CG432"]),
        ("Unknown", ["2:19 CG435"]),
        ("", ["2:18 CG435"]),
        ("true", ["2:19 CG432"]),
    ],
)
def test_each_shape_of_the_metadata_has_its_problem(value, expected):
    assert metadata(value) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("  emissions: 1690\n", []),
        ('  emissions: "28.53 in grams of CO2"\n', ["3:14 CG432"]),
        ("  source: codecarbon\n", ["3:3 CG436"]),
        ("  emissions: [More Information Needed]\n", ["3:14 CG432"]),
        ('  emissions: "[More Information Needed]"\n', ["3:14 CG435"]),
        ("  emissions: 1690\n  geographical location: France\n", ["4:3 CG430"]),
        ("  emissions: 1690\n  geographical_location: NA\n", ["4:26 CG435"]),
        ("  emissions: 1690\n  energy_used: 3\n", []),
        ("  emissions: 149200\n", []),
        ("  emissions: 12000000.0\n", []),
    ],
)
def test_each_shape_of_the_object_has_its_problem(lines, expected):
    assert found(f"---\nco2_eq_emissions:\n{lines}---\n# Pond\n".encode()) == expected


@pytest.mark.parametrize(
    "key", ["co2_eq_emission", "co2_emissions", "carbon_emissions", "co2_eq_emmissions", "CO2_eq_emissions", "carbon_footprint"]
)
def test_a_misspelt_key_is_named(key):
    assert found(f"---\nlicense: mit\n{key}: 3\n---\n".encode()) == ["3:1 CG430"]


def test_other_keys_are_not_misspelt():
    assert found(b"---\nlicense: mit\nemissions_model: x\nco2: 3\nlanguage: en\n---\n") == []


FRONT = "co2_eq_emissions:\n  emissions: {}\n  source: codecarbon\n"


@pytest.mark.parametrize(
    "bullet", ["- **Emissions:** 1.69 KgCO2", "**Carbon Emitted:** 1690 g", "| Emissions | 1.69 kg |\n|--|--|\n| a | b |"]
)
def test_metadata_that_agrees_with_the_text_is_fine(bullet):
    assert found(card(bullet, front=FRONT.format(1690))) == []


def test_grams_given_as_kilograms_are_found_beside_the_text():
    (problem,) = review(card("- **Emissions:** 1.69 KgCO2", front=FRONT.format("1.69")), FACTORS)
    assert (problem.line, problem.column, problem.code) == (4, 14, "CG437")
    assert problem.message.startswith("1.69 g here and 1.69 KgCO2 in line 12 differ by 1,000: ")
    assert problem.message.endswith("the front matter is in grams, and the number is in kilograms")
    assert problem.hint == "write 1,690, if line 12 is right"


def test_grams_given_as_kilograms_are_found_beside_the_hours():
    assert codes(card("- **Hardware Type:** 1 A100-SXM4-40GB", "- **Hours used:** 36", "- **Compute Region:** Germany",
                      front=FRONT.format("5.6"))) == ["CG314"]  # fmt: skip
    assert codes(card("- **Hardware Type:** 1 A100-SXM4-40GB", "- **Hours used:** 36", "- **Compute Region:** Germany",
                      front=FRONT.format("5600"))) == []  # fmt: skip


def test_another_amount_in_the_text_is_a_contradiction():
    assert codes(card("- **Emissions:** 4 kg", front=FRONT.format(1690))) == ["CG438"]


def test_several_amounts_in_the_text_are_ambiguous_and_not_compared():
    rows = ["- **Emissions:** 4 kg", "", "## More", "", "- **Emissions:** 5 kg"]
    assert codes(card(*rows, front=FRONT.format(123))) == []
    assert codes(card(*rows, front=FRONT.format(9000))) == []  # their sum
    assert codes(card(*rows, front=FRONT.format(4))) == ["CG437"]


def test_another_place_in_the_text_is_noted():
    front = FRONT.format(1690) + "  geographical_location: United States of America\n"
    assert codes(card("- **Emissions:** 1.69 KgCO2 (Singapore)", front=front)) == ["CG438"]
    assert codes(card("- **Emissions:** 1.69 KgCO2 (USA)", front=front)) == []


@pytest.mark.parametrize(
    ("count", "hours", "emitted", "expected"),
    [
        ("1 ", "36", "5.6 kg", []),
        ("1 ", "36", "5.6 g", ["CG314"]),
        ("1 ", "36", "5600 kg", ["CG314"]),
        ("8 ", "36", "5.6 kg", []),  # 36 h in total
        ("8 ", "36", "40 kg", []),  # 36 h by the clock
        ("8 ", "36", "15 kg", []),  # between the two: ambiguous
        ("8 ", "36 GPU hours", "5600 kg", ["CG314"]),
        ("", "36", "40 kg", []),  # some number of devices
        ("", "36", "5.6 g", ["CG314"]),  # one device alone emits more
        ("", "36", "50000 kg", ["CG441"]),
        ("", "several", "50000 kg", []),
        ("1 ", "36 to 40", "5.6 kg", []),
    ],
)
def test_emissions_that_the_hours_cannot_explain(count, hours, emitted, expected):
    bullets = [f"- **Hardware Type:** {count}A100-SXM4-40GB", f"- **Hours used:** {hours}", "- **Compute Region:** Germany",
               f"- **Carbon Emitted:** {emitted}"]  # fmt: skip
    assert codes(card(*bullets)) == expected


def test_energy_that_the_emissions_cannot_come_from():
    bullets = ["- **GPU:** 1 NVIDIA A100-SXM4-40GB", "- **Emissions:** 0.0002 KgCO2 (Canada)", "- **Total Energy Consumption:** 0.10 kWh"]
    assert found(card(*bullets, heading="## Details")) == ["6:18 CG310"]


@pytest.mark.parametrize(
    "text",
    [
        "- *Hours used:* 24 h\n- *Hardware Type*: 8 V100",
        "Hours used:24\n\nHardware Type: **8 x V100**",
        "**Hours Used:** 24\n\n**Hardware type:** 8 V100 GPUs",
        "| **Hours used** | 24 |\n|---|---|\n| **Hardware Type** | 8 V100 |",
        "- **Hours used**\n  24 h\n- **Hardware Type**\n  8 V100",
        "1. Hardware Type: V100 x 8\n2. Hours used: 1 day",
        "* **Hours used:** 24h on 8 V100 GPUs",
    ],
)
def test_bullets_paragraphs_and_rows_say_the_same(text):
    reading = read(card(text))
    (group,) = reading.groups
    stated = facts(reading, group, FACTORS)
    assert (stated.device.name, stated.device.count, stated.hours.value.value) == ("NVIDIA V100 SXM2 16GB", 8, 24)


def test_a_table_with_columns_is_read_row_by_row():
    rows = ["||Time (GPU hours)|Power Consumption (W)|Carbon Emitted(tCO<sub>2</sub>eq)|", "|---|---|---|---|",
            "|Llama 2 7B|184320|400|31.22|", "|Llama 2 13B|368640|400|62440|"]  # fmt: skip
    assert found(card(*rows, heading="## Training")) == ["8:25 CG310"]


def test_a_table_in_html_is_read_row_by_row():
    cell = "   <td>{}\n   </td>\n"
    rows = ["<tr>\n" + "".join(cell.format(text) for text in row) + "</tr>" for row in
            (("", "<strong>Time (GPU hours)</strong>", "Power Consumption (W)", "Carbon Emitted(tCO2eq)"), ("8B", "1.3M", "700", "390"),
             ("70B", "6.4M", "700", "1900000"))]  # fmt: skip
    content = card("<table>\n" + "\n".join(rows) + "\n</table>", heading="## Training")
    assert codes(content) == ["CG310"]
    assert [group.row for group in read(content).groups] == ["8B", "70B"]


def test_the_columns_of_codecarbon_are_in_its_units():
    rows = ["| Key | Value |", "| --- | --- |", "| duration | 263.24 |", "| emissions | 0.0297 |", "| energy_consumed | 0.0998 |"]
    (group,) = read(card(*rows, heading="### Carbon Emissions")).groups
    values = {role: claim.amount.value for role, claim in group.claims.items()}
    assert values == {"hours": pytest.approx(0.0731222), "emissions": 0.0297, "energy": 0.0998}


def test_a_sentence_under_a_bold_name_is_read():
    text = ("**Carbon Footprint** Pretraining utilized a cumulative 3.3M GPU hours of computation on hardware of type A100-80GB (TDP of "
            "350-400W). Estimated total emissions were 539 tCO2eq, 100% of which were offset.")  # fmt: skip
    (group,) = read(card(text, heading="## Training")).groups
    stated = facts(read(card(text)), group, FACTORS)
    assert (stated.device.name, stated.hours.value.value, stated.emissions.value.value) == ("NVIDIA A100 SXM4 80GB", 3.3e6, 539e3)


def test_a_placeholder_is_named_once_with_its_line():
    bullets = ["- **Hardware Type:** [More Information Needed]", "- **Hours used:** Unknown", "- **Cloud Provider:** AWS"]
    (problem,) = review(card(*bullets, "- **Carbon Emitted:**"), FACTORS)
    assert (problem.line, problem.column, problem.code, problem.severity) == (5, 22, "CG435", "warning")
    assert problem.message == "not filled in: Hardware Type, Hours used and Carbon Emitted"


def test_an_amount_without_a_unit_and_energy_as_power_are_named():
    assert found(card("- **Carbon Emitted:** 15000")) == ["5:23 CG439"]
    assert found(card("- **Energy Consumption:** 0.7 kW")) == ["5:27 CG440"]
    assert found(card("- CO2 Emissions (in grams): 123.88")) == []


def test_names_that_mean_something_only_beside_others_are_left_alone():
    text = ["- **Hardware:** 8 A100", "- **Region:** France", "- **Duration:** 3", "Location: Paris", "- **GPU:** one"]
    assert read(card(*text, heading="## Requirements")).groups == []


def test_what_stands_in_code_quotes_and_the_managed_section_is_not_read():
    fence = ["```", "- **Carbon Emitted:** 15000", "```"]
    managed = ["<!-- cardgen:begin run=run.yaml -->", "", "- **Carbon Emitted:** 15000", "", "<!-- cardgen:end -->"]
    assert found(card(*fence, "", *managed)) == []
    assert codes(card(*managed, "", "- **Carbon Emitted:** 15000")) == ["CG439"]


def test_a_card_of_cardgen_is_compared_with_its_run():
    content = card(front=FRONT.format(1690))
    assert [p.code for p in review(content, FACTORS, {"emissions": 1690})] == []
    assert [p.code for p in review(content, FACTORS, {"emissions": 1700})] == ["CG442"]


def test_front_matter_that_cannot_be_read_leaves_the_body_to_be_read():
    assert codes(b"---\nlicense: @x\n---\n\n- **Carbon Emitted:** 15000\n") == ["CG403", "CG439"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"---\nlicense: mit\n", b"\x00", b"# {{ model_id }}\n", b"a" * 9_000_000])
def test_a_card_that_cannot_be_read_is_a_problem_or_nothing(content):
    assert len(codes(content)) <= 1


def test_a_card_is_known_by_its_name_or_by_what_it_holds():
    assert is_card("README.md", b"") and is_card("a.markdown", b"x")
    assert is_card("stdin", b"---\nlicense: mit\n---\n# Pond\n")
    assert not is_card("stdin", b"cardgen: 1\nmodel: {name: x}\n")
    assert not is_card("stdin", b"---\ncardgen: 1\n---\nmodel: {name: x}\n")
    assert not is_card("run.yaml", b"---\nlicense: mit\n---\n# Pond\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7t CO2eq", "7 tCO2e"), ("1,690 g", "1690 gCO2e"), ("1438 lb", "1438 lb"), ("2.5 metric tonnes", "2.5 tCO2e"),
     ("3 mg", "0.000003 kgCO2e"), ("104 MWh", "104 MWh"), ("960 - 1080 hours", "1020 h ± 60 h"), ("3.3M GPU hours", "3300000 h"),
     ("0.4 kW", "400 W")],
)  # fmt: skip
def test_an_amount_is_written_with_the_digits_that_are_printed(text, expected):
    assert written(amounts(text)[0]) == expected


LINES = st.sampled_from([
    "---", "co2_eq_emissions:", "  emissions: ", "co2_eq_emissions: 1e-5", "- **Hours used:** ", "**Carbon Emitted:** ", "9" * 400, "1e308",
    " kg CO2", "- **Hardware Type:** 8 x A100", "| a | Emissions (kg) |", "|---|---|", "| x | 3 |",
    "<table><tr><td>GPU hours<td>Emissions (t)<tr><td>3<td>4", "0 kWh", "- **Energy Consumption:** 1e-300 kWh", "- Emissions: 1e300 kg",
    "<!-- cardgen:begin run=x -->", "```", "&a [*a]", "<![CDATA[", "PUE: 0",
    "## Environmental Impact", "- **Compute Region:** France", "TPU v3-7", "999999", "\x00", "\u2028", "- **Emissions:** 10 - 5 kg",
])  # fmt: skip


@given(st.lists(st.one_of(LINES, st.text(max_size=20)), max_size=14), st.sampled_from(["\n", "\r\n", "\r", " "]))
@settings(max_examples=150, deadline=None)
@example(["---", "co2_eq_emissions: 1e400", "---"], "\n")
@example(["- Emissions: 5 kg", "- GPU hours: 0"], "\n")
def test_any_text_gives_problems_in_the_text(lines, ending):
    content = ending.join(lines).encode("utf-8", "replace")
    count = content.count(b"\n") + content.count(b"\r") + 1
    for problem in review(content, FACTORS):
        assert 1 <= problem.line <= count and problem.column >= 1


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes_give_problems(content):
    review(content, FACTORS)


@real
def test_every_real_card_is_read():
    failing = {}
    for path in sorted(CARDS.iterdir()):
        problems = review(path.read_bytes(), FACTORS)
        lines = path.read_bytes().count(b"\n") + path.read_bytes().count(b"\r") + 1
        assert all(1 <= problem.line <= lines for problem in problems), path.name
        about = ("CG437", "CG438", "CG440", "CG441")
        figures = {problem.code for problem in problems if problem.code.startswith("CG3") or problem.code in about}
        if figures:
            failing[path.name] = figures
    assert failing == {
        "Aira__Cards__models__Aira-2-1B5.md": {"CG438"},  # the metadata says USA, the text Singapore
        "Aira__Cards__models__Aira-2-774M.md": {"CG438"},
        "Aira__Cards__models__ToxiGuardrail.md": {"CG310"},  # 0.0002 kg from 0.10 kWh
        "hub22__ibraheemmoosa__xlmindic-base-multiscript-soham.md": {"CG310"},  # 0.21 "grams" for 1.5 h of a P100
    }
