"""``cardgen update`` as a user calls it: in a process of its own, by its output, its files and its exit codes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = """
cardgen: 1
model: {name: Pond}
activities:
  - phase: pretraining
    end: 2025-01-01
    hardware: [{type: A100-SXM4-80GB, count: 8, duration: 100 h}]
    facility: {country: NLD}
"""
CARD = "---\nlicense: mit\n---\n# Pond\n\nHello.\n"
CHARTS = ["charts/energy-by-component.svg", "charts/emissions-by-phase.svg", "charts/model-comparison.svg"]
ASSETS = ["assessment.json", *CHARTS, "environmental-impact.html"]
posix = pytest.mark.skipif(os.name != "posix", reason="needs links, terminals and devices as Unix has them")


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "environment").mkdir()
    (tmp_path / "environment" / "run.yaml").write_text(RUN)
    (tmp_path / "README.md").write_text(CARD, newline="")
    return tmp_path


def update(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cardgen", "update", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=folder, env=environment, check=False)


def first(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    result = update(folder, "README.md", "--run", "environment/run.yaml", *arguments)
    assert result.returncode == 0, result.stderr
    return result


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return the time of writing and the content of each file."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()
    }


def train_longer(folder: Path) -> None:
    (folder / "environment" / "run.yaml").write_text(RUN.replace("100 h", "200 h"))


def test_the_card_names_its_run_file_and_the_next_call_needs_no_more(folder):
    result = first(folder)
    assert [line for line in result.stderr.splitlines() if line.startswith(("created", "wrote"))][-1] == "wrote README.md"
    assert "<!-- cardgen:begin run=environment/run.yaml -->" in (folder / "README.md").read_text(encoding="utf-8")
    before = snapshot(folder)
    assert set(before) >= {f"environment/{name}" for name in ASSETS}
    assert (update(folder, "README.md", "--check").returncode, update(folder, "README.md").returncode) == (0, 0)
    assert snapshot(folder) == before


def test_check_changes_nothing_and_says_what_would_change(folder):
    first(folder)
    train_longer(folder)
    before = snapshot(folder)
    result = update(folder, "README.md", "--check")
    assert (result.returncode, result.stdout, snapshot(folder)) == (1, "", before)
    assert {line for line in result.stderr.splitlines() if line.startswith("would")} == {
        "would write README.md", *(f"would write environment/{name}" for name in ASSETS),
    }  # fmt: skip


def test_check_of_a_card_without_a_section_names_what_would_be_created(folder):
    result = update(folder, "README.md", "--run", "environment/run.yaml", "--check")
    assert result.returncode == 1
    assert "would create environment/assessment.json" in result.stderr
    assert (folder / "README.md").read_text() == CARD
    assert not (folder / "environment" / "charts").exists()


def test_check_and_a_card_that_is_as_it_should_be_say_so_and_quiet_says_nothing(folder):
    first(folder)
    assert "unchanged README.md" in update(folder, "README.md", "--check").stderr
    assert update(folder, "README.md", "--check", "-q").stderr == ""


def test_diff_prints_the_difference_and_writes_nothing(folder):
    first(folder)
    train_longer(folder)
    before = snapshot(folder)
    result = update(folder, "README.md", "--diff")
    assert (result.returncode, snapshot(folder)) == (0, before)
    assert result.stdout.startswith("--- README.md\n+++ README.md\n@@ ")
    assert update(folder, "README.md", "--diff", "--check").returncode == 1


def test_a_change_can_fail_a_commit_and_names_what_to_stage(folder):
    result = update(folder, "README.md", "--run", "environment/run.yaml", "--exit-non-zero-on-change")
    assert result.returncode == 1
    line = next(line for line in result.stderr.splitlines() if "git add" in line)
    named = shlex.split(line.split("git add ")[1])
    assert "README.md" in named
    assert {Path(name).as_posix() for name in named} >= {f"environment/{name}" for name in ASSETS}
    assert update(folder, "README.md", "--exit-non-zero-on-change").returncode == 0


def test_a_chart_that_is_no_longer_shown_is_removed_and_named(folder):
    first(folder)
    (folder / "environment" / "run.yaml").write_text(RUN.replace("    facility: {country: NLD}\n", ""))
    result = update(folder, "README.md", "--exit-non-zero-on-change")
    gone = Path("environment", "charts", "emissions-by-phase.svg")
    assert f"removed {gone}" in result.stderr
    assert f"git rm --cached --ignore-unmatch {gone}" in result.stderr
    assert not (folder / gone).exists()
    assert "emissions-by-phase.svg" not in (folder / "README.md").read_text(encoding="utf-8")


def test_errors_of_one_card_do_not_stop_the_others_and_the_highest_code_counts(folder):
    (folder / "B.md").write_text("# No marker\n")
    first(folder)
    train_longer(folder)
    result = update(folder, "B.md", "missing.md", "README.md")
    assert result.returncode == 4
    assert "B.md:1:1: CG425" in result.stderr
    assert "missing.md" in result.stderr
    assert "wrote README.md" in result.stderr
    assert update(folder, "B.md", "README.md").returncode == 1


def test_a_run_of_several_cards_is_read_once(folder):
    (folder / "B.md").write_text(CARD)
    result = update(folder, "README.md", "B.md", "README.md", "--run", "environment/run.yaml")
    assert result.returncode == 0
    assert [result.stderr.count(word) for word in ("CG208 warning", "wrote README.md", "wrote B.md")] == [1, 1, 1]


def test_a_run_file_with_errors_leaves_its_cards_as_they_are(folder):
    (folder / "environment" / "run.yaml").write_text(RUN.replace("count: 8", "count: many"))
    result = update(folder, "README.md", "--run", "environment/run.yaml")
    assert (result.returncode, "run.yaml:7:" in result.stderr) == (1, True)
    assert "README.md: left as it is" in result.stderr
    assert (folder / "README.md").read_text() == CARD


def test_a_card_whose_run_file_is_gone_says_which(folder):
    first(folder)
    (folder / "environment" / "run.yaml").unlink()
    result = update(folder, "README.md", "--check")
    assert (result.returncode, "run.yaml is not there" in result.stderr) == (4, True)
    assert "--run RUN" in result.stderr


@pytest.mark.parametrize("name", ["a--b.yaml", "a>b.yaml"])
@pytest.mark.skipif(os.name != "posix", reason="such a name is not allowed there")
def test_a_run_file_whose_name_would_end_the_comment_is_refused_with_a_way_out(folder, name):
    (folder / name).write_text(RUN)
    result = update(folder, "README.md", "--run", name)
    assert (result.returncode, "rename" in result.stderr) == (2, True)
    assert (folder / "README.md").read_text() == CARD


def test_assets_may_stand_elsewhere_and_are_found_again(folder):
    first(folder, "--assets", "docs/pond")
    assert "](docs/pond/charts/energy-by-component.svg)" in (folder / "README.md").read_text(encoding="utf-8")
    assert (folder / "docs" / "pond" / "environmental-impact.html").is_file()
    assert not (folder / "environment" / "charts").exists()
    assert update(folder, "README.md", "--check").returncode == 0


def test_two_runs_do_not_share_one_folder_of_assets(folder):
    (folder / "other.yaml").write_text(RUN.replace("100 h", "9 h"))
    for name, run in (("README.md", "environment/run.yaml"), ("B.md", "other.yaml")):
        (folder / name).write_text(f"# Pond\n\n<!-- cardgen:begin run={run} -->\n<!-- cardgen:end -->\n")
    result = update(folder, "README.md", "B.md")
    assert (result.returncode, "--assets DIR" in result.stderr) == (2, True)
    assert "<!-- cardgen:begin run=other.yaml -->\n<!-- cardgen:end -->" in (folder / "B.md").read_text()


def test_a_heading_line_belongs_to_one_card():
    assert update(ROOT, "README.md", "B.md", "--heading-line", "3").returncode == 2


def test_a_saved_assessment_is_a_run_too(folder):
    first(folder)
    before = (folder / "environment" / "assessment.json").read_bytes()
    assert update(folder, "README.md", "--run", "environment/assessment.json").returncode == 0
    assert "run=environment/assessment.json" in (folder / "README.md").read_text(encoding="utf-8")
    assert (folder / "environment" / "assessment.json").read_bytes() == before
    assert json.loads(before)["model"]["name"] == "Pond"
    assert update(folder, "README.md", "--check").returncode == 0


@posix
def test_a_card_that_is_a_link_stays_one_and_its_mode_and_bytes_are_kept(folder):
    real = folder / "cards" / "pond.md"
    real.parent.mkdir()
    real.write_bytes(b"\xef\xbb\xbf" + CARD.replace("\n", "\r\n").encode())
    real.chmod(0o640)
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(real)
    first(folder)
    assert (folder / "README.md").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    content = real.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf---\r\nlicense: mit\r\n")
    assert content.count(b"\n") == content.count(b"\r\n") > 20
    assert update(folder, "README.md", "--check").returncode == 0


@posix
def test_a_folder_a_device_and_a_pipe_are_refused(folder):
    os.mkfifo(folder / "pipe.md")
    for name in ("environment", "/dev/null", "pipe.md"):
        result = update(folder, name, "--run", "environment/run.yaml")
        assert (result.returncode, "is not an ordinary file" in result.stderr) == (4, True)
    result = update(folder, "README.md", "--run", "pipe.md")
    assert (result.returncode, "is not an ordinary file" in result.stderr) == (4, True)


@pytest.mark.parametrize("arguments", [["--check"], []])
def test_matplotlib_is_not_imported(folder, arguments):
    first(folder)
    train_longer(folder)
    heavy = "matplotlib numpy huggingface_hub" + (" nh3" if arguments else "")
    script = (
        "import sys; from cardgen.cli import main\ntry: main()\n"
        f"except SystemExit: print([name for name in {heavy.split()} if name in sys.modules])"
    )
    command = [sys.executable, "-c", script, "update", "README.md", "-q", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=folder, env=environment, check=False)
    assert result.stdout == "[]\n", result.stderr


@posix
def test_many_cards_show_where_the_work_is_on_a_terminal(folder):
    import pty

    for index in range(3):
        (folder / f"{index}.md").write_text(CARD)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "cardgen", "update", "0.md", "1.md", "2.md", "--run", "environment/run.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, cwd=folder, env=environment) as process:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 4096):
                shown += part
        except OSError:  # Linux says so when the other end is closed
            pass
        os.close(ours)
    assert (process.returncode, b"2 of 3: 1.md" in shown) == (0, True)
    assert shown.index(b"2 of 3") < shown.index(b"wrote 1.md")


def test_standard_input_is_no_card(folder):
    result = update(folder, "-", "--run", "environment/run.yaml")
    assert result.returncode == 4
    assert "Traceback" not in result.stderr


def test_real_cards_are_updated_or_left_as_they_are_and_a_second_call_changes_nothing(tmp_path):
    real = sorted((ROOT.parent / "shared" / "fixtures" / "model-cards" / "cards").glob("*"))
    if not real:
        pytest.skip("the collection of real cards is not on this machine")
    (tmp_path / "run.yaml").write_text(RUN)
    before = {}
    for index, path in enumerate(real):
        name = f"{index}/README.md"
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(path.read_bytes())
        before[name] = path.read_bytes()
    result = update(tmp_path, *before, "--run", "run.yaml", "-q")
    assert (result.returncode, "defect" in result.stderr) == (1, False), result.stderr[-2000:]
    after = {name: (tmp_path / name).read_bytes() for name in before}
    refused = {line.split(":")[0] for line in result.stderr.splitlines() if "/README.md:" in line}
    assert {name for name in before if after[name] == before[name]} == refused
    assert len(refused) < len(real) / 10
    assert not [path for name in refused for path in (tmp_path / name).parent.iterdir() if path.name != "README.md"]
    assert update(tmp_path, *(set(before) - refused), "--check", "-q").returncode == 0


def test_a_second_card_does_not_take_over_the_folder_of_another_model(folder):
    first(folder)
    (folder / "environment" / "other.yaml").write_text(RUN.replace("Pond", "Lake").replace("100 h", "300 h"))
    (folder / "LAKE.md").write_text(CARD)
    before = snapshot(folder)
    result = update(folder, "LAKE.md", "--run", "environment/other.yaml")
    assert result.returncode == 1 and "holds the data of Pond" in result.stderr and "--assets" in result.stderr
    assert snapshot(folder) == before
    assert update(folder, "LAKE.md", "--run", "environment/other.yaml", "--assets", "lake").returncode == 0
    assert update(folder, "README.md", "LAKE.md", "--check").returncode == 0
