"""The run: what was run, on what, where, and what was measured. The input of an assessment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cardgen.core.units import Quantity

PHASES = ("data-preparation", "experimentation", "pretraining", "fine-tuning", "evaluation", "inference", "other")
BOUNDARIES = ("accelerators", "node", "it", "facility")
SITES = ("hyperscale", "colocation", "supercomputer", "enterprise", "office")


@dataclass(frozen=True)
class Model:
    """The model that is released. ``parameters`` is a count; ``released`` an ISO 8601 date."""

    name: str
    id: str | None = None
    version: str | None = None
    released: str | None = None
    organization: str | None = None
    parameters: float | None = None
    base_model: str | None = None


@dataclass(frozen=True)
class Hardware:
    """A pool of accelerators or CPUs. ``duration`` is wall-clock time in h, ``device_hours`` the total over all
    devices, ``power`` in W for each device, ``utilization`` the mean power as a share of ``power``, 0 to 1;
    ``embodied`` in kgCO2e is making one device with its share of the server, ``lifetime`` its service life in h."""

    type: str | None = None
    count: float | None = None
    duration: Quantity | None = None
    device_hours: float | None = None
    power: Quantity | None = None
    utilization: float | None = None
    embodied: Quantity | None = None
    lifetime: Quantity | None = None


@dataclass(frozen=True)
class Host:
    """What feeds the accelerators. ``excluded``: left out, and the card says so; ``included``: the stated power of the
    devices covers it already. ``power_per_device`` in W, ``memory`` in GB."""

    mode: Literal["stated", "excluded", "included"] = "stated"
    power_per_device: Quantity | None = None
    cpu: str | None = None
    sockets: float | None = None
    memory: Quantity | None = None


@dataclass(frozen=True)
class Compute:
    """Training compute: FLOPs, or parameters and tokens (6 × parameters × tokens). ``mfu`` is a share, 0 to 1."""

    flops: float | None = None
    parameters: float | None = None
    tokens: float | None = None
    mfu: float | None = None


@dataclass(frozen=True)
class MeasuredEnergy:
    """Energy as a meter or tracker gave it, in kWh, with the boundary that it was measured at; ``estimated`` where the
    method computed it, for example from rated power and hours. ``read_from`` is the file and line that it stands in."""

    value: Quantity
    boundary: Literal["accelerators", "node", "it", "facility"] = "node"
    method: str | None = None
    basis: Literal["measured", "estimated"] = "measured"
    read_from: str | None = None


@dataclass(frozen=True)
class Facility:
    """The data centre. ``kind`` is the kind of site, where the PUE is not known; ``wue`` in L/kWh of IT energy."""

    provider: str | None = None
    region: str | None = None
    country: str | None = None
    zone: str | None = None
    kind: str | None = None
    pue: float | None = None
    wue: Quantity | None = None


@dataclass(frozen=True)
class Grid:
    """Grid intensity in kgCO2e/kWh as stated; ``offsets`` in kgCO2e, never subtracted; ``water`` in L/kWh is used to
    generate the electricity."""

    location: Quantity | None = None
    market: Quantity | None = None
    instruments: str | None = None
    offsets: Quantity | None = None
    water: Quantity | None = None


@dataclass(frozen=True)
class Cost:
    """Prices: ``electricity`` in a currency per kWh, ``device_hour`` in a currency."""

    electricity: Quantity | None = None
    device_hour: Quantity | None = None


@dataclass(frozen=True)
class Requests:
    """What a service uses: energy in kWh per request, per 1,000, or of repeated tests of ``repeat_size`` requests each."""

    energy: Quantity | None = None
    per_1000: Quantity | None = None
    repeats: tuple[Quantity, ...] = ()
    repeat_size: float = 1
    task: str | None = None
    per_day: float | None = None
    period: Quantity | None = None
    boundary: Literal["accelerators", "node", "it", "facility"] | None = None


@dataclass(frozen=True)
class Activity:
    """One phase of the life cycle. ``embodied`` in kgCO2e, where the author states it. ``assumed``: nothing that is stated
    here is known, as in an estimate of another organisation's model."""

    phase: str
    name: str | None = None
    start: str | None = None
    end: str | None = None
    hardware: tuple[Hardware, ...] = ()
    host: Host | None = None
    compute: Compute | None = None
    energy: MeasuredEnergy | None = None
    facility: Facility = field(default_factory=Facility)
    grid: Grid = field(default_factory=Grid)
    cost: Cost = field(default_factory=Cost)
    embodied: Quantity | None = None
    requests: Requests | None = None
    practices: tuple[str, ...] = ()
    note: str | None = None
    assumed: bool = False


@dataclass(frozen=True)
class Reported:
    """What a publication says: energy in kWh, masses in kgCO2e, water in L."""

    energy: Quantity | None = None
    emissions: Quantity | None = None
    emissions_market: Quantity | None = None
    embodied: Quantity | None = None
    water: Quantity | None = None
    source: str | None = None


@dataclass(frozen=True)
class Component:
    """A component of the cluster: power in W, price in a currency, lifetime in h."""

    name: str
    power: Quantity | None = None
    price: Quantity | None = None
    lifetime: Quantity | None = None


@dataclass(frozen=True)
class CardOptions:
    """What to show; ``None`` leaves the choice to cardgen, an empty tuple shows none."""

    equivalents: tuple[str, ...] | None = None
    compare_with: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Run:
    """One model release."""

    model: Model
    activities: tuple[Activity, ...]
    reported: Reported | None = None
    infrastructure: tuple[Component, ...] = ()
    card: CardOptions = field(default_factory=CardOptions)
