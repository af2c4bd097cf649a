"""The table of sacct: its rows as jobs, each held against what else the row says; steps are parts of their jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cardgen.importers.slurm.jobs import NO_JOB_J, NONE, STATES, Job, contradiction, resources, rounded, shown
from cardgen.problems import Placed
from cardgen.records.fields import clock, elapsed, is_missing
from cardgen.records.record import Reading
from cardgen.records.source import Source, Unreadable
from cardgen.records.streamed import MAX_RUNS, MOST_S, Seen, named_or_empty, too_many_runs
from cardgen.records.table import AGAIN, Table, separator

FORMAT = "sacct -P --format=JobID,JobName,State,Start,End,Elapsed,NNodes,AllocTRES,ConsumedEnergy,ConsumedEnergyRaw"
ID = re.compile(r"(\d+(?:_(?:\d+|\[[\d,\-%:.]+\]))?(?:\+\d+)?)(?:\.(batch|extern|interactive|\d+(?:\+\d+)?|TBD))?")
PRIVATE = ("User", "Account", "UID", "GID", "Group", "NodeList", "WorkDir", "SubmitLine", "Comment", "AdminComment", "StdOut", "StdErr")
_STEP = "a step, whose energy that of its job includes"


def columns_of(source: Source) -> list[str]:
    """Return the names of the columns that the first line holds."""
    delimiter = "|" if "|" in source.first_line else separator(source.first_line)
    return [name.strip().strip('"') for name in source.first_line.split(delimiter)]


def table_jobs(source: Source, reading: Reading) -> list[Job]:
    """Return the jobs of a table; steps are noted as parts of theirs, and are no jobs."""
    columns = columns_of(source)
    column = next((name for name in ("JobID", "JobIDRaw") if name in columns), None)
    if column is None or len(set(columns) - {""}) < len([name for name in columns if name]):
        message = "there is no column JobID: jobs and their steps cannot be told apart" if column is None else "a column stands twice"
        raise Unreadable(Placed("CG502", message, (), f"write it with {FORMAT}", "error", source.line_of(source.first_line)))
    table = Table(source, reading, "|" if "|" in source.first_line else None)
    check, seen, orphans = named_or_empty(table.header), Seen(), dict[str, int]()
    jobs: dict[str, list[Job]] = {}
    largest: dict[str, tuple[float, int]] = {}  # the energy of the step of each job that used most in J, and its line
    count = 0
    for row in table.full_rows():
        if seen.is_again(tuple(row), table.line, reading):
            continue
        check(row, table.line)
        values = {name: cell.strip() for name, cell in zip(table.header, row) if name}
        found = ID.fullmatch(values[column])
        if not found:
            reading.fault("CG503", table.line, f"{column}: {shown(values[column])} is not the id of a job", AGAIN)
        elif found[2]:
            largest[found[1]] = max(largest.get(found[1], (0.0, 0)), (_least(values), table.line))
            if found[1] in jobs:
                reading.note("merged", table.line, _STEP)
            else:
                orphans.setdefault(found[1], table.line)
        elif (job := _job(found[1], values, table.line, reading)) is not None:
            jobs.setdefault(job.id, []).append(job)
            count += 1
        if count > MAX_RUNS or len(orphans) > MAX_RUNS:
            raise too_many_runs(table.line, "jobs", "select those of the model with sacct -j or --name")
    seen.report(reading)
    _steps(orphans, jobs, reading)
    _warn_of_less(jobs, largest, reading)
    return _without_names([job for attempts in jobs.values() for job in attempts])


def _steps(orphans: Mapping[str, int], jobs: Mapping[str, object], reading: Reading) -> None:
    """Note the steps that stand above the row of their job; those alone are an error, for no one of them is the job."""
    for job, line in orphans.items():
        if job in jobs:
            reading.note("merged", line, _STEP)
        elif not reading.is_refused:
            message = f"job {job} has steps and no row of its own, which holds all of its energy"
            reading.fault("CG502", line, message, f"give the row of the job too: {FORMAT}")


def _least(values: Mapping[str, str]) -> float:
    """Return what a step used at least, in J; 0 where that is not known."""
    raw, about = values.get("ConsumedEnergyRaw", ""), rounded(values.get("ConsumedEnergy", ""))
    found = _counted(int(raw)) if re.fullmatch(r"\d{1,20}", raw) else about[0] - about[1] if about and about[0] < NO_JOB_J else None
    return found or 0.0


def _warn_of_less(jobs: Mapping[str, Sequence[Job]], largest: Mapping[str, tuple[float, int]], reading: Reading) -> None:
    """Warn of jobs that used less than one of their own steps."""
    for name, (joules, line) in largest.items():
        known = [(job.joules, job.line) for job in jobs.get(name, ()) if job.joules is not None]
        if known and joules > 1.001 * max(known)[0]:
            whole, where = max(known)
            message = f"job {name} used {whole:.6g} J, and its step on line {line} {joules:.6g} J: one of the two is wrong"
            reading.warn("CG504", where, message, "compare both rows with what sacct shows")


def _without_names(jobs: Sequence[Job]) -> list[Job]:
    """Return jobs, without a name where it may be that of a user which moved there: a job has a user, and that one's cell is empty."""
    people = {job.private[column].casefold() for job in jobs for column in ("User", "Account", "Group") if column in job.private}
    has_users = any("User" in job.private for job in jobs)
    return [replace(job, name="") if job.name.casefold() in people or (has_users and "User" not in job.private) else job for job in jobs]


