"""Runs for the tests of the core, in the words of a run file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from cardgen.core.assess import assess
from cardgen.core.assessment import Assessment
from cardgen.core.document import document
from cardgen.core.factors import Factors
from cardgen.core.run import Activity, CardOptions, Compute, Facility, Grid, Hardware, MeasuredEnergy, Model, Reported, Requests, Run
from cardgen.core.tables import Row
from cardgen.core.units import Quantity, parse_quantity


@cache
def bundled() -> Factors:
    return Factors()


def q(text: str, dimension: str) -> Quantity:
    return parse_quantity(text, dimension)


def kwh(text: str) -> Quantity:
    return parse_quantity(text, "energy")


def gpus(
    name: str | None = "A100-SXM4-80GB", count: float | None = None, duration: str | None = None, power: str | None = None, **rest: Any
) -> Hardware:
    return Hardware(
        name,
        count,
        q(duration, "duration") if duration else None,
        power=q(power, "power") if power else None,
        **rest,
    )


def metered(text: str, boundary: Any = "facility", method: str | None = None) -> MeasuredEnergy:
    return MeasuredEnergy(kwh(text), boundary, method)


def grid(location: str | None = None, market: str | None = None, offsets: str | None = None) -> Grid:
    return Grid(
        q(location, "intensity") if location else None,
        q(market, "intensity") if market else None,
        offsets=q(offsets, "mass") if offsets else None,
    )


def training(*hardware: Hardware, phase: str = "pretraining", **rest: Any) -> Activity:
    return Activity(phase, hardware=hardware, **rest)


def service(
    energy: str | None = None, boundary: Any = "facility", per_day: float | None = None, period: str | None = None, **rest: Any
) -> Activity:
    requests = Requests(
        energy=kwh(energy) if energy else None, boundary=boundary, per_day=per_day, period=q(period, "duration") if period else None
    )
    return Activity("inference", requests=requests, **rest)


def of(*activities: Activity, reported: Reported | None = None, factors: Factors | None = None, **card: Any) -> Assessment:
    return assess(Run(Model("m"), activities, reported, card=CardOptions(**card)), factors or bundled())


def written(assessment: Assessment, factors: Factors | None = None) -> dict[str, Any]:
    """Return the document as JSON gives it back; NaN and infinity are refused."""
    return json.loads(json.dumps(document(assessment, factors or bundled()), allow_nan=False))


def codes(assessment: Assessment) -> list[str]:
    return [problem.code for problem in assessment.problems]


def own(table: str, **cells: str) -> dict[str, list[Row]]:
    """Return one row of a user, which has the columns of the bundled table."""
    row = Row({column: "" for column in bundled().table(table)[0]} | {"verified": "true", "source": "test"} | cells)
    row.table, row.own = table, True
    return {table: [row]}


def derivation(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the first derivation of a name."""
    return next(d for d in content["derivations"].values() if d["name"] == name)


__all__ = [
    "Activity",
    "Assessment",
    "Compute",
    "Facility",
    "Factors",
    "Grid",
    "Hardware",
    "MeasuredEnergy",
    "Reported",
    "Requests",
    "bundled",
    "codes",
    "derivation",
    "gpus",
    "grid",
    "kwh",
    "metered",
    "of",
    "own",
    "q",
    "service",
    "training",
    "written",
]
