"""carbontracker 1.1 to 2.4: ``*_carbontracker.log`` and ``*_carbontracker_output.log``, which belong together.

The output log prints the consumption: energy in kWh with PUE, CO2eq in g. Of the two that it prints only "Actual" is taken. The
other log has the mean power of each epoch in W, without PUE, and names the PUE.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

from cardgen.importers.carbontracker.logs import Consumption, Fault, Training, entries, epochs_log, output_log
from cardgen.problems import Placed
from cardgen.records.fields import MAX_KWH
from cardgen.records.record import Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.tool import Tool

TOOL = Tool(
    "carbontracker", "carbontracker", "*_carbontracker.log, *_carbontracker_output.log",
    "energy and emissions of all epochs with a PUE; power of each epoch; devices; grid intensity and where it was taken from",
    "whether power was measured, computed from rated power or simulated",
    "https://github.com/saintslab/carbontracker",
)  # fmt: skip

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - "
FIRST = re.compile(STAMP)
EPOCHS = re.compile(rf"^{STAMP}(?:carbontracker version \S|Only predicted and actual consumptions|Average power usage \(W\) for )", re.M)
OUTPUT = re.compile(rf"^{STAMP}CarbonTracker:", re.M)
UNKNOWN = ("Unknown", "UNDETECTED", "None", "")
COUNTRY = re.compile(r"(?:.*, )?([A-Z]{2})")
COMPONENTS = {"gpu": "accelerators", "cpu": "processors", "ram": "memory"}
RESTATE = "state hardware and duration in the run file, or the energy by another source"


def recognises(source: Source) -> bool:
    """Return whether the file is a log of carbontracker: its lines begin with a time, and one is a message of its own."""
    if not FIRST.match(source.first_line):
        return False
    return bool(EPOCHS.search(source.head) or OUTPUT.search(source.head))


@dataclass
class _Log:
    """A log that was read: its trainings, and the reading that its problems went into."""

    source: Source
    is_output: bool
    reading: Reading
    trainings: list[Training] = field(default_factory=list)

    @property
    def stem(self) -> str:
        return self.source.short.partition("_carbontracker")[0]


def read(sources: Sequence[Source]) -> list[Reading]:
    """Return one reading for each pair of logs, and one for each log that has no other."""
    logs = [_opened(source) for source in sources]
    pairs = _pairs([log for log in logs if log.is_output], [log for log in logs if not log.is_output])
    taken: dict[object, str] = {}
    readings = []
    for log in logs:
        if log.is_output:
            readings.append(_read(log, pairs.get(id(log)), taken))
        elif not any(log is other for other in pairs.values()):
            readings.append(_read(None, log, taken))
    return readings


def _opened(source: Source) -> _Log:
    log = _Log(source, not EPOCHS.search(source.head), Reading(source.name, TOOL.name))
    try:
        found = entries(source, log.reading, log.reading.fault, log.reading.warn)
        log.trainings = (output_log if log.is_output else epochs_log)(found, log.reading.fault)
    except Unreadable as error:
        log.reading.problems.append(error.problem)
    except UnicodeError:
        log.reading.problems.append(Placed("CG505", "this is not text", line=log.reading.rows + 1))
    return log


def _pairs(outputs: list[_Log], others: list[_Log]) -> dict[int, _Log]:
    """Return the log of epochs of each output log, by the output's identity: those that fit best first."""
    fits = [(score, -i, -j) for i, a in enumerate(outputs) for j, b in enumerate(others) if (score := _fit(a, b)) > (0, 0)]
    pairs: dict[int, _Log] = {}
    for _, i, j in sorted(fits, reverse=True):
        if id(outputs[-i]) not in pairs and not any(others[-j] is other for other in pairs.values()):
            pairs[id(outputs[-i])] = others[-j]
    return pairs


def _fit(output: _Log, other: _Log) -> tuple[int, int]:
    """Return how well two logs fit: by start, devices and energy, then by how much of their names is common."""
    same_stem = bool(output.stem) and output.stem == other.stem
    if not output.trainings or not other.trainings:
        return (1, 0) if same_stem else (0, 0)
    a, b = output.trainings[0], other.trainings[0]
    if a.found and b.found and not _is_same(a, b):
        return 0, 0
    if not (a.found and b.found) and not same_stem and not _ends_together(a, b):
        return 0, 0
    whole = math.fsum(b.kilowatt_hours.values()) * (b.pue or 1)
    agrees = a.actual is not None and math.isclose(a.actual.energy_kwh, whole, rel_tol=0.01)
    return 1 + agrees, len(os.path.commonprefix([output.source.short, other.source.short])) + 1_000 * same_stem


