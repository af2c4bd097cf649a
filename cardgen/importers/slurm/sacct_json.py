"""The JSON of sacct, as its data parsers of SLURM 21.08 and later write it: amounts stand bare, or with whether they are set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cardgen.importers.slurm.jobs import NO_JOB_J, NONE, STATES, Job, contradiction, shown
from cardgen.records.entries import whole
from cardgen.records.fields import json_number
from cardgen.records.record import Reading
from cardgen.records.source import AGAIN, Source
from cardgen.records.streamed import MAX_RUNS, MOST_S, too_many_runs

JOB = re.compile(r'^(\s*).*?"job_id"\s*:\s*(\d+)')
MOST_MOMENT = 1e11  # s since 1970: in three thousand years
PRIVATE = {"user": "User", "account": "Account", "group": "Group", "nodes": "NodeList", "working_directory": "WorkDir"}


def is_sacct_json(head: str) -> bool:
    """Return whether a file begins as the JSON of sacct does: jobs with what was allocated to them."""
    return head.lstrip().startswith("{") and '"jobs"' in head and '"allocation_nodes"' in head and '"association"' in head


def json_jobs(source: Source, reading: Reading) -> Iterator[Job]:
    """Yield the jobs, each once; what is not a job as sacct writes it is an error."""
    data, lines = whole(source), _lines(source)
    jobs = data.get("jobs") if isinstance(data, dict) else None
    if isinstance(jobs, list) and len(jobs) > MAX_RUNS:
        raise too_many_runs(1, "jobs", "select those of the model with sacct -j or --name")
    seen: list[object] = []
    for item in jobs if isinstance(jobs, list) else []:
        reading.rows += 1
        number = _amount(item.get("job_id")) if isinstance(item, dict) else None
        own = lines.get(int(number), []) if number is not None else []
        line = own.pop(0) if len(own) > 1 else own[0] if own else 1
        if item in seen[-50:]:
            reading.note("merged", line, "the same job again")
            continue
        seen.append(item)
        wrong = _wrong(item, number)
        clash = "" if wrong else _clash(item)
        if wrong:
            reading.fault("CG503", line, wrong, AGAIN)
        elif clash:
            reading.fault("CG504", line, clash, AGAIN)
        else:
            yield _job(item, int(number or 0), line)


def _lines(source: Source) -> dict[int, list[int]]:
    """Return the lines on which each id of a job stands; those that are indented further are of arrays and parts."""
    found: list[tuple[int, int, int]] = []
    for line, text in source.lines():
        match = JOB.match(text) if '"job_id"' in text else None
        if match:
            found.append((len(match[1]), int(match[2]), line))
    least = min((indent for indent, _, _ in found), default=0)
    lines: dict[int, list[int]] = {}
    for indent, number, line in found:
        if indent == least:
            lines.setdefault(number, []).append(line)
    return lines


def _amount(value: object) -> float | None:
    """Return a number, bare or as ``{"set": true, "infinite": false, "number": 5}``; None where it is not set."""
    if isinstance(value, dict):
        return _amount(value.get("number")) if value.get("set") is True and value.get("infinite") is not True else None
    return json_number(value) if not isinstance(value, str) else None


def _part(item: object, name: str) -> Mapping[str, Any]:
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, dict) else {}


def _state(item: Mapping[str, Any]) -> str:
    state = _part(item, "state").get("current")
    first = state[0] if isinstance(state, list) and state else state
    return first if isinstance(first, str) else ""


def _allocated(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    allocated = _part(item, "tres").get("allocated")
    return [part for part in allocated if isinstance(part, dict)] if isinstance(allocated, list) else []


def _wrong(item: object, number: float | None) -> str:
    """Return what in a job is not what sacct writes, "" where all is."""
    if not isinstance(item, dict) or number is None or number < 1:
        return "this is not a job with an id"
    if _state(item) not in STATES:
        return f"state: {shown(_state(item))} is not a state of a job"
    time = _part(item, "time")
    seconds = _amount(time.get("elapsed"))
    if seconds is None or not 0 <= seconds <= MOST_S:
        return "time.elapsed is missing" if seconds is None else f"time.elapsed: {seconds:.6g} s is no time that a job takes"
    for name in ("start", "end"):
        if not 0 <= (_amount(time.get(name)) or 0) <= MOST_MOMENT:
            return f"time.{name} is no time in seconds since 1970"
    for part in _allocated(item):
        count = part.get("count")
        if count is not None and (_amount(count) is None or (_amount(count) or 0) < 0) and part.get("type") in ("energy", "gres", "node"):
            return f"tres.allocated: {shown(str(count))} is not an amount"
    return ""


def _clash(item: Mapping[str, Any]) -> str:
    """Return how the values of a job contradict each other, "" where they agree."""
    amounts: dict[str, float | None] = {}
    for part in _allocated(item):
        name, count = _name(part), _amount(part.get("count"))
        if amounts.setdefault(name, count) != count:
            kind = part.get("type") if part.get("type") in ("energy", "gres", "node", "cpu", "mem", "billing") else "an item"
            return f"tres.allocated has {kind} twice, with different amounts"
    time = _part(item, "time")
    return contradiction(_amount(time.get("elapsed")), _amount(time.get("start")), _amount(time.get("end")))


def _name(part: Mapping[str, Any]) -> str:
    return "/".join(str(text) for text in (part.get("type"), part.get("name")) if text)


def _job(item: Mapping[str, Any], number: int, line: int) -> Job:
    time, found = _part(item, "time"), {}
    for part in _allocated(item):
        found[_name(part)] = _amount(part.get("count")) or 0.0
    joules = found.get("energy")
    start, end = _amount(time.get("start")), _amount(time.get("end"))
    nodes = _amount(item.get("allocation_nodes"))
    return Job(
        _id(item, number), line, str(item.get("name") or ""), _state(item), start or None, end or None, _amount(time.get("elapsed")),
        int(nodes) if nodes else None, None if joules is None or int(joules) in NONE or joules >= NO_JOB_J else joules, "", found,
        (str(item.get("cluster") or ""), str(item.get("nodes") or "")),
        {PRIVATE[name]: str(item[name]) for name in PRIVATE if item.get(name)},
    )  # fmt: skip


def _id(item: Mapping[str, Any], number: int) -> str:
    """Return the id as sacct shows it: 123_4 in an array, 123+1 in a job of several kinds of nodes."""
    for name, member, mark in (("array", "task_id", "_"), ("het", "job_offset", "+")):
        first, index = _amount(_part(item, name).get("job_id")), _amount(_part(item, name).get(member))
        if first and index is not None and index < 2**32 - 2:
            return f"{first:.0f}{mark}{index:.0f}"
    return str(number)
