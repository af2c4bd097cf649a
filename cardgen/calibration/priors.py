"""The defaults that stand in for what a run does not state, worked out from published evidence.

An observation is one published number: a mean power as a share of the rating, a host share, a PUE, an MFU. Most follow
from the measured rows of the published footprints, the others stand in the table of observations. A prior is lognormal:
its value is the geometric mean over organisations, of which each counts once, and its spread that of all observations
around it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from cardgen.calibration.cases import from_compute, from_device_hours, measured_kwh
from cardgen.core.evidence import default_mfu, training_flops
from cardgen.core.factors import Factors
from cardgen.core.inputs import Inputs
from cardgen.core.pools import default_load, peak_flops, pools_of
from cardgen.core.tables import Row

_ALSO = {"DeepMind": "Google", "gcp": "Google", "aws": "Amazon", "azure": "Microsoft", "meta": "Meta", "alibaba": "Alibaba"}


@dataclass(frozen=True)
class Observation:
    """One published number behind a prior; for a PUE the number is its overhead, PUE − 1."""

    prior: str
    value: float
    organisation: str
    what: str
    source: str
    verified: bool = True


@dataclass(frozen=True)
class Prior:
    """What the evidence says: geometric mean, geometric standard deviation, and how many stand behind them.

    ``verified``: at least half of the observations were read in a document.
    """

    value: float
    gsd: float
    observations: int
    organisations: int
    verified: bool = True


def observations(factors: Factors, without: str = "") -> list[Observation]:
    """Return the evidence for all priors: from the table of observations, the published footprints and the facilities.

    What an organisation had a part in is left out where it is named.
    """
    found = [
        Observation(
            row["prior"], float(row["value"]) - overhead(row["prior"]), row["organisation"], row["what"], row["source"], row.verified
        )
        for row in factors.table("observations")
    ]
    rows = [row for row in factors.table("published_footprints") if not related(row["organisation"], without)]
    found = [o for o in (*found, *_of_facilities(factors)) if not related(o.organisation, without)]
    host = fitted(found, "host-share").value
    return found + [o for row in rows for o in _of_footprint(row, host, factors)]


def fitted(evidence: Iterable[Observation], prior: str) -> Prior:
    """Return a prior from the evidence.

    Few organisations hardly show how organisations differ: one more, as spread as those of the family are on average,
    counts with them. Where a kind has no evidence, that of the whole family stands in.
    """
    family = [o for o in evidence if _family(o.prior) == _family(prior) and (o.prior != "utilization-inference" or o.prior == prior)]
    used = [o for o in family if o.prior == prior] or family
    centre, spread, organisations = _centre_and_spread(used)
    kinds = dict.fromkeys(o.prior for o in family)
    usual = math.fsum(_centre_and_spread([o for o in family if o.prior == kind])[1] for kind in kinds) / len(kinds)
    spread = (organisations * spread + usual) / (organisations + 1)
    gsd, verified = math.exp(math.sqrt(spread)), 2 * sum(o.verified for o in used) >= len(used)
    return Prior(math.exp(centre), gsd, len(used), organisations, verified)


def is_fitted(prior: str, evidence: Iterable[Observation]) -> bool:
    """Return whether a row of the uncertainty table is a prior that rests on the evidence."""
    return prior == "utilization-other" or any(o.prior == prior for o in evidence)


def overhead(prior: str) -> bool:
    """Return whether a prior is a PUE, of which the evidence holds the overhead."""
    return prior.startswith("pue-")


def related(one: str, other: str) -> bool:
    """Return whether two organisations are one, or worked on one publication.

    >>> related("AI2/Microsoft", "AI2"), related("Meta AI", "Meta"), related("gcp", "Google"), related("AI2", "")
    (True, True, True, False)
    """
    return bool(_members(one) & _members(other))


def _members(organisation: str) -> set[str]:
    parts = (part.strip().removesuffix(" AI") for part in organisation.split("/") if part.strip())
    return {_ALSO.get(part, part) for part in parts}


def _centre_and_spread(used: list[Observation]) -> tuple[float, float, int]:
    """Return the mean of the logarithms over organisations, the variance around it, and how many organisations there are."""
    groups: dict[frozenset[str], list[float]] = {}
    for observation in used:
        members = frozenset(_members(observation.organisation))
        same = next((group for group in groups if group & members), members)
        groups.setdefault(same, []).append(math.log(observation.value))
    centre = math.fsum(math.fsum(group) / len(group) for group in groups.values()) / len(groups)
    around = math.fsum(math.fsum((x - centre) ** 2 for x in group) / len(group) for group in groups.values()) / len(groups)
    return centre, around, len(groups)


def _family(prior: str) -> str:
    return prior if prior == "pue-industry" else prior.split("-")[0]


def _of_footprint(row: Row, host: float, factors: Factors) -> list[Observation]:
    """Return what a published footprint says: the load of its devices where they were metered, the MFU where FLOPs are stated."""
    found = []
    run, part = from_device_hours(row), factors.hardware(row["device"])[0]
    rating = part.number("rated_power_w") if part else None
    if row["power_basis"].startswith("measured_accelerator") and rating:
        load = float(row["power_w"]) / float(row["devices"]) / rating
        found.append(Observation("utilization-inference", load, row["organisation"].split(" (")[0], row["system"], row["source"]))
    if run is None or row["source_inconsistent"] == "true" or row["verdict"] == "off_by_more" or "counterfactual" in row["grid_basis"]:
        return found
    activity, inputs = run.activities[0], Inputs(factors)
    pools = pools_of(activity, (), inputs)
    hours, measured = pools[0].hours, measured_kwh(row)
    assert hours is not None
    if measured is not None and rating and row["meter"] in ("accelerators", "node") and part and part["kind"] == "gpu":
        load = measured * 1000 / hours.value / rating / (1 + host if row["meter"] == "node" else 1)
        found.append(
            Observation(default_load(activity, pools[0], pools), load, row["organisation"].split(" (")[0], row["system"], row["source"])
        )
    with_compute, peak = from_compute(row), peak_flops(pools[0])
    flops = training_flops(with_compute.activities[0], (), inputs) if with_compute else None
    if flops is not None and peak is not None:
        mfu = flops.value / (peak.value * 1e12 * hours.value * 3600)
        found.append(
            Observation(default_mfu(with_compute.activities[0]), mfu, row["organisation"].split(" (")[0], row["system"], row["source"])
        )
    return found


def _of_facilities(factors: Factors) -> list[Observation]:
    """Return the overhead of each site of a known kind, in the newest year that is published."""
    newest: dict[tuple[str, str], Row] = {}
    for row in factors.table("facility"):
        key = row["provider"], row["region"]
        if row["kind"] and row["pue"] and (key not in newest or int(row["year"]) > int(newest[key]["year"])):
            newest[key] = row
    return [
        Observation(
            f"pue-{row['kind']}", float(row["pue"]) - 1, row["provider"], f"{row['provider']} {row['region']}", row["source"], row.verified
        )
        for row in newest.values()
    ]


def cells(factors: Factors) -> dict[str, dict[str, str]]:
    """Return what the uncertainty table has to hold for each prior that rests on evidence: value, spread and why."""
    evidence = observations(factors)
    found = {}
    for row in factors.table("uncertainty"):
        if is_fitted(row["id"], evidence):
            prior = fitted(evidence, row["id"])
            value = prior.value + overhead(row["id"])
            by = "one organisation" if prior.organisations == 1 else f"{prior.organisations} organisations"
            found[row["id"]] = {
                "value": f"{value:.2g}" if value < 1 else f"{value:.2f}", "gsd": f"{prior.gsd:.2f}",
                "verified": str(prior.verified).lower(), "note": f"Geometric mean of {prior.observations} observations by {by}",
            }  # fmt: skip
    return found
