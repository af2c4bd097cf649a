"""pyJoules 0.2 to 0.5: the CSV of its handler, what its print handler shows, and its data frame as CSV.

Energy of RAPL domains is microjoules, time s. ``core`` and ``uncore`` lie within ``package``. Energy of GPUs is documented as
microjoules; every release writes the millijoules that the GPU counts (powerapi-ng/pyJoules issue 23): which one it is shows in
the power, for the two lie a thousandfold apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cardgen.problems import Placed, printable
from cardgen.records.fields import is_missing, number
from cardgen.records.record import Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import Table, separator, warn_of_cut_line
from cardgen.records.tool import Tool, each
from cardgen.records.windows import Window, dates, misplaced, outermost

TOOL = Tool(
    "pyjoules", "pyJoules", "the CSV of CSVHandler, printed samples, the data frame of PandasHandler as CSV",
    "energy of processor packages, memory and NVIDIA GPUs, by their own counters",
    "emissions; place; the model of the devices; the rest of the machine",
    "https://pyjoules.readthedocs.io/en/latest/",
)  # fmt: skip

FIRST = ["timestamp", "tag", "duration"]
DOMAIN = re.compile(r"(package|dram|core|uncore|psys|nvidia_gpu)_\d+")
PRINTED = re.compile(r"begin timestamp : (\d+(?:\.\d+)?); tag : (.*?); duration : ([^;]*)((?:; \w+ : [^;]*)*)")
NUMBER = r"-?(?:\d+\.?\d*(?:e[+-]?\d+)?|None|nan)"
COMPONENTS = {"package": "processors", "psys": "processors", "dram": "memory", "nvidia_gpu": "accelerators"}
LIMITS_W = {"package": (0.1, 2_000.0), "dram": (0.001, 1_000.0), "psys": (0.1, 5_000.0)}
GPU_W = (2.0, 2_000.0)  # of one GPU: idle, and more than any
SHORT_S = 1.0  # in less, a counter may not have moved on, or may have moved on twice
_AGAIN = "write or copy the file again, or leave the row out"


@dataclass(frozen=True)
class _Sample:
    """A measured span of time: the cells of its domains, in the unit that they were written in."""

    start: str
    seconds: str
    cells: tuple[str, ...]
    line: int


def recognises(source: Source) -> bool:
    """Return whether the file begins with the header of the handlers, or holds a line as the print handler writes it."""
    delimiter = separator(source.first_line)
    columns = [name.strip().strip('"') for name in source.first_line.split(delimiter)]
    columns = columns[1:] if columns[:1] == [""] else columns  # the index of a data frame
    if columns[:3] == FIRST:
        return delimiter == ";" or any(DOMAIN.fullmatch(name) for name in columns)
    return any(PRINTED.match(line) for line in source.head.splitlines() if line.startswith("begin timestamp : "))


def _read(source: Source, reading: Reading) -> None:
    is_printed = "timestamp" not in source.first_line or source.first_line.startswith("begin timestamp : ")
    names, samples = _printed(source, reading) if is_printed else _tabled(source, reading)
    unknown = next((name for name in names if not DOMAIN.fullmatch(name)), None)
    if unknown is not None:
        message = f'"{printable(unknown, 60)}" is not a domain that pyJoules is known to measure'
        raise Unreadable(Placed("CG502", message, hint="leave the column out if it holds no energy"))
    counted, kinds = _counted(names)
    if not counted:
        found = f"only {', '.join(names)}, a part of the machine" if names else "no domain"
        hint = "measure package and dram, for which RAPL must be readable, or state hardware and duration in the run file"
        reading.fault("CG501", 1, f"the file holds {found}: the energy of processors and GPUs is missing", hint)
    windows = _windows(samples, names, counted, reading)
    if not counted:
        if windows:
            reading.records.append(_record(outermost(windows, reading), source, None, {}, "", 0))
        return
    factors, words = _factors(windows, counted, kinds, reading)
    scaled = [replace(window, joules=tuple(value * factor for value, factor in zip(window.joules, factors))) for window in windows]
    whole = outermost(scaled, reading)
    parts: dict[str, float] = {}
    for position, kind in enumerate(kinds):
        kwh = math.fsum(window.joules[position] for window in whole) / 3.6e6
        parts[COMPONENTS[kind]] = parts.get(COMPONENTS[kind], 0.0) + kwh
    energy = math.fsum(parts.values())
    if energy > 0:
        reading.records.append(_record(whole, source, energy, parts, words, kinds.count("nvidia_gpu")))
    elif not reading.is_refused:
        message = "no sample has energy: they are shorter than the step of the counters, or there are none"
        reading.fault("CG501", windows[0].line if windows else 1, message, "measure more than a second")


read = each(_read, TOOL)


def _tabled(source: Source, reading: Reading) -> tuple[list[str], list[_Sample]]:
    """Return the names of the domains and the samples of a file with a header."""
    table = Table(source, reading)
    first = table.header.index("timestamp")
    names = table.header[first + 3 :]
    names = names[:-1] if names[-1:] == [""] else names
    samples = []
    for row in table.full_rows():
        cells = [cell.strip().replace(",", ".") if table.decimal_comma else cell.strip() for cell in row[first:]]
        samples.append(_Sample(cells[0], cells[2], tuple(cells[3 : 3 + len(names)]), table.line))
    return names, samples


def _printed(source: Source, reading: Reading) -> tuple[list[str], list[_Sample]]:
    """Return the names of the domains and the samples of what a program printed; other lines are not looked at."""
    names: list[str] = []
    samples, last = [], 0
    for line, text in source.lines():
        last = line
        if not text.startswith("begin timestamp"):
            continue
        reading.rows += 1
        found = PRINTED.fullmatch(text.strip())
        parts = re.findall(rf"; (\w+) : ({NUMBER})(?=;|$)", found[4]) if found else []
        if not found or len(parts) != found[4].count(";"):
            reading.fault("CG503", line, f'"{printable(text, 60)}" is not a sample as the print handler writes it', _AGAIN)
            continue
        here = [name for name, _ in parts]
        names = names or here
        if here != names or len(set(here)) < len(here):
            reading.fault("CG502", line, "the sample holds other domains than the first one: values cannot be told apart", _AGAIN)
            continue
        samples.append(_Sample(found[1], found[3], tuple(value for _, value in parts), line))
    if samples and samples[-1].line == last and not source.ends_in_newline:
        warn_of_cut_line(reading, last)
    return names, samples


def _counted(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the domains whose energy adds up, and the kind of each: what lies within another one is left out."""
    kinds = {name: name.rpartition("_")[0] for name in names}
    # memory may lie in the platform, and alone it is no machine
    wanted = ("package", "dram", "nvidia_gpu") if "package" in kinds.values() else ("psys", "nvidia_gpu")
    chosen = [name for name in names if kinds[name] in wanted]
    return chosen, [kinds[name] for name in chosen]


