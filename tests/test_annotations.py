"""Problems as CI reads them: GitHub's workflow commands and summary, SARIF, GitLab's code quality."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cardgen.annotations import github
from cardgen.annotations.finding import Finding, as_json, findings, fingerprints
from cardgen.annotations.gitlab import code_quality
from cardgen.annotations.sarif import log, uri
from cardgen.core.problem import Problem
from cardgen.loading import load
from cardgen.problems import Placed

SARIF_SCHEMA = Path(__file__).parents[2] / "shared" / "standards" / "ci" / "sarif-schema-2.1.0.json"
FINDING = Finding("run.yaml", "run.yaml", 6, 12, "CG103", "error", "model.name", "7 is a number, expected text", 'put it in quotes: "7"')
NASTY = 'a%0A\r\n::error::b,c:d | <img src=x onerror=1> `x` [y](javascript:z) ##[add-mask]q "é😀'
texts = st.text(max_size=60) | st.just(NASTY)
places = st.integers(1, 10**6)
found = st.builds(
    Finding, texts, st.none() | texts, places, places, st.sampled_from(["CG103", "CG105"]), st.sampled_from(["error", "warning"]),
    st.just("a.b"), texts, texts,
)  # fmt: skip


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """Return level, properties and message of a workflow command as the runner of GitHub reads it."""
    match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    stated = dict(part.split("=", 1) for part in match[2].split(","))
    marks = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    read = re.compile("|".join(marks))
    return (
        match[1],
        {key: read.sub(lambda m: marks[m[0]], value) for key, value in stated.items()},
        read.sub(lambda m: marks[m[0]], match[3]),
    )


def test_problems_become_findings_in_the_order_of_the_file():
    document = load(b"cardgen: 1\nmodel: {name: 7}\n", "models/run.yaml")
    late, early = Problem("CG103", "7 is a number", ("model", "name")), Placed("CG003", "a character", line=1, column=4)
    assert [(f.line, f.column, f.code, f.path) for f in findings([late, early, late], document, "models/run.yaml")] == [
        (1, 4, "CG003", ""),
        (2, 15, "CG103", "model.name"),
    ]


def test_a_workflow_command_names_file_place_and_title():
    assert github.command(FINDING) == (
        "::error file=run.yaml,line=6,col=12,title=cardgen CG103%3A The value has the wrong type::"
        'run.yaml:6:12: CG103 model.name: 7 is a number, expected text%0Ahint: put it in quotes: "7"'
    )


def test_a_finding_on_standard_input_names_no_file():
    assert github.command(replace(FINDING, name="stdin", file=None)).startswith("::error title=cardgen CG103")


@given(st.lists(found, max_size=5))
def test_whatever_text_a_finding_holds_each_is_one_command(several):
    lines = github.commands(several).split("\n")[:-1]
    assert len(lines) == len(several)
    ordered = sorted(several, key=lambda finding: finding.severity != "error")
    for line, finding in zip(lines, ordered):
        assert "\r" not in line
        level, stated, message = parsed(line)
        assert (level, stated.get("file")) == (finding.severity, finding.file)
        assert f"{finding.code} a.b: " in message


def test_more_than_github_shows_is_counted_in_a_notice():
    errors = [replace(FINDING, line=line) for line in range(1, 14)]
    warnings = [replace(FINDING, line=line, severity="warning") for line in range(1, 12)]
    last = github.commands([*warnings, *errors]).splitlines()[-1]
    assert last.startswith("::notice title=cardgen::GitHub shows 10 annotations of a level; 3 errors and 1 warning more")
    assert "::notice" not in github.commands(errors[:10])


def test_the_summary_shows_problems_as_text_and_the_section_below():
    text = github.summary([replace(FINDING, message=NASTY)], "## Environmental impact\n\n**5 t**\n")
    html = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    assert html.startswith("<h3>cardgen: 1 error</h3>\n<table>")
    assert "<h2>Environmental impact</h2>" in html
    assert "<img" not in html and "<a " not in html and html.count("<td") == 4


@pytest.mark.parametrize("room", [0, 100, 500, 5_000, 100_000])
def test_a_summary_is_never_longer_than_the_room_for_it(room):
    text = github.summary([replace(FINDING, line=line) for line in range(1, 3000)], "ü" * 60_000, room)
    assert len(text.encode()) <= room
    if room >= 500:
        assert re.search(r"^[\d,]+ more problems are in the log", text, re.MULTILINE)
        assert "too long for a summary" in text


@given(st.dictionaries(st.sampled_from(["files", "changed"]), st.text(st.characters(exclude_characters="\r"))))
def test_outputs_are_read_back_whatever_their_text_is(values):
    lines, read = github.outputs(values).split("\n"), {}
    while len(lines) > 1:
        name, delimiter = lines.pop(0).split("<<")
        end = lines.index(delimiter)
        read[name], lines = "\n".join(lines[:end]), lines[end + 1 :]
    assert read == values


def test_fingerprints_stay_when_lines_move_and_differ_within_a_report():
    again = replace(FINDING, message="the key stands on line 3 already")
    moved = [replace(FINDING, line=60, column=1), FINDING, replace(again, line=90, message="the key stands on line 30 already")]
    assert fingerprints([FINDING, FINDING, again]) == fingerprints(moved)
    assert len(set(fingerprints(moved))) == 3
    assert set(fingerprints([replace(FINDING, file="other.yaml")])).isdisjoint(fingerprints(moved))


@given(st.lists(found, max_size=4))
def test_every_json_is_read_back_as_utf_8(several):
    for text in (as_json(several), code_quality(several), log(several, "0.1.0")):
        json.loads(text.encode())


def test_code_quality_has_what_gitlab_asks_for():
    [issue] = json.loads(code_quality([FINDING]))
    assert issue == {
        "description": 'CG103: model.name: 7 is a number, expected text (put it in quotes: "7")',
        "check_name": "cardgen/CG103",
        "fingerprint": fingerprints([FINDING])[0],
        "severity": "major",
        "location": {"path": "run.yaml", "lines": {"begin": 6}},
    }


def test_a_sarif_rule_has_the_text_of_its_page():
    [run] = json.loads(log([FINDING, replace(FINDING, code="CG001")], "0.1.0"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["name"]) for rule in rules] == [("CG001", "TheFileIsEmpty"), ("CG103", "TheValueHasTheWrongType")]
    assert rules[0]["shortDescription"]["text"] == "The file is empty."
    assert rules[0]["help"]["text"].startswith("There is nothing in the file")
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["CG103", "CG001"]


@pytest.mark.parametrize("path", ["a b/ü%.yaml", "c:run.yaml", "#x?y", "\udcff.yaml"])
def test_a_sarif_address_leads_back_to_the_path(path):
    assert re.fullmatch(r"[A-Za-z0-9/._~%-]+", uri(path))
    assert unquote(uri(path), errors="surrogateescape") == path


@given(st.lists(found, max_size=3))
def test_sarif_follows_its_schema(several):
    if not SARIF_SCHEMA.is_file():
        pytest.skip("the SARIF schema is not beside the checkout; its terms do not allow to ship it")
    _sarif_validator().validate(json.loads(log(several, "0.1.0")))


def test_a_wrong_sarif_would_be_noticed():
    if not SARIF_SCHEMA.is_file():
        pytest.skip("the SARIF schema is not beside the checkout; its terms do not allow to ship it")
    wrong = json.loads(log([FINDING], "0.1.0").replace('"startLine": 6', '"startLine": 0'))
    assert not _sarif_validator().is_valid(wrong)


def _sarif_validator():
    import jsonschema

    return jsonschema.Draft7Validator(json.loads(SARIF_SCHEMA.read_text(encoding="utf-8")))
