"""Files to readings: each file goes to the importer that knows its content."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType

from cardgen.importers import importer, names
from cardgen.importing.amounts import short
from cardgen.importing.cleaning import possible, public, shown
from cardgen.problems import printable
from cardgen.records.record import Reading
from cardgen.records.source import Source

PLAIN = "plain-csv"  # read only with the columns that the user names


def recognised(source: Source) -> ModuleType | None:
    """Return the importer that knows the content of a file; None where none does."""
    return next((module for name in names() if (module := importer(name)).recognises(source)), None)


def read(
    named: Sequence[Source], found: Sequence[Source], tool: str | None = None, columns: Mapping[str, str] | None = None
) -> list[Reading]:
    """Return a reading of each file, in the order of the tools.

    A file that was named and that nobody recognises is an error, one that was found in a folder a note. ``tool`` is the name of
    the tool that all files that were named are from; ``columns`` says for a plain table what its columns hold.
    """
    if columns is not None and tool == PLAIN:
        readings = importer(PLAIN).read_with([*named, *found], columns)
        return _named(readings, [*named, *found])
    groups: dict[str, list[Source]] = {}
    readings, unknown = [], []
    for source in [*named, *found]:
        module = importer(tool) if tool and source in named else recognised(source)
        if module is None:
            unknown.append(source)
        elif tool and not module.recognises(source):
            readings.append(_unlike(source, module))
        else:
            groups.setdefault(module.__name__.rpartition(".")[2], []).append(source)
    for name, sources in groups.items():
        readings += importer(name).read(sources)
    readings += [_unknown(source) for source in unknown if source in named]
    others = [printable(source.short, 60) for source in unknown if source not in named]
    if others and readings:
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        readings[0].note("not read", 1, f"{', '.join(others[:5])}{more}: no tool that is known wrote them")
    elif others:
        readings.append(_unknown(found[0]))
    return _named(readings, [*named, *found])


def _named(readings: list[Reading], sources: Sequence[Source]) -> list[Reading]:
    """Return readings whose records have names that tell them apart and name no person; and say what lies beside their files."""
    _name_apart(readings)
    for reading in readings:
        reading.version = shown(reading.version)
        reading.records = [possible(record, reading) for record in map(public, reading.records)]
        if reading.tool and not (reading.records or reading.problems or reading.notes):
            reading.fault("CG501", 1, "the file holds no run", "it may have been cut, or the tool was stopped before it wrote one")
    _neighbours(sources, readings)
    return readings


def _name_apart(readings: Sequence[Reading]) -> None:
    """Give records of files that are called the same, in different folders, a number behind the name: folders may name people."""
    taken: dict[str, int] = {}
    for reading in readings:
        names = dict.fromkeys(record.file for record in reading.records)
        for name in names:
            taken[name] = taken.get(name, 0) + 1
        names = {name: f"{name} ({taken[name]})" if taken[name] > 1 else name for name in names}
        reading.records = [replace(record, file=names[record.file]) for record in reading.records]


def _unknown(source: Source) -> Reading:
    reading = Reading(source.name, "")
    if source.start.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        reading.fault("CG500", 1, "this is a pickle, which can run any code: it is not opened", "give the tool's CSV or JSON file")
    elif b"\x00" in source.start and source.encoding == "utf-8":
        reading.fault(
            "CG500", 1, "this is a binary file: no tool that is known wrote it", "cardgen import --list shows which files can be read"
        )
    else:
        begin = printable(shown(source.first_line), 60) or "it is empty"
        hint = "cardgen import --list shows what can be read; other tables: cardgen import plain-csv FILE --column energy=HEADER:kWh"
        reading.fault("CG500", 1, f"no tool that is known wrote this file: {begin}", hint)
    return reading


def _unlike(source: Source, module: ModuleType) -> Reading:
    reading = Reading(source.name, module.TOOL.name)
    begin = printable(shown(source.first_line), 60) or "it is empty"
    other = recognised(source)
    hint = f"it looks like {other.TOOL.title}: cardgen import auto" if other else f"{module.TOOL.title} writes {module.TOOL.files}"
    reading.fault("CG500", 1, f"this is not a file of {module.TOOL.title}: {begin}", hint)
    return reading


def _neighbours(sources: Sequence[Source], readings: Sequence[Reading]) -> None:
    """Warn of files beside those that were read that hold earlier runs: a tracker moves them away when its columns change."""
    given = {source.path.resolve() for source in sources}
    by_name = {reading.file: reading for reading in readings}
    for source in sources:
        reading = by_name.get(source.name)
        if reading is None or not reading.tool or source.name == "stdin" or not source.path.parent.is_dir():
            continue
        for path in sorted(source.path.parent.glob(f"{glob.escape(source.path.name)}*.bak")):
            name = path.name
            if path.is_file() and path.resolve() not in given:
                other = Source(str(path), path)
                runs = (
                    [record for found in importer(reading.tool).read([other]) for record in found.records]
                    if reading.tool in names()
                    else []
                )
                known = [record.energy_kwh for record in runs if record.energy_kwh is not None]
                energy = short(sum(known), "kWh") if known else "no energy"
                what = f"{len(runs)} more run{'s' * (len(runs) != 1)}, {energy}" if runs else "rows of an earlier version"
                reading.note("not read", 1, f"{printable(name, 100)}: {what}")
                reading.warn(
                    "CG513", 1, f"{printable(name, 100)} lies beside it: {what}, not read", "give both files, if they belong to one model"
                )
