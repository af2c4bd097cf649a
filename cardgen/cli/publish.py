"""``cardgen publish``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cardgen.cli.reading import FACTORS, HEADING_LINE, METADATA, QUIET, REPLACE, STRICT, exit_code, factors_with, say

if TYPE_CHECKING:
    from cardgen.hub import Repository
    from cardgen.loading.document import Document
    from cardgen.placing.publishing import CardRefused, Merge, Source
    from cardgen.problems import Placed


@click.command("publish")
@click.argument("run", type=click.Path())
@click.argument("repository", metavar="REPO")
@click.option("--create-pr", is_flag=True, help="Open a pull request instead of writing to the main branch.")
@click.option("--dry-run", is_flag=True, help="Write nothing; print the files with their sizes and what would change in the card.")
@REPLACE
@METADATA
@HEADING_LINE
@FACTORS
@STRICT
@QUIET
def command(
    run: str, repository: str, create_pr: bool, dry_run: bool, factor_files: tuple[str, ...], strict: bool, quiet: bool, **edit: Any
) -> None:
    """Example: cardgen publish run.yaml acme/pond-7b --dry-run

    Merges the section and co2_eq_emissions into the card of a model on the Hugging Face Hub, with charts, report, assessment
    and run file in environment/ beside it, in one commit. The card is the one that is there at that moment; all its other bytes
    stay as they are. RUN is a run file or a saved assessment. The token is that of hf auth login, or HF_TOKEN.
    Needs: pip install 'cardgen[hub]'
    """
    from cardgen.cards.edit import CardError
    from cardgen.hub import Repository, connection
    from cardgen.placing.publishing import CardRefused, merge, publish
    from cardgen.problems import CardgenError

    source, name, own = _source(run, factor_files, strict=strict, quiet=quiet)
    target = Repository(repository)
    if not target.has_token and not dry_run:
        raise CardgenError(f"{repository}: publishing needs a token, and there is none; nothing was written", 4, connection.LOG_IN)
    if own and own != repository and not quiet:
        click.echo(f"{run} says that it is the run of {own}; it goes to {repository}", err=True)
    try:
        if dry_run:
            _show(merge(target, source, **edit), target, quiet)
            return
        done, made = publish(lambda: merge(target, source, **edit), target, message=_message(name), create_pr=create_pr)
    except CardError as error:
        say(error.problems, _card(target))
        raise click.exceptions.Exit(1) from None
    except CardRefused as error:
        say([_refused(error)], _card(target))
        raise click.exceptions.Exit(1) from None
    say(done.notes, _card(target), quiet=quiet)
    if made is None:
        if not quiet:
            click.echo(f"unchanged {target.address}", err=True)
        return
    if not quiet:
        _tell(done, ("wrote", "removed"))
        for remark in made.remarks:
            click.echo(f"{target.host} remarks: {remark}", err=True)
    click.echo(made.address)


def _source(run: str, factor_files: Sequence[str], *, strict: bool, quiet: bool) -> tuple[Source, str, str | None]:
    """Return what is to be published, and the name and the id of the model; stops with exit code 1 where the run has errors."""
    from pathlib import Path

    from cardgen.core.assess import assess
    from cardgen.core.document import document
    from cardgen.loading import load, read
    from cardgen.placing.footprint import Footprint
    from cardgen.placing.metadata import emissions
    from cardgen.placing.publishing import Source
    from cardgen.problems import CardgenError
    from cardgen.saved import saved
    from cardgen.validation import validate

    if run == "-":
        raise CardgenError("RUN -: the run file is published too, and needs to be a file", 2, "save it first")
    read(run)  # says why a file cannot be read, and that it is no larger than a run file is
    content = Path(run).read_bytes()
    found, factors = load(content, run), factors_with(factor_files)
    if isinstance(found.data, dict) and "derivations" in found.data:
        if factors.own:
            raise CardgenError(f"{run} is a saved assessment: its factors are fixed", 2, "give --factors with the run file")
        data, kept = saved(found), None
        return Source(Footprint(data, *emissions(data, None, factors)), kept), data["model"]["name"], data["model"].get("id")
    checked, problems = validate(found)
    assessed = assess(checked, factors) if checked else None
    problems = [*problems, *(assessed.problems if assessed else [])]
    say(problems, found, quiet=quiet)
    if checked is None or assessed is None or exit_code(problems, strict):
        click.echo(f"{run}: nothing was published", err=True)
        raise click.exceptions.Exit(1)
    data = document(assessed, factors)
    return Source(Footprint(data, *emissions(data, checked, factors)), content), data["model"]["name"], data["model"].get("id")


def _message(name: str) -> str:
    from cardgen.problems import plain

    return f"Update environmental impact of {plain(name)}"[:200]


def _card(target: Repository) -> Document:
    """Return what problems of the card are placed in: its address."""
    from cardgen.loading.document import Document
    from cardgen.placing.publishing import CARD

    return Document(None, name=f"{target.name}/{CARD}")


def _refused(error: CardRefused) -> Placed:
    from cardgen.problems import Placed

    message = f"the Hub does not accept the front matter, and nothing was written: {error}"
    return Placed("CG460", message, (), "correct it on the Hub, and publish again", "error", error.line)


def _show(found: Merge, target: Repository, quiet: bool) -> None:
    """Print what a publication would do: the files on top, then the difference of the card."""
    from cardgen.placing.publishing import unified

    say(found.notes, _card(target), quiet=quiet)
    if not found:
        click.echo(f"unchanged {target.address}", err=True)
        return
    for line in _lines(found, ("would write", "would remove")):
        click.echo(line)
    click.echo(_for_output(unified(found)), nl=False)


def _for_output(difference: bytes) -> bytes | str:
    """Return the bytes as they are, for programs; on a terminal without what it would obey."""
    from cardgen.problems import printable

    if not sys.stdout.isatty():
        return difference
    return "\n".join(printable(line.replace("\t", "    "), 10_000) for line in difference.decode("utf-8", "replace").split("\n"))


def _tell(found: Merge, verbs: tuple[str, str]) -> None:
    for line in _lines(found, verbs):
        click.echo(line, err=True)


def _lines(found: Merge, verbs: tuple[str, str]) -> list[str]:
    from cardgen.problems import printable

    written = [f"{verbs[0]} {printable(path, 300)} ({len(content):,} bytes)" for path, content in found.files.items()]
    return [*written, *(f"{verbs[1]} {printable(path, 300)}" for path in found.removed)]
