"""The run file of a recorded run: what was measured as values, how as comments, what is to be filled in as commented lines."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from cardgen import __version__
from cardgen.problems import plain
from cardgen.recording.description import Description
from cardgen.recording.measured import Measured
from cardgen.recording.pools import host, pools
from cardgen.skeleton import line, scalar

PLACE = ("country", "provider", "region", "zone", "kind", "pue")


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
        *_facility(measured, described),
        f"    note: {scalar(_note(measured, described))}",
    ]
    return "".join(f"{entry.rstrip()}\n" for entry in lines)


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
    parts = ", ".join(f"{name} {kwh!r} kWh" for name, kwh in energy.parts.items()) if len(energy.parts) > 1 else ""
    yield line(f"      value: {energy.kwh!r} kWh", parts)
    included = (
        "the GPUs; the host is estimated" if energy.boundary == "accelerators" else "without what has no sensor: fans, disks, power supply"
    )
    yield line(f"      boundary: {energy.boundary}", included)
    yield f"      method: {scalar(f'{energy.method} (cardgen {__version__})')}"
    if energy.basis == "estimated":
        yield "      basis: estimated"
    if energy.emissions_kg is not None:
        yield line(f"      # {energy.emissions_kg!r} kgCO2e", "by the tracker, with its own factors; not used")


def _compute(described: Description) -> Iterator[str]:
    if described.flops:
        yield "    compute:"
        yield line(f"      flops: {described.flops!r}", "as the trainer counted them")


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
        yield f"      {key}: {scalar(value) if isinstance(value, str) else repr(value)}"
    if "pue" not in place:
        yield line("      # pue: 1.10", "the region's, the fleet's or the industry's average otherwise")


def _note(measured: Measured, described: Description) -> str:
    energy = measured.energy
    said = [*described.notes, *energy.notes]
    if energy.kwh is None:
        said.append(f"The energy was not measured: {energy.reason}")
    if measured.processor_s is not None:
        share = measured.processor_s / (measured.duration_s * measured.devices.machine.threads)
        threads = measured.devices.machine.threads
        said.append(f"It used {measured.processor_s:.3f} s of processor time, {100 * share:.1f} % of {threads} logical processors")
    text = " ".join(f"{sentence[0].upper()}{sentence[1:].rstrip('.')}." for sentence in said if sentence)
    return plain(text)[:4900] or "Recorded."
