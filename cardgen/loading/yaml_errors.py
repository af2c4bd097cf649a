"""What the YAML parser objects to, in words for people who write run files."""

from __future__ import annotations

import re

import yaml

from cardgen.problems import printable

_QUOTE = 'put text that holds ": " in quotes; indent keys with spaces'
_WORDS = (  # part of the parser's message, our message, hint, and whether the place is where the construct began
    ("mapping values are not allowed", 'a second ":" in one line, or a key where none can stand', _QUOTE, False),
    ("expected ',' or ']'", "the list that begins here with [ is not closed, or a comma is missing", "close it with ]", True),
    ("expected ',' or '}'", "the mapping that begins here with { is not closed, or a comma is missing", "close it with }", True),
    ("found unexpected end of stream", "the text that begins here is not closed", "add the closing quote", True),
    ("unknown escape character", "the character after \\ has no meaning here", "write \\\\ for a backslash, or use single quotes", False),
    ("invalid Unicode", "this \\u does not stand for a character", "write the character itself", False),
    ("could not find expected ':'", 'a key without ":" and a value', "write it as in: name: value", True),
    ("expected '-' indicator", 'expected a further "- " of the list, or less indentation', "check the spaces at its start", False),
    ("did not find expected key", "expected a key here", "check the indentation and the quotes of this line and the one before", False),
    ("block sequence entries", 'a list cannot begin after a key in the same line', 'begin "- " in a line of its own', False),
    ("expected <document start>", "expected the end of the file", "remove what follows", False),
    ("incompatible YAML document", "the file says that it is of a YAML version that does not exist", "remove the line %YAML", False),
    ("expected node content", "expected a value here", "write one, or put the text in quotes", False),
)  # fmt: skip


def explained(error: yaml.YAMLError, text: str) -> tuple[str, str, str, int, int]:
    """Return code, message, hint, line and column for an error of the parser."""
    mark, problem = getattr(error, "problem_mark", None), str(getattr(error, "problem", None) or "the text is not YAML")
    begin = getattr(error, "context_mark", None) or mark
    if mark is None:
        return "CG005", f"this is not YAML: {printable(problem, 200)}", "", 1, 1
    line = _line(text, mark.line)
    tab = re.match(r" *(\t)", line)
    if tab and "tab" in problem or tab and mark.column <= tab.start(1) + 1:
        return "CG006", "the line is indented with a tab", "use spaces", mark.line + 1, tab.start(1) + 1
    if "cannot start any token" in problem:
        character = line[mark.column : mark.column + 1]
        return "CG005", f'a value cannot begin with "{printable(character, 10)}"', "put it in quotes", mark.line + 1, mark.column + 1
    for part, message, hint, at_begin in _WORDS:
        if part in problem:
            place = begin if at_begin else mark
            if "\u00a0" in line and not at_begin:
                hint = "the line holds a non-breaking space (U+00A0): replace it by a space"
            return "CG018" if "version" in message else "CG005", message, hint, place.line + 1, place.column + 1
    message, hint = f"this is not YAML: {printable(problem, 200)}", "put text with special characters in quotes"
    return "CG005", message, hint, mark.line + 1, mark.column + 1


def _line(text: str, number: int) -> str:
    lines = re.split(r"\r\n|\r|\n", text)
    return lines[number] if number < len(lines) else ""
