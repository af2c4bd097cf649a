"""``cardgen record``."""

from __future__ import annotations

import getpass
import os
import platform
import shlex
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from cardgen.core.run import PHASES, SITES
from cardgen.problems import CardgenError, printable
from cardgen.recording.recorder import TRACKERS

INCLUDED = ("command", "folder", "host", "user")


@click.command("record", context_settings={"allow_interspersed_args": False})
@click.argument("command_line", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND [ARGS]...")
@click.option("-o", "--output", default="run.yaml", show_default=True, type=click.Path(path_type=Path), help="The run file to write.")
@click.option("--name", default="", help="Name of the model.")
@click.option("--id", help="Hub repository of the model: owner/name.")
@click.option("--phase", default="other", show_default=True, type=click.Choice(PHASES), help="Phase of the life cycle.")
@click.option("--parameters", type=float, help="Number of parameters, as in 7e9.")
@click.option("--country", help="Where it runs: country, three letters of ISO 3166.")
@click.option("--provider", help="Cloud or data-centre provider, as in gcp.")
@click.option("--region", help="Region of the provider, as in europe-west4.")
@click.option("--zone", help="Grid zone, as in US-CA.")
@click.option("--kind", type=click.Choice(SITES), help="Kind of site, where its PUE is not known.")
@click.option("--pue", type=click.FloatRange(1, 4), help="Power usage effectiveness of the site.")
@click.option("--tracker", default="auto", show_default=True, type=click.Choice(TRACKERS), help="What measures the energy.")
@click.option(
    "--interval", "interval_s", default=1.0, show_default=True, type=click.FloatRange(0.01, 3600), help="Seconds between two samples."
)
@click.option("--include", multiple=True, type=click.Choice(INCLUDED), help="Write this into the note too; without it none of them.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(
    command_line: tuple[str, ...], output: Path, tracker: str, interval_s: float, include: tuple[str, ...], force: bool, quiet: bool,
    **said: Any,
) -> None:  # fmt: skip
    """Example: cardgen record -o run.yaml --name "Pond 7B" --country FRA -- python train.py

    Runs a command, measures what it uses and writes a run file when it has ended: energy of NVIDIA GPUs through NVML or
    nvidia-smi, of processors and memory through RAPL; hardware, and time. GPUs are those that CUDA_VISIBLE_DEVICES shows, or
    all; RAPL covers the whole machine. Where there is no sensor, CodeCarbon estimates the energy of the whole machine, if it is
    installed and the country or region is given; else the file says so and an estimate is made from hardware and time.
    --tracker takes one of these alone. The file holds no name of a host, user, folder or command unless --include asks for it.

    Input and output are the command's own, and signals reach it. The exit code is the command's own, or 128 + n where signal n
    ended it; 2 where it was not started: it was not found, an option is wrong, or the file is there already; 4 where the
    command succeeded and the run file could not be written, which is printed then.
    """
    from cardgen.recording.command import run
    from cardgen.recording.output import prepare, put, written
    from cardgen.recording.recorder import Recorder, choose
    from cardgen.recording.run_file import run_file
    from cardgen.recording.sensors import sensors

    described = _described(said)
    if shutil.which(command_line[0]) is None:
        raise CardgenError(f"{printable(command_line[0], 300)}: there is no such command, or it cannot be executed", 2)
    if str(output) == "-":
        raise CardgenError("the command has standard output for itself", 2, "name a file, as in -o run.yaml")
    prepare(output, force, "--force")
    found = sensors(interval_s)
    instrument, notices = choose(tracker, found, described.place)
    _say(notices, quiet)
    recorder = Recorder(instrument, found.devices)
    try:
        ended = run(command_line, recorder.start)
    except OSError as error:
        raise CardgenError(f"{printable(command_line[0], 300)}: cannot be started: {error.strerror or error}", 2) from None
    measured = recorder.stop(ended.processor_s)
    text = run_file(measured, replace(described, notes=(*_private(command_line, include), *_ending(ended))))
    try:
        output = put(output, text, force)
    except CardgenError as error:
        click.echo(f"cardgen: {error.message}; this is the run file:\n{text}", err=True)
        raise click.exceptions.Exit(ended.code or 4) from None
    _say(written(output, measured), quiet)
    raise click.exceptions.Exit(ended.code)


def _say(sentences: Iterable[str], quiet: bool) -> None:
    for sentence in () if quiet else sentences:
        click.echo(f"cardgen: {sentence}", err=True)


def _described(said: dict[str, Any]) -> Any:
    """Return what the options say of the run; stops with the problems of a run file that would hold them."""
    from cardgen.recording.run_file import PLACE, Description, problems

    place = {key: value for key in PLACE if (value := said.pop(key)) is not None}
    described = Description(**said, place=place)
    if wrong := problems(described):
        for problem in wrong:
            click.echo(f"cardgen: {problem.code} {printable(problem.message, 300)}", err=True)
        raise CardgenError("nothing was started", 2, wrong[0].hint)
    return described


def _private(command_line: tuple[str, ...], include: tuple[str, ...]) -> list[str]:
    """Return sentences with what the options ask to be written."""
    facts = {
        "command": lambda: shlex.join(command_line), "folder": os.getcwd, "host": platform.node, "user": getpass.getuser,
    }  # fmt: skip
    return [f"{name}: {printable(facts[name](), 1000)}" for name in INCLUDED if name in include]


def _ending(ended: Any) -> list[str]:
    if ended.signal:
        return [f"the command was ended by {ended.signal}"]
    return [f"the command ended with exit code {ended.code}"] if ended.code else []
