"""``cardgen explain``."""

from __future__ import annotations

import re

import click

from cardgen.cli.reading import FACTORS, QUIET, assessment, factors_with


@click.command("explain")
@click.argument("run", metavar="RUN|CODE", type=click.Path(allow_dash=True))
@click.argument("figure", required=False)
@click.option("--list", "listed", is_flag=True, help="List the figures that can be explained.")
@FACTORS
@QUIET
def command(run: str, figure: str | None, listed: bool, factor_files: tuple[str, ...], quiet: bool) -> None:
    """Example: cardgen explain run.yaml totals.emissions.location

    Shows the calculation of a figure as a tree: formula, inputs, factor rows with year and basis, sources, and what the
    uncertainty comes from. Without FIGURE, the total emissions. With a code, as in cardgen explain CG103, the page of a
    problem with a failing and a corrected example.
    """
    if re.fullmatch(r"(?i)CG\d+", run):
        from cardgen.problems import page

        click.echo(page(run), nl=False)
        return
    from cardgen import explanation

    document, _ = assessment(run, factors_with(factor_files), quiet=True if figure or listed else quiet)
    if listed:
        click.echo("\n".join(explanation.figures(document)))
        return
    click.echo(explanation.explain(document, figure), nl=False)
