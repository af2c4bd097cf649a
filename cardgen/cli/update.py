"""``cardgen update``."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardgen.cli.reading import BUDGET, HEADING_LINE, METADATA, QUIET, REPLACE, against_budgets, exit_code, say
from cardgen.cli.reporting import Reporting, asked_for, assessed, report_changes, stopped
from cardgen.cli.terminal import Progress, for_output
from cardgen.placing.updating import Change, Footprint

if TYPE_CHECKING:
    from cardgen.core.factors import Factors

WOULD = {"create": "would create", "write": "would write", "remove": "would remove"}
DID = {"create": "created", "write": "wrote", "remove": "removed"}


@dataclass(frozen=True)
class Order:
    """What the options ask for. Nothing is written with ``check`` or ``diff``."""

    run: str | None
    check: bool
    diff: bool
    assets: Path | None
    exit_on_change: bool
    quiet: bool
    edit: dict[str, Any]
    budgets: tuple[Any, ...] = ()


@click.command("update", cls=Reporting)
@click.argument("cards", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="CARD...")
@click.option("--run", type=click.Path(), metavar="RUN", help="The run file or saved assessment; the card then names it.")
@click.option("--check", is_flag=True, help="Write nothing; say what would change, and exit 1 where something would.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change in the card, as git apply reads it.")
@REPLACE
@METADATA
@HEADING_LINE
@click.option("--assets", type=click.Path(path_type=Path), metavar="DIR", help="The folder of charts, report and data  [environment/]")
@click.option("--exit-non-zero-on-change", "exit_on_change", is_flag=True, help="Exit 1 when a file was written, for pre-commit.")
@BUDGET
@QUIET
def command(cards: tuple[Path, ...], quiet: bool, **options: Any) -> None:
    """Example: cardgen update README.md --run environment/run.yaml

    Puts the section into a card, or brings the one that is there up to date, with co2_eq_emissions in the front matter and
    charts, report and data in environment/ beside it. All other bytes stay as they are. The card names its run file, so that
    from then on cardgen update README.md --check needs no more.
    """
    if options["heading_line"] and len(cards) > 1:
        raise click.UsageError("--heading-line is a line of one card; update the cards one by one")
    if options["diff"] and asked_for():
        raise click.UsageError("--diff and --output-format both print to stdout; choose one of them")
    if len(cards) > 1:  # memory stays flat over many cards
        gc.freeze()
        gc.enable()
    edit = {key: options.pop(key) for key in ("replace", "metadata", "heading_line")}
    order = Order(quiet=quiet, edit=edit, **options)
    progress = Progress(len({*cards}), quiet)
    codes, groups = _by_run(cards, order)
    taken: dict[Path, Path] = {}
    for run, members in groups.items():
        codes += _all_of_a_run(run, members, order, taken, progress)
    progress.clear()
    raise click.exceptions.Exit(max(codes, default=0))


def _by_run(cards: Iterable[Path], order: Order) -> tuple[list[int], dict[Path, dict[Path, str]]]:
    """Return exit codes of the cards whose run file is not known, and for each run its cards with the path that they name.

    A run is read once, whatever the order of its cards, and forgotten after them.
    """
    codes: list[int] = []
    groups: dict[Path, dict[Path, str]] = {}
    for card in dict.fromkeys(cards):
        codes.append(_guarded(card, lambda card=card: _add(card, order, groups)))  # type: ignore[misc]
    return codes, groups


def _add(card: Path, order: Order, groups: dict[Path, dict[Path, str]]) -> int:
    """Put a card with the path that it names, or is to name, under its run."""
    from cardgen.cards.edit import CardError, marked_run
    from cardgen.placing.links import from_marker, run_beside, to_run
    from cardgen.placing.updating import read_card
    from cardgen.problems import CardgenError, printable

    content = read_card(card)
    named = to_run(order.run, card) if order.run is not None else marked_run(content) or ""
    if order.run is None and (problem := from_marker(named, content)):
        raise CardError([problem])
    found = Path(order.run) if order.run is not None else run_beside(card, named)
    if not found.is_file():
        said = f"{printable(str(card), 300)}: its run file {printable(str(found), 300)}"
        what = "is not an ordinary file" if found.exists() else "is not there"
        hint = "name the run file: cardgen update CARD --run RUN"
        if order.run is not None and not found.exists():
            hint = f"make one from the card: cardgen init --from {printable(str(card), 300)} -o {printable(order.run, 300)}"
        raise CardgenError(f"{said} {what}", hint=hint)
    groups.setdefault(found.resolve(), {})[card] = named
    return 0


def _all_of_a_run(run: Path, cards: dict[Path, str], order: Order, taken: dict[Path, Path], progress: Progress) -> Iterator[int]:
    """Yield the exit code of the run, then that of each of its cards."""
    found: list[Footprint] = []
    yield _guarded(next(iter(cards)), lambda: _assessed(run, order, found))
    for card, named in cards.items() if found else ():
        progress.show(card)
        yield _guarded(card, lambda card=card, named=named: _one(card, named, run, found[0], order, taken, progress))  # type: ignore[misc]
    if not found and not order.quiet:
        for card in cards:
            click.echo(f"{card}: left as it is, since its run file cannot be used", err=True)


def _assessed(run: Path, order: Order, found: list[Footprint]) -> int:
    """Put the footprint of a run into a list, say the run's problems, and return the exit code."""
    from cardgen.cli.evidence import refuse_evidence
    from cardgen.loading import read
    from cardgen.placing.metadata import emissions
    from cardgen.validation import validate

    source = read(_shown(run))
    factors = _factors()
    if isinstance(source.data, dict) and "derivations" in source.data:
        from cardgen.saved import saved

        content = saved(source)
        found.append(Footprint(content, *emissions(content, None, factors)))
        assessed(content)
        return against_budgets(content, order.budgets, source, quiet=order.quiet)
    checked, problems = validate(source)
    if checked is None:
        refuse_evidence(_shown(run))
        say(problems, source, quiet=order.quiet)
        return 1
    from cardgen.core.assess import assess
    from cardgen.core.document import document

    result = assess(checked, factors)
    say([*problems, *result.problems], source, quiet=order.quiet)
    content = document(result, factors)
    assessed(content)
    found.append(Footprint(content, *emissions(content, checked, factors)))
    return max(exit_code(result.problems), against_budgets(content, order.budgets, source, quiet=order.quiet))


