"""``cardgen init``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cardgen.problems import CardgenError
from cardgen.skeleton import QUESTIONS, skeleton


@click.command("init")
@click.option(
    "-o", "--output", default="run.yaml", show_default=True, type=click.Path(dir_okay=False, allow_dash=True), help='"-" is stdout.'
)
@click.option("--name", help="Name of the model.")
@click.option("--hardware", help="Accelerator or CPU, as in A100-SXM4-80GB.")
@click.option("--count", type=click.IntRange(min=1), help="Number of devices.")
@click.option("--duration", help='Wall-clock time of the training, as in "36 h".')
@click.option("--country", help="Country of the data centre, as in USA.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--no-input", is_flag=True, help="Ask nothing, even on a terminal.")
def command(output: str, force: bool, no_input: bool, **options: str | int | None) -> None:
    """Example: cardgen init -o run.yaml

    Writes a commented run file. On a terminal it asks for what no option gives; elsewhere examples stand in. The file that
    is written can be assessed as it is, and every line that is left out can be uncommented.
    """
    from cardgen.writing import write

    path = Path(output)
    if output != "-" and path.exists() and not force:
        raise CardgenError(f"{output} is there already", 2, "name another file with -o, or replace it with --force")
    answers = {key: str(value) for key, value in options.items() if value is not None}
    if not no_input and sys.stdin.isatty() and sys.stderr.isatty():
        for key, (question, example) in QUESTIONS.items():
            if key not in answers:
                answers[key] = click.prompt(question, default=example, err=True, type=click.IntRange(min=1) if key == "count" else str)
    text = skeleton({key: str(answer) for key, answer in answers.items()})
    _check(text)
    if output == "-":
        click.echo(text, nl=False)
        return
    write(path, text.encode())
    click.echo(f"wrote {output}\nnext: cardgen assess {output}", err=True)


def _check(text: str) -> None:
    """Stop with the problems of a file that could not be assessed, before it is written."""
    from cardgen.cli.reading import say
    from cardgen.core.assess import assess
    from cardgen.core.factors import Factors
    from cardgen.loading import load
    from cardgen.validation import validate

    source = load(text.encode("utf-8", "surrogatepass"), "the answers")
    run, problems = validate(source)
    found = [*problems, *(assess(run, Factors()).problems if run else [])]
    errors = [problem for problem in found if problem.severity == "error"]
    say(errors, source)
    if errors:
        raise click.exceptions.Exit(1)
