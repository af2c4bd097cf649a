"""Logs of nvidia-smi: ``--query-gpu=timestamp,...,power.draw --format=csv -l N``, and ``dmon -s p -o DT``.

Power is W, time is local and without a zone. The energy is the trapezoid per GPU. A GPU is known by its uuid, else by its bus id, else
by its index; in logs without any, the rows of one moment are the GPUs in their order. Only the columns that the header names are read.
A log without header is read when its values carry their units and one of them alone is power.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from cardgen.importers.nvidia_smi.dmon import DMON, dmon_rows
from cardgen.importers.nvidia_smi.queries import AGAIN, HEADERLESS, UUID, Log
from cardgen.importers.nvidia_smi.ticks import LOG, Row, numbered
from cardgen.problems import Placed
from cardgen.records.record import Device, Reading, Record
from cardgen.records.samples import Samples, in_any_order
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import separator
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "nvidia-smi", "nvidia-smi", "logs of --query-gpu=timestamp,power.draw --format=csv, of dmon -o DT",
    "power of each GPU over time, from which the energy of the GPUs follows; their names",
    "processors, memory and the rest of the machine; the zone of the clock; what lies between two readings",
    "https://docs.nvidia.com/deploy/nvidia-smi/",
)  # fmt: skip

POWER = re.compile(r"power\.draw(?:\.average|\.instant)?(?: \[W\])?")
QUERY = re.compile(r"power\.draw\b|utilization\.gpu\b|temperature\.gpu\b|clocks\.|memory\.(?:used|total|free)\b")
FIELD = re.compile(r"[\w.]*(?: \[[^\]]+\])?")
SNAPSHOT = re.compile(r"\+-{20,}|=+NVSMI LOG=+|<nvidia_smi_log>|(?:[A-Z][a-z]{2} ){2}[ \d]\d \d\d:\d\d:\d\d \d{4}")


def recognises(source: Source) -> bool:
    """Return whether this is an output of nvidia-smi: fields of its queries, or a time as only it writes it, beside a value of power."""
    line = source.first_line.strip()
    names = [name.strip() for name in line.split(separator(line))]
    if (
        all(FIELD.fullmatch(name) for name in names)
        and any(POWER.fullmatch(name) for name in names)
        or (names[0] == "timestamp" and any(QUERY.match(name) for name in names))
    ):
        return True
    if DMON.match(line) or (HEADERLESS.match(line) and re.search(r"\d W\b|GPU-|\d \[?%|MiB", line)):
        return True
    return bool(SNAPSHOT.match(line)) and ("NVIDIA-SMI" in source.head or "nvidia_smi_log" in source.head or "NVSMI LOG" in line)


def _read(source: Source, reading: Reading, samples: Samples) -> None:
    if SNAPSHOT.match(source.first_line.strip()):
        message = "this shows one moment: no energy follows from a single reading"
        raise Unreadable(Placed("CG501", message, (), LOG))
    log = Log(source, reading)
    is_dmon = bool(DMON.match(source.first_line.strip()))
    rows = dmon_rows(log) if is_dmon else log.rows()
    names: dict[object, str] = {}
    lacking: dict[object, tuple[float, float]] = {}  # device -> first and last time without power
    first = next(rows, None)
    if first is not None:
        samples.origin = log.origin or 0.0
        rest = _with(first, rows)
        for row in rest if first.device is not None else numbered(rest, reading):
            if row.name and names.setdefault(row.device, row.name) != row.name:
                reading.fault("CG504", row.line, "this GPU had another name before", AGAIN)
            if row.power is None:
                lacking[row.device] = (min(row.time, lacking.get(row.device, (row.time, 0.0))[0]), row.time)
            else:
                samples.add(row.device, row.time, row.power, row.line)
    _report(log, reading)
    summary = samples.summary(reading)
    if summary.energy_kwh is None and not reading.is_refused:
        message = "no GPU has two readings of its power" if not log.without else "no power is read: the values are such as [N/A]"
        hint = "some GPUs, virtual ones above all, have no meter: state hardware and duration in the run file"
        reading.fault("CG501", log.first_without or 1, message, hint if log.without else LOG)
    count = len(samples.devices) or len(names)
    spans = [end - start for start, end in lacking.values() if end > start] if summary.energy_kwh is None else []
    uuids = tuple(sorted(key for key in {*samples.devices, *lacking} if isinstance(key, str) and re.fullmatch(UUID, key)))
    reading.records.append(
        Record(
            tool=TOOL.name, method="nvidia-smi dmon" if is_dmon else f"nvidia-smi {log.power_column}", energy_kwh=summary.energy_kwh,
            boundary="accelerators", basis=summary.basis, reason=summary.reason() if summary.energy_kwh is not None else "",
            start=summary.start, end=summary.end, hours=max(spans) / 3600 if spans else summary.hours,
            device_hours=sum(spans) / 3600 if spans else summary.device_hours,
            devices=tuple(Device(name, number) for name, number in Counter(names.values()).items()) if len(names) == count else (),
            components={"accelerators": summary.energy_kwh} if summary.energy_kwh is not None else {},
            host=uuids, file=source.short, lines=summary.lines,
        )
    )  # fmt: skip


def _with(first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rows


def _report(log: Log, reading: Reading) -> None:
    """Say what is odd about all rows together."""
    if log.without:
        message = f"{log.without:,} reading{'s hold' if log.without > 1 else ' holds'} no power, such as [N/A]: those beside stand for them"
        reading.warn("CG510", log.first_without, message)
    if log.is_raw and log.odd_line:
        message = f'power.draw: "{log.odd}" has not the two decimals of the others'
        reading.fault("CG503", log.odd_line, message, "fields may have moved: " + AGAIN)
    if any(note.kind == "repaired" for note in reading.notes) and log.lowest == log.highest and reading.rows > 2:
        reading.fault("CG502", 1, "the log has no header, and its one value in W never changes: it may be a limit", LOG)


read = each(in_any_order(_read, is_local=True), TOOL)
