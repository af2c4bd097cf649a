"""``cardgen assess``."""

from __future__ import annotations

from typing import Any

import click

from cardgen.cli.reading import BUDGET, FACTORS, QUIET, RUN, STRICT, assessment, factors_with


@click.command("assess")
@RUN
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True, help="What to print.")
@BUDGET
@FACTORS
@STRICT
@QUIET
def command(run: str, form: str, factor_files: tuple[str, ...], strict: bool, quiet: bool, **budget: Any) -> None:
    """Example: cardgen assess run.yaml --format json > assessment.json

    Prints energy, emissions, water and cost of each activity and in total, with 90 % intervals and the basis of each
    figure. RUN is a run file, a saved assessment, or "-" for stdin. Every figure can be traced with cardgen explain.
    """
    from cardgen import listing

    document, code = assessment(run, factors_with(factor_files), quiet=quiet, strict=strict, **budget)
    click.echo(listing.FORMS[form](document), nl=False)
    raise click.exceptions.Exit(code)
