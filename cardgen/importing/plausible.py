"""What cannot be true of what a tool wrote: a power that no machine draws, an intensity that no grid has, a place nobody chose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cardgen.core.factors import Factors
from cardgen.importing.amounts import short
from cardgen.importing.combined import Combined
from cardgen.importing.machines import clusters
from cardgen.importing.place import zone_of
from cardgen.problems import Placed
from cardgen.records.record import Reading, Record

NODE_W = (5.0, 15_000.0)  # an idle small computer, and ten kilowatts of accelerators with their host
POSSIBLE_G = (5.0, 1_200.0)  # gCO2e/kWh: nearly all hydro or nuclear, and lignite
FAR = 1.5  # a table of another edition differs less


def check(readings: Sequence[Reading], runs: Sequence[Combined], factors: Factors) -> None:
    """Add to each reading what cannot be true of its records, as far as they belong to the runs that are meant."""
    homes = {record.file: reading for reading in readings for record in reading.records}
    for run in runs:
        for record in run.records:
            homes[record.file].problems += checked(record, factors)
    for cluster in clusters([record for run in runs for record in run.counted]):
        _warn_of_overlap(cluster, homes[cluster[0].file])


def _warn_of_overlap(cluster: Sequence[Record], reading: Reading) -> None:
    """Warn of runs that were recorded at one time on machines that look alike, where all of them count."""
    lines = [line for record in cluster for line in record.lines[:1]]
    message = f"{len(cluster)} runs cover the same time on machines that look alike (lines {', '.join(map(str, sorted(lines)[:8]))})"
    hint = "if it was one machine that each of them recorded as a whole, take the largest: --combine largest"
    reading.warn("CG523", lines[0] if lines else 1, message, hint)


def checked(record: Record, factors: Factors) -> Iterator[Placed]:
    """Yield warnings about a record; each says what the numbers imply."""
    line = record.lines[0] if record.lines else 1
    yield from (_warning("CG515", line, *found) for found in _power(record, factors))
    if record.is_default_place:
        where = " ".join(filter(None, (record.country, record.region)))
        message = f"{where or 'an average'} is what the tool takes when it cannot find the place: it may not be where the run was"
        yield _warning("CG514", line, message, "it is left out of the run file; state it with --country FRA or --provider and --region")
    yield from (_warning("CG516", line, *found) for found in _intensity(record, factors))


def _warning(code: str, line: int, message: str, hint: str) -> Placed:
    return Placed(code, message, (), hint, "warning", line)


def mean_power_w(record: Record) -> float | None:
    """Return the mean power in W, without what the facility adds; None where energy or time is not known."""
    if not record.energy_kwh or not record.hours:
        return None
    return record.energy_kwh / (record.pue or 1) / record.hours * 1000


def _power(record: Record, factors: Factors) -> Iterator[tuple[str, str]]:
    power = mean_power_w(record)
    if power is None:
        return
    hint = "check the times and the energy of the row, and how the tool came to them"
    each, (least, most) = power / (record.nodes or 1), NODE_W
    if record.boundary != "accelerators" and not least <= each <= most:
        limit = f"no machine runs on less than {least:g} W" if each < least else f"one machine hardly draws {most / 1000:g} kW"
        yield f"the mean power is {short(each, 'W')} for a machine: {limit}", hint
        return
    energy = record.energy_kwh if record.boundary == "accelerators" else record.components.get("accelerators")
    device = record.devices[0] if len(record.devices) == 1 else None
    row = factors.hardware(device.name)[0] if device else None
    if not energy or not device or not row or row["kind"] == "cpu" or not row["rated_power_w"] or not record.hours:
        return
    count = device.count or 1
    mean, rated = energy / (record.pue or 1) / record.hours / count * 1000, float(row["rated_power_w"])
    if mean > 1.2 * rated:
        yield f"{row['name']} drew {mean:.3g} W each on average: it is rated at {rated:g} W", f"were there more than {count}? {hint}"
    elif mean < 0.5 * float(row["idle_power_w"] or 0.06 * rated):
        yield f"{row['name']} drew {mean:.2g} W each on average: it draws more when it is idle", hint


def _intensity(record: Record, factors: Factors) -> Iterator[tuple[str, str]]:
    if not record.energy_kwh or record.emissions_kg is None:
        return
    grams = record.emissions_kg / record.energy_kwh * 1000
    if not POSSIBLE_G[0] <= grams <= POSSIBLE_G[1]:
        low, high = POSSIBLE_G
        message = f"the tool's emissions are {grams:.3g} g for each kWh: grids lie between {low:g} and {high:,.0f}"
        yield message, "a unit may be wrong, or the place; cardgen computes the emissions again from energy and place"
        return
    table = table_grams(record, factors)
    if table and not 1 / FAR <= grams / table[0] <= FAR:
        message = f"the tool's emissions are {grams:.3g} g for each kWh, the table has {table[0]:.3g} g for {table[1]} ({table[2]})"
        yield message, "an intensity may have been forced, or its table is of another year: both numbers stand in the run file"


def table_grams(record: Record, factors: Factors) -> tuple[float, str, str] | None:
    """Return the table's intensity in g/kWh for the place of a record, with the place's name and the year."""
    if record.is_default_place:
        return None
    zone = zone_of(record, factors)
    row = factors.grid(zone, None) if zone else None
    if row is None or zone is None:
        return None
    return float(row["value"]) * 1000, factors.place_name(zone), row["year"]
