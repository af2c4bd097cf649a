"""The assessment: every figure of a run, before it is written as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

from cardgen.core.figure import Figure
from cardgen.core.problem import Problem
from cardgen.core.run import Activity, Run
from cardgen.core.tables import Row


@dataclass
class Impact:
    """What an activity, a request or a whole run uses and emits; ``None`` is unknown.

    Energy in kWh, emissions in kgCO2e, water in L, cost in a currency, device-hours in h. Location- and market-based
    emissions stand side by side and are never added; embodied emissions and offsets stand apart.
    """

    energy: Figure | None = None
    it_energy: Figure | None = None
    components: dict[str, Figure] = field(default_factory=dict)
    device_hours: Figure | None = None
    location: Figure | None = None
    market: Figure | None = None
    embodied: Figure | None = None
    offsets: Figure | None = None
    onsite_water: Figure | None = None
    offsite_water: Figure | None = None
    electricity_cost: Figure | None = None
    device_cost: Figure | None = None


@dataclass
class ActivityResult:
    """The impact of one activity, with the evidence, the place and the boundary that it rests on."""

    activity: Activity
    index: int
    name: str
    place: str | None
    place_country: str | None
    evidence: str | None
    boundary: str
    impact: Impact
    included: list[str] = field(default_factory=list)
    not_included: list[str] = field(default_factory=list)


@dataclass
class Service:
    """What a request of an inference service uses, and the service in a year. Energy includes the facility's overhead."""

    result: ActivityResult
    task: str | None
    per_request: Impact
    per_year: Impact | None
    requests_per_day: Figure | None
    boundary: str = ""


@dataclass
class Inference:
    """The services of a run and the number of requests and days after which they equal training."""

    services: list[Service]
    per_request: Impact
    per_year: Impact | None
    requests_to_match_training: Figure | None
    days_to_match_training: Figure | None


@dataclass
class Equivalent:
    """Something that a person can picture with the same energy, emissions or water."""

    row: Row
    figure: Figure


@dataclass
class Reported:
    """A figure that a publication states beside the computed one."""

    quantity: str
    reported: Figure
    computed: Figure | None
    agrees: bool | None


@dataclass
class Assessment:
    """Every figure of a run."""

    run: Run
    activities: list[ActivityResult]
    totals: Impact
    not_included: list[str]
    inference: Inference | None
    equivalents: list[Equivalent]
    comparison: list[Row]
    infrastructure: list[tuple[str, Figure | None, Figure | None, Figure | None]]
    reported: list[Reported]
    problems: list[Problem]
