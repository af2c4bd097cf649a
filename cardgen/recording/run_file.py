"""The run file of a recorded run: what was measured as values, how as comments, what is to be filled in as commented lines."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cardgen import __version__
from cardgen.core.problem import Problem
from cardgen.problems import plain
from cardgen.recording.machine import Machine
from cardgen.recording.measured import Devices, Energy, Measured
from cardgen.recording.pools import assumption, host, pools, processor_load
from cardgen.skeleton import digits, line, scalar

PLACE = ("country", "provider", "region", "zone", "kind", "pue")


@dataclass(frozen=True)
class Description:
    """What a person says of a run: the model, the phase and the place; ``place`` holds keys of the section ``facility``.

    ``flops`` are those of the training; ``notes`` are sentences for the note of the activity.
    """

    name: str = ""
    id: str | None = None
    base_model: str | None = None
    parameters: float | None = None
    phase: str = "other"
    place: Mapping[str, str | float] = field(default_factory=dict)
    flops: float | None = None
    notes: tuple[str, ...] = ()
    written_by: str = "cardgen record"


def run_file(measured: Measured, described: Description) -> str:
    """Return the text of the run file."""
    lines = [
        line("cardgen: 1", f"format version; written by {described.written_by} {__version__}"),
        *_model(described),
        "activities:",
        line(f"  - phase: {described.phase}", "data-preparation, experimentation, pretraining, fine-tuning, evaluation, inference, other"),
        f"    start: {_day(measured.start)}",
        f"    end: {_day(measured.start + measured.duration_s)}",
        *(line(text, comment) for text, comment in pools(measured)),
        *(line(text, comment) for text, comment in host(measured)),
        *_energy(measured),
        *_compute(described),
        *([line("    assumed: true", "a power above is not known")] if assumption(measured) else []),
        *_facility(measured, described),
        f"    note: {scalar(_note(measured, described))}",
        *_reported(measured),
    ]
    return "".join(f"{entry.rstrip()}\n" for entry in lines)


def problems(described: Description) -> list[Problem]:
    """Return what is wrong with what a person says, such as a country that does not exist: asked before a long run starts."""
    from cardgen.core.assess import assess
    from cardgen.core.factors import Factors
    from cardgen.loading import load
    from cardgen.validation import validate

    stand_in = Measured(0.0, 1.0, None, Energy(), Devices(Machine("AMD EPYC 7763")))
    run, found = validate(load(run_file(stand_in, described).encode("utf-8", "backslashreplace"), "the options"))
    found = [*found, *(assess(run, Factors()).problems if run else [])]
    return [problem for problem in found if problem.severity == "error"]


def _day(moment: float) -> str:
    return datetime.date.fromtimestamp(moment).isoformat()


def _model(described: Description) -> Iterator[str]:
    yield "model:"
    yield line(f"  name: {scalar(plain(described.name)[:200].strip() or 'Unnamed model')}", "" if described.name else "the model's name")
    yield f"  id: {scalar(described.id)}" if described.id else line("  # id: organisation/my-model", "Hub repository id")
    if described.base_model:
        yield f"  base_model: {scalar(described.base_model)}"
    yield f"  parameters: {described.parameters:.0f}" if described.parameters else "  # parameters: 7e9"


def _energy(measured: Measured) -> Iterator[str]:
    energy = measured.energy
    if energy.kwh is None:
        yield line("    # energy:", f"not measured: {energy.reason}")
        yield line("    #   value: 1.2 kWh", "uncomment it if you have it from elsewhere")
        yield line("    #   boundary: node", "accelerators, node, it, facility")
        return
    yield "    energy:"
    parts = ", ".join(f"{name} {digits(kwh)} kWh" for name, kwh in energy.parts.items()) if len(energy.parts) > 1 else ""
    yield line(f"      value: {digits(energy.kwh)} kWh", parts)
    included = (
        "the GPUs; the host is estimated" if energy.boundary == "accelerators" else "without what has no sensor: fans, disks, power supply"
    )
    yield line(f"      boundary: {energy.boundary}", included)
    yield f"      method: {scalar(_method(energy))}"
    if energy.basis == "estimated":
        yield "      basis: estimated"


def _method(energy: Energy) -> str:
    return f"{energy.method} (cardgen {__version__})"


def _reported(measured: Measured) -> Iterator[str]:
    """Yield the tracker's own emissions, which stay beside what cardgen computes; by the source they are known as its own."""
    energy = measured.energy
    if energy.kwh is None or energy.emissions_kg is None or not energy.emissions_kg > 0:
        return
    yield "reported:"
    each_kwh = energy.emissions_kg / energy.kwh * 1000
    yield line(f"  emissions: {digits(energy.emissions_kg)} kgCO2e", f"as the tracker computed it: {each_kwh:.3g} gCO2e for each kWh")
    yield f"  source: {scalar(_method(energy))}"


def _compute(described: Description) -> Iterator[str]:
    if described.flops:
        yield "    compute:"
        yield line(f"      flops: {digits(described.flops)}", "as the trainer counted them")


def _facility(measured: Measured, described: Description) -> Iterator[str]:
    place = {key: described.place[key] for key in PLACE if described.place.get(key) is not None}
    if measured.energy.pue is not None:
        place.setdefault("pue", measured.energy.pue)
    if not place:
        yield line("    # facility:", "where it ran decides the emissions; state it")
        yield line("    #   country: FRA", "or provider and region, as in provider: gcp, region: europe-west4")
        return
    yield "    facility:"
    for key, value in place.items():
        yield f"      {key}: {scalar(value) if isinstance(value, str) else digits(float(value))}"
    if "pue" not in place:
        yield line("      # pue: 1.10", "the region's, the fleet's or the industry's average otherwise")


def _note(measured: Measured, described: Description) -> str:
    energy = measured.energy
    said = [*described.notes, *energy.notes]
    if energy.kwh is None:
        said.append(f"The energy was not measured: {energy.reason}")
    said.append(assumption(measured))
    if measured.processor_s is not None:
        share, threads = processor_load(measured) or 0.0, measured.devices.machine.threads
        said.append(f"It used {measured.processor_s:.3f} s of processor time, {100 * share:.1f} % of {threads} logical processors")
    text = " ".join(f"{sentence[0].upper()}{sentence[1:].rstrip('.')}." for sentence in said if sentence)
    return plain(text)[:4900] or "Recorded."
