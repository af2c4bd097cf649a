"""optimum-benchmark 0.1 to 0.6: ``benchmark_report.json`` and ``benchmark.json``.

A report has phases, each with the energy of one call, or of one pass over its data; phases add up where none lies within another:
``overall`` holds ``warmup`` and ``train``, ``generate`` holds ``prefill`` and ``decode``. The file of a task,
``<task>_codecarbon.json``, is CodeCarbon's and read as such.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from cardgen.core.units import UnitError, convert
from cardgen.problems import printable
from cardgen.records.entries import AGAIN, Entry, entries
from cardgen.records.fields import json_number, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "optimum-benchmark", "optimum-benchmark", "benchmark_report.json, benchmark.json",
    "energy of processors, memory and GPUs by phase",
    "how often a phase ran; emissions and place",
    "https://github.com/huggingface/optimum-benchmark",
)  # fmt: skip

PHASES = (
    "load", "load_model", "load_dataset", "preprocess", "preprocess_dataset", "prefill", "decode", "per_token", "generate", "forward",
    "call", "overall", "warmup", "train",
)  # fmt: skip
WITHIN = {"overall": ("warmup", "train"), "generate": ("prefill", "decode", "per_token"), "decode": ("per_token",)}
MEASUREMENTS = {"memory", "latency", "throughput", "energy", "efficiency", "measures"}
COMPONENTS = {"gpu": "accelerators", "cpu": "processors", "ram": "memory"}
REASON = "energy of a benchmark: of one call, or of one pass over its data"
HINT = "run the benchmark with energy: true in its scenario"


def recognises(source: Source) -> bool:
    """Return whether the beginning is an object with the measurements of a phase."""
    head = source.head
    return (
        head.lstrip().startswith("{")
        and any(f'"{phase}"' in head for phase in PHASES)
        and ('"efficiency"' in head and '"energy"' in head or '"latency"' in head and '"throughput"' in head and '"memory"' in head)
    )


def _read(source: Source, reading: Reading) -> None:
    for entry in entries(source):
        reading.rows += 1
        try:
            record = _report(entry, source, reading)
        except Unreadable as error:
            reading.fault(error.problem.code, error.problem.line, error.problem.message, error.problem.hint)
            continue
        if record is not None:
            reading.records.append(record)
    if reading.rows > 1:
        reading.fault("CG504", 1, "the file holds more than one report", "give each alone")
    tasks = sorted(source.path.parent.glob("*_codecarbon.json")) if reading.records and source.name != "stdin" else []
    if tasks:
        name = printable(tasks[0].name, 60)
        message = f"{name} lies beside the report and may be of the same benchmark: together their energy would be counted twice"
        reading.warn("CG504", 1, message, "give the tasks for all that was used, or the report for one call or pass")


read = each(_read, TOOL)


def _report(entry: Entry, source: Source, reading: Reading) -> Record | None:
    """Return the sum of the phases of a report, each counted once."""
    report = entry.within("report") if isinstance(entry.at("report"), dict) else entry
    if not isinstance(report.value, dict):
        raise report.fault("CG503", "this is not a report of phases")
    energies = dict(_phases(report, reading))
    hours = _hours(report)
    if not energies:
        reading.fault("CG501", report.line, "no phase has an energy: it was not tracked", HINT)
        return Record(tool=TOOL.name, method=TOOL.name, phase="evaluation", hours=hours, file=source.short, lines=(report.line,))
    for whole, pieces in WITHIN.items():
        inside = [name for name in pieces if name in energies]
        if whole in energies and inside:
            total, parts = energies[whole]["total"], math.fsum(energies[name]["total"] for name in inside)
            if parts > total * (1 + 1e-6) or whole == "generate" and not math.isclose(parts, total, rel_tol=1e-6):
                raise report.fault("CG504", f"{whole} has {total:.6g} kWh, and what lies within it {parts:.6g} kWh", whole, "energy")
            for name in inside:
                reading.note("merged", report.line_of(name, "energy"), f"{name} lies within {whole}: counted once")
    inner = {name for whole, pieces in WITHIN.items() if whole in energies for name in pieces}
    counted = [name for name in energies if name not in inner]
    components = {
        title: math.fsum(energies[name][key] for name in counted)
        for key, title in COMPONENTS.items()
        if all(key in energies[n] for n in counted)
    }
    energy = math.fsum(energies[name]["total"] for name in counted)
    if energy <= 0:
        raise report.fault("CG501", "the energy of all phases is 0: the tracker had nothing to read", counted[0], hint=HINT)
    measured = components.get("accelerators", 0.0) > energy / 2
    meter = "GPUs by their own meter" if measured else "processors and memory may be estimated from rated power"
    return Record(
        tool=TOOL.name, method=TOOL.name, energy_kwh=energy, boundary="node", basis="measured" if measured else "estimated",
        reason=f"{REASON}; {meter}", components=components, phase="evaluation", file=source.short,
        lines=tuple(report.line_of(name, "energy") for name in counted),
    )  # fmt: skip


def _phases(report: Entry, reading: Reading) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the phases that have an energy, with its parts and total in kWh."""
    for name, phase in report.value.items():
        if name not in PHASES and isinstance(phase, (dict, list)):
            raise report.fault("CG503", f"{quotable(name)} is a phase that is not known: it may lie within another", name)
        if phase is not None and name in PHASES and (not isinstance(phase, dict) or not phase.keys() <= MEASUREMENTS):
            raise report.fault("CG503", f"{name} is not what a phase holds", name)
        if name not in PHASES or not phase:
            continue
        if phase.get("energy") is not None:
            energy = _energy(report, name, phase["energy"])
            _check_passes(report, name, phase.get("measures"), energy, reading)
            yield name, energy


