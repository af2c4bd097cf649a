"""The assessment as a table, CSV or JSON for the terminal, and the factor tables as lists."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cardgen.core.factors import Factors
from cardgen.core.tables import EDITION, TABLES, Row
from cardgen.numbers import interval, quantity
from cardgen.problems import plain

Document = Mapping[str, Any]
UNKNOWN = "not reported"

# The figures of an activity or of the totals: words, and where they stand in the assessment.
FIGURES = (
    ("Device-hours", ("device_hours",)),
    ("Energy", ("energy",)),
    ("Location-based emissions", ("emissions", "location")),
    ("Market-based emissions", ("emissions", "market")),
    ("Embodied emissions", ("emissions", "embodied")),
    ("Offsets, not subtracted", ("emissions", "offsets")),
    ("Water on site", ("water", "onsite")),
    ("Water off site", ("water", "offsite")),
    ("Cost of electricity", ("cost", "electricity")),
    ("Cost of devices", ("cost", "devices")),
)
INFERENCE = (
    ("Energy per request", ("per_request",)),
    ("Energy per 1,000 requests", ("per_1000",)),
    ("Energy per year", ("per_year",)),
    ("Emissions per 1,000 requests", ("emissions_per_1000",)),
    ("Emissions per year", ("emissions_per_year",)),
    ("Requests that equal training", ("requests_to_match_training",)),
    ("Days until inference equals training", ("days_to_match_training",)),
)


def at(part: Any, steps: Sequence[str]) -> Any:
    """Return what stands at a path of keys, or None."""
    for step in steps:
        part = part.get(step) if isinstance(part, Mapping) else None
    return part


def table(document: Document) -> str:
    """Return the assessment as aligned columns: figure, value, 90 % interval, basis."""
    blocks = []
    for title, rows in _groups(document):
        cells = [(words, *_cells(figure)) for words, figure in rows]
        blocks.append((title, cells))
    widths = [max((len(row[i]) for _, cells in blocks for row in cells), default=0) for i in range(3)]
    text = []
    for title, cells in blocks:
        text.append(title)
        for words, value, spread, basis in cells:
            text.append(f"  {words:<{widths[0]}}  {value:>{widths[1]}}  {spread:<{widths[2]}}  {basis}".rstrip())
        text.append("")
    if document["not_included"]:
        text += [f"Not included: {plain('; '.join(document['not_included']))}.", ""]
    return "\n".join(text)


def _cells(figure: Document | None) -> tuple[str, str, str]:
    if figure is None:
        return UNKNOWN, "", ""
    unit = figure["unit"]
    return quantity(figure["value"], unit), f"({interval(figure['low'], figure['high'], figure['value'], unit)})", figure["basis"]


def _groups(document: Document) -> Iterator[tuple[str, list[tuple[str, Document | None]]]]:
    activities = document["activities"]
    for activity in activities:
        if activity["phase"] != "inference":
            place = f", {activity['place']}" if activity["place"] else ""
            yield f"{plain(activity['name'])} ({activity['phase']}{plain(place)})", _rows(activity)
    if len([activity for activity in activities if activity["phase"] != "inference"]) != 1:
        yield "Total, inference apart", _rows(document["totals"])
    for activity in activities:
        if activity["phase"] == "inference" and activity["energy"] is not None:
            yield f"{plain(activity['name'])} (inference)", _rows(activity)
    inference = document["inference"]
    if inference is None:
        return
    services = inference["services"] if len(inference["services"]) > 1 else []
    for service in services:
        yield f"{plain(service['name'])} (inference)", [(words, at(service, steps)) for words, steps in INFERENCE[:-2]]
    title = "Inference, mean of all requests" if services else "Inference"
    yield title, [(words, at(inference, steps)) for words, steps in INFERENCE]


def _rows(part: Document) -> list[tuple[str, Document | None]]:
    optional = ("Device-hours", "Market-based emissions", "Offsets, not subtracted", "Cost of devices", "Cost of electricity")
    rows = [(words, at(part, steps)) for words, steps in FIGURES]
    return [(words, figure) for words, figure in rows if figure is not None or words not in optional]


def as_json(document: Document) -> str:
    """Return the assessment as JSON; the same text is written as ``assessment.json``."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(document: Document) -> str:
    """Return one row for each figure: activity, phase, quantity, value, interval, unit, basis, sources."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["activity", "phase", "quantity", "value", "low", "high", "unit", "basis", "sources"])
    groups = [(a["name"], a["phase"], a, FIGURES) for a in document["activities"]]
    groups.append(("total", "", document["totals"], FIGURES))
    if document["inference"] is not None:
        groups.append(("inference", "inference", document["inference"], INFERENCE))
    for name, phase, part, figures in groups:
        for words, steps in figures:
            figure = at(part, steps)
            values = [figure[key] for key in ("value", "low", "high", "unit", "basis")] if figure else [""] * 5
            # A leading =, +, - or @ would be a formula in a spreadsheet.
            safe = "'" + plain(name) if name[:1] in "=+-@\t\r" else plain(name)
            writer.writerow([safe, phase, words, *values, " ".join(figure["sources"]) if figure else ""])
    return buffer.getvalue()


FORMS: dict[str, Callable[[Document], str]] = {"table": table, "json": as_json, "csv": as_csv}


def tables(factors: Factors) -> str:
    """Return the names of the tables with the number of their rows."""
    lines = [f"{name:<22}{len(factors.table(name)):>6} rows" for name in TABLES]
    return "\n".join([f"Factor tables, edition {EDITION}", *lines, ""])


def rows(factors: Factors, name: str, words: Sequence[str]) -> str:
    """Return the rows of a table that hold all the words, one line each."""
    found = matching(factors, name, words)
    if not found:
        return f"no row of {name} holds {' '.join(words)}\n"
    shown = [c for c in found[0] if c not in ("note", "verified", "aliases", "assumed_for") and any(row.get(c) for row in found)]
    cells = [shown] + [[_short(plain(row.get(c, ""))) for c in shown] for row in found]
    widths = [max(len(line[i]) for line in cells) for i in range(len(shown))]
    return "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths)).rstrip() for line in cells) + "\n"


def show(factors: Factors, name: str, words: Sequence[str]) -> str:
    """Return the rows of a table that hold all the words, each cell on a line, with the sources in full."""
    if not words and name != "sources":
        return f"{name}: {', '.join(factors.table(name)[0])}\n"
    blocks = []
    for row in matching(factors, name, words):
        lines = [f"{column}: {plain(value)}" for column, value in row.items() if value]
        for identifier in row.sources if "source" in row and name != "published_footprints" else ():
            source = factors.source(identifier)
            if source is not None:
                cells = ", ".join(source[key] for key in ("title", "publisher", "year", "url") if source[key])
                lines.append(f"  {identifier}: {cells}. Licence: {source['licence']}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks) or f"no row of {name} holds {' '.join(words)}\n"


def matching(factors: Factors, name: str, words: Sequence[str]) -> list[Row]:
    """Return the rows of a table in which each word is a cell of its own, else those in which each word occurs."""
    wanted = [word.casefold() for word in words]
    found = [row for row in factors.table(name) if all(any(word in cell.casefold() for cell in row.values()) for word in wanted)]
    exact = [row for row in found if all(any(word == cell.casefold() for cell in row.values()) for word in wanted)]
    return exact or found


def _short(text: str, length: int = 48) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
