"""carbontracker 1.1 to 2.4: ``*_carbontracker.log`` and ``*_carbontracker_output.log``, which belong together.

The output log prints the consumption: energy in kWh with PUE, CO2eq in g. Of the two that it prints "Actual" is taken, but where
only some epochs were monitored: then it is that of those, and "Predicted" that of all. The other log has the mean power of each
epoch in W, without PUE, and names the PUE.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

from cardgen.importers.carbontracker.energy import RESTATE, Say, basis_of, energy_of
from cardgen.importers.carbontracker.logs import AGAIN, Training, entries, epochs_log, output_log
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
ERRORS = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - \w+ - [A-Z]+ - ")
ITS_WORDS = re.compile(r"carbontracker|carbon intensity|intensity provider", re.I)
EMPTY = re.compile(r".*_carbontracker_(?:output|err)\.log", re.S)
UNKNOWN = ("Unknown", "UNDETECTED", "None", "")
COUNTRY = re.compile(r"(?:.*, )?([A-Z]{2})")
COMPONENTS = {"gpu": "accelerators", "cpu": "processors", "ram": "memory"}


def recognises(source: Source) -> bool:
    """Return whether the file is a log of carbontracker: its lines begin with a time, and one is a message of its own."""
    if not FIRST.match(source.first_line):
        return bool(_aside(source))
    return bool(EPOCHS.search(source.head) or OUTPUT.search(source.head))


def _aside(source: Source) -> str:
    """Return what a log of the tool is that holds no energy, "" for another one."""
    if ERRORS.match(source.first_line) and ITS_WORDS.search(source.head):
        return "the tool's log of errors and warnings: it holds no energy"
    if not source.head.strip() and EMPTY.fullmatch(source.short):  # nothing but the name tells whose it is
        return "a log of the tool that is empty: nothing was printed to it"
    return ""


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
    asides = [(source, words) for source in sources if (words := _aside(source))]
    logs = [_opened(source) for source in sources if not any(source is other for other, _ in asides)]
    pairs = _pairs([log for log in logs if log.is_output], [log for log in logs if not log.is_output])
    taken: dict[object, str] = {}
    readings = []
    for log in logs:
        if log.is_output:
            readings.append(_read(log, pairs.get(id(log)), taken))
        elif not any(log is other for other in pairs.values()):
            readings.append(_read(None, log, taken))
    return readings + [_not_read(source, words, is_alone=not logs) for source, words in asides]


def _not_read(source: Source, words: str, is_alone: bool) -> Reading:
    reading = Reading(source.name, TOOL.name)
    reading.note("not read", 1, words)
    try:
        for _ in source.lines():
            reading.rows += 1
    except Unreadable as error:  # nothing is lost with it
        problem = error.problem
        reading.warn(problem.code, problem.line, problem.message, "no energy is lost: this log holds none")
    except UnicodeError:
        reading.warn("CG505", reading.rows + 1, "this is not text", "no energy is lost: this log holds none")
    if is_alone:
        reading.fault("CG501", 1, f"this is {words}", "give *_carbontracker.log and *_carbontracker_output.log of the same training")
    return reading


def _opened(source: Source) -> _Log:
    log = _Log(source, not EPOCHS.search(source.head), Reading(source.name, TOOL.name))
    try:
        found = entries(source, log.reading, log.reading.fault, log.reading.warn)
        log.trainings = (output_log if log.is_output else epochs_log)(found, log.reading.fault)
    except Unreadable as error:
        log.reading.problems.append(error.problem)
    except UnicodeError:
        log.reading.problems.append(Placed("CG505", "this is not text", line=log.reading.rows + 1))
    if log.trainings and not log.trainings[-1].is_ended and not source.ends_in_newline:
        log.trainings[-1].is_cut = True
        log.reading.warn("CG519", log.trainings[-1].last_line, "the last line has no end: the log was cut", AGAIN)
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
        record = _record(printed, logged, Say(reading, other.source.short + ": " if output and other else ""), file)
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


def _record(printed: Training | None, logged: Training | None, say: Say, file: str) -> Record:
    """Return what the logs say of one training, with the energy that it printed, else that of its epochs."""
    one = logged or printed or Training(1)
    actual, pue = printed.actual if printed else None, logged.pue if logged else None
    parts = logged.kilowatt_hours if logged else {}
    used = energy_of(printed, logged, say)
    energy, part, lines, seconds = used.kwh, used.predicted_from, used.lines, used.seconds
    basis, reason = basis_of(logged, parts, say)
    if energy is not None and part:
        basis, reason = "estimated", f"predicted by the tool: {part[0]} of {part[1]} epochs were monitored"
    elif used.is_computed:
        reason = f"power × time of each epoch, × PUE {pue:g}; {reason}" if pue else f"power × time of each epoch, without PUE; {reason}"
    if energy is not None and pue is None:
        said = "the energy includes the PUE of the tool's release, 1.55 to 1.59" if actual or part else "PUE is not in the energy"
        line = actual.line if actual else one.line
        say.reading.warn("CG521", line, f"no line names the PUE: {said}", "give the log of epochs as well: it names the PUE")
        reason = f"{said}; {reason}"
    if energy is not None and energy > MAX_KWH:
        say.reading.fault("CG503", lines[0], f"the energy is {energy:.3g} kWh, which no run uses", "write or copy the logs again")
    ends = one.last if one.first is None or one.last is None or one.last >= one.first else None  # the clock was set back: it is warned of
    if part and one.first is not None:
        ends = max(ends or 0.0, one.first + seconds)  # training went on after the last line
    gpus, hours = one.devices("GPU"), seconds / 3600 or None
    place = one.place or (printed.place if printed else None)
    whole = math.fsum(parts.values())
    country = COUNTRY.fullmatch(place or "")
    return Record(
        tool=TOOL.name, run=_named(one), method=f"carbontracker {one.version}".strip(), energy_kwh=energy,
        boundary="facility" if actual or part or pue else "node", basis=basis, spread=used.spread,
        reason=reason, pue=pue if energy is not None else None,
        emissions_kg=used.emissions_kg, start=one.first, end=ends, hours=hours,
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
