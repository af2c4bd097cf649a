"""Scrapes of NVIDIA's DCGM exporter, Prometheus text: counters of energy, or power with time stamps.

``DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION`` is mJ since boot: the energy of a GPU is its last value less its first, over two or more
scrapes in one file or several. Scrapes in one file stand in the order of time. Files without time stamps are ordered by their counters.
Parts of a GPU (MIG) and containers that share one repeat its counter: it counts once. All nodes are added.
"""

from __future__ import annotations

import re
from collections import Counter as Count
from collections.abc import Sequence
from dataclasses import replace

from cardgen.importers.dcgm.counters import TWO, Counter, File, Kept, energies, joined
from cardgen.importers.dcgm.scrapes import Key, Reader
from cardgen.records.record import Device, Reading, Record
from cardgen.records.samples import J_PER_KWH, Samples
from cardgen.records.source import Source, Unreadable
from cardgen.records.tool import Tool

TOOL = Tool(
    "dcgm", "DCGM exporter", "two or more scrapes of /metrics, such as curl -s localhost:9400/metrics > start.prom",
    "energy of each GPU between two scrapes, by its own counter; names of the GPUs",
    "processors, memory and the rest of the machine; when a scrape was taken, unless it has time stamps",
    "https://docs.nvidia.com/datacenter/dcgm/latest/reference/dcgm-exporter-metrics.html",
)  # fmt: skip

OURS = re.compile(
    r"(?:# (?:HELP|TYPE) )?(?:DCGM_(?:FI|EXP)_\w+|dcgm_(?:total_energy_consumption|power_usage|gpu_temp|sm_clock))(?:\{| [a-zA-Z])"
)
REASON = "GPUs by the counter of energy in their driver, from the first scrape to the last"


def recognises(source: Source) -> bool:
    """Return whether one of the first lines is a metric of DCGM, as its exporter writes them."""
    return any(OURS.match(line) and (line[0] == "#" or "{" in line) for line in source.head.splitlines()[:400])


class _Read:
    """What the scrapes of all files say: the counters of each file, and the power where no counter stands."""

    def __init__(self, sources: Sequence[Source], keep: bool) -> None:
        self.reading = Reading(sources[0].name, TOOL.name)
        self.reader = Reader(self.reading, len(sources) > 1)
        self.files: list[File] = []
        self.kept: dict[Key, Kept] | None = {} if keep else None
        self.samples = Samples(keep, stops=False)
        self.has_counters, self.with_power = False, 0
        for source in sources:
            file = File()
            self.files.append(file)
            try:
                self._add(source, file)
            except Unreadable as error:
                where = f" ({source.short})" if len(sources) > 1 else ""
                self.reading.problems.append(replace(error.problem, message=error.problem.message + where))
                return

    def _add(self, source: Source, file: File) -> None:
        for scrape in self.reader.scrapes(source):
            self.has_counters = self.has_counters or bool(scrape.energy)
            file.add(scrape, self.kept)
            self.with_power += bool(scrape.power)
            if scrape.time is None or self.has_counters:
                continue
            if not self.samples.devices:
                self.samples.origin = scrape.time
            for key, (value, line) in scrape.power.items():
                self.samples.add(key, scrape.time - self.samples.origin, value, line)

    def counters(self) -> dict[Key, Counter]:
        """Return the counter of each GPU over all files."""
        if self.kept is not None and all(file.is_timed for file in self.files):
            return {key: kept.in_order() for key, kept in self.kept.items()}
        return joined(self.files, self.reading)


def read(sources: Sequence[Source]) -> list[Reading]:
    """Return one reading of all files: scrapes belong together."""
    if not sources:
        return []
    found = _Read(sources, keep=False)
    counters = found.counters()
    if not all(counter.is_ordered for counter in counters.values()) or not (found.has_counters or found.samples.are_in_order):
        found = _Read(sources, keep=True)
        counters = found.counters()
    names = ", ".join(source.short for source in sources)
    record = _by_counters(found, counters) if found.has_counters else _by_power(found)
    found.reading.records.append(replace(record, file=names))
    return [found.reading]


def _by_counters(found: _Read, counters: dict[Key, Counter]) -> Record:
    """Return the record of counters of energy."""
    reading, energy = found.reading, energies(counters, found.reading)
    used = [counters[key] for key in energy]
    total = sum(energy.values()) / J_PER_KWH
    if not total and not reading.is_refused:
        message = "the counter holds all energy since the node was started: one scrape says nothing of a run"
        reading.fault("CG501", 1, message, TWO)
    for key, line in found.reader.blank.items():
        if key not in energy:
            reading.warn("CG510", line, "the counter of this GPU is blank: no energy is read for it")
    times = [(counter.first.time, counter.last.time) for counter in used]
    spans = [(first, last) for first, last in times if first is not None and last is not None and last > first]
    start, end = min((first for first, _ in spans), default=None), max((last for _, last in spans), default=None)
    reason, most = REASON, max(used, key=lambda counter: counter.count, default=None)
    if most and most.count > 2 and not spans:
        reason += "; pauses between runs that were scraped are counted"
        message = f"{most.count:,} scrapes without time stamps: all between the first and the last is counted, pauses between runs as well"
        reading.note("merged", most.last.line, message)
    return _record(
        found, list(energy), total, reason=reason if total else "", basis="measured", start=start, end=end,
        hours=(end - start) / 3600 if start is not None and end is not None else None,
        device_hours=sum(last - first for first, last in spans) / 3600 if spans and len(spans) == len(energy) else None,
        lines=tuple(sorted({min(c.first.line for c in used), max(c.last.line for c in used)})) if used else (),
    )  # fmt: skip


def _by_power(found: _Read) -> Record:
    """Return the record of power with time stamps."""
    reading, summary = found.reading, found.samples.summary(found.reading)
    total = summary.energy_kwh or 0.0
    if not total and not reading.is_refused:
        has_power = bool(found.with_power)
        message = "the scrapes hold no counter of energy, and power without time stamps" if has_power else "the scrapes hold no energy"
        reading.fault("CG501", min(found.reader.blank.values(), default=1), message, TWO)
    return _record(
        found, [key for key in found.samples.devices if isinstance(key, tuple)], total, reason=summary.reason() if total else "",
        basis=summary.basis, start=summary.start, end=summary.end, hours=summary.hours, device_hours=summary.device_hours,
        lines=summary.lines,
    )  # fmt: skip


def _record(found: _Read, keys: list[Key], total: float, **more: object) -> Record:
    """Return a record of some GPUs and their energy in kWh, with the names that their labels have."""
    names = found.reader.names
    hosts = sorted({host for host, _ in (keys or names)} - {""})
    counts = Count(names[key] for key in (keys or names) if key in names)
    return Record(
        tool=TOOL.name, method="DCGM exporter", energy_kwh=total or None, boundary="accelerators",
        devices=tuple(Device(name, count) for name, count in counts.items()), host=tuple(sorted({uuid for _, uuid in keys})),
        private={"hosts": ", ".join(hosts)} if hosts else {}, components={"accelerators": total} if total else {}, **more,
    )  # fmt: skip
