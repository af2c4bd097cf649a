"""The estimates against what was measured: each case with priors that its own organisation had no part in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cardgen.calibration.cases import from_compute, from_device_hours, measured_kwh
from cardgen.calibration.priors import fitted, is_fitted, observations, overhead, related
from cardgen.core.assess import assess
from cardgen.core.evidence import gather
from cardgen.core.factors import Factors
from cardgen.core.figure import Figure
from cardgen.core.inputs import Inputs
from cardgen.core.pools import default_load
from cardgen.core.run import Activity, Facility, Run
from cardgen.core.tables import Row

KINDS: dict[str, Callable[[Row], Run | None]] = {"device-hours": from_device_hours, "compute": from_compute}


@dataclass(frozen=True)
class Trial:
    """An estimate beside what was measured, in kWh, at the boundary of the meter."""

    row: Row
    measured: float
    estimate: Figure
    boundary: str
    kind: str  # of job: single, server, cluster, or other devices than GPUs

    @property
    def holds(self) -> bool:
        """Whether the 90 % interval of the estimate holds the measured energy."""
        return self.estimate.low <= self.measured <= self.estimate.high

    @property
    def ratio(self) -> float:
        """The measured energy divided by the estimated."""
        return self.measured / self.estimate.value

    @property
    def width(self) -> float:
        """The upper end of the interval divided by the lower."""
        return self.estimate.high / self.estimate.low


def trials(kind: str, factors: Factors, *, cross_validated: bool = True) -> list[Trial]:
    """Return a trial of every published footprint that was measured, from its device-hours or its compute alone."""
    judging: dict[str, Factors] = {}
    found = []
    for row in factors.table("published_footprints"):
        run, measured = KINDS[kind](row), measured_kwh(row)
        if run is None or measured is None or row["phase"] == "inference":
            continue
        organisation, used = row["organisation"], factors
        if cross_validated:
            used = judging[organisation] = judging.get(organisation) or without(organisation, factors)
            run = _elsewhere(run, organisation)
        trial = _trial(row, run, measured, used)
        if trial is not None:
            found.append(trial)
    return found


def without(organisation: str, factors: Factors) -> Factors:
    """Return the factors that would be in use if an organisation had published nothing but the ratings of its parts."""
    evidence, changed = observations(factors, organisation), []
    for row in factors.table("uncertainty"):
        if is_fitted(row["id"], evidence):
            prior = fitted(evidence, row["id"])
            changed.append(_row(row, value=repr(overhead(row["id"]) + prior.value), gsd=repr(prior.gsd)))
    parts = [row for row in factors.table("hardware") if row["system_power_w"] and related(row["vendor"], organisation)]
    hardware = [_row(row, system_power_w="", measured_power_w="") for row in parts]
    return Factors({"uncertainty": changed, "hardware": hardware})


def _elsewhere(run: Run, organisation: str) -> Run:
    """Return a run at an unnamed site of the same kind, where its provider is the organisation that is judged."""
    activity = run.activities[0]
    if not related(activity.facility.provider or "", organisation):
        return run
    return replace(run, activities=(replace(activity, facility=Facility(kind="hyperscale")),))


def _row(row: Row, **cells: str) -> Row:
    changed = Row({**row, **cells})
    changed.table, changed.own = row.table, True
    return changed


def _trial(row: Row, run: Run, measured: float, factors: Factors) -> Trial | None:
    totals = assess(run, factors).totals
    kind = _kind(run.activities[0], factors)
    if row["energy_has_pue"] == "true" and row["meter"] == "node" and row["energy_kwh"]:
        return Trial(row, float(row["energy_kwh"]), totals.energy, "facility", kind) if totals.energy else None
    figure = totals.components.get("accelerators") if row["meter"] == "accelerators" else totals.it_energy
    return Trial(row, measured, figure, row["meter"], kind) if figure is not None else None


def _kind(activity: Activity, factors: Factors) -> str:
    pools = gather(activity, (), Inputs(factors)).pools
    return default_load(activity, pools[0], pools).removeprefix("utilization-")
