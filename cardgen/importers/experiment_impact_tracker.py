"""experiment-impact-tracker 0.1: ``impacttracker/data.json``, a JSON object on each line, one for each sample.

Power is W: of the processors by RAPL, of the GPUs by nvidia-smi, each the share of the program. The tool's own reader integrates
power over time and multiplies by a PUE of 1.58; the file has neither. Start and end of the run, devices and place stand in
``info.pkl``, which is never opened: a pickle can run code.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from cardgen.problems import Placed, printable
from cardgen.records.fields import json_number
from cardgen.records.record import Reading, Record
from cardgen.records.source import Source, Unreadable
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
AGAIN = "write or copy the file again, or leave the line out"
PUE_OF_READER = "the tool's own reader multiplies by a PUE of 1.58, which is not in it"


def recognises(source: Source) -> bool:
    """Return whether the first line begins an object with a time and a name that only this tool writes."""
    line = source.first_line.lstrip()
    return line.startswith("{") and '"timestamp"' in line and any(f'"{name}"' in line for name in OWN)


def _read(source: Source, reading: Reading) -> None:
    samples = _in_order(list(_samples(source, reading)), reading)
    if (source.path.parent / "info.pkl").is_file():
        reading.note("not read", 1, "info.pkl beside it is a pickle, which can run code: devices, place, start and end are not read")
    if not samples:
        if not reading.is_refused:
            reading.fault("CG501", 1, "the file holds no sample", "state hardware and duration in the run file")
        return
    first, last = samples[0][1], samples[-1][1]
    hours = (last - first) / 3600
    names = [name for name in POWER if any(name in sample for _, _, sample in samples)]
    parts = {POWER[name]: _integral(name, samples, reading) for name in names}
    energy = math.fsum(parts.values())
    if energy <= 0:
        if not names:
            message = "no sample has a power: the tool reads RAPL and nvidia-smi alone, and the machine gave it neither"
        elif len(samples) == 1:
            message = "there is one sample, and energy needs two: the run was shorter than the first interval"
        else:
            message = "all powers are 0: the tool could not tell which part was the program's"
        reading.fault("CG501", samples[0][0], message, "state hardware and duration in the run file")
    else:
        _gaps(samples, reading)
    gpus = max((len(value) for _, _, sample in samples if isinstance(value := sample.get("per_gpu_power_draw"), dict)), default=0)
    reason = f"meters of the machine, the share of the program, from the first to the last sample; {PUE_OF_READER}"
    reading.records.append(Record(
        tool=TOOL.name, method=TOOL.title, energy_kwh=energy if energy > 0 else None,
        boundary="accelerators" if names == [ACCELERATORS] else "node", basis="measured", reason=reason,
        start=first, end=last, hours=hours or None, device_hours=hours * gpus if hours and gpus else None,
        components=parts if energy > 0 else {}, file=source.short, lines=(samples[0][0], samples[-1][0]),
    ))  # fmt: skip


read = each(_read, TOOL)


def _samples(source: Source, reading: Reading) -> Iterator[tuple[int, float, Mapping[str, Any]]]:
    """Yield the samples with line and time; a line that is none is an error, a line that stands twice is read once."""
    before = ""
    for line, text in source.lines():
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
            raise Unreadable(Placed("CG505", f'this line is no sample: "{printable(text[-60:], 60)}"', (), AGAIN, "error", line)) from None
        if sample is None or not isinstance(sample, dict):
            raise Unreadable(Placed("CG505", "this line is no object, or names one value twice", (), AGAIN, "error", line))
        moment = json_number(sample.get("timestamp"))
        if moment is None or not 0 < moment < 1e11:
            value = printable(str(sample.get("timestamp")), 60)
            reading.fault("CG503", line, f'timestamp: "{value}" is not a time in seconds since 1970', AGAIN)
        elif _is_sound(sample, line, reading):
            yield line, moment, sample


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
            reading.fault("CG503", line, f'{name}: "{printable(str(value), 60)}" is not a power in W', AGAIN)
            return False
        # Share and whole are read at slightly different moments.
        if watts is not None and whole is not None and watts > 1.5 * whole + 1:
            reading.fault("CG504", line, f"the program's share, {watts:.6g} W, is above the whole, {whole:.6g} W", AGAIN)
            return False
    return True


def _in_order(samples: list[tuple[int, float, Mapping[str, Any]]], reading: Reading) -> list[tuple[int, float, Mapping[str, Any]]]:
    """Return the samples by time, with a warning where they stood otherwise."""
    for (_, before, _), (line, moment, _) in zip(samples, samples[1:]):
        if moment < before:
            reading.warn("CG518", line, f"the time goes back by {before - moment:.6g} s: the samples are read in the order of their times")
            break
    found = sorted(samples, key=lambda sample: sample[1])
    for (before, earlier, _), (line, moment, _) in zip(found, found[1:]):
        if moment == earlier:
            reading.warn("CG518", line, f"the time is that of line {before}: one of the two takes no time")
            break
    return found


def _integral(name: str, samples: list[tuple[int, float, Mapping[str, Any]]], reading: Reading) -> float:
    """Return the energy of a power over all intervals in kWh: as the tool's reader, each sample holds for the time before it."""
    joules, lacking = [], []
    for (_, before, _), (line, moment, sample) in zip(samples, samples[1:]):
        watts = json_number(sample.get(name))
        if watts is None:
            lacking.append(line)
        else:
            joules.append(watts * (moment - before))
    if lacking and joules:
        message = f"{len(lacking)} sample{'s have' if len(lacking) > 1 else ' has'} no {name}: the energy of their time is missing"
        reading.warn("CG510", lacking[0], message)
    return math.fsum(joules) / 3.6e6


def _gaps(samples: list[tuple[int, float, Mapping[str, Any]]], reading: Reading) -> None:
    """Warn of times without samples, over which the next power was taken to hold."""
    spans = [(moment - before, line) for (_, before, _), (line, moment, _) in zip(samples, samples[1:])]
    usual = sorted(span for span, _ in spans)[(len(spans) - 1) // 2]
    gaps = [(span, line) for span, line in spans if span > 1.7 * usual]
    if gaps and len(spans) > 1:
        span, line = max(gaps)
        count = f"{len(gaps)} gaps, the longest" if len(gaps) > 1 else "a gap"
        message = f"{count} of {span:.4g} s between samples, usual are {usual:.4g} s: the power after it is taken for all of it"
        reading.warn("CG518", line, message, "compare with the log of the run: samples may be missing")
