"""experiment-impact-tracker 0.1: ``impacttracker/data.json``, a JSON object on each line, one for each sample.

Power is W: of the processors by RAPL, of the GPUs by nvidia-smi, each the share of the program. The tool's own reader integrates
power over time and multiplies by a PUE of 1.58; the file has neither. Start and end of the run, devices and place stand in
``info.pkl``, which is never opened: a pickle can run code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cardgen.problems import Placed
from cardgen.records.fields import MAX_KWH, json_number, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.source import LOG_LINE, Source, Unreadable
from cardgen.records.streamed import Spans, Total
from cardgen.records.table import warn_of_cut_line
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "experiment-impact-tracker", "experiment-impact-tracker", "impacttracker/data.json",
    "energy of processors and GPUs that the program used; time",
    "time before the first and after the last sample, devices and place (in info.pkl, which is not opened); emissions",
    "https://github.com/Breakend/experiment-impact-tracker",
)  # fmt: skip

PROCESSORS, ACCELERATORS = "rapl_estimated_attributable_power_draw", "nvidia_estimated_attributable_power_draw"
POWER = {PROCESSORS: "processors", ACCELERATORS: "accelerators"}
WHOLE = {PROCESSORS: "rapl_power_draw_absolute", ACCELERATORS: "nvidia_draw_absolute"}
OWN = (*POWER, *WHOLE.values(), "cpu_count_adjusted_average_load", "average_gpu_estimated_utilization_absolute")
MOST_W = 1e9
MOST_SORTED = 200_000  # samples of a file that do not stand in the order of their times
AGAIN = "write or copy the file again, or leave the line out"
PUE_OF_READER = "the tool's own reader multiplies by a PUE of 1.58, which is not in it"


def recognises(source: Source) -> bool:
    """Return whether the first line begins an object with a time and a name that only this tool writes."""
    line = source.first_line.lstrip()
    return line.startswith("{") and '"timestamp"' in line and any(f'"{name}"' in line for name in OWN)


class _Sample(NamedTuple):
    """A sample: its line, its time in s since 1970, the power of each part in W, None where it has none, and its GPUs."""

    line: int
    moment: float
    watts: tuple[float | None, ...]
    named: tuple[bool, ...]
    gpus: int


class _Late(Exception):
    """A sample that is older than the one before."""


class _Sums:
    """What samples in the order of their times come to: as in the tool's reader, each power holds for the time before it."""

    def __init__(self) -> None:
        self.count = self.gpus = 0
        self.first: _Sample | None = None
        self.last: _Sample | None = None
        self.joules, self.named = [Total() for _ in POWER], [False for _ in POWER]
        self.lacking = [(0, 0) for _ in POWER]  # how many samples have no power, and the line of the first
        self.spans, self.same = Spans(), (0, 0)

    def add(self, sample: _Sample) -> None:
        """Add a sample; raises _Late where it is older than the one before."""
        before, self.last, self.first = self.last, sample, self.first or sample
        self.count, self.gpus = self.count + 1, max(self.gpus, sample.gpus)
        self.named = [one or other for one, other in zip(self.named, sample.named)]
        if before is None:
            return
        span = sample.moment - before.moment
        if span < 0:
            raise _Late
        if span == 0 and not self.same[0]:
            self.same = (sample.line, before.line)
        self.spans.add(span, sample.line)
        for place, watts in enumerate(sample.watts):
            if watts is None:
                count, line = self.lacking[place]
                self.lacking[place] = (count + 1, line or sample.line)
            else:
                self.joules[place].add(watts * span)

    def add_all(self, samples: Iterable[_Sample]) -> None:
        """Add samples."""
        for sample in samples:
            self.add(sample)


def _read(source: Source, reading: Reading) -> None:
    sums = _Sums()
    try:
        sums.add_all(_samples(source, reading))
    except _Late:
        sums = _sorted(source, reading)
    if (source.path.parent / "info.pkl").is_file():
        reading.note("not read", 1, "info.pkl beside it is a pickle, which can run code: devices, place, start and end are not read")
    if sums.first is None or sums.last is None:
        if not reading.is_refused:
            reading.fault("CG501", 1, "the file holds no sample", "state hardware and duration in the run file")
        return
    first, last = sums.first.moment, sums.last.moment
    hours = (last - first) / 3600
    names = [name for name, is_named in zip(POWER, sums.named) if is_named]
    parts = {part: total.value / 3.6e6 for part, total, is_named in zip(POWER.values(), sums.joules, sums.named) if is_named}
    energy = sum(parts.values())
    if energy > MAX_KWH:
        reading.fault("CG503", sums.first.line, f"the energy of the file is {energy:.3g} kWh, which no run uses", AGAIN)
    elif energy > 0:
        _report(sums, reading)
    else:
        _without_energy(sums, names, reading)
    reason = f"meters of the machine, the share of the program, from the first to the last sample; {PUE_OF_READER}"
    reading.records.append(Record(
        tool=TOOL.name, method=TOOL.title, energy_kwh=energy if 0 < energy <= MAX_KWH else None,
        boundary="accelerators" if names == [ACCELERATORS] else "node", basis="measured", reason=reason,
        start=first, end=last, hours=hours or None, device_hours=hours * sums.gpus if hours and sums.gpus else None,
        components=parts if energy > 0 else {}, file=source.short, lines=(sums.first.line, sums.last.line),
    ))  # fmt: skip


