"""EcoLogits 0.1.3 to 0.11: the impacts of requests to a service, as JSON: one, a list, or one a line; also within a saved answer.

Energy is kWh, emissions kgCO2eq, water L. A value is a number or ``{min, max}``. The total is that of use and of the share of
making the hardware; energy is of use alone. The mean of several requests is taken.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from statistics import fmean
from typing import Any, NamedTuple

from cardgen.problems import printable
from cardgen.records.entries import Entry, entries
from cardgen.records.fields import json_number
from cardgen.records.record import PerRequest, Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "ecologits", "EcoLogits", "the impacts of requests as JSON: ImpactsOutput, alone, in a list or one a line",
    "energy, emissions and water of a request, with low and high ends; use and hardware apart",
    "which model, provider and place the request went to; the PUE that is inside",
    "https://ecologits.ai/latest/tutorial/impacts/",
)  # fmt: skip

UNITS = {"energy": "kWh", "gwp": "kgCO2eq", "adpe": "kgSbeq", "pe": "MJ", "wcf": "L"}
CODE = re.compile(r"[a-z0-9-]{1,60}")
NO_ENERGY = 'the tool knows no energy of this request: "{}"'
HINT = "ask for a model that the tool knows, or state the energy of a request in the run file"


class _Span(NamedTuple):
    low: float
    high: float

    @property
    def middle(self) -> float:
        return self.low if self.low == self.high else (self.low + self.high) / 2


_Impacts = dict[str, _Span]


def recognises(source: Source) -> bool:
    """Return whether the beginning is JSON with the five fields that impacts have had since the first release."""
    return source.head.lstrip()[:1] in ("{", "[") and all(
        f'"{name}"' in source.head for name in ("energy", "gwp", "adpe", "pe", "usage", "embodied")
    )


def _read(source: Source, reading: Reading) -> None:
    known: list[tuple[Entry, _Impacts]] = []
    empty: list[tuple[int, str]] = []
    cautions: set[str] = set()
    answers: dict[str, int] = {}
    for whole in entries(source):
        reading.rows += 1
        answer = whole.string("id") if "impacts" in (whole.value if isinstance(whole.value, dict) else ()) else ""
        if answer and answer in answers:
            reading.note("merged", whole.line, f"the same answer stands on line {answers[answer]}: counted once")
            continue
        answers[answer] = whole.line
        entry = whole.within("impacts") if whole.at("impacts") is not None else whole
        try:
            impacts = _impacts(entry)
        except Unreadable as error:
            reading.fault(error.problem.code, error.problem.line, error.problem.message, error.problem.hint)
            continue
        if impacts is None:
            empty.append((entry.line_of("errors"), _codes(entry.at("errors")) or "no value and no reason"))
        else:
            known.append((entry, impacts))
            cautions.update(filter(None, [_codes(entry.at("warnings"))]))
    for line, codes in empty:
        if known:
            reading.note("skipped", line, "a request without energy")
            reading.warn("CG510", line, NO_ENERGY.format(codes) + ": it is left out of the mean", HINT)
        elif not reading.is_refused:
            reading.fault("CG501", line, NO_ENERGY.format(codes), HINT)
    if not reading.rows:
        reading.fault("CG505", 1, "the file holds no request")
    if known:
        if len(known) > 1:
            reading.note("merged", known[0][0].line, f"the first of {len(known):,} requests, of which the mean is taken")
        reading.records.append(_record([impacts for _, impacts in known], [entry for entry, _ in known], cautions, source))


read = each(_read, TOOL)


def _impacts(entry: Entry) -> _Impacts | None:
    """Return the impacts of one request; None where the tool knows no energy. Raises Unreadable for anything else."""
    if not isinstance(entry.value, dict) or "energy" not in entry.value:
        raise entry.fault("CG503", f'"{printable(entry.text, 60)}" holds no impacts of a request')
    found = {name: span for name in UNITS if (span := _span(entry, name)) is not None}
    parts = {
        f"{phase} {name}": span
        for phase in ("usage", "embodied")
        for name in UNITS
        if (span := _span(entry, phase, name)) is not None
    }  # fmt: skip
    if "energy" not in found:
        if found or parts:
            raise entry.fault("CG503", "the energy is missing, and other impacts are there", "energy")
        return None
    if found["energy"].low <= 0:
        raise entry.fault("CG501", "the energy is 0, which no request uses", "energy", hint=HINT)
    for name, total in found.items():
        pieces = [parts[f"{phase} {name}"] for phase in ("usage", "embodied") if f"{phase} {name}" in parts]
        if pieces and not all(math.isclose(math.fsum(ends), end, rel_tol=1e-6) for end, ends in zip(total, zip(*pieces))):
            raise entry.fault("CG504", f"{name} is {total.middle:.6g}, its parts are {sum(p.middle for p in pieces):.6g} together", name)
    if "usage energy" not in parts or "gwp" in found and not {"usage gwp", "embodied gwp"} <= parts.keys():
        raise entry.fault("CG503", "the impacts of use or of the hardware are missing", "usage")
    return found | parts


def _span(entry: Entry, *keys: str) -> _Span | None:
    """Return the low and the high end of an impact in the unit that the tool has; None for null and where there is none."""
    impact: Any = entry.at(*keys)
    if impact is None:
        return None
    name, value = keys[-1], impact.get("value") if isinstance(impact, dict) else None
    if not isinstance(impact, dict) or impact.get("unit") != UNITS[name]:
        unit = impact.get("unit") if isinstance(impact, dict) else None
        raise entry.fault("CG503", f'{name}: the unit is "{printable(str(unit), 60)}", expected {UNITS[name]}', *keys)
    if str(impact.get("type", name)).casefold() != name:
        raise entry.fault("CG504", f'{name}: the type is "{printable(str(impact["type"]), 60)}"', *keys)
    low, high = (value.get("min"), value.get("max")) if isinstance(value, dict) else (value, value)
    ends = json_number(low), json_number(high)
    if ends[0] is None or ends[1] is None or not 0 <= ends[0] <= ends[1]:
        raise entry.fault("CG503", f"{name}: the value is neither a number nor a low and a high end", *keys, "value")
    return _Span(ends[0], ends[1])


def _codes(messages: object) -> str:
    """Return the codes of warnings or errors, "" where there are none."""
    codes = [message.get("code") for message in messages if isinstance(message, dict)] if isinstance(messages, list) else []
    return ", ".join(code for code in codes if isinstance(code, str) and CODE.fullmatch(code))


def _record(requests: Sequence[_Impacts], places: Sequence[Entry], cautions: set[str], source: Source) -> Record:
    """Return the mean of requests."""

    def mean(name: str) -> float | None:
        values = [impacts[name].middle for impacts in requests if name in impacts]
        return fmean(values) if len(values) == len(requests) else None

    energies = [impacts["energy"] for impacts in requests]
    ranged = any(energy.low != energy.high for energy in energies)
    energy = fmean(energy.middle for energy in energies)
    reason = "an estimate by the tool, from the size of the model and the length of the answer; the provider's PUE is inside"
    return Record(
        tool="ecologits", method="ecologits", boundary="facility", basis="estimated", phase="inference", file=source.short,
        reason="; ".join([reason, *sorted(cautions)]), lines=tuple(place.line_of("energy") for place in places[:20]),
        per_request=PerRequest(
            energy, fmean(energy.low for energy in energies) if ranged else None,
            fmean(energy.high for energy in energies) if ranged else None,
            emissions_kg=mean("gwp"), usage_kg=mean("usage gwp"), embodied_kg=mean("embodied gwp"), water_l=mean("wcf"),
        ),
    )  # fmt: skip
