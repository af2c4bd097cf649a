"""Which of the runs in the files are meant: those that are named, or the only one there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cardgen.importing.amounts import short
from cardgen.importing.combined import Combine, Combined
from cardgen.importing.combining import combined
from cardgen.importing.identity import once, parts
from cardgen.problems import CardgenError, printable
from cardgen.records.fields import day
from cardgen.records.record import Reading, Record


@dataclass(frozen=True)
class Choice:
    """What is meant: the runs with one of these ids (or the beginning of one), of these projects, of these tools; ``all`` of
    them; ``parts``: the tasks of a run in its place; ``estimate``: runs without energy too."""

    runs: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    all: bool = False
    parts: bool = False
    estimate: bool = False
    combine: Combine | None = None


class Several(Exception):
    """There are several runs, and nobody said which is meant; ``hint`` says how to."""

    def __init__(self, runs: Sequence[Combined]) -> None:
        super().__init__(f"there are {len(runs):,} runs")
        self.runs = tuple(runs)
        self.hint = "name them with --run ID or --project NAME; --all makes each an activity, --combine add makes one of them"
        if all(run.counted[0].part for run in runs):
            self.hint = "they are parts of a run: --parts makes each an activity, --combine add makes one of them"


def forgiven(readings: Sequence[Reading]) -> None:
    """Make the lack of energy in some files a warning where others have it: what is there is not lost for what is not."""
    if not any(record.energy_kwh is not None or record.per_request for reading in readings for record in reading.records):
        return
    for reading in readings:
        reading.problems = [replace(p, severity="warning") if p.code == "CG501" else p for p in reading.problems]


def chosen(readings: Sequence[Reading], choice: Choice) -> list[Combined]:
    """Return the runs that are meant, in the order of the files.

    Raises Several where there is more than one and none was named, Ambiguous where the rules of combining do not decide, and
    CardgenError where nothing fits.
    """
    records = parts(readings) if choice.parts else once(readings)
    if choice.parts and not records:
        raise CardgenError("no file holds parts of a run, such as tasks", 2, "leave --parts out")
    ids = {record.run for record in records}
    fitting = [record for record in records if _is_meant(record, choice, ids)]
    if records and not fitting:
        known = dict.fromkeys(text for record in records[:20] for text in (record.run[:12], record.project, record.tool) if text)
        raise CardgenError("no run has that id, project or tool", 2, f"the files have {printable(', '.join(known), 300)}")
    with_energy = [record for record in fitting if record.energy_kwh is not None or record.per_request]
    found = combined(fitting, choice.combine, apart=choice.all)
    if with_energy and not choice.estimate:  # what ran without a meter may say what ran beside one; alone it says nothing
        found = [run for run in found if run.energy_kwh is not None or run.counted[0].per_request]
    is_named = choice.all or choice.runs or choice.projects or choice.parts
    if len(found) > 1 and not is_named:
        raise Several(found)
    return found


def _is_meant(record: Record, choice: Choice, ids: set[str]) -> bool:
    return (
        (not choice.runs or any(record.run == run or (run not in ids and record.run.startswith(run)) for run in choice.runs if run))
        and (not choice.projects or record.project in choice.projects)
        and (not choice.tools or record.tool in choice.tools)
    )


def listed(runs: Sequence[Combined], most: int = 40) -> Iterator[str]:
    """Yield a line for each run: what to name it by, how much, when."""
    for run in runs[:most]:
        first = run.counted[0]
        energy = first.per_request.energy_kwh if first.per_request else run.energy_kwh
        amount = short(energy, "kWh") if energy is not None else "no energy"
        end = max((record.end for record in run.records if record.end is not None), default=None)
        where = " ".join(filter(None, (first.part, f"{first.file}:{first.lines[0] if first.lines else 1}")))
        line = (
            f"  {printable(run.run or '(no id)', 40):<38}{amount:>12}  {(day(end) or '' if end else ''):<10}  {printable(run.project, 40)}"
        )
        yield f"{line}  {printable(where, 60)}".rstrip()
    if len(runs) > most:
        yield f"  and {len(runs) - most:,} more"
