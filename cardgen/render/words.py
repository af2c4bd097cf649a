"""What an assessment says first, in phrases of plain text: the sentence, the label, and the table of phases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cardgen import numbers
from cardgen.render import services
from cardgen.render.figures import (
    GAP,
    Document,
    Figure,
    basis,
    bracket,
    comma,
    hours_text,
    joined,
    references,
    sources_of,
    spread,
    value,
    weakest,
    with_spread,
)


class Table(NamedTuple):
    """The table of phases: column headers, rows of cells, and a last row that is the total, if there is one.

    ``figures`` are those in the cells, row by row with the total last; ``None`` where a cell holds words.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None
    figures: tuple[tuple[Figure, ...], ...]


TRACKED = "measured by a software tracker"


def phases(document: Document) -> list[Mapping[str, Any]]:
    """Return the activities that the totals cover: all but inference."""
    return [a for a in document["activities"] if a.get("phase") != "inference"]


def carbon(impact: Mapping[str, Any]) -> Figure:
    """Return location-based emissions."""
    return (impact.get("emissions") or {}).get("location")


def without(document: Document) -> str:
    """Return the phases whose energy is in the total and whose carbon is not, in words; nothing where there is none."""
    if carbon(document["totals"]) is None:
        return ""
    known = [a for a in phases(document) if a.get("energy") is not None]
    names = [str(a.get("name") or a.get("phase")) for a in known if carbon(a) is None]
    return joined(names) if len(names) <= 3 else f"{len(names):,} of the {len(known):,} phases"


def headline(document: Document) -> Figure:
    """Return the figure that stands first: location-based emissions, else market-based ones, else energy."""
    totals = document["totals"]
    return carbon(totals) or totals["emissions"].get("market") or totals.get("energy")


def answer(document: Document) -> tuple[str, str]:
    """Return the first sentence in two parts, of which the first is the number: total, interval, energy, basis, boundary."""
    totals = document["totals"]
    location, energy, market = carbon(totals), totals.get("energy"), totals["emissions"].get("market")
    covered = boundary(document)
    hardware = "making the hardware is counted apart" if totals["emissions"].get("embodied") else "making the hardware is not included"
    ending = f"; it covers {covered}; {hardware}." if covered else f"; {hardware}."
    source = f"{with_spread(energy)}{comma(how(document))}"
    if location is not None:
        width = f" (90 % interval {spread(location)})" if spread(location) else ""
        how_found = f"{width}, location based{comma(basis(location))}"
        if missing := without(document):
            return value(location), f"{how_found}, without {missing}; the energy, with {missing}, is {source}{ending}"
        return value(location), f"{how_found}, from {source}{ending}"
    if market is not None:
        width = f" (90 % interval {spread(market)})" if spread(market) else ""
        return value(market), f"{width}, market based{comma(basis(market))}, from {source}{ending}"
    if energy is not None:
        width = f" (90 % interval {spread(energy)})" if spread(energy) else ""
        return value(energy), f" of energy{width}{comma(how(document))}, carbon not reported{ending}"
    per_request = (document.get("inference") or {}).get("per_request")
    if per_request is not None and not phases(document):
        mean = f", {services.MEAN}" if services.several(document) else ""
        return (
            f"{value(per_request)} per request",
            f"{bracket(spread(per_request))}{comma(basis(per_request))}{mean}; training is not reported.",
        )
    requests = [s["per_request"] for s in services.several(document) if s.get("per_request")]
    if requests and not phases(document):
        least, most = (pick(requests, key=lambda figure: figure["value"]) for pick in (min, max))
        return f"{value(least)} to {value(most)} per request", f", by service, {weakest(requests)}; training is not reported."
    served = services.without_requests(document)
    if len(served) == 1 and not phases(document):
        used = served[0]["energy"]
        return value(used), f" of energy{bracket(spread(used))}{comma(basis(used))}, used by inference; training is not reported."
    hours = hours_text(totals.get("device_hours"))
    return "Energy and carbon are not reported", f"; {hours} are." if totals.get("device_hours") else "."


def label(document: Document) -> list[tuple[str, str]]:
    """Return the rows of the label below its number: interval, energy, basis, hours, boundary, and what stands apart."""
    totals, emissions = document["totals"], document["totals"]["emissions"]
    first, energy = headline(document), totals.get("energy")
    width = f"{spread(first)} {value(first).partition(' ')[2]}" if spread(first) else ""
    inference = document.get("inference") or {}
    rows = [
        ("90 % interval", width),
        ("Basis", how(document) if first is energy else basis(first)),
        ("Without", f"carbon of {without(document)}" if without(document) else ""),
        ("Energy", "" if first is energy and energy is not None else f"{with_spread(energy)}{comma(how(document))}"),
        ("Device-hours", hours_text(totals.get("device_hours")).removesuffix(" device-hours") if phases(document) else ""),
        ("Covers", boundary(document)),
        ("Market based", with_spread(emissions["market"]) if emissions.get("market") and emissions.get("location") else ""),
        ("Making the hardware", f"{with_spread(emissions['embodied'])}, counted apart" if emissions.get("embodied") else "not included"),
        (
            "Mean of all requests" if services.several(document) else "Each request",
            with_spread(inference["per_request"]) if inference.get("per_request") else "",
        ),
    ]
    return [(name, text) for name, text in rows if text]


