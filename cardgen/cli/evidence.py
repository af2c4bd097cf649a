"""What the commands share that read the files of tools: which runs are meant, and what is said about the reading."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardgen.cli.reading import exit_code, say
from cardgen.core.run import BOUNDARIES, PHASES
from cardgen.loading.document import Document
from cardgen.problems import CardgenError, Placed, printable

if TYPE_CHECKING:
    from cardgen.core.factors import Factors
    from cardgen.importing.choosing import Choice, Several
    from cardgen.importing.combined import Ambiguous, Combined
    from cardgen.importing.stated import Stated
    from cardgen.records.record import Reading

CHOOSING = (
    click.option("--run", "runs", multiple=True, metavar="ID", help="The run with this id, or the beginning of one; may be repeated."),
    click.option("--project", "projects", multiple=True, metavar="NAME", help="The runs of this project."),
    click.option("--tool", "tools", multiple=True, metavar="NAME", help="The records of this tool, where several measured one run."),
    click.option("--all", "all_runs", is_flag=True, help="All runs, each as an activity of its own."),
    click.option("--parts", is_flag=True, help="The tasks of a run in its place, each as an activity."),
    click.option(
        "--combine", type=click.Choice(["add", "largest", "widest"]),
        help="add: everything is one run, its energy adds up. largest: what overlaps is one machine, the largest counts. widest: the "
        "meter that covers most counts.",
    ),
    click.option("--estimate", is_flag=True, help="Runs without energy too: cardgen estimates it from hardware and hours."),
)  # fmt: skip
STATING = (
    click.option("--name", help="Name of the model."),
    click.option("--phase", type=click.Choice(PHASES), help="Phase of the life cycle."),
    click.option("--country", help="Country of the data centre, as in USA."),
    click.option("--zone", help="Zone of the grid, as in US-CA."),
    click.option("--provider", help="Cloud provider, as in gcp."),
    click.option("--region", help="The provider's region, as in europe-west4."),
    click.option("--pue", type=click.FloatRange(min=1), help="PUE of the site; with --boundary facility the one that the energy includes."),
    click.option("--boundary", type=click.Choice(BOUNDARIES), help="What the meter covers, where the file does not say."),
    click.option("--basis", type=click.Choice(["measured", "estimated"]), help="Whether a meter measured the energy."),
)


def with_options(*groups: Sequence[Any]) -> Any:
    """Return a decorator that adds options in their order."""

    def add(function: Any) -> Any:
        for option in reversed([option for group in groups for option in group]):
            function = option(function)
        return function

    return add


def choice_of(options: Mapping[str, Any]) -> Choice:
    """Return which runs the options mean."""
    from cardgen.importing.choosing import Choice

    return Choice(
        options["runs"],
        options["projects"],
        options["tools"],
        options["all_runs"],
        options["parts"],
        options["estimate"],
        options["combine"],
    )


def stated_of(options: Mapping[str, Any], include: tuple[str, ...] = ()) -> Stated:
    """Return what the author states beside the files."""
    from cardgen.core.run import Facility
    from cardgen.importing.stated import Stated

    facility = Facility(options["provider"], options["region"], options["country"], options["zone"], pue=options["pue"])
    return Stated(options["name"], options["phase"], facility, options["boundary"], options["basis"], include)


def read_files(files: tuple[str, ...], tool: str | None = None, columns: Mapping[str, str] | None = None) -> list[Reading]:
    """Return a reading of each file; raises CardgenError when one cannot be read."""
    from cardgen.importing.finding import read
    from cardgen.records.source import sources

    named, found = sources(files)
    size = sum(source.path.stat().st_size for source in [*named, *found])
    if size > LARGE and sys.stderr.isatty():
        click.echo(f"reading {size / 1e6:,.0f} MB ...", err=True)
    return read(named, found, tool, columns)


def settled(
    readings: list[Reading], choice: Choice, factors: Factors, *, may_ask: bool = False, quiet: bool = False, strict: bool = False
) -> tuple[list[Combined], int]:
    """Return the runs that are meant and the exit code so far; say what is wrong with the files.

    No run is returned where a file cannot be used, where several runs are there and none was named, and where the rules of
    combining do not decide and nobody can be asked.
    """
    from cardgen.importing.choosing import Several, chosen, forgiven, listed
    from cardgen.importing.combined import Ambiguous
    from cardgen.importing.plausible import check

    forgiven(readings)
    may_ask = may_ask and sys.stdin.isatty() and sys.stderr.isatty()
    runs: list[Combined] = []
    open_question, more = None, list[str]()
    while not any(reading.is_refused for reading in readings):
        try:
            runs = chosen(readings, choice)
        except Several as several:
            if may_ask:
                runs = _picked(several)
                break
            open_question = ("CG506", f"there are {len(several.runs):,} runs: which are meant?", several.hint)
            more = list(listed(several.runs))
        except Ambiguous as question:
            if may_ask and question.choices:
                choice = replace(choice, combine=_asked(question))
                continue
            more = [f"  --combine {value}: {words}" for value, words in question.choices.items()]
            open_question = ("CG507", question.message, question.hint or "say which with --combine")
        break
    check(readings, runs, factors)
    code = _say(readings, quiet, strict)
    if not runs and not code and open_question is None:
        open_question = ("CG501", "there is no energy in what was read", "give the file that has it, or add --estimate")
    if open_question is not None:
        name = readings[0].file if len(readings) == 1 else f"{len(readings)} files"
        say([Placed(open_question[0], open_question[1], (), open_question[2])], Document(None, name=name))
        click.echo("\n".join(more), err=True, nl=bool(more))
    return (runs, code) if runs else ([], 1)


def _say(readings: list[Reading], quiet: bool, strict: bool) -> int:
    """Say the problems of all files, what many lines share once, and return the exit code."""
    from cardgen.importing.report import together

    for reading, problem in together(readings):
        say([problem], Document(None, name=reading.file), quiet=quiet)
    return exit_code([problem for reading in readings for problem in reading.problems], strict)


def _asked(question: Ambiguous) -> Any:
    """Return how records are to be combined, as somebody at the terminal says."""
    click.echo(question.message, err=True)
    for value, words in question.choices.items():
        click.echo(f"  {value}: {words}", err=True)
    return click.prompt("Which is it?", type=click.Choice(list(question.choices)), err=True)


def _picked(several: Several) -> list[Combined]:
    """Return the runs that somebody at the terminal picks by their numbers."""
    from cardgen.importing.choosing import listed

    click.echo(f"There are {len(several.runs):,} runs:", err=True)
    for number, entry in enumerate(listed(several.runs, len(several.runs)), 1):
        click.echo(f"{number:>4}{entry}", err=True)
    while True:
        answer = click.prompt('Which are meant? Numbers as in 1,3 or "all"', err=True).strip()
        if answer.casefold() == "all":
            return list(several.runs)
        numbers = [int(text) for text in re.findall(r"\d+", answer)]
        if numbers and all(1 <= number <= len(several.runs) for number in numbers):
            return [several.runs[number - 1] for number in dict.fromkeys(numbers)]
        click.echo(f"write numbers from 1 to {len(several.runs)}", err=True)


def report(readings: list[Reading], runs: list[Combined], factors: Factors, quiet: bool) -> None:
    """Say how the files were read, on stderr."""
    from cardgen.importing.report import lines

    if not quiet:
        click.echo("\n".join(lines(readings, runs, factors)), err=True)


def run_text(files: tuple[str, ...], factors: Factors, *, quiet: bool = False, strict: bool = False) -> tuple[str | None, int]:
    """Return the run file that the files of tools make, None where they do not make one, and the exit code so far."""
    from cardgen.importing.choosing import Choice
    from cardgen.importing.run_file import run_file
    from cardgen.importing.stated import Stated

    readings = read_files(files)
    runs, code = settled(readings, Choice(), factors, quiet=quiet, strict=strict)
    if not runs:
        names = " ".join(printable(file, 200) for file in files)
        click.echo(f"  these options belong to: cardgen import auto {names} -o run.yaml", err=True)
        return None, code
    report(readings, runs, factors, quiet)
    return run_file(runs, readings, Stated(), factors), code


def is_evidence(name: str) -> bool:
    """Return whether a file is one that a tool wrote, known by its content, and neither a run file nor an assessment; or a folder."""
    path = Path(name)
    if name == "-" or not path.exists():
        return False
    if path.is_dir():
        return True
    if not path.is_file():
        return False
    from cardgen.records.source import Source

    source = Source(name, path)
    if _RUN.search(source.head):
        return False
    from cardgen.importing.finding import recognised

    return recognised(source) is not None


def refuse_evidence(name: str) -> None:
    """Raise CardgenError for the output of a tool where a run file is needed."""
    if Path(name).is_file() and is_evidence(name):
        hint = f"make a run file of it: cardgen import auto {name} -o run.yaml"
        raise CardgenError(f"{printable(name, 300)} is the output of a tool, and no run file", 2, hint)


LARGE = 50_000_000  # bytes that take longer than people wait without a word
_RUN = re.compile(r"""^[\s{]*["']?cardgen["']?\s*:""", re.MULTILINE)
