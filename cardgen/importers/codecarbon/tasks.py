"""What a run and the file of its tasks say of each other: how long the run took, and which PUE is inside the energy of its tasks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cardgen.importers.codecarbon.rows import LAST_TASK
from cardgen.records.record import Reading, Record

COVERED = 0.95  # share of the energy of a run that its tasks have, where none is missing


def joined(readings: Sequence[Reading], faulty: Mapping[tuple[str, int], str]) -> None:
    """Complete the runs by their tasks; ``faulty`` holds the run of each row of a task that is wrong, by file and line.

    A task that is wrong is a warning where its run stands in another file: the energy is that of the run.
    """
    runs = {record.run for reading in readings for record in reading.records if record.run and not record.part}
    tasks: dict[str, list[Record]] = {}
    for reading in readings:
        parts = [record for record in reading.records if record.run and record.part]
        for record in parts:
            tasks.setdefault(record.run, []).append(record)
        _forgive(reading, faulty, runs)
        alone = [record for record in parts if record.run not in runs and not record.pue and record.phase is None]
        if alone:
            message = "whether a PUE is inside the energy of the tasks is not known: only the file of the run has it"
            reading.warn("CG521", alone[0].lines[0], message, "give emissions.csv with it, or state the PUE in the run file")
    if tasks:
        broken = set(faulty.values())
        for reading in readings:
            reading.records = [
                record if record.part or record.run not in tasks else _timed(record, tasks[record.run], record.run in broken, reading)
                for record in reading.records
            ]


def _forgive(reading: Reading, faulty: Mapping[tuple[str, int], str], runs: Iterable[str]) -> None:
    """Make the faults of tasks warnings whose run is there."""
    for index, problem in enumerate(reading.problems):
        if problem.severity == "error" and faulty.get((reading.file, problem.line)) in runs:
            hint = "the energy of the run counts, which includes it: only its parts are not complete"
            reading.problems[index] = replace(problem, severity="warning", hint=hint)
            reading.note("skipped", problem.line, "the task is left out of the parts of its run")


def _timed(run: Record, tasks: Sequence[Record], is_broken: bool, reading: Reading) -> Record:
    """Return a run with the time of all its tasks: its own row has that of the last one."""
    line = run.lines[0]
    covered = math.fsum(task.energy_kwh or 0.0 for task in tasks)
    hours = [task.hours for task in tasks if task.hours is not None]
    starts = [task.start for task in tasks if task.start is not None]
    if is_broken or len(hours) < len(tasks) or covered < COVERED * (run.energy_kwh or 0.0):
        if run.hours is None:  # said already
            return run
        reading.note("skipped", line, f"{LAST_TASK}, and that of other tasks is not known")
        return replace(run, hours=None, start=None)
    total = math.fsum(hours)
    if run.hours is not None and math.isclose(total, run.hours, rel_tol=0.01):
        return run
    reading.notes = [note for note in reading.notes if (note.line, note.reason) != (line, LAST_TASK)]
    reading.note("repaired", line, f"the time of the run is that of its {len(tasks)} tasks: {LAST_TASK}")
    return replace(run, hours=total, start=min(starts) if len(starts) == len(tasks) else None)
