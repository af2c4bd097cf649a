"""What an assessment says beside its table, in phrases of plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cardgen import numbers
from cardgen.render.figures import GAP, Document, Figure, basis, bracket, comma, references, sources_of, spread, value, with_spread
from cardgen.render.words import phases


class Line(NamedTuple):
    """A statement beside the table: its label, its text, and the numbers of its sources."""

    label: str
    text: str
    references: str = ""


def lines(document: Document, numbered: Mapping[str, int]) -> list[Line]:
    """Return the statements beside the table: market-based, offsets, hardware, water, cost, inference."""
    totals = document["totals"]
    emissions, water, cost = totals["emissions"], totals.get("water") or {}, totals.get("cost") or {}
    energy = set((totals.get("energy") or {}).get("sources") or ())
    numbered = {source: number for source, number in numbered.items() if source not in energy}  # those stand in the table
    found = _market(document, numbered)
    if offsets := emissions.get("offsets"):
        found.append(_line("Offsets", offsets, numbered, "not subtracted anywhere"))
    if phases(document):
        found.append(_line("Making the hardware", emissions.get("embodied"), numbered, "not in the total above"))
        found.append(_water(water, numbered))
    paid = [
        f"{with_spread(cost[key])} for {words}" for key, words in (("electricity", "electricity"), ("devices", "devices")) if cost.get(key)
    ]
    if paid:
        found.append(Line("Cost", "; ".join(paid), references(sources_of(cost), numbered)))
    return found + _inference(document.get("inference"), numbered)


def equivalents(document: Document, numbered: Mapping[str, int]) -> list[Line]:
    """Return at most two comparisons, within a factor of 1000, each with its edition and the source of its factor."""
    much = {"energy": "as much energy as", "water": "as much water as"}
    derivations = document.get("derivations") or {}
    found = []
    for item in document.get("equivalents") or ():
        figure = item["figure"]
        if figure is None or not 1e-3 <= figure["value"] <= 1e3:
            continue
        inputs = (derivations.get(figure.get("derivation")) or {}).get("inputs") or ()
        sources = derivations[inputs[-1]].get("sources") if inputs and inputs[-1] in derivations else figure.get("sources")
        edition = f" ({item['edition']})" if item.get("edition") else ""
        text = f"{numbers.digits(figure['value'], 2)} {item['label']}{edition}"
        found.append(Line(f"about {much.get(item.get('quantity'), 'as much carbon as')}", text, references(sources, numbered)))
    return found[:2]


def reported(document: Document) -> list[Line]:
    """Return what a publication states beside what is computed."""
    verdicts = {True: "they agree within the interval", False: "they disagree by more than the interval allows", None: "nothing to compare it with"}
    return [
        Line(
            f"Published {item['quantity'].replace('_', ' ')}",
            f"{value(item['reported'])}; computed: {with_spread(item.get('computed'))}; {verdicts[item.get('agrees')]}",
        )
        for item in document.get("reported") or ()
    ]


def drivers(figure: Figure) -> list[tuple[str, str]]:
    """Return the inputs that a figure's interval comes from, with their share in per cent, the largest first; at most five."""
    found = (figure or {}).get("drivers") or ()
    return [(d["input"], numbers.percent(d["share"])) for d in found if d["share"] >= 0.01][:5]


def problems(document: Document) -> list[str]:
    """Return the problems that a reader should know, one sentence each."""
    found = document.get("problems") or ()
    return list(dict.fromkeys(f"{p['message'].rstrip('.')}." for p in found))


def _line(label: str, figure: Figure, numbered: Mapping[str, int], remark: str) -> Line:
    if figure is None:
        return Line(label, GAP)
    return Line(label, f"{with_spread(figure)}{comma(basis(figure))}; {remark}", references(figure.get("sources"), numbered))


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
        )
    ]


def _water(water: Mapping[str, Any], numbered: Mapping[str, int]) -> Line:
    onsite, offsite = water.get("onsite"), water.get("offsite")
    if onsite is None and offsite is None:
        return Line("Water", GAP)
    text = f"on site for cooling {with_spread(onsite)}; in making the electricity {with_spread(offsite)}"
    return Line("Water", text, references(sources_of(water), numbered))


def _inference(inference: Mapping[str, Any] | None, numbered: Mapping[str, int]) -> list[Line]:
    if inference is None:
        return []
    tasks = ", ".join(dict.fromkeys(s["task"] for s in inference.get("services") or () if s.get("task")))
    found = [_service(f"Each request{bracket(tasks)}", inference, "", numbered), _service("1,000 requests", inference, "1000", numbered)]
    if inference.get("per_year"):
        found.append(_service("A year of service", inference, "year", numbered))
    if requests := inference.get("requests_to_match_training"):
        days = inference.get("days_to_match_training")
        after = f", or {value(days)}{bracket(spread(days))} of service" if days else ""
        text = f"after about {value(requests)} requests{bracket(spread(requests))}{after}, inference has used as much energy as training"
        found.append(Line("Break-even", text))
    return found


def _service(label: str, inference: Mapping[str, Any], scale: str, numbered: Mapping[str, int]) -> Line:
    energy = inference.get(f"per_{scale or 'request'}")
    emissions = inference.get(f"emissions_per_{scale or 'request'}")
    measured = f"{with_spread(energy)}{comma(basis(energy))}"
    text = f"{measured}; {with_spread(emissions)}{comma(basis(emissions))}" if emissions else f"{measured}; carbon {GAP}"
    return Line(label, text, references(sources_of([energy, emissions]), numbered))
