"""The command line: words and options, no rules. Each command is one module, loaded when it is called."""

from __future__ import annotations

import gc
import keyword
import os
import sys
from importlib import import_module

import click

from cardgen import __version__

# What the commands do, here so that --help loads none of them.
COMMANDS = {
    "init": "Write a commented run file to fill in.",
    "import": "Write a run file from what a tracker, scheduler or monitor wrote.",
    "record": "Run a command, measure what it uses, and write the run file.",
    "validate": "List all problems of run files, with their places and the way out.",
    "assess": "Print the numbers: energy, emissions, water, cost, with intervals.",
    "explain": "Show how a figure was calculated, or what a code such as CG103 means.",
    "build": "Write the card's section, the report, the charts and the assessment.",
    "update": "Put the section, the charts and the metadata into a card, or bring them up to date.",
    "publish": "Merge them into the card of a model on the Hugging Face Hub, in one commit.",
    "factors": "Search the factor tables and their sources.",
    "claims": "Recompute popular claims: which factor gives the printed number, or why none does.",
    "calibrate": "Try the estimates against published measurements.",
}
ISSUES = "please report it with the run file that showed it"


class _Commands(click.Group):
    """The commands in the order of their use."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = f"{name}_" if keyword.iskeyword(name) else name
        return import_module(f"cardgen.cli.{module}").command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, context: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1, cutoff=0.4)
            hint = f'did you mean "{close[0]}"?' if close else f"the commands are {', '.join(COMMANDS)}"
            raise click.UsageError(f'there is no command "{args[0]}"; {hint}', context)
        return super().resolve_command(context, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s", prog_name="cardgen")
def cardgen() -> None:
    """Example: cardgen build run.yaml -o environment/

    cardgen turns a run file (what was trained, on what, where) into the environmental section of a model card, with an
    interval, a basis and a source behind every number.

    Start with: cardgen init -o run.yaml

    Exit codes: 0 fine, 1 problems found, 2 wrong use, 3 a defect in cardgen, 4 disk or network, 130 interrupted.
    """


def main() -> None:
    """Run the command line and exit with its code."""
    gc.disable()  # a command is short and makes no cycles worth looking for
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # output is UTF-8 with LF on every machine
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        code = cardgen.main(standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = 130
    except click.ClickException as error:
        error.show()
        code = 2
    except BrokenPipeError:  # the reader of a pipe left, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        code = failed(error)
    sys.exit(code if isinstance(code, int) else 0)


def failed(error: Exception) -> int:
    """Say what stopped the work, and return the exit code."""
    from cardgen.problems import CardgenError

    if isinstance(error, CardgenError):
        hint = f"\n  hint: {error.hint}" if error.hint else ""
        click.echo(f"cardgen: {error.message}{hint}", err=True)
        return error.exit_code
    if isinstance(error, OSError):
        click.echo(f"cardgen: {error.strerror or error}", err=True)
        return 4
    if os.environ.get("CARDGEN_TRACEBACK"):
        import traceback

        traceback.print_exc()
    kind = type(error).__name__
    click.echo(f"cardgen: a defect in cardgen {__version__}: {kind}: {error}\n  hint: {ISSUES}; CARDGEN_TRACEBACK=1 shows where", err=True)
    return 3
