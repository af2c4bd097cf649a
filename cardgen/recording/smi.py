"""NVIDIA GPUs through the program nvidia-smi, where the package for NVML is not installed."""

from __future__ import annotations

import subprocess
import time

from cardgen.recording.gpus import Gpu, Gpus
from cardgen.recording.meters import Meter

METHOD = "nvidia-smi power samples"
_FRESH_S = 0.2  # GPUs that are read one after the other share one answer
_FIELDS = "index,uuid,name,power.default_limit,power.draw"


class _Program:
    """What the program says, asked once for all GPUs; ``rows`` are by index."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.rows: dict[str, list[str]] = {}
        self.asked = float("-inf")

    def ask(self) -> dict[str, list[str]]:
        """Return the rows; raises OSError or SubprocessError where the program fails."""
        if time.monotonic() - self.asked > _FRESH_S:
            call = [self.program, f"--query-gpu={_FIELDS}", "--format=csv,noheader,nounits"]
            self.rows = {}  # an old answer is no answer
            answer = subprocess.run(
                call, capture_output=True, text=True, errors="replace", timeout=20, check=True, stdin=subprocess.DEVNULL
            )
            rows = [[cell.strip() for cell in line.split(",")] for line in answer.stdout.splitlines()]
            self.rows = {row[0]: row for row in rows if len(row) == 5 and row[0].isdecimal()}
            self.asked = time.monotonic()
        return self.rows

    def power_w(self, index: str) -> float:
        """Return the power of a GPU in W; raises KeyError, ValueError where it is not said."""
        return float(self.ask()[index][4])


def gpus(program: str = "nvidia-smi") -> Gpus:
    """Return the GPUs of the machine, measured by their power."""
    asked = _Program(program)
    try:
        rows = asked.ask()
    except FileNotFoundError:
        return Gpus(reason="there is no program nvidia-smi")
    except (OSError, subprocess.SubprocessError):
        return Gpus(reason="nvidia-smi lists no GPU")
    return Gpus(tuple(_gpu(asked, row) for row in rows.values()), "" if rows else "nvidia-smi lists no GPU")


def _gpu(asked: _Program, row: list[str]) -> Gpu:
    index = row[0]
    meter = Meter("accelerators", f"GPU {index}", METHOD, lambda: asked.power_w(index)) if _number(row[4]) is not None else None
    return Gpu(int(index), row[1], row[2], _number(row[3]), meter)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # [N/A], [Not Supported]
        return None
