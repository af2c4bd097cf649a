"""Green Algorithms: the results that the calculator exports, and the jobs of GreenAlgorithms4HPC with their footprint.

Both compute energy (kWh, with PUE) and emissions (g) from rated power, time and memory; nothing is measured. The calculator writes one
row between semicolons, every cell a text. The tables of jobs of GreenAlgorithms4HPC before the computation have time but no energy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from cardgen.records.fields import MAX_KG, MAX_KWH, clock, elapsed, is_missing, number, quotable, release
from cardgen.records.record import Device, Reading, Record
from cardgen.records.source import Source
from cardgen.records.streamed import MAX_RUNS, MOST_S, Seen, named_or_empty, too_many_runs
from cardgen.records.table import Table, separator
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "green-algorithms", "Green Algorithms", "GreenAlgorithms_results_*.csv, tables of jobs of GreenAlgorithms4HPC",
    "energy and emissions from rated power, time, memory and PUE; devices; place",
    "anything measured",
    "https://github.com/GreenAlgorithms/green-algorithms-tool",
)  # fmt: skip

CALCULATOR = {"energy_needed", "carbonEmissions", "power_needed", "carbonIntensity", "PUE"}
JOBS = {"energy", "energy_CPUs", "energy_GPUs", "energy_memory", "carbonFootprint"}
PLAIN_JOBS = {"WallclockTimeX", "ReqMemX", "PartitionX"}
MOST = 1e15  # above it a cell is no amount
MOST_PUE = 5.0
COUNTED = ("energy", "carbonFootprint", "treeMonths", "cost", "driving", "flying", "CPUhours", "GPUhours")
AGAIN = "fields may have moved: write or copy the file again, or leave the row out"
RATED = "rated power × time, nothing measured"
PLACE = re.compile(r"([A-Z]{2})(-[A-Z0-9]+)?")
SPAN = re.compile(r"(?:(\d{1,9}) days? ?)?(\d{1,9}:\d\d:\d\d(?:\.\d+)?)?")
AMOUNTS = (
    "energy_needed", "carbonEmissions", "power_needed", "carbonIntensity", "PUE", "runTime", "runTime_hour", "runTime_hours", "runTime_min",
    "memory", "mult_factor", "PSF", "CE_CPU", "CE_GPU", "CE_core", "CE_memory", "numberCPUs", "numberGPUs", "n_CPUcores", "n_GPUs",
    "tdpCPU", "tdpGPU", "usageCPU", "usageGPU", "energy_needed_before_scaling", "carbonEmissions_before_scaling",
)  # fmt: skip


def recognises(source: Source) -> bool:
    """Return whether the first line is a header of the calculator or of a table of jobs."""
    columns = {name.strip().strip('"') for name in source.first_line.split(separator(source.first_line))}
    return columns >= CALCULATOR or columns >= JOBS or columns >= PLAIN_JOBS


def _read(source: Source, reading: Reading) -> None:
    table = Table(source, reading)
    columns, seen, check = set(table.header), Seen(), named_or_empty(table.header)
    make = _calculated if columns >= CALCULATOR else _job if columns >= JOBS else _plain_job
    pues: list[tuple[float, int]] = []
    for row in table.full_rows():
        check(row, table.line)
        values = {name: table.text(row, name) for name in table.header}
        first = seen.first(tuple(row), table.line)
        if first != table.line and (make is not _job or _id(values)):
            reading.note("merged", table.line, f"the row of line {first}, a second time")
            continue
        if first != table.line:
            reading.warn("CG510", table.line, f"the row is that of line {first}, and no column tells jobs apart: both are added")
        record = make(values, table.line, source, reading)
        if record and len(reading.records) >= MAX_RUNS:
            raise too_many_runs(table.line, "jobs", "give those of the model, or sum them by day")
        if record:
            reading.records.append(record)
            pues += [(record.pue, table.line)] if record.pue and make is _job else []
    _compare(pues, reading)
    if not any(record.energy_kwh for record in reading.records) and not reading.is_refused:
        message = "no row has an energy"
        if make is _plain_job:
            message = "this table of jobs has time and memory, but no energy: GreenAlgorithms4HPC computes it without writing it"
        reading.fault("CG501", table.header_line, message, "state hardware and duration in the run file: cardgen estimates from them")


read = each(_read, TOOL)


def _calculated(values: Mapping[str, str], line: int, source: Source, reading: Reading) -> Record | None:
    """Return a result of the calculator; None where it has none or contradicts itself."""
    numbers = _numbers(values, [name for name in AMOUNTS if name in values], line, reading)
    if numbers is None:
        return None
    energy, emissions, pue = numbers.get("energy_needed"), numbers.get("carbonEmissions"), numbers.get("PUE")
    if not energy:
        reading.note("skipped", line, "the energy is missing or 0: the form was not filled in")
        reading.warn(
            "CG510", line, "the energy is missing or 0: the row is left out", "fill in the form of the calculator, and export again"
        )
        return None
    factor = numbers.get("mult_factor") or numbers.get("PSF") or 1.0
    own = numbers.get("energy_needed_before_scaling") or energy
    hours = _run_time(numbers)
    wrong = _contradiction(numbers, own, factor, hours)
    if wrong:
        reading.fault("CG504", line, wrong, AGAIN)
        return None
    if pue is None or pue < 1:
        reading.warn("CG521", line, "the PUE is missing: whether it is inside is not known", "state the PUE of the site")
        pue = None
    scale = factor * energy / own
    devices, gpus = _devices(values, numbers)
    place = PLACE.fullmatch(values.get("location", ""))
    is_cloud = values.get("platformType") == "cloudComputing"
    server = values.get("server", "").rpartition("--")[2] if is_cloud else ""
    reason = RATED + (f", × {scale:g} for repeated runs" if not math.isclose(scale, 1) else "")
    version = release(values.get("appVersion", ""))
    reading.version = reading.version or version
    return Record(
        tool=TOOL.name, method=f"Green Algorithms {version}".strip(), energy_kwh=energy,
        boundary="facility" if pue else "node", basis="estimated", reason=reason, pue=pue,
        emissions_kg=emissions / 1000 if emissions is not None else None, hours=hours * scale if hours else None,
        device_hours=hours * scale * gpus if hours and gpus else None, devices=devices,
        provider=values.get("provider") if is_cloud and not is_missing(values.get("provider", "")) else None,
        region=server if server and not is_missing(server) and server != "other" else place[0] if place and place[2] else None,
        country=place[1] if place else None, is_default_place=values.get("location") == "WORLD", file=source.short, lines=(line,),
    )  # fmt: skip


def _run_time(numbers: Mapping[str, float | None]) -> float | None:
    hours = numbers.get("runTime_hour", numbers.get("runTime_hours"))
    if hours is None and numbers.get("runTime_min") is None:
        return numbers.get("runTime")
    return (hours or 0.0) + (numbers.get("runTime_min") or 0.0) / 60


def _contradiction(numbers: Mapping[str, float | None], own: float, factor: float, hours: float | None) -> str:
    """Return how a result contradicts itself: energy is power × time, emissions are energy × intensity and the sum of their parts."""
    power, intensity, emissions = numbers.get("power_needed"), numbers.get("carbonIntensity"), numbers.get("carbonEmissions")
    energy, single = numbers.get("energy_needed") or 0.0, numbers.get("runTime")
    if hours is not None and single is not None and not math.isclose(hours, single, rel_tol=1e-6, abs_tol=1e-9):
        return f"runTime is {single:g} h, and hours and minutes are {hours:g} h"
    if power and hours and not math.isclose(power * hours * factor / 1000, own, rel_tol=1e-6):
        return f"the energy is {own:.6g} kWh, and power × time × factor are {power * hours * factor / 1000:.6g} kWh"
    if intensity and emissions is not None and not math.isclose(energy * intensity, emissions, rel_tol=1e-6):
        return f"the emissions are {emissions:.6g} g, and energy × intensity are {energy * intensity:.6g} g"
    core, memory = numbers.get("CE_core"), numbers.get("CE_memory")
    before = numbers.get("carbonEmissions_before_scaling", emissions)
    if core is not None and memory is not None and before is not None and not math.isclose(core + memory, before, rel_tol=1e-6):
        return f"the emissions are {before:.6g} g, and those of cores and memory are {core + memory:.6g} g"
    return ""


def _devices(values: Mapping[str, str], numbers: Mapping[str, float | None]) -> tuple[tuple[Device, ...], int]:
    """Return the GPUs, else the processor, and how many GPUs there are."""
    kind = values.get("coreType", "")
    if kind in ("GPU", "Both"):
        count = int(numbers.get("numberGPUs") or numbers.get("n_GPUs") or 0)
        name = values.get("GPUmodel") or values.get("coreModel", "")
        return ((Device(name, count or None),) if not is_missing(name) else ()), count
    name = values.get("CPUmodel") or values.get("coreModel", "")
    return ((Device(name),) if not is_missing(name) else ()), 0


def _job(values: Mapping[str, str], line: int, source: Source, reading: Reading) -> Record | None:
    """Return a job, or the jobs of a day, with its footprint."""
    named = [name for name in values if name.startswith(COUNTED)]
    numbers = _numbers(values, named, line, reading)
    if numbers is None:
        return None
    wrong = next((name for name in values if name.endswith(("time", "Time", "TimeX", "time2useX")) and _hours(values[name]) is False), None)
    wrong = wrong or next((n for n in values if n.endswith("DatetimeX") and values[n] and clock(values[n]) is None), None)
    if wrong:
        reading.fault("CG503", line, f"{wrong}: {quotable(values[wrong])} is not a time", AGAIN)
        return None
    start, end = (clock(values.get(name, "")) for name in ("StartDatetimeX", "EndDatetimeX"))
    if start and end and end < start:
        reading.fault("CG504", line, f"the job ends {start - end:,.0f} s before it starts", AGAIN)
        return None
    energy, emissions = numbers["energy"], numbers["carbonFootprint"]
    if not energy:
        reading.note("skipped", line, "the energy is missing or 0")
        reading.warn("CG510", line, "the energy is missing or 0: the row is left out", "the job ran for no time, or was not computed")
        return None
    parts = [numbers["energy_CPUs"], numbers["energy_GPUs"], numbers["energy_memory"]]
    whole = math.fsum(part for part in parts if part is not None)
    pue = energy / whole if whole and None not in parts else None
    wrong = _job_contradiction(numbers, energy, emissions, pue)
    if wrong:
        reading.fault("CG504", line, wrong, AGAIN)
        return None
    if pue is None:
        reading.warn("CG521", line, "a part of the energy is missing: the PUE inside cannot be told")
    elif math.isclose(pue, round(pue, 6), rel_tol=1e-9):
        pue = round(pue, 6)
    components = dict(zip(("processors", "accelerators", "memory"), (part for part in parts if part is not None))) if pue else {}
    return _with_times(values, line, source, energy, emissions, pue, components)


def _job_contradiction(numbers: Mapping[str, float | None], energy: float, emissions: float | None, pue: float | None) -> str:
    """Return how a job contradicts itself: its second total, with the memory that it needed, has the same PUE and intensity."""
    if pue is not None and not 1 - 1e-9 <= pue <= 4:
        return f"the energy is {energy:.6g} kWh, {pue:.4g} times its parts together, which no PUE is"
    if emissions is not None and emissions == energy:
        return f"emissions and energy are the same number, {energy:.6g}"
    needed, carbon = numbers.get("energy_memoryNeededOnly"), numbers.get("carbonFootprint_memoryNeededOnly")
    cores, memory = (numbers.get("energy_CPUs") or 0) + (numbers.get("energy_GPUs") or 0), numbers.get("energy_memory_memoryNeededOnly")
    if needed and memory is not None and pue and not math.isclose(needed, (cores + memory) * pue, rel_tol=1e-6):
        return (
            f"the energy with the memory needed is {needed:.6g} kWh, and its parts with the same PUE are {(cores + memory) * pue:.6g} kWh"
        )
    if needed and carbon and emissions and not math.isclose(carbon / needed, emissions / energy, rel_tol=1e-6):
        return f"the emissions are {emissions / energy:.6g} g/kWh, and with the memory needed {carbon / needed:.6g} g/kWh"
    failed = numbers.get("energy_failedJobs")
    if failed and failed > energy * (1 + 1e-9):
        return f"failed jobs used {failed:.6g} kWh, and all {energy:.6g} kWh"
    return ""


def _plain_job(values: Mapping[str, str], line: int, source: Source, reading: Reading) -> Record | None:
    """Return a job without energy: its time can feed an estimate."""
    if _hours(values["WallclockTimeX"]) in (None, False):
        reading.fault("CG503", line, f"WallclockTimeX: {quotable(values['WallclockTimeX'])} is not a time", AGAIN)
        return None
    return _with_times(values, line, source, None, None, None, {})


def _with_times(
    values: Mapping[str, str], line: int, source: Source, energy: float | None, emissions: float | None, pue: float | None,
    components: Mapping[str, float],
) -> Record:  # fmt: skip
    hours = _hours(values.get("WallclockTimeX", values.get("wallclockTime", ""))) or None
    gpu_hours = _hours(values.get("TotalGPUtime2useX", values.get("gpuTime", ""))) or None
    start = clock(values.get("StartDatetimeX", ""))
    user = values.get("UserX", values.get("user", ""))
    return Record(
        tool=TOOL.name, run=_id(values), method="GreenAlgorithms4HPC", energy_kwh=energy, boundary="facility" if pue else "node",
        basis="estimated", reason=RATED, pue=pue, emissions_kg=emissions / 1000 if emissions is not None else None, start=start,
        end=clock(values.get("EndDatetimeX", "")), hours=hours, device_hours=gpu_hours, components=components, file=source.short,
        lines=(line,), private={"user": user} if user else {},
    )  # fmt: skip


def _id(values: Mapping[str, str]) -> str:
    return next((values[name] for name in ("JobID", "single_jobID", "JobIDX", "parentJobID") if values.get(name)), "")


def _hours(text: str) -> float | None | bool:
    """Return a span in h as pandas writes it, None where it is missing, False where the text is no span.

    >>> _hours("0 days 02:50:00"), _hours("0 days"), _hours(""), _hours("soon")
    (2.8333333333333335, 0.0, None, False)
    """
    if is_missing(text):
        return None
    match = SPAN.fullmatch(text.strip())
    if match is None:
        return False
    hours = (elapsed(match[2] or "0:00:00") or 0.0) / 3600 + int(match[1] or 0) * 24
    return hours if hours <= MOST_S / 3600 else False


def _numbers(values: Mapping[str, str], names: list[str], line: int, reading: Reading) -> dict[str, float | None] | None:
    """Return the numbers of a row, None for the missing; None for all after adding the error of a cell that holds none."""
    found: dict[str, float | None] = {}
    for name in names:
        text = values[name].replace(",", ".")
        value = None if is_missing(text) else number(text)
        if not is_missing(text) and (value is None or not 0 <= value <= _most(name)):
            reading.fault("CG503", line, f"{name}: {quotable(values[name])} is not a number of that column", AGAIN)
            return None
        found[name] = value
    return found


def _most(name: str) -> float:
    """Return the largest number that a column holds."""
    if name.startswith("energy"):
        return MAX_KWH
    if name.startswith(("carbonEmissions", "carbonFootprint")):
        return MAX_KG * 1000
    if name.startswith("runTime"):
        return MOST_S / 3600
    return MOST_PUE if name == "PUE" else MOST


def _compare(pues: list[tuple[float, int]], reading: Reading) -> None:
    """Add the error of a job whose energy has another PUE than the first: a cluster has one."""
    for pue, line in pues[1:]:
        if not math.isclose(pue, pues[0][0], rel_tol=1e-4):
            message = f"the energy is {pue:.4g} times its parts, and {pues[0][0]:.4g} times on line {pues[0][1]}: a cluster has one PUE"
            reading.fault("CG504", line, message, AGAIN)
            return
