"""The computer: its processors and its memory."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Processors and memory of a computer. ``threads`` are logical processors; ``memory_gb`` None where it is not known."""

    processor: str
    sockets: int = 1
    threads: int = 1
    memory_gb: float | None = None


def machine(proc: Path = Path("/proc"), system: str = sys.platform) -> Machine:
    """Return the computer that this runs on."""
    cpuinfo = _text(proc / "cpuinfo")
    names = re.findall(r"^model name\s*: (.+)$", cpuinfo, re.MULTILINE)
    sockets = len(set(re.findall(r"^physical id\s*: (\d+)$", cpuinfo, re.MULTILINE)))
    threads = len(re.findall(r"^processor\s*: \d+$", cpuinfo, re.MULTILINE))
    name = names[0] if names else _asked("machdep.cpu.brand_string") if system == "darwin" else ""
    memory = re.search(r"^MemTotal:\s+(\d+) kB$", _text(proc / "meminfo"), re.MULTILINE)
    amount = int(memory[1]) * 1024 if memory else _bytes(_asked("hw.memsize")) if system == "darwin" else 0
    return Machine(
        " ".join((name or platform.processor() or platform.machine()).split()), max(1, sockets), threads or os.cpu_count() or 1,
        round(amount / 1e9, 1) or None,
    )  # fmt: skip


def _asked(key: str) -> str:
    """Return what sysctl of macOS says; "" where it says nothing."""
    try:
        return subprocess.run(["sysctl", "-n", key], capture_output=True, text=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _bytes(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
