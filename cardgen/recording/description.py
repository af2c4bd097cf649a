"""What a person says of a run, beside what is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Description:
    """The model, the phase and the place of a run; ``place`` holds keys of the section ``facility``. ``flops`` of the training.

    ``notes`` are sentences for the note of the activity.
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