def _energy(report: Entry, name: str, energy: Any) -> dict[str, float]:
    """Return the energy of a phase in kWh, its total checked against its parts."""
    unit = energy.get("unit") if isinstance(energy, dict) else None
    try:
        scale = convert(1, str(unit), "kWh")
    except UnitError:
        message = f"{name}: the unit is {quotable(str(unit))}, which is none of energy"
        raise report.fault("CG503", message, name, "energy", "unit") from None
    found: dict[str, float] = {}
    for key in (*COMPONENTS, "total"):
        value = energy.get(key)
        if value is None:
            continue
        amount = json_number(value)
        if amount is None or amount < 0:
            message = f"{name}.{key}: {quotable(str(value))} is no energy: a pass was not measured, or the number was damaged"
            raise report.fault("CG503", message, name, "energy", key)
        found[key] = amount * scale
    if "total" not in found:
        raise report.fault("CG503", f"{name}: the total is missing", name, "energy")
    parts = math.fsum(found[key] for key in COMPONENTS if key in found)
    if len(found) == 4 and not math.isclose(parts, found["total"], rel_tol=1e-6) or parts > found["total"] * (1 + 1e-6):
        message = f"{name}: the total is {found['total']:.6g} kWh, and its parts are {parts:.6g} kWh together"
        raise report.fault("CG504", message, name, "energy", "total")
    return found


def _check_passes(report: Entry, name: str, passes: Any, energy: dict[str, float], reading: Reading) -> None:
    """Warn of passes without energy: the energy of the phase is the mean of them all."""
    totals = [json_number(one.get("total")) for one in passes if isinstance(one, dict)] if isinstance(passes, list) else []
    empty = [index for index, total in enumerate(totals, 1) if total is None or total <= 0]
    if empty:
        message = f"{name}: pass {empty[0]} of {len(totals)} has no energy, and the mean of all is taken"
        reading.warn("CG518", report.line_of(name, "measures"), message, "the energy may be too small: run the benchmark again")
    known = [total for total in totals if total is not None]
    if known and len(known) == len(totals) and not math.isclose(math.fsum(known) / len(known), energy["total"], rel_tol=1e-6):
        message = f"{name}: the energy is {energy['total']:.6g} kWh, the mean of its passes {math.fsum(known) / len(known):.6g}"
        raise report.fault("CG504", message, name, "energy", "total", hint=AGAIN)


def _hours(report: Entry) -> float | None:
    """Return the time of all phases in h, None where one has none in seconds."""
    seconds = 0.0
    for name in PHASES:
        latency = report.at(name, "latency")
        if not isinstance(latency, dict):
            continue
        values = latency.get("values")
        found = [json_number(value) for value in values] if isinstance(values, list) else [None]
        if latency.get("unit") != "s" or any(value is None for value in found):
            return None
        if not any(name in pieces and report.at(whole, "latency") for whole, pieces in WITHIN.items()):
            seconds += math.fsum(value for value in found if value is not None)
    return seconds / 3600 or None