def meaning(document: Document) -> str:
    """Return what the first number counts."""
    totals = document["totals"]
    if carbon(totals) is not None:
        return "greenhouse gases of the electricity, location based"
    if totals["emissions"].get("market") is not None:
        return "greenhouse gases of the electricity, market based"
    return "of energy; carbon is not reported" if totals.get("energy") is not None else ""


def boundary(document: Document) -> str:
    """Return what the totals cover where all phases cover the same, else nothing."""
    known = [a for a in phases(document) if a.get("energy") is not None]
    covered = {tuple(part.partition(" (")[0] for part in a.get("included") or ()) for a in known}
    if len(covered) == 1 and (parts := covered.pop()):
        return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    boundaries = {a.get("boundary") or "" for a in known}
    return boundaries.pop() if len(boundaries) == 1 else "what is stated for each phase" if boundaries else ""


def how(document: Document) -> str:
    """Return how the total energy was found: by the evidence of the phases, and by its basis where that is weaker.

    >>> total = {"energy": {"basis": "assumed"}}
    >>> how({"activities": [{"evidence": "device-hours"}], "totals": total})
    'estimated from device-hours, in part assumed'
    """
    found, weakest = {a["evidence"] for a in phases(document) if a.get("evidence")}, basis(document["totals"].get("energy"))
    if found == {"tracked energy"}:
        return TRACKED if weakest == "measured" else f"{TRACKED}, in part {weakest}"
    if weakest == "measured" or not found or not weakest:
        return weakest
    found = {"measured energy" if kind == "tracked energy" else kind for kind in found}
    if found == {"estimated energy"}:
        return "estimated" if weakest == "estimated" else "estimated, in part assumed"
    if found == {"measured energy"}:
        return f"measured, in part {weakest}"
    if "measured energy" in found:
        return f"in part measured, in part {weakest}"
    stated = f"from {' and '.join(sorted(found, reverse=True))}"
    return {"declared": f"computed {stated} as declared", "assumed": f"estimated {stated}, in part assumed"}.get(
        weakest, f"{weakest} {stated}"
    )


def table(document: Document, numbered: Mapping[str, int]) -> Table | None:
    """Return the table of phases, one unit per column; ``None`` where there is no phase."""
    activities = phases(document)
    if not activities:
        return None
    impacts = [*activities, document["totals"]]
    columns = [_column(figures, unit) for figures, unit in (
        ([i.get("device_hours") for i in impacts], "h"),
        ([i.get("energy") for i in impacts], "kWh"),
        ([carbon(i) for i in impacts], "kgCO2e"),
    )]  # fmt: skip
    (hours_unit, hours), (energy_unit, energies), (carbon_unit, carbons) = columns
    scale = hours_unit.removesuffix("h").rstrip()
    headers = (
        "Phase",
        f"Device-hours ({scale})" if scale else "Device-hours",
        f"Energy ({energy_unit})",
        f"Carbon ({carbon_unit})",
        "Basis",
    )
    names = [str(a.get("name") or a.get("phase") or "Phase") for a in activities]
    rows = [(n, h, e, c, _basis_cell(a, numbered)) for n, h, e, c, a in zip(names, hours, energies, carbons, activities)]
    missing = f"carbon without {without(document)}" if without(document) else ""
    total = ("Total", hours[-1], energies[-1], carbons[-1], "; ".join(filter(None, (weakest(_shown(document["totals"])), missing))))
    found = tuple((None, i.get("device_hours"), i.get("energy"), carbon(i), None) for i in impacts)
    return Table(headers, tuple(rows), total if len(rows) > 1 else None, found)


def _column(figures: list[Figure], unit: str) -> tuple[str, list[str]]:
    name, size = numbers.step([f["value"] for f in figures if f is not None], unit)
    if name == "s":
        name, size = "h", 1.0
    return name, [GAP if f is None else numbers.digits(f["value"] / size) for f in figures]


def _basis_cell(activity: Mapping[str, Any], numbered: Mapping[str, int]) -> str:
    return f"{weakest(_shown(activity))} {references(sources_of(_shown(activity)), numbered)}".strip()


def _shown(impact: Mapping[str, Any]) -> list[Figure]:
    """Return the figures of a row of the table."""
    return [impact.get("device_hours"), impact.get("energy"), carbon(impact)]
