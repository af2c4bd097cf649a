"""What reads files of a million rows in little memory: exact sums, spans of lines, and which row stood before."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from heapq import heappush, heappushpop
from statistics import median_low

from cardgen.problems import Placed
from cardgen.records.record import Reading
from cardgen.records.source import Unreadable

MAX_RUNS = 10_000  # of one file: a card describes one release
MOST_S = 1e9  # thirty years: no run takes so long
SHOWN = 20  # lines of one run that are named one by one


def too_many_runs(line: int, what: str = "runs", way_out: str = "split it: a card describes one release") -> Unreadable:
    """Return the error of a file with more runs than are kept."""
    return Unreadable(Placed("CG505", f"the file holds more than {MAX_RUNS:,} {what}", (), way_out, "error", line))


_ZERO = 0x9E37_79B9_7F4A_7C15  # stands for a hash of 0, which marks a place that is free


class Seen:
    """Which keys came before, and on which line: 12 bytes for each and room to grow, where a dict takes 200.

    Keys are told apart by 64 bits of their hash: two of a million that differ are the same once in 37 million files. After
    ``most`` keys no more are remembered, so that the memory has a bound; ``full_at`` is the line of the first that was not.
    """

    def __init__(self, most: int = 1_500_000) -> None:
        self._most, self._count, self._again, self.full_at = most, 0, 0, 0
        self._resize(1 << 12)

    def _resize(self, size: int) -> None:
        self._mask, self._codes, self._lines = size - 1, array("Q", [0]) * size, array("I", [0]) * size

    def first(self, key: object, line: int) -> int:
        """Return the line that a key was first given with: its own where it is new."""
        code = hash(key) & 0xFFFF_FFFF_FFFF_FFFF or _ZERO
        codes, mask = self._codes, self._mask
        place = code & mask
        while found := codes[place]:
            if found == code:
                return self._lines[place]
            place = (place + 1) & mask
        if self._count >= self._most:
            self.full_at = self.full_at or line
            return line
        self._count += 1
        codes[place], self._lines[place] = code, line & 0xFFFF_FFFF
        if self._count * 4 > 3 * mask:
            self._grow()
        return line

    def _grow(self) -> None:
        before, lines = self._codes, self._lines
        self._resize(2 * len(before))
        codes, kept, mask = self._codes, self._lines, self._mask
        for index, code in enumerate(before):
            if code:
                place = code & mask
                while codes[place]:
                    place = (place + 1) & mask
                codes[place], kept[place] = code, lines[index]

    def is_again(self, key: object, line: int, reading: Reading, words: str = "the same row as on line {}") -> bool:
        """Return whether a key came before; the first of such lines are noted with the line that they repeat."""
        first = self.first(key, line)
        if first == line:
            return False
        self._again += 1
        reading.note("merged", line, words.format(first) if self._again <= SHOWN else "the same as a row before it")
        return True

    def report(self, reading: Reading) -> None:
        """Warn where rows were no longer compared with those before."""
        if self.full_at:
            message = f"from here on rows are not compared with those before, of which {self._most:,} are remembered"
            reading.warn("CG510", self.full_at, message, "a row that stands twice is added twice: split the file")


def named_or_empty(header: Sequence[str], start: int = 0) -> Callable[[Sequence[str], int], None]:
    """Return what raises Unreadable at a row that holds a value in a column without a name: an energy may be lost with the name."""
    nameless = [position for position, name in enumerate(header) if not name and position >= start]

    def check(row: Sequence[str], line: int) -> None:
        for position in nameless:
            if row[position].strip():
                message = f"column {position + 1} holds a value here and has no name in the header: what it is cannot be told"
                raise Unreadable(Placed("CG502", message, (), "name the column as the tool does, or leave it out", "error", line))

    return check


class Total:
    """A sum of numbers that come one by one, as exact as of all together."""

    __slots__ = ("_rest", "_sum", "count")

    def __init__(self) -> None:
        self._sum = self._rest = 0.0
        self.count = 0

    def add(self, value: float) -> None:
        """Add a number; what its last digits lose is kept beside (Neumaier 1974)."""
        self.count += 1
        whole = self._sum + value
        self._rest += (self._sum - whole) + value if abs(self._sum) >= abs(value) else (value - whole) + self._sum
        self._sum = whole

    @property
    def value(self) -> float:
        """Return the sum."""
        return self._sum + self._rest


class Lines:
    """The lines of a run: the first ones, the last, and how many there are."""

    __slots__ = ("count", "first", "last")

    def __init__(self) -> None:
        self.first: list[int] = []
        self.last = self.count = 0

    def add(self, line: int) -> None:
        """Add a line."""
        self.count, self.last = self.count + 1, line
        if len(self.first) < SHOWN:
            self.first.append(line)

    @property
    def named(self) -> tuple[int, ...]:
        """Return the first lines and the last one."""
        return (*self.first, self.last) if self.count > len(self.first) else tuple(self.first)


class Spans:
    """Times between readings in s: the ordinary one, and the longest 200 with the line after each."""

    def __init__(self) -> None:
        self.count = 0
        self._kept, self._every, self._left = array("d"), 1, 1  # one in ``every``
        self._longest: list[tuple[float, int]] = []

    def add(self, seconds: float, line: int) -> None:
        """Add the time before a reading."""
        self.count += 1
        self._left -= 1
        if not self._left:
            self._kept.append(seconds)
            if len(self._kept) >= 65_536:
                self._kept, self._every = self._kept[::2], self._every * 2
            self._left = self._every
        if len(self._longest) < 200:
            heappush(self._longest, (seconds, -line))
        elif seconds > self._longest[0][0]:
            heappushpop(self._longest, (seconds, -line))

    @property
    def usual(self) -> float:
        """Return the ordinary time in s, 0 where there is none."""
        return median_low(self._kept) if self._kept else 0.0

    def above(self, seconds: float) -> list[tuple[float, int]]:
        """Return the longest times above a time, the longest first, each with its line."""
        return [(span, -line) for span, line in sorted(self._longest, reverse=True) if span > seconds]
