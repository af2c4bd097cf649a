"""A run file from what was read: every value beside its file and line, what no tool says as a comment, how it was read at the end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from cardgen.core.factors import Factors
from cardgen.importing.amounts import exact, short
from cardgen.importing.combined import Combined
from cardgen.importing.hardware import hardware
from cardgen.importing.place import place
from cardgen.importing.report import BOUNDARY_WORDS, basis_of, lines, short_name
from cardgen.importing.stated import Stated
from cardgen.problems import plain, printable
from cardgen.records.fields import day
from cardgen.records.record import PerRequest, Reading, Record
from cardgen.skeleton import line, scalar


def run_file(runs: Sequence[Combined], readings: Sequence[Reading], stated: Stated, factors: Factors) -> str:
    """Return a commented run file with an activity for each run; the text ends with the report of the reading."""
    body = [
        f"# From {', '.join(dict.fromkeys(printable(record.file, 60) for run in runs for record in run.records))}: "
        "each value stands with the line that it was read from.",
        line("cardgen: 1", "format version"),
        *_model(runs, stated),
        "activities:",
    ]
    for run, name in zip(runs, _names(runs)):
        body += _activity(run, name, stated, factors)
    body += _reported(runs, stated)
    body += ["# How the files were read:", *(f"#   {entry}" for entry in lines(readings, runs, factors))]
    problems = [(short_name(reading), problem) for reading in readings for problem in reading.problems]
    body += [f"#   {name}, line {p.line}: {p.code} {printable(p.message, 300)}" for name, p in problems[:MOST_PROBLEMS]]
    return "".join(f"{entry.rstrip()}\n" for entry in body)


MOST_PROBLEMS = 50


def _text(text: str, length: int = 200) -> str:
    return scalar(_words(text)[:length].strip())


def _words(text: str) -> str:
    """Return a text on one line without what cannot be shown; "" where nothing is left."""
    return " ".join(plain(text).split())


def _model(runs: Sequence[Combined], stated: Stated) -> Iterator[str]:
    yield "model:"
    projects = {run.project for run in runs if run.project}
    project = next(iter(projects)) if len(projects) == 1 else ""
    if _words(stated.name or ""):
        yield f"  name: {_text(stated.name or '')}"
    elif _words(project):
        yield line(f"  name: {_text(project)}", "the name of the project: state the model's")
    else:
        yield line("  name: Unnamed model", "the files do not name it: state the model's name")
    yield line("  # id: organisation/my-model", "Hub repository id")


def _names(runs: Sequence[Combined]) -> list[str]:
    """Return what each activity is called where there are several: its task or project, with the run's id where two are the same."""
    names = [_words(run.counted[0].part or run.project or run.run[:ID]) for run in runs]
    if len(runs) == 1:
        return [""]
    same = Counter(names)
    names = [f"{name} {_words(run.run)[:ID]}".strip() if same[name] > 1 else name for run, name in zip(runs, names)]
    same = Counter(names)
    return [f"{name} {number}".strip() if same[name] > 1 else name for number, name in enumerate(names, 1)]


ID = 8  # characters of a run's id that tell it from others


def _activity(run: Combined, name: str, stated: Stated, factors: Factors) -> Iterator[str]:
    first = run.counted[0]
    phase = stated.phase or next((record.phase for record in run.records if record.phase), None)
    if phase:
        yield f"  - phase: {phase}"
    else:
        yield line("  - phase: other", "not in the file: pretraining, fine-tuning, evaluation, ...")
    if name:
        yield f"    name: {_text(name)}"
    yield from _dates(run)
    yield from hardware(run, factors)
    if first.per_request:
        yield from _request(first, first.per_request)
    else:
        yield from _energy(run)
    yield from place(run, stated, factors)
    for key in stated.include:
        values = dict.fromkeys(
            value for record in run.records for name, value in record.private.items() if name in PRIVATE.get(key, (key,))
        )
        yield from (f"    # {key}: {printable(value, 200)}" for value in values)


# What --include asks for, and what the importers call it.
PRIVATE: Mapping[str, tuple[str, ...]] = {
    "coordinates": ("latitude", "longitude", "location"),
    "host": ("host", "hosts", "hostname", "os", "nodes", "NodeList"),
    "user": (
        "user", "User", "UID", "GID", "Group", "Account", "account", "user_name", "user_id", "name", "division", "organization",
        "mlflow.user", "mlflow.runName",
    ),
    "path": ("path", "WorkDir", "StdOut", "StdErr", "artifact_uri"),
    "command": ("command", "SubmitLine", "Comment", "AdminComment", "model", "model_name", "mlflow.source.name", "mlflow.source.type"),
}  # fmt: skip


