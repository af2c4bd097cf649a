"""Sensors that play readings again: a tree like /sys/class/powercap, a driver like pynvml, a program like nvidia-smi."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CARDGEN = [sys.executable, "-c", "import cardgen.cli as c; c.COMMANDS.setdefault('record', ''); c.main()"]
CPUINFO = "".join(f"processor\t: {n}\nmodel name\t: AMD EPYC 7763 64-Core Processor\nphysical id\t: {n // 2}\n\n" for n in range(4))


def powercap(root: Path, zones: dict[str, tuple[str, int]], wraps_at: int | None = 262_143_328_850) -> None:
    """Write zones (name and counter in microjoules) under ``root`` as Linux shows them, and a machine with two EPYC 7763."""
    for zone, (name, counter) in zones.items():
        folder = root / "sys/class/powercap" / zone
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "energy_uj").write_text(f"{counter}\n")
        if wraps_at is not None:
            (folder / "max_energy_range_uj").write_text(f"{wraps_at}\n")
    computer(root)


def computer(root: Path) -> None:
    (root / "proc").mkdir(parents=True, exist_ok=True)
    (root / "proc/cpuinfo").write_text(CPUINFO)
    (root / "proc/meminfo").write_text("MemTotal:       527943936 kB\n")


class Driver:
    """Answers as pynvml does. Each GPU: name, and counter (mJ) and power (mW) as lists; their last value stays, "error" raises."""

    class Error(Exception):
        pass

    def __init__(self, *gpus: dict) -> None:
        self.gpus = gpus
        self.is_open = False

    def nvmlInit(self):
        self.is_open = True

    def nvmlShutdown(self):
        self.is_open = False

    def nvmlDeviceGetCount(self):
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index):
        return index

    def nvmlDeviceGetName(self, index):
        return self.gpus[index]["name"]

    def nvmlDeviceGetUUID(self, index):
        return f"GPU-{index}0000000-1111-2222-3333-444444444444"

    def nvmlDeviceGetPowerManagementDefaultLimit(self, index):
        return 700_000

    def nvmlDeviceGetTotalEnergyConsumption(self, index):
        return self._next(index, "counter")

    def nvmlDeviceGetPowerUsage(self, index):
        return self._next(index, "power")

    def _next(self, index, kind):
        series = self.gpus[index].get(kind)
        if not series:
            raise self.Error("Not Supported")
        value = series.pop(0) if len(series) > 1 else series[0]
        if value == "error":
            raise self.Error("GPU is lost")
        return value


def smi(folder: Path, *rows: str) -> dict[str, str]:
    """Put a program nvidia-smi that prints these rows into a folder; return an environment whose PATH begins with it."""
    folder.mkdir(exist_ok=True)
    program = folder / "nvidia-smi"
    lines = "\n".join(rows)
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{lines}\nEND\n" if rows else "#!/bin/sh\necho 'NVIDIA-SMI has failed' >&2\nexit 9\n")
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def record(*arguments: str, cwd: Path, env: dict[str, str] | None = None, **options) -> subprocess.CompletedProcess[str]:
    """Run ``cardgen record`` as a user does."""
    call = [*CARDGEN, "record", *arguments]
    return subprocess.run(call, cwd=cwd, env=environment(env), capture_output=True, text=True, timeout=60, **options)


def environment(env: dict[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which cardgen is found from any folder."""
    env = dict(os.environ if env is None else env)
    root = str(Path(__file__).parents[2])
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [root, env.get("PYTHONPATH")]))
    env.pop("CUDA_VISIBLE_DEVICES", None)
    return env


def problems(text: str) -> list:
    """Return the errors of a run file, those of its assessment included."""
    from cardgen.core.assess import assess
    from cardgen.core.factors import Factors
    from cardgen.loading import load
    from cardgen.validation import validate

    run, found = validate(load(text.encode(), "run.yaml"))
    found = [*found, *(assess(run, Factors()).problems if run else [])]
    return [problem for problem in found if problem.severity == "error"]