@cache
def _factors() -> Factors:
    """Return the factor tables, read once for all runs."""
    from cardgen.core.factors import Factors

    return Factors()


def _one(card: Path, named: str, run: Path, footprint: Footprint, order: Order, taken: dict[Path, Path], progress: Progress) -> int:
    """Update one card, or say what would change, and return the exit code."""
    from cardgen.loading.document import Document
    from cardgen.placing.links import folder_of
    from cardgen.placing.updating import carry_out, elsewhere, plan, read_card, unified
    from cardgen.problems import CardgenError

    before = read_card(card)
    folder = order.assets or folder_of(card, before)
    if taken.setdefault(folder.resolve(), run) != run:
        other = f"{folder} holds the charts of another run, that of another card in this call"
        raise CardgenError(f"{card}: {other}", 2, "give each card a folder: cardgen update CARD --assets DIR")
    if other := elsewhere(folder, before, footprint.document):
        raise CardgenError(f"{card}: {folder} holds the data of {other}", 1, "give each card a folder: cardgen update CARD --assets DIR")
    planned = plan(card, before, footprint, run=named, run_file=run, folder=folder, **order.edit)
    progress.clear()
    say(planned.notes, Document(None, name=str(card)), quiet=order.quiet)
    if order.diff:
        click.echo(for_output(unified(planned)), nl=False)
    if order.check or order.diff:
        _tell(((WOULD[change.kind], change.path) for change in planned.changes), card, order)
        report_changes(card, before, [change.path for change in planned.changes], check=order.check)
        return int(order.check and bool(planned.changes))
    made = []
    for change in carry_out(planned, folder):
        made.append(change)
        _tell([(DID[change.kind], change.path)], card, order)
    if not made:
        _tell([], card, order)
    report_changes(card, before, [change.path for change in made], check=False)
    if made and order.exit_on_change:
        _stage(made)
    return int(order.exit_on_change and bool(made))


def _tell(changes: Iterable[tuple[str, Path]], card: Path, order: Order) -> None:
    from cardgen.problems import printable

    lines = [f"{verb} {printable(str(path), 500)}" for verb, path in changes] or [f"unchanged {printable(str(card), 500)}"]
    if not order.quiet:
        click.echo("\n".join(lines), err=True)


def _stage(made: list[Change]) -> None:
    """Say how the changed files get into the commit."""
    import shlex

    added = [str(change.path) for change in made if change.kind != "remove"]
    gone = [str(change.path) for change in made if change.kind == "remove"]
    if added:
        click.echo(f"stage the files: git add {shlex.join(added)}", err=True)
    if gone:
        click.echo(f"and what was removed: git rm --cached --ignore-unmatch {shlex.join(gone)}", err=True)


def _shown(path: Path) -> str:
    """Return the path from the working folder, where the file is below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _guarded(card: Path, work: Callable[[], int]) -> int:
    """Return the exit code of some work, or say what stopped it: the other cards go on."""
    from cardgen.cards.edit import CardError
    from cardgen.loading.document import Document

    try:
        return work()
    except CardError as error:
        say(error.problems, Document(None, name=str(card)))
        return 1
    except (click.ClickException, click.exceptions.Exit, click.exceptions.Abort, BrokenPipeError):
        raise
    except Exception as error:
        return stopped(str(card), error)
