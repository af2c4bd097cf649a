"""JSON with lines: lists, values one after the other, cuts, and keys that stand twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardgen.records.entries import Entry, entries
from cardgen.records.source import Source, Unreadable

LIST = '[\n {"a": 1},\n {"a": {"b": 2,\n  "c": 3}}\n]\n'


def read(folder: Path, content: str | bytes) -> list[Entry]:
    (folder / "file").write_bytes(content.encode() if isinstance(content, str) else content)
    return list(entries(Source("file", folder / "file")))


def refusal(folder: Path, content: str) -> tuple[str, int]:
    with pytest.raises(Unreadable) as caught:
        read(folder, content)
    return caught.value.problem.code, caught.value.problem.line


@pytest.mark.parametrize(
    "content",
    [LIST, LIST.replace("\n", "\r\n"), b"\xef\xbb\xbf" + LIST.encode(), LIST.encode("utf-16"), '{"a": 1}\n{"a": {"b": 2, "c": 3}}\n'],
)
def test_each_member_is_an_entry_in_every_encoding(tmp_path, content):
    assert [entry.value for entry in read(tmp_path, content)] == [{"a": 1}, {"a": {"b": 2, "c": 3}}]


def test_entries_and_their_keys_know_their_lines(tmp_path):
    first, second = read(tmp_path, LIST)
    assert (first.line, second.line, second.line_of("a"), second.line_of("a", "c"), second.line_of("a", "none")) == (2, 3, 3, 4, 3)
    assert (second.within("a").line_of("c"), second.number("a", "c"), second.at("a", "x", "y")) == (4, 3.0, None)


@pytest.mark.parametrize("end", range(1, len(LIST.rstrip())))
def test_a_list_that_was_cut_is_refused(tmp_path, end):
    assert refusal(tmp_path, LIST[:end])[0] == "CG505"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"a": 1,\n "a": 2}', ("CG504", 2)),
        ('[{"a": 1}\n {"a": 2}]', ("CG505", 2)),
        ('[{"a": 1}]\n{"a": 2}', ("CG505", 2)),
        ('{"a": 1}{"a": 2}', ("CG505", 1)),
        ("[" * 100_000, ("CG505", 1)),
        ('\n{"a": ' + "1" * 5_000 + "}", ("CG505", 2)),
    ],
)
def test_what_is_no_json_is_refused_at_its_line(tmp_path, content, problem):
    assert refusal(tmp_path, content) == problem


def test_a_key_that_stands_twice_with_one_value_is_one(tmp_path):
    assert read(tmp_path, '{"a": 1, "a": 1}')[0].value == {"a": 1}


def test_what_is_no_number_is_refused_at_its_line(tmp_path):
    entry = read(tmp_path, '{"a": null,\n "b": "x",\n "c": NaN,\n "d": "2.5"}')[0]
    assert (entry.number("a"), entry.number("none"), entry.number("d")) == (None, None, 2.5)
    for key, line in (("b", 2), ("c", 3)):
        with pytest.raises(Unreadable) as caught:
            entry.number(key)
        assert (caught.value.problem.code, caught.value.problem.line) == ("CG503", line)
