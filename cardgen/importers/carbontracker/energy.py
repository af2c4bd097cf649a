"""The energy of one training from what both logs say of it, checked against each other: values that disagree are a problem."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from cardgen.importers.carbontracker.covered import averaged, is_first_epoch_only, partly, several, summed_kwh
from cardgen.importers.carbontracker.logs import AGAIN, Consumption, Fault, Training
from cardgen.records.record import Reading

RESTATE = "state hardware and duration in the run file, or the energy by another source"


@dataclass
class Say:
    """Where problems of a training go; those of the log of epochs name it when the reading is that of the other."""

    reading: Reading
    prefix: str

    def fault(self, code: str, line: int, message: str, hint: str = "") -> None:
        self.reading.fault(code, line, self.prefix + message, hint)

    def warn(self, code: str, line: int, message: str, hint: str = "") -> None:
        self.reading.warn(code, line, self.prefix + message, hint)


@dataclass(frozen=True)
class Used:
    """What a training used: energy in kWh, None where the logs do not have it, and emissions in kg. ``predicted_from`` are the epochs that
    were monitored and all of them, where the energy is the tool's prediction; ``rounding`` is half of the last digit's share of it."""

    seconds: float
    kwh: float | None = None
    emissions_kg: float | None = None
    lines: tuple[int, ...] = ()
    rounding: float = 0.0
    is_computed: bool = False
    predicted_from: tuple[int, int] | None = None

    @property
    def spread(self) -> float | None:
        """Return the rounding where it is more than 1 %."""
        return self.rounding if self.rounding > 0.01 else None


def energy_of(printed: Training | None, logged: Training | None, say: Say) -> Used:
    """Return the energy that the output log prints, else that of the epochs; that of all epochs, where some were monitored."""
    used = _recorded(printed, logged, say)
    if used.kwh is None:
        return used
    if _is_mean(printed, logged, used.kwh, say):
        return Used(used.seconds)
    _warn_of_cut(printed, logged, say)
    part = partly(printed, logged)
    if part:
        return _predicted(used, *part, say)
    if logged and used.is_computed:
        message = f"the log prints no actual consumption: the energy is computed from the power and length of {len(logged.epochs)} epoch(s)"
        say.warn("CG517", logged.epochs[0].line, message, "give the output log of the same training as well")
    if logged and is_first_epoch_only(printed, logged):
        release = f"release {logged.version} monitors" if logged.version else "releases 1.x, if it was one, monitor"
        message = f"one epoch is logged, and {release} only the first unless it is told otherwise"
        hint = "if the training had more epochs, the energy is that of a part: state that of all in the run file"
        say.warn("CG517", logged.epochs[0].line, message, hint)
    return used


def _warn_of_cut(printed: Training | None, logged: Training | None, say: Say) -> None:
    """Warn of logs that lack what the tool writes by the time that the actual consumption is printed, or right after it."""
    actual = printed.actual if printed else None
    if printed is None or actual is None:
        return
    if logged and not logged.is_ended and not logged.is_cut:
        message = f"the log ends after {len(logged.epochs)} epoch(s), before monitoring ended: it was cut"
        say.warn("CG519", logged.last_line, message, AGAIN)
    if printed.is_ended:
        return
    if not printed.is_cut:
        message = "the log ends before the tool finished monitoring, which it prints last: it was cut"
        say.reading.warn("CG519", printed.last_line, message, AGAIN)
    if printed.predicted is None:
        message = f"{actual.energy_kwh:.6g} kWh may be of a part of the epochs: releases 1.x print the prediction for all after it"
        say.reading.warn("CG517", actual.line, message, "copy the log again; or state the energy of all epochs in the run file")


def _recorded(printed: Training | None, logged: Training | None, say: Say) -> Used:
    """Return the energy of the epochs that were monitored."""
    actual = printed.actual if printed else None
    seconds = logged.seconds if logged and logged.epochs else actual.seconds if actual else 0.0
    if printed and actual and actual.energy_kwh > 0:
        emissions = _checked(actual, printed, logged, say)
        return Used(seconds, actual.energy_kwh, emissions, (actual.line,), actual.energy_digit / 2 / actual.energy_kwh)
    energy = math.fsum(logged.kilowatt_hours.values()) * (logged.pue or 1) if logged else 0.0
    if logged and energy > 0 and _is_whole(printed, logged):
        # Lengths have two decimals of a second.
        rounding = 0.005 * len(logged.epochs) / seconds
        return Used(seconds, energy, None, tuple(epoch.line for epoch in logged.epochs[:20]), rounding, is_computed=True)
    _missing(printed, logged, say)
    return Used(seconds)


def _predicted(used: Used, count: int, predicted: Consumption, say: Say) -> Used:
    """Return what the tool predicts for all epochs, and say what those that were monitored used."""
    planned, energy = predicted.epochs or count, used.kwh or 0.0
    message = f"{count} of {planned} epochs were monitored, with {energy:.6g} kWh: the {predicted.energy_kwh:.6g} kWh that the tool"
    hint = "if training ended before its last epoch, less was used: state the energy in the run file; monitor all with monitor_epochs=-1"
    line = predicted.line if used.is_computed else used.lines[0]
    say.reading.warn("CG517", line, f"{message} predicts for all are taken, as an estimate", hint)
    each, mean = predicted.energy_kwh / planned, energy / count
    if not 0.1 < each / mean < 10:
        message = f"an epoch is predicted with {each:.6g} kWh, and those monitored have {mean:.6g} kWh each"
        say.reading.fault("CG504", predicted.line, message, "values may have moved: write or copy the logs again")
    return replace(
        used, seconds=used.seconds * planned / count, kwh=predicted.energy_kwh, lines=(predicted.line,), is_computed=False,
        emissions_kg=predicted.emissions_g / 1000 if predicted.emissions_g is not None else None,
        rounding=predicted.energy_digit / 2 / predicted.energy_kwh, predicted_from=(count, planned),
    )  # fmt: skip


def _is_mean(printed: Training | None, logged: Training | None, energy: float, say: Say) -> bool:
    """Return whether the energy is that of the mean device, which is said: releases 2.x print no sum of several."""
    has_power = logged is not None and bool(logged.epochs)
    counts = averaged(logged) if logged and has_power else several(printed) if printed else {}
    if not counts:
        return False
    words = " and ".join(f"{count} {name.upper()}s" for name, count in counts.items())
    if not has_power and printed and printed.actual and not printed.is_late:
        message = f"{words} are listed: releases 2.x take the mean of their power and not the sum, and no line names the release"
        say.reading.warn("CG517", printed.actual.line, message, "give the log of epochs as well: it names the release and the power")
        return False
    message = (
        f"{words} are listed and their power is one number: releases 2.x take the mean of them and not the sum, so that the "
        f"energy, {energy:.6g} kWh, is too small, up to {max(counts.values())} times"
    )
    hint = "state the energy of all devices in the run file, or measure with another tool"
    if logged and has_power:
        hint = f"power × devices × time × PUE {logged.pue or 1:g} is {summed_kwh(logged, counts):.6g} kWh: state it in the run file"
        say.fault("CG504", logged.epochs[0].line, message, f"{hint}, or measure with another tool")
    elif printed and printed.actual:
        say.reading.fault("CG504", printed.actual.line, message, hint)
    return True


def _is_whole(printed: Training | None, logged: Training) -> bool:
    """Return whether the log of epochs has all of them: monitoring ended, or there are as many as were planned."""
    planned = printed.predicted.epochs if printed and printed.predicted else None
    return logged.is_ended or (planned is not None and len(logged.epochs) == planned)


def _missing(printed: Training | None, logged: Training | None, say: Say) -> None:
    """Add the fault of a training without energy, with the reason that the logs show."""
    one = printed or logged or Training(1)
    bare = next((training for training in (printed, logged) if training and training.is_without_components), None)
    if bare:
        message = "no energy: no component was found whose power can be read, neither an NVIDIA GPU nor an Intel CPU with RAPL"
        one = Training(printed.actual.line) if printed and printed.actual else one
    elif printed and printed.actual:
        message = "the actual consumption is 0 kWh: no power was read, or it was printed with too few digits"
        one = Training(printed.actual.line)
    elif printed and printed.predicted:
        message = "only a prediction was printed: the training ended before the actual consumption, without tracker.stop()"
        one = Training(printed.predicted.line)
    elif logged and logged.epochs and not logged.is_ended:
        message = f"the log ends after epoch {logged.epochs[-1].number}, before monitoring ended: it was cut, or the training was"
        one = Training(logged.epochs[-1].line)
    elif logged and logged.epochs:
        message = "the epochs have no power, or are too short for the two decimals of a second that are logged: their energy is 0"
    else:
        message = "no consumption was printed: the training ended before its first epoch, or no power could be read"
    say.reading.fault("CG501", one.line, message, RESTATE)


def _checked(actual: Consumption, printed: Training, logged: Training | None, say: Say) -> float | None:
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
    predicted = printed.predicted
    planned = predicted.epochs if predicted else None
    is_open = logged is None or not logged.tells_epochs
    if is_open and predicted and planned and actual.epochs is not None and actual.epochs < planned and not partly(printed, logged):
        message = (
            f"{actual.energy_kwh:.6g} kWh are those of {actual.epochs} of {planned} epochs, or of one more: it was stopped early, or the "
            f"rest was not monitored, and {predicted.energy_kwh:.6g} kWh are predicted for all"
        )
        say.reading.warn("CG517", actual.line, message, "give the whole log of epochs as well: it says which; or state the energy of all")
    if logged and logged.epochs:
        _compared(actual, logged, fault, say)
    return grams / 1000 if grams is not None else None


def _compared(actual: Consumption, logged: Training, fault: Fault, say: Say) -> None:
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


def basis_of(logged: Training | None, parts: dict[str, float], say: Say) -> tuple[str, str]:
    """Return whether the energy was measured, and why: a meter varies, a rated power and a simulation do not."""
    unsure = "the log does not say how power was read"
    if logged is None or not parts or not logged.epochs:
        return "estimated", f"{unsure}: it may be a meter, a rated power or a simulation"
    constant = _constant(logged)
    if constant:
        words = " and ".join(f"{name.upper()} {logged.epochs[0].power_w.get(name) or 0:g} W" for name in constant)
        message = f"the power is the same in every epoch, {words}: it is a rated power, or it was simulated"
        if logged.seconds < len(logged.epochs) * (10 if logged.version.startswith("1.") else 1):  # the time between two readings
            message += ", or the epochs are too short for a reading each"
        say.warn("CG517", logged.epochs[0].line, message, "confirm that this hardware ran, and state a measured energy if there is one")
    varying = math.fsum(part for name, part in parts.items() if name not in constant)
    if varying > math.fsum(parts.values()) / 2:
        fixed = f"; {', '.join(name.upper() for name in constant)} at a constant power" if constant else ""
        if logged.version.startswith("1."):
            return "measured", f"power varies, and releases 1.x read meters alone: NVML and RAPL{fixed}"
        return "estimated", f"power varies as a meter's does; {unsure}{fixed}"
    return "estimated", f"constant power, rated or simulated; {unsure}"
