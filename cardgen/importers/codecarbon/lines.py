"""Readings of CodeCarbon as JSON: what ``LoggerOutput`` writes, one object a line, a log's prefix before it; or one object alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cardgen.importers.codecarbon.checks import CHOICES, ID, NAMES, NUMBERS, wrong_number
from cardgen.importers.codecarbon.rows import MOVED, record_of
from cardgen.importers.codecarbon.runs import Best, merged
from cardgen.problems import Placed
from cardgen.records.entries import AGAIN, entries, value_of
from cardgen.records.fields import clock, number, quotable
from cardgen.records.record import Reading
from cardgen.records.source import Source, Unreadable
from cardgen.records.streamed import MAX_RUNS, too_many_runs
from cardgen.records.table import warn_of_cut_line

KEYS = ("energy_consumed", "emissions", "cpu_energy", "duration", "run_id")  # no other tool has them all
FIRST = {*NUMBERS, *NAMES, *CHOICES, "timestamp", "project_name", "run_id", "country_iso_code", "codecarbon_version", "python_version"}
BEGIN = re.compile(r'[^{"]*?\[?\s*\{\s*"(\w+)"\s*:')
OTHER = "a line of the log that is no reading of the tracker"
TASK_FILE = "_codecarbon.json"  # of optimum-benchmark: the file of a task, measured by CodeCarbon


def recognised(head: str) -> bool:
    """Return whether the beginning of a file holds a reading as JSON: on a line of its own, or as the first value."""
    if '"energy_consumed"' not in head:
        return False
    text = _line(head) or head
    begin = BEGIN.match(text)
    return begin is not None and begin[1] in FIRST and all(f'"{key}"' in text for key in KEYS)


def _line(head: str) -> str:
    """Return the first line that holds a whole reading, "" where one reading takes several lines, or all are a list."""
    line = next((text for text in head.splitlines() if '"energy_consumed"' in text), "")
    return line if "{" in line and not head.lstrip().startswith("[") else ""


def read(source: Source, reading: Reading) -> None:
    """Read the runs of a file; of the rows of a run the largest counts."""
    part = source.short.removesuffix(TASK_FILE) if source.short.endswith(TASK_FILE) else ""
    best: dict[object, Best[dict[str, str]]] = {}
    for line, value in _rows(source, reading):
        reading.rows += 1
        try:
            values = _values(value, line)
        except Unreadable as error:
            reading.problems.append(error.problem)
            continue
        energy = number(values["energy_consumed"]) or 0.0
        key = (values["run_id"], values.get("task_name", ""))
        known = best.get(key)
        if known is None:
            if len(best) >= MAX_RUNS:
                raise too_many_runs(line)
            best[key] = Best(energy, values, line)
            continue
        one, other = clock(known.row.get("timestamp", "")), clock(values.get("timestamp", ""))
        is_odd = one is not None and other is not None and one != other and (other > one) != (energy > known.energy)
        known.add(energy, values, line, is_odd)
    for found in best.values():
        merged(found, reading)
        record = record_of(found.row, found.energy, found.line, source, reading, is_task=bool(part))
        if record is not None and part:
            reason = f"energy of a benchmark; {record.reason}"
            record = replace(record, part=record.part or part, phase="evaluation", reason=reason)
        if record is not None:
            reading.records.append(record)


def _rows(source: Source, reading: Reading) -> Iterator[tuple[int, Any]]:
    """Yield each reading with its line; what else a log says is noted, a line that was cut is a problem."""
    if not _line(source.head):
        for entry in entries(source):
            yield entry.line_of("energy_consumed"), entry.value
        return
    line = 0
    for line, text in source.lines():
        if not text.strip():
            continue
        begin = text.find("{")
        if begin < 0 and not any(f'"{key}"' in text for key in KEYS):
            reading.note("skipped", line, OTHER)
            continue
        try:
            value = value_of(text[max(begin, 0) :], line)
            if isinstance(value, dict) and not any(key in value for key in KEYS):
                reading.note("skipped", line, OTHER)
            else:
                yield line, value
        except Unreadable as error:
            if any(name in text for name in ('{"', *KEYS)):
                reading.problems.append(error.problem)
            else:
                reading.note("skipped", line, OTHER)
    is_task = line == 1 and source.head.startswith("{")  # whose file has one line without an end
    if not source.ends_in_newline and not is_task and all(problem.line != line for problem in reading.problems):
        warn_of_cut_line(reading, line)


def _values(value: Any, line: int) -> dict[str, str]:
    """Return the values of a reading as the cells of a row; raises Unreadable where it is none, or has no energy."""
    if not isinstance(value, Mapping) or any(key not in value for key in KEYS):
        gone = [key for key in KEYS if key not in value] if isinstance(value, Mapping) else []
        message = f"{' and '.join(gone)} {'are' if len(gone) > 1 else 'is'} missing" if gone else "this is not a reading of the tracker"
        raise _unreadable("CG503", message, line)
    values = {}
    for name, held in value.items():
        if held is not None and (isinstance(held, bool) or not isinstance(held, (str, int, float))):
            raise _unreadable("CG503", f"{quotable(name)} is neither a number nor text", line)
        values[name] = "" if held is None else held.strip() if isinstance(held, str) else repr(held)
    energy = values["energy_consumed"]
    wrong = "" if number(energy) == 0 or not energy else wrong_number("energy_consumed", energy)
    if wrong:
        raise _unreadable("CG503", f"energy_consumed: {wrong}", line)
    if not energy or number(energy) == 0:
        message = f"energy_consumed is {'0' if energy else 'empty'}: the tracker had nothing to read"
        raise _unreadable("CG501", message, line, "state hardware and duration in the run file, or measure with a meter")
    if not ID.fullmatch(values["run_id"]):
        raise _unreadable("CG503", "run_id: this is not an id as the tracker makes them", line, MOVED)
    return values


def _unreadable(code: str, message: str, line: int, hint: str = AGAIN) -> Unreadable:
    return Unreadable(Placed(code, message, (), hint, "error", line))
