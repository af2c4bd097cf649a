"""Scrapes of NVIDIA's DCGM exporter, Prometheus text: counters of energy, or power with time stamps.

``DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION`` is mJ since boot: the energy of a GPU is its last value less its first, over two or more
scrapes in one file or several. Scrapes in one file stand in the order of time. Files without time stamps are ordered by their counters.
Parts of a GPU (MIG) and containers that share one repeat its counter: it counts once. All nodes are added.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cardgen.problems import printable
from cardgen.records.fields import number
from cardgen.records.record import Device, Reading, Record
from cardgen.records.samples import J_PER_KWH, MAX_DEVICE_W, Samples
from cardgen.records.source import Source
from cardgen.records.table import warn_of_cut_line
from cardgen.records.tool import Tool

TOOL = Tool(
    "dcgm", "DCGM exporter", "two or more scrapes of /metrics, such as curl -s localhost:9400/metrics > start.prom",
    "energy of each GPU between two scrapes, by its own counter; names of the GPUs",
    "processors, memory and the rest of the machine; when a scrape was taken, unless it has time stamps",
    "https://docs.nvidia.com/datacenter/dcgm/latest/reference/dcgm-exporter-metrics.html",
)  # fmt: skip

ENERGY = ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "dcgm_total_energy_consumption")
POWER = ("DCGM_FI_DEV_POWER_USAGE", "dcgm_power_usage")
OURS = re.compile(
    r"(?:# (?:HELP|TYPE) )?(?:DCGM_(?:FI|EXP)_\w+|dcgm_(?:total_energy_consumption|power_usage|gpu_temp|sm_clock))(?:\{| [a-zA-Z])"
)
LINE = re.compile(r'([A-Za-z_:][\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s+(\S+)(?:\s+(\d{1,16}(?:\.\d{1,9})?))?')
LABEL = re.compile(r'\s*([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"\s*(?:,|$)')
UNIT = re.compile(r"\(in (\w+)\)")
BLANK_MJ, BLANK_W = 9.2e18, 1.4e14  # what DCGM writes where there is no value, and above
AGAIN = "scrape again, or leave the line out"
TWO = "scrape once before the run and once after it, and give both: curl -s localhost:9400/metrics > end.prom"
Key = tuple[str, str]  # host, uuid


def recognises(source: Source) -> bool:
    """Return whether one of the first lines is a metric of DCGM, as its exporter writes them."""
    return any(OURS.match(line) and (line[0] == "#" or "{" in line) for line in source.head.splitlines()[:400])


@dataclass
class _Scrape:
    """What a scrape says of each GPU: its counter in mJ and its power in W, each with its line."""

    energy: dict[Key, tuple[float, int]] = field(default_factory=dict)
    power: dict[Key, tuple[float, int]] = field(default_factory=dict)
    time: float | None = None  # s since 1970
    line: int = 1
    seen: set[str] = field(default_factory=set)


class _Reader:
    """Reads scrapes; ``names`` are the models of the GPUs."""

    def __init__(self, reading: Reading, several: bool) -> None:
        self.reading, self.several = reading, several
        self.names: dict[Key, str] = {}
        self.blank: dict[Key, int] = {}
        self.timed: bool | None = None

    def scrapes(self, source: Source) -> Iterator[_Scrape]:
        """Yield the scrapes of a file; one begins where a metric is described, or a series stands, that it has already."""
        scrape, line, cut = _Scrape(), 0, 0
        where = f" ({source.short})" if self.several else ""
        for line, text in source.lines():
            text = text.strip()
            if cut:
                self.reading.fault("CG503", cut, f"this is not a line of Prometheus text{where}", AGAIN)
                cut = 0
            if not text:
                continue
            if text.startswith("#"):
                words = text.split(maxsplit=3)
                if len(words) < 3 or words[2] not in ENERGY + POWER or words[1] not in ("HELP", "TYPE"):
                    continue
                unit = UNIT.search(text) if words[1] == "HELP" else None
                if unit and unit[1] != ("mJ" if words[2] in ENERGY else "W"):
                    self.reading.fault("CG504", line, f"the unit of {words[2]} is {printable(unit[1], 20)} here{where}", AGAIN)
                series, is_new = " ".join(words[1:3]), False
            else:
                found = LINE.fullmatch(text)
                if not found:
                    cut = line
                    continue
                if found[1] not in ENERGY + POWER:
                    continue
                series, is_new = f"{found[1]}{{{found[2]}}}", bool(found[4]) and scrape.time not in (None, _time(found[4]))
            if series in scrape.seen or is_new:
                yield scrape
                scrape = _Scrape(line=line)
            scrape.seen.add(series)
            if not text.startswith("#"):
                self.reading.rows += 1
                self._add(found, scrape, line, where)
        if cut and not source.ends_in_newline:
            self.reading.note("skipped", cut, f"the last line is cut{where}")
            self.reading.warn("CG519", cut, f"the last line is cut: it is left out{where}", "scrape again")
        elif cut:
            self.reading.fault("CG503", cut, f"this is not a line of Prometheus text{where}", AGAIN)
        elif line and not source.ends_in_newline:
            warn_of_cut_line(self.reading, line)
        if scrape.energy or scrape.power:
            yield scrape

    def _add(self, found: re.Match[str], scrape: _Scrape, line: int, where: str) -> None:
        """Add a counter or a power to a scrape; says where it is none."""
        labels = _labels(found[2] or "")
        uuid = (labels or {}).get("uuid", "")
        value = number(found[3])
        if labels is None or not re.fullmatch(r"(?:GPU|MIG)-[0-9A-Za-z/-]+", uuid):
            self.reading.fault("CG503", line, f"the labels do not say which GPU this is: a UUID is missing{where}", AGAIN)
            return
        key = (labels.get("hostname", ""), uuid)
        is_energy = found[1] in ENERGY
        if self.timed not in (None, bool(found[4])):
            self.reading.fault("CG504", line, f"some lines have a time stamp and others have none{where}", AGAIN)
        self.timed = bool(found[4])
        if found[4]:
            scrape.time = _time(found[4])
        if (value is None and found[3] in ("NaN", "nan")) or (value is not None and value >= (BLANK_MJ if is_energy else BLANK_W)):
            self.reading.note("skipped", line, f"the value is blank: the GPU does not tell it{where}")
            if is_energy:
                self.blank.setdefault(key, line)
            return
        if value is None or value < 0 or (not is_energy and value > MAX_DEVICE_W):
            unit = "mJ" if is_energy else "W"
            self.reading.fault("CG503", line, f'"{printable(found[3], 60)}" is not a value in {unit} of one GPU{where}', AGAIN)
            return
        if labels.get("modelname"):
            self.names.setdefault(key, labels["modelname"])
        values = scrape.energy if is_energy else scrape.power
        known = values.setdefault(key, (value, line))
        if abs(known[0] - value) > 0.001 * max(known[0], value):
            message = f"one GPU has two values in one scrape, {known[0]:.10g} on line {known[1]} and {value:.10g}{where}"
            self.reading.fault("CG504", line, message, AGAIN)


def _time(text: str) -> float:
    """Return a time stamp in s since 1970: Prometheus writes ms, OpenMetrics s."""
    time = float(text)
    return time / 1000 if time > 1e11 else time


def _labels(text: str) -> dict[str, str] | None:
    """Return the labels of a series by their names in small letters, None where they are none.

    >>> _labels('gpu="0",UUID="GPU-1"'), _labels('gpu=0')
    ({'gpu': '0', 'uuid': 'GPU-1'}, None)
    """
    labels, at = {}, 0
    while at < len(text):
        found = LABEL.match(text, at)
        if not found or found[1].lower() in labels:
            return None
        labels[found[1].lower()], at = found[2], found.end()
    return labels


def _in_order(files: list[list[_Scrape]], reading: Reading) -> list[_Scrape]:
    """Return the scrapes of all files in the order of time: by their time stamps, else by their counters.

    Where the files are given in another order than their counters, the counters may have begun anew: that is said.
    """
    every = [scrape for scrapes in files for scrape in scrapes]
    if every and all(scrape.time is not None for scrape in every):
        return sorted(every, key=lambda scrape: scrape.time or 0.0)
    sums = [[value for value, _ in scrapes[0].energy.values()] if scrapes else [] for scrapes in files]
    order = sorted(range(len(files)), key=lambda index: (sum(sums[index]), index))
    for a, b in zip(order, order[1:]):
        first, second = files[a], files[b]
        if _falls(first, second):
            message = "the counters of some GPUs rise from file to file and others fall: the order of the scrapes cannot be told"
            reading.fault("CG504", second[0].line, message, "a node may have been restarted in between: " + TWO)
            return []
    if any(_falls(first, second) for index, first in enumerate(files) for second in files[index + 1 :]):
        message = "the scrapes have no time stamps: the larger counters are taken as the later ones, against the order of the files"
        reading.warn("CG518", 1, message, "if the node was restarted between them, the energy is wrong")
    return [scrape for index in order for scrape in files[index]]


def _falls(first: list[_Scrape], second: list[_Scrape]) -> bool:
    """Return whether a counter is lower where the second of two files begins than where the first ends."""
    if not first or not second:
        return False
    later = second[0].energy
    return any(key in later and later[key][0] < value for key, (value, _) in first[-1].energy.items())


def _from_counters(scrapes: list[_Scrape], reading: Reading) -> tuple[dict[Key, float], list[tuple[float, float]], set[int]]:
    """Return the energy of each GPU in J, the times of its first and last scrape, and the lines of the counters."""
    values: dict[Key, list[tuple[float, int, float | None]]] = defaultdict(list)
    for scrape in scrapes:
        for key, (value, line) in scrape.energy.items():
            values[key].append((value, line, scrape.time))
    energy: dict[Key, float] = {}
    spans, lines = [], set()
    most = max((len(found) for found in values.values()), default=0)
    for key, found in values.items():
        if len(found) < 2:
            if most > 1:
                reading.warn("CG510", found[0][1], "this GPU stands in one scrape only: no energy is read for it", TWO)
            continue
        if len(found) < most:
            message = f"this GPU stands in {len(found)} of {most} scrapes: what it used outside of them is missing"
            reading.warn("CG510", found[0][1], message)
        total = 0.0
        for (before, *_), (value, line, _) in zip(found, found[1:]):
            if value < before:
                message = f"the counter falls from {before:.10g} to {value:.10g} mJ: the node was restarted, or the lines were moved"
                if len(found) < 10:
                    reading.fault("CG504", line, message, "give scrapes from before and after each part of the run")
                else:
                    reading.warn("CG518", line, message + "; what was used up to the restart is missing")
            total += value - before if value >= before else value
        energy[key] = total / 1000
        lines.update(line for _, line, _ in found)
        first, last = found[0][2], found[-1][2]
        if first is not None and last is not None and last > first:
            spans.append((first, last))
            if energy[key] / (last - first) > MAX_DEVICE_W:
                message = f"the counter rises by {energy[key]:.6g} J in {last - first:.6g} s, more than any GPU draws"
                reading.fault("CG504", found[-1][1], message, AGAIN)
        if not total:
            reading.warn("CG510", found[-1][1], "the counter of this GPU did not move: the same scrape twice?", TWO)
    return energy, spans, lines


def _from_power(scrapes: list[_Scrape], reading: Reading) -> tuple[Samples, int]:
    """Return the samples of power of the scrapes that have a time stamp, and how many scrapes have power."""
    timed = [scrape for scrape in scrapes if scrape.power and scrape.time is not None]
    for keep in (False, True):
        samples = Samples(keep, stops=False)
        samples.origin = timed[0].time or 0.0 if timed else 0.0
        for scrape in timed:
            for key, (value, line) in scrape.power.items():
                samples.add(key, (scrape.time or 0.0) - samples.origin, value, line)
        if samples.are_in_order:
            break
    return samples, sum(bool(scrape.power) for scrape in scrapes)


def read(sources: Sequence[Source]) -> list[Reading]:
    """Return one reading of all files: scrapes belong together."""
    if not sources:
        return []
    reading = Reading(sources[0].name, TOOL.name)
    reader = _Reader(reading, len(sources) > 1)
    files = [list(reader.scrapes(source)) for source in sources]
    has_counters = any(scrape.energy for scrapes in files for scrape in scrapes)
    scrapes = _in_order(files, reading) if has_counters else [scrape for scrapes in files for scrape in scrapes]
    energy, spans, lines = _from_counters(scrapes, reading)
    reason = "GPUs by the counter of energy in their driver"
    total = sum(energy.values()) / J_PER_KWH
    start = min((first for first, _ in spans), default=None)
    end = max((last for _, last in spans), default=None)
    hours = (end - start) / 3600 if start is not None and end is not None else None
    device_hours = sum(last - first for first, last in spans) / 3600 if spans and len(spans) == len(energy) else None
    basis, keys = "measured", list(energy)
    if not has_counters:
        samples, count = _from_power(scrapes, reading)
        summary = samples.summary(reading)
        total, start, end, hours = summary.energy_kwh or 0.0, summary.start, summary.end, summary.hours
        lines = set(summary.lines)
        device_hours, basis, keys = summary.device_hours, summary.basis, [key for key in samples.devices if isinstance(key, tuple)]
        reason = summary.reason() if total else ""
        if not total and not reading.is_refused:
            message = "the scrapes hold no counter of energy, and power without time stamps" if count else "the scrapes hold no energy"
            reading.fault("CG501", min(reader.blank.values(), default=1), message, TWO)
    elif not total and not reading.is_refused:
        message = "the counter holds all energy since the node was started: one scrape says nothing of a run"
        reading.fault("CG501", 1, message, TWO)
    for key, line in reader.blank.items():
        if key not in energy and has_counters:
            reading.warn("CG510", line, "the counter of this GPU is blank: no energy is read for it")
    hosts = sorted({host for host, _ in (keys or reader.names)} - {""})
    counts = Counter(reader.names[key] for key in (keys or reader.names) if key in reader.names)
    reading.records.append(
        Record(
            tool=TOOL.name, method="DCGM exporter", energy_kwh=total or None, boundary="accelerators", basis=basis,
            reason=reason if total else "", start=start, end=end, hours=hours, device_hours=device_hours,
            devices=tuple(Device(name, count) for name, count in counts.items()), host=tuple(sorted({uuid for _, uuid in keys})),
            private={"hosts": ", ".join(hosts)} if hosts else {}, components={"accelerators": total} if total else {},
            file=", ".join(source.short for source in sources), lines=tuple(sorted({min(lines), max(lines)})) if lines else (),
        )
    )  # fmt: skip
    return [reading]
