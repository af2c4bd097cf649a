"""CodeCarbon 1.2 to 3.3: ``emissions.csv``, the files of its tasks, and the rows that it logs as JSON.

Energy is kWh, emissions kg, duration s, power W, water L. Columns are found by name, for they moved between versions.
``flush()`` writes a row each time, which holds all since the start: of the rows of a run the largest counts. Rows without an id
are runs of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from cardgen.importers.codecarbon import lines
from cardgen.importers.codecarbon.checks import ID, NUMBERS, wrong_number, wrong_value
from cardgen.importers.codecarbon.rows import MOVED, record_of
from cardgen.importers.codecarbon.runs import Best, merged
from cardgen.importers.codecarbon.tasks import joined
from cardgen.problems import Placed
from cardgen.records.fields import is_missing, number
from cardgen.records.record import Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.streamed import MAX_RUNS, too_many_runs
from cardgen.records.table import Table, separator, wrong_length
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "codecarbon", "CodeCarbon", "emissions.csv, emissions_<task>.csv, logs of LoggerOutput, <task>_codecarbon.json",
    "energy of processors, memory and GPUs; emissions; time; place; PUE and WUE where they were set",
    "which part was measured and which was computed from rated power; a carbon intensity that was forced",
    "https://mlco2.github.io/codecarbon/output.html",
)  # fmt: skip

LATER = {"emissions_rate", "cpu_power", "cpu_energy", "os", "codecarbon_version"}  # columns since release 2.0, which has run_id as well
# Releases that leave out what has no value, so that the rest of the row moves up (mlco2/codecarbon issue 1304).
LEFT_OUT = (("region", "longitude", "latitude"), ("region", "longitude", "latitude", "gpu_count", "gpu_model"))
EXPERIMENT = "5b0fa12a-3dd7-45bb-9766-cc326314d9f1"  # what experiment_id holds where none was given


def recognises(source: Source) -> bool:
    """Return whether the first line is a header of CodeCarbon, with three columns that all releases write; or there is a row as JSON."""
    columns = {name.strip().strip('"') for name in source.first_line.split(separator(source.first_line))}
    return {"emissions", "energy_consumed", "duration"} <= columns or lines.recognised(source.head)


def read(sources: Sequence[Source]) -> list[Reading]:
    """Return one reading for each file; a run and its tasks in different files complete each other."""
    faulty: dict[tuple[str, int], str] = {}
    readings = each(partial(_read, faulty), TOOL)(sources)
    joined(readings, faulty)
    return readings


def _read(faulty: dict[tuple[str, int], str], source: Source, reading: Reading) -> None:
    if lines.recognised(source.head):
        lines.read(source, reading)
        return
    table = Table(source, reading)
    missing = {"emissions", "energy_consumed", "duration"} - set(table.header)
    if missing:
        table.close()
        raise Unreadable(
            Placed("CG502", f"the header lacks {', '.join(sorted(missing))}", hint="this is not CodeCarbon's file of emissions")
        )
    if "run_id" not in table.index and LATER & set(table.header):
        table.close()
        message = "the header lacks run_id: the readings of one run cannot be told from other runs"
        raise Unreadable(Placed("CG502", message, (), "give the file as the tracker wrote it", "error", table.header_line))
    shapes, wanted = _shapes(table.header), len(table.header)
    best: dict[object, Best[list[str]]] = {}
    key_of, time, energy_of = _key(table), table.index.get("timestamp"), table.number_in("energy_consumed")
    for row in table.rows():
        if len(row) != wanted:
            repaired = _repaired(row, table, reading, shapes)
            if repaired is None:
                _keep_task(faulty, row, table, table.line, reading)
                continue
            row = repaired
        energy = energy_of(row)
        if energy is None or energy <= 0:
            _without_energy(row, table, reading)
            _keep_task(faulty, row, table, table.line, reading)
            continue
        key = key_of(row)
        known = best.get(key)
        if known is None:
            if len(best) >= MAX_RUNS:
                raise too_many_runs(table.line)
            best[key] = Best(energy, row, table.line)
            continue
        is_odd = time is not None and (row[time] > known.row[time]) != (energy > known.energy) and row[time] != known.row[time]
        known.add(energy, row, table.line, is_odd)
    _warn_of_ids(best, table, reading)
    for found in best.values():
        merged(found, reading)
        record = _record(found, table, source, reading)
        if record is None or found.restarted:
            _keep_task(faulty, found.row, table, found.restarted or found.line, reading)
        if record is not None:
            reading.records.append(record)


def _keep_task(faulty: dict[tuple[str, int], str], row: Sequence[str], table: Table, line: int, reading: Reading) -> None:
    """Keep of the row of a task that is wrong which run it is a part of; fields may have moved."""
    if "task_name" in table.index:
        faulty[reading.file, line] = next((cell.strip() for cell in row if ID.fullmatch(cell.strip())), "")


def _key(table: Table) -> Callable[[Sequence[str]], object]:
    """Return what tells the run of a row: its id, of release 1.2 the experiment's, with the task; without an id the whole row."""
    run, task = table.index.get("run_id" if "run_id" in table.index else "experiment_id"), table.index.get("task_name")
    if run is None:
        return tuple
    if task is None:
        return lambda row: row[run] or tuple(row)
    return lambda row: (row[run], row[task]) if row[run] else tuple(row)


