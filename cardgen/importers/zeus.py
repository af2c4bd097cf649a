"""Zeus 0.2 to 0.16: the ``log_file`` of ``ZeusMonitor``.

Energy is J for each GPU, time s. The log leaves out processors and memory, even where the monitor measured them. Windows may lie
in each other: the outermost counts. Early releases wrote a clock that has no date.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from cardgen.problems import Placed, printable
from cardgen.records.fields import is_missing
from cardgen.records.record import Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import Table, separator
from cardgen.records.tool import Tool, each
from cardgen.records.windows import Window, dates, misplaced, outermost

TOOL = Tool(
    "zeus", "Zeus", "the CSV of ZeusMonitor(log_file=...)",
    "energy of each GPU in windows of time, by the GPU's own counter",
    "processors and memory; the model of the GPU; emissions; place; with early releases the date",
    "https://ml.energy/zeus/measure/",
)  # fmt: skip

FIRST = ["start_time", "window_name", "elapsed_time"]
GPU = re.compile(r"gpu\d+_energy")
LIMITS_W = (2.0, 2_500.0)  # of one GPU: idle, and more than any
SHORT_S = 1.0  # in less, a counter may not have moved on, or may have moved on twice
_AGAIN = "write or copy the file again, or leave the row out"


def recognises(source: Source) -> bool:
    """Return whether the first line is the header of the log: its first three columns have not changed."""
    return _columns(source)[:3] == FIRST


def _columns(source: Source) -> list[str]:
    return [name.strip().strip('"') for name in source.first_line.split(separator(source.first_line))]


def _read(source: Source, reading: Reading) -> None:
    names = [name for name in _columns(source)[3:] if name]
    unknown = next((name for name in names if not GPU.fullmatch(name)), None)
    if unknown is not None:
        message = f'"{printable(unknown, 60)}" is not a column that the log is known to have'
        line = source.line_of(source.first_line)
        raise Unreadable(Placed("CG502", message, (), "leave the column out if it holds no energy of GPUs", "error", line))
    table = Table(source, reading)
    windows = _windows(table, reading, names)
    if not names:
        _without_gpu(windows, source, reading, table.header_line)
        return
    counted = outermost(windows, reading)
    joules = math.fsum(value for window in counted for value in window.joules)
    if joules > 0:
        reading.records.append(_record(counted, source, joules / 3.6e6, len(names)))
    elif not reading.is_refused:
        message = "no window of the log has energy"
        hint = "measure windows longer than a second, or use approx_instant_energy=True"
        reading.fault("CG501", windows[0].line if windows else table.header_line, message, hint)


read = each(_read, TOOL)


def _without_gpu(windows: Sequence[Window], source: Source, reading: Reading, line: int) -> None:
    """Refuse a log of a machine on which the monitor found no GPU: what it measured of processors it does not write."""
    message = "the log has no column of a GPU: the monitor found none, and it does not log processors and memory"
    reading.fault("CG501", line, message, "state hardware and duration in the run file, or log the processors with another tool")
    counted = outermost(windows, reading)
    if counted:
        reading.records.append(_record(counted, source, None, 0))


def _windows(table: Table, reading: Reading, names: Sequence[str]) -> list[Window]:
    """Return the windows of the log, each row once; rows without energy, and rows that hold something else, are problems."""
    windows, seen, short = [], {}, []
    for row in table.full_rows():
        known = seen.setdefault(tuple(row), table.line)
        if known != table.line:
            reading.note("merged", table.line, f"the same row as on line {known}")
            continue
        wrong = _wrong(row, table, names)
        if wrong:
            reading.fault("CG503", table.line, wrong, _AGAIN)
            continue
        missing = [name for name in names if is_missing(table.text(row, name))]
        if missing:
            reading.note("skipped", table.line, "the energy of a GPU is missing")
            reading.warn("CG510", table.line, f"{', '.join(missing)} is empty: the window is left out", "state its energy by hand")
            continue
        window = _window(row, table, reading, names)
        if window is not None:
            windows.append(window)
            if 0.0 in window.joules:
                short.append(window)
    if short:
        message = f"{len(short)} windows hold a GPU with energy 0: shorter than its counter's step, they are counted as 0"
        reading.warn("CG510", short[0].line, message, "measure longer windows, or use approx_instant_energy=True")
    return windows


def _wrong(row: Sequence[str], table: Table, names: Sequence[str]) -> str:
    """Return what in a row is not what its column holds, "" where all is."""
    for name in ("start_time", "elapsed_time", *names):
        text, value = table.text(row, name), table.number(row, name)
        if name in names and is_missing(text):
            continue
        if value is None or value < 0 or (value == 0 and name not in names):
            return f'{name}: "{printable(text, 60)}" is not a number of that column'
    return ""


def _window(row: Sequence[str], table: Table, reading: Reading, names: Sequence[str]) -> Window | None:
    seconds, joules = table.number(row, "elapsed_time") or 0.0, tuple(table.number(row, name) or 0.0 for name in names)
    powers = [value / seconds for value in joules] if seconds >= SHORT_S else []
    wrong = misplaced((seconds, *joules), powers, LIMITS_W)
    if wrong:
        reading.fault("CG504", table.line, wrong, _AGAIN)
        return None
    return Window(table.number(row, "start_time") or 0.0, seconds, joules, table.line)


def _record(windows: Sequence[Window], source: Source, energy_kwh: float | None, gpus: int) -> Record:
    start, end = dates(windows)
    hours = math.fsum(window.seconds for window in windows) / 3600
    return Record(
        tool="zeus", method="zeus", energy_kwh=energy_kwh, boundary="accelerators" if gpus else "node", basis="measured",
        reason="GPUs by their own counter; processors and memory are not in the log" if gpus else "",
        start=start, end=end, hours=hours, device_hours=hours * gpus if gpus else None,
        components={"accelerators": energy_kwh} if energy_kwh else {}, file=source.short,
        lines=tuple(window.line for window in windows),
    )  # fmt: skip
