"""``cardgen validate``."""

from __future__ import annotations

import json

import click

from cardgen.cli.reading import FACTORS, QUIET, STRICT, exit_code, factors_with, say


@click.command("validate")
@click.argument("runs", nargs=-1, required=True, type=click.Path(allow_dash=True), metavar="RUN...")
@FACTORS
@STRICT
@QUIET
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="json is stable and for programs.")
def command(runs: tuple[str, ...], factor_files: tuple[str, ...], strict: bool, quiet: bool, output_format: str) -> None:
    """Example: cardgen validate run.yaml

    Checks run files against the format and against what can be true, and lists all problems of all files at
    file:line:column, with the way out. "-" is stdin. Exit code 1 when there is an error.
    """
    from cardgen.core.assess import assess
    from cardgen.loading import read
    from cardgen.problems import in_order, place, printable
    from cardgen.validation import validate

    factors = factors_with(factor_files)
    code, rows = 0, []
    for run in runs:
        source = read(run)
        checked, problems = validate(source)
        found = [*problems, *(assess(checked, factors).problems if checked else [])]
        code = max(code, exit_code(found, strict))
        if output_format == "json":
            for problem in in_order(found, source):
                line, column = place(problem, source)
                rows.append({
                    "file": source.name, "line": line, "column": column, "code": problem.code, "severity": problem.severity,
                    "message": problem.message, "hint": problem.hint or None,
                })  # fmt: skip
            continue
        say(found, source, quiet=quiet)
        if checked is None and not quiet:
            click.echo(f"{printable(source.name, 500)}: what the numbers mean is checked once these are corrected", err=True)
        if not found and not quiet:
            click.echo(f"{printable(source.name, 500)}: no problems", err=True)
    if output_format == "json":
        click.echo(json.dumps({"cardgen": 1, "problems": rows}, indent=2, ensure_ascii=False))
    raise click.exceptions.Exit(code)
