"""SLURM: what ``sacct`` shows of jobs, with ``-P``, ``-p`` or ``--json``.

Energy is J. The row of a job is all of it, those of its steps (``.batch``, ``.extern``, ``.0``) are parts. 0 means that energy is
not accounted for. A requeued job has a row for each attempt, and each used energy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from cardgen.importers.slurm.jobs import UNFINISHED, Job
from cardgen.importers.slurm.rows import FORMAT, columns_of, table_jobs
from cardgen.importers.slurm.sacct_json import is_sacct_json, json_jobs
from cardgen.problems import Placed
from cardgen.records.record import Device, Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "slurm", "SLURM", "sacct -P, sacct -p, sacct --json",
    "energy of the nodes of a job, time, the kind and number of its GPUs",
    "whether the job had its nodes for itself, and whether their meters include GPUs; emissions; place",
    "https://slurm.schedmd.com/sacct.html",
)  # fmt: skip

KNOWN = {"ConsumedEnergyRaw", "ConsumedEnergy", "AllocTRES", "Elapsed", "ElapsedRaw", "State", "NNodes", "AllocNodes"}
ALIGNED = re.compile(r"\s*JobID(Raw)?\s{2,}.*")
OFF = "energy accounting was off, or the nodes have no meter: state hardware and duration in the run file"


def recognises(source: Source) -> bool:
    """Return whether the file is a table of sacct, by the names of its columns, or its JSON."""
    if is_sacct_json(source.head):
        return True
    columns = set(columns_of(source))
    if "ConsumedEnergyRaw" in columns or ({"JobID", "JobIDRaw"} & columns and KNOWN & columns):
        return True
    return bool(ALIGNED.fullmatch(source.first_line)) and "----" in source.head


def _read(source: Source, reading: Reading) -> None:
    if is_sacct_json(source.head):
        jobs = list(json_jobs(source, reading))
    elif "|" not in source.first_line and ALIGNED.fullmatch(source.first_line):
        message = "the columns are aligned, and cut to their width: values cannot be told apart"
        raise Unreadable(Placed("CG505", message, hint=f"write them with -P: {FORMAT}"))
    else:
        jobs = table_jobs(source, reading)
    for attempts in _attempts(jobs, reading):
        reading.records.append(_record(attempts, source))
    _missing(reading)


read = each(_read, TOOL)


def _attempts(jobs: Iterable[Job], reading: Reading) -> list[list[Job]]:
    """Return the attempts at each job that ran, in their order. Each used energy; of two rows of one attempt the later state counts."""
    found: dict[str, dict[object, Job]] = {}
    for job in jobs:
        if job.state in ("PENDING", "REVOKED", "CONFIGURING") or (not job.seconds and job.joules is None and job.seconds is not None):
            reading.note("skipped", job.line, "the job did not run")
            continue
        attempts = found.setdefault(job.id, {})
        other = attempts.setdefault(job.start, job)
        if other is job:
            if len(attempts) > 1:
                first = next(iter(attempts.values())).line
                reading.note("merged", job.line, f"another attempt at the job of line {first}: added to it")
                message = f"job {job.id} stands on line {first} too, with another start: both attempts used energy, and are added"
                reading.warn("CG510", job.line, message, "if one row is a copy of the other whose start was damaged, leave it out")
        elif other.state in UNFINISHED or job.state in UNFINISHED:
            kept, dropped = (job, other) if other.state in UNFINISHED else (other, job)
            attempts[job.start] = kept
            reading.note("merged", dropped.line, f"what the job was while it ran; line {kept.line} has what it came to")
        else:
            message = f"the job stands on line {other.line} too, with the same start and other values"
            reading.fault("CG504", job.line, message, "leave one of them out")
    return [sorted(attempts.values(), key=lambda job: job.line) for attempts in found.values()]


def _record(attempts: Sequence[Job], source: Source) -> Record:
    """Return a job as its attempts together; without energy where one of them has none."""
    last = attempts[-1]
    known = [None if job.state in UNFINISHED else job.joules for job in attempts]
    joules = math.fsum(value for value in known if value is not None) if None not in known else None
    seconds = [job.seconds for job in attempts]
    hours = math.fsum(value for value in seconds if value is not None) / 3600 if None not in seconds else None
    starts, ends = [job.start for job in attempts if job.start], [job.end for job in attempts if job.end]
    devices = tuple(dict.fromkeys(device for job in attempts for device in job.devices))
    same = len({job.devices for job in attempts}) == 1
    gpus = [sum(device.count or 0 for device in job.devices) for job in attempts]
    return Record(
        tool="slurm", run=last.id, project=last.name, method="SLURM accounting",
        energy_kwh=joules / 3.6e6 if joules else None, boundary="node", basis="measured", reason=_reason(attempts),
        start=min(starts, default=None), end=max(ends, default=None), hours=hours or None, nodes=last.nodes,
        device_hours=sum(count * (value or 0) for count, value in zip(gpus, seconds)) / 3600 or None if None not in seconds else None,
        devices=devices if same else tuple(Device(device.name) for device in dict.fromkeys(devices)), host=last.host,
        private=dict(last.private), file=source.short, lines=tuple(job.line for job in attempts),
    )  # fmt: skip


def _reason(attempts: Sequence[Job]) -> str:
    states = [job.state for job in attempts if job.state and job.state != "COMPLETED"]
    several = f"{len(attempts)} attempts" if len(attempts) > 1 else ""
    ended = f"state {', '.join(dict.fromkeys(states))}" if states else ""
    meters = "meters of whole nodes, which may leave GPUs out: true only of jobs that had their nodes for themselves"
    return "; ".join(filter(None, (meters, attempts[-1].note, several, ended)))


def _missing(reading: Reading) -> None:
    """Refuse a file whose jobs have no energy; name those without it in one with energy."""
    without = [record for record in reading.records if record.energy_kwh is None]
    if len(without) == len(reading.records):
        if not reading.is_refused:
            line = without[0].lines[0] if without else 1
            message = "no job has energy: it is 0 or empty, which means that it was not counted" if without else "there is no job that ran"
            reading.fault("CG501", line, message, OFF)
        return
    for record in without:
        line = record.lines[-1]
        is_running = any(state in record.reason for state in UNFINISHED)
        reason = (
            "the job is not over: its energy is not final"
            if is_running
            else "the energy is 0 or empty, which means that it was not counted"
        )
        reading.note("skipped", line, reason)
        reading.warn("CG510", line, f"job {record.run}: {reason}", OFF)
