"""The encoding of a file: what its mark says, UTF-8, or Windows-1252 where it can be nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardgen.records.source import HEAD, Source


def source(folder: Path, content: bytes) -> Source:
    (folder / "file.csv").write_bytes(content)
    return Source("file.csv", folder / "file.csv")


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        (b"a,b\n", "utf-8", "a,b\n"),
        ("Ger\u00e4t\n".encode(), "utf-8", "Ger\u00e4t\n"),
        ("Ger\u00e4t\n".encode("cp1252"), "cp1252", "Ger\u00e4t\n"),
        ("100 \u20ac\n".encode("cp1252"), "cp1252", "100 \u20ac\n"),
        ("Ger\u00e4t\n".encode("utf-8-sig"), "utf-8-sig", "Ger\u00e4t\n"),
        ("Ger\u00e4t\n".encode("utf-16"), "utf-16", "Ger\u00e4t\n"),
        (b"\xe4\x00\x01", "utf-8", "\ufffd\x00\x01"),
        (b"\xe4\x81\n", "utf-8", "\ufffd\n"),
    ],
)
def test_the_encoding_is_the_one_that_the_beginning_can_be_in(tmp_path, content, encoding, text):
    found = source(tmp_path, content)
    assert (found.encoding, found.head) == (encoding, text)
    assert found.is_windows_1252 == (encoding == "cp1252")


@pytest.mark.parametrize("before", range(HEAD - 3, HEAD + 1))
def test_a_character_across_the_end_of_the_beginning_is_no_sign_of_another_encoding(tmp_path, before):
    found = source(tmp_path, b"a" * before + "\u20ac\u20ac\n".encode())
    assert (found.encoding, found.text()[-3:]) == ("utf-8", "\u20ac\u20ac\n")


def test_a_file_that_was_cut_within_a_character_stays_what_it_is(tmp_path):
    assert source(tmp_path, "Ger\u00e4".encode()[:-1]).encoding == "utf-8"


@pytest.mark.parametrize(
    ("text", "first"), [("\r\n\na,b\r\nc", "a,b"), ("a\rb", "a"), ("a,b\u2028c\x85d\x0be\nf", "a,b\u2028c\x85d\x0be"), ("", "")]
)
def test_the_first_line_ends_where_lines_of_files_do(text, first, tmp_path):
    assert source(tmp_path, text.encode()).first_line == first
