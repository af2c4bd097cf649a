"""The two logs of carbontracker as trainings: epochs with their power from one, the consumption that it printed from the other."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cardgen.problems import Placed
from cardgen.records.fields import clock, elapsed, number, quotable
from cardgen.records.record import Device, Reading
from cardgen.records.source import LOG_LINE, Source, Unreadable
from cardgen.records.streamed import MAX_RUNS, too_many_runs

STAMPED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) - (.*)", re.S)
VERSION = re.compile(r"carbontracker version (\S+)\s*")
RELEASE = re.compile(r"\d[\dA-Za-z.]{0,19}")
NO_COMPONENT = "NoComponentsAvailableError"  # a name in the traceback that the output log keeps
PUE = re.compile(r"multiplied by a PUE coefficient of (\d{1,3}(?:\.\d{1,9})?) \(")
FOUND = re.compile(r"The following components were found: (.*\.)\s*")
COMPONENT = re.compile(r"(\w+) with device\(s\) (.*?)\.(?= \w+ with device\(s\) |$)")
EPOCH = re.compile(r"Epoch (\d{1,9}):\s*")
DURATION = re.compile(r"Duration: (\d{1,6}:\d\d:\d\d\.\d\d)\s*")
POWER = re.compile(r"Average power usage \(W\) for (\w+): (.+)", re.S)
AVERAGE = re.compile(
    r"Average carbon intensity during training was (\d{1,9}\.\d+) gCO2(?:eq)?/kWh(?: at detected location: (.*?))?\.\s*", re.S
)
PLACE = re.compile(r"Carbon intensities \(gCO2(?:eq)?/kWh\) fetched every \S+ s at detected location:? (.*): \[.*\]\s*", re.S)
BLOCK = re.compile(r"(Actual|Predicted) consumption(?: for (-?\d{1,9}) epoch\(s\))?:\s*")
LINES = (
    ("Time", re.compile(r"\s*Time:\s+(-?\d{1,6}:\d\d:\d\d)\s*")),
    ("Energy", re.compile(r"\s*Energy:\s+(\d{1,15}(?:\.\d{1,40})?|nan) kWh\s*")),
    ("CO2eq", re.compile(r"\s*CO2eq:\s+(\d{1,15}(?:\.\d{1,40})?|nan) g\s*")),
)
AGAIN = "write or copy the log again"
MAX_EPOCHS = 50_000  # of a log: they are kept, for the two logs are compared


@dataclass(frozen=True)
class Entry:
    """A message of a log with the line it begins on, its time, and the lines that follow without one."""

    line: int
    stamp: str
    text: str
    more: tuple[str, ...] = ()


@dataclass
class Epoch:
    """An epoch: its length in s and the mean power of each component in W, None where the log says None."""

    number: int
    line: int
    seconds: float | None = None
    power_w: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Consumption:
    """What the tool printed for all epochs: energy in kWh with PUE and its last digit, emissions in g and theirs."""

    line: int
    stamp: str
    epochs: int | None
    seconds: float
    energy_kwh: float
    energy_digit: float
    emissions_g: float | None
    emissions_digit: float


@dataclass
class Training:
    """What a log says of one training; the log of epochs leaves the consumption open, the other one the epochs."""

    line: int
    version: str = ""
    pue: float | None = None
    found: str = ""
    epochs: list[Epoch] = field(default_factory=list)
    actual: Consumption | None = None
    predicted: Consumption | None = None
    intensity: float | None = None
    place: str | None = None
    is_interrupted: bool = False
    is_ended: bool = False  # the message that the tool writes last is there
    is_cut: bool = False  # its last line has no end
    found_none: bool = False  # the tool says that it found no component
    last_line: int = 1
    with_one_number: set[str] = field(default_factory=set)  # components whose power is no list
    is_late: bool = False  # a message is worded as from release 2.4 on
    first: float | None = None
    found_at: float | None = None
    last: float | None = None

    @property
    def seconds(self) -> float:
        """Return the time of all epochs in s."""
        return math.fsum(epoch.seconds or 0 for epoch in self.epochs)

    @property
    def tells_epochs(self) -> bool:
        """Whether the epochs are all that were monitored: what comes after the last one is there."""
        return bool(self.epochs) and (self.is_ended or self.is_interrupted)

    @property
    def is_without_components(self) -> bool:
        """Whether nothing was found whose power can be read: the log begins with its release, and names no component and no power."""
        return self.found_none or bool(self.version and self.epochs and not self.found and not any(e.power_w for e in self.epochs))

    @property
    def kilowatt_hours(self) -> dict[str, float]:
        """Return the energy of each component over all epochs in kWh, without PUE."""
        names = dict.fromkeys(name for epoch in self.epochs for name in epoch.power_w)
        return {name: math.fsum((e.power_w.get(name) or 0) * (e.seconds or 0) for e in self.epochs) / 3.6e6 for name in names}

    def devices(self, kind: str) -> tuple[Device, ...]:
        """Return the devices of a kind, ``GPU`` or ``CPU``, each name with its count."""
        named = [name.strip() for part in COMPONENT.finditer(self.found) if part[1] == kind for name in part[2].split(",")]
        return tuple(Device(name, named.count(name)) for name in dict.fromkeys(named) if name)


Fault = Callable[[str, int, str, str], None]


def entries(source: Source, reading: Reading, fault: Fault, warn: Fault) -> Iterator[Entry]:
    """Yield the messages of a log, each repeated one once: two writers on one file write every message twice."""
    before: Entry | None = None
    for entry in _messages(source):
        reading.rows += 1
        if before is not None and entry.stamp < before.stamp:
            warn(
                "CG518",
                entry.line,
                f"the time goes back from {before.stamp} to {entry.stamp}",
                "the clock was set, or lines changed places",
            )
        if before is not None and (entry.stamp, entry.text, entry.more) == (before.stamp, before.text, before.more):
            reading.note("merged", entry.line, "the message before, a second time")
            continue
        if not entry.stamp:
            fault("CG505", entry.line, "the line has no time before it", AGAIN)
        before = entry
        yield entry


def _messages(source: Source) -> Iterator[Entry]:
    begun: tuple[int, str, str] | None = None
    more: list[str] = []
    for line, text in source.lines(LOG_LINE):
        match = STAMPED.fullmatch(text)
        if match or begun is None:
            if begun is None and not match and not text.strip():
                continue
            if begun is not None:
                yield Entry(*begun, tuple(more))
            begun = (line, match[1], match[2]) if match else (line, "", text)
            more = []
        elif len(more) < 1_000:
            more.append(text)
    if begun is not None:
        yield Entry(*begun, tuple(more))


def epochs_log(found: Iterator[Entry], fault: Fault) -> list[Training]:
    """Return the trainings of the log of epochs."""
    trainings: list[Training] = []
    for entry in found:
        text = entry.text
        if not trainings or (VERSION.fullmatch(text) and trainings[-1].version + trainings[-1].found):
            trainings.append(Training(entry.line))
        now = trainings[-1]
        _limit(trainings, entry.line)
        _timed(now, entry)
        if match := VERSION.fullmatch(text):
            now.version = match[1] if RELEASE.fullmatch(match[1]) else ""
        elif match := PUE.search(text):
            now.pue = number(match[1])
        elif match := EPOCH.fullmatch(text):
            wanted = now.epochs[-1].number + 1 if now.epochs else 1
            if int(match[1]) != wanted:
                fault("CG504", entry.line, f"epoch {match[1]} stands where epoch {wanted} is expected: lines are missing", AGAIN)
            now.epochs.append(Epoch(int(match[1]), entry.line))
        elif text.startswith("Duration"):
            _duration(now, entry, fault)
        elif text.startswith("Average power usage"):
            _power(now, entry, fault)
        elif text.startswith("Training was interrupted before"):
            now.is_interrupted = True
        elif text.startswith("Monitoring thread ended."):
            now.is_ended = True
    for training in trainings:
        _complete(training, fault)
    return trainings


def _limit(trainings: list[Training], line: int) -> None:
    """Raise Unreadable where a log has more trainings or epochs than are kept."""
    if len(trainings) > MAX_RUNS:
        raise too_many_runs(line, "trainings", "split it: a card describes one release")
    if len(trainings[-1].epochs) >= MAX_EPOCHS:
        message = f"a training has {MAX_EPOCHS:,} epochs and more: they are not kept"
        hint = "give the output log of the training alone: it has the consumption of all"
        raise Unreadable(Placed("CG505", message, (), hint, "error", line))


def _timed(training: Training, entry: Entry) -> None:
    """Take the times of a message, and what both logs say: components, intensity and place."""
    moment = clock(entry.stamp)
    training.first = moment if training.first is None else training.first
    training.last = moment if moment is not None else training.last
    training.last_line = entry.line + len(entry.more)
    training.found_none = training.found_none or any(NO_COMPONENT in text for text in (entry.text, *entry.more))
    text = entry.text.removeprefix("CarbonTracker: ")
    training.is_late = training.is_late or "gCO2eq/kWh" in text
    if match := FOUND.fullmatch(text):
        training.found, training.found_at = match[1], moment
    elif match := AVERAGE.fullmatch(text):
        training.intensity = number(match[1])
        training.place = match[2] or training.place
    elif match := PLACE.fullmatch(text):
        training.place = match[1]


def _duration(training: Training, entry: Entry, fault: Fault) -> None:
    match, epoch = DURATION.fullmatch(entry.text), training.epochs[-1] if training.epochs else None
    if match is None:
        fault("CG503", entry.line, f"{quotable(entry.text)} is not a duration", AGAIN)
    elif epoch is None or epoch.seconds is not None or epoch.power_w:
        fault("CG505", entry.line, "the duration does not follow the name of its epoch: lines are missing", AGAIN)
    else:
        epoch.seconds = elapsed(match[1])


def _power(training: Training, entry: Entry, fault: Fault) -> None:
    match = POWER.fullmatch(" ".join((entry.text, *entry.more)).strip())
    watts = _watts(match[2]) if match else ()
    if match is None or watts == ():
        fault("CG503", entry.line, f"{quotable(entry.text)} is not a power in W", AGAIN)
        return
    epoch = training.epochs[-1] if training.epochs else None
    if epoch is None or epoch.seconds is None or match[1] in epoch.power_w:
        fault("CG505", entry.line, f"the power of {match[1][:20]} does not follow its epoch: lines are missing", AGAIN)
        return
    if watts is not None and "[" not in match[2]:
        training.with_one_number.add(match[1])
    epoch.power_w[match[1]] = None if watts is None else math.fsum(watts)


def _watts(text: str) -> tuple[float, ...] | None:
    """Return the power of each device in W: one number, or a list as NumPy prints it; None for None, () for no power.

    >>> _watts("340.0"), _watts("[ 65.1  70.2]"), _watts("[136.86]"), _watts("None"), _watts("6O.0")
    ((340.0,), (65.1, 70.2), (136.86,), None, ())
    """
    text = text.strip()
    if text in ("None", "nan", "[nan]", "[]"):
        return None
    if text.startswith("[") != text.endswith("]"):
        return ()
    values = [number(part) for part in text.strip("[]").replace(",", " ").split()]
    return () if any(value is None or not 0 <= value < 1e9 for value in values) else tuple(value for value in values if value is not None)


def _complete(training: Training, fault: Fault) -> None:
    """Add the faults of epochs that lack a line."""
    wanted = {part[1].lower() for part in COMPONENT.finditer(training.found)}
    for epoch in training.epochs:
        names = wanted or set(training.epochs[0].power_w)
        if epoch.seconds is None:
            fault("CG505", epoch.line, f"epoch {epoch.number} has no duration: the log was cut, or lines are missing", AGAIN)
        elif (set(epoch.power_w) != names or not names) and not training.is_without_components:
            missing = ", ".join(sorted(names - set(epoch.power_w))) or "a component"
            fault("CG505", epoch.line, f"epoch {epoch.number} has no power of {missing}: the log was cut, or lines are missing", AGAIN)


def output_log(found: Iterator[Entry], fault: Fault) -> list[Training]:
    """Return the trainings of the log of consumption."""
    trainings: list[Training] = []
    is_over = True
    for entry in found:
        starts = FOUND.fullmatch(entry.text.removeprefix("CarbonTracker: "))
        block = _block(entry, fault)
        if is_over or starts or (block and block[0] == "Actual" and trainings[-1].actual):
            trainings.append(Training(entry.line))
        is_over = False
        now = trainings[-1]
        _limit(trainings, entry.line)
        _timed(now, entry)
        if block and block[0] == "Actual":
            now.actual = block[1]
        elif block:
            now.predicted = block[1]
        if entry.text == "CarbonTracker: Finished monitoring.":
            is_over = now.is_ended = True
    return trainings


def _block(entry: Entry, fault: Fault) -> tuple[str, Consumption] | None:
    """Return the kind of a printed consumption and the consumption; None where the message is another, or is damaged."""
    lines = [text for text in (entry.text.removeprefix("CarbonTracker:"), *entry.more)]
    full = [(index, text) for index, text in enumerate(lines) if text.strip()]
    named = [text for _, text in full if text.strip().startswith(("Time:", "Energy:", "CO2eq:"))]
    head = BLOCK.fullmatch(full[0][1].strip()) if full else None
    if head is None:
        if named or any("consumption" in text and "epoch" in text for _, text in full):
            fault("CG505", entry.line, "a consumption is not whole: its heading, time, energy or CO2eq is missing or damaged", AGAIN)
        return None
    matches = [pattern.fullmatch(text) for (_, pattern), (_, text) in zip(LINES, full[1:])]
    if len(named) != 3 or len(matches) != 3 or not all(matches):
        line = entry.line + full[0][0]
        message = f"the consumption that it calls {head[1]} is not whole: time, energy and CO2eq do not follow each other"
        fault("CG505", line, message, AGAIN)
        return None
    time, energy, grams = (match[1] if match else "" for match in matches)
    seconds, line = elapsed(time), entry.line + full[2][0]
    value, carbon = number(energy), number(grams)
    return head[1], Consumption(
        line, entry.stamp, int(head[2]) if head[2] else None, seconds or 0.0, value or 0.0, _digit(energy), carbon, _digit(grams)
    )  # fmt: skip


def _digit(text: str) -> float:
    """Return what the last digit of a number counts.

    >>> _digit("0.250"), _digit("12")
    (0.001, 1.0)
    """
    return 10.0 ** -len(text.partition(".")[2])