def _windows(samples: Sequence[_Sample], names: Sequence[str], counted: Sequence[str], reading: Reading) -> list[Window]:
    """Return the samples as windows with the energy of the domains that count, in the unit of the file; each row once."""
    windows, seen, idle = [], {}, []
    for sample in samples:
        known = seen.setdefault((sample.start, sample.seconds, sample.cells), sample.line)
        if known != sample.line:
            reading.note("merged", sample.line, f"the same sample as on line {known}")
            continue
        window = _window(sample, names, counted, reading)
        if window is not None:
            windows.append(window)
            if counted and not any(window.joules):
                idle.append(window)
    if idle:
        message = f"{len(idle)} samples hold no energy: shorter than the step of the counters, they are counted as 0"
        reading.warn("CG510", idle[0].line, message, "measure more than a second at a time")
    return windows


def _window(sample: _Sample, names: Sequence[str], counted: Sequence[str], reading: Reading) -> Window | None:
    start, seconds, line = number(sample.start), number(sample.seconds), sample.line
    for name, text, value in (("timestamp", sample.start, start), ("duration", sample.seconds, seconds)):
        if value is None or value <= 0:
            reading.fault("CG503", line, f'{name}: "{printable(text, 60)}" is not a number of that column', _AGAIN)
            return None
    cells = dict(zip(names, sample.cells))
    values = {name: number(text) for name, text in cells.items()}
    for name in names:
        value = values[name]
        if value is None and not is_missing(cells[name]):
            reading.fault("CG503", line, f'{name}: "{printable(cells[name], 60)}" is not an energy', _AGAIN)
            return None
        if value is not None and value < 0 and name in counted:
            message = f'{name}: "{printable(cells[name], 60)}" is below zero: the counter began again at 0 within the sample'
            reading.fault("CG518", line, message, "the energy of the sample is lost: leave the row out and state it, or measure again")
            return None
    missing = [name for name in counted if values[name] is None]
    if missing:
        reading.note("skipped", line, "the energy of a domain is missing")
        reading.warn("CG510", line, f"{', '.join(missing)} is empty: the sample is left out", "state its energy by hand")
        return None
    wrong = _contradiction(seconds or 0.0, names, values)
    if wrong:
        reading.fault("CG504", line, wrong, _AGAIN)
        return None
    return Window(start or 0.0, seconds or 0.0, tuple(values[name] or 0.0 for name in counted), line)


