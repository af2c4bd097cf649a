"""Metric files of a file store: one for each GPU, those of one run together.

Such a file says nothing of the metric: node and GPU are read from its name and folder, as MLflow does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cardgen.importers.mlflow.values import AGAIN, SILENT, Values, record
from cardgen.records.record import Reading
from cardgen.records.samples import Samples
from cardgen.records.source import Source
from cardgen.records.table import warn_of_cut_line

FILE = re.compile(r"gpu_(\d{1,3})_power_usage_watts")
LINE = re.compile(r"(\d{13}) (-?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?|nan) (-?\d{1,12})(?: [^ ]+){0,2}", re.IGNORECASE)


def read_files(files: Sequence[Source], reading: Reading, samples: Samples) -> None:
    """Read the metric files of one run: one for each GPU."""
    values, nodes, numbers = Values(reading, samples), set(), set()
    for source in files:
        node, gpu = _place(source)
        nodes.add(node)
        numbers.add((node, gpu))
        where = f" ({source.short})" if len(files) > 1 else ""
        line = 0
        wrong: tuple[int, str] | None = None
        for line, text in source.lines():
            if wrong:
                _say(wrong, reading, where, is_last=False)
                wrong = None
            if not text.strip():
                continue
            found = LINE.fullmatch(text.strip())
            if not found:
                wrong = (line, text)
                continue
            reading.rows += 1
            values.add((node, gpu), int(found[1]), found[2], int(found[3]), line, where)
        if wrong:
            _say(wrong, reading, where, is_last=not source.ends_in_newline)
        elif line and not source.ends_in_newline:
            warn_of_cut_line(reading, line)
    for node in nodes:
        own = {gpu for name, gpu in numbers if name == node}
        lacking = sorted(set(range(max(own))) - own)[:20]
        if lacking and len(own) < max(own) + 1:
            message = f"gpu_{lacking[0]}_power_usage_watts{' and others' if len(lacking) > 1 else ''} of this run is not among the files"
            reading.warn("CG510", 1, message, "give the files of all GPUs of the run")
    values.report()
    summary = samples.summary(reading)
    if summary.energy_kwh is None and not reading.is_refused:
        reading.fault("CG501", 1, "no GPU has two values of its power: no energy follows", SILENT)
    labels = sorted(nodes - {""})
    reading.records.append(
        record(
            files[0], values, summary, file=", ".join(source.short for source in files), host=tuple(labels),
            private={"nodes": ", ".join(labels)} if labels else {}, run=_run(files[0]),
        )
    )  # fmt: skip


def _say(wrong: tuple[int, str], reading: Reading, where: str, is_last: bool) -> None:
    line, text = wrong
    if is_last:
        reading.note("skipped", line, f"the last line is cut{where}")
        reading.warn("CG519", line, f"the last line is cut: it is left out{where}")
    elif len(text.split()) not in (3, 4, 5):
        reading.fault("CG502", line, f"the line has {len(text.split())} fields, not the 3 of a metric file{where}", AGAIN)
    else:
        reading.fault("CG503", line, f"this is not time in ms, value and step{where}", AGAIN)


def _place(source: Source) -> tuple[str, int]:
    """Return the node and the number of the GPU that a metric file is of."""
    names = source.path.parts
    node = names[-2] if len(names) > 3 and names[-3] == "system" else ""
    found = FILE.search(source.path.name)
    return node, int(found[1]) if found else 0


def folder_of(source: Source) -> object:
    """Return the folder of the run that a metric file lies in."""
    parts = source.path.parts
    return parts[: len(parts) - 1 - parts[::-1].index("metrics")] if "metrics" in parts[:-1] else source.path.parent


def _run(source: Source) -> str:
    """Return the id of the run, which names the folder of a run in a file store."""
    folder = folder_of(source)
    name = folder[-1] if isinstance(folder, tuple) and folder else ""
    return name if re.fullmatch(r"[0-9a-f]{32}", name) else ""