def _is_same(a: Training, b: Training) -> bool:
    """Return whether two logs speak of one training: the same devices, found in the same second or the next."""
    return a.found == b.found and a.found_at is not None and b.found_at is not None and abs(a.found_at - b.found_at) <= 2


def _ends_together(a: Training, b: Training) -> bool:
    """Return whether two logs end in the same second or the next: enough where one of them lost the line of its devices."""
    return a.last is not None and b.last is not None and abs(a.last - b.last) <= 2


def _read(output: _Log | None, other: _Log | None, taken: dict[object, str]) -> Reading:
    """Return the reading of a pair, or of one log; ``taken`` holds the trainings that were read from another file."""
    logs = [log for log in (output, other) if log]
    reading = logs[0].reading
    for log in logs[1:]:
        reading.rows += log.reading.rows
        for problem in log.reading.problems:
            add = reading.fault if problem.severity == "error" else reading.warn
            add(problem.code, problem.line, f"{log.source.short}: {problem.message}", problem.hint)
        for note in log.reading.notes:
            reading.note(note.kind, note.line, f"{log.source.short}: {note.reason}")
    file = logs[0].source.short
    for log in logs[1:]:
        reading.note("merged", 1, f"{log.source.short} tells the epochs of the same training: read with it")
    for printed, logged in _matched(output.trainings if output else [], other.trainings if other else []):
        reading.version = reading.version or (logged.version if logged else "")
        record = _record(printed, logged, _Say(reading, other.source.short + ": " if output and other else ""), file)
        now = printed if printed and printed.actual else logged
        block = now.actual if now else None
        key = (block.stamp, block.epochs, block.energy_kwh, block.emissions_g) if block else (record.start, record.energy_kwh, record.host)
        if record.energy_kwh is not None and taken.setdefault(key, file) != file:
            line = record.lines[0] if record.lines else 1
            reading.note("merged", line, f"the same training as in {taken[key]}")
            if block is None or block.energy_digit > 1e-9:  # two ranks can agree in so few digits
                reading.warn(
                    "CG510", line, f"start, time and energy are those of {taken[key]}: it is taken as the same training and left out"
                )
            continue
        reading.records.append(record)
    if not reading.records and not reading.notes and not reading.is_refused:
        reading.fault("CG501", 1, "the log holds no training", RESTATE)
    return reading


@dataclass
class _Say:
    """Where problems of a training go; those of the log of epochs name it when the reading is that of the other."""

    reading: Reading
    prefix: str

    def fault(self, code: str, line: int, message: str, hint: str = "") -> None:
        self.reading.fault(code, line, self.prefix + message, hint)

    def warn(self, code: str, line: int, message: str, hint: str = "") -> None:
        self.reading.warn(code, line, self.prefix + message, hint)


def _matched(printed: list[Training], logged: list[Training]) -> list[tuple[Training | None, Training | None]]:
    """Return the trainings of both logs side by side, None where a log has none."""
    left = list(logged)
    sides: list[tuple[Training | None, Training | None]] = []
    for training in printed:
        same = [other for other in left if _is_same(training, other)]
        if not same and len(printed) == len(logged) == 1:
            same = left[:1]
        left = [other for other in left if other is not same[0]] if same else left
        sides.append((training, same[0] if same else None))
    return sides + [(None, training) for training in left]


