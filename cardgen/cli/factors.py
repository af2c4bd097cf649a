"""``cardgen factors``."""

from __future__ import annotations

import click

from cardgen.cli.reading import FACTORS, factors_with
from cardgen.core.tables import TABLES


@click.group("factors")
def command() -> None:
    """Example: cardgen factors list hardware h100

    The factor tables in use: which numbers there are, for which place and year, and where each comes from.
    """


@command.command("list")
@click.argument("table", required=False, type=click.Choice(TABLES), metavar="[TABLE]")
@click.argument("words", nargs=-1)
@FACTORS
def list_rows(table: str | None, words: tuple[str, ...], factor_files: tuple[str, ...]) -> None:
    """Example: cardgen factors list grid_intensity france

    Without TABLE, lists the tables. With one, lists its rows that hold all the words.
    """
    from cardgen import listing

    factors = factors_with(factor_files)
    click.echo(listing.tables(factors) if table is None else listing.rows(factors, table, words), nl=False)


@command.command("show")
@click.argument("table", type=click.Choice(TABLES), metavar="TABLE")
@click.argument("words", nargs=-1)
@FACTORS
def show(table: str, words: tuple[str, ...], factor_files: tuple[str, ...]) -> None:
    """Example: cardgen factors show grid_intensity FRA 2024

    Shows the rows of a table that hold all the words in full, with their sources; without words, what the columns are.
    """
    from cardgen import listing

    click.echo(listing.show(factors_with(factor_files), table, words), nl=False)


@command.command("sources")
@click.argument("words", nargs=-1)
@click.option("--notice", is_flag=True, help="Print the NOTICE that the licences of the sources ask for.")
def sources(words: tuple[str, ...], notice: bool) -> None:
    """Example: cardgen factors sources ember

    Lists the sources of the factor tables: title, publisher, year, link, licence, and where in it the numbers stand.
    """
    from cardgen import listing
    from cardgen.core.factors import Factors
    from cardgen.core.notice import notice as text

    factors = Factors()
    click.echo(text(factors.table("sources")) if notice else listing.show(factors, "sources", words), nl=False)
