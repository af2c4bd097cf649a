"""``cardgen claims``."""

from __future__ import annotations

from pathlib import Path

import click

from cardgen.cli.reading import QUIET


@click.command("claims")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help='The file to write; without it, or with "-", stdout.')
@QUIET
def command(output: Path | None, quiet: bool) -> None:
    """Example: cardgen claims -o docs/claims.md

    Computes popular claims about the footprint of AI again, such as "GPT-3 took as much electricity as 320 UK homes": which
    factor and edition give the printed number, or why none does, and what is right to say instead.
    """
    from cardgen.claims.page import page
    from cardgen.core.factors import Factors
    from cardgen.writing import write

    text = page(Factors())
    if output is None or str(output) == "-":
        click.echo(text, nl=False)
        return
    changed = write(output, text.encode("utf-8"))
    if not quiet:
        click.echo(f"{'wrote' if changed else 'unchanged'} {output}", err=True)