def _dates(run: Combined) -> Iterator[str]:
    starts = [record.start for record in run.records if record.start is not None]
    ends = [record.end for record in run.records if record.end is not None]
    begin, end = (day(min(starts)) if starts else None), (day(max(ends)) if ends else None)
    if begin and end:
        yield f"    start: {begin}"
    if end:
        yield f"    end: {end}"
    elif begin:
        yield f"    end: {begin}"
    else:
        yield line("    # end: ...", "not in the file; the year chooses the factors")


def _energy(run: Combined) -> Iterator[str]:
    first, energy = run.counted[0], run.energy_kwh
    if energy is None:
        yield line("    # energy:", "not measured: it is estimated from hardware and hours")
        return
    yield "    energy:"
    value, people = exact(energy, "kWh"), short(energy, "kWh")
    spread = max((record.spread or 0.0 for record in run.counted), default=0.0)
    if spread > ROUNDED:
        value, people = f"{value} ± {spread:.0%}", f"{people}; the file rounds it"
    yield line(f"      value: {value}", people if people != value else "")
    words = f"PUE {first.pue:g} included" if first.pue else BOUNDARY_WORDS[run.boundary]
    yield line(f"      boundary: {run.boundary}", words)
    methods = dict.fromkeys(_method(record) for record in run.counted)
    yield f"      method: {_text(', '.join(methods))}"
    yield f"      read_from: {_text(_where(run), 500)}"
    reason = next((record.reason for record in run.counted if record.basis == basis_of(run) and record.reason), "")
    yield line(f"      basis: {basis_of(run)}", printable(reason, 200))


ROUNDED = 0.4  # from here on the printed digits are less certain than a tracker


def _where(run: Combined) -> str:
    places = [_lines(record) for record in run.counted[:3]]
    more = f" and {len(run.counted) - 3} more" if len(run.counted) > 3 else ""
    return f"{', '.join(places)}{more}"


def _lines(record: Record) -> str:
    """Return the file and the lines that a record was read from."""
    name = _words(printable(record.file, 60)) or "a file without a name"
    if not record.lines:
        return name
    first, *others = record.lines
    return f"{name}, line{'s' if others else ''} {first}{f' to {max(others)}' if others else ''}"


def _request(record: Record, request: PerRequest) -> Iterator[str]:
    yield "    requests:"
    value = exact(request.energy_kwh, "kWh")
    if request.low_kwh and request.high_kwh and request.high_kwh > request.low_kwh:
        spread = (request.high_kwh - request.low_kwh) / 2 / request.energy_kwh
        value += f" ± {spread * 100:.3g}%"
    yield line(f"      energy: {value}", f"one request; {printable(record.file, 60)}:{record.lines[0] if record.lines else 1}")
    yield line(f"      boundary: {record.boundary}", BOUNDARY_WORDS[record.boundary])
    yield line("      # per_day: ...", "not in the file")
    yield from (line(f"    # {words}", f"as {_method(record)} has it") for words in _beside(request))
    if record.basis == "estimated":
        yield line("    assumed: true", printable(record.reason, 200) or "the tool computed it; nothing was measured")


def _method(record: Record) -> str:
    """Return the tool with its version."""
    return _words(record.method) or record.tool


def _beside(request: PerRequest) -> Iterator[str]:
    """Yield what a tool says of one request beside its energy, for the reader of the file."""
    values = (("emissions", request.emissions_kg, "kgCO2e"), ("of them, use", request.usage_kg, "kgCO2e"),
              ("of them, making hardware", request.embodied_kg, "kgCO2e"), ("water", request.water_l, "L"))  # fmt: skip
    for name, value, unit in values:
        if value is not None:
            yield f"{name}: {exact(value, unit)}"


def _reported(runs: Sequence[Combined], stated: Stated) -> Iterator[str]:
    """Yield the tools' own emissions, which stay beside what cardgen computes."""
    counted = [record for run in runs for record in run.counted if not record.per_request]
    if not counted:
        return
    masses = [record.emissions_kg for record in counted]
    known = [mass for mass in masses if mass is not None]
    if known and stated.has_place and any(record.is_default_place for record in counted):
        yield line("# reported:", "the tool computed its emissions for a place that it assumed")
        yield f"#   emissions: {exact(math.fsum(known), 'kgCO2e')}"
        return
    if not known or len(known) < len(masses):
        yield line("# reported:", "some runs have no emissions of the tool's own" if known else "the tool computed no emissions")
        return
    total, energy = math.fsum(known), math.fsum(record.energy_kwh or 0 for record in counted)
    yield "reported:"
    implied = f": {total / energy * 1000:.3g} gCO2e for each kWh" if energy else ""
    tools = ", ".join(dict.fromkeys(_method(record) for record in counted))
    yield line(f"  emissions: {exact(total, 'kgCO2e')}", f"as the tool computed it{implied}")
    yield f"  source: {_text(f'{tools}, {counted[0].file}', 300)}"
