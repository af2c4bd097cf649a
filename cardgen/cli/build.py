"""``cardgen build``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cardgen.cli.reading import BUDGET, FACTORS, QUIET, RUN, STRICT, assessment, factors_with


@click.command("build")
@RUN
@click.option("-o", "--output", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder to write to.")
@click.option("--png", is_flag=True, help="Write each chart as PNG too.")
@click.option("--heading", default="Environmental impact", show_default=True, help="The section's heading.")
@BUDGET
@FACTORS
@STRICT
@QUIET
def command(
    run: str, output: Path, png: bool, heading: str, factor_files: tuple[str, ...], strict: bool, quiet: bool, **budget: Any
) -> None:
    """Example: cardgen build run.yaml -o environment/

    Writes environmental-impact.md (the section of the card), environmental-impact.html (the report, one file),
    assessment.json and charts/*.svg. RUN is a run file or a saved assessment.json, which gives the same bytes. Files that
    would not change are left alone.
    """
    from cardgen.building import build, stale
    from cardgen.writing import write

    document, code = assessment(run, factors_with(factor_files), quiet=quiet, strict=strict, **budget)
    files = list(build(document, heading=heading, png=png))
    for name, content in files:
        changed = write(output / name, content)
        if not quiet:
            click.echo(f"{'wrote' if changed else 'unchanged'} {output / name}", err=True)
    for path in stale(output, {name for name, _ in files}):
        path.unlink()
        if not quiet:
            click.echo(f"removed {path}, a chart of an earlier build", err=True)
    raise click.exceptions.Exit(code)
