"""What ``cardgen import`` promises of a large file: ``python benchmarks/import.py [--rows 1000000]``.

The file is one run that CodeCarbon flushed a million times, 38 columns wide. Seconds are those of the processor, memory is the most
that the call held.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

SECONDS, MIB = 4.0, 100
SAMPLE = Path(__file__).parents[1] / "tests" / "importers" / "data" / "codecarbon" / "3.3.2-flush" / "emissions.csv"
GROWING = ("duration", "emissions", "cpu_energy", "gpu_energy", "ram_energy", "energy_consumed")


def rows(count: int) -> Iterator[str]:
    """Yield the header, and readings of one run that grow to those of its last row."""
    header, _, last = SAMPLE.read_text(encoding="utf-8").splitlines()
    yield header
    names, cells = header.split(","), last.split(",")
    whole = {names.index(name): float(cells[names.index(name)]) for name in GROWING}
    begin = datetime(2026, 3, 1)
    for number in range(1, count + 1):
        for position, value in whole.items():
            cells[position] = repr(value * number / count)
        cells[0] = (begin + timedelta(seconds=number)).isoformat()
        yield ",".join(cells)


def main() -> int:
    """Measure and print the table; return 1 when a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    count = parser.parse_args().rows
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed cardgen has its bytecode, as the libraries have
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "emissions.csv")
        with file.open("w", encoding="utf-8") as stream:
            stream.writelines(f"{row}\n" for row in rows(count))
        command = [sys.executable, "-m", "cardgen", "import", "-q", "auto", str(file), "-o", f"{folder}/run.yaml"]
        subprocess.run([*command[:4], "--list"], check=True, stdout=subprocess.DEVNULL)  # its bytecode is there from now on
        begin = time.perf_counter()
        call = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(call.pid, 0)
        passed, taken = time.perf_counter() - begin, used.ru_utime + used.ru_stime
    memory = used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    print(f"{'cardgen import':<28}{'measured':>12}{'limit':>12}{'ratio':>8}{'by the clock':>14}")
    print(f"{f'{count:,} rows':<28}{taken:>10.2f} s{SECONDS:>10.1f} s{taken / SECONDS:>8.2f}{passed:>12.2f} s")
    print(f"{'memory':<28}{memory:>8.0f} MiB{MIB:>8} MiB{memory / MIB:>8.2f}")
    return int(os.waitstatus_to_exitcode(status) != 0 or taken > SECONDS or memory > MIB)


if __name__ == "__main__":
    sys.exit(main())
