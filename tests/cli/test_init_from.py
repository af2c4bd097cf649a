"""A run file from a card, and cards among the files that are validated: as a user calls the commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cardgen.cards.reading.card import read
from cardgen.core.assess import assess
from cardgen.core.factors import Factors
from cardgen.loading import load
from cardgen.run_from_card import run_from_card
from cardgen.validation import validate

ROOT = Path(__file__).parents[2]
CARDS = ROOT.parent / "shared" / "fixtures" / "model-cards" / "cards"
FACTORS = Factors()
POND = """\
---
license: mit
base_model: acme/pond-base
co2_eq_emissions:
  emissions: 1690
  source: CodeCarbon
  training_type: fine-tuning
  geographical_location: Singapore
---

# Model Card for acme/pond-7b

## Details

- **GPU:** 1 NVIDIA A100-SXM4-40GB
- **Training time:** ~ 9 hours
- **Emissions:** 1.69 KgCO2 (Singapore)
- **Total Energy Consumption:** 3.47 kWh
"""
RUN = """\
# From README.md: what was read stands with its line; what the card does not state is commented out.
cardgen: 1                                      # format version
model:
  name: pond-7b                                 # line 11: "acme/pond-7b"
  id: acme/pond-7b
  base_model: acme/pond-base                    # line 3
  # parameters: 7e9
activities:
  - phase: fine-tuning                          # line 7: "fine-tuning"
    # end: 2026-01-12                           # the year chooses the factors
    hardware:
      - type: NVIDIA A100 SXM4 40GB             # line 15: "1 NVIDIA A100-SXM4-40GB"
        count: 1                                # line 15
        duration: 9 h                           # line 16: "~ 9 hours"; about
    energy:
      value: 3.47 kWh                           # line 18: "3.47 kWh"
      boundary: node                            # what CodeCarbon counts: processors, memory, accelerators
      method: codecarbon                        # line 6: "CodeCarbon"
    facility:
      country: SGP                              # line 17: "1.69 KgCO2 (Singapore)"
      # pue: 1.10                               # the region's or the industry's otherwise
reported:                                       # what the card prints; a contradiction is reported
  emissions: 1.69 kgCO2e                        # line 17: "1.69 KgCO2 (Singapore)"
  # line 5, the front matter: "1690 g"
  source: README.md
