"""perun 0.4 to 1.0: its JSON, and the text report where there is nothing else.

A tree: application, runs, rounds, hosts, devices, sensors. Energy is J times ``mag``. Since 0.5 the energy of a round includes the
PUE of the settings and a constant for each host; that of hosts does not include the PUE. The metrics of an application are those
of its runs together, so only the runs are read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cardgen.importers.perun.report import read_report
from cardgen.problems import Placed, printable
from cardgen.records.entries import whole
from cardgen.records.fields import MAX_KWH, clock, json_number, quotable
from cardgen.records.record import Device, Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.streamed import MAX_RUNS, MOST_S, too_many_runs
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "perun", "perun", "perun_results/<application>.json, and its text report",
    "energy of processors, memory and GPUs by their own meters; time; the PUE that it was multiplied with; emissions",
    "where the run was: its emissions are those of a factor in the settings; HDF5 and pickle are not read",
    "https://perun.readthedocs.io/en/latest/",
)  # fmt: skip

HDF5 = b"\x89HDF\r\n\x1a\n"
JSON = re.compile(r'\s*\{\s*"id"\s*:')
BENCH = re.compile(r'\s*\[\s*\{\s*"name": "[^"\n]* - (?:RUNTIME|POWER|ENERGY|[A-Z]+_[A-Z]+)",\s*"unit"')
SAMPLES = ",run id,hostname,device_group,sensor,unit,magnitude,timestep,value"
COMPONENTS = {"gpu_energy": "accelerators", "cpu_energy": "processors", "dram_energy": "memory"}
UNITS = {"energy": "J", "runtime": "s", "co2": "g"}
FLOAT32 = 1e-4  # what sums of numbers with seven digits may differ by
EXPORT = "give the JSON instead: perun export <application> json"
NOTHING = "it found no meter of processors or GPUs: state hardware and duration in the run file, or measure where RAPL can be read"


def recognises(source: Source) -> bool:
    """Return whether a file is one of perun's: its tree as JSON or HDF5, its report, or an export that has no energy of a run."""
    head = source.head
    if source.start.startswith(HDF5) or head.lstrip("- \r\n").startswith("PERUN REPORT"):
        return True
    if JSON.match(head):
        return '"metadata"' in head and '"metrics"' in head and ('"metric_md"' in head or '"deviceType"' in head)
    return bool(BENCH.match(head)) or source.first_line == SAMPLES


def _read(source: Source, reading: Reading) -> None:
    if source.start.startswith(HDF5):
        message = "this is HDF5, in which perun keeps its samples: it is not read, the energy is read from JSON"
        raise Unreadable(Placed("CG501", message, hint=EXPORT))
    if source.first_line == SAMPLES or BENCH.match(source.head):
        what = "samples, and not the energy of a run" if source.first_line == SAMPLES else "means of rounds, and not how many there were"
        raise Unreadable(Placed("CG501", f"this export holds {what}", hint=EXPORT))
    if not JSON.match(source.head):
        read_report(source, reading, EXPORT, NOTHING)
        return
    tree = whole(source)
    metadata = _dict(tree, "metadata")
    if "creation_dt" not in metadata and "last_execution_dt" not in metadata:
        raise Unreadable(Placed("CG505", "this is not the tree of an application, as perun writes it since 0.4", hint=EXPORT))
    named = tree.get("id") if isinstance(tree, dict) else None
    project = named if isinstance(named, str) else ""
    for name, run in _nodes(tree):
        reading.rows += 1
        record = _run(name, run, project, source, reading)
        if record is not None:
            reading.records.append(record)
        if len(reading.records) > MAX_RUNS:
            raise too_many_runs(record.lines[0] if record else 1)
    _total(tree, reading)
    _missing(reading)


read = each(_read, TOOL)


def _dict(node: object, key: str) -> Mapping[str, Any]:
    value = node.get(key) if isinstance(node, dict) else None
    return value if isinstance(value, dict) else {}


