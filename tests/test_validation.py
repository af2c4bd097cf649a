"""Validation: data with places becomes the run, or all problems at once."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cardgen.core import run as types
from cardgen.loading import load
from cardgen.loading.document import Document
from cardgen.problems import render
from cardgen.validation import schema, validate
from cardgen.validation.structure import resolved

STEADY = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
FULL = """\
# yaml-language-server: $schema=../schemas/run.schema.json
cardgen: 1                              # format version, required
model:                                  # required
  name: Pond 7B                         # required
  id: acme/pond-7b                      # Hub repository id
  version: "1.0"
  released: 2026-03-01
  organization: Acme
  parameters: 7e9
  base_model: acme/pond-base            # lineage: an id, or a path to its run file or assessment
activities:                             # required, one or more; each is one phase of the life cycle
  - name: Pretraining                   # optional; the phase's name otherwise
    phase: pretraining
    start: 2025-11-01
    end: 2025-12-15
    hardware:                           # zero or more pools of accelerators or CPUs
      - type: A100-SXM4-80GB            # a name or alias of the hardware table, or any name with `power`
        count: 64
        duration: 34 d                  # wall-clock time; or device_hours, the total over all devices
        # device_hours: 52224
        power: 400 W                    # per device; the table's rated power otherwise
        utilization: 0.85               # mean power as a share of `power`, 0 to 1
    host:
      cpu: AMD EPYC 7763
      sockets: 8
      memory: 4 TB
    compute:
      flops: 8.2e22                     # or parameters + tokens
      mfu: 0.4                          # model FLOPs utilisation
    energy:                             # measured: the strongest evidence
      value: 17.8 MWh                   # an uncertainty may follow: "17.8 MWh ± 5%"
      boundary: accelerators            # accelerators | node | it | facility
      method: codecarbon 3.2.1
    facility:
      provider: gcp
      region: europe-west4              # or country: NLD; or zone: US-CA
      pue: 1.10
      wue: 0.2 L/kWh
    grid:
      location: 268 gCO2e/kWh           # average intensity of the local grid
      market: 12 gCO2e/kWh              # after contractual instruments
      instruments: power purchase agreement, 2025
      offsets: 3 tCO2e                  # stated apart, never subtracted
    cost:
      electricity: 0.11 EUR/kWh
      device_hour: 1.9 USD
    practices: [mixed-precision, early-stopping, carbon-aware-region]
    note: Free text, escaped wherever it is shown.
  - phase: inference
    requests:
      energy: 0.42 Wh                   # per request; or per_1000: 420 Wh; or repeats: [..] for a mean and spread
      task: text-generation
      per_day: 2.0e6
      period: 365 d
reported:
  energy: 21.8 MWh
  emissions: 5.8 tCO2e
  source: https://example.org/paper
infrastructure:
  - {name: GPUs, power: 25.6 kW, price: 640000 USD, lifetime: 4 y}
card:
  equivalents: [car-year-us, home-electricity-year-uk, flight-lhr-jfk-return]
  compare_with: [BLOOM 176B, Llama 2 70B]
"""
HEAD = "cardgen: 1\nmodel: {name: Pond 7B}\nactivities:\n"
DATA = load(FULL.encode(), "run.yaml").data


def problems(text: str) -> list[str]:
    """Return the problems of a file as they are shown, without the name of the file."""
    document = load(text.encode(), "run.yaml")
    return [render(problem, document).removeprefix("run.yaml:") for problem in validate(document)[1]]


def activity(text: str) -> list[str]:
    """Return the problems of a file whose only activity is one line, beginning at line 4, column 5."""
    return problems(f"{HEAD}  - {text}\n")


def test_the_full_example_is_valid_and_nothing_of_it_is_lost():
    run, found = validate(load(FULL.encode(), "run.yaml"))
    assert found == []
    pretraining, serving = run.activities
    assert run.model == types.Model("Pond 7B", "acme/pond-7b", "1.0", "2026-03-01", "Acme", 7e9, "acme/pond-base")
    assert (pretraining.start, pretraining.end, pretraining.phase) == ("2025-11-01", "2025-12-15", "pretraining")
    assert (pretraining.hardware[0].count, pretraining.hardware[0].duration.value, pretraining.hardware[0].utilization) == (64, 816, 0.85)
    assert (pretraining.host.mode, pretraining.host.memory.value, pretraining.compute.flops) == ("stated", 4000, 8.2e22)
    assert (pretraining.energy.value.value, pretraining.energy.boundary) == (17800, "accelerators")
    assert (pretraining.facility.wue.unit, pretraining.grid.offsets.value) == ("L/kWh", 3000)
    assert (pretraining.cost.electricity.unit, pretraining.cost.device_hour.unit) == ("EUR/kWh", "USD")
    assert (serving.requests.energy.value, serving.requests.per_day, serving.requests.repeat_size) == (0.00042, 2e6, 1)
    assert (run.reported.emissions.value, run.infrastructure[0].lifetime.value) == (5800, 35040)
    assert run.card.compare_with == ("BLOOM 176B", "Llama 2 70B")


def test_ten_mistakes_are_ten_problems_with_their_places():
    found = problems("""\