def _job(name: str, values: Mapping[str, str], line: int, reading: Reading) -> Job | None:
    """Return a job by its row; None, with a problem, where a value is not what its column holds or two contradict each other."""
    wrong = _wrong(values)
    if wrong:
        reading.fault("CG503", line, wrong, AGAIN)
        return None
    state = values.get("State", "").partition(" ")[0].rstrip("+")  # "CANCELLED by 1001" names a user
    given = resources(values.get("AllocTRES", "")) or {}
    seconds = elapsed(values.get("Elapsed", ""))
    raw_seconds = float(values["ElapsedRaw"]) if values.get("ElapsedRaw") else seconds
    start, end = clock(values.get("Start", "")), clock(values.get("End", ""))
    nodes = values.get("NNodes") or values.get("AllocNodes")
    count = int(nodes) if nodes else None
    wrong = _contradiction(values, given, seconds, raw_seconds, count, start, end)
    if wrong:
        reading.fault("CG504", line, wrong, AGAIN)
        return None
    joules, note = _energy(values, given, line, reading)
    return Job(
        name, line, values.get("JobName", ""), state, start, end, raw_seconds, count, joules, note, given,
        (values.get("Cluster", ""), values.get("NodeList", "")),
        {column: values[column] for column in PRIVATE if values.get(column)},
    )  # fmt: skip


def _wrong(values: Mapping[str, str]) -> str:
    """Return what in a row is not what its column holds, "" where all is."""
    for name, text in values.items():
        if not text:
            continue
        if name == "State":
            fits = text.partition(" ")[0].rstrip("+") in STATES
        elif name in ("Start", "End", "Submit", "Eligible"):
            fits = text in ("Unknown", "None", "N/A") or clock(text) is not None
        elif name == "Elapsed":
            fits = (seconds := elapsed(text)) is not None and seconds <= MOST_S or text == "INVALID"
        elif name == "ElapsedRaw":
            fits = re.fullmatch(r"\d{1,20}", text) is not None and int(text) <= MOST_S
        elif name in ("NNodes", "AllocNodes", "NCPUS", "AllocCPUS", "ReqCPUS", "ConsumedEnergyRaw"):
            fits = re.fullmatch(r"\d{1,20}", text) is not None or (name == "ConsumedEnergyRaw" and is_missing(text))
        elif name == "ConsumedEnergy":
            fits = rounded(text) is not None or is_missing(text)
        elif name in ("AllocTRES", "ReqTRES"):
            fits = resources(text) is not None
        elif name == "ExitCode":
            fits = re.fullmatch(r"\d+:\d+", text) is not None
        else:
            fits = True
        if not fits:
            return f"{name}: {shown(text)} is not a value of that column"
    return ""


def _contradiction(
    values: Mapping[str, str], given: Mapping[str, float], seconds: float | None, raw: float | None, nodes: int | None,
    start: float | None, end: float | None,
) -> str:  # fmt: skip
    """Return how the values of a row contradict each other, "" where they agree."""
    if seconds is not None and raw is not None and seconds != raw:
        return f"Elapsed is {values['Elapsed']}, which is {seconds:.0f} s, and ElapsedRaw {raw:.0f} s"
    if nodes is not None and given.get("node", nodes) != nodes:
        return f"{nodes} nodes, and {given['node']:.0f} in AllocTRES"
    wrong = contradiction(raw, start, end)
    if wrong:
        return wrong
    typed = sum(count for name, count in given.items() if name.startswith("gres/gpu:"))
    if typed > given.get("gres/gpu", typed):
        return f"AllocTRES has {typed:.0f} GPUs with a type, and {given['gres/gpu']:.0f} in all"
    return ""


def _energy(values: Mapping[str, str], given: Mapping[str, float], line: int, reading: Reading) -> tuple[float | None, str]:
    """Return the energy in J and how it was found: exact where a column has it so, else as sacct rounded it."""
    shown = rounded(values.get("ConsumedEnergy", ""))
    about = shown if shown and 0 < shown[0] < NO_JOB_J else None
    raw = values.get("ConsumedEnergyRaw", "")
    amounts = {"ConsumedEnergyRaw": int(raw) if raw.isdigit() else None, "AllocTRES": given.get("energy")}
    exact = {name: _counted(value) for name, value in amounts.items() if value is not None}
    known = [value for value in exact.values() if value is not None]
    for value in known[1:]:
        if value != known[0]:
            reading.fault("CG504", line, f"ConsumedEnergyRaw is {known[0]:.0f} J, and energy in AllocTRES {value:.0f}", AGAIN)
            return None, ""
    if about and "ConsumedEnergyRaw" in exact and abs((exact["ConsumedEnergyRaw"] or 0) - about[0]) > about[1]:
        message = f"ConsumedEnergyRaw is {values['ConsumedEnergyRaw']} J, and ConsumedEnergy {values['ConsumedEnergy']}"
        reading.fault("CG504", line, message, AGAIN)
        return None, ""
    if known:
        if exact.get("ConsumedEnergyRaw", known[0]) is None or ("ConsumedEnergyRaw" in values and "ConsumedEnergyRaw" not in exact):
            reading.warn("CG510", line, "ConsumedEnergyRaw has no value: the energy in AllocTRES is taken", "ask for both columns")
        return known[0], ""
    if about and not exact:
        message = f"ConsumedEnergy is rounded, and {values['ConsumedEnergy']} is taken: ConsumedEnergyRaw has no value"
        reading.warn("CG510", line, message, f"ask for the exact one: {FORMAT}")
        return about[0], "rounded by sacct"
    return None, ""


def _counted(joules: float) -> float | None:
    """Return an amount of energy in J; None where it stands for none."""
    return None if joules in NONE or joules >= NO_JOB_J else float(joules)