def _nodes(node: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the nodes below a node; they stand in an object, and in a list around it."""
    below = node.get("nodes") if isinstance(node, dict) else None
    for group in below if isinstance(below, list) else [below]:
        for name, child in group.items() if isinstance(group, dict) else ():
            if isinstance(child, dict):
                yield name, child


def _metric(node: object, name: str) -> float | None:
    """Return a metric of a node in its plain unit, the sum where there are several; None where there is none.

    Raises Unreadable when its unit or its value is not what the metric has.
    """
    metric = _dict(_dict(node, "metrics"), name)
    if not metric:
        return None
    meaning = _dict(metric, "metric_md")
    unit, scale = meaning.get("unit"), json_number(meaning.get("mag"))
    wanted = UNITS.get(name, "J")
    if unit != wanted or scale is None or scale <= 0:
        shown = quotable(f"{meaning.get('mag')} {unit}")
        raise Unreadable(Placed("CG503", f"{name}: {shown} is not its unit, expected {wanted} with a magnitude", hint=EXPORT))
    text = metric.get("sum", metric.get("value"))
    value = json_number(text)
    if value is None and text is not None and not (isinstance(text, float) and math.isnan(text)):
        raise Unreadable(Placed("CG503", f"{name}: {quotable(str(text))} is not a number", hint=EXPORT))
    return value * scale if value is not None and value >= 0 else None  # -1 stands where nothing was read


def _run(name: str, run: Mapping[str, Any], project: str, source: Source, reading: Reading) -> Record | None:
    """Return what a run of the application used, all its rounds together; None where its numbers contradict each other."""
    metadata, line = _dict(run, "metadata"), source.line_of(f'"{name}"')
    version = str(metadata.get("perun_version") or "")
    reading.version = reading.version or version
    energy, seconds, grams = (_metric(run, metric) for metric in ("energy", "runtime", "co2"))
    has_pue = grams is not None or _number(version) >= (0, 5)
    pue = json_number(metadata.get("post-processing.pue")) if has_pue else 1.0
    for metric, value, most in (("energy", energy, MAX_KWH * 3.6e6), ("runtime", seconds, MOST_S), ("the PUE", pue, 5.0)):
        if value is not None and value > most:
            reading.fault("CG503", line, f"{metric}: {value:.6g} is more than any run has", "write or copy the file again")
            return None
    wrong = _contradiction(run, energy, pue)
    if wrong:
        reading.fault("CG504", line, f"{printable(name, 60)}: {wrong}", "write or copy the file again")
        return None
    if pue is None and energy:
        message = f"{printable(name, 60)}: the PUE of the settings is missing: the energy may include one"
        reading.warn("CG521", line, message, "look at pue in the settings of perun")
    factor = pue or 1.0
    parts = {part: value * factor / 3.6e6 for metric, part in COMPONENTS.items() if (value := _sum(run, metric))}
    overhead = json_number(metadata.get("post-processing.power_overhead"))
    start = clock(str(metadata.get("execution_dt") or name))
    devices = _devices(run)
    gpus = sum(device.count or 0 for device in devices)
    hosts = sorted({host for _, part in _nodes(run) for host, _ in _nodes(part)})
    return Record(
        tool="perun", run=f"{project} {name}".strip(), project=project, method=f"perun {version}".strip(),
        energy_kwh=energy / 3.6e6 if energy else None, boundary=_boundary(parts, factor), basis="measured",
        reason=_reason(parts, overhead if has_pue else None), pue=pue if factor > 1 and energy else None,
        emissions_kg=grams / 1000 if grams and energy else None, start=start, end=start + seconds if start and seconds else None,
        hours=seconds / 3600 if seconds else None, device_hours=seconds * gpus / 3600 if seconds and gpus else None, devices=devices,
        components=parts if energy else {}, host=tuple(hosts),
        private={"host": " ".join(hosts)} if hosts else {}, file=source.short, lines=(line,),
    )  # fmt: skip


def _boundary(parts: Mapping[str, float], factor: float) -> str:
    if factor > 1:
        return "facility"
    return "accelerators" if set(parts) == {"accelerators"} else "node"


def _reason(parts: Mapping[str, float], overhead: float | None) -> str:
    """Return which meters the energy is from, and what the settings added to it."""
    if not parts:
        return ""
    words = f"{', '.join(parts)} by their own meters"
    return f"{words}, and {overhead:g} W for each host from the settings" if overhead else words


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _sum(run: object, metric: str) -> float | None:
    """Return a metric of a run, from its rounds where the run itself has none."""
    value = _metric(run, metric)
    if value is not None:
        return value
    below = [part for _, node in _nodes(run) if (part := _metric(node, metric)) is not None]
    return math.fsum(below) if below else None


def _contradiction(run: object, energy: float | None, pue: float | None) -> str:
    """Return how the energies in the tree of a run contradict each other: a run is its rounds, a round its hosts times the PUE."""
    rounds = [(name, node, _metric(node, "energy")) for name, node in _nodes(run)]
    values = [value for _, _, value in rounds if value is not None]
    if values and (energy is None or not math.isclose(math.fsum(values), energy, rel_tol=FLOAT32)):
        return f"the energy is {energy or 0:.6g} J, and that of its rounds {math.fsum(values):.6g} J together"
    if energy and rounds and len(values) < len(rounds):
        return f"{len(rounds) - len(values)} of its {len(rounds)} rounds have no energy"
    for name, node, value in rounds:
        hosts = [host for _, part in _nodes(node) if (host := _metric(part, "energy")) is not None]
        whole = math.fsum(hosts) * (pue or 1)
        if value is not None and pue is not None and hosts and not math.isclose(whole, value, rel_tol=FLOAT32):
            return f"round {printable(name, 40)} used {value:.6g} J, and its hosts {whole:.6g} J together, with a PUE of {pue:g}"
    return ""


def _devices(run: object) -> tuple[Device, ...]:
    """Return the GPUs whose power was read in the first round, by name."""
    counts: dict[str, int] = {}
    first = next((node for _, node in _nodes(run)), None)
    for _, host in _nodes(first):
        for _, group in _nodes(host):
            for name, sensor in _nodes(group):
                model = _dict(sensor, "metadata").get("name")
                if name.endswith("_POWER") and sensor.get("deviceType") == "gpu" and isinstance(model, str):
                    counts[model] = counts.get(model, 0) + 1
    return tuple(Device(model, count) for model, count in sorted(counts.items()))


def _total(tree: object, reading: Reading) -> None:
    """Check the energy of the application against that of its runs: one that is missing shows there."""
    total = _metric(tree, "energy")
    found = math.fsum(record.energy_kwh or 0 for record in reading.records) * 3.6e6
    if total is not None and not reading.is_refused and not math.isclose(total, found, rel_tol=FLOAT32):
        message = f"the application used {total:.6g} J, and its runs {found:.6g} J together"
        reading.fault("CG504", 1, message, "write or copy the file again")


def _missing(reading: Reading) -> None:
    """Refuse a file without energy; name the runs that have none in one with energy."""
    without = [record for record in reading.records if record.energy_kwh is None]
    if reading.is_refused or (reading.records and not without):
        return
    if len(without) == len(reading.records):
        line = without[0].lines[0] if without else 1
        reading.fault("CG501", line, "perun read no energy", NOTHING)
        return
    for record in without:
        reading.note("skipped", record.lines[0], "the run has no energy")
        reading.warn("CG510", record.lines[0], "the run has no energy: it is left out", NOTHING)
