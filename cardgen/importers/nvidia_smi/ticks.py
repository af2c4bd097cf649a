"""Rows of a log that does not say which device they are of: those of one moment are the devices, in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from cardgen.records.record import Reading


class Row(NamedTuple):
    """A row of a log of power. ``device`` is None where the row does not say, ``power`` where it has no value."""

    device: Hashable
    time: float
    power: float | None
    line: int
    name: str = ""


FIRST = 4_096  # rows from which the order of a moment is learnt


def numbered(rows: Iterable[Row], reading: Reading) -> Iterator[Row]:
    """Yield the rows with the number of their device, of those moments that have a row for each device.

    A moment ends where the clock moves on by more than a third of the usual step. A moment with more or fewer rows cannot be told
    apart: it is left out and named. Where many are so, nothing is read.
    """
    rows = iter(rows)
    first = list(islice(rows, FIRST))
    steps = sorted(abs(b.time - a.time) for a, b in zip(first, first[1:]))
    if not steps:
        yield from (row._replace(device=0) for row in first)
        return
    end = steps[int(0.97 * (len(steps) - 1))] if len(steps) >= 64 else steps[-1]
    counts = Counter(len(tick) for tick in _ticks(first, end / 3))
    wanted = max(counts, key=lambda count: (counts[count], count))
    if any(end / 10 < step < end / 3 for step in steps) and wanted > 1 or counts[wanted] < 0.8 * sum(counts.values()) - 2:
        reading.fault("CG502", first[0].line, "the rows do not say which GPU they are of, and moments have different numbers of rows", LOG)
        return
    left_out, all_ticks = 0, 0
    for tick in _ticks(chain(first, rows), end / 3):
        all_ticks += 1
        if len(tick) != wanted:
            left_out += 1
            reading.note("skipped", tick[0].line, f"{len(tick)} rows at one moment, where there are {wanted} GPUs")
            if left_out <= 20:
                message = f"{len(tick)} row{'s' * (len(tick) > 1)} at one moment, where there are {wanted} GPUs: they are left out"
                reading.warn("CG510", tick[0].line, message, LOG)
            continue
        for number, row in enumerate(tick):
            yield row._replace(device=number)
    if left_out > max(2, 0.2 * all_ticks):
        reading.fault("CG502", first[0].line, f"{left_out:,} of {all_ticks:,} moments lack rows, and no row says which GPU it is of", LOG)


LOG = "log with index or uuid: nvidia-smi --query-gpu=timestamp,index,uuid,name,power.draw --format=csv -l 1"


def _ticks(rows: Iterable[Row], step: float) -> Iterator[list[Row]]:
    """Yield the rows of each moment: they follow each other by no more than a step."""
    tick: list[Row] = []
    for row in rows:
        if tick and abs(row.time - tick[-1].time) > step:
            yield tick
            tick = []
        tick.append(row)
    if tick:
        yield tick
