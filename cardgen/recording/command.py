"""Runs a command as it would run without cardgen: its input and output are its own, and signals reach it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# Terminals, schedulers and people send these to end a run, or to have it save its state.
_PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, 128 + n where signal n ended it, and its processor time in s, with its children's."""

    code: int
    signal: str = ""
    processor_s: float | None = None


def run(command: Sequence[str], before: Callable[[], None] = lambda: None) -> Ended:
    """Run a command to its end; ``before`` is called right before it starts. Raises OSError where it cannot be started.

    Signals that come after its end do nothing: what was measured is being written then.
    """
    child: list[subprocess.Popen[bytes]] = []
    waiting: list[int] = []

    def pass_on(number: int, frame: Any) -> None:
        if not child:
            waiting.append(number)
        elif not _from_terminal(number):
            _send(child[0], number)

    numbers = [getattr(signal, name) for name in _PASSED_ON if hasattr(signal, name)]
    # What is ignored, as under nohup, stays ignored: the command inherits it.
    old = {number: signal.signal(number, pass_on) for number in numbers if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        before()
        child.append(subprocess.Popen(list(command)))
    except BaseException:
        for number, handler in old.items():
            signal.signal(number, handler)
        raise
    for number in waiting:
        _send(child[0], number)
    code, processor_s = _wait(child[0])
    if code < 0:
        return Ended(128 - code, _name(-code), processor_s)
    return Ended(code, "", processor_s)


def _send(child: subprocess.Popen[bytes], number: int) -> None:
    if child.returncode is not None:
        return
    if sys.platform == "win32":
        child.send_signal(number)
        return
    try:  # send_signal of the child would take its exit code away from wait4
        os.kill(child.pid, number)
    except ProcessLookupError:  # it has just ended
        pass


def _wait(child: subprocess.Popen[bytes]) -> tuple[int, float | None]:
    """Return the exit code of a child (-n: signal n) and its processor time in s, where the system tells it."""
    if not hasattr(os, "wait4"):
        return child.wait(), None
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, used.ru_utime + used.ru_stime


def _from_terminal(number: int) -> bool:
    """Return whether a key of the terminal sent this: then the command, in the same foreground group, has it already."""
    if sys.platform == "win32":
        return True
    if number not in (signal.SIGINT, signal.SIGQUIT):
        return False
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:  # there is none
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
