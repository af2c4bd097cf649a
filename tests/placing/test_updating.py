"""What update does with a card, a run and the assets; and that nothing can leave half a card."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from cardgen.cards.edit import marked_run
from cardgen.core.assess import assess
from cardgen.core.document import document
from cardgen.core.factors import Factors
from cardgen.loading import load
from cardgen.placing import links, updating
from cardgen.placing.metadata import emissions
from cardgen.placing.updating import Footprint, carry_out, plan, unified
from cardgen.problems import CardgenError, page
from cardgen.validation import validate

ROOT = Path(__file__).parents[2]
FACTORS = Factors()
POND = """
cardgen: 1
model: {name: Pond}
activities:
  - phase: pretraining
    end: 2025-01-01
    hardware: [{type: A100-SXM4-80GB, count: 8, duration: 100 h}]
    facility: {country: NLD}
"""
CARD = b"---\nlicense: mit\n---\n# Pond\n\nHello.\n"
posix = pytest.mark.skipif(os.name != "posix", reason="needs signals, limits and owners as Unix has them")


def footprint(text: str = POND) -> Footprint:
    run, problems = validate(load(text.encode(), "run.yaml"))
    assert run is not None, problems
    content = document(assess(run, FACTORS), FACTORS)
    return Footprint(content, *emissions(content, run, FACTORS))


def planned(card: Path, found: Footprint | None = None, **options) -> updating.Plan:
    folder = options.pop("folder", card.parent / "environment")
    run_file = options.pop("run_file", card.parent / "run.yaml")
    return plan(card, card.read_bytes(), found or footprint(), run="run.yaml", run_file=run_file, folder=folder, **options)


def done(plan: updating.Plan) -> list[tuple[str, str]]:
    folder = plan.card.parent / "environment"
    return [(change.kind, change.path.relative_to(plan.card.parent).as_posix()) for change in carry_out(plan, folder)]


@pytest.fixture
def card(tmp_path) -> Path:
    path = tmp_path / "README.md"
    path.write_bytes(CARD)
    (tmp_path / "run.yaml").write_text(POND)
    return path


def test_assets_are_written_first_the_card_after_them_and_what_is_stale_goes_last(card):
    old = card.parent / "environment" / "charts" / "older.svg"
    old.parent.mkdir(parents=True)
    old.write_text(f'<svg data-digest="{"0" * 64}"></svg>')
    assert done(planned(card)) == [
        ("create", "environment/assessment.json"),
        ("create", "environment/charts/energy-by-component.svg"),
        ("create", "environment/charts/emissions-by-phase.svg"),
        ("create", "environment/charts/model-comparison.svg"),
        ("create", "environment/environmental-impact.html"),
        ("write", "README.md"),
        ("remove", "environment/charts/older.svg"),
    ]


def test_a_second_update_changes_nothing(card):
    done(planned(card))
    assert planned(card).changes == ()


def test_the_section_leads_to_its_files_and_states_the_finding_of_each_chart(card):
    done(planned(card))
    text = card.read_text(encoding="utf-8")
    assert "![Accelerators used " in text
    for target in ("charts/energy-by-component.svg", links.REPORT, links.DATA):
        assert f"](environment/{target})" in text
        assert (card.parent / "environment" / target).is_file()


@pytest.mark.parametrize("name", ["charts/energy-by-component.svg", links.REPORT, links.DATA])
@pytest.mark.parametrize("damage", ["gone", "cut", "of another run", "empty"])
def test_what_is_missing_damaged_or_of_another_run_is_written_again(card, name, damage):
    done(planned(card))
    path = card.parent / "environment" / name
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        other = footprint(POND.replace("100 h", "3 h")).content(name)
        path.write_bytes({"cut": whole[:-100], "empty": b"", "of another run": other}[damage])
    assert [change.path for change in planned(card).changes] == [path]
    done(planned(card))
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "old, new", [("**", "__"), ("environment/charts", "charts"), ("Hello.", "Hi."), ("measured, declared", "measured")]
)
def test_an_edit_within_the_section_is_undone_and_one_outside_stays(card, old, new):
    done(planned(card))
    text = card.read_text(encoding="utf-8")
    card.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")
    outside = old == "Hello."
    assert [change.path for change in planned(card).changes] == ([] if outside else [card])
    done(planned(card))
    assert card.read_text(encoding="utf-8") == (text.replace(old, new, 1) if outside else text)


def test_a_section_that_is_as_it_was_made_is_not_made_again(card, monkeypatch):
    done(planned(card))
    monkeypatch.setattr(Footprint, "section", lambda *_: pytest.fail("it was made again"))
    assert planned(card).changes == ()


def test_line_endings_that_git_changed_are_no_difference(card):
    done(planned(card))
    for path in (card.parent / "environment").rglob("*.*"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert planned(card).changes == ()


def test_pictures_that_are_not_of_cardgen_stay(card):
    own = card.parent / "environment" / "charts" / "own.svg"
    own.parent.mkdir(parents=True)
    own.write_text("<svg></svg>")
    done(planned(card))
    assert own.exists()


def test_the_saved_assessment_that_is_the_run_is_not_written_over(card):
    data = card.parent / "environment" / links.DATA
    data.parent.mkdir()
    data.write_text(json.dumps(footprint().document))
    other = footprint(POND.replace("100 h", "3 h"))
    assert data not in [change.path for change in planned(card, other, run_file=data).changes]


def test_a_card_that_somebody_changed_meanwhile_is_left_alone(card):
    made = planned(card)
    card.write_bytes(CARD + b"More.\n")
    with pytest.raises(CardgenError, match="changed by somebody else"):
        done(made)
    assert card.read_bytes() == CARD + b"More.\n"


@pytest.mark.parametrize("kind", ["folder", "device", "missing", "no name"])
def test_what_is_no_card_is_refused(tmp_path, kind):
    path = {"folder": tmp_path, "device": Path(os.devnull), "missing": tmp_path / "none.md", "no name": Path("a\0b")}[kind]
    with pytest.raises(CardgenError) as caught:
        updating.read_card(path)
    assert caught.value.exit_code == 4


def test_a_folder_in_the_place_of_an_asset_is_refused(card):
    (card.parent / "environment" / links.DATA).mkdir(parents=True)
    with pytest.raises(CardgenError, match="not an ordinary file"):
        planned(card)


def test_the_difference_is_one_that_git_applies(card):
    card.write_bytes(CARD.replace(b"\n", b"\r\n").rstrip())
    made = planned(card)
    text = unified(made)
    assert text.startswith(b"--- ") and b"\n+**" in text
    (card.parent / "change.diff").write_bytes(text.replace(card.as_posix().encode(), b"README.md"))
    try:
        subprocess.run(["git", "apply", "-p0", "--whitespace=nowarn", "change.diff"], cwd=card.parent, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("git is not installed")
    assert card.read_bytes() == made.after


@pytest.mark.parametrize(
    "run, said",
    [
        ("a--b.yaml", "cannot stand in a comment"),
        ("a>b.yaml", "cannot stand in a comment"),
        ("a\nb.yaml", "cannot stand in a comment"),
        (" a.yaml", "cannot stand in a comment"),
        ("-", "has to name its run file"),
        ("x:y.yaml", "no relative path"),
    ],
)
def test_a_path_that_no_marker_can_hold_is_refused_with_a_way_out(run, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CardgenError, match=said) as caught:
        links.to_run(run, Path("README.md"))
    assert (caught.value.exit_code, bool(caught.value.hint)) == (2, True)


@pytest.mark.parametrize(
    "run, card, expected",
    [
        ("environment/run.yaml", "README.md", "environment/run.yaml"),
        ("runs/pond.yaml", "cards/pond/README.md", "../../runs/pond.yaml"),
        ("./a b/ü.yaml", "README.md", "a b/ü.yaml"),
    ],
)
def test_the_path_in_the_marker_is_relative_to_the_card(run, card, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in (run, card):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    assert links.to_run(run, Path(card)) == expected
    assert links.to_run(str(Path(run).resolve()), Path(card).resolve()) == expected
    assert links.run_beside(Path(card), expected).samefile(run)


@posix
def test_the_path_in_the_marker_leads_there_from_a_folder_that_is_a_link(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "card").symlink_to("deep/er")
    (tmp_path / "run.yaml").touch()
    named = links.to_run(str(tmp_path / "run.yaml"), tmp_path / "card" / "README.md")
    assert links.run_beside(tmp_path / "card" / "README.md", named).samefile(tmp_path / "run.yaml")


@pytest.mark.parametrize("named", ["/etc/run.yaml", "C:\\run.yaml", "\\\\host\\run.yaml", "https://example.org/run.yaml", "a\x1b.yaml"])
def test_a_marker_names_a_file_beside_its_card_only(named):
    problem = links.from_marker(named, b"# Pond\n\n<!-- cardgen:begin run=x -->\n")
    assert problem is not None
    assert (problem.code, problem.line) == ("CG421", 3)


@pytest.mark.parametrize("link", ["/etc/", "https://example.org/", "file:///etc/", "C:/"])
def test_a_link_to_elsewhere_is_not_taken_for_the_folder_of_the_assets(link):
    text = f"<!-- cardgen:begin run=run.yaml -->\n[data]({link}assessment.json)\n<!-- cardgen:end -->\n"
    assert links.folder_of(Path("a/README.md"), text.encode()) == Path("a/environment")


@pytest.mark.parametrize("folder", ["docs/my env", "docs", ".", "../shared", "ünder (1)"])
def test_the_folder_of_the_assets_is_read_from_the_section(card, folder):
    where = card.parent / "x" / folder
    below = card.parent / "x" / "README.md"
    below.parent.mkdir()
    below.write_bytes(CARD)
    made = planned(below, folder=where)
    list(carry_out(made, where))
    assert links.folder_of(below, below.read_bytes()).resolve() == where.resolve()
    assert planned(below, folder=links.folder_of(below, below.read_bytes())).changes == ()
    assert marked_run(below.read_bytes()) == "run.yaml"


def test_emissions_are_grams_of_training_with_what_they_rest_on():
    assert footprint().emissions == {
        "emissions": pytest.approx(float(footprint().document["totals"]["emissions"]["location"]["value"]) * 1000, rel=0.005),
        "source": "cardgen, from device-hours",
        "training_type": "pre-training",
        "geographical_location": "Netherlands",
        "hardware_used": "8 x NVIDIA A100 SXM4 80GB",
    }


def test_inference_is_not_in_the_emissions_of_the_metadata():
    served = "  - phase: inference\n    requests: {energy: 0.4 Wh, per_day: 1e9, period: 365 d}\n    facility: {country: FRA}\n"
    assert footprint(POND + served).emissions == footprint().emissions


def test_the_source_is_the_method_of_the_measurement():
    measured = POND.replace("    facility", "    energy: {value: 40 kWh, method: codecarbon 3.2.1}\n    facility")
    assert footprint(measured.replace("pretraining", "fine-tuning")).emissions == {
        **(footprint(measured).emissions or {}), "source": "cardgen, from codecarbon 3.2.1", "training_type": "fine-tuning",
    }  # fmt: skip


def test_devices_are_named_once_with_the_largest_number_of_them():
    more = POND.split("activities:\n")[1].replace("count: 8", "count: 64").replace("pretraining", "evaluation")
    other = more.replace("A100-SXM4-80GB, count: 64, duration: 100 h", "Own Chip, device_hours: 5, power: 9 W")
    assert (footprint(POND + more + other).emissions or {})["hardware_used"] == "64 x NVIDIA A100 SXM4 80GB; Own Chip"


@pytest.mark.parametrize(
    "change, code",
    [
        (("    facility: {country: NLD}\n", ""), "CG422"),
        (("    facility: {country: NLD}\n", "    grid: {location: 0 gCO2e/kWh}\n"), "CG423"),
    ],
)
def test_what_is_not_known_or_exactly_zero_is_not_written_and_a_note_says_so(card, change, code):
    found = footprint(POND.replace(*change))
    assert (found.emissions, [note.code for note in found.notes]) == (None, [code])
    assert code in [note.code for note in planned(card, found, metadata="always").notes]
    assert code not in [note.code for note in planned(card, found, metadata="never").notes]
    done(planned(card, found))
    assert b"co2_eq_emissions" not in card.read_bytes()


def test_emissions_that_leave_out_an_activity_say_so():
    found = footprint(POND + "  - {phase: evaluation, name: Tests, energy: {value: 5 kWh, boundary: facility}}\n")
    assert [(note.code, "Tests" in note.message) for note in found.notes] == [("CG424", True)]


def test_a_saved_assessment_gives_what_is_in_it():
    content = footprint().document
    found, notes = emissions(content, None, FACTORS)
    assert (found, notes) == ({key: value for key, value in (footprint().emissions or {}).items() if key != "hardware_used"}, ())


def killed(tmp_path: Path, count: int, seed: int) -> dict[str, int]:
    folder = tmp_path / "card"
    (folder / "environment").mkdir(parents=True)
    (folder / "README.md").write_bytes(CARD + b"\n<!-- cardgen:begin run=environment/run.yaml -->\n<!-- cardgen:end -->\n")
    (tmp_path / "one.yaml").write_text((ROOT / "examples" / "llama-3.1" / "run.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "two.yaml").write_text(POND)
    command = [sys.executable, str(ROOT / "tests" / "kill_updates.py"), str(folder), str(count), str(seed)]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@posix
def test_a_kill_at_any_moment_leaves_the_old_card_or_the_new_one(tmp_path):
    """CARDGEN_KILLS=500 kills as often as the promise says."""
    found = killed(tmp_path, int(os.environ.get("CARDGEN_KILLS", "20")), seed=20)
    assert found["killed"] > 0
    assert found["steps"] > 10  # each of these was the last one, too
    assert found["leftovers"] > 5


def limited(card: Path, *arguments: str, before: str = "pass") -> subprocess.CompletedProcess[str]:
    """Update a card in a process that does something to itself before."""
    script = f"import sys; from cardgen.cli import main; import cardgen.cli.update; {before}; sys.argv[0] = 'cardgen'; main()"
    command = [sys.executable, "-c", script, "update", str(card), *arguments, "-q"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}  # or Python keeps half a module
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False, cwd=ROOT)


@posix
@pytest.mark.parametrize("size", [0, 30_000, 200_000])
def test_a_full_disk_leaves_the_old_card_and_no_temporary_file(card, size):
    long = CARD + b"A long card.\n" * 17_000
    card.write_bytes(long)
    run = card.parent / "run.yaml"
    result = limited(card, "--run", str(run), before=f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))")
    assert (result.returncode, "cannot be written" in result.stderr) == (4, True), result.stderr
    assert card.read_bytes() == long
    assert not list(card.parent.rglob("*.part"))
    assert limited(card, "--run", str(run)).returncode == 0
    assert limited(card, "--check").returncode == 0


NOBODY = """
import contextlib, os, shutil, tempfile
if os.geteuid() == 0:  # whom no right stops: load everything, then be somebody else
    with tempfile.TemporaryDirectory() as other, contextlib.suppress(SystemExit):
        whole, sys.argv = sys.argv, ["cardgen", "update", shutil.copy(sys.argv[2], other), *sys.argv[3:]]
        main()
    sys.argv = whole
    os.setuid(65534)