def _record(printed: Training | None, logged: Training | None, say: _Say, file: str) -> Record:
    """Return what the logs say of one training, with the energy that it printed, else that of its epochs."""
    one = logged or printed or Training(1)
    actual, pue = printed.actual if printed else None, logged.pue if logged else None
    parts = logged.kilowatt_hours if logged else {}
    energy, emissions, lines = None, None, ()
    seconds = logged.seconds if logged and logged.epochs else actual.seconds if actual else 0.0
    if actual and actual.energy_kwh > 0:
        energy, lines = actual.energy_kwh, (actual.line,)
        emissions = _checked(actual, printed or one, logged, say)
    elif logged and math.fsum(parts.values()) > 0 and _is_whole(printed, logged):
        energy, lines = math.fsum(parts.values()) * (pue or 1), tuple(epoch.line for epoch in logged.epochs[:20])
        message = f"the log prints no actual consumption: the energy is computed from the power and length of {len(logged.epochs)} epochs"
        say.warn("CG517", logged.epochs[0].line, message, "give the output log of the same training as well")
    else:
        _missing(printed, logged, say)
    basis, reason = _basis(logged, parts, say)
    if energy is not None and actual is None:
        reason = f"power × time of each epoch, × PUE {pue:g}; {reason}" if pue else f"power × time of each epoch, without PUE; {reason}"
    if energy is not None and pue is None:
        said = "the energy includes the PUE of the tool's release, 1.55 to 1.59" if actual else "PUE is not in the energy"
        line = actual.line if actual else one.line
        say.reading.warn("CG521", line, f"no line names the PUE: {said}", "give the log of epochs as well: it names the PUE")
        reason = f"{said}; {reason}"
    if energy is not None and energy > MAX_KWH:
        say.reading.fault("CG503", lines[0], f"the energy is {energy:.3g} kWh, which no run uses", "write or copy the logs again")
    ends = one.last if one.first is None or one.last is None or one.last >= one.first else None  # the clock was set back: it is warned of
    gpus, hours = one.devices("GPU"), seconds / 3600 or None
    place = one.place or (printed.place if printed else None)
    whole = math.fsum(parts.values())
    country = COUNTRY.fullmatch(place or "")
    return Record(
        tool=TOOL.name, run=_named(one), method=f"carbontracker {one.version}".strip(), energy_kwh=energy,
        boundary="facility" if actual or pue else "node", basis=basis, reason=reason, pue=pue if energy is not None else None,
        emissions_kg=emissions, start=one.first, end=ends, hours=hours,
        device_hours=hours * sum(gpu.count or 0 for gpu in gpus) if hours and gpus else None,
        devices=gpus or one.devices("CPU"), country=country[1] if country else None,
        components={COMPONENTS.get(name, name): energy * part / whole for name, part in parts.items()} if energy and whole else {},
        is_default_place=place in UNKNOWN if place is not None else False, host=(one.found,),
        private={"location": place} if place and place not in UNKNOWN else {}, file=file, lines=lines,
    )  # fmt: skip


