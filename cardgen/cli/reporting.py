"""The option ``--output-format``: a command's problems as text for people, or in a form that CI reads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardgen.core.problem import Problem
from cardgen.problems import CardgenError, Placed, Source

if TYPE_CHECKING:
    from cardgen.annotations.finding import Finding

FORMATS = ("text", "json", "github", "sarif", "gitlab")
KEY = "cardgen.report"
CHANGED = "run cardgen update, and commit what it writes"


class Reporting(click.Command):
    """A command with ``--output-format``: what ``say`` is given goes to stdout in that form, once the command is through."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        option = click.Option(
            ["--output-format"], type=click.Choice(FORMATS), default="text", expose_value=False, callback=_begin,
            help="json is stable and for programs; github, sarif and gitlab are for CI.",
        )  # fmt: skip
        self.params.append(option)

    def invoke(self, context: click.Context) -> Any:
        report = asked_for()
        if report is None:
            return super().invoke(context)
        try:
            result = super().invoke(context)
        except click.exceptions.Exit:
            report.publish()
            raise
        except (CardgenError, OSError) as error:
            report.stopped("", error)
            report.publish()
            raise
        report.publish()
        return result


class Report:
    """What a command found, until it is printed."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.found: list[Finding] = []
        self.changed: list[str] | None = None
        self.documents: list[Mapping[str, Any]] = []

    def add(self, problems: Iterable[Problem], source: Source) -> None:
        from cardgen.annotations.finding import findings

        self.found += findings(problems, source, below_root(source.name))

    def stopped(self, name: str, error: Exception) -> None:
        """Add what stopped the work at a file."""
        from cardgen.loading.document import Document

        message = (error.message if isinstance(error, CardgenError) else str(error)).removeprefix(f"{name}: ")
        hint = error.hint if isinstance(error, CardgenError) else ""
        self.add([Problem("CG454", message, (), hint)], Document(None, name=name or "cardgen"))

    def publish(self) -> None:
        """Print the report to stdout; in GitHub Actions, also append to the step's summary and outputs."""
        click.echo(self._text(), nl=False)
        if self.form == "github":
            _append("GITHUB_STEP_SUMMARY", self._summary)
            _append("GITHUB_OUTPUT", lambda room: self._outputs())

    def _text(self) -> str:
        from cardgen import __version__
        from cardgen.annotations import finding, github, gitlab, sarif

        forms = {
            "json": lambda: finding.as_json(self.found, self.changed),
            "github": lambda: github.commands(self.found),
            "sarif": lambda: sarif.log(self.found, __version__),
            "gitlab": lambda: gitlab.code_quality(self.found),
        }
        return forms[self.form]()

    def _summary(self, room: int) -> str:
        from cardgen.annotations.github import summary
        from cardgen.render import section

        return summary(self.found, "\n".join(section(document, []) for document in self.documents), room)

    def _outputs(self) -> str:
        from cardgen.annotations.github import outputs

        levels = {f"{level}s": str(sum(found.severity == level for found in self.found)) for level in ("error", "warning")}
        changed = self.changed or []
        totals = self.documents[0]["totals"] if len(self.documents) == 1 else None
        return outputs({
            **levels, "changed": str(bool(changed)).lower(), "files": "\n".join(changed),
            "energy-kwh": _value(totals and totals["energy"]),
            "emissions-kg-co2e": _value(totals and totals["emissions"]["location"]),
        })  # fmt: skip


def asked_for() -> Report | None:
    """Return the report that the command in progress was asked for, or None where problems go to stderr as text."""
    context = click.get_current_context(silent=True)
    return context.meta.get(KEY) if context else None


def assessed(document: Mapping[str, Any]) -> None:
    """Keep an assessment for the summary of a step."""
    if report := asked_for():
        report.documents.append(document)


def report_changes(card: Path, content: bytes, paths: Sequence[Path], *, check: bool) -> None:
    """Tell the report which files an update of a card changes; with ``check`` that is an error, at the marker of the card."""
    report = asked_for()
    if report is None:
        return
    report.changed = [*(report.changed or []), *(below_root(str(path)) or str(path) for path in paths)]
    if check and paths:
        from cardgen.loading.document import Document

        report.add([outdated(content, paths)], Document(None, name=str(card)))


def outdated(content: bytes, paths: Sequence[Path]) -> Placed:
    """Return the problem of a card that is not up to date, placed at its marker."""
    from cardgen.problems import printable

    line = content[: max(content.find(b"<!-- cardgen:begin"), 0)].count(b"\n") + 1
    more = f" and {len(paths) - 3:,} more" if len(paths) > 3 else ""
    names = ", ".join(printable(path.name, 100) for path in paths[:3])
    return Placed("CG450", f"not up to date: {names}{more} would change", (), CHANGED, "error", line)


def stopped(name: str, error: Exception) -> int:
    """Say what stopped the work at a file, and return the exit code."""
    from cardgen.cli import failed

    report = asked_for()
    if report is None or not isinstance(error, (CardgenError, OSError)):
        return failed(error)
    report.stopped(name, error)
    return error.exit_code if isinstance(error, CardgenError) else 4


def below_root(name: str) -> str | None:
    """Return the path of a file from the root of its repository, with slashes; None for standard input."""
    if name in ("stdin", "cardgen") and not Path(name).exists():
        return None
    return Path(os.path.relpath(os.path.abspath(name), _root())).as_posix()


def _root() -> str:
    """Return the folder that CI takes paths from: the repository that the working folder is in."""
    here = Path.cwd()
    for variable in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        stated = os.environ.get(variable)
        if stated and here.is_relative_to(stated):
            return stated
    return str(next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here))


def _begin(context: click.Context, option: click.Parameter, form: str) -> None:
    if form != "text":
        context.meta[KEY] = Report(form)


def _value(figure: Mapping[str, Any] | None) -> str:
    return "" if figure is None else repr(figure["value"])


def _append(variable: str, text: Any) -> None:
    """Append to the file that a variable names, where GitHub Actions set it; no more than GitHub takes."""
    from cardgen.annotations.github import SUMMARY_BYTES

    name = os.environ.get(variable)
    if not name:
        return
    with open(name, "ab") as file:
        room = SUMMARY_BYTES - file.seek(0, os.SEEK_END)
        file.write(text(room).encode("utf-8", "backslashreplace"))
