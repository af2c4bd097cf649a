"""Records as they may leave: names that name no person and no place on a disk, numbers that can be."""

from __future__ import annotations

import re
from dataclasses import replace

from cardgen.problems import plain
from cardgen.records.fields import MAX_KWH
from cardgen.records.record import Device, Reading, Record

_PATH = re.compile(r"""(?<![^\s"'=:,(\[])(?:(?:[A-Za-z]:[/\\]|[/~]|\.{1,2}/|\\\\)\S*|\S+/\S+/\S*)""")
_HOME = re.compile(r"(?:[A-Za-z]:)?[/\\](?:home|users)[/\\][^/\\]+[/\\]?", re.IGNORECASE)
_PERSON = re.compile(r"\S+@\S+")
_KEY = re.compile(r"\b(?:hf|sk|gh[a-z]|xox[a-z]|AKIA|key|token)[-_=]?[A-Za-z0-9_-]{12,}")
MAX_PUE = 4.0  # what a run file takes
DAY_S = 86_400.0  # a run file states days


def public(record: Record) -> Record:
    """Return a record whose names hold no folder, mail address or key."""
    return replace(
        record, run=shown(record.run), part=shown(record.part), project=shown(record.project), method=shown(record.method),
        reason=shown(record.reason),
        devices=tuple(Device(shown(device.name), device.count) for device in record.devices),
        provider=shown(record.provider) if record.provider else None, region=shown(record.region) if record.region else None,
        country=shown(record.country) if record.country else None,
    )  # fmt: skip


def shown(text: str) -> str:
    """Return a name without what may name a person: of a path the last part, of a home nothing.

    >>> shown("/home/ada/runs/pond-7b"), shown("acme/pond-7b"), shown("/home/ada"), shown("tune for ada@acme.org")
    ('pond-7b', 'acme/pond-7b', '', 'tune for')
    """
    words = _KEY.sub("", _PERSON.sub("", plain(text)))
    return " ".join(_PATH.sub(_last, words).split()) if words != text or _PATH.search(words) else text


def _last(match: re.Match[str]) -> str:
    path = match[0]
    return "" if _HOME.fullmatch(path) else re.split(r"[/\\]", path.rstrip("/\\"))[-1].lstrip("~")


def possible(record: Record, reading: Reading) -> Record:
    """Return a record without times that run backwards; add the error of a number that cannot be."""
    line = record.lines[0] if record.lines else 1
    if record.energy_kwh is not None and not 0 < record.energy_kwh <= MAX_KWH:
        reading.fault(
            "CG503", line, f"the energy is {record.energy_kwh:.3g} kWh, which no run uses", "a unit may be wrong, or fields have moved"
        )
    if record.pue is not None and not 1 <= record.pue <= MAX_PUE:
        reading.fault("CG503", line, f"the PUE is {record.pue:.4g}, which no site has", "fields may have moved")
    if record.start is not None and record.end is not None and record.end < record.start:
        reading.warn("CG518", line, "the run ends before it begins: its times are left out", "a clock was set, or fields have moved")
        return replace(record, start=None, end=None)
    span_s = record.end - record.start if record.start is not None and record.end is not None else None
    if span_s is not None and record.hours is not None and record.hours * 3600 > span_s + DAY_S:
        hint = "a clock was set, or fields have moved"
        reading.warn(
            "CG518", line, f"the run took {record.hours:,.4g} h, longer than from its begin to its end: its begin is left out", hint
        )
        return replace(record, start=None)
    return record
