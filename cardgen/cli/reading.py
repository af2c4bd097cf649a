"""What the commands share: reading a run file or an assessment, and saying what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardgen.cli.reporting import asked_for
from cardgen.core.factors import Factors
from cardgen.core.problem import Problem
from cardgen.problems import CardgenError, Source, in_order, render

if TYPE_CHECKING:
    from cardgen.budget import Budget
    from cardgen.loading.document import Document

RUN = click.argument("run", type=click.Path(allow_dash=True))
FACTORS = click.option(
    "--factors", "factor_files", multiple=True, type=click.Path(exists=True, dir_okay=False), metavar="FILE",
    help="Your own factors: a CSV file with the columns of a table (see cardgen factors show TABLE). They win.",
)  # fmt: skip
BUDGET = click.option(
    "--budget", "budgets", multiple=True, metavar="MASS|ENERGY", callback=lambda context, option, texts: _budgets(texts),
    help='The most that the totals may be, as in "500 kgCO2e" or "20 MWh": exit 1 when they are more, or not known.',
)  # fmt: skip
STRICT = click.option("--strict", is_flag=True, help="Count warnings as problems: exit 1 when there is one.")
REPLACE = click.option("--replace", is_flag=True, help="Drop what else stands in the section, hand-written lines too.")
METADATA = click.option(
    "--metadata", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
    help="co2_eq_emissions: where there is front matter, in new front matter too, or not at all.",
)  # fmt: skip
HEADING_LINE = click.option(
    "--heading-line", type=click.IntRange(min=1), metavar="N", help="The line of the heading to use, where there are several."
)
QUIET = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")


def _budgets(texts: Sequence[str]) -> tuple[Budget, ...]:
    """Return the budgets that the options state; raises CardgenError, wrong use, before anything is read or written."""
    if not texts:
        return ()
    from cardgen.budget import budget

    return tuple(budget(text) for text in texts)


def factors_with(files: Sequence[str]) -> Factors:
    """Return the factor tables with the user's own rows in front."""
    if not files:
        return Factors()
    from cardgen.core.own_factors import FactorError, own_rows

    own: dict[str, list[Any]] = {}
    for file in files:
        try:
            table, rows = own_rows(Path(file).read_text(encoding="utf-8-sig"), file)
        except (FactorError, UnicodeDecodeError) as error:
            raise CardgenError(str(error) if isinstance(error, FactorError) else f"{file}:1: not UTF-8", 1) from None
        own[table] = own.get(table, []) + rows
    return Factors(own)


def assessment(
    run: str, factors: Factors, *, quiet: bool = False, strict: bool = False, budgets: Sequence[Budget] = ()
) -> tuple[dict[str, Any], int]:
    """Return the assessment of a run file, or the one that a file holds already, and the exit code so far.

    Problems are said on stderr. Where the run cannot be read the work stops with exit code 1.
    """
    from cardgen.validation import validate

    source, imported = _document(run, factors, quiet=quiet, strict=strict)
    if isinstance(source.data, dict) and "derivations" in source.data:
        from cardgen.saved import saved

        if factors.own:
            raise CardgenError(f"{run} is a saved assessment: its factors are fixed", 2, "give --factors with the run file")
        content = saved(source)
        return content, against_budgets(content, budgets, source, quiet=quiet, strict=strict)
    checked, problems = validate(source)
    if checked is None:
        say(problems, source, quiet=quiet)
        raise click.exceptions.Exit(1)
    from cardgen.core.assess import assess
    from cardgen.core.document import document

    assessed = assess(checked, factors)
    found = [*problems, *assessed.problems]
    say(found, source, quiet=quiet)
    content = document(assessed, factors)
    return content, max(imported, exit_code(found, strict), against_budgets(content, budgets, source, quiet=quiet, strict=strict))


def _document(run: str, factors: Factors, *, quiet: bool, strict: bool) -> tuple[Document, int]:
    """Return the document in a run file or a saved assessment, or the run file that a tool's output makes; and the exit code so far."""
    from cardgen.cli.evidence import is_evidence, run_text
    from cardgen.loading import load, read

    if not is_evidence(run):
        return read(run), 0
    text, code = run_text((run,), factors, quiet=quiet, strict=strict)
    if text is None:
        raise click.exceptions.Exit(code)
    return load(text.encode("utf-8", "replace"), f"{run} (as a run file)"), code


def against_budgets(
    document: Mapping[str, Any], budgets: Sequence[Budget], source: Source, *, quiet: bool = False, strict: bool = False
) -> int:
    """Say where an assessment does not keep its budgets, and return the exit code."""
    if not budgets:
        return 0
    from cardgen.budget import exceeded

    found = exceeded(document, budgets)
    say(found, source, quiet=quiet)
    return exit_code(found, strict)


def say(problems: Iterable[Problem], source: Source, *, quiet: bool = False) -> None:
    """Print problems to stderr in the order of the file, or keep them for the report that --output-format asks for."""
    if report := asked_for():
        report.add(problems, source)
        return
    for problem in in_order(problems, source):
        if not quiet or problem.severity == "error":
            click.echo(render(problem, source), err=True)


def exit_code(problems: Iterable[Problem], strict: bool = False) -> int:
    """Return 1 when there is an error, or with ``strict`` when there is any problem."""
    return int(any(strict or problem.severity == "error" for problem in problems))