cardgen: 1
model:
  name: 7
  id: acme/pond/7b
activities:
  - phase: training
    start: 2025-12-15
    end: 2025-11-01
    hardware:
      - type: H100
        count: "71"
        duration: 34
        utilization: 85
        pue: 1.1
    facility: {pue: 0.9}
    cost: {electricty: 0.11 EUR/kWh, device_hour: 1.9 Wh}
""")
    assert found[:10] == [
        '3:9: CG103 model.name: 7 is a number, expected text\n  hint: put it in quotes: "7"',
        '4:7: CG107 model.id: "acme/pond/7b" is not a Hub id: owner/name with letters, digits, - _ and .\n  hint: as in: acme/pond-7b',
        '6:12: CG105 activities[0].phase: "training" is not known here, expected one of data-preparation, experimentation, '
        "pretraining, fine-tuning, evaluation, inference, other\n  hint: write pretraining",
        "8:10: CG111 activities[0].end: the end, 2025-11-01, is before the start, 2025-12-15\n  hint: exchange the two, or correct one",
        '11:16: CG103 activities[0].hardware[0].count: "71" is text, expected a number greater than 0\n  hint: remove the quotes',
        "12:19: CG106 activities[0].hardware[0].duration: 34 has no unit, expected a duration with its unit, such as 34 d\n"
        "  hint: write the unit, as in: 34 d",
        "13:22: CG104 activities[0].hardware[0].utilization: 85 is out of range, expected a number from 0 to 1\n  hint: 85 means 0.85",
        "14:9: CG101 activities[0].hardware[0].pue: this key is not known\n  hint: `pue` belongs under `facility`",
        "15:21: CG110 activities[0].facility.pue: 0.9 is out of range, expected a number from 1 to 4\n"
        "  hint: PUE is the energy of the facility divided by the energy of its IT; 1.10 means 10 % on top",
        "16:12: CG101 activities[0].cost.electricty: this key is not known\n  hint: did you mean `electricity`?",
    ]  # fmt: skip
    assert found[10].startswith('16:51: CG106 activities[0].cost.device_hour: "1.9 Wh" is not ')


WRONG = {  # one line of an activity, and parts of what is said about it
    "phase: finetune": ["4:12: CG105", "hint: write fine-tuning"],
    "phase: Pretraining": ["CG105", "hint: write pretraining"],
    "phase: infrence": ["CG105", "hint: write inference"],
    "phase: zzz": ["CG105", '"zzz" is not known here'],
    "{phase: other, energy: 17.8 MWh}": ["4:28: CG103", "expected a mapping of keys", "energy: {value: 17.8 MWh}"],
    "{phase: other, energy: {value: 17800, boundary: it}}": ["CG106", "17800 has no unit", "write the unit, as in: 17800 MWh"],
    "{phase: other, energy: {value: 0 kWh, boundary: it}}": ["CG104", "is zero", "leave the key out"],
    "{phase: other, energy: {value: -1 kWh, boundary: it}}": ["CG104", "is negative"],
    "{phase: other, energy: {value: 3 kW, boundary: it}}": ["CG106", "kW is power; energy is power over time"],
    "{phase: other, energy: {value: 3 kWh, boundary: gpu}}": ["CG105", "hint: write accelerators"],
    "{phase: other, energy: {value: 5 kWh/0 h, boundary: it}}": ["CG106"],
    "{phase: other, energy: {boundary: it}}": ["CG102", "4:28:", "`value` is missing", "value: 17.8 MWh"],
    "{phase: other, compute: {flops: 1e24, mfu: 40}}": ["CG104", "hint: 40 means 0.4"],
    "{phase: other, compute: {flops: 1e24, mfu: 0}}": ["CG104", "above 0 and up to 1"],
    "{phase: other, compute: {flops: 7B}}": ["CG103", "hint: write 7e9"],
    "{phase: other, compute: {parameters: 7e9}}": ["CG119", "4:29:"],
    "{phase: other, hardware: [{type: H100, count: 64 GPUs, duration: 1 d}]}": ["CG103", "hint: write the number alone: 64"],
    "{phase: other, hardware: [{type: H100, device_hours: 52224 h}]}": ["CG103", "hint: write the number alone: 52224"],
    "{phase: other, hardware: [{type: H100, device_hours: '52,224'}]}": ["CG103", "hint: write 52224"],
    "{phase: other, hardware: [{type: H100, device_hours: 1, utilization: 85%}]}": ["CG103", "hint: write 0.85"],
    "{phase: other, hardware: [{type: H100, count: 0, duration: 1 d}]}": ["CG104", "greater than 0"],
    "{phase: other, hardware: [{type: H100, count: true, duration: 1 d}]}": ["CG103", "true is a truth value"],
    "{phase: other, hardware: [{type: H100, count: , duration: 1 d}]}": ["CG103", "nothing is written here", "or remove the key"],
    "{phase: other, hardware: [{type: H100, gpu_hours: 4}]}": ["CG101", "did you mean `device_hours`?"],
    "{phase: other, hardware: [{type: H100, duration: 1 d}]}": ["CG121"],
    "{phase: other, hardware: [{count: 8, duration: 1 d}]}": ["CG118", "4:31:"],
    "{phase: other, hardware: {type: H100, device_hours: 4}}": ["CG103", "expected a list", 'begin each entry with "- "'],
    "{phase: other, hardware: [{type: H100, count: 8}]}": ["4:5: CG114"],
    "{phase: inference, requests: {per_day: 4}}": ["4:5: CG114"],
    "phase: other": ["4:5: CG114"],
    "{phase: other, compute: {flops: 1e24}, facility: {region: us-east-1}}": ["CG120"],
    "{phase: other, compute: {flops: 1e24}, host: none}": ["CG105", "expected excluded or included", "write excluded"],
    "{phase: other, compute: {flops: 1e24}, host: 3}": ["CG103", "expected excluded or included or a mapping of keys"],
    "{phase: other, compute: {flops: 1e24}, host: {power_per_device: 9 W}}": ["CG116"],
    "{phase: other, compute: {flops: 1e24}, practices: early-stopping}": ["CG103", "practices: [early-stopping]"],
    "{phase: other, compute: {flops: 1e24}, name: ''}": ["CG107", "the text is empty"],
    "{phase: other, compute: {flops: 1e24}, start: 2025-02-30}": ["CG109", "not in the calendar"],
    "{phase: other, compute: {flops: 1e24}, start: 2025/2/3}": ["CG109", "write 2025-02-03"],
    "{phase: other, compute: {flops: 1e24}, start: 20251101}": ["CG109", "is out of range"],
    "{phase: other, compute: {flops: 1e24}, requests: {energy: 1 Wh}}": ["CG122"],
    "{phase: inference, requests: {energy: 1 Wh, repeats: [1 Wh], per_1000: 1 kWh}}": ["CG115", "3 times"],
    "{phase: inference, requests: {repeats: []}}": ["CG104", "the list is empty"],
}


@pytest.mark.parametrize(("line", "parts"), WRONG.items(), ids=WRONG)
def test_a_mistake_is_one_problem_that_says_what_to_do(line, parts):
    found = activity(line)
    assert len(found) == 1
    assert [part for part in parts if part not in found[0]] == []


def test_a_missing_boundary_is_a_warning_and_the_run_can_be_used():
    document = load(f"{HEAD}  - {{phase: other, energy: {{value: 1 kWh}}}}\n".encode(), "run.yaml")
    run, found = validate(document)
    assert [(problem.code, problem.severity) for problem in found] == [("CG117", "warning")]
    assert run.activities[0].energy.boundary == "node"


@pytest.mark.parametrize(
    ("pool", "message", "hint"),
    [
        ("count: 64, duration: 34 d, device_hours: 816", "52,224 device-hours, 64 times the stated 816", "wall-clock time"),
        ("count: 64, duration: 2176 d, device_hours: 52224", "3.34234e+06 device-hours, 64 times", "wall-clock time"),
        ("count: 64, duration: 34 d, device_hours: 3342336", "1/64 of the stated", "the total over all devices"),
        ("count: 64, duration: 34 d, device_hours: 60000", "1/1.149 of the stated 60,000", "remove one"),
    ],
)
def test_count_and_duration_against_device_hours_names_the_factor(pool, message, hint):
    (found,) = activity(f"{{phase: other, hardware: [{{type: H100, {pool}}}]}}")
    assert "CG112" in found and message in found and hint in found


def test_device_hours_within_one_per_cent_agree():
    assert activity("{phase: other, hardware: [{type: H100, count: 64, duration: 34 d, device_hours: 52500}]}") == []


@pytest.mark.parametrize(
    ("pool", "start", "end", "codes"),
    [
        ("count: 8, duration: 45 d", "2025-11-01", "2025-12-15", []),
        ("count: 8, duration: 46 d", "2025-11-01", "2025-12-15", ["CG113"]),
        ("count: 8, device_hours: 8640", "2025-11-01", "2025-12-15", []),
        ("count: 8, device_hours: 9000", "2025-11-01", "2025-12-15", ["CG113"]),
        ("count: 8, duration: 61 d", "2025-11", "2025-12", []),
        ("count: 8, duration: 62 d", "2025-11", "2025-12", ["CG113"]),
        ("count: 8, duration: 365 d", "2025", "2025", []),
        ("count: 8, duration: 1 d", "2025-12", "2025-12-31", []),
        ("count: 8, duration: 1 d", "2025-12-31", "2025", []),
    ],
)
def test_hardware_does_not_run_longer_than_the_activity(pool, start, end, codes):
    found = activity(f"{{phase: other, start: {start}, end: {end}, hardware: [{{type: H100, {pool}}}]}}")
    assert [text.split()[1][:5] for text in found] == codes


def test_hosts_and_years_are_read():
    run, found = validate(load(f"{HEAD}  - {{phase: other, start: 2025, compute: {{flops: 1}}, host: included}}\n".encode(), "a"))
    assert (run.activities[0].start, run.activities[0].host, found) == ("2025", types.Host("included"), [])


def test_an_empty_list_is_not_the_same_as_none():
    for text, value in (("card: {equivalents: []}", ()), ("card: {}", None)):
        assert validate(load(f"{text}\n{HEAD}  - {{phase: other, compute: {{flops: 1}}}}\n".encode(), "a"))[0].card.equivalents == value


def test_a_misspelt_key_is_one_problem_though_the_right_one_is_missing():
    assert problems("cardgen: 1\nmodle: {name: a}\nactivities: [{fase: other, compute: {flops: 1}}]\n") == [
        "2:1: CG101 modle: this key is not known\n  hint: did you mean `model`?",
        "3:15: CG101 activities[0].fase: this key is not known\n  hint: did you mean `phase`?",
    ]


def test_a_newer_format_is_the_only_problem():
    assert problems("cardgen: 2\nnew: 1\n") == [
        "1:10: CG108 cardgen: format 2 is newer than this cardgen, which reads 1\n  hint: update cardgen"
    ]
    assert [text.split()[1][:5] for text in problems("cardgen: 0\nmodel: {name: a}\nactivities: []\n")] == ["CG108", "CG104"]


def test_problems_of_reading_and_of_validation_come_together():
    found = problems("cardgen: 1\nmodel: {name: a, name: b, parameters: 0123}\nactivities: [{phase: other}]\nx: 1\n")
    assert [text.split()[1][:5] for text in found] == ["CG008", "CG014", "CG114", "CG101"]


def test_many_problems_end_soon():
    silent = "  - phase: other\n" * 50_000
    for text in (f"cardgen: 1\nactivities: [{'1,' * 90_000}]\n", "".join(f"cardgem{i}: 1\n" for i in range(90_000)), HEAD + silent):
        found = problems(text)
        assert (len(found), "CG100" in found[-1]) == (1001, True)


def test_values_in_messages_are_short():
    for value in ("9" * 100_000, "a" * 100_000, "é " * 100_000, "1 " + "k" * 100_000, " " * 100_000 + "x"):
        for text in (f"{{phase: '{value}', start: '{value}', energy: {{value: '{value}'}}, '{value[:900]}': 1}}", f"'{value}'"):
            assert all(len(line) < 400 for line in activity(text))


def test_the_schema_has_a_key_for_each_field_of_the_run():
    named = {"": types.Run, "model": types.Model, "activity": types.Activity, "hardware": types.Hardware, "host": types.Host,
             "compute": types.Compute, "measuredEnergy": types.MeasuredEnergy, "facility": types.Facility, "grid": types.Grid,
             "cost": types.Cost, "requests": types.Requests, "reported": types.Reported, "component": types.Component,
             "card": types.CardOptions}  # fmt: skip
    for name, kind in named.items():
        properties = schema()["$defs"][name]["properties"] if name else schema()["properties"]
        assert properties.keys() - {"cardgen"} == {field.name for field in fields(kind)} - {"mode"}


def test_validation_imports_nothing_heavy():
    code = "import sys, cardgen.loading, cardgen.validation as v; v.validate(cardgen.loading.load(b'a: 1', 'a')); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"jsonschema", "matplotlib", "jinja2", "huggingface_hub"} & set(loaded)


def paths(value, path=()):
    """Yield the path of each value in some data."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from paths(inner, (*path, key))


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.integers(-(10**25), 10**25), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "x", "34 d", "1 kWh", "-3 kWh", "0 W", "400 W ± 5%", "2025-11-01", "2025-02-30", "2025", "excluded", "node",
                     "pretraining", "a/b", "1.9 USD", "5 kWh/0 h", "5 0 kWh", "0.42", "é", "1e400 kWh", 2025, 2025.0, 1.0, 85, 0.5]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff"), max_size=8),
)  # fmt: skip
MAPPINGS = st.dictionaries(st.sampled_from(["name", "value", "type", "x"]), SCALARS, max_size=2)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), MAPPINGS)
KEYS = st.sampled_from(["name", "phase", "value", "pue", "count", "energy", "host", "", "x", "Phase", "requests", "reported", "card"])


