"""``cardgen import``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardgen.cli.evidence import CHOOSING, STATING, choice_of, read_files, report, settled, stated_of, with_options
from cardgen.cli.reading import FACTORS, QUIET, STRICT, exit_code, factors_with, say
from cardgen.problems import CardgenError

if TYPE_CHECKING:
    from cardgen.core.factors import Factors
    from cardgen.core.problem import Problem


ALSO = {"csv": "plain-csv", "sacct": "slurm", "w&b": "wandb", "weights-and-biases": "wandb"}  # what people call them, too


@click.command("import")
@click.argument("tool", required=False)
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True))
@click.option("-o", "--output", default="-", show_default=True, type=click.Path(dir_okay=False, allow_dash=True), help='"-" is stdout.')
@with_options(CHOOSING, STATING)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="ROLE=HEADER[:UNIT]",
    help="A column of a plain-csv file, as in energy=used:Wh; rows=last or rows=sum says whether its rows add up.",
)
@click.option(
    "--include",
    multiple=True,
    type=click.Choice(["coordinates", "host", "user", "path", "command"]),
    help="Private data to write into the run file, as comments. None is written otherwise.",
)
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", help="json: what was read, for programs.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--no-input", is_flag=True, help="Ask nothing, even on a terminal.")
@click.option("--list", "is_list", is_flag=True, help="Show the tools, with what each can and cannot say.")
@FACTORS
@STRICT
@QUIET
def command(  # fmt: skip
    tool: str | None,
    files: tuple[str, ...],
    output: str,
    columns: tuple[str, ...],
    include: tuple[str, ...],
    form: str,
    force: bool,
    no_input: bool,
    is_list: bool,
    factor_files: tuple[str, ...],
    strict: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Example: cardgen import auto emissions.csv -o run.yaml

    Reads what a tool wrote and writes a run file. TOOL is a name from --list, or auto, which knows a file by its content. A FILE
    may be a folder. What was read, merged, repaired or skipped is said line by line, on stderr and at the end of the run file.

    Where the files hold several runs they are listed, and nothing is written until --run, --project or --all says which are meant.
    Files of one run (machines, resumed jobs, a GPU meter beside the scheduler's) are combined by rules that the report names;
    where the rules do not decide, a terminal is asked, and elsewhere nothing is written.
    """
    from cardgen.importing.run_file import run_file
    from cardgen.importing.stated import apply

    if is_list:
        click.echo("\n".join(_listed()))
        return
    tool, files = _tool_and_files(tool, files)
    if output != "-" and Path(output).exists() and not force:
        raise CardgenError(f"{output} is there already", 2, "name another file with -o, or replace it with --force")
    factors = factors_with(factor_files)
    choice, stated = choice_of(options), stated_of(options, include)
    readings = read_files(files, tool, _mapping(columns, tool))
    apply(stated, readings)
    runs, code = settled(readings, choice, factors, may_ask=not no_input, quiet=quiet, strict=strict)
    if form == "json":
        import json

        from cardgen.importing.report import as_data

        _put(json.dumps(as_data(readings, runs), indent=2) + "\n", output)
    elif runs:
        text = run_file(runs, readings, stated, factors)
        report(readings, runs, factors, quiet)
        errors = _errors(text, output, factors)
        if unreadable := [problem for problem in errors if problem.code < "CG2"]:
            code = max(code, exit_code(unreadable))
            if any(problem.code != "CG114" for problem in unreadable):
                raise click.exceptions.Exit(code)  # nothing is written that could not be read
        _put(text, output)
        if output != "-" and not quiet:
            click.echo(f"wrote {output}\nnext: cardgen assess {output}", err=True)
    raise click.exceptions.Exit(code)


def _tool_and_files(tool: str | None, files: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Return the tool, None for any, and the files; a file in the place of the tool is one."""
    from cardgen.importers import names

    if tool is None:
        raise click.UsageError("name a tool, or auto, and a file; cardgen import --list shows the tools")
    name = tool.casefold().replace("_", "-")
    tool = ALSO.get(name, name if name in names() else tool)
    if tool != "auto" and tool not in names():
        if tool == "-" or Path(tool).exists() or "/" in tool or "." in tool:
            return None, (tool, *files)
        import difflib

        close = difflib.get_close_matches(tool, [*names(), "auto"], n=1, cutoff=0.4)
        hint = f'did you mean "{close[0]}"?' if close else "cardgen import --list shows the tools"
        raise click.UsageError(f'"{tool}" is neither a tool nor a file; {hint}')
    if not files:
        raise click.UsageError(f"name a file: cardgen import {tool} FILE")
    return (None if tool == "auto" else tool), files


def _mapping(columns: tuple[str, ...], tool: str | None) -> dict[str, str] | None:
    """Return what the columns of a plain table hold, by role; raises UsageError for what cannot be meant."""
    if bool(columns) != (tool == "plain-csv"):
        raise click.UsageError("plain-csv and --column go together: cardgen import plain-csv FILE --column energy=used:Wh")
    mapping = {}
    for column in columns:
        role, equals, header = column.partition("=")
        if not equals or not header:
            raise click.UsageError(f'--column "{column}": write it as ROLE=HEADER:UNIT, as in energy=used:Wh')
        mapping[role.strip()] = header
    return mapping or None


def _errors(text: str, output: str, factors: Factors) -> list[Problem]:
    """Say what is wrong with a run file that is about to be written, and return it; what its numbers contradict is for ``assess``."""
    from cardgen.core.assess import assess
    from cardgen.loading import load
    from cardgen.validation import validate

    source = load(text.encode("utf-8", "replace"), output if output != "-" else "the run file")
    run, problems = validate(source)
    errors = [problem for problem in [*problems, *(assess(run, factors).problems if run else [])] if problem.severity == "error"]
    say(errors, source)
    if any(problem.code == "CG114" for problem in errors):
        click.echo("  hint: name the devices in the lines that are commented out, and uncomment them", err=True)
    return errors


def _put(text: str, output: str) -> None:
    from cardgen.writing import write

    if output == "-":
        click.echo(text, nl=False)
    else:
        write(Path(output), text.encode("utf-8", "replace"))


def _listed() -> list[str]:
    """Return the tools, each with what it writes and what can be read there."""
    from cardgen.importers import importer, names

    lines = []
    for name in names():
        tool = importer(name).TOOL
        lines += [f"{name}: {tool.title}", f"  files   {tool.files}", f"  says    {tool.says}", f"  silent  {tool.silent}"]
    return lines
