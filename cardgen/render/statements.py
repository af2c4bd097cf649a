"""What an assessment says beside its table, in phrases of plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cardgen import numbers
from cardgen.provenance import sentence
from cardgen.render import services
from cardgen.render.figures import GAP, Document, Figure, Line, basis, comma, references, sources_of, value, with_spread
from cardgen.render.words import phases


def lines(document: Document, numbered: Mapping[str, int]) -> list[Line]:
    """Return the statements beside the table: market-based, offsets, hardware, water, cost, inference."""
    totals = document["totals"]
    emissions, water = totals["emissions"], totals.get("water") or {}
    energy = set((totals.get("energy") or {}).get("sources") or ())
    numbered = {source: number for source, number in numbered.items() if source not in energy}  # those stand in the table
    found = _market(document, numbered)
    if offsets := emissions.get("offsets"):
        found.append(_line("Offsets", offsets, numbered, "not subtracted anywhere"))
    if phases(document):
        found.append(_line("Making the hardware", emissions.get("embodied"), numbered, "not in the total above"))
        found.append(_water(water, numbered))
    return found + _cost(document, numbered) + services.lines(document, numbered)


def equivalents(document: Document, numbered: Mapping[str, int]) -> list[Line]:
    """Return the comparisons that the assessment holds, each with its edition and the source of its factor."""
    much = {"energy": "as much energy as", "water": "as much water as", "sequestration": "as much carbon as is taken up by"}
    derivations = document.get("derivations") or {}
    found = []
    for item in document.get("equivalents") or ():
        figure = item["figure"]
        if figure is None:
            continue
        inputs = (derivations.get(figure.get("derivation")) or {}).get("inputs") or ()
        sources = derivations[inputs[-1]].get("sources") if inputs and inputs[-1] in derivations else figure.get("sources")
        edition = f" ({item['edition']})" if item.get("edition") else ""
        text = f"{_count(figure['value'])} {item['label']}{edition}"
        found.append(Line(f"about {much.get(item.get('quantity'), 'as much carbon as')}", text, references(sources, numbered), (figure,)))
    return found


def _count(value: float) -> str:
    """Return a count of things with two digits; one is "1.0", since the name of the things is in the plural.

    >>> _count(1.04), _count(2664.0), _count(3.1e6)
    ('1.0', '2,700', '3.1 million')
    """
    name, size = numbers.step([value], "1")
    shown = numbers.digits(value / size, 2)
    return f"{'1.0' if shown == '1' else shown} {name}".rstrip()


def reported(document: Document) -> list[Line]:
    """Return what a publication states beside what is computed."""
    verdicts = {
        True: "they agree within the interval",
        False: "they disagree by more than the interval allows",
        None: "nothing to compare it with",
    }
    return [
        Line(
            f"Reported {item['quantity'].replace('_', ' ')}",
            f"{value(item['reported'])}; computed: {with_spread(item.get('computed'))}; {verdicts[item.get('agrees')]}",
            figures=(item["reported"], item.get("computed")),
        )
        for item in document.get("reported") or ()
    ]


def problems(document: Document, severity: str) -> list[str]:
    """Return the problems of a severity that a reader should know, one sentence each."""
    found = document.get("problems") or ()
    return list(dict.fromkeys(f"{p['message'].rstrip('.')}." for p in found if p["severity"] == severity))


def disagreements(document: Document, numbered: Mapping[str, int]) -> list[Line]:
    """Return where sources disagree with numbers that were looked up, one sentence each."""
    known = document.get("sources") or {}
    found = document.get("disagreements") or ()
    return [Line("", sentence(item, known), references(sources_of(item), numbered)) for item in found]


def _line(label: str, figure: Figure, numbered: Mapping[str, int], remark: str) -> Line:
    if figure is None:
        return Line(label, GAP)
    return Line(label, f"{with_spread(figure)}{comma(basis(figure))}; {remark}", references(figure.get("sources"), numbered), (figure,))


def _market(document: Document, numbered: Mapping[str, int]) -> list[Line]:
    """Return market-based emissions: their total, or those of the phases that state them where others do not."""
    total, remark = document["totals"]["emissions"].get("market"), "beside the location-based figure, not in its place"
    contracts = dict.fromkeys(a["instruments"] for a in phases(document) if a.get("instruments"))
    remark = f"after {', '.join(contracts)}; {remark}" if contracts else remark
    if total is not None:
        return [_line("Market based", total, numbered, remark)]
    stated = [(a, a["emissions"]["market"]) for a in phases(document) if (a.get("emissions") or {}).get("market") is not None]
    if not stated:
        return []
    texts = [f"{with_spread(figure)} for {a.get('name') or a.get('phase')}, {basis(figure)}" for a, figure in stated]
    return [
        Line(
            "Market based",
            f"{'; '.join(texts)}; {GAP} for other phases; {remark}",
            references(sources_of([f for _, f in stated]), numbered),
            tuple(f for _, f in stated),
        )
    ]


def _cost(document: Document, numbered: Mapping[str, int]) -> list[Line]:
    """Return what was paid: in all, or phase by phase where the currencies differ."""
    totals, paid, figures, apart = document["totals"].get("cost") or {}, [], [], False
    for key in ("electricity", "devices"):
        stated = [(a, a["cost"][key]) for a in phases(document) if (a.get("cost") or {}).get(key) is not None]
        if totals.get(key) is not None:
            paid.append(f"{with_spread(totals[key])} for {key}")
            figures.append(totals[key])
        elif stated:
            apart = True
            paid += [f"{with_spread(figure)} for {key} of {activity.get('name') or activity.get('phase')}" for activity, figure in stated]
            figures += [figure for _, figure in stated]
    text = "; ".join(paid) + ("; not added, as the currencies differ" if apart and len({f["unit"] for f in figures}) > 1 else "")
    return [Line("Cost", text, references(sources_of(figures), numbered), tuple(figures))] if paid else []


def _water(water: Mapping[str, Any], numbered: Mapping[str, int]) -> Line:
    onsite, offsite = water.get("onsite"), water.get("offsite")
    if onsite is None and offsite is None:
        return Line("Water", GAP)
    text = f"on site for cooling {with_spread(onsite)}; in making the electricity {with_spread(offsite)}"
    return Line("Water", text, references(sources_of(water), numbered), (onsite, offsite))