@st.composite
def mutated(draw):
    """Return the data of the full example with some values replaced, removed or added."""
    data = copy.deepcopy(DATA)
    for _ in range(draw(st.integers(0, 3))):
        *parent, last = draw(st.sampled_from([path for path in paths(data) if path] or [("cardgen",)]))
        place = data
        for step in parent:
            place = place[step]
        action = draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "replace":
            place[last] = draw(VALUES)
        elif action == "remove":
            place.pop(last, None) if isinstance(place, dict) else place.pop(last)
        elif isinstance(place, dict):
            place[draw(KEYS)] = draw(VALUES)
    return data


BEYOND = {"CG109", "CG106", "CG104"}  # on text these say more than a JSON schema can
RULES = {f"CG{number}" for number in range(111, 123)} - {"CG117"}


@settings(STEADY, max_examples=1500)
@given(mutated())
def test_the_jsonschema_library_agrees(data):
    run, found = validate(Document(data))
    errors = [problem for problem in found if problem.severity == "error"]
    assert (run is None) == bool(errors)
    valid = Draft202012Validator(schema()).is_valid(data)
    assert valid or errors
    for problem in errors:
        value = data
        for step in problem.path:
            value = value[step] if isinstance(value, list) else value.get(step)
        beyond = problem.code in RULES or problem.code in BEYOND and isinstance(value, str)
        assert beyond or not valid, problem


