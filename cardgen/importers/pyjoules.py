"""pyJoules 0.2 to 0.5: the CSV of its handler, what its print handler shows, and its data frame as CSV.

Energy of RAPL domains is microjoules, time s. ``core`` and ``uncore`` lie within ``package``. Energy of GPUs is documented as
microjoules; every release writes the millijoules that the GPU counts (powerapi-ng/pyJoules issue 23): which one it is shows in
the power, for the two lie a thousandfold apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cardgen.problems import Placed, printable
from cardgen.records.fields import MAX_KWH, MAX_S, is_missing, number, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.source import LOG_LINE, Source, Unreadable
from cardgen.records.streamed import MOST_S, Seen, named_or_empty
from cardgen.records.table import AGAIN, Table, separator, warn_of_cut_line
from cardgen.records.tool import Tool, each
from cardgen.records.windows import Whole, Window, Windows, misplaced

TOOL = Tool(
    "pyjoules", "pyJoules", "the CSV of CSVHandler, printed samples, the data frame of PandasHandler as CSV",
    "energy of processor packages, memory and NVIDIA GPUs, by their own counters",
    "emissions; place; the model of the devices; the rest of the machine",
    "https://pyjoules.readthedocs.io/en/latest/",
)  # fmt: skip

FIRST = ["timestamp", "tag", "duration"]
DOMAIN = re.compile(r"(package|dram|core|uncore|psys|nvidia_gpu)_\d+")
PRINTED = re.compile(r"begin timestamp : (\d+(?:\.\d+)?); tag : (.*?); duration : ([^;]*)((?:; \w+ : [^;]*)*)")
BEGIN = re.compile(r"^begin timestamp : [^\r\n]*", re.MULTILINE)
PIECE = re.compile(r"begin timestamp|; ?tag : |; ?duration : |; (?:package|dram|psys|nvidia_gpu)_\d+ : ")  # what other lines do not hold
NUMBER = r"-?(?:\d+\.?\d*(?:e[+-]?\d+)?|None|nan)"
COMPONENTS = {"package": "processors", "psys": "processors", "dram": "memory", "nvidia_gpu": "accelerators"}
LIMITS_W = {"package": (0.1, 2_000.0), "dram": (0.001, 1_000.0), "psys": (0.1, 5_000.0)}
GPU_W = (2.0, 2_000.0)  # of one GPU: idle, and more than any
SHORT_S = 1.0  # in less, a counter may not have moved on, or may have moved on twice


class _Sample(NamedTuple):
    """A measured span of time: the cells of its domains, in the unit that they were written in."""

    start: str
    seconds: str
    cells: tuple[str, ...]
    line: int


def recognises(source: Source) -> bool:
    """Return whether the file begins with the header of the handlers, or holds a line as the print handler writes it."""
    return _is_table(source) or any(map(PRINTED.match, BEGIN.findall(source.head)))


def _is_table(source: Source) -> bool:
    delimiter = separator(source.first_line)
    columns = [name.strip().strip('"') for name in source.first_line.split(delimiter)]
    columns = columns[1:] if columns[:1] == [""] else columns  # the index of a data frame
    return columns[:3] == FIRST and (delimiter == ";" or any(DOMAIN.fullmatch(name) for name in columns))


def _read(source: Source, reading: Reading) -> None:
    names, samples = _tabled(source, reading) if _is_table(source) else _printed(source, reading)
    counted, kinds = _counted(names)
    if not counted:
        found = f"only {', '.join(names)}, a part of the machine" if names else "no domain"
        hint = "measure package and dram, for which RAPL must be readable, or state hardware and duration in the run file"
        reading.fault("CG501", 1, f"the file holds {found}: the energy of processors and GPUs is missing", hint)
    windows, gpus = Windows(), _Gpus([name for name in counted if name.startswith("nvidia_gpu")], counted)
    _add(samples, names, counted, windows, gpus, reading)
    if not counted:
        if windows.count:
            reading.records.append(_record(windows.whole(reading), source, None, {}, "", 0))
        return
    factor, words = gpus.unit(windows.first_line, reading)
    whole = windows.whole(reading, [factor if kind == "nvidia_gpu" else 1e-6 for kind in kinds])
    parts: dict[str, float] = {}
    for kind, joules in zip(kinds, whole.joules):
        parts[COMPONENTS[kind]] = parts.get(COMPONENTS[kind], 0.0) + joules / 3.6e6
    energy = sum(parts.values())
    if energy > MAX_KWH:
        reading.fault("CG503", windows.first_line, f"the energy of the file is {energy:.3g} kWh, which no run uses", AGAIN)
    elif energy > 0:
        reading.records.append(_record(whole, source, energy, parts, words, kinds.count("nvidia_gpu")))
    elif not reading.is_refused:
        message = "no sample has energy: they are shorter than the step of the counters, or there are none"
        reading.fault("CG501", windows.first_line or 1, message, "measure more than a second")


read = each(_read, TOOL)


def _tabled(source: Source, reading: Reading) -> tuple[list[str], Iterator[_Sample]]:
    """Return the names of the domains and the samples of a file with a header."""
    table = Table(source, reading)
    first = table.header.index("timestamp")
    places = [place for place, name in enumerate(table.header) if place >= first + 3 and name]
    unknown = next((table.header[place] for place in places if not DOMAIN.fullmatch(table.header[place])), None)
    if unknown is not None:
        table.close()
        message = f'"{printable(unknown, 60)}" is not a domain that pyJoules is known to measure'
        raise Unreadable(Placed("CG502", message, (), "leave the column out if it holds no energy", "error", table.header_line))
    check = named_or_empty(table.header, first)

    def samples() -> Iterator[_Sample]:
        for row in table.full_rows():
            check(row, table.line)
            cells = [cell.strip().replace(",", ".") if table.decimal_comma else cell.strip() for cell in row]
            yield _Sample(cells[first], cells[first + 2], tuple(cells[place] for place in places), table.line)

    return [table.header[place] for place in places], samples()


def _printed(source: Source, reading: Reading) -> tuple[list[str], Iterator[_Sample]]:
    """Return the names of the domains and the samples of what a program printed; says which lines are none."""
    names = next(([name for name, _ in parts] for _, text in source.lines(LOG_LINE) if (parts := _parts(text)) is not None), [])

    def samples() -> Iterator[_Sample]:
        last, others, first_other = 0, 0, 0
        for line, text in source.lines(LOG_LINE):
            last = line
            if not text.startswith("begin timestamp"):
                if PIECE.search(text):
                    reading.fault("CG503", line, "the line holds a part of a sample, and does not begin as one: its energy is lost", AGAIN)
                elif text.strip():
                    reading.note("skipped", line, "no sample")
                    others, first_other = others + 1, first_other or line
                continue
            reading.rows += 1
            found, parts = PRINTED.fullmatch(text.strip()), _parts(text)
            if not found or parts is None:
                reading.fault("CG503", line, "this is not a sample as the print handler writes it", AGAIN)
            elif [name for name, _ in parts] != names or not all(map(DOMAIN.fullmatch, names)) or len(set(names)) < len(names):
                reading.fault("CG502", line, "the sample holds other domains than the first one: values cannot be told apart", AGAIN)
            else:
                yield _Sample(found[1], found[3], tuple(value for _, value in parts), line)
        if others:
            message = f"{others:,} line{'s are' if others > 1 else ' is'} no sample, and left out"
            reading.warn("CG510", first_other, message, "if it is what is left of one, write or copy the file again")
        if last and not source.ends_in_newline:
            warn_of_cut_line(reading, last)

    return names, samples()


def _parts(text: str) -> list[tuple[str, str]] | None:
    """Return the domains of a printed sample with their cells; None where the line is no sample."""
    found = PRINTED.fullmatch(text.strip()) if text.startswith("begin timestamp") else None
    parts = re.findall(rf"; (\w+) : ({NUMBER})(?=;|$)", found[4]) if found else []
    return parts if found and len(parts) == found[4].count(";") else None


def _counted(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the domains whose energy adds up, and the kind of each: what lies within another one is left out."""
    kinds = {name: name.rpartition("_")[0] for name in names}
    # memory may lie in the platform, and alone it is no machine
    wanted = ("package", "dram", "nvidia_gpu") if "package" in kinds.values() else ("psys", "nvidia_gpu")
    chosen = [name for name in names if kinds[name] in wanted]
    return chosen, [kinds[name] for name in chosen]