def _shapes(header: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """Return the columns of a row by its length: those of the header, and those that damaged releases leave."""
    shapes = {len(header): tuple(header)}
    for names in LEFT_OUT:
        if set(names) <= set(header):
            shapes.setdefault(len(header) - len(names), tuple(name for name in header if name not in names))
    return shapes


def _repaired(row: list[str], table: Table, reading: Reading, shapes: Mapping[int, tuple[str, ...]]) -> list[str] | None:
    """Return a row that a known release has damaged, with the columns that it left out empty; None for any other."""
    columns = shapes.get(len(row))
    if columns is None or wrong_value(dict(zip(columns, row))):
        wrong_length(reading, table.line, len(row), len(table.header))
        return None
    values = dict(zip(columns, row))
    gone = [name for name in table.header if name not in values]
    reading.note("repaired", table.line, f"the row lacks {', '.join(gone)}, as releases 3.2.9 and 3.3.0 of the tracker write it")
    return [values.get(name, "") for name in table.header]


def _without_energy(row: Sequence[str], table: Table, reading: Reading) -> None:
    text = table.text(row, "energy_consumed")
    if is_missing(text):
        reading.note("skipped", table.line, "the cell of the energy is empty")
        reading.warn("CG510", table.line, "the energy is missing: the row is left out", "the run failed, or ended before the first reading")
    elif number(text) == 0:
        reading.note("skipped", table.line, "the energy is 0")
        reading.warn("CG510", table.line, "the energy is 0, which no run uses: the row is left out", "the tracker had nothing to read")
    else:
        message = f"energy_consumed: {wrong_number('energy_consumed', text)}"
        reading.fault("CG503", table.line, message, "write or copy the file again, or leave the row out")


def _warn_of_ids(best: Mapping[object, Best[list[str]]], table: Table, reading: Reading) -> None:
    """Warn where rows cannot be told apart by the id of their run."""
    without = sorted(found.line for key, found in best.items() if isinstance(key, tuple))
    without = [line for line in without if "task_name" not in table.index]
    if without and len(best) > 1:
        message = f"{len(without)} row{'s have' if len(without) > 1 else ' has'} no id of a run: each is taken as a run of its own"
        reading.warn("CG510", without[0], message, "if they are readings of one run, leave out all but the last")
    for key, found in best.items():
        run = key[0] if isinstance(key, tuple) and "task_name" in table.index else key
        if "experiment_id" in table.index and "run_id" in table.index and run and run == table.text(found.row, "experiment_id"):
            reading.fault("CG504", found.line, "run_id and experiment_id are the same", MOVED)
        if run == EXPERIMENT:
            reading.fault("CG504", found.line, "run_id holds the id that the tracker gives every experiment", MOVED)
        if isinstance(run, str) and run and not ID.fullmatch(run):
            reading.warn("CG503", found.line, "run_id: this is not an id as the tracker makes them", "fields may have moved")


def _record(found: Best[list[str]], table: Table, source: Source, reading: Reading) -> Record | None:
    """Return what a row says of its run; None where its values contradict each other."""
    values = dict(zip(table.header, (cell.strip() for cell in found.row)))
    if table.decimal_comma:
        values = {name: text.replace(",", ".") if name in NUMBERS else text for name, text in values.items()}
    return record_of(values, found.energy, found.line, source, reading)
