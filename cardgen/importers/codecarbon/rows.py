"""One row of CodeCarbon as the record of a run."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from cardgen.importers.codecarbon.checks import COMPONENTS, NAMES, NUMBERS, contradiction, doubts, wrong_value
from cardgen.records.fields import clock, is_missing, number, release
from cardgen.records.record import Device, Reading, Record
from cardgen.records.source import Source

# Power that old releases take for a processor that they know nothing of: half of 85 W, and half of 225 W.
CONSTANTS_W = (42.5, 112.5)
QUEBEC = ("quebec", "québec")
COUNTED = re.compile(r"\d+ x (.+)")
MOVED = "fields may have moved: write or copy the file again, or leave the row out"
TASK = "leave the row out, or give emissions.csv with it: some releases write tasks so, and the energy of the run includes them"
LAST_TASK = "the duration is that of the last task and not of the run"
LATE = ((3, 0, 0), (3, 2, 8))  # the first and the last release that read the processors for up to 1.5 s within the first readings
SETS_PUE = (2, 3, 0)  # the first release with a column for it
WITH_PUE = (3, 3, 1)  # the first release whose power has the PUE inside, as the energy does


def record_of(
    values: Mapping[str, str], energy: float, line: int, source: Source, reading: Reading, *, is_task: bool = False
) -> Record | None:
    """Return what the values of one row, by the names of their columns, say of its run; None where they contradict each other."""
    is_task = is_task or bool(values.get("task_name"))
    hint = TASK if is_task else MOVED
    if is_task and (number(values.get("duration", "")) or 0) < 0:
        reading.note("skipped", line, "the duration of the task is negative, as release 2.6 of the tracker writes it: it is not known")
        values = {name: text for name, text in values.items() if name != "duration"}
    values = {name: "" if name in NAMES and is_missing(text) else text for name, text in values.items()}
    wrong = wrong_value(values)
    if wrong:
        reading.fault("CG503", line, wrong, hint)
        return None
    numbers = {name: number(text) for name, text in values.items() if name in NUMBERS}
    wrong = contradiction(energy, numbers, is_task=is_task)
    if wrong:
        reading.fault("CG504", line, wrong, hint)
        return None
    emissions = numbers.get("emissions")
    for code, message in doubts(values, energy, numbers):
        reading.warn(code, line, message, "check the row against what the tracker wrote")
    if "pue" not in values and "wue" not in values and not is_task and (_release(values.get("codecarbon_version", "")) or ()) >= SETS_PUE:
        message = "the column pue is missing, which the release has: whether one is inside the energy is not known"
        reading.warn("CG521", line, message, "check the header against what the tracker wrote")
    version = release(values.get("codecarbon_version", ""))
    reading.version = reading.version or version
    pue = numbers.get("pue")
    pue = pue if pue and pue > 1 else None  # 1.0 stands where none was set
    water, hours = numbers.get("water_consumed"), (numbers.get("duration") or 0) / 3600 or None
    if hours and not is_task and _is_of_a_part(values, numbers):
        hours = None
        reading.note("skipped", line, LAST_TASK)
    project, end = values.get("project_name", ""), clock(values.get("timestamp", ""))
    project = "" if project == "codecarbon" else project  # its name where none was given
    components = {COMPONENTS[name]: value for name in COMPONENTS if (value := numbers.get(name)) is not None}
    basis, reason = _basis(energy, components, numbers)
    if "constant" in reason:
        message = f"the processors are taken at a constant {numbers['cpu_power']:g} W"
        reading.warn("CG517", line, message, "the tracker does not know them: measure with a meter, or state their power")
    run = values.get("run_id") or values.get("experiment_id", "") * ("run_id" not in values)
    host: tuple[str, ...] = tuple(values.get(name, "") for name in HOST)
    if values.get("tracking_mode") == "process":
        host = (*host, run)  # processes of one machine are not readings of one thing
        reason = f"the process alone; {reason}"
    on_cloud = values.get("on_cloud") == "Y" and values.get("cloud_provider", "")
    return Record(
        tool="codecarbon", run=run,
        part=values.get("task_name", ""), project=project, method=f"codecarbon {version}".strip(),
        energy_kwh=energy, boundary="facility" if pue else "node", basis=basis, reason=reason, pue=pue,
        emissions_kg=emissions, water_l=water or None, wue=numbers.get("wue") or None, hours=hours, end=end,
        start=end - hours * 3600 if end and hours else None,
        devices=_devices(values, numbers), components=components, provider=values.get("cloud_provider") if on_cloud else None,
        region=values.get("cloud_region") if on_cloud else values.get("region") or None,
        country=values.get("country_iso_code") or values.get("country_name") or None,
        is_default_place=values.get("country_iso_code") == "CAN" and values.get("region", "").casefold() in QUEBEC and not on_cloud,
        host=host, file=source.short, lines=(line,),
        private={name: values[name] for name in PRIVATE if values.get(name)},
    )  # fmt: skip


HOST = ("os", "cpu_count", "cpu_model", "gpu_count", "gpu_model", "ram_total_size", "longitude", "latitude", "tracking_mode")
PRIVATE = ("longitude", "latitude", "os")


def _is_of_a_part(values: Mapping[str, str], numbers: Mapping[str, float | None]) -> bool:
    """Return whether the duration is that of a part: memory draws the same power all the time, and its energy is that of longer.

    The energy runs ahead of the duration by a second or two where meters are slow; a process has not the same memory all the time.
    """
    duration, memory, power = numbers.get("duration"), numbers.get("ram_energy"), numbers.get("ram_power")
    if not duration or not memory or not power:
        return False
    release = _release(values.get("codecarbon_version", ""))
    seconds = memory * 3.6e6 / power
    if release is None or release < WITH_PUE:
        seconds /= numbers.get("pue") or 1
    if values.get("tracking_mode") == "process":
        return seconds > 1.5 * duration + 2
    if values.get("os", "").startswith(("macOS", "Darwin")):  # its meter takes seconds
        return seconds > 1.05 * duration + 10
    return seconds > 1.05 * duration + (2 if release is None or LATE[0] <= release <= LATE[1] else 0.1)


def _release(version: str) -> tuple[int, ...] | None:
    """Return a release as numbers, None where it is none.

    >>> _release("3.3.1"), _release("2.4.3rc1"), _release("")
    ((3, 3, 1), (2, 4, 3), None)
    """
    found = re.match(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?", version)
    return tuple(int(digits or 0) for digits in found.groups()) if found else None


def _basis(energy: float, components: Mapping[str, float], numbers: Mapping[str, float | None]) -> tuple[str, str]:
    """Return whether most of the energy was measured, and what was: GPUs have meters, processors often only a rated power."""
    if not components:
        return "estimated", "the file does not say which part was measured"
    power, duration, processors = numbers.get("cpu_power"), numbers.get("duration"), components.get("processors")
    is_constant = power in CONSTANTS_W and duration and processors and math.isclose(processors * 3.6e6, power * duration, rel_tol=0.05)
    rest = f"processors at a constant {power:g} W, memory by its size" if is_constant else "processors and memory may be from rated power"
    accelerators = components.get("accelerators", 0.0)
    if accelerators > energy / 2:
        return "measured", f"GPUs by their own meter, {accelerators / energy:.0%} of it; {rest}"
    return "estimated", rest


def _devices(values: Mapping[str, str], numbers: Mapping[str, float | None]) -> tuple[Device, ...]:
    """Return the GPUs of a run, else its processor: ``8 x NVIDIA A40`` is eight of them."""
    model = values.get("gpu_model", "")
    if model:
        several = COUNTED.fullmatch(model)
        count = numbers.get("gpu_count") or 0
        return (Device(several[1] if several else model, int(count) or None),)
    return (Device(values["cpu_model"]),) if values.get("cpu_model") else ()