"""


@posix
@pytest.mark.parametrize("shut", ["", "environment"])
def test_a_read_only_folder_leaves_the_old_card_and_no_temporary_file(shut):
    with tempfile.TemporaryDirectory() as name:  # one that others may enter
        card = Path(name, "card", "README.md")
        (card.parent / "environment").mkdir(parents=True)
        card.write_bytes(CARD)
        (card.parent / "run.yaml").write_text(POND)
        for folder in (name, card.parent, card.parent / "environment"):
            Path(folder).chmod(0o777)
        (card.parent / shut).chmod(0o555)
        script = f"exec({NOBODY!r})"
        result = limited(card, "--run", str(card.parent / "run.yaml"), before=script)
        (card.parent / shut).chmod(0o755)
        assert (result.returncode, "cannot be written" in result.stderr) == (4, True), result.stderr
        assert card.read_bytes() == CARD
        assert not list(card.parent.rglob("*.part"))


@pytest.mark.parametrize("code", ["CG422", "CG423", "CG424"])
def test_the_examples_of_a_page_about_emissions_hold(code):
    failing, corrected = re.findall(r"```yaml (?:failing|corrected)\n(.*?)```", page(code), re.DOTALL)
    assert [note.code for note in footprint(failing).notes] == [code]
    assert footprint(corrected).notes == ()


@pytest.mark.parametrize("code", ["CG421", "CG425"])
def test_the_examples_of_a_page_about_markers_hold(code):
    refused, accepted = (text.encode() for text in re.findall(r"```markdown\n(.*?)```", page(code), re.DOTALL))
    found = links.from_marker(marked_run(refused), refused)
    assert found is not None and found.code == code
    assert links.from_marker(marked_run(accepted), accepted) is None
