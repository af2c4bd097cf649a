"""``cardgen validate``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from cardgen.cli.reading import FACTORS, QUIET, STRICT, exit_code, factors_with, say
from cardgen.cli.reporting import Reporting, asked_for, stopped
from cardgen.core.factors import Factors
from cardgen.problems import CardgenError, Source


@click.command("validate", cls=Reporting)
@click.argument("runs", nargs=-1, required=True, type=click.Path(allow_dash=True), metavar="RUN...")
@FACTORS
@STRICT
@QUIET
def command(runs: tuple[str, ...], factor_files: tuple[str, ...], strict: bool, quiet: bool) -> None:
    """Example: cardgen validate run.yaml README.md

    Checks run files against the format and against what can be true, and lists all problems of all files at
    file:line:column, with the way out. A model card may stand among them: its metadata and what its environmental section
    states are read and checked too, whoever wrote them. "-" is stdin. Exit code 1 when there is an error.
    """
    factors = factors_with(factor_files)
    codes = [_guarded(run, factors, strict, quiet or asked_for() is not None) for run in runs]
    raise click.exceptions.Exit(max(codes))


def _guarded(file: str, factors: Factors, strict: bool, quiet: bool) -> int:
    """Return the exit code of a file, or say what stopped it: the other files go on."""
    try:
        from cardgen.cards.kind import is_card
        from cardgen.loading import content_of

        content = content_of(file)
        return (_card if is_card(file, content) else _run_file)(file, content, factors, strict, quiet)
    except CardgenError as error:
        return stopped(file, error)


def _card(file: str, content: bytes, factors: Factors, strict: bool, quiet: bool) -> int:
    """Say what is wrong with a model card, and return the exit code."""
    from cardgen.cards.reading.card import read, says_nothing
    from cardgen.loading.document import Document
    from cardgen.reviewing import review

    source = Document(None, name="stdin" if file == "-" else file)
    found = review(content, factors, _of_the_run(file, content, factors))
    say(found, source, quiet=quiet)
    if not found and not quiet:
        reading = read(content)
        _tell(source, "no problems" if reading.states_anything else says_nothing(reading).removeprefix(": "))
    return exit_code(found, strict)


def _of_the_run(file: str, content: bytes, factors: Factors) -> Mapping[str, object] | None:
    """Return the emissions that the run file of a card's section gives, None where there is no such file beside the card."""
    from cardgen.cards.edit import CardError, marked_run
    from cardgen.loading import read
    from cardgen.placing.links import from_marker, run_beside

    try:
        named = None if file == "-" else marked_run(content)
    except CardError:  # the review says why
        return None
    if not named or from_marker(named, content) is not None or not (path := run_beside(Path(file), named)).is_file():
        return None
    from cardgen.core.assess import assess
    from cardgen.core.document import document
    from cardgen.placing.metadata import emissions
    from cardgen.validation import validate

    checked, _ = validate(read(str(path)))
    return emissions(document(assess(checked, factors), factors), checked, factors)[0] if checked else None


def _run_file(file: str, content: bytes, factors: Factors, strict: bool, quiet: bool) -> int:
    """Say what is wrong with a run file, and return the exit code."""
    from cardgen.cli.evidence import refuse_evidence
    from cardgen.core.assess import assess
    from cardgen.loading import load
    from cardgen.validation import validate

    source = load(content, "stdin" if file == "-" else file)
    checked, problems = validate(source)
    if checked is None:
        refuse_evidence(file)
    found = [*problems, *(assess(checked, factors).problems if checked else [])]
    say(found, source, quiet=quiet)
    if checked is None and not quiet:
        _tell(source, "what the numbers mean is checked once these are corrected")
    if not found and not quiet:
        _tell(source, "no problems")
    return exit_code(found, strict)


def _tell(source: Source, words: str) -> None:
    from cardgen.problems import printable

    click.echo(f"{printable(source.name, 500)}: {words}", err=True)
