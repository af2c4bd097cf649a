"""The examples: their generated output is current, the same everywhere, and readable by others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from cardgen.building import build
from cardgen.core.assess import assess
from cardgen.core.document import document
from cardgen.core.factors import Factors
from cardgen.loading import load
from cardgen.resources import resource
from cardgen.validation import validate

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/run.yaml"))
NAMES = [path.name for path in EXAMPLES]


def assessed(folder: Path) -> dict:
    run, problems = validate(load((folder / "run.yaml").read_bytes(), "run.yaml"))
    assert run is not None, problems
    return document(assess(run, Factors()), Factors())


# The run file, and what a measured run leaves beside it.
LOGS = {"run.yaml", "README.md", "train.py", "emissions.csv", "cpu-load.csv", "codecarbon.log", "sensors.txt"}


def test_the_cases_are_there():
    assert NAMES == ["bloom-176b", "digits-mlp-cpu", "fine-tune-one-gpu", "gpt-3", "gpt-4o-scale", "inference-service", "llama-3.1"]


@pytest.mark.parametrize("folder", EXAMPLES, ids=NAMES)
def test_the_generated_output_is_current(folder, update_golden):
    made = dict(build(assessed(folder)))
    if update_golden:
        for name, content in made.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - LOGS
    assert there == set(made)
    assert [name for name, content in made.items() if (folder / name).read_bytes() != content] == []


@pytest.mark.parametrize("folder", EXAMPLES, ids=NAMES)
def test_the_assessment_follows_its_schema(folder):
    schema = json.loads(resource("schemas", "assessment.schema.json"))
    jsonschema.Draft202012Validator(schema).validate(json.loads((folder / "assessment.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("folder", EXAMPLES, ids=NAMES)
def test_no_example_has_an_error(folder):
    errors = [problem for problem in assessed(folder)["problems"] if problem["severity"] == "error"]
    assert errors == []


def test_what_was_published_is_reproduced():
    def value(name: str, *steps: str) -> float:
        part = assessed(ROOT / "examples" / name)
        for step in steps:
            part = part[step]
        return part["value"]

    # Patterson et al. 2021: 10,000 x 14.8 d x 24 h x 330 W x 1.10 = 1,289 MWh; the paper prints 1,287 MWh and 552.1 t
    assert value("gpt-3", "totals", "energy") == pytest.approx(10_000 * 14.8 * 24 * 0.330 * 1.10, rel=1e-9)
    assert value("gpt-3", "totals", "energy") == pytest.approx(1_287_000, rel=0.01)
    assert value("gpt-3", "totals", "emissions", "location") == pytest.approx(552_100, rel=0.01)
    # Luccioni et al. 2023: 433,196 + 256,646 kWh; 24.69 + 14.6 t; embodied 11.2 t
    assert value("bloom-176b", "totals", "energy") == pytest.approx(433_196 + 256_646, rel=1e-9)
    assert value("bloom-176b", "totals", "emissions", "location") == pytest.approx(24_690 + 14_600, rel=0.002)
    assert value("bloom-176b", "totals", "emissions", "embodied") == pytest.approx(11_200)
    # Meta's card: 39.3 million GPU-hours and 11,390 t
    assert value("llama-3.1", "totals", "device_hours") == pytest.approx(39.3e6)
    assert value("llama-3.1", "totals", "emissions", "location") == pytest.approx(11_390_000, rel=0.01)
    # 25,000 x 90 d x 24 h x 400 W x 0.9 x 1.2
    assert value("gpt-4o-scale", "totals", "energy") == pytest.approx(25_000 * 90 * 24 * 0.400 * 0.9 * 1.2, rel=1e-9)
    # Luccioni, Jernite and Strubell 2024, Table 5: (51,686 + 7,571) kWh / 1.0e-4 kWh = 592,570,000 inferences
    assert value("inference-service", "inference", "requests_to_match_training") == pytest.approx(592_570_000, rel=1e-9)


def test_a_saved_assessment_builds_the_same_bytes():
    folder = ROOT / "examples" / "gpt-3"
    saved = json.loads((folder / "assessment.json").read_text(encoding="utf-8"))
    assert dict(build(saved)) == dict(build(assessed(folder)))


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "0"},
    ],
)
def test_other_processes_write_the_same_bytes(environment, tmp_path):
    folder = ROOT / "examples" / "inference-service"
    command = [sys.executable, "-m", "cardgen", "build", str(folder / "run.yaml"), "-o", str(tmp_path), "-q"]
    subprocess.run(command, check=True, env={**os.environ, **environment}, cwd=ROOT)
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes(), path.name
