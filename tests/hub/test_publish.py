"""``cardgen publish`` with the real huggingface_hub, against the Hub on the loopback interface: what it reads and writes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from cardgen.problems import page
from hub.calls import CARD, ROOT, RUN, TOKEN, in_a_process
from hub.stub import FRONT_MATTER

pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed: pip install 'cardgen[hub]'")


def test_card_charts_report_assessment_and_run_go_in_one_commit_on_the_head(stub, run, publish):
    head = stub.head
    result = publish()
    assert result.returncode == 0, result.stderr
    [commit] = stub.commits
    assert commit["header"]["summary"] == "Update environmental impact of Pond 7B"
    assert commit["header"]["parentCommit"] == head
    names = set(commit["files"])
    assert {"README.md", "environment/assessment.json", "environment/environmental-impact.html", "environment/run.yaml"} <= names
    assert any(name.startswith("environment/charts/") and name.endswith(".svg") for name in names)
    assert commit["files"]["environment/run.yaml"] == run.read_bytes()
    assert result.stdout == f"{stub.endpoint}/acme/pond-7b/commit/{stub.head}\n"


def test_the_files_are_those_that_update_writes(stub, run, publish):
    (run.parent / "environment").mkdir()
    (run.parent / "environment" / "run.yaml").write_bytes(run.read_bytes())
    (run.parent / "README.md").write_bytes(CARD)
    command = [sys.executable, "-m", "cardgen", "update", "README.md", "--run", "environment/run.yaml"]
    subprocess.run(command, cwd=run.parent, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=True)
    publish()
    for name, content in stub.commits[0]["files"].items():
        assert (run.parent / name).read_bytes() == content, name


def test_every_chart_that_the_card_shows_is_there(stub, run, publish):
    publish()
    shown = re.findall(r"\]\((environment/[^)\s]+)\)", stub.files["README.md"].decode())
    assert shown
    assert set(shown) <= set(stub.files)


def test_the_rest_of_the_card_stays_as_it_was(stub, run, publish):
    publish()
    card = stub.files["README.md"]
    assert b"<!-- cardgen:begin run=environment/run.yaml -->" in card
    assert card.startswith(b"---\nlicense: mit  # as the base model\ntags: [text]\n")
    for kept in (b"# Pond 7B\n\nA model of ponds.\n\n", b"## Citation\n\nAcme, 2026.\n"):
        assert kept in card
    assert stub.files["config.json"] == b"{}"


def test_the_emissions_are_read_back_by_huggingface_hub(stub, run, publish):
    from huggingface_hub import ModelCard

    publish()
    emissions = ModelCard(stub.files["README.md"].decode()).data.to_dict()["co2_eq_emissions"]
    assert emissions["emissions"] > 1_000_000
    assert emissions["training_type"] == "pre-training"


def test_a_second_time_nothing_is_written(stub, run, publish):
    publish()
    stub.calls.clear()
    result = publish()
    assert (result.returncode, result.stdout) == (0, "")
    assert "unchanged" in result.stderr
    assert len(stub.commits) == 1
    assert not {"validate", "preupload", "commit"} & set(stub.calls)


def test_only_what_differs_is_written(stub, run, publish):
    publish()
    stub.push({"environment/assessment.json": b"{}"}, "a mistake")
    publish()
    assert set(stub.commits[1]["files"]) == {"environment/assessment.json"}


def test_a_repository_without_a_card_gets_one_with_front_matter(stub, run, publish):
    stub.push({"README.md": None}, "no card")
    assert publish().returncode == 0
    card = stub.files["README.md"].decode()
    assert yaml.safe_load(FRONT_MATTER.match(card)[2])["co2_eq_emissions"]["emissions"] > 0
    assert "<!-- cardgen:begin run=environment/run.yaml -->" in card


def test_charts_of_an_earlier_publication_that_show_something_else_go(stub, run, publish):
    publish()
    other = next(content for name, content in stub.files.items() if name.endswith(".svg"))
    earlier = re.sub(rb"[0-9a-f]{64}", b"0" * 64, other)
    stub.push({"environment/charts/earlier.svg": earlier, "environment/charts/own.svg": b"<svg/>"}, "an earlier edition")
    result = publish()
    assert "removed environment/charts/earlier.svg" in result.stderr
    assert "environment/charts/earlier.svg" not in stub.files
    assert stub.files["environment/charts/own.svg"] == b"<svg/>"


def test_a_run_file_that_the_card_names_stays_where_it_is(stub, run, publish):
    block = b"<!-- cardgen:begin run=footprint/run.yaml -->\nold\n<!-- cardgen:end -->\n"
    stub.push({"README.md": CARD + block, "footprint/run.yaml": b"old"}, "a card with a section")
    assert publish().returncode == 0
    assert stub.files["footprint/run.yaml"] == run.read_bytes()
    assert "environment/run.yaml" not in stub.files


def test_a_saved_assessment_can_be_published(stub, run, publish):
    saved = subprocess.run(
        [sys.executable, "-m", "cardgen", "assess", str(run), "--format", "json", "-q"], capture_output=True, cwd=ROOT, check=True
    )
    path = run.with_name("assessment.json")
    path.write_bytes(saved.stdout)
    assert publish(source=path).returncode == 0
    assert b"<!-- cardgen:begin run=environment/assessment.json -->" in stub.files["README.md"]
    assert stub.files["environment/assessment.json"] == saved.stdout


def test_a_pull_request_leaves_the_head_alone_and_its_address_is_printed(stub, run, publish):
    head = stub.head
    stub.tokens[TOKEN] = "read"
    result = publish("--create-pr")
    assert (result.returncode, result.stdout) == (0, f"{stub.endpoint}/acme/pond-7b/discussions/1\n")
    assert (stub.head, stub.commits, len(stub.requests)) == (head, [], 1)
    assert stub.requests[0]["header"]["parentCommit"] == head


def test_a_dry_run_prints_files_and_difference_and_writes_nothing(stub, run, publish):
    result = publish("--dry-run")
    assert result.returncode == 0
    assert f"would write environment/run.yaml ({len(RUN)} bytes)\n" in result.stdout
    assert "\n+<!-- cardgen:begin run=environment/run.yaml -->\n" in result.stdout
    assert set(stub.calls) <= {"revision", "resolve", "tree"}


def test_a_dry_run_of_a_public_repository_needs_no_token(stub, run):
    assert in_a_process(stub, run, "--dry-run", HF_TOKEN="").returncode == 0
    assert stub.tokens_seen == {None}


def test_a_change_that_comes_between_is_kept_and_the_card_merged_again(stub, run, publish):
    stub.before["commit"] = lambda: stub.push({"README.md": CARD.replace(b"of ponds", b"of lakes")}, "somebody else")
    result = publish()
    assert result.returncode == 0, result.stderr
    assert stub.calls.count("commit") == 2
    assert b"A model of lakes." in stub.files["README.md"]
    assert b"cardgen:begin" in stub.files["README.md"]


def test_somebody_who_is_quicker_twice_stops_the_work(stub, run, publish):
    def quicker() -> None:
        stub.push({"notes.txt": str(len(stub.history)).encode()}, f"somebody else {len(stub.history)}")
        stub.before["commit"] = quicker

    quicker()
    result = publish()
    assert result.returncode == 4
    assert "nothing was written" in result.stderr
    assert (stub.calls.count("commit"), stub.commits) == (2, [])


def test_what_the_hub_remarks_about_the_card_is_said(stub, run, publish):
    stub.remarks = ("the licence is not known",)
    result = publish()
    assert result.returncode == 0
    assert "the licence is not known" in result.stderr
    assert "UserWarning" not in result.stderr


def test_front_matter_that_the_hub_refuses_is_a_problem_of_the_card(stub, run, publish):
    failing, corrected = re.findall(r"```markdown \w+\n(.*?)```", page("CG460"), re.DOTALL)
    stub.push({"README.md": failing.encode()}, "a slip")
    result = publish()
    assert result.returncode == 1
    assert "acme/pond-7b/README.md:2:1: CG460" in result.stderr
    assert '"license" must be a string' in result.stderr
    assert stub.commits == []
    stub.push({"README.md": corrected.encode()}, "correct it")
    assert publish().returncode == 0


def test_a_card_that_cannot_be_edited_safely_is_left_alone(stub, run, publish):
    stub.push({"README.md": "# Pond\n".encode("utf-16")}, "another encoding")
    result = publish()
    assert result.returncode == 1
    assert result.stderr.startswith("acme/pond-7b/README.md:1:1: CG4")
    assert stub.commits == []


def test_files_that_the_repository_ignores_stop_the_work(stub, run, publish):
    stub.ignored = ("environment/assessment.json",)
    result = publish()
    assert result.returncode == 1
    assert ".gitignore leaves out environment/assessment.json" in result.stderr
    assert stub.commits == []


def test_a_run_with_errors_is_not_published(stub, run, publish):
    run.write_text(RUN.replace("pretraining", "pretraning"), encoding="utf-8")
    result = publish()
    assert result.returncode == 1
    assert "CG105" in result.stderr
    assert stub.calls == []


@pytest.mark.parametrize(
    "name", ["acme/pond/7b", "https://huggingface.co/acme/pond-7b", "-acme/pond", "acme/pond--7b", "", "a" * 200, TOKEN + "!"]
)
def test_a_malformed_name_is_wrong_use(stub, run, publish, name):
    result = publish(repository=name)
    assert result.returncode == 2
    assert stub.calls == []


def test_another_model_than_that_of_the_run_is_named(stub, run, publish):
    stub.repository = "acme/pond-7b-instruct"
    result = publish(repository="acme/pond-7b-instruct")
    assert result.returncode == 0
    assert "the run of acme/pond-7b; it goes to acme/pond-7b-instruct" in result.stderr


def test_the_commands_of_the_readme_work(stub, run, publish):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split("## Publish to the Hub")[1].split("\n## ")[0]
    commands = [shlex.split(line)[1:] for line in re.findall(r"^cardgen publish .*", block, re.MULTILINE)]
    assert len(commands) == 3
    for _, source, repository, *options in commands:
        assert (source, repository) == ("run.yaml", "acme/pond-7b")
        assert publish(*options).returncode == 0


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("footprint/run.yaml", "footprint/run.yaml"),
        ("./run.yml", "run.yml"),
        ("../run.yaml", "environment/run.yaml"),
        ("/etc/run.yaml", "environment/run.yaml"),
        ("config.json", "environment/run.yaml"),
        (".git/run.yaml", "environment/run.yaml"),
    ],
)
def test_a_run_file_is_written_in_the_repository_and_over_nothing_else(stub, run, publish, path, kept):
    stub.push({"README.md": CARD + f"<!-- cardgen:begin run={path} -->\n\n<!-- cardgen:end -->\n".encode()}, "a section")
    assert publish().returncode == 0
    assert kept in stub.commits[0]["files"]
    assert f"<!-- cardgen:begin run={kept} -->".encode() in stub.files["README.md"]
    assert all(name == "README.md" or name == kept or name.startswith("environment/") for name in stub.commits[0]["files"])
