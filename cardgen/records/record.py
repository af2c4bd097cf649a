"""What a file of a tracker, scheduler or monitor says: its runs, and how each line of it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cardgen.problems import Placed

Kind = Literal["merged", "repaired", "skipped", "not read"]


@dataclass(frozen=True)
class Device:
    """Devices of one kind that a run used; ``count`` is None where the file does not say how many."""

    name: str
    count: int | None = None


@dataclass(frozen=True)
class PerRequest:
    """Energy of one request to a service in kWh, facility included, with the ends that the tool gives; emissions in kgCO2e,
    of its use and of making the hardware; water in L."""

    energy_kwh: float
    low_kwh: float | None = None
    high_kwh: float | None = None
    emissions_kg: float | None = None
    usage_kg: float | None = None
    embodied_kg: float | None = None
    water_l: float | None = None


@dataclass(frozen=True)
class Record:
    """One run, job or measured window as a file has it. Unknown is None, never 0.

    ``energy_kwh`` is what was used within ``boundary``; where ``pue`` is given, the energy includes it and the boundary is the
    facility. ``start`` and ``end`` are seconds since 1970 by the clock of the machine, ``hours`` wall-clock time, ``device_hours``
    the total over all accelerators; ``nodes`` is None for one machine. ``components`` splits the energy (kWh) into accelerators,
    processors and memory. ``part`` names a part of the run ``run``, such as a task. ``host`` holds what two files of one machine
    have in common; it is compared and never shown. ``private`` holds what is shown only when asked for: coordinates, host, user,
    path. ``lines`` are those that the energy was read from.
    """

    tool: str
    run: str = ""
    part: str = ""
    project: str = ""
    method: str = ""
    energy_kwh: float | None = None
    boundary: Literal["accelerators", "node", "it", "facility"] = "node"
    basis: Literal["measured", "estimated"] = "measured"
    spread: float | None = None  # half of the range that printed digits allow, as a share of the energy
    reason: str = ""  # why the basis is what it is, or what the boundary holds, in a few words
    pue: float | None = None
    emissions_kg: float | None = None
    water_l: float | None = None
    wue: float | None = None  # L/kWh, as the tool was told
    start: float | None = None
    end: float | None = None
    hours: float | None = None
    device_hours: float | None = None
    nodes: int | None = None
    devices: tuple[Device, ...] = ()
    components: Mapping[str, float] = field(default_factory=dict)
    provider: str | None = None
    region: str | None = None
    country: str | None = None
    is_default_place: bool = False  # the tool's own guess: shown, never used
    phase: str | None = None
    per_request: PerRequest | None = None
    host: tuple[object, ...] = ()
    private: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Note:
    """How lines of a file were read, where it is not one line, one record; ``line`` is the first of ``count`` such lines."""

    kind: Kind
    line: int
    reason: str
    count: int = 1


@dataclass
class Reading:
    """How a file was read: its records, what was done with its lines, and what is wrong with it."""

    file: str
    tool: str
    version: str = ""
    rows: int = 0
    records: list[Record] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    problems: list[Placed] = field(default_factory=list)

    def note(self, kind: Kind, line: int, reason: str) -> None:
        """Note how a line was read; the same reason again is counted, not repeated, from the 20th line on."""
        same = [
            index for index, note in enumerate(self.notes[-40:], max(0, len(self.notes) - 40)) if (note.kind, note.reason) == (kind, reason)
        ]
        if len(same) >= 20:
            last = self.notes[same[-1]]
            self.notes[same[-1]] = Note(kind, last.line, reason, last.count + 1)
        else:
            self.notes.append(Note(kind, line, reason))

    def fault(self, code: str, line: int, message: str, hint: str = "", column: int = 1) -> None:
        """Add an error: the file cannot be used as it is."""
        self._add(Placed(code, message, (), hint, "error", line, column))

    def warn(self, code: str, line: int, message: str, hint: str = "", column: int = 1) -> None:
        """Add a warning: an assumption that should be confirmed."""
        self._add(Placed(code, message, (), hint, "warning", line, column))

    def _add(self, problem: Placed) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    @property
    def is_refused(self) -> bool:
        """Whether something in the file keeps it from being used."""
        return any(problem.severity == "error" for problem in self.problems)


MAX_PROBLEMS = 1_000
