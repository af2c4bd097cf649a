"""Files of rows under a header: each row with its line, its fields counted; a row of another length is never guessed at."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence

from cardgen.problems import Placed, printable
from cardgen.records.fields import number
from cardgen.records.record import Reading
from cardgen.records.source import Source, Unreadable, bounded

AGAIN = "write or copy the file again, or leave the row out"


class Table:
    """The rows of a file. ``header`` holds the names of the columns as the file has them, without space around them."""

    def __init__(self, source: Source, reading: Reading, delimiter: str | None = None) -> None:
        """Read the header; raises Unreadable when there is none, or when a name stands twice."""
        self.source, self.reading = source, reading
        self._file = source.open()
        self._lines = bounded(self._file)
        self._delimiter = delimiter or separator(source.first_line)
        self.decimal_comma = self._delimiter == ";"
        self.line = 0  # the line that the latest row ends on
        self.header = [name.strip() for name in next(self._raw(), [])]
        if not self.header:
            raise self._unreadable("CG505", "the file is empty")
        twice = next((name for index, name in enumerate(self.header) if name and name in self.header[:index]), None)
        if twice is not None:
            raise self._unreadable("CG502", f'the header names the column "{printable(twice, 60)}" twice')
        self.header_line = self.line
        self.index = {name: position for position, name in enumerate(self.header)}

    def _raw(self) -> Iterator[list[str]]:
        """Yield the rows that are not empty; raises Unreadable where the file stops being rows.

        A row without quotes is split where it stands, in half of the time that the csv module takes.
        """
        pending: list[str] = []
        quoted = csv.reader(self._fed(pending), delimiter=self._delimiter, skipinitialspace=True)
        delimiter, spaced = self._delimiter, self._delimiter + " "
        try:
            for line in self._lines:
                self.line += 1
                if '"' in line or spaced in line:
                    pending.append(line)
                    yield next(quoted)
                elif text := line.rstrip("\r\n"):
                    yield text.split(delimiter)
        except csv.Error as error:
            raise self._unreadable("CG505", f"this is no row: {printable(str(error), 100)}") from None
        except UnicodeError:
            self.line += 1
            raise self._unreadable("CG505", "this is not text") from None

    def _fed(self, pending: list[str]) -> Iterator[str]:
        """Yield the line that is pending, and those after it as long as a quoted field goes on."""
        while True:
            if pending:
                yield pending.pop()
            elif line := next(self._lines, ""):
                self.line += 1
                yield line
            else:
                return

    def _unreadable(self, code: str, message: str) -> Unreadable:
        """Close the file and return what stops the reading of it, at the line that was reached."""
        self._file.close()
        return Unreadable(Placed(code, message, (), AGAIN, "error", max(1, self.line)))

    def close(self) -> None:
        """Close the file, of which nothing more is read."""
        self._file.close()

    def rows(self) -> Iterator[list[str]]:
        """Yield every row below the header, whatever its length; ``line`` is where it stands."""
        try:
            for count, row in enumerate(self._raw(), 1):
                self.reading.rows = count
                yield row
        finally:
            self._file.close()
        if self.reading.rows and not self.source.ends_in_newline:
            warn_of_cut_line(self.reading, self.line)

    def full_rows(self) -> Iterator[list[str]]:
        """Yield the rows that have as many fields as the header; the others are errors with their line."""
        wanted = len(self.header)
        for row in self.rows():
            if len(row) == wanted:
                yield row
            else:
                wrong_length(self.reading, self.line, len(row), wanted)

    def number(self, row: Sequence[str], column: str) -> float | None:
        """Return the number in a column of a row; None where the column is missing, the cell is empty or holds no number."""
        position = self.index.get(column)
        if position is None or position >= len(row):
            return None
        text = row[position]
        return number(text.replace(",", ".") if self.decimal_comma else text)

    def number_in(self, column: str) -> Callable[[Sequence[str]], float | None]:
        """Return what reads a column of rows as long as the header: for files of a million rows."""
        position = self.index[column]
        if self.decimal_comma:
            return lambda row: number(row[position].replace(",", "."))
        return lambda row: number(row[position])

    def text(self, row: Sequence[str], column: str) -> str:
        """Return the text in a column of a row; empty where the column is missing."""
        position = self.index.get(column)
        return row[position].strip() if position is not None and position < len(row) else ""


def separator(header: str) -> str:
    """Return what separates the fields of a header: a comma, or what spreadsheets and other tools use.

    >>> separator("a,b"), separator("a;b"), separator("a|b|c")
    (',', ';', '|')
    """
    return max(",;\t|", key=header.count) if any(mark in header for mark in ",;\t|") else ","


def wrong_length(reading: Reading, line: int, found: int, wanted: int) -> None:
    """Add the error of a row whose fields are more or fewer than the header's."""
    reading.fault("CG502", line, f"the row has {found} fields, the header {wanted}: its values cannot be told apart", AGAIN)


def warn_of_cut_line(reading: Reading, line: int) -> None:
    """Warn that the last line has no end: a file that was cut looks the same."""
    message = "the last line has no end: if the file was cut there, its last value is wrong or missing"
    reading.warn("CG519", line, message, "compare it with the original; end the line if it is whole")