def _contradiction(seconds: float, names: Sequence[str], values: Mapping[str, float | None]) -> str:
    """Return how the values of a sample contradict each other, "" where they agree."""
    known = {name: value for name in names if (value := values[name]) is not None}
    for name, value in known.items():
        kind, _, index = name.rpartition("_")
        limits = LIMITS_W.get(kind)
        wrong = misplaced((), [value / 1e6 / seconds], limits) if limits and seconds >= SHORT_S else ""
        if wrong:
            return f"{name}: {wrong}"
        inside = sum(known.get(f"{part}_{index}", 0.0) for part in ("core", "uncore"))
        if kind == "package" and inside > 1.05 * value + 1e7:
            return f"core and uncore of package {index} used {inside:.6g} together, and the package, which holds them, {value:.6g}"
    return misplaced((seconds, *known.values()), (), (0, 0))


def _factors(windows: Sequence[Window], names: Sequence[str], kinds: Sequence[str], reading: Reading) -> tuple[list[float], str]:
    """Return what turns the numbers of each domain into J, and how the unit of the GPUs was found; wrong numbers are errors."""
    gpus = [position for position, kind in enumerate(kinds) if kind == "nvidia_gpu"]
    seconds = math.fsum(window.seconds for window in windows) * len(gpus)
    total = math.fsum(window.joules[position] for window in windows for position in gpus)
    micro, words = [1e-6] * len(kinds), ""
    if not total or not seconds:
        return micro, words
    low, high = GPU_W
    factor = next((factor for factor in (1e-3, 1e-6) if low <= total * factor / seconds <= high), None)
    first = windows[0].line
    if factor is None:
        message = f"the GPUs drew {total / 1e3 / seconds:.3g} W each if the file has millijoules: no GPU does, nor in microjoules"
        reading.fault("CG503", first, message, _AGAIN)
        return micro, words
    if factor == 1e-3:
        words = "GPUs in millijoules, as pyJoules writes them"
        message = f"the columns of the GPUs are taken as millijoules, {total / 1e3 / seconds:.3g} W each: microjoules would be a thousandth"
        reading.warn("CG504", first, message, "the documentation says microjoules; check the power against the GPU's")
    for window in windows:
        powers = [window.joules[position] * factor / window.seconds for position in gpus]
        if window.seconds >= SHORT_S and any(power and not low / 2 <= power <= high for power in powers):
            message = f"{names[gpus[0]]}: {max(powers):.3g} W in this sample, in the unit of the others, is not what a GPU draws"
            reading.fault("CG504", window.line, message, _AGAIN)
    return [factor if position in gpus else 1e-6 for position in range(len(kinds))], words


def _record(windows: Sequence[Window], source: Source, energy: float | None, parts: Mapping[str, float], words: str, gpus: int) -> Record:
    start, end = dates(windows)
    hours = math.fsum(window.seconds for window in windows) / 3600
    alone = set(parts) == {"accelerators"}
    reason = "GPUs by their own counter; processors are not in the file" if alone else "processors, memory and GPUs by their own counters"
    return Record(
        tool="pyjoules", method="pyJoules", energy_kwh=energy, boundary="accelerators" if alone else "node", basis="measured",
        reason="; ".join(filter(None, (reason if parts else "", words))), start=start, end=end, hours=hours,
        device_hours=hours * gpus if gpus else None, components=dict(parts), file=source.short,
        lines=tuple(window.line for window in windows),
    )  # fmt: skip
