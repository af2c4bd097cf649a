"""Loading: YAML 1.2 with places; whatever cannot be read is a problem with a place."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardgen.loading import load, read
from cardgen.loading.document import Document
from cardgen.problems import CardgenError, place

STEADY = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def data(text: str) -> dict:
    document = load(text.encode(), "run.yaml")
    assert document.problems == ()
    return document.data


def found(content: str | bytes) -> list[str]:
    """Return the problems of loading as line:column code."""
    document = load(content.encode() if isinstance(content, str) else content, "run.yaml")
    return ["{}:{} {}".format(*place(problem, document), problem.code) for problem in document.problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e3", 1000.0), ("7e9", 7e9), ("8.2e22", 8.2e22), ("0o17", 15), ("0x1F", 31), ("-12", -12), ("+1.5", 1.5), (".5", 0.5),
        ("1.", 1.0), ("0", 0), ("2025-11-01", "2025-11-01"), ("2025-11-01T10:00:00Z", "2025-11-01T10:00:00Z"), ("~", None),
        ("null", None), ("", None), ("true", True), ("FALSE", False), ("tRue", "tRue"), ('"yes"', "yes"), ("'0123'", "0123"),
        ("1.2.3", "1.2.3"), ("y", "y"), ("1e", "1e"), ("0o8", "0o8"), ("!!str 12", "12"), ("!!int 12", 12), 
        ("17.8 MWh", "17.8 MWh"), ("12:30:45 h", "12:30:45 h"), ("=", "="), ("NaN", "NaN"), ("|\n  a\n  b", "a\nb\n"),
    ],
)  # fmt: skip
def test_a_scalar_is_read_as_yaml_1_2_does(written, value):
    result = data(f"key: {written}\n")["key"]
    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize("written", ["0123", "-007", "1:30", "190:20:30", "1_000", "1_0.5", "0b101", "00"])
def test_a_scalar_that_yaml_1_1_reads_as_another_number_is_a_problem(written):
    assert found(f"key: {written}\n") == ["1:6 CG014"]


@pytest.mark.parametrize("written", ["yes", "NO", "On", "off"])
def test_switches_of_yaml_1_1_are_text_with_a_warning(written):
    document = load(f"key: {written}\n".encode(), "run.yaml")
    assert document.data == {"key": written}
    assert [(problem.code, problem.severity) for problem in document.problems] == [("CG015", "warning")]


CASES = {
    "empty": (b"", "1:1 CG001"),
    "only a comment": (b"# nothing\n", "1:1 CG001"),
    "only a mark": (b"---\n", "2:1 CG001"),
    "latin-1": ("a: 1\nb: caf\xe9\n".encode("latin-1"), "2:7 CG002"),
    "latin-1 after two-byte characters": ("a: é".encode() + b"\xff", "1:5 CG002"),
    "cut off": ("a: é".encode()[:-1], "1:4 CG002"),
    "a surrogate": (b"a: \xed\xa0\x80", "1:4 CG002"),
    "UTF-16": ("a: 1".encode("utf-16"), "1:1 CG002"),
    "UTF-16, big end first": (b"\xfe\xff" + "a: 1".encode("utf-16-be"), "1:1 CG002"),
    "UTF-32": ("a: 1".encode("utf-32"), "1:1 CG002"),
    "NUL": (b"a: 1\nb: \x00", "2:4 CG003"),
    "escape": (b"a: \x1b[31m", "1:4 CG003"),
    "next line": ("a: x\x85b: 1".encode(), "1:5 CG003"),
    "line separator": ("a: 'x\u2028'".encode(), "1:6 CG003"),
    "byte-order mark amid the text": ("a: 1\n\ufeffb: 1".encode(), "2:1 CG003"),
    "escape, escaped": (b'a: "x\\e[31m"', "1:4 CG003"),
    "NUL, escaped in a key": (b'"a\\0": 1', "1:1 CG003"),
    "too large": (b" " * (8 * 1024 * 1024 + 1), "1:1 CG004"),
    "not YAML": (b"a: b: c\n", "1:5 CG005"),
    "list not closed": (b"a: [1,2\nb: 3\n", "1:4 CG005"),
    "mapping not closed": (b"a: {b: 1\n", "1:4 CG005"),
    "quote not closed": (b'a: "x\n', "1:4 CG005"),
    "backtick": (b"a: `x`", "1:4 CG005"),
    "half a surrogate pair in JSON": (b'{"a": "\\ud83d"}', "1:10 CG005"),
    "anchor on an alias": (b"a: &x 1\nb: &y *x\n", "2:7 CG005"),
    "tab": (b"a:\n\tb: 1\n", "2:1 CG006"),
    "tab after spaces": (b"a:\n  b: 1\n \tc: 1\n", "3:2 CG006"),
    "two documents": (b"a: 1\n---\nb: 1\n", "2:1 CG007"),
    "duplicate key": (b"a: 1\nb:\n  c: 1\n  c: 2\n", "4:3 CG008"),
    "duplicate key, written differently": (b"a: 1\n'a': 2\n", "2:1 CG008"),
    "number as a key": (b"1: a\n", "1:1 CG009"),
    "null as a key": (b"~: a\n", "1:1 CG009"),
    "list as a key": (b"? [a, b]\n: 1\n", "1:3 CG009"),
    "merge key": (b"a: &a {b: 1}\nc:\n  <<: *a\n", "3:3 CG010"),
    "Python object": (b"a: !!python/object/apply:os.system [ls]", "1:4 CG011"),
    "custom tag": (b"a: 1\nb: !include x.yaml", "2:4 CG011"),
    "binary": (b"a: !!binary aGk=", "1:4 CG011"),
    "wrong core tag": (b"a: !!int x", "1:4 CG011"),
    "unknown alias": (b"a: *b\n", "1:4 CG012"),
    "alias inside itself": (b"a: &a [1, *a]\n", "1:11 CG012"),
    "brackets": (b"[" * 10_000, "1:65 CG013"),
    "braces": (b"{a: " * 10_000, "1:257 CG013"),
    "dashes": (b"- " * 100_000, "1:129 CG013"),
    "question marks": (b"? " * 10_000, "1:129 CG013"),
    "JSON nested": (b'{"a":[' * 10_000, "1:193 CG013"),
    "many values": (b"a: [" + b"b," * 1_000_000, "1:399999 CG013"),
    "infinite": (b"a: -.inf", "1:4 CG016"),
    "not a number": (b"a: .NaN", "1:4 CG016"),
    "too large a number": (b"a: 1e999", "1:4 CG016"),
    "digits": (b"a: " + b"9" * 1_000_000, "1:4 CG016"),
    "hexadecimal digits": (b"a: 0x" + b"f" * 1_000_000, "1:4 CG016"),
    "a list": (b"- a\n", "1:1 CG017"),
    "a text": (b"\n  hello\n", "2:3 CG017"),
    "a switch": (b"yes", "1:1 CG015 1:1 CG017"),
    "YAML 1.1": (b"%YAML 1.1\n---\na: 1\n", "1:1 CG018"),
    "YAML 2.0": (b"%YAML 2.0\n---\na: 1\n", "1:1 CG018"),
}


@pytest.mark.parametrize(("content", "problems"), CASES.values(), ids=CASES)
def test_what_cannot_be_read_is_a_problem_with_a_place(content, problems):
    assert " ".join(found(content)) == problems


def test_an_alias_bomb_is_bounded():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert [problem.split()[1] for problem in found("\n".join(lines))] == ["CG013"]


def test_aliases_that_nest_are_bounded():
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 200)]
    assert [problem.split()[1] for problem in found("\n".join(lines))] == ["CG013"]


def test_an_anchor_can_mark_a_key_and_be_used_again():
    assert data("&a a: *a\nb: &a {c: 1}\nd: *a\n") == {"a": "a", "b": {"c": 1}, "d": {"c": 1}}


def test_all_problems_that_reading_survives_are_found_at_once():
    assert found("a: 0123\na: 1\nb: [.nan, !x 1, *c]\n1: 2\n") == ["1:4 CG014", "2:1 CG008", "3:5 CG016", "3:11 CG011",
                                                                  "3:17 CG012", "4:1 CG009"]  # fmt: skip


def test_problems_are_counted_to_a_thousand():
    assert len(found("a: [" + "0123," * 5000 + "]")) == 1001


def test_places_count_characters_and_all_kinds_of_line_ends():
    document = load("\ufeffä😀: {b: 1}\r\nc:\r  - d: 2\n".encode(), "run.yaml")
    assert document.data == {"ä😀": {"b": 1}, "c": [{"d": 2}]}
    assert [document.mark(path) for path in [(), ("ä😀",), ("ä😀", "b"), ("c", 0), ("c", 0, "d")]] == [
        (1, 1), (1, 5), (1, 9), (3, 5), (3, 8)]  # fmt: skip
    assert document.key_mark(("c", 0, "d")) == (3, 5)


def test_a_path_that_does_not_exist_has_the_place_of_its_nearest_parent():
    document = load(b"a:\n  b: [1, 2]\n", "run.yaml")
    assert document.mark(("a", "b", 7, "x")) == document.mark(("a", "b")) == (2, 6)
    assert document.mark(("a", "b", 0, "x")) == (2, 7)
    assert document.mark(("a", 3)) == (2, 3)
    assert document.key_mark(("a", "x")) == (2, 3)
    assert document.key_mark(()) == (1, 1)


def test_a_document_without_a_file_has_places_too():
    assert Document({"a": 1}).mark(("a", "b")) == (1, 1)
    assert Document({"a": 1}).written(("a",)) == ""


def test_a_number_is_known_as_it_is_written():
    document = load(b"a: {b: 7e9, c: 1.10}\n", "run.yaml")
    assert (document.written(("a", "b")), document.written(("a", "c"))) == ("7e9", "1.10")


def test_json_is_read_with_its_escapes():
    value = {"a": '😀 \u00e9 \t / \\ud83d\\ude00 "', "b": [1, 2.5e3, None, True, {"c": []}]}
    for indent in (None, 2, "\t"):
        text = json.dumps(value, indent=indent).replace("/", "\\/")
        assert data(text) == value


def test_a_pair_of_surrogates_moves_no_place():
    assert found('{"a": "\\ud83d\\ude00", "b": 0123}') == ["1:28 CG014"]


def test_a_large_scalar_is_read():
    for text in ("'" + "x" * 7_000_000 + "'", "x " * 3_500_000, "|\n" + "  x\n" * 1_500_000):
        assert len(data(f"a: {text}\n")["a"]) > 2_000_000


def test_a_file_is_read_by_name_and_from_standard_input(tmp_path, monkeypatch):
    file = tmp_path / "run.yaml"
    file.write_bytes(b"a: 1\n")
    assert read(str(file)).data == {"a": 1}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a: 2\n")))
    document = read("-")
    assert (document.data, document.name) == ({"a": 2}, "stdin")


@pytest.mark.parametrize(("name", "exit_code"), [("missing.yaml", 4), (".", 4), ("a\0b", 2)])
def test_a_file_that_cannot_be_read_stops_the_work(tmp_path, name, exit_code):
    with pytest.raises(CardgenError) as caught:
        read(f"{tmp_path}/{name}")
    assert caught.value.exit_code == exit_code
    assert "\0" not in caught.value.message


@STEADY
@given(st.binary(max_size=300))
def test_any_bytes_give_a_document_or_problems(content):
    document = load(content, "run.yaml")
    assert (document.data is None) <= any(problem.severity == "error" for problem in document.problems)
    assert all(place(problem, document) >= (1, 1) for problem in document.problems)


YAML_LIKE = st.lists(st.sampled_from([*"ab01:-?[]{},&*!|>'\"#%@`\\ \n\t\r.~<_=eéx😀", ": ", "- ", "\n  ", "---\n", "<<: ", "&a ", "*a ",
                                      "!!str ", "\\ud83d", "\\ude00", "%YAML 1.2\n", "? ", "0x", "1e", "...\n"]), max_size=60)  # fmt: skip


@settings(STEADY, max_examples=1000)
@given(YAML_LIKE.map("".join))
def test_any_text_gives_a_document_or_problems(text):
    document = load(text.encode(), "run.yaml")
    assert (document.data is None) <= any(problem.severity == "error" for problem in document.problems)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff"), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@STEADY
@given(st.dictionaries(TEXT, JSON, max_size=4), st.sampled_from([None, 2]))
def test_any_json_is_read_as_the_json_module_reads_it(value, indent):
    document = load(json.dumps(value, indent=indent).encode(), "run.json")
    assert document.problems == ()
    assert document.data == value