def _named(training: Training) -> str:
    """Return when a training began, which is all that tells it from others of its file."""
    if training.first is None or training.first < 0:
        return ""
    return datetime.fromtimestamp(training.first, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def _is_whole(printed: Training | None, logged: Training) -> bool:
    """Return whether the log of epochs has all of them: monitoring ended, or there are as many as were planned."""
    planned = printed.predicted.epochs if printed and printed.predicted else None
    return logged.is_ended or (planned is not None and len(logged.epochs) == planned)


def _missing(printed: Training | None, logged: Training | None, say: _Say) -> None:
    """Add the fault of a training without energy, with the reason that the logs show."""
    one = printed or logged or Training(1)
    if printed and printed.actual:
        message = "the actual consumption is 0 kWh: no power was read, or it was printed with too few digits"
        one = Training(printed.actual.line)
    elif printed and printed.predicted:
        message = "only a prediction was printed: the training ended before the actual consumption, without tracker.stop()"
        one = Training(printed.predicted.line)
    elif logged and logged.epochs and not logged.is_ended:
        message = f"the log ends after epoch {logged.epochs[-1].number}, before monitoring ended: it was cut, or the training was"
        one = Training(logged.epochs[-1].line)
    elif logged and logged.epochs:
        message = "no epoch has a power: each was too short for a reading"
    else:
        message = "no consumption was printed: the training ended before its first epoch, or no power could be read"
    say.reading.fault("CG501", one.line, message, RESTATE)


def _checked(actual: Consumption, printed: Training, logged: Training | None, say: _Say) -> float | None:
    """Return the emissions in kg, after comparing what was printed with intensity, epochs and power."""
    intensity, grams, fault = printed.intensity or (logged.intensity if logged else None), actual.emissions_g, say.reading.fault
    again = "values may have moved: write or copy the logs again"
    if grams is None:
        say.reading.warn("CG510", actual.line + 1, "the emissions are missing: the energy is read, the tracker's own carbon is not")
    elif intensity:
        allowed = actual.emissions_digit + actual.energy_digit * intensity + actual.energy_kwh * 0.0051
        if abs(grams - actual.energy_kwh * intensity) > allowed:
            message = (
                f"CO2eq is {grams:.6g} g, and {actual.energy_kwh:.6g} kWh × {intensity:g} g/kWh are {actual.energy_kwh * intensity:.6g} g"
            )
            fault("CG504", actual.line, message, again)
    elif printed.predicted and printed.predicted.emissions_g and printed.predicted.energy_kwh:
        implied = printed.predicted.emissions_g / printed.predicted.energy_kwh
        if grams and not 0.1 < grams / (actual.energy_kwh * implied) < 10:
            fault("CG504", actual.line, f"CO2eq is {grams:.6g} g, and the prediction has {implied:.6g} g/kWh", again)
    planned = printed.predicted.epochs if printed.predicted else None
    if logged is None and planned and actual.epochs is not None and actual.epochs < planned:
        message = f"the actual consumption is that of {actual.epochs} epoch(s) or one more, and {planned} were planned"
        say.reading.warn("CG517", actual.line, message, "if training went on without monitoring, the rest is missing: state it")
    if logged and logged.epochs:
        _compared(actual, logged, fault, say)
    return grams / 1000 if grams is not None else None


def _compared(actual: Consumption, logged: Training, fault: Fault, say: _Say) -> None:
    """Compare what was printed with the epochs: their number, time, and power × time × PUE."""
    count, seconds = len(logged.epochs), logged.seconds
    if abs(actual.seconds - seconds) > 1 + 0.006 * count:
        fault("CG504", actual.line, f"the time is {actual.seconds:g} s, and the epochs last {seconds:g} s together", "compare both logs")
    if actual.epochs is not None and actual.epochs != count:
        is_known = logged.is_interrupted and actual.epochs == count - 1
        reason = "after an early stop the tool counts one too few, the energy is that of all" if is_known else "compare both logs"
        say.reading.warn("CG517", actual.line, f"the actual consumption names {actual.epochs} epoch(s), and {count} were logged", reason)
    lacking = next((epoch for epoch in logged.epochs if None in epoch.power_w.values()), None)
    if lacking is not None:
        say.warn("CG510", lacking.line, f"epoch {lacking.number} has no power: it was too short, and the tool takes that of a later one")
        return
    whole = math.fsum(logged.kilowatt_hours.values()) * (logged.pue or 1)
    if logged.pue is None:
        return
    # Powers that vary are means of few samples in short epochs, and the last sample can come after the line is written.
    slack = 0.01 if _constant(logged) or seconds >= 60 * count else 0.2
    rounding = 0.005 * math.fsum(sum(p or 0 for p in epoch.power_w.values()) for epoch in logged.epochs) / 3.6e6 * logged.pue
    if abs(whole - actual.energy_kwh) > slack * actual.energy_kwh + rounding + actual.energy_digit:
        message = f"the energy is {actual.energy_kwh:.6g} kWh, and power × time × PUE of the epochs are {whole:.6g} kWh"
        fault("CG504", actual.line, message, "values may have moved: write or copy the logs again")


def _constant(logged: Training) -> list[str]:
    """Return the components whose power is the same in every epoch: of one epoch, where it has at most two decimals."""
    names = dict.fromkeys(name for epoch in logged.epochs for name in epoch.power_w)
    found = []
    for name in names:
        values = {value for epoch in logged.epochs if (value := epoch.power_w.get(name)) is not None}
        if len(values) == 1 and (len(logged.epochs) > 1 or all(round(value, 2) == value for value in values)):
            found.append(name)
    return found


def _basis(logged: Training | None, parts: dict[str, float], say: _Say) -> tuple[str, str]:
    """Return whether the energy was measured, and why: a meter varies, a rated power and a simulation do not."""
    unsure = "the log does not say how power was read"
    if logged is None or not parts or not logged.epochs:
        return "estimated", f"{unsure}: it may be a meter, a rated power or a simulation"
    constant = _constant(logged)
    if constant:
        words = " and ".join(f"{name.upper()} {logged.epochs[0].power_w.get(name) or 0:g} W" for name in constant)
        message = f"the power is the same in every epoch, {words}: it is a rated power, or it was simulated"
        say.warn("CG517", logged.epochs[0].line, message, "confirm that this hardware ran, and state a measured energy if there is one")
    varying = math.fsum(part for name, part in parts.items() if name not in constant)
    if varying > math.fsum(parts.values()) / 2:
        fixed = f"; {', '.join(name.upper() for name in constant)} at a constant power" if constant else ""
        return "measured", f"power varies as a meter's does; {unsure}{fixed}"
    return "estimated", f"constant power, rated or simulated; {unsure}"
