"""What is exported of a run: the history of metrics as CSV or JSON, and ``to_dictionary()``, which holds last values only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cardgen.importers.mlflow.values import AGAIN, SILENT, Values, record
from cardgen.problems import Placed
from cardgen.records.entries import whole
from cardgen.records.fields import json_number, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.samples import Samples
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import Table

KEY = re.compile(r"system/(?:(.+)/)?gpu_(\d{1,3})_power_usage_watts")
HISTORY = {"key", "step", "timestamp", "value"}
EXPORT = "write client.get_metric_history(run_id, key) of each system/gpu_N_power_usage_watts to a CSV with key, step, timestamp, value"


def read_history(files: Sequence[Source], reading: Reading, samples: Samples) -> None:
    """Read a history of metrics as a table."""
    source = files[0]
    table, values = Table(source, reading), Values(reading, samples)
    missing = HISTORY - set(table.header)
    if missing:
        table.close()
        raise Unreadable(Placed("CG502", f"the header lacks {', '.join(sorted(missing))}", hint=EXPORT))
    runs, keys = set(), set()
    for row in table.full_rows():
        key, time, step = (table.text(row, name) for name in ("key", "timestamp", "step"))
        wrong = _wrong(key, time, step)
        if wrong:
            reading.fault("CG503", table.line, wrong, AGAIN)
            continue
        runs.add(table.text(row, "run_id"))
        keys.add(key)
        _add(values, (table.text(row, "run_id"), key), key, int(time), table.text(row, "value"), int(step), table.line)
    _finish_history(source, reading, values, runs - {""}, keys)


def _wrong(key: str, time: str, step: str) -> str:
    """Return what in a row of a history is not what its column holds, "" where all is."""
    if not re.match(r"[A-Za-z_]", key):
        return "key: this is not the name of a metric"
    if not re.fullmatch(r"\d{13}", time):
        return f"timestamp: {quotable(time)} is not a time in ms"
    return "" if re.fullmatch(r"-?\d{1,12}", step) else f"step: {quotable(step)} is not the number of a step"


def _add(values: Values, device: object, key: str, time_ms: int, text: str, step: int, line: int) -> None:
    if KEY.fullmatch(key):
        values.add(device, time_ms, text, step, line)
    else:
        values.time(time_ms)


def _finish_history(source: Source, reading: Reading, values: Values, runs: set[str], keys: set[str]) -> None:
    values.report()
    if len(runs) > 1:
        message = f"the history is of {len(runs)} runs, which are added here"
        reading.warn("CG510", 1, message, "write one file for each run")
    summary = values.samples.summary(reading)
    if summary.energy_kwh is None and not reading.is_refused:
        has_power = any(KEY.fullmatch(key) for key in keys)
        message = "no GPU has two values of its power" if has_power else "the run logged no power of a GPU (system/gpu_N_power_usage_watts)"
        reading.fault("CG501", 1, message, EXPORT if has_power else SILENT)
    labels = sorted({match[1] for key in keys if (match := KEY.fullmatch(key)) and match[1]})
    more = {"host": tuple(labels), "private": {"nodes": ", ".join(labels)} if labels else {}}
    reading.records.append(record(source, values, summary, run=next(iter(runs)) if len(runs) == 1 else "", **more))


def read_json(files: Sequence[Source], reading: Reading, samples: Samples) -> None:
    """Read a run of ``to_dictionary()``, which holds last values only, or a history as the server returns it."""
    source = files[0]
    data = whole(source)
    rows = data.get("metrics") if isinstance(data, dict) else data
    if isinstance(data, dict) and isinstance(data.get("run"), dict):
        data = data["run"]
    if isinstance(data, dict) and isinstance(data.get("info"), dict):
        reading.records.append(_run_record(source, data, reading))
        return
    if not isinstance(rows, list) or not all(isinstance(row, dict) and set(row) >= HISTORY for row in rows):
        raise Unreadable(Placed("CG505", "this is neither a run nor a history of metrics", hint=EXPORT))
    values, runs, keys = Values(reading, samples), set(), set()
    text, line, place = source.text(), 1, 0
    for row in rows:
        reading.rows += 1
        key, time, step = str(row["key"]), str(row["timestamp"]), str(row["step"])
        found = text.find(time, place)
        if found >= 0:
            line, place = line + text.count("\n", place, found), found + len(time)
        wrong = _wrong(key, time, step)
        if wrong:
            reading.fault("CG503", line, wrong, AGAIN)
            continue
        runs.add(str(row.get("run_id") or ""))
        keys.add(key)
        value = row["value"]
        watts = json_number(value) if isinstance(value, (int, float)) else None
        text_of_value = repr(watts) if watts is not None else "" if value is None else str(value)
        _add(values, (str(row.get("run_id")), key), key, int(time), text_of_value, int(step), line)
    _finish_history(source, reading, values, runs - {""}, keys)


def _run_record(source: Source, data: Mapping[str, Any], reading: Reading) -> Record:
    """Return the run of ``to_dictionary()``: how long it took, and no energy."""
    info, inner = data["info"], data.get("data")
    metrics = inner.get("metrics") if isinstance(inner, dict) else {}
    tags = inner.get("tags") if isinstance(inner, dict) else {}
    if isinstance(metrics, list):  # as the server returns it
        metrics = {str(row.get("key")): row.get("value") for row in metrics if isinstance(row, dict)}
    metrics = metrics if isinstance(metrics, dict) else {}
    tags = tags if isinstance(tags, dict) else {}
    reading.rows = len(metrics)
    power = [name for name in metrics if KEY.fullmatch(str(name))]
    if power:
        message = "the file holds the last value of the power only: no energy follows from one reading"
        reading.fault("CG501", source.line_of(power[0]), message, EXPORT)
    else:
        message = "the run logged no power of a GPU (system/gpu_N_power_usage_watts): no energy follows"
        reading.fault("CG501", source.line_of('"metrics"'), message, SILENT)
    start, end = json_number(info.get("start_time")), json_number(info.get("end_time"))
    start, end = (time / 1000 if time and 1e11 < time < 1e14 else None for time in (start, end))
    hours = (end - start) / 3600 if start and end and end > start else None
    gpus = {name for name in metrics if re.match(r"system/(?:.+/)?gpu_\d+_", str(name))}
    count = len({re.sub(r"(gpu_\d+_).*", r"\1", name) for name in gpus})
    private = {name: str(value) for name, value in (("user_id", info.get("user_id")), *tags.items()) if value}
    return Record(
        tool="mlflow", method="MLflow", boundary="accelerators", run=str(info.get("run_id") or ""), start=start, end=end, hours=hours,
        project=str(info.get("run_name") or ""), device_hours=hours * count if hours and count else None, private=private,
        file=source.short,
    )  # fmt: skip
