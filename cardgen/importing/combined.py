"""A run of records: those whose energy counts, those that lie within it, and the rule by which."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cardgen.records.record import Record

Combine = Literal["add", "largest", "widest"]
WIDTH = {"accelerators": 0, "node": 1, "it": 2, "facility": 3}


@dataclass(frozen=True)
class Combined:
    """One run: the records whose energy counts, those that lie within it, and the rule by which."""

    counted: tuple[Record, ...]
    within: tuple[Record, ...] = ()
    rule: str = ""

    @property
    def energy_kwh(self) -> float | None:
        """Return the energy in kWh; None where a record that counts has none."""
        values = [record.energy_kwh for record in self.counted]
        return None if None in values else math.fsum(value for value in values if value is not None)

    @property
    def emissions_kg(self) -> float | None:
        """Return the tools' own emissions in kg; None where one has none."""
        values = [record.emissions_kg for record in self.counted]
        return None if None in values else math.fsum(value for value in values if value is not None)

    @property
    def boundary(self) -> str:
        """Return what the energy covers: that of meters of different parts is the widest."""
        return max((record.boundary for record in self.counted), key=WIDTH.__getitem__)

    @property
    def records(self) -> tuple[Record, ...]:
        """Return all records, those that count first."""
        return self.counted + self.within

    @property
    def project(self) -> str:
        """Return the name of the project, where there is one."""
        return next((record.project for record in self.records if record.project), "")

    @property
    def run(self) -> str:
        """Return the id of the run, that of its first record with one."""
        return next((record.run for record in self.records if record.run), "")


class Ambiguous(Exception):
    """Records that may be one thing or another. ``choices`` are the values of ``--combine`` with what each means."""

    def __init__(self, records: Sequence[Record], message: str, choices: dict[str, str], hint: str = "") -> None:
        super().__init__(message)
        self.records, self.message, self.choices, self.hint = tuple(records), message, choices, hint
