"""System metrics of MLflow: the metric files of a file store, the history of metrics as CSV or JSON, and ``to_dictionary()`` of a run.

Power is W under ``system/gpu_N_power_usage_watts``, time is ms since 1970. Each value is the mean of the readings since the one before.
The metric files of one run are one run.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence

from cardgen.importers.mlflow.exported import HISTORY, read_history, read_json
from cardgen.importers.mlflow.store import FILE, LINE, folder_of, read_files
from cardgen.records.record import Reading
from cardgen.records.samples import Samples
from cardgen.records.source import Source, Unreadable
from cardgen.records.tool import Tool

TOOL = Tool(
    "mlflow", "MLflow system metrics", "metrics/system/gpu_N_power_usage_watts, get_metric_history as CSV, run.to_dictionary() as JSON",
    "power of each GPU over time, from which the energy of the GPUs follows; the time of a run",
    "processors, memory and the rest of the machine; names of the GPUs; runs that logged no GPU",
    "https://mlflow.org/docs/latest/ml/tracking/system-metrics/",
)  # fmt: skip


def recognises(source: Source) -> bool:
    """Return whether this is a history of metrics, a run, or a metric file that its own name says to hold the power of a GPU."""
    line, head = source.first_line.strip(), source.head.lstrip()
    if head[:1] in ("{", "["):
        if all(re.search(rf'"(?:{name})"\s*:', head) for name in ("info", "run_id", "artifact_uri|lifecycle_stage")):
            return True
        return all(f'"{name}"' in head for name in HISTORY) and '"system/' in head
    if LINE.fullmatch(line):
        return bool(FILE.search(source.path.name))
    return {name.strip().strip('"') for name in line.split(",")} >= HISTORY


def read(files: Sequence[Source]) -> list[Reading]:
    """Return a reading of each file; the metric files of one run are one."""
    groups: dict[object, list[Source]] = defaultdict(list)
    for source in files:
        groups[folder_of(source) if LINE.fullmatch(source.first_line.strip()) else source.name].append(source)
    return [_reading(sorted(group, key=lambda source: (len(source.name), source.name))) for group in groups.values()]


def _reading(group: list[Source]) -> Reading:
    """Return the reading of files that belong together, read again with samples kept when they are out of order."""
    head = group[0].head.lstrip()[:1]
    step: Callable[[Sequence[Source], Reading, Samples], None] = (
        read_files if LINE.fullmatch(group[0].first_line.strip()) else read_json if head in ("{", "[") else read_history
    )
    for keep in (False, True):
        reading, samples = Reading(group[0].name, TOOL.name), Samples(keep, stops=False)
        try:
            step(group, reading, samples)
        except Unreadable as error:
            reading.problems.append(error.problem)
        if samples.are_in_order:
            break
    return reading