@settings(STEADY, max_examples=300)
@given(mutated())
def test_a_mutated_run_is_a_run_or_problems_when_it_is_read_from_a_file(data):
    document = load(json.dumps(data).encode(), "run.json")
    run, found = validate(document)
    assert document.data == data
    assert run is not None or found
    assert all("\n" not in render(problem, document).partition("\n  hint: ")[0] for problem in found)


@settings(STEADY, max_examples=300)
@given(st.integers(0, len(FULL)), st.integers(0, 40), st.text(st.sampled_from("ab1:-?[]{},&*!|>'\"#%@ \n\t"), max_size=6))
def test_a_file_with_a_part_replaced_is_a_run_or_problems(start, length, text):
    document = load((FULL[:start] + text + FULL[start + length :]).encode(), "run.yaml")
    run, found = validate(document)
    assert run is not None or any(problem.severity == "error" for problem in found)


def test_the_schema_uses_only_what_is_checked():
    known = {"$schema", "$id", "$comment", "title", "description", "examples", "default", "type", "properties", "required",
             "additionalProperties", "items", "minItems", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum",
             "exclusiveMinimum", "anyOf"}  # fmt: skip

    def keywords(part):
        for key, inner in part.items():
            yield key
            nested = inner.values() if key == "properties" else inner if key == "anyOf" else [inner] if key == "items" else ()
            for each in nested:
                yield from keywords(each)

    assert {key for key in keywords(resolved()) if not key.startswith("x-")} <= known
