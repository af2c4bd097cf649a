"""A run file from what was read: every value beside its file and line, what no tool says as a comment, how it was read at the end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cardgen.core.factors import Factors
from cardgen.core.run import Facility
from cardgen.importing.amounts import digits, exact, short
from cardgen.importing.combining import Combined
from cardgen.importing.place import facility_of
from cardgen.importing.report import BOUNDARY_WORDS, basis_of, lines, named
from cardgen.problems import plain, printable
from cardgen.records.fields import day
from cardgen.records.record import Device, PerRequest, Reading, Record
from cardgen.skeleton import line, scalar


@dataclass(frozen=True)
class Stated:
    """What the author states beside the files: the name of the model, the phase, the place; it goes before what a tool says.

    ``include`` names what is private and asked for: coordinates, host, user, path, command.
    """

    name: str | None = None
    phase: str | None = None
    facility: Facility = field(default_factory=Facility)
    include: tuple[str, ...] = ()

    @property
    def place(self) -> bool:
        """Whether a place is stated."""
        return any((self.facility.provider, self.facility.region, self.facility.country, self.facility.zone))


def run_file(runs: Sequence[Combined], readings: Sequence[Reading], stated: Stated, factors: Factors) -> str:
    """Return a commented run file with an activity for each run; the text ends with the report of the reading."""
    body = [
        f"# From {', '.join(dict.fromkeys(printable(record.file, 60) for run in runs for record in run.records))}: "
        "each value stands with the line that it was read from.",
        line("cardgen: 1", "format version"),
        *_model(runs, stated),
        "activities:",
    ]
    for run in runs:
        body += _activity(run, len(runs) > 1, stated, factors)
    body += _reported(runs, stated)
    body += ["# How the files were read:", *(f"#   {entry}" for entry in lines(readings, runs, factors))]
    problems = [problem for reading in readings for problem in reading.problems]
    body += [f"#   line {problem.line}: {problem.code} {printable(problem.message, 300)}" for problem in problems[:MOST_PROBLEMS]]
    return "".join(f"{entry.rstrip()}\n" for entry in body)


MOST_PROBLEMS = 50


def _text(text: str, length: int = 200) -> str:
    return scalar(_words(text)[:length].strip())


def _words(text: str) -> str:
    """Return a text on one line without what cannot be shown; "" where nothing is left."""
    return " ".join(plain(text).split())


def _model(runs: Sequence[Combined], stated: Stated) -> Iterator[str]:
    yield "model:"
    project = next((run.project for run in runs if run.project), "")
    if _words(stated.name or ""):
        yield f"  name: {_text(stated.name or '')}"
    elif _words(project):
        yield line(f"  name: {_text(project)}", "the name of the project: state the model's")
    else:
        yield line("  name: Unnamed model", "the files do not name it: state the model's name")
    yield line("  # id: organisation/my-model", "Hub repository id")


def _activity(run: Combined, is_one_of_several: bool, stated: Stated, factors: Factors) -> Iterator[str]:
    first = run.counted[0]
    phase = stated.phase or next((record.phase for record in run.records if record.phase), None)
    if phase:
        yield f"  - phase: {phase}"
    else:
        yield line("  - phase: other", "not in the file: pretraining, fine-tuning, evaluation, ...")
    name = _words(named(first))
    if is_one_of_several and name:
        yield f"    name: {_text(name)}"
    yield from _dates(run)
    yield from _hardware(run, factors)
    if first.per_request:
        yield from _request(first, first.per_request)
    else:
        yield from _energy(run)
    yield from _place(run, stated, factors)
    for key in stated.include:
        values = dict.fromkeys(
            value for record in run.records for name, value in record.private.items() if name in PRIVATE.get(key, (key,))
        )
        yield from (f"    # {key}: {printable(value, 200)}" for value in values)


# What --include asks for, and what the importers call it.
PRIVATE: Mapping[str, tuple[str, ...]] = {
    "coordinates": ("latitude", "longitude"), "host": ("host", "hostname", "os", "nodes"), "user": ("user", "account", "organization"),
    "path": ("path",), "command": ("command",),
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
        yield line("    # end: 2026-01-12", "not in the file; the year chooses the factors")


def _hardware(run: Combined, factors: Factors) -> Iterator[str]:
    """Yield the devices: one pool for each kind, with device-hours that add up over the records that count."""
    pools: dict[str, list[tuple[Record, Device]]] = {}
    for record in run.counted if any(record.devices for record in run.counted) else run.within:
        for device in record.devices:
            pools.setdefault(device.name, []).append((record, device))
    known = {name: found for name, found in pools.items() if factors.hardware(name)[0] and all(_device_hours(*pair) for pair in found)}
    if known:
        yield "    hardware:"
    for name, found in known.items():
        row, assumed = factors.hardware(name)
        assert row is not None
        comment = "which one of the kind is not in the file" if assumed else f'"{printable(name, 60)}"'
        yield line(f"      - type: {_text(name if assumed else row['name'])}", comment)
        record, device = found[0]
        if len(found) == 1 and device.count and record.hours:
            yield f"        count: {device.count}"
            yield f"        duration: {digits(float(f'{record.hours:.10g}'))} h"
        else:
            hours = sum(_device_hours(*pair) or 0 for pair in found)
            yield line(f"        device_hours: {digits(float(f'{hours:.10g}'))}", f"of {len(found)} records" if len(found) > 1 else "")
    unknown = [name for name in pools if name not in known]
    if unknown and not known:
        yield "    # hardware:"
    for name in unknown:
        record, device = pools[name][0]
        row, _ = factors.hardware(name)
        why = "how many there were is not in the file" if row else "not in the table (cardgen factors list hardware)"
        start = "      # - " if known else "    #   - "
        yield line(f"{start}type: {_text(row['name'] if row else name)}", why)
        yield f"{start.replace('- ', '  ')}count: {device.count or 1}"
        hours = digits(float(f"{record.hours:.10g}")) if record.hours else "36"
        yield line(f"{start.replace('- ', '  ')}duration: {hours} h", "" if record.hours else "not in the file")


def _device_hours(record: Record, device: Device) -> float | None:
    if device.count and record.hours:
        return device.count * record.hours
    return record.device_hours if len(record.devices) == 1 else None


def _energy(run: Combined) -> Iterator[str]:
    first, energy = run.counted[0], run.energy_kwh
    if energy is None:
        yield line("    # energy:", "not measured: cardgen estimates it from hardware and hours")
        yield "    #   value: 17.8 kWh"
        return
    yield "    energy:"
    yield line(f"      value: {exact(energy, 'kWh')}", short(energy, "kWh"))
    words = f"PUE {first.pue:g} included" if first.pue else BOUNDARY_WORDS[first.boundary]
    yield line(f"      boundary: {first.boundary}", words)
    methods = dict.fromkeys(_method(record) for record in run.counted)
    yield f"      method: {_text(', '.join(methods))}"
    yield f"      read_from: {_text(_where(run), 500)}"
    reason = next((record.reason for record in run.counted if record.basis == "estimated" and record.reason), "")
    if basis_of(run) == "estimated":
        yield line("      basis: estimated", printable(reason, 200))


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
    yield line("      # per_day: 2.0e6", "not in the file")
    yield from (line(f"    # {words}", _tool(record)) for words in _beside(request))
    if record.basis == "estimated":
        yield line("    assumed: true", printable(record.reason, 200) or "the tool computed it; nothing was measured")


def _tool(record: Record) -> str:
    return f"as {_method(record)} has it"


def _method(record: Record) -> str:
    """Return the tool with its version."""
    return _words(record.method) or record.tool


def _beside(request: PerRequest) -> Iterator[str]:
    """Yield what a tool says of one request beside its energy, for the reader of the file."""
    named_values = (("emissions", request.emissions_kg, "kgCO2e"), ("  of its use", request.usage_kg, "kgCO2e"),
                    ("  of making the hardware", request.embodied_kg, "kgCO2e"), ("water", request.water_l, "L"))  # fmt: skip
    for name, value, unit in named_values:
        if value is not None:
            yield f"{name}: {exact(value, unit)}"


def _place(run: Combined, stated: Stated, factors: Factors) -> Iterator[str]:
    record = next((record for record in run.records if facility_of(record, factors) != Facility()), run.counted[0])
    own = stated.place
    facility = stated.facility if own else facility_of(record, factors)
    rows = [(name, value) for name in ("provider", "region", "country", "zone") if _words(value := getattr(facility, name) or "")]
    pue = run.counted[0].pue or stated.facility.pue
    wue = next((record.wue for record in run.counted if record.wue), None)
    yield "    facility:" if rows or pue or wue else "    # facility:"
    inner = "      # " if rows or pue or wue else "    #   "
    for name, value in rows:
        yield line(f"      {name}: {_text(value)}", "" if own else f"{printable(record.file, 60)}:{record.lines[0] if record.lines else 1}")
    if not any(name != "provider" for name, _ in rows):
        default = next((found for found in run.records if found.is_default_place), None)
        guess = " ".join(filter(None, (default.country, default.region))) if default else ""
        why = (
            f"the tool assumes {printable(guess, 60) or 'a place'}, and may not know"
            if default
            else "not in the file; or provider and region"
        )
        yield line(f"{inner}country: USA", why)
    first = run.counted[0]
    if pue:
        yield line(f"      pue: {pue:g}", "the energy includes it" if first.pue else "")
    elif first.boundary == "facility":
        yield line(f"{inner}pue: 1.10", "in the energy already, and the tool does not say how much")
    else:
        yield line(f"{inner}pue: 1.10", "not in the energy; the region's or the industry's average is applied")
    if wue:
        yield line(f"      wue: {wue:g} L/kWh", "as the tool was told")


def _reported(runs: Sequence[Combined], stated: Stated) -> Iterator[str]:
    """Yield the tools' own emissions, which stay beside what cardgen computes."""
    counted = [record for run in runs for record in run.counted if not record.per_request]
    masses = [record.emissions_kg for record in counted]
    known = [mass for mass in masses if mass is not None]
    if known and stated.place and any(record.is_default_place for record in counted):
        yield line("# reported:", "the tool computed its emissions for a place that it assumed")
        yield f"#   emissions: {exact(math.fsum(known), 'kgCO2e')}"
        return
    if not known or len(known) < len(masses):
        yield line("# reported:", "the tools do not say what emissions they computed" if not known else "some runs have no emissions")
        yield "#   emissions: 5.8 kgCO2e"
        return
    total, energy = math.fsum(known), math.fsum(record.energy_kwh or 0 for record in counted)
    yield "reported:"
    implied = f": {total / energy * 1000:.3g} gCO2e for each kWh" if energy else ""
    tools = ", ".join(dict.fromkeys(_method(record) for record in counted))
    yield line(f"  emissions: {exact(total, 'kgCO2e')}", f"as the tool computed it{implied}")
    yield f"  source: {_text(f'{tools}, {counted[0].file}', 300)}"
