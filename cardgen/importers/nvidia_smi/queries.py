"""Rows of a log of ``nvidia-smi --query-gpu=... --format=csv``, each matched by one pattern, and what is learnt while they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardgen.importers.nvidia_smi.ticks import LOG, Row
from cardgen.problems import Placed, printable
from cardgen.records.fields import clock, is_missing, number, quotable
from cardgen.records.record import Reading
from cardgen.records.samples import MAX_DEVICE_W
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import separator, warn_of_cut_line, wrong_length

WANTED = ("power.draw", "power.draw.average", "power.draw.instant")
KEYS = ("uuid", "gpu_uuid", "pci.bus_id", "gpu_bus_id", "index")
STAMP = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3}"
HEADERLESS = re.compile(STAMP + r"\s*[,;]")
TROUBLE = re.compile(r"Unable to determine|No devices were found|Failed to initialize NVML|NVIDIA-SMI has failed|GPU is lost|Reboot the")
MISSING = r"\[[A-Za-z/ ]+\]|N/A"
UUID = r"(?:GPU|MIG)-[0-9A-Za-z][0-9A-Za-z/-]*"
BUS = r"[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f]"
CELLS = {
    "timestamp": r"(?P<minute>\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d):(?P<second>[0-5]\d(?:\.\d+)?)",
    "uuid": UUID, "gpu_uuid": UUID, "pci.bus_id": BUS, "gpu_bus_id": BUS, "index": r"\d{1,3}",
    "name": r"(?!GPU-)(?=[^,;]*[A-Za-z])[^,;]+?", "gpu_name": r"(?!GPU-)(?=[^,;]*[A-Za-z])[^,;]+?",
    "utilization.gpu": r"\d{1,2}|100", "utilization.memory": r"\d{1,2}|100", "temperature.gpu": r"\d{1,3}", "pstate": r"P\d{1,2}",
}  # fmt: skip
UNITS = re.compile(r"(.+?)(?: \[(W|%|MiB|MHz)\])?")
AGAIN = "write or copy the log again, or leave the line out"
UNKNOWN = object()


class Log:
    """What is learnt of a log while its rows are read."""

    def __init__(self, source: Source, reading: Reading) -> None:
        self.source, self.reading = source, reading
        self.power_column = ""
        self.without, self.first_without = 0, 0
        self.is_raw, self.odd_line, self.odd = False, 0, ""  # whether power has two decimals, as the tool writes it
        self.unit: object = UNKNOWN
        self.lowest, self.highest = MAX_DEVICE_W + 1.0, -1.0
        self.indexes: dict[str, str] = {}
        self.minute, self.base = "", 0.0
        self.origin: float | None = None  # s since 1970 of the first row; times count from there

    def since(self, time: float) -> float:
        """Return a time in s from the first row's minute."""
        if self.origin is None:
            self.origin = time - time % 60
        return time - self.origin

    def rows(self) -> Iterator[Row]:
        """Yield the rows of a query; says which lines are none."""
        lines = self.source.lines()
        delimiter, names, line = self._header(lines)
        pattern = self._pattern(names, delimiter, line)
        match = pattern.fullmatch
        groups = [name for name in ("minute", "second", "power", "key", "index_of", "name") if name in pattern.groupindex]
        pick = ["minute", "second", "power", "unit", *groups[3:]]
        has_key, has_pair, has_name = "key" in groups, "index_of" in groups, "name" in groups
        header, wrong, reading = [name.strip() for name in names], None, self.reading
        for line, text in self._body(lines):
            found = match(text)
            if found is None:
                if wrong:
                    self._say(wrong, header, delimiter, is_last=False)
                    wrong = None
                cells = [cell.strip() for cell in text.split(delimiter)]
                if not text.strip() or cells == header:
                    if text.strip():
                        reading.note("skipped", line, "the header again: the log was begun anew")
                    continue
                row = self._without_power(cells, header, line)
                if row:
                    reading.rows += 1
                    yield row
                else:
                    wrong = (line, text)
                continue
            if wrong:
                self._say(wrong, header, delimiter, is_last=False)
                wrong = None
            reading.rows += 1
            minute, second, power, unit, *rest = found.group(*pick)
            if minute != self.minute:
                base = clock(minute + ":00")
                if base is None:
                    wrong = (line, text)
                    continue
                self.minute, self.base = minute, self.since(base)
            watts = float(power)
            has_two_decimals = power[-3:-2] == "."
            if watts > MAX_DEVICE_W or unit != self.unit or (self.is_raw and not has_two_decimals):
                if self.unit is not UNKNOWN or watts > MAX_DEVICE_W:
                    wrong = (line, text)
                    continue
                self.unit = unit
            if has_two_decimals:
                if power[-1] == "0":
                    self.is_raw = True
            elif not self.odd_line:
                self.odd_line, self.odd = line, power
            self.lowest, self.highest = min(self.lowest, watts), max(self.highest, watts)
            key = rest.pop(0) if has_key else None
            if has_pair:
                index = rest.pop(0)
                if self.indexes.setdefault(key, index) != index:
                    reading.fault("CG504", line, f"the GPU with index {index} had index {self.indexes[key]} before", AGAIN)
            yield Row(key, self.base + float(second), watts, line, rest[0] if has_name else "")
        if wrong:
            self._say(wrong, header, delimiter, is_last=not self.source.ends_in_newline)
        elif reading.rows and not self.source.ends_in_newline:
            warn_of_cut_line(reading, line)

    def _body(self, lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        if self.first_row:
            yield self.first_row
        yield from lines

    def _header(self, lines: Iterator[tuple[int, str]]) -> tuple[str, list[str], int]:
        """Return what separates the fields, the names of the columns, and the line they stand on."""
        line, text = next(((line, text) for line, text in lines if text.strip()), (1, ""))
        delimiter = separator(text)
        self.first_row = None
        if not HEADERLESS.match(text.strip()):
            return delimiter, [name.strip() for name in text.split(delimiter)], line
        self.first_row = (line, text)
        names: list[str] = []
        for cell in (cell.strip() for cell in text.split(delimiter)):
            known = (("timestamp", STAMP), ("uuid", UUID), ("pci.bus_id", BUS), ("power.draw [W]", r"\d+\.\d\d W"))
            name = next((name for name, pattern in known if re.fullmatch(pattern, cell)), "")
            if not name and re.match(r"NVIDIA|Tesla|Quadro|GeForce|GRID", cell):
                name = "name"
            names.append(name or f"column {len(names) + 1}")
        if names.count("power.draw [W]") != 1 or len(set(names)) != len(names):
            message = "the log has no header, and which of its values is the power cannot be told"
            raise Unreadable(Placed("CG502", message, (), LOG + " (without noheader)", "error", line))
        self.reading.note("repaired", line, "the log has no header: the one value in W is taken as the power")
        return delimiter, names, line

    def _pattern(self, names: list[str], delimiter: str, line: int) -> re.Pattern[str]:
        """Return the pattern of a whole row; raises Unreadable when time or power is missing."""
        plain = [UNITS.fullmatch(name)[1] if name else "" for name in names]  # type: ignore[index]
        twice = next((name for name in plain if name and plain.count(name) > 1), None)
        if twice:
            raise Unreadable(Placed("CG502", f'the header names the column "{printable(twice, 60)}" twice', (), AGAIN, "error", line))
        power = next((name for name in WANTED if name in plain), None)
        if power is None:
            raise Unreadable(Placed("CG501", "the log has no column power.draw: no energy follows from it", (), LOG, "error", line))
        if "timestamp" not in plain:
            message = "the log has no column timestamp: without time no energy follows from power"
            raise Unreadable(Placed("CG501", message, (), LOG, "error", line))
        self.power_column = power
        key = next((name for name in KEYS if name in plain), None)
        cells = []
        for name, title in zip(plain, names):
            unit = (UNITS.fullmatch(title) or [None, None, None])[2]
            pattern = CELLS.get(name)
            if name == power:
                pattern = r"(?P<power>\d+(?:\.\d+)?)(?P<unit> W)?"
            elif name == key:
                pattern = f"(?P<key>{pattern})"
            elif name == "index" and key:
                pattern = r"(?P<index_of>\d{1,3})"
            elif name in ("name", "gpu_name"):
                pattern = f"(?P<name>{pattern})"
            elif name != "timestamp":
                value = pattern or (r"\d+(?:\.\d+)?" if unit else None)
                pattern = f"(?:{value})(?: {unit})?|{MISSING}" if unit else f"{value}|{MISSING}" if value else rf"[^{delimiter}]*?"
            cells.append(rf"\s*(?:{pattern})\s*")
        return re.compile(re.escape(delimiter).join(cells))

    def _without_power(self, cells: list[str], header: list[str], line: int) -> Row | None:
        """Return a row whose power is no value, None for any other."""
        if len(cells) != len(header):
            return None
        values = {UNITS.fullmatch(name)[1]: cell for name, cell in zip(header, cells) if name}  # type: ignore[index]
        text, time = values[self.power_column], clock(values["timestamp"])
        if time is None or not (is_missing(text) or re.fullmatch(MISSING, text)):
            return None
        self.lack(line)
        return Row(next((values[name] for name in KEYS if name in values), None), self.since(time), None, line)

    def lack(self, line: int) -> None:
        """Count a sample that has no power."""
        self.without, self.first_without = self.without + 1, self.first_without or line
        self.reading.note("skipped", line, "the power is not a value, such as [N/A]")

    def _say(self, wrong: tuple[int, str], header: list[str], delimiter: str, is_last: bool) -> None:
        """Add what is wrong with a line that is no row."""
        line, text = wrong
        cells = [cell.strip() for cell in text.split(delimiter)]
        if is_last or not text.strip("\x00 "):
            self.reading.note("skipped", line, "the last line is cut")
            self.reading.warn("CG519", line, "the last line is cut: it is left out", "this is usual when a log is stopped")
        elif message := TROUBLE.search(text):
            self.reading.note("skipped", line, "a message of the driver")
            self.reading.warn("CG510", line, f'a message stands in the log: "{message[0]}"', "samples may be missing around it")
        elif len(cells) != len(header):
            wrong_length(self.reading, line, len(cells), len(header))
        else:
            for name, cell in zip(header, cells):
                single = UNITS.fullmatch(name)
                if single and not self._fits(single[1], single[2], cell):
                    shown = quotable(cell) if single[2] or single[1] == self.power_column else "this"
                    message = f"{printable(name, 60)}: {shown} is not a value of that column"
                    self.reading.fault("CG503", line, message, AGAIN)
                    return
            self.reading.fault("CG503", line, "this is not written as the other rows are", AGAIN)

    def _fits(self, name: str, unit: str | None, cell: str) -> bool:
        if name == self.power_column:
            watts = number(cell.removesuffix(" W"))
            return watts is not None and 0 <= watts <= MAX_DEVICE_W
        if name == "timestamp":
            return clock(cell) is not None
        pattern = CELLS.get(name) or (r"\d+(?:\.\d+)?" if unit else r".*")
        return bool(re.fullmatch(f"(?:{pattern})(?: {unit})?|{MISSING}" if name not in KEYS else pattern, cell))
