"""``ecotrace_report.json``: its measurements as rows of the log, and the intensity that gives them an energy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cardgen.importers.ecotrace.runs import Intensity, hint_for, identity, records
from cardgen.records.entries import Entry, entries
from cardgen.records.fields import release
from cardgen.records.record import Device, Reading
from cardgen.records.source import Source

FIELDS = {
    "date": "Date", "function": "Function", "duration_s": "Duration(s)", "carbon_gco2": "Carbon(gCO2)", "region": "Region",
    "avg_cpu_pct": "AvgCPU(%)", "file_path": "FilePath", "line": "Line", "run_id": "RunID", "run_label": "RunLabel",
}  # fmt: skip
POSSIBLE = (1.0, 2_000.0)  # g/kWh


def read_report(source: Source, reading: Reading, reported: dict[object, str]) -> None:
    for report in entries(source):
        measurements = report.at("measurements")
        if reading.rows or not isinstance(measurements, list) or not isinstance(report.at("meta"), dict):
            raise report.fault("CG503", "this is not one report of the tool", "measurements")
        reading.version, reading.rows = release(report.string("meta", "version")), len(measurements)
        rows = list(_measured(report, measurements))
        intensity = _intensity(report, reading) if rows else None
        reading.records += records(iter(rows), source, reading, _devices(report), intensity)
        total, grams = report.number("summary", "total_carbon_gco2"), [record.emissions_kg or 0 for record in reading.records]
        left_out = any(note.kind == "merged" for note in reading.notes) or reading.is_refused and len(reading.problems) > 1
        if total is None or not left_out and abs(math.fsum(grams) * 1000 - total) > 1e-8 * (1 + len(measurements)):
            raise report.fault("CG504", "the sum of the measurements is not the total of the report", "summary", "total_carbon_gco2")
        reported.update((identity(values), source.short) for _, values in rows)
        if any(record.energy_kwh for record in reading.records):
            _check_power(report, reading)
        if not measurements:
            reading.fault("CG501", report.line_of("measurements"), "the report holds no measurement", hint_for(""))


def _intensity(report: Entry, reading: Reading) -> Intensity | None:
    value = report.number("meta", "carbon_intensity")
    if not value:
        return None
    if not POSSIBLE[0] <= value <= POSSIBLE[1]:
        raise report.fault("CG503", f"carbon_intensity: {value:g} gCO2/kWh is the intensity of no grid", "meta", "carbon_intensity")
    if report.string("meta", "intensity_source") != "static":
        message = "the intensity was fetched while the run went on: it is that of the export, and the grams may be those of others"
        hint = "the energy is grams divided by it: state a measured energy if there is one"
        reading.warn("CG517", report.line_of("meta", "carbon_intensity"), message, hint)
    return Intensity(value, report.string("meta", "region_code"), report.string("meta", "run_id"))


def _check_power(report: Entry, reading: Reading) -> None:
    """Refuse an energy that the rated power of the processor, the memory and a GPU cannot have used in the time."""
    rated = report.number("meta", "cpu", "tdp_w")
    hours = math.fsum(record.hours or 0 for record in reading.records if record.energy_kwh)
    watts = math.fsum(record.energy_kwh or 0 for record in reading.records) / hours * 1000 if hours else 0.0
    if rated is None or report.at("meta", "gpu") is not None:
        return
    most = 2 * (rated + (report.number("meta", "ram", "total_gb") or 0))  # a gigabyte draws less than 1 W
    if watts > most:
        message = f"grams divided by carbon_intensity are {watts:.4g} W on average, and the processor is rated at {rated:g} W"
        raise report.fault("CG504", message, "meta", "carbon_intensity")


def _measured(report: Entry, measurements: Sequence[object]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the measurements of a report as rows of the log, each with its line."""
    rest = report.within("measurements")
    text, line, position = rest.text, rest.line, 0
    for row in measurements:
        found = text.find('"date"', position)
        line, position = line + text.count("\n", position, max(found, position)), max(found, position)
        values = row if isinstance(row, dict) else {}
        yield line, {name: "" if values.get(key) is None else str(values[key]) for key, name in FIELDS.items() if key in values}
        position += 1


def _devices(report: Entry) -> tuple[Device, ...]:
    """Return the GPUs of a report, else its processor."""
    gpu, cpu, count = (
        report.string("meta", "gpu", "brand"),
        report.string("meta", "cpu", "brand"),
        report.number("meta", "gpu", "gpu_count"),
    )
    if gpu and gpu != "Unknown":
        return (Device(gpu, int(count) if count else None),)
    return (Device(cpu),) if cpu and cpu != "Unknown" else ()
