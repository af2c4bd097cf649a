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
@click.option(
    "--from",
    "card",
    type=click.Path(allow_dash=True),
    metavar="FILE",
    help="Take what a model card states, or what a tracker wrote; nothing is asked.",
)
@click.option("--name", help="Name of the model.")
@click.option("--hardware", help="Accelerator or CPU, as in A100-SXM4-80GB.")
@click.option("--count", type=click.IntRange(min=1), help="Number of devices.")
@click.option("--duration", help='Wall-clock time of the training, as in "36 h".')
@click.option("--country", help="Country of the data centre, as in USA.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--no-input", is_flag=True, help="Ask nothing, even on a terminal.")
def command(output: str, card: str | None, force: bool, no_input: bool, **options: str | int | None) -> None:
    """Example: cardgen init -o run.yaml

    Writes a commented run file. On a terminal it asks for what no option gives; elsewhere examples stand in. The file that
    is written can be assessed as it is, and every line that is left out can be uncommented.

    With --from README.md the file holds what the card states: each value with the line that it was read from, what the card
    does not state as comments, and what could not be read by name. With the output of a tracker it is what cardgen import writes.
    """
    path = Path(output)
    if output != "-" and path.exists() and not force:
        raise CardgenError(f"{output} is there already", 2, "name another file with -o, or replace it with --force")
    answers = {key: str(value) for key, value in options.items() if value is not None}
    if card is not None:
        if answers:
            raise CardgenError(
                f"--{next(iter(answers))} and --from: the card gives the answers", 2, "leave one out; edit the file afterwards"
            )
        raise click.exceptions.Exit(_from_card(card, output))
    if not no_input and sys.stdin.isatty() and sys.stderr.isatty():
        for key, (question, example) in QUESTIONS.items():
            if key not in answers:
                answers[key] = click.prompt(question, default=example, err=True, type=click.IntRange(min=1) if key == "count" else str)
    text = skeleton({key: str(answer) for key, answer in answers.items()})
    _check(text)
    _put(text, output)


def _put(text: str, output: str, todo: str = "") -> None:
    from cardgen.writing import write

    if output == "-":
        click.echo(text, nl=False)
        return
    write(Path(output), text.encode())
    click.echo(f"wrote {output}\nnext: {todo or f'cardgen assess {output}'}", err=True)


def _from_card(card: str, output: str) -> int:
    """Write what a card states, say what is wrong with it, and return the exit code."""
    from cardgen.cards.kind import is_card
    from cardgen.cards.reading.card import read, says_nothing
    from cardgen.cli.evidence import is_evidence, run_text
    from cardgen.cli.reading import exit_code, say
    from cardgen.core.assess import assess
    from cardgen.core.factors import Factors
    from cardgen.loading import content_of, load
    from cardgen.loading.document import Document
    from cardgen.problems import printable
    from cardgen.run_from_card import run_from_card, unread
    from cardgen.validation import validate

    content = content_of(card)
    name = "stdin" if card == "-" else card
    if card != "-" and not is_card(card, content):
        if is_evidence(card):
            text, code = run_text((card,), Factors())
            if text is not None:
                _put(text, output)
            return code
        hint = "a card ends in .md, or begins with front matter; cardgen import --list shows the tools that are known"
        raise CardgenError(f"{printable(name, 300)} is neither a model card nor the output of a tool", 2, hint)
    reading = read(content)
    if not reading.is_read:
        say(reading.problems, Document(None, name=name))
        return 1
    if not reading.states_anything:
        click.echo(f"{printable(name, 300)}{says_nothing(reading)}; the file is a skeleton with its name", err=True)
    factors = Factors()
    text = run_from_card(reading, Path(card).name if card != "-" else "the model card", factors)
    source = load(text.encode(), output if output != "-" else "the run file")
    run, problems = validate(source)
    found = [*problems, *(assess(run, factors).problems if run else [])]
    is_short = any(problem.code == "CG114" for problem in found)
    _put(text, output, f"add to {output} the hardware with its number and hours, or the energy" if is_short else "")
    for item in unread(reading, factors):
        click.echo(f'{printable(name, 300)}:{item.place[0]}: not read: {item.value}: "{printable(item.text, 100)}"', err=True)
    if is_short:
        click.echo("the card does not state enough to compute the energy: fill in what is commented out", err=True)
    errors = [problem for problem in found if problem.severity == "error" and problem.code != "CG114"]
    say(errors, source)
    return exit_code(errors)


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
