"""This model among known ones, from the smallest to the largest, on a log axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cardgen.charts.chart import Chart
from cardgen.charts.figures import MOST, Item, figure, panels, subtitle, table
from cardgen.charts.words import capital, name
from cardgen.numbers import quantity

PLACE = 3
# What is compared: the key, the unit, how the title and the subtitle say it.
MEASURES = (("energy", "kWh", "used", "energy"), ("emissions", "kgCO2e", "caused", "emissions"))
BOUNDARY = (
    "boundaries as each source draws them; the diamond is this model; beside the others stand developer and year; "
    "the intervals of published figures are cardgen's, by their kind of evidence"
)

Entry = Mapping[str, Any]


def chart(document: Mapping[str, Any]) -> Chart | None:
    """Return the comparison by the measure that most models share with this one, or None without one."""
    entries = [entry for entry in document.get("comparison") or () if isinstance(entry, Mapping)]
    measured = [(measure, _shown(entries, measure[0])) for measure in MEASURES]
    measure, shown = max(measured, key=lambda pair: len(pair[1]))
    if not shown:
        return None
    key, unit, verb, noun = measure
    items = [_item(entry, key) for entry in shown]
    drawn = panels([("", items)], unit, log=True)
    title = _finding(shown, key, verb, noun)
    columns, rows = _table(shown, items)
    about = subtitle(f"{capital(noun)} of training", BOUNDARY, drawn)
    return Chart("model-comparison", title, about, _source(shown), f"{title}.", drawn, columns, rows)


def _shown(entries: Sequence[Entry], key: str) -> list[Entry]:
    """Return at most seven entries by size: this model, its neighbours, the ends, and others spread between; [] without two."""
    known = [entry for entry in entries if (found := figure(entry.get(key))) is not None and found["value"] > 0]
    own = [entry for entry in known if entry.get("self")][:1]
    others = sorted((e for e in known if not e.get("self")), key=lambda e: (e[key]["value"], str(e.get("id"))))
    if not own or not others:
        return []
    last, above = len(others) - 1, sum(e[key]["value"] <= own[0][key]["value"] for e in others)
    spread = (round(i * last / (MOST - 2)) for i in range(MOST - 1))
    wanted = dict.fromkeys([0, last, max(above - 1, 0), min(above, last), *spread])
    others = [others[i] for i in list(wanted)[: MOST - 1]]
    return sorted([*own, *others], key=lambda entry: entry[key]["value"])


def _item(entry: Entry, key: str) -> Item:
    known = {**entry[key], "basis": entry.get("basis")}
    about = ", ".join(filter(None, (name(entry.get("organisation") or "", 12), str(entry.get("year") or ""))))
    shape, colour = ("diamond", 1) if entry.get("self") else ("dot", 0)
    return Item(str(entry.get("name")), known, shape=shape, colour=colour, about="" if entry.get("self") else about)


def _finding(shown: Sequence[Entry], key: str, verb: str, noun: str) -> str:
    """Return between which two models this one lies."""
    place = next(i for i, entry in enumerate(shown) if entry.get("self"))
    names = [name(entry.get("name")) for entry in shown]
    own = shown[place][key]
    begin = f"{names[place]} {verb} {quantity(own['value'], own['unit'])}"
    if place == 0:
        return f"{begin}, less than {names[1]}" + (" and all others shown" if len(names) > 2 else "")
    if place == len(names) - 1:
        return f"{begin}, more than {names[-2]}" + (" and all others shown" if len(names) > 2 else "")
    return f"{begin}, more than {names[place - 1]} and less than {names[place + 1]}"


def _source(shown: Sequence[Entry]) -> str:
    """Return the line that names the works that the published figures stand in."""
    works = [name(entry.get("source") or "", 60).rstrip(".") for entry in shown if not entry.get("self")]
    return f"Source: {'; '.join(['run file', *dict.fromkeys(filter(None, works))])}."


def _table(shown: Sequence[Entry], items: Sequence[Item]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    columns, rows = table(items, "Model")
    works = ["run file" if entry.get("self") else name(entry.get("source") or "", 120) for entry in shown]
    facts = [(name(entry.get("organisation") or "", 60), str(entry.get("year") or "")) for entry in shown]
    return (*columns, "Developer", "Year", "Source"), tuple((*row, *fact, work) for row, fact, work in zip(rows, facts, works))
