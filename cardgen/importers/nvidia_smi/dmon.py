"""Rows of a log of ``nvidia-smi dmon -s p -o DT``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardgen.importers.nvidia_smi.queries import AGAIN, Log
from cardgen.importers.nvidia_smi.ticks import Row
from cardgen.problems import Placed
from cardgen.records.fields import clock, is_missing, number, quotable
from cardgen.records.samples import MAX_DEVICE_W
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import warn_of_cut_line, wrong_length

DMON = re.compile(r"#\s*(?:Date[\s,]+)?(?:Time[\s,]+)?gpu[\s,]")
DMON_LOG = "log with nvidia-smi dmon -s pu -o DT"


def dmon_rows(log: Log) -> Iterator[Row]:
    """Yield the rows of ``nvidia-smi dmon -o DT``; its two lines of header come again every few rows."""
    names: list[str] = []
    last = 0
    for line, text in log.source.lines():
        last = line
        cells = text.replace(",", " ").lstrip("# ").split()
        if text.lstrip().startswith("#"):
            if "gpu" in cells:
                if names and cells != names:
                    raise Unreadable(Placed("CG502", "the header names other columns than before", (), AGAIN, "error", line))
                names = cells
                _check_dmon(names, line)
            elif cells and len(cells) != len(names):
                message = f"the line of units has {len(cells)} fields, the header {len(names)}: a reading may have become part of it"
                log.reading.fault("CG502", line, message, AGAIN)
            elif cells and cells[names.index("pwr")] != "W":
                raise Unreadable(Placed("CG503", "the unit of pwr is not W", (), AGAIN, "error", line))
            continue
        if not cells:
            continue
        log.reading.rows += 1
        if len(cells) != len(names):
            if not log.source.ends_in_newline and _is_last(log.source, line):
                log.reading.note("skipped", line, "the last line is cut")
            else:
                wrong_length(log.reading, line, len(cells), len(names))
            continue
        values = dict(zip(names, cells))
        day, gpu, power = values["Date"], values["gpu"], values["pwr"]
        time = clock(f"{day[:4]}-{day[4:6]}-{day[6:]} {values['Time']}") if re.fullmatch(r"\d{8}", day) else None
        watts = number(power)
        if time is None or not re.fullmatch(r"\d{1,3}", gpu) or (watts is None and not is_missing(power)):
            log.reading.fault("CG503", line, "this is not a row of this log", AGAIN)
        elif watts is not None and not 0 <= watts <= MAX_DEVICE_W:
            log.reading.fault("CG503", line, f"pwr: {quotable(power)} is not the power of one GPU", AGAIN)
        else:
            if watts is None:
                log.lack(line)
            else:
                log.lowest, log.highest = min(log.lowest, watts), max(log.highest, watts)
            yield Row(gpu, log.since(time), watts, line)
    if log.reading.rows and not log.source.ends_in_newline:
        warn_of_cut_line(log.reading, last)


def _check_dmon(names: list[str], line: int) -> None:
    if "pwr" not in names:
        raise Unreadable(Placed("CG501", "the log has no column pwr: no energy follows from it", (), DMON_LOG, "error", line))
    if not {"Date", "Time"} <= set(names):
        message = "the log says no date and time: without them no energy follows from power"
        raise Unreadable(Placed("CG501", message, (), DMON_LOG, "error", line))


def _is_last(source: Source, line: int) -> bool:
    return not any(number > line and text.strip("\x00 ") for number, text in source.lines())
