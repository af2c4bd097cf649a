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
from cardgen.loading.document import Document
from cardgen.problems import Placed, printable

if TYPE_CHECKING:
    from cardgen.core.factors import Factors
    from cardgen.importing.choosing import Choice
    from cardgen.importing.combining import Ambiguous, Combined
    from cardgen.importing.run_file import Stated
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
    click.option("--phase", help="Phase of the life cycle, as in fine-tuning."),
    click.option("--country", help="Country of the data centre, as in USA."),
    click.option("--zone", help="Zone of the grid, as in US-CA."),
    click.option("--provider", help="Cloud provider, as in gcp."),
    click.option("--region", help="The provider's region, as in europe-west4."),
    click.option("--pue", type=click.FloatRange(min=1), help="PUE of the site, where the energy does not include it."),
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
    from cardgen.importing.run_file import Stated

    facility = Facility(options["provider"], options["region"], options["country"], options["zone"], pue=options["pue"])
    return Stated(options["name"], options["phase"], facility, include)


def read_files(
    files: tuple[str, ...], factors: Factors, tool: str | None = None, columns: Mapping[str, str] | None = None
) -> list[Reading]:
    """Return a reading of each file; raises CardgenError when one cannot be read."""
    from cardgen.importing.finding import read
    from cardgen.records.source import sources

    named, found = sources(files)
    size = sum(source.path.stat().st_size for source in [*named, *found])
    if size > LARGE and sys.stderr.isatty():
        click.echo(f"reading {size / 1e6:,.0f} MB ...", err=True)
    return read(named, found, factors, tool, columns)


def settled(
    readings: list[Reading], choice: Choice, *, may_ask: bool = False, quiet: bool = False, strict: bool = False
) -> tuple[list[Combined], int]:
    """Return the runs that are meant and the exit code so far; say what is wrong with the files.

    No run is returned where a file cannot be used, where several runs are there and none was named, and where the rules of
    combining do not decide and nobody can be asked.
    """
    from cardgen.importing.choosing import Several, chosen, listed
    from cardgen.importing.combining import Ambiguous

    runs: list[Combined] = []
    unsettled, more = None, list[str]()
    while not any(reading.is_refused for reading in readings):
        try:
            runs = chosen(readings, choice)
        except Several as several:
            hint = "name them with --run ID or --project NAME; --all makes each an activity, --combine add makes one of them"
            unsettled, more = ("CG506", f"there are {len(several.runs):,} runs: which are meant?", hint), list(listed(several.runs))
        except Ambiguous as question:
            if may_ask and question.choices and sys.stdin.isatty() and sys.stderr.isatty():
                choice = replace(choice, combine=_asked(question))
                continue
            more = [f"  --combine {value}: {words}" for value, words in question.choices.items()]
            unsettled = ("CG507", question.message, question.hint or "say which with --combine")
        break
    code = _say(readings, quiet, strict)
    if not runs and not code and unsettled is None:
        unsettled = ("CG501", "there is no energy in what was read", "give the file that has it, or add --estimate")
    if unsettled is not None:
        _say_of_all(readings, *unsettled)
        click.echo("\n".join(more), err=True, nl=bool(more))
    return (runs, code) if runs else ([], 1)


def _say(readings: list[Reading], quiet: bool, strict: bool) -> int:
    """Say the problems of all files, and return the exit code."""
    for reading in readings:
        say(reading.problems, Document(None, name=reading.file), quiet=quiet)
    return exit_code([problem for reading in readings for problem in reading.problems], strict)


def _say_of_all(readings: list[Reading], code: str, message: str, hint: str) -> None:
    name = readings[0].file if len(readings) == 1 else f"{len(readings)} files"
    say([Placed(code, message, (), hint)], Document(None, name=name))


def _asked(question: Ambiguous) -> Any:
    click.echo(question.message, err=True)
    for value, words in question.choices.items():
        click.echo(f"  {value}: {words}", err=True)
    return click.prompt("Which is it?", type=click.Choice(list(question.choices)), err=True)


def report(readings: list[Reading], runs: list[Combined], factors: Factors, quiet: bool) -> None:
    """Say how the files were read, on stderr."""
    from cardgen.importing.report import lines

    if not quiet:
        click.echo("\n".join(lines(readings, runs, factors)), err=True)


def run_text(files: tuple[str, ...], factors: Factors, *, quiet: bool = False, strict: bool = False) -> tuple[str | None, int]:
    """Return the run file that the files of tools make, None where they do not make one, and the exit code so far."""
    from cardgen.importing.choosing import Choice
    from cardgen.importing.run_file import Stated, run_file

    readings = read_files(files, factors)
    runs, code = settled(readings, Choice(), quiet=quiet, strict=strict)
    if not runs:
        click.echo(
            f"  cardgen import auto {' '.join(printable(file, 200) for file in files)} -o run.yaml says more, and takes options", err=True
        )
        return None, code
    report(readings, runs, factors, quiet)
    return run_file(runs, readings, Stated(), factors), code


def is_evidence(name: str) -> bool:
    """Return whether a file is one that a tool wrote: neither a run file nor an assessment, and known by its content."""
    path = Path(name)
    if name == "-" or not path.is_file():
        return False
    from cardgen.records.source import Source

    source = Source(name, path)
    if _RUN.search(source.head):
        return False
    from cardgen.importing.finding import recognised

    return recognised(source) is not None


LARGE = 50_000_000  # bytes that take longer than people wait without a word
_RUN = re.compile(r"""^[\s{]*["']?cardgen["']?\s*:""", re.MULTILINE)
