"""What the author states beside the files: it goes before what a tool says, and never against what the energy holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from cardgen.core.run import Facility
from cardgen.problems import CardgenError, printable
from cardgen.records.record import Reading, Record


@dataclass(frozen=True)
class Stated:
    """The name of the model, the phase, the place; what the meter covers, and whether it measured. ``include`` names what is
    private and asked for: coordinates, host, user, path, command."""

    name: str | None = None
    phase: str | None = None
    facility: Facility = field(default_factory=Facility)
    boundary: Literal["accelerators", "node", "it", "facility"] | None = None
    basis: Literal["measured", "estimated"] | None = None
    include: tuple[str, ...] = ()

    @property
    def has_place(self) -> bool:
        """Whether a place is stated."""
        return any((self.facility.provider, self.facility.region, self.facility.country, self.facility.zone))


UNKNOWN = {"boundary": "CG522", "pue": "CG521"}  # what the author answers by stating it


def apply(stated: Stated, readings: Sequence[Reading]) -> None:
    """Put what is stated into the records of readings; raises CardgenError where the energy contradicts it."""
    answered = {code for name, code in UNKNOWN.items() if stated.boundary or (name == "pue" and stated.facility.pue)}
    for reading in readings:
        reading.records = [_with(stated, record) for record in reading.records]
        reading.problems = [problem for problem in reading.problems if problem.code not in answered]


def _with(stated: Stated, record: Record) -> Record:
    pue, where = stated.facility.pue, printable(record.file, 100)
    if record.pue and pue and abs(pue / record.pue - 1) > 1e-9:
        raise CardgenError(f"--pue {pue:g}: the energy in {where} includes a PUE of {record.pue:g} already", 2, "leave --pue out")
    if record.pue and stated.boundary not in (None, "facility"):
        raise CardgenError(
            f"--boundary {stated.boundary}: the energy in {where} includes a PUE of {record.pue:g}", 2, "it is the facility's"
        )
    boundary = stated.boundary or record.boundary
    inside = pue if boundary == "facility" else None
    return replace(record, boundary=boundary, basis=stated.basis or record.basis, pue=record.pue or inside)
