"""Zeus 0.2 to 0.16: the ``log_file`` of ``ZeusMonitor``.

Energy is J for each GPU, time s. The log leaves out processors and memory, even where the monitor measured them. Windows may lie
in each other: the outermost counts. Early releases wrote a clock that has no date.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from cardgen.problems import Placed, printable
from cardgen.records.fields import MAX_KWH, MAX_S, is_missing, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.streamed import MOST_S, Seen, named_or_empty
from cardgen.records.table import AGAIN, Table, separator
from cardgen.records.tool import Tool, each
from cardgen.records.windows import Whole, Window, Windows, misplaced

TOOL = Tool(
    "zeus", "Zeus", "the CSV of ZeusMonitor(log_file=...)",
    "energy of each GPU in windows of time, by the GPU's own counter",
    "processors and memory; the model of the GPU; emissions; place; with early releases the date",
    "https://ml.energy/zeus/measure/",
)  # fmt: skip

FIRST = ["start_time", "window_name", "elapsed_time"]
GPU = re.compile(r"gpu\d+_energy")
MOST = {"start_time": MAX_S, "elapsed_time": MOST_S}
LIMITS_W = (2.0, 2_500.0)  # of one GPU: idle, and more than any
SHORT_S = 1.0  # in less, a counter may not have moved on, or may have moved on twice


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
    whole = windows.whole(reading)
    if not names:
        message = "the log has no column of a GPU: the monitor found none, and it does not log processors and memory"
        hint = "state hardware and duration in the run file, or log the processors with another tool"
        reading.fault("CG501", table.header_line, message, hint)
        if windows.count:
            reading.records.append(_record(whole, source, None, 0))
        return
    energy = sum(whole.joules) / 3.6e6
    if energy > MAX_KWH:
        reading.fault("CG503", windows.first_line, f"the energy of the log is {energy:.3g} kWh, which no run uses", AGAIN)
    elif energy > 0:
        reading.records.append(_record(whole, source, energy, len(names)))
    elif not reading.is_refused:
        message = "no window of the log has energy"
        hint = "measure windows longer than a second, or use approx_instant_energy=True"
        reading.fault("CG501", windows.first_line or table.header_line, message, hint)


read = each(_read, TOOL)


def _windows(table: Table, reading: Reading, names: Sequence[str]) -> Windows:
    """Return the windows of the log, each row once; rows without energy, and rows that hold something else, are problems."""
    windows, seen, short, first_short = Windows(), Seen(), 0, 0
    check, columns = named_or_empty(table.header), [(name, table.index[name], table.number_in(name)) for name in (*FIRST[::2], *names)]
    for row in table.full_rows():
        if seen.is_again(tuple(row), table.line, reading):
            continue
        check(row, table.line)
        values = _values(row, columns, table.line, reading)
        if values is None:
            continue
        start, seconds, *joules = values
        wrong = misplaced((seconds, *joules), [value / seconds for value in joules] if seconds >= SHORT_S else (), LIMITS_W)
        if wrong:
            reading.fault("CG504", table.line, wrong, AGAIN)
            continue
        windows.add(Window(start, seconds, tuple(joules), table.line))
        if 0.0 in joules:
            short, first_short = short + 1, first_short or table.line
    seen.report(reading)
    if short:
        message = f"{short:,} windows hold a GPU with energy 0: shorter than its counter's step, they are counted as 0"
        reading.warn("CG510", first_short, message, "measure longer windows, or use approx_instant_energy=True")
    return windows


Column = tuple[str, int, Callable[[Sequence[str]], "float | None"]]


def _values(row: Sequence[str], columns: Sequence[Column], line: int, reading: Reading) -> list[float] | None:
    """Return start, time and the energies of a row; None, with a problem, where one of them is missing or something else."""
    values, missing = [], []
    for name, position, number_of in columns:
        value = number_of(row)
        is_energy = name not in FIRST
        if value is None and is_energy and is_missing(row[position]):
            missing.append(name)
        elif value is None or value < 0 or (value == 0 and not is_energy) or value > MOST.get(name, math.inf):
            reading.fault("CG503", line, f"{name}: {quotable(row[position])} is not a number of that column", AGAIN)
            return None
        else:
            values.append(value)
    if missing:
        reading.note("skipped", line, "the energy of a GPU is missing")
        reading.warn("CG510", line, f"{', '.join(missing)} is empty: the window is left out", "state its energy by hand")
        return None
    return values


def _record(whole: Whole, source: Source, energy_kwh: float | None, gpus: int) -> Record:
    hours = whole.seconds / 3600
    return Record(
        tool="zeus", method="zeus", energy_kwh=energy_kwh, boundary="accelerators" if gpus else "node", basis="measured",
        reason="GPUs by their own counter; processors and memory are not in the log" if gpus else "",
        start=whole.start, end=whole.end, hours=hours, device_hours=hours * gpus if gpus else None,
        components={"accelerators": energy_kwh} if energy_kwh else {}, file=source.short,
        lines=whole.lines,
    )  # fmt: skip
