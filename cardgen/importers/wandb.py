"""System metrics of Weights & Biases: ``run.history(stream="events")`` as CSV, JSON or lines of JSON.

Power is W under ``system.gpu.N.powerWatts``, time is ``_timestamp`` in s since 1970. ``gpu.process.N`` repeats a device and is not
added. Several nodes stand in one file by the label after ``/l:``. A row often holds the values of one monitor only, so that a row
without any value of a GPU is no fault; one that holds others of the GPU and no power is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cardgen.problems import Placed
from cardgen.records.entries import entries, value_of, whole
from cardgen.records.fields import is_missing, json_number, number, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.samples import MAX_DEVICE_W, Samples, in_any_order
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import Table, warn_of_cut_line
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "wandb", "Weights & Biases", 'run.history(stream="events", samples=100000).to_csv(...)',
    "power of each GPU over time, from which the energy of the GPUs follows",
    "processors, memory and the rest of the machine; what history() leaves out above 500 points; names of the GPUs",
    "https://docs.wandb.ai/models/ref/python/experiments/system-metrics",
)  # fmt: skip

POWER = re.compile(r"system[./]gpu\.(process\.)?(\d{1,4})\.powerWatts((?:/l:.*)?)", re.DOTALL)
SHARE = re.compile(r"system[./]gpu\.(\d{1,4})\.powerPercent((?:/l:.*)?)", re.DOTALL)
OF_GPU = re.compile(r"system[./]gpu\.(\d{1,4})\.[^/]+((?:/l:.*)?)", re.DOTALL)
SYSTEM = re.compile(r"system[./]\w")
OF_MLFLOW = re.compile(r'"(?:artifact_uri|lifecycle_stage|mlflow\.[\w.]+)"\s*:|"system/\w*_(?:watts|percentage|megabytes)"\s*:')
CHART = re.compile(r".+ - system[./]gpu\.\d+\.powerWatts(?:__M(?:IN|AX))?", re.DOTALL)
EXPORT = 'export with run.history(stream="events", samples=100000).to_csv("events.csv")'
AGAIN = "export the metrics again, or leave the row out"
POINTS = 500  # what history() returns at most unless told otherwise


def recognises(source: Source) -> bool:
    """Return whether this holds metrics of the system as W&B names them, as rows with its clock, as last values or as a chart."""
    line, head = source.first_line.lstrip(), source.head.lstrip()
    if line[:1] in ("{", "["):
        is_other = "system_metrics" in line or OF_MLFLOW.search(head)
        return not is_other and bool(re.search(r'"system(?:\.(?:gpu|cpu|memory|proc|disk|network)\b|/gpu\.)[^"]*"\s*:', head))
    names = [name.strip().strip('"') for name in line.split(",")]
    if any(CHART.fullmatch(name) for name in names):
        return True
    return bool({"_timestamp", "_runtime"} & set(names)) and any(SYSTEM.match(name) for name in names)


class _Events:
    """What is learnt of the events while they are read."""

    def __init__(self, reading: Reading, samples: Samples) -> None:
        self.reading, self.samples = reading, samples
        self.power: dict[str, tuple[str, int]] = {}  # column -> device
        self.share: dict[str, str] = {}  # column of power -> column of its share of the limit
        self.clock = "_timestamp"
        self.has_origin = False
        self.began: float | None = None  # _timestamp - _runtime of the first row
        self.moved = self.lacking = self.first_lacking = 0
        self.limits: dict[str, dict[int, tuple[int, int]]] = {}  # column -> limit in steps of 1% -> rows, first line
        self.alone: dict[str, tuple[int, int]] = {}  # column -> rows with power and without its share, first line
        self.first_time: float | None = None
        self.last_time = 0.0

    def name(self, names: list[str]) -> None:
        """Learn which columns hold the power of which device."""
        found = {name: match for name in names if (match := POWER.fullmatch(name))}
        devices = {(match[3], int(match[2])) for match in found.values() if not match[1]}
        for name, match in found.items():
            device = (match[3], int(match[2]))
            if name not in self.power and (not match[1] or device not in devices):
                self.power[name] = device
        shares = {(match[2], int(match[1])): name for name in names if (match := SHARE.fullmatch(name))}
        self.share = {name: shares[device] for name, device in self.power.items() if device in shares}
        if "_timestamp" not in names and "_runtime" in names:
            self.clock = "_runtime"

    def check_names(self, names: list[str], line: int) -> None:
        """Warn of GPUs that have other metrics and no power, and of those whose number is left out."""
        lacking = {(match[2], int(match[1])) for name in names if (match := OF_GPU.fullmatch(name))} - set(self.power.values())
        for node in {node for node, _ in self.power.values()}:
            own = {gpu for name, gpu in self.power.values() if name == node}
            if len(own) > 1:
                lacking |= {(node, gpu) for gpu in range(max(own)) if gpu not in own}
        other = re.compile(r"gpu\W*\d+\W*power\W?watts", re.IGNORECASE)
        if self.power and any(other.search(name) and not OF_GPU.fullmatch(name) for name in names):
            message = "a column is called almost as the power of a GPU is: it is not read"
            self.reading.warn("CG510", line, message, EXPORT)
        for number_of, device in enumerate(sorted(lacking)):
            if self.power and number_of < 20:
                message = f"{_title(device)} is missing, and other metrics name that GPU or a later one: its energy is not read"
                self.reading.warn("CG510", line, message, EXPORT)

    def add(self, row: Mapping[str, Any], line: int, others: bool) -> None:
        """Add the samples of a row; ``others`` says whether the row holds other values of the GPUs."""
        time = json_number(row.get(self.clock))
        if time is None or not 0 <= time < 1e11:
            message = f"{self.clock}: {quotable(str(row.get(self.clock, '')))} is not a time in s"
            self.reading.fault("CG503", line, message, AGAIN)
            return
        self._check_clock(row, time, line)
        if not self.has_origin:
            self.samples.origin, self.has_origin = math.floor(time) if self.clock == "_timestamp" else 0.0, True
        self.first_time = time if self.first_time is None else min(self.first_time, time)
        self.last_time = max(self.last_time, time)
        found = 0
        for column, device in self.power.items():
            value = row.get(column)
            if value is None or (isinstance(value, (str, float)) and (is_missing(str(value)) or value != value)):
                continue
            watts = json_number(value)
            if watts is None or not 0 <= watts <= MAX_DEVICE_W:
                message = f"{_title(device)}: {quotable(str(value))} is not the power of one GPU in W"
                self.reading.fault("CG503", line, message, AGAIN)
                continue
            found += 1
            self._check_share(column, watts, row, line)
            self.samples.add(device, time - self.samples.origin, watts, line)
        if found < len(self.power) and (found or others):
            self.lacking, self.first_lacking = self.lacking + 1, self.first_lacking or line
            self.reading.note("skipped", line, "the row lacks the power of a GPU")

    def _check_clock(self, row: Mapping[str, Any], time: float, line: int) -> None:
        runtime = json_number(row.get("_runtime")) if self.clock == "_timestamp" else None
        if runtime is None:
            return
        began = time - runtime
        if self.began is not None and abs(began - self.began) > 2:
            self.moved += 1
            if self.moved <= 3:
                message = f"_timestamp and _runtime are {abs(began - self.began):,.0f} s further apart than before"
                self.reading.warn("CG518", line, message, "the run was resumed, a clock was set, or fields have moved")
        self.began = began

    def _check_share(self, column: str, watts: float, row: Mapping[str, Any], line: int) -> None:
        """Count the limit of power that follows from the power and its share of it: it hardly ever changes."""
        share = json_number(row.get(self.share.get(column, "")))
        if share and share >= 1 and watts:
            step = round(math.log(watts / share) / 0.01)
            counts = self.limits.setdefault(column, {})
            count, first = counts.get(step, (0, line))
            counts[step] = (count + 1, first)
        elif share and share >= 1:
            message = f"{_title(self.power[column])} is 0 and its powerPercent is not"
            self.reading.fault("CG504", line, message, "fields may have moved: " + AGAIN)
        elif share is None and column in self.share:
            count, first = self.alone.get(column, (0, line))
            self.alone[column] = (count + 1, first)

    def report(self) -> None:
        """Say what is odd about all rows together."""
        if self.lacking:
            message = f"{self.lacking:,} row{'s lack' if self.lacking > 1 else ' lacks'} the power of a GPU: the rows beside stand for it"
            self.reading.warn("CG510", self.first_lacking, message, "an empty cell is no sample")
        for column, counts in self.limits.items():
            known = sum(count for count, _ in counts.values())
            alone, first = self.alone.get(column, (0, 0))
            if 0 < alone <= known / 10:
                message = f"{_title(self.power[column])} has a value and its powerPercent has none, as no other row"
                self.reading.fault("CG504", first, message, "fields may have moved: " + AGAIN)
            windows = {step: sum(counts.get(step + side, (0, 0))[0] for side in range(-5, 6)) for step in counts}
            if known > 5 and max(windows.values()) < known / 2:
                message = f"{_title(self.power[column])} and its powerPercent have no limit of power in common: it may be another column"
                self.reading.warn("CG504", min(line for _, line in counts.values()), message, EXPORT)
            for step, (count, line) in counts.items():
                near = sum(counts.get(step + side, (0, 0))[0] for side in (-2, -1, 0, 1, 2))
                if near == 1 and count == 1 and known > 2:
                    message = f"{_title(self.power[column])} and its powerPercent do not fit each other as in the other rows"
                    self.reading.fault("CG504", line, message, "fields may have moved: " + AGAIN)


def _title(device: tuple[str, int]) -> str:
    """Return the name of the power of a GPU without that of its node."""
    return f"system.gpu.{device[1]}.powerWatts{' of a node' if device[0] else ''}"


def _csv_rows(source: Source, reading: Reading, events: _Events) -> None:
    table = Table(source, reading)
    events.name(table.header)
    events.check_names(table.header, table.header_line)
    unnamed = [place for place, name in enumerate(table.header) if not name and place]
    if unnamed:
        message = f"column {unnamed[0] + 1} has no name: it may be the power of a GPU"
        reading.warn("CG510", table.header_line, message, EXPORT)
    columns = [name for name in (*events.power, *events.share.values(), "_timestamp", "_runtime") if name in table.index]
    places = [(name, table.index[name]) for name in columns]
    beside = [place for name, place in table.index.items() if re.match(r"system[./]gpu\.\d", name) and name not in events.power]
    wandb = table.index.get("_wandb")
    is_numbered = bool(table.header) and table.header[0] == ""
    before: int | None = None
    for row in table.full_rows():
        if wandb is not None and row[wandb].strip() and number(row[wandb]) is not None:
            reading.fault("CG503", table.line, "_wandb: this is a number: fields have moved", AGAIN)
            continue
        if any("\n" in cell for cell in row):
            reading.fault("CG502", table.line, "a cell goes on over the end of its line: a row before was cut", AGAIN)
            continue
        if is_numbered:
            if not re.fullmatch(r"[0-9]{1,12}", row[0].strip()):
                reading.fault("CG503", table.line, "the first cell is not the number of a row", AGAIN)
                continue
            if before is not None and int(row[0]) > before + 1:
                reading.warn("CG510", table.line, f"rows {before + 1} to {int(row[0]) - 1} of the export are missing before this line")
            before = int(row[0])
        others = any(not is_missing(row[place]) for place in beside) or not beside
        events.add({name: row[place] for name, place in places}, table.line, others)


def _json_rows(source: Source) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the rows of a list or of lines of JSON with their lines; raises Unreadable where it is neither."""
    if source.head.lstrip()[:1] == "[":
        for entry in entries(source):
            yield entry.line, entry.value if isinstance(entry.value, dict) else {}
        return
    lines = ((line, text) for line, text in source.lines() if text.strip())
    for line, text in lines:
        try:
            row = value_of(text, line)
        except Unreadable as error:
            if error.problem.code != "CG505":  # a key that stands twice
                raise
            row = None
        if not isinstance(row, dict):
            if line == 1:
                row = whole(source)
                yield 1, row if isinstance(row, dict) else {}
                return
            message = "this line is not JSON: it was cut, or is none of the metrics"
            raise Unreadable(Placed("CG505", message, (), AGAIN, "error", line))
        yield line, row


