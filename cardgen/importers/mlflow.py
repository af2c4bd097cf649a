"""System metrics of MLflow: the metric files of a file store, the history of metrics as CSV or JSON, and ``to_dictionary()`` of a run.

Power is W under ``system/gpu_N_power_usage_watts``, time is ms since 1970. Each value is the mean of the readings since the one before.
A metric file says nothing of the metric: its name is read from the name of the file, as MLflow does. The files of one run are one run.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cardgen.problems import Placed
from cardgen.records.entries import whole
from cardgen.records.fields import is_missing, json_number, number, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.samples import MAX_DEVICE_W, Samples
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import Table, warn_of_cut_line
from cardgen.records.tool import Tool

TOOL = Tool(
    "mlflow", "MLflow system metrics", "metrics/system/gpu_N_power_usage_watts, get_metric_history as CSV, run.to_dictionary() as JSON",
    "power of each GPU over time, from which the energy of the GPUs follows; the time of a run",
    "processors, memory and the rest of the machine; names of the GPUs; runs that logged no GPU",
    "https://mlflow.org/docs/latest/ml/tracking/system-metrics/",
)  # fmt: skip

KEY = re.compile(r"system/(?:(.+)/)?gpu_(\d{1,3})_power_usage_watts")
FILE = re.compile(r"gpu_(\d{1,3})_power_usage_watts")
LINE = re.compile(r"(\d{13}) (-?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?|nan) (-?\d{1,12})(?: [^ ]+){0,2}", re.IGNORECASE)
HISTORY = {"key", "step", "timestamp", "value"}
AGAIN = "write or copy the file again, or leave the line out"
EXPORT = "write client.get_metric_history(run_id, key) of each system/gpu_N_power_usage_watts to a CSV with key, step, timestamp, value"
SILENT = "MLflow logs power with nvidia-ml-py or pyrsmi installed; state hardware and duration in the run file"


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


class _Values:
    """The values of all metrics of a run that are the power of a GPU."""

    def __init__(self, reading: Reading, samples: Samples) -> None:
        self.reading, self.samples = reading, samples
        self.origin: int | None = None
        self.first = self.last = None  # ms, of all metrics
        self.steps: dict[object, int] = {}
        self.is_raw, self.odd_line, self.odd = False, 0, ""

    def time(self, time_ms: int) -> None:
        """Learn the time of any metric of the run."""
        self.first = time_ms if self.first is None else min(self.first, time_ms)
        self.last = time_ms if self.last is None else max(self.last, time_ms)

    def add(self, device: object, time_ms: int, text: str, step: int | None, line: int, where: str = "") -> None:
        """Add a value of the power of a GPU."""
        if self.origin is None:
            self.origin = time_ms
            self.samples.origin = time_ms / 1000
        self.time(time_ms)
        if is_missing(text):
            self.reading.note("skipped", line, f"the power is not a value{where}")
            self.reading.warn("CG510", line, f"the power is missing{where}: the values beside stand for it")
            return
        watts = number(text)
        if watts is None or not 0 <= watts <= MAX_DEVICE_W:
            self.reading.fault("CG503", line, f"{quotable(text)} is not the power of one GPU in W{where}", AGAIN)
            return
        self.is_raw = self.is_raw or text.endswith(".0")
        if "." not in text and "e" not in text and not self.odd_line:
            self.odd_line, self.odd = line, text
        if step is not None:
            before = self.steps.get(device)
            if before is not None and step > before + 1:
                self.reading.warn("CG510", line, f"the steps {before + 1} to {step - 1} are missing before this line{where}")
            self.steps[device] = step
        self.samples.add(device, (time_ms - self.origin) / 1000, watts, line)

    def report(self) -> None:
        """Say what is odd about all values together: MLflow writes each with a decimal point."""
        if self.is_raw and self.odd_line:
            message = f'the value "{self.odd}" has no decimal point, as the others have'
            self.reading.fault("CG503", self.odd_line, message, "fields may have moved: " + AGAIN)


def _record(source: Source, values: _Values, summary: Any, **more: Any) -> Record:
    """Return the run of some values; a run without any still says how long it took."""
    hours, start, end = summary.hours, summary.start, summary.end
    if hours is None and values.first is not None and values.last > values.first:
        start, end = values.first / 1000, values.last / 1000
        hours = (end - start) / 3600
    known = {
        "start": start, "end": end, "hours": hours, "device_hours": summary.device_hours, "energy_kwh": summary.energy_kwh,
        "components": {"accelerators": summary.energy_kwh} if summary.energy_kwh is not None else {},
        "reason": summary.reason("GPUs by their own meter, means of readings") if summary.energy_kwh is not None else "",
        "basis": summary.basis, "file": source.short, "lines": summary.lines, **more,
    }  # fmt: skip
    return Record(tool=TOOL.name, method="MLflow system metrics", boundary="accelerators", **known)


def _read_files(files: Sequence[Source], reading: Reading, samples: Samples) -> None:
    """Read the metric files of one run: one for each GPU."""
    values, nodes, numbers = _Values(reading, samples), set(), set()
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
        _record(
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


def _folder(source: Source) -> object:
    """Return the folder of the run that a metric file lies in."""
    parts = source.path.parts
    return parts[: len(parts) - 1 - parts[::-1].index("metrics")] if "metrics" in parts[:-1] else source.path.parent


def _run(source: Source) -> str:
    """Return the id of the run, which names the folder of a run in a file store."""
    folder = _folder(source)
    name = folder[-1] if isinstance(folder, tuple) and folder else ""
    return name if re.fullmatch(r"[0-9a-f]{32}", name) else ""


def _read_history(files: Sequence[Source], reading: Reading, samples: Samples) -> None:
    """Read a history of metrics as a table."""
    source = files[0]
    table, values = Table(source, reading), _Values(reading, samples)
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


def _add(values: _Values, device: object, key: str, time_ms: int, text: str, step: int, line: int) -> None:
    if KEY.fullmatch(key):
        values.add(device, time_ms, text, step, line)
    else:
        values.time(time_ms)


def _finish_history(source: Source, reading: Reading, values: _Values, runs: set[str], keys: set[str]) -> None:
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
    reading.records.append(_record(source, values, summary, run=next(iter(runs)) if len(runs) == 1 else "", **more))


def _read_json(files: Sequence[Source], reading: Reading, samples: Samples) -> None:
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
    values, runs, keys = _Values(reading, samples), set(), set()
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
        tool=TOOL.name, method="MLflow", boundary="accelerators", run=str(info.get("run_id") or ""), start=start, end=end, hours=hours,
        project=str(info.get("run_name") or ""), device_hours=hours * count if hours and count else None, private=private,
        file=source.short,
    )  # fmt: skip


def read(files: Sequence[Source]) -> list[Reading]:
    """Return a reading of each file; the metric files of one run are one."""
    groups: dict[object, list[Source]] = defaultdict(list)
    for source in files:
        groups[_folder(source) if LINE.fullmatch(source.first_line.strip()) else source.name].append(source)
    return [_reading(sorted(group, key=lambda source: (len(source.name), source.name))) for group in groups.values()]


def _reading(group: list[Source]) -> Reading:
    """Return the reading of files that belong together, read again with samples kept when they are out of order."""
    head = group[0].head.lstrip()[:1]
    step: Callable[[Sequence[Source], Reading, Samples], None] = (
        _read_files if LINE.fullmatch(group[0].first_line.strip()) else _read_json if head in ("{", "[") else _read_history
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
