"""The ``co2_eq_emissions`` of a card: what the Hub and its readers take from the front matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cardgen.core.factors import Factors
from cardgen.core.run import Activity, Hardware, Run
from cardgen.numbers import round_to
from cardgen.problems import Placed, plain

GRAMS = 1000  # per kg
TRAINING = (("pretraining", "pre-training"), ("fine-tuning", "fine-tuning"))
SAME = "the front matter is left as it is"


def emissions(document: Mapping[str, Any], run: Run | None, factors: Factors) -> tuple[dict[str, object] | None, tuple[Placed, ...]]:
    """Return the object, emissions in g CO2e, and what its reader should know; None where no number can be given.

    The number is that of the totals: location-based, without inference. ``run`` is None where the assessment was saved: the
    devices and the method of measurement are not in it.
    """
    total = document["totals"]["emissions"]["location"]
    if total is None:
        return None, (_note("CG422", f"emissions are not known, so co2_eq_emissions is not written; {SAME}", "state where it ran"),)
    grams = round_to(total["value"] * GRAMS)
    if grams <= 0:
        message = f"emissions are exactly 0, which the Hub reads as no data, so co2_eq_emissions is not written; {SAME}"
        return None, (_note("CG423", message, "the section says it in words"),)
    parts = [activity for activity in document["activities"] if activity["phase"] != "inference"]
    stated = [activity for activity in run.activities if activity.phase != "inference"] if run else []
    found: dict[str, object] = {
        "emissions": int(grams) if grams.is_integer() else grams,
        "source": _source(parts, stated),
        "training_type": next((words for phase, words in TRAINING if any(part["phase"] == phase for part in parts)), None),
        "geographical_location": _joined(part["place"] for part in parts),
        "hardware_used": _joined(_hardware(stated, factors)),
    }
    return {key: value for key, value in found.items() if value is not None}, tuple(_left_out(parts))


def _left_out(parts: Sequence[Mapping[str, Any]]) -> Iterator[Placed]:
    """Yield a note that names the activities whose emissions are not in the number."""
    missing = [part["name"] for part in parts if part["emissions"]["location"] is None]
    if missing:
        message = f"co2_eq_emissions leaves out {plain(', '.join(missing))[:300]}: emissions are not known"
        yield _note("CG424", message, "state the place and the energy of each activity")


def _source(parts: Sequence[Mapping[str, Any]], stated: Sequence[Activity]) -> str | None:
    """Return how the emissions are known: cardgen computes them, from a measurement by some method or from other evidence."""
    methods = [activity.energy.method if activity.energy else None for activity in stated] or [None] * len(parts)
    known = ((method, part) for method, part in zip(methods, parts) if part["emissions"]["location"] is not None)
    return _joined(f"cardgen, from {method or part['evidence'] or 'the run file'}" for method, part in known)


def _hardware(stated: Sequence[Activity], factors: Factors) -> Iterator[str]:
    """Yield each type of device once, with the largest number of them that worked together."""
    counts: dict[str, float | None] = {}
    for activity in stated:
        for pool in activity.hardware:
            name = _name(pool, factors)
            counts[name] = max((n for n in (counts.get(name), pool.count) if n is not None), default=None)
    for name, count in counts.items():
        yield f"{count:.0f} x {name}" if count is not None and name else name


def _name(pool: Hardware, factors: Factors) -> str:
    row = factors.hardware(pool.type)[0] if pool.type else None
    return row["name"] if row else pool.type or ""


def _joined(texts: Iterator[str | None]) -> str | None:
    """Return the different texts as one line, or None where there is none."""
    return "; ".join(dict.fromkeys(" ".join(plain(text).split()) for text in texts if text)) or None


def _note(code: str, message: str, hint: str) -> Placed:
    return Placed(code, message, (), hint, "warning")