def _add(samples: Iterator[_Sample], names: Sequence[str], counted: Sequence[str], windows: Windows, gpus: _Gpus, reading: Reading) -> None:
    """Add the samples as windows with the energy of the domains that count, in the unit of the file; each row once."""
    seen, idle, first_idle = Seen(), 0, 0
    for sample in samples:
        if seen.is_again(sample[:3], sample.line, reading, "the same sample as on line {}"):
            continue
        window = _window(sample, names, counted, reading)
        if window is not None:
            windows.add(window)
            gpus.see(window)
            if counted and not any(window.joules):
                idle, first_idle = idle + 1, first_idle or window.line
    seen.report(reading)
    if idle:
        message = f"{idle:,} samples hold no energy: shorter than the step of the counters, they are counted as 0"
        reading.warn("CG510", first_idle, message, "measure more than a second at a time")


def _window(sample: _Sample, names: Sequence[str], counted: Sequence[str], reading: Reading) -> Window | None:
    start, seconds, line = number(sample.start), number(sample.seconds), sample.line
    for name, text, value, most in (("timestamp", sample.start, start, MAX_S), ("duration", sample.seconds, seconds, MOST_S)):
        if value is None or not 0 < value <= most:
            reading.fault("CG503", line, f"{name}: {quotable(text)} is not a number of that column", AGAIN)
            return None
    values: dict[str, float | None] = {}
    for name, text in zip(names, sample.cells):
        value = values[name] = number(text)
        if value is None and not is_missing(text):
            reading.fault("CG503", line, f"{name}: {quotable(text)} is not an energy", AGAIN)
            return None
        if value is not None and value < 0 and name in counted:
            message = f"{name}: {quotable(text)} is below zero: the counter began again at 0 within the sample"
            reading.fault("CG518", line, message, "the energy of the sample is lost: leave the row out and state it, or measure again")
            return None
    missing = [name for name in counted if values[name] is None]
    if missing:
        reading.note("skipped", line, "the energy of a domain is missing")
        reading.warn("CG510", line, f"{', '.join(missing)} is empty: the sample is left out", "state its energy by hand")
        return None
    wrong = _contradiction(seconds or 0.0, names, values)
    if wrong:
        reading.fault("CG504", line, wrong, AGAIN)
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


