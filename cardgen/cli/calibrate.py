"""``cardgen calibrate``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("calibrate")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Write the page and its plots to this folder.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(output: Path | None, quiet: bool) -> None:
    """Example: cardgen calibrate -o docs

    Try the estimates against energy that others measured and published: how many measurements the 90 % intervals hold, and
    how wide they are. Each case is judged with defaults that its own organisation had no part in.
    """
    from cardgen.calibration.page import files, summary
    from cardgen.core.factors import Factors
    from cardgen.writing import write

    factors = Factors()
    if output is None:
        click.echo(summary(factors), nl=False)
        return
    for name, content in files(factors):
        changed = write(output / name, content)
        if not quiet:
            click.echo(f"{'wrote' if changed else 'unchanged'} {output / name}", err=True)