def _read(source: Source, reading: Reading, samples: Samples) -> None:
    events = _Events(reading, samples)
    if source.first_line.lstrip()[:1] in ("{", "["):
        _read_json(source, reading, events)
    else:
        names = [name.strip().strip('"') for name in source.first_line.split(",")]
        if any(CHART.fullmatch(name) for name in names):
            message = "this is the export of a chart: its unit of time is not written and its points are averages"
            raise Unreadable(Placed("CG501", message, (), EXPORT))
        _csv_rows(source, reading, events)
    events.report()
    if reading.rows == POINTS:
        message = f"the file has exactly {POINTS} rows, the most that history() returns unless told otherwise: samples were left out"
        reading.warn("CG518", 1, message, EXPORT)
    summary = samples.summary(reading)
    if summary.energy_kwh is None and not reading.is_refused:
        message = "no GPU has two samples of its power" if events.power else "the metrics hold no power of a GPU (system.gpu.N.powerWatts)"
        hint = EXPORT if events.power else "state hardware and duration in the run file, or measure with another tool"
        reading.fault("CG501", 1, message, hint)
    labels = sorted({label.removeprefix("/l:") for label, _ in events.power.values()} - {""})
    hours, start, end = summary.hours, summary.start, summary.end
    if events.clock == "_runtime":
        start = end = None
    if hours is None and events.first_time is not None and events.last_time > events.first_time:
        hours = (events.last_time - events.first_time) / 3600
    reading.records.append(
        Record(
            tool=TOOL.name, method="W&B system metrics", energy_kwh=summary.energy_kwh, boundary="accelerators", basis=summary.basis,
            reason=summary.reason() if summary.energy_kwh is not None else "", start=start, end=end, hours=hours,
            device_hours=summary.device_hours or (hours * len(events.power) if hours and events.power else None),
            components={"accelerators": summary.energy_kwh} if summary.energy_kwh is not None else {},
            host=tuple(labels), private={"nodes": ", ".join(labels)} if labels else {}, file=source.short,
            lines=summary.lines,
        )
    )  # fmt: skip


def _read_json(source: Source, reading: Reading, events: _Events) -> None:
    """Read rows of JSON; the names of the columns are those of all rows, as each row has its own."""
    names = dict.fromkeys(name for _, row in _json_rows(source) for name in row)
    if not {"_timestamp", "_runtime"} & set(names):
        message = "the file holds the last value of each metric only: no energy follows from one reading"
        raise Unreadable(Placed("CG501", message, (), EXPORT))
    events.name(list(names))
    events.check_names(list(names), 1)
    for line, row in _json_rows(source):
        reading.rows += 1
        if not any(SYSTEM.match(name) for name in row) and "_timestamp" not in row:
            reading.fault("CG503", line, "the row holds none of the metrics of the system", AGAIN)
            continue
        beside = any(re.match(r"system[./]gpu\.\d", name) and name not in events.power for name in row)
        events.add(row, line, beside)
    if not source.ends_in_newline and source.head.lstrip()[:1] == "{":
        warn_of_cut_line(reading, line)


read = each(in_any_order(_read), TOOL)
