"""What a terminal is shown and a pipe is not: the work in progress, and text without what a terminal would obey."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cardgen.problems import printable


def for_output(content: bytes) -> bytes | str:
    """Return the bytes as they are, for programs; on a terminal without what it would obey."""
    if not sys.stdout.isatty():
        return content
    lines = content.decode("utf-8", "replace").split("\n")
    return "\n".join("".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in line) for line in lines)


class Progress:
    """The card at work, on one line of a terminal that every other line takes the place of."""

    def __init__(self, total: int, quiet: bool) -> None:
        self.total, self.done, self.on = total, 0, total > 1 and not quiet and sys.stderr.isatty()

    def show(self, card: Path) -> None:
        """Show that the next card is at work."""
        self.done += 1
        if self.on:
            click.echo(f"\r\x1b[K{self.done:,} of {self.total:,}: {printable(str(card), 60)}", err=True, nl=False)

    def clear(self) -> None:
        """Make room for a line that stays."""
        if self.on:
            click.echo("\r\x1b[K", err=True, nl=False)
