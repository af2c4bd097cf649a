"""carbonwatcher 0.2 and 0.3: the ledger of runs, the log of a run (JSON, whatever its name says), and the ledger of calls to models.

``energy_kwh`` is what the parts used, times the PUE. A run that stands in the ledger and in a log is one run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cardgen.records.entries import Entry, records
from cardgen.records.fields import MAX_KWH, clock
from cardgen.records.record import Device, PerRequest, Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.streamed import MAX_RUNS, MOST_S, Lines, Total, too_many_runs
from cardgen.records.tool import Tool

TOOL = Tool(
    "carbonwatcher", "carbonwatcher", "carbonwatcher_ledger.json, carbontracker_<run>_<time>.log, carbonwatcher_llm_ledger.json",
    "energy with PUE and emissions of runs; parts, devices and the meter (log); energy of calls",
    "the PUE (ledger); which provider a region belongs to",
    "https://pypi.org/project/carbonwatcher/",
)  # fmt: skip

LEDGER = ("run_id", "experiment_name", "energy_kwh", "carbon_kg", "infrastructure")
LOG = ("run_id", "actual", "energy_kwh", "carbon_kg", "grid_intensity_gco2_kwh")
CALLS = ("call_id", "total_energy_wh", "carbon_g", "carbon_kg", "latency_s")
INFRASTRUCTURES = ("cloud", "on_premise", "laptop", "workstation")  # PUE 1.10, 1.50, 1.00 and 1.05, unless another is given
METERS = ("rapl", "powermetrics")
COMPONENTS = {"gpu": "accelerators", "cpu": "processors", "dram": "memory"}
HINT = "state hardware and duration in the run file, or measure with a tool that has a meter"


def recognises(source: Source) -> bool:
    """Return whether the beginning holds the keys of a ledger or of a log."""
    return source.head.lstrip()[:1] in ("{", "[") and any(all(f'"{key}"' in source.head for key in keys) for keys in (LEDGER, LOG, CALLS))


def read(sources: Sequence[Source]) -> list[Reading]:
    """Return one reading for each file; a run that stands in a ledger and a log is a record of the log alone."""
    readings = [Reading(source.name, TOOL.name) for source in sources]
    for source, reading in zip(sources, readings):
        try:
            reading.records += _records(source, reading)
        except Unreadable as error:
            reading.problems.append(error.problem)
    logs = {record.run: (reading, index) for reading in readings for index, record in enumerate(reading.records) if record.components}
    for reading in readings:
        kept = []
        for record in reading.records:
            if record.components or record.run not in logs:
                kept.append(record)
            else:
                _join(record, reading, *logs[record.run])
        reading.records = kept
        if any(record.pue is None and record.boundary == "facility" for record in kept):
            first = next(record for record in kept if record.pue is None and record.boundary == "facility")
            message = "a PUE is inside the energy, and the ledger does not say which: the tool takes 1.10 for a cloud, 1.50 on premises"
            reading.warn("CG521", first.lines[0], message, "give the log of the run as well")
    return readings


def _join(record: Record, reading: Reading, log: Reading, index: int) -> None:
    """Add what the ledger says of a run to the record of its log."""
    other = log.records[index]
    if record.energy_kwh and other.energy_kwh and not math.isclose(record.energy_kwh, other.energy_kwh, rel_tol=1e-9):
        message = f"the run has {record.energy_kwh:.6g} kWh here and {other.energy_kwh:.6g} kWh in {other.file}"
        reading.fault("CG504", record.lines[0], message, "give the file that is right alone")
        return
    reading.note("merged", record.lines[0], f"the same run stands in {other.file}: it is counted once")
    log.records[index] = replace(other, file=f"{other.file}, {record.file}", private={**record.private, **other.private})


def _records(source: Source, reading: Reading) -> Iterator[Record]:
    calls = _Calls()
    count = 0

    def one(entry: Entry) -> Record | None:
        if "actual" in entry.value:
            return _logged(entry, source, reading)
        if "call_id" in entry.value:
            return _call(entry, source, reading)
        return _booked(entry, source, reading)

    for entry, record in records(source, reading, one):
        if record.per_request:
            calls.add(entry, record)
            continue
        count += 1
        if count > MAX_RUNS:
            raise too_many_runs(entry.line)
        yield record
    if not reading.rows:
        reading.fault("CG501", 1, "the ledger holds no run", HINT)
    if calls.first is not None:
        yield calls.mean()
        line = calls.lines.first[0]
        if calls.lines.count > 1:
            reading.note("merged", line, f"the first of {calls.lines.count:,} calls, of which the mean is taken")
        message = "the energy of a call is a constant of the tool for each token, not measured"
        reading.warn("CG517", line, message, "confirm that it fits the model and where it runs")


class _Calls:
    """The calls of a ledger: the first of them, the lines, and what all of them add up to."""

    def __init__(self) -> None:
        self.first: Record | None = None
        self.lines, self._energy, self._emissions = Lines(), Total(), Total()

    def add(self, entry: Entry, record: Record) -> None:
        """Add a call."""
        self.first = self.first or record
        self.lines.add(entry.line)
        if record.per_request:
            self._energy.add(record.per_request.energy_kwh)
            self._emissions.add(record.per_request.emissions_kg or 0.0)

    def mean(self) -> Record:
        """Return the mean call, of which there must be one."""
        count = self.lines.count
        mean = PerRequest(self._energy.value / count, emissions_kg=self._emissions.value / count)
        return replace(self.first or Record("carbonwatcher"), run="", per_request=mean, lines=self.lines.named)


def _booked(entry: Entry, source: Source, reading: Reading) -> Record:
    """Return a run as the ledger has it."""
    energy, infrastructure = _energy(entry, reading, "energy_kwh"), entry.string("infrastructure")
    where = f"; {infrastructure.replace('_', ' ')}" if infrastructure in INFRASTRUCTURES else ""
    seconds, end = _seconds(entry, "duration_s"), _end(entry)
    hours = seconds / 3600 if seconds else None
    return Record(
        tool="carbonwatcher", run=entry.string("run_id"), project=entry.string("experiment_name"), method="carbonwatcher",
        energy_kwh=energy, boundary="node" if infrastructure == "laptop" else "facility", basis="estimated",
        reason=f"the ledger does not say which part was measured{where}",
        emissions_kg=entry.number("carbon_kg"), hours=hours, end=end, start=end - hours * 3600 if end and hours else None,
        region=entry.string("region") or None, private=_private(entry, "model_name", "user_name", "organization"),
        file=source.short, lines=(entry.line_of("energy_kwh"),),
    )  # fmt: skip


def _logged(entry: Entry, source: Source, reading: Reading) -> Record:
    """Return a run as its log has it, checked against its parts, their power and the intensity."""
    energy, seconds = _energy(entry, reading, "actual", "energy_kwh"), _seconds(entry, "actual", "duration_s")
    parts = {}
    for key, name in COMPONENTS.items():
        value, power = entry.number("components", key, "energy_kwh"), entry.number("components", key, "avg_power_w")
        if value is None or power is None:
            raise entry.fault("CG503", f"the energy or the power of {name} is missing", "components", key)
        if seconds and not math.isclose(power * seconds, value * 3.6e6, rel_tol=1e-4, abs_tol=1e-9):
            raise entry.fault(
                "CG504", f"{name}: the energy is {value:.6g} kWh, power × time {power * seconds / 3.6e6:.6g}", "components", key
            )
        parts[name] = value
    pue = _pue(entry, energy, sum(parts.values())) if energy else None
    emissions = _emissions(entry, energy) if energy else None
    names = [name for name in entry.items("components", "gpu", "names") if isinstance(name, str)]
    if len(names) > 1 and parts["accelerators"]:
        message = f"the energy of the GPUs is that of one: the tool takes the mean of the {len(names)} and counts it once"
        reading.warn("CG517", entry.line_of("components", "gpu", "energy_kwh"), message, "measure the GPUs with another tool")
    source_of_power, end, hours = entry.string("components", "cpu", "power_source"), _end(entry), seconds / 3600 if seconds else None
    measured = parts["accelerators"] > (energy or 0) / 2 or source_of_power in METERS
    devices = tuple(Device(name, names.count(name)) for name in dict.fromkeys(names))
    model = entry.string("components", "cpu", "model")
    return Record(
        tool="carbonwatcher", run=entry.string("run_id"), project=entry.string("experiment"), method="carbonwatcher", energy_kwh=energy,
        boundary="facility" if pue else "node", basis="measured" if measured else "estimated",
        reason="memory is estimated from its use" if measured else "the processors are taken at a share of their rated power", pue=pue,
        emissions_kg=emissions, hours=hours, end=end, start=end - hours * 3600 if end and hours else None,
        device_hours=hours * len(names) if hours and names else None, components=parts,
        devices=devices or ((Device(model),) if model else ()), region=entry.string("location", "region") or None,
        private=_private(entry, "model"), file=source.short, lines=(entry.line_of("actual", "energy_kwh"),),
    )  # fmt: skip


def _emissions(entry: Entry, energy: float) -> float | None:
    """Return the emissions in kg, checked against the grams and the intensity beside them."""
    mass, grams = entry.number("actual", "carbon_kg"), entry.number("actual", "carbon_g")
    intensity = entry.number("location", "grid_intensity_gco2_kwh")
    if mass is not None and grams is not None and not math.isclose(mass * 1000, grams, rel_tol=1e-6):
        raise entry.fault("CG504", f"carbon_kg is {mass:.6g} and carbon_g {grams:.6g}", "actual", "carbon_kg")
    if mass is not None and intensity is not None and not math.isclose(mass * 1000, energy * intensity, rel_tol=1e-6):
        message = f"carbon_kg is {mass:.6g}, and energy × intensity {energy * intensity / 1000:.6g}"
        raise entry.fault("CG504", message, "actual", "carbon_kg")
    return mass


def _call(entry: Entry, source: Source, reading: Reading) -> Record | None:
    """Return the energy of one call to a model."""
    energy, mass, grams = _energy(entry, reading, "total_energy_wh"), entry.number("carbon_kg"), entry.number("carbon_g")
    if energy is None:
        return None
    energy /= 1000  # from Wh
    intensity = entry.number("grid_intensity_gco2_kwh")
    if mass is None or grams is None or not math.isclose(mass * 1000, grams, rel_tol=1e-6):
        raise entry.fault("CG504", "carbon_kg and carbon_g are not the same mass", "carbon_kg")
    if intensity is None or not math.isclose(grams, energy * intensity, rel_tol=1e-6):
        raise entry.fault("CG504", f"carbon_g is {grams:.6g}, and is not energy × intensity", "carbon_g")
    return Record(
        tool="carbonwatcher", run=entry.string("call_id"), project=entry.string("experiment"), method="carbonwatcher", boundary="node",
        basis="estimated", reason="a constant of the tool for each token", phase="inference",
        per_request=PerRequest(energy, emissions_kg=mass), file=source.short, lines=(entry.line_of("total_energy_wh"),),
    )  # fmt: skip


def _pue(entry: Entry, energy: float, parts: float) -> float | None:
    """Return the PUE between the parts and the whole, None where it is 1: the tool's own or one that was set, never one of many digits."""
    ratio = energy / parts if parts else 0.0
    if not 0.9995 < ratio < 3 or not math.isclose(ratio, round(ratio, 3), rel_tol=1e-9):
        message = f"energy_kwh is {energy:.6g} kWh, and its parts are {parts:.6g} kWh together: no PUE is between them"
        raise entry.fault("CG504", message, "actual", "energy_kwh")
    return round(ratio, 3) if round(ratio, 3) > 1 else None


def _energy(entry: Entry, reading: Reading, *keys: str) -> float | None:
    """Return the energy as it stands there; None, with the error, where there is none."""
    energy = entry.number(*keys)
    if energy is not None and energy > MAX_KWH:
        raise entry.fault("CG503", f"{keys[-1]}: {energy:.6g} is more than any run uses", *keys)
    if not energy:
        message = f"{keys[-1]} is {'missing' if energy is None else '0'}: the tool read no power"
        reading.fault("CG501", entry.line_of(*keys), message, HINT)
    return energy or None


def _seconds(entry: Entry, *keys: str) -> float | None:
    seconds = entry.number(*keys)
    if seconds is not None and seconds > MOST_S:
        raise entry.fault("CG503", f"{keys[-1]}: {seconds:.6g} s is no time that a run takes", *keys)
    return seconds


def _end(entry: Entry) -> float | None:
    end = clock(entry.string("timestamp"))
    if end is None and entry.string("timestamp"):
        raise entry.fault("CG503", "timestamp is not a date and time", "timestamp")
    return end


def _private(entry: Entry, *keys: str) -> dict[str, str]:
    return {key: entry.string(key) for key in keys if entry.string(key)}