read = each(_read, TOOL)


def _without_energy(sums: _Sums, names: list[str], reading: Reading) -> None:
    if not names:
        message = "no sample has a power: the tool reads RAPL and nvidia-smi alone, and the machine gave it neither"
    elif sums.count == 1:
        message = "there is one sample, and energy needs two: the run was shorter than the first interval"
    else:
        message = "all powers are 0: the tool could not tell which part was the program's"
    line = sums.first.line if sums.first else 1
    reading.fault("CG501", line, message, "state hardware and duration in the run file")


def _sorted(source: Source, reading: Reading) -> _Sums:
    """Return the sums of a file whose samples are not in order; it is read again, with its samples kept and sorted."""
    reading.rows = 0
    reading.notes.clear()
    reading.problems.clear()
    samples: list[_Sample] = []
    late = False
    for sample in _samples(source, reading):
        if samples and sample.moment < samples[-1].moment and not late:
            late, back = True, samples[-1].moment - sample.moment
            message = f"the time goes back by {back:.6g} s: the samples are read in the order of their times"
            reading.warn("CG518", sample.line, message)
        samples.append(sample)
        if len(samples) > MOST_SORTED:
            message = f"the times go back, in a file of more than {MOST_SORTED:,} samples"
            hint = "put its lines in the order of their times, or split it"
            raise Unreadable(Placed("CG505", message, (), hint, "error", sample.line))
    sums = _Sums()
    sums.add_all(sorted(samples, key=lambda sample: sample.moment))
    return sums


def _samples(source: Source, reading: Reading) -> Iterator[_Sample]:
    """Yield the samples; a line that is none is an error, a line that stands twice is read once."""
    before, line = "", 0
    for line, text in source.lines(LOG_LINE):
        if not text.strip():
            continue
        reading.rows += 1
        if text == before:
            reading.note("merged", line, "the line before, a second time")
            continue
        before = text
        try:
            sample = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise Unreadable(Placed("CG505", "this line is no sample: it is not whole JSON", (), AGAIN, "error", line)) from None
        if sample is None or not isinstance(sample, dict):
            raise Unreadable(Placed("CG505", "this line is no object, or names one value twice", (), AGAIN, "error", line))
        moment = json_number(sample.get("timestamp"))
        if moment is None or not 0 < moment < 1e11:
            value = quotable(str(sample.get("timestamp")))
            reading.fault("CG503", line, f"timestamp: {value} is not a time in seconds since 1970", AGAIN)
        elif _is_sound(sample, line, reading):
            gpus = sample.get("per_gpu_power_draw")
            watts = tuple(json_number(sample.get(name)) for name in POWER)
            yield _Sample(line, moment, watts, tuple(name in sample for name in POWER), len(gpus) if isinstance(gpus, dict) else 0)
    if not source.ends_in_newline:
        warn_of_cut_line(reading, line)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any] | None:
    """Return an object, None where it names one value twice."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else None


def _no_number(text: str) -> None:
    """Stand in for NaN: nothing was measured."""
    return None


def _is_sound(sample: Mapping[str, Any], line: int, reading: Reading) -> bool:
    for name in POWER:
        value, whole = sample.get(name), json_number(sample.get(WHOLE[name]))
        watts = json_number(value)
        if value is not None and (watts is None or not 0 <= watts < MOST_W):
            reading.fault("CG503", line, f"{name}: {quotable(str(value))} is not a power in W", AGAIN)
            return False
        # Share and whole are read at slightly different moments.
        if watts is not None and whole is not None and watts > 1.5 * whole + 1:
            reading.fault("CG504", line, f"the program's share, {watts:.6g} W, is above the whole, {whole:.6g} W", AGAIN)
            return False
    return True


def _report(sums: _Sums, reading: Reading) -> None:
    """Warn of powers that are missing, of times that stand twice, and of times without samples."""
    if sums.same[0]:
        reading.warn("CG518", sums.same[0], f"the time is that of line {sums.same[1]}: one of the two takes no time")
    for name, (count, line), total in zip(POWER, sums.lacking, sums.joules):
        if count and total.count:
            message = f"{count:,} sample{'s have' if count > 1 else ' has'} no {name}: the energy of their time is missing"
            reading.warn("CG510", line, message)
    usual = sums.spans.usual
    gaps = sums.spans.above(1.7 * usual)
    if gaps and sums.spans.count > 1:
        span, line = gaps[0]
        count_of_gaps = f"{len(gaps)} gaps, the longest" if len(gaps) > 1 else "a gap"
        message = f"{count_of_gaps} of {span:.4g} s between samples, usual are {usual:.4g} s: the power after it is taken for all of it"
        reading.warn("CG518", line, message, "compare with the log of the run: samples may be missing")