"""


def cardgen(*arguments: object, cwd: Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
    """Run cardgen and return what it printed and its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    command = [sys.executable, "-m", "cardgen", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, env=environment, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def from_card(*bullets: str, front: str = "") -> str:
    text = f"---\nlicense: mit\n{front}---\n\n# Pond 7B\n\n## Environmental Impact\n\n" + "\n".join(bullets) + "\n"
    return run_from_card(read(text.encode()), "README.md", FACTORS)


def stated(text: str) -> dict:
    document = load(text.encode(), "run.yaml")
    assert document.problems == ()
    return document.data


def pool(*bullets: str) -> dict:
    return stated(from_card(*bullets))["activities"][0]["hardware"][0]


def test_what_the_card_states_becomes_a_run_file_that_can_be_assessed(tmp_path):
    (tmp_path / "README.md").write_text(POND)
    done = cardgen("init", "--from", "README.md", "-o", "run.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "wrote run.yaml\nnext: cardgen assess run.yaml\n")
    assert (tmp_path / "run.yaml").read_text() == RUN
    assert cardgen("validate", "run.yaml", cwd=tmp_path).returncode == 0
    done = cardgen("assess", "run.yaml", "--format", "json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["totals"]["energy"]["unit"]) == (0, "kWh")


def test_hours_are_those_of_all_devices_only_where_the_card_says_so():
    assert pool("- **Hardware Type:** 8 A100", "- **Hours used:** 640 GPU hours") == {
        "type": "NVIDIA A100 SXM4 40GB", "count": 8, "device_hours": 640,
    }  # fmt: skip
    text = from_card("- **Hardware Type:** 8 A100", "- **Hours used:** 640")
    assert stated(text)["activities"][0]["hardware"][0]["duration"] == "640 h"
    assert '# line 10: "640"; by the clock, or the total over all devices? the card does not say; if so, device_hours' in text


def test_hours_of_an_unknown_number_of_devices_are_left_to_the_reader():
    text = from_card("- **Hardware Type:** A100 PCIe 40GB", "- **Hours used:** 200000")
    assert stated(text)["activities"][0]["hardware"] == [{"type": "NVIDIA A100 PCIe 40GB"}]
    assert "# duration: 200000 h " in text and "# device_hours: 200000 " in text and "# count: 8 " in text


def test_a_range_is_an_interval():
    assert pool("- **Hardware Type:** 2 A100", "- **Hours used:** 960 - 1080 hours")["duration"] == "1020 h ± 60 h"


def test_what_cannot_be_read_is_named_and_not_guessed():
    bullets = ["- **Hardware Type:** H100 or A100", "- **Hours used:** 22,000 for ViT-g, 4,500 for ViT-S", "- **Cloud Provider:** AWS",
               "- **Compute Region:** US-east", "- **Carbon Emitted:** 33"]  # fmt: skip
    text = from_card(*bullets)
    data = stated(text)
    assert data["activities"] == [{"phase": "other", "facility": {"provider": "aws"}}]
    assert "reported" not in data
    for line, said in enumerate(("H100 or A100", "22,000 for ViT-g, 4,500 for ViT-S", None, "US-east", "33"), start=9):
        assert said is None or f'#   line {line}, {bullets[line - 9].split("**")[1][:-1]}: "{said}"' in text


def test_a_place_is_a_region_of_its_provider_or_a_country():
    def place(*bullets: str) -> dict:
        return stated(from_card("- **Hours used:** 3", *bullets))["activities"][0].get("facility")

    assert place("- **Cloud Provider:** GCP", "- **Compute Region:** us-east1") == {"provider": "gcp", "region": "us-east1"}
    assert place("- **Cloud Provider:** Private infra", "- **Compute Region:** USA") == {"country": "USA"}
    assert place("- **Compute Region:** Atlantis") is None


def test_the_metadata_alone_is_enough_for_what_it_states():
    place, hardware = '  geographical_location: "Orsay, France"\n', '  hardware_used: "384 A100 80GB GPUs"\n'
    data = stated(from_card(front=f"co2_eq_emissions:\n  emissions: 24700\n  training_type: pre-training\n{place}{hardware}"))
    assert data["activities"] == [
        {"phase": "pretraining", "hardware": [{"type": "NVIDIA A100 SXM4 80GB", "count": 384}], "facility": {"country": "FRA"}}
    ]
    assert data["reported"]["emissions"] == "24700 gCO2e"


def test_of_a_table_the_row_of_the_model_is_taken_and_the_others_are_named():
    rows = ["|  | Time (GPU hours) | Power Consumption (W) | Carbon Emitted (tCO2eq) |", "|---|---|---|---|", 
            "| Pond 1B | 370k | 700 | 107 |", "| Pond 7B | 460k | 700 | 133 |"]  # fmt: skip
    text = from_card(*rows)
    assert stated(text)["activities"][0]["hardware"] == [{"power": "700 W", "device_hours": 460000}]
    assert "#   line 11 (Pond 1B): Time (GPU hours) 370k;" in text


def test_what_was_taken_for_one_of_several_is_said():
    text = from_card("- **Hardware Type:** 8 A100", "- **Hours used:** 3", "- **Country:** CA")
    assert "A100 has several variants, and the card does not say which: taken for this one" in text
    assert "country: CAN" in text and "two letters, taken for Canada" in text
    assert "Georgia is a state of the USA too" in from_card("- **Hours used:** 3", "- **Compute Region:** Georgia")


@pytest.mark.parametrize("title", ["Model Details", "Model Trained Using AutoNLP", "About the Model"])
def test_a_title_that_any_card_has_is_no_name(title):
    def name(text: str, file: str) -> str:
        return stated(run_from_card(read(text.encode()), file, FACTORS))["model"]["name"]

    assert name(f"# {title}\n", "pond-7b.md") == "pond-7b"
    assert name(f"# {title}\n", "README.md") == "Unnamed model"
    assert name(f"# {title}\n\n## acme/pond\n", "README.md") == "pond"


def test_the_next_step_is_what_the_file_lacks(tmp_path):
    (tmp_path / "README.md").write_text("# Pond\n\n## Environmental Impact\n\nAbout 12 bananas.\n")
    done = cardgen("init", "--from", "README.md", "-o", "run.yaml", cwd=tmp_path)
    assert "next: add to run.yaml the hardware with its number and hours, or the energy\n" in done.stderr
    assert "states nothing that cardgen reads about energy or emissions; its environmental section is in line 3" in done.stderr
    assert "nothing that cardgen reads" in cardgen("validate", "README.md", cwd=tmp_path).stderr
    done = cardgen("update", "README.md", "--run", "environment/run.yaml", cwd=tmp_path)
    assert "cardgen init --from README.md -o environment/run.yaml" in " ".join(done.stderr.split())


def test_several_base_models_are_named():
    text = from_card(front="base_model:\n  - acme/a\n  - acme/b\n")
    assert "base_model" not in stated(text)["model"]
    assert "the card names several: acme/a, acme/b" in text


@pytest.mark.parametrize("title", ['"quoted": #x', "\u202e\x07 emoji 🌍", "- a", "{x}", "no", "1e3", "[a](b)", "&a *b", "x" * 5000])
def test_any_title_loads(title):
    text = run_from_card(read(f"# {title}\n\n- **Carbon Emitted:** 3 kg\n".encode()), title, FACTORS)
    run, problems = validate(load(text.encode(), "run.yaml"))
    assert run is not None and run.model.name
    assert [problem.code for problem in problems] == ["CG114"]


def test_a_card_that_states_nothing_gives_a_skeleton_that_loads(tmp_path):
    (tmp_path / "README.md").write_text("# Pond\n")
    done = cardgen("init", "--from", "README.md", "-o", "-", cwd=tmp_path)
    assert done.returncode == 0
    assert "states nothing about energy or emissions" in done.stderr and "fill in what is commented out" in done.stderr
    assert stated(done.stdout)["model"] == {"name": "Pond"}


def test_a_contradiction_in_the_card_is_said_of_the_run_file(tmp_path):
    (tmp_path / "README.md").write_text(POND.replace("1.69 Kg", "1690 Kg"))
    done = cardgen("init", "--from", "README.md", "-o", "run.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "run.yaml:23:14: CG3" in done.stderr and (tmp_path / "run.yaml").exists()


def test_a_file_that_is_there_and_answers_beside_the_card_are_wrong_use(tmp_path):
    (tmp_path / "README.md").write_text(POND)
    (tmp_path / "run.yaml").write_text("mine")
    assert cardgen("init", "--from", "README.md", cwd=tmp_path).returncode == 2
    assert cardgen("init", "--from", "README.md", "--count", "8", "-o", "x.yaml", cwd=tmp_path).returncode == 2
    assert cardgen("init", "--from", "run.yaml", "-o", "x.yaml", cwd=tmp_path).returncode == 2
    assert cardgen("init", "--from", "none.md", "-o", "x.yaml", cwd=tmp_path).returncode == 4
    assert (tmp_path / "run.yaml").read_text() == "mine" and not (tmp_path / "x.yaml").exists()


def test_a_card_that_cannot_be_read_gives_no_file(tmp_path):
    (tmp_path / "README.md").write_bytes(b"\xff\xfeabc")
    done = cardgen("init", "--from", "README.md", cwd=tmp_path)
    assert (done.returncode, done.stderr.split(": ")[1]) == (1, "CG401")
    assert not (tmp_path / "run.yaml").exists()


def test_cards_and_run_files_are_validated_in_one_call(tmp_path):
    (tmp_path / "README.md").write_text(POND.replace("emissions: 1690", "emissions: 1.69"))
    (tmp_path / "run.yaml").write_text(RUN.replace("fine-tuning  ", "fine-tunning "))
    done = cardgen("validate", "run.yaml", "README.md", cwd=tmp_path)
    assert done.returncode == 1
    assert [line.split(" ")[:2] for line in done.stderr.splitlines() if " CG" in line] == [
        ["run.yaml:9:12:", "CG105"],
        ["README.md:5:14:", "CG437:"],
    ]


def test_a_card_from_stdin_is_known_by_what_it_holds(tmp_path):
    done = cardgen("validate", "-", cwd=tmp_path, stdin=b"---\nco2_eq_emissions: 0.319355 Kg\n---\n# Pond\n")
    assert (done.returncode, done.stderr.splitlines()[0].split(" ")[:2]) == (1, ["stdin:2:19:", "CG432:"])
    done = cardgen("init", "--from", "-", "-o", "-", cwd=tmp_path, stdin=POND.encode())
    assert (done.returncode, done.stdout) == (
        0,
        RUN.replace("From README.md", "From the model card").replace("source: README.md", "source: the model card"),
    )


def test_a_card_without_problems_says_so(tmp_path):
    (tmp_path / "a.md").write_text(POND)
    (tmp_path / "b.md").write_text("# Pond\n")
    done = cardgen("validate", "a.md", "b.md", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "a.md: no problems\nb.md: states nothing about energy or emissions\n")


def test_problems_of_a_card_are_printed_as_json(tmp_path):
    (tmp_path / "README.md").write_text(POND.replace("emissions: 1690", "emissions: 1.69 Kg"))
    done = cardgen("validate", "--output-format", "json", "README.md", cwd=tmp_path)
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["file"], problem["line"], problem["code"]) == ("README.md", 5, "CG432")


def test_the_metadata_is_compared_with_the_run_that_the_section_names(tmp_path):
    (tmp_path / "run.yaml").write_text(RUN)
    section = "\n<!-- cardgen:begin run=run.yaml -->\n\n<!-- cardgen:end -->\n"
    (tmp_path / "README.md").write_text(POND + section)
    done = cardgen("validate", "README.md", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.startswith("README.md:5:14: CG442 warning: the front matter says 1,690 g, the run file of the section gives 2,")
    (tmp_path / "README.md").write_text(POND + section.replace("run.yaml", "elsewhere.yaml"))
    assert cardgen("validate", "README.md", cwd=tmp_path).stderr == "README.md: no problems\n"


@pytest.mark.skipif(not CARDS.is_dir(), reason="the real cards are not beside the project")
def test_every_real_card_gives_a_run_file_that_loads():
    energy = 0
    for path in sorted(CARDS.iterdir()):
        reading = read(path.read_bytes())
        if reading.is_read:
            run, problems = validate(load(run_from_card(reading, path.name, FACTORS).encode(), "run.yaml"))
            errors = {problem.code for problem in problems if problem.severity == "error"}
            assert errors == (set() if run else {"CG114"}), path.name  # there is nothing to compute the energy from
            energy += run is not None and assess(run, FACTORS).totals.energy is not None
    assert energy >= 18
