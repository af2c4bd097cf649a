"""Logs of nvidia-smi: ``--query-gpu=timestamp,...,power.draw --format=csv -l N``, and ``dmon -s p -o DT``.

Power is W, time is local and without a zone. The energy is the trapezoid per GPU. A GPU is known by its uuid, else by its bus id, else
by its index; in logs without any, the rows of one moment are the GPUs in their order. Only the columns that the header names are read.
A log without header is read when its values carry their units and one of them alone is power.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from cardgen.importers.nvidia_smi.ticks import LOG, Row, numbered
from cardgen.problems import Placed, printable
from cardgen.records.fields import clock, is_missing, number, quotable
from cardgen.records.record import Device, Reading, Record
from cardgen.records.samples import MAX_DEVICE_W, Samples, in_any_order
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import separator, warn_of_cut_line, wrong_length
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "nvidia-smi", "nvidia-smi", "logs of --query-gpu=timestamp,power.draw --format=csv, of dmon -o DT",
    "power of each GPU over time, from which the energy of the GPUs follows; their names",
    "processors, memory and the rest of the machine; the zone of the clock; what lies between two readings",
    "https://docs.nvidia.com/deploy/nvidia-smi/",
)  # fmt: skip

POWER = re.compile(r"power\.draw(?:\.average|\.instant)?(?: \[W\])?")
QUERY = re.compile(r"power\.draw\b|utilization\.gpu\b|temperature\.gpu\b|clocks\.|memory\.(?:used|total|free)\b")
FIELD = re.compile(r"[\w.]*(?: \[[^\]]+\])?")
WANTED = ("power.draw", "power.draw.average", "power.draw.instant")
KEYS = ("uuid", "gpu_uuid", "pci.bus_id", "gpu_bus_id", "index")
STAMP = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3}"
HEADERLESS = re.compile(STAMP + r"\s*[,;]")
DMON = re.compile(r"#\s*(?:Date[\s,]+)?(?:Time[\s,]+)?gpu[\s,]")
SNAPSHOT = re.compile(r"\+-{20,}|=+NVSMI LOG=+|<nvidia_smi_log>|(?:[A-Z][a-z]{2} ){2}[ \d]\d \d\d:\d\d:\d\d \d{4}")
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


def recognises(source: Source) -> bool:
    """Return whether this is an output of nvidia-smi: fields of its queries, or a time as only it writes it, beside a value of power."""
    line = source.first_line.strip()
    names = [name.strip() for name in line.split(separator(line))]
    if (
        all(FIELD.fullmatch(name) for name in names)
        and any(POWER.fullmatch(name) for name in names)
        or (names[0] == "timestamp" and any(QUERY.match(name) for name in names))
    ):
        return True
    if DMON.match(line) or (HEADERLESS.match(line) and re.search(r"\d W\b|GPU-|\d \[?%|MiB", line)):
        return True
    return bool(SNAPSHOT.match(line)) and ("NVIDIA-SMI" in source.head or "nvidia_smi_log" in source.head or "NVSMI LOG" in line)


UNKNOWN = object()


class _Log:
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
        match = self._pattern(names, delimiter, line)
        groups = [name for name in ("minute", "second", "power", "key", "index_of", "name") if f"?P<{name}>" in match.__self__.pattern]
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

    def _pattern(self, names: list[str], delimiter: str, line: int) -> re.Pattern.match:  # type: ignore[valid-type]
        """Return what matches a whole row; raises Unreadable when time or power is missing."""
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
        return re.compile(re.escape(delimiter).join(cells)).fullmatch

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


AGAIN = "write or copy the log again, or leave the line out"


def _dmon_rows(log: _Log) -> Iterator[Row]:
    """Yield the rows of ``nvidia-smi dmon -o DT``; its two lines of header come again every few rows."""
    names: list[str] = []
    last = 0
    for line, text in log.source.lines():
        last = line
        cells = text.replace(",", " ").lstrip("# ").split()
        if text.lstrip().startswith("#"):
            if "gpu" in cells:
                if names and cells != names:
                    raise Unreadable(Placed("CG502", "the header names other columns than before", (), AGAIN, "error", line))
                names = cells
                _check_dmon(names, line)
            elif cells and len(cells) != len(names):
                message = f"the line of units has {len(cells)} fields, the header {len(names)}: a reading may have become part of it"
                log.reading.fault("CG502", line, message, AGAIN)
            elif cells and cells[names.index("pwr")] != "W":
                raise Unreadable(Placed("CG503", "the unit of pwr is not W", (), AGAIN, "error", line))
            continue
        if not cells:
            continue
        log.reading.rows += 1
        if len(cells) != len(names):
            if not log.source.ends_in_newline and _is_last(log.source, line):
                log.reading.note("skipped", line, "the last line is cut")
            else:
                wrong_length(log.reading, line, len(cells), len(names))
            continue
        values = dict(zip(names, cells))
        day, gpu, power = values["Date"], values["gpu"], values["pwr"]
        time = clock(f"{day[:4]}-{day[4:6]}-{day[6:]} {values['Time']}") if re.fullmatch(r"\d{8}", day) else None
        watts = number(power)
        if time is None or not re.fullmatch(r"\d{1,3}", gpu) or (watts is None and not is_missing(power)):
            log.reading.fault("CG503", line, "this is not a row of this log", AGAIN)
        elif watts is not None and not 0 <= watts <= MAX_DEVICE_W:
            log.reading.fault("CG503", line, f"pwr: {quotable(power)} is not the power of one GPU", AGAIN)
        else:
            if watts is None:
                log.lack(line)
            else:
                log.lowest, log.highest = min(log.lowest, watts), max(log.highest, watts)
            yield Row(gpu, log.since(time), watts, line)
    if log.reading.rows and not log.source.ends_in_newline:
        warn_of_cut_line(log.reading, last)


def _check_dmon(names: list[str], line: int) -> None:
    if "pwr" not in names:
        raise Unreadable(Placed("CG501", "the log has no column pwr: no energy follows from it", (), DMON_LOG, "error", line))
    if not {"Date", "Time"} <= set(names):
        message = "the log says no date and time: without them no energy follows from power"
        raise Unreadable(Placed("CG501", message, (), DMON_LOG, "error", line))


DMON_LOG = "log with nvidia-smi dmon -s pu -o DT"


def _is_last(source: Source, line: int) -> bool:
    return not any(number > line and text.strip("\x00 ") for number, text in source.lines())


def _read(source: Source, reading: Reading, samples: Samples) -> None:
    if SNAPSHOT.match(source.first_line.strip()):
        message = "this shows one moment: no energy follows from a single reading"
        raise Unreadable(Placed("CG501", message, (), LOG))
    log = _Log(source, reading)
    is_dmon = bool(DMON.match(source.first_line.strip()))
    rows = _dmon_rows(log) if is_dmon else log.rows()
    names: dict[object, str] = {}
    lacking: dict[object, tuple[float, float]] = {}  # device -> first and last time without power
    first = next(rows, None)
    if first is not None:
        samples.origin = log.origin or 0.0
        rest = _with(first, rows)
        for row in rest if first.device is not None else numbered(rest, reading):
            if row.name and names.setdefault(row.device, row.name) != row.name:
                reading.fault("CG504", row.line, "this GPU had another name before", AGAIN)
            if row.power is None:
                lacking[row.device] = (min(row.time, lacking.get(row.device, (row.time, 0.0))[0]), row.time)
            else:
                samples.add(row.device, row.time, row.power, row.line)
    _report(log, reading)
    summary = samples.summary(reading)
    if summary.energy_kwh is None and not reading.is_refused:
        message = "no GPU has two readings of its power" if not log.without else "no power is read: the values are such as [N/A]"
        hint = "some GPUs, virtual ones above all, have no meter: state hardware and duration in the run file"
        reading.fault("CG501", log.first_without or 1, message, hint if log.without else LOG)
    count = len(samples.devices) or len(names)
    spans = [end - start for start, end in lacking.values() if end > start] if summary.energy_kwh is None else []
    uuids = tuple(sorted(key for key in {*samples.devices, *lacking} if isinstance(key, str) and re.fullmatch(UUID, key)))
    reading.records.append(
        Record(
            tool=TOOL.name, method="nvidia-smi dmon" if is_dmon else f"nvidia-smi {log.power_column}", energy_kwh=summary.energy_kwh,
            boundary="accelerators", basis=summary.basis, reason=summary.reason() if summary.energy_kwh is not None else "",
            start=summary.start, end=summary.end, hours=max(spans) / 3600 if spans else summary.hours,
            device_hours=sum(spans) / 3600 if spans else summary.device_hours,
            devices=tuple(Device(name, number) for name, number in Counter(names.values()).items()) if len(names) == count else (),
            components={"accelerators": summary.energy_kwh} if summary.energy_kwh is not None else {},
            host=uuids, file=source.short, lines=summary.lines,
        )
    )  # fmt: skip


def _with(first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rows


def _report(log: _Log, reading: Reading) -> None:
    """Say what is odd about all rows together."""
    if log.without:
        message = f"{log.without:,} reading{'s hold' if log.without > 1 else ' holds'} no power, such as [N/A]: those beside stand for them"
        reading.warn("CG510", log.first_without, message)
    if log.is_raw and log.odd_line:
        message = f'power.draw: "{log.odd}" has not the two decimals of the others'
        reading.fault("CG503", log.odd_line, message, "fields may have moved: " + AGAIN)
    if any(note.kind == "repaired" for note in reading.notes) and log.lowest == log.highest and reading.rows > 2:
        reading.fault("CG502", 1, "the log has no header, and its one value in W never changes: it may be a limit", LOG)


read = each(in_any_order(_read, is_local=True), TOOL)