class _Gpus:
    """What the samples say of the unit of the GPUs: their numbers and times in all, and the lowest and highest rate with its line."""

    def __init__(self, names: Sequence[str], counted: Sequence[str]) -> None:
        self.names, self._places = names, [list(counted).index(name) for name in names]
        self._total = self._seconds = 0.0
        self._ends: dict[str, tuple[float, int]] = {}

    def see(self, window: Window) -> None:
        """Learn the numbers of a sample."""
        for place in self._places:
            value = window.joules[place]
            self._total, self._seconds = self._total + value, self._seconds + window.seconds
            if value and window.seconds >= SHORT_S:
                rate = (value / window.seconds, window.line)
                self._ends["low"] = min(self._ends.get("low", rate), rate)
                self._ends["high"] = max(self._ends.get("high", rate), rate)

    def unit(self, line: int, reading: Reading) -> tuple[float, str]:
        """Return what turns the numbers of the GPUs into J, and how it was found; wrong numbers are errors."""
        if not self._total or not self._seconds:
            return 1e-6, ""
        (low, high), rate, words = GPU_W, self._total / self._seconds, ""
        factor = next((factor for factor in (1e-3, 1e-6) if low <= rate * factor <= high), None)
        if factor is None:
            message = f"the GPUs drew {rate / 1e3:.3g} W each if the file has millijoules: no GPU does, nor in microjoules"
            reading.fault("CG503", line, message, AGAIN)
            return 1e-6, ""
        if factor == 1e-3:
            words = "GPUs in millijoules, as pyJoules writes them"
            message = f"the columns of the GPUs are taken as millijoules, {rate / 1e3:.3g} W each: microjoules would be a thousandth"
            reading.warn("CG504", line, message, "the documentation says microjoules; check the power against the GPU's")
        for power, there in sorted(set(self._ends.values()), key=lambda end: end[1]):
            if not low / 2 <= power * factor <= high:
                message = f"{self.names[0]}: {power * factor:.3g} W in this sample, in the unit of the others, is not what a GPU draws"
                reading.fault("CG504", there, message, AGAIN)
        return factor, words


def _record(whole: Whole, source: Source, energy: float | None, parts: Mapping[str, float], words: str, gpus: int) -> Record:
    hours = whole.seconds / 3600
    alone = set(parts) == {"accelerators"}
    reason = "GPUs by their own counter; processors are not in the file" if alone else "processors, memory and GPUs by their own counters"
    return Record(
        tool="pyjoules", method="pyJoules", energy_kwh=energy, boundary="accelerators" if alone else "node", basis="measured",
        reason="; ".join(filter(None, (reason if parts else "", words))), start=whole.start, end=whole.end, hours=hours,
        device_hours=hours * gpus if gpus else None, components=dict(parts), file=source.short,
        lines=whole.lines,
    )  # fmt: skip
