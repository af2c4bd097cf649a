"""Scrapes of a file of Prometheus text: one begins where a metric is described, or a series stands, that it has already."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cardgen.problems import Placed
from cardgen.records.fields import number, quotable
from cardgen.records.record import Reading
from cardgen.records.samples import MAX_DEVICE_W
from cardgen.records.source import LOG_LINE, Source, Unreadable
from cardgen.records.table import warn_of_cut_line

ENERGY = ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "dcgm_total_energy_consumption")
POWER = ("DCGM_FI_DEV_POWER_USAGE", "dcgm_power_usage")
LINE = re.compile(r'([A-Za-z_:][\w:]*)(?:\{([^"}]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^"}]*)*)\})?\s+(\S+)(?:\s+(\d{1,16}(?:\.\d{1,9})?))?')
LABEL = re.compile(r'\s*([A-Za-z_]\w*)="([^"\\]*(?:\\.[^"\\]*)*)"\s*(?:,|$)')
UNIT = re.compile(r"\(in (\w+)\)")
UUID = re.compile(r"(?:GPU|MIG)-[0-9A-Za-z/-]+")
BLANK_MJ, BLANK_W = 9.2e18, 1.4e14  # what DCGM writes where there is no value, and above
AGAIN = "scrape again, or leave the line out"
Key = tuple[str, str]  # host, uuid


@dataclass
class Scrape:
    """What a scrape says of each GPU: its counter in mJ and its power in W, each with its line."""

    energy: dict[Key, tuple[float, int]] = field(default_factory=dict)
    power: dict[Key, tuple[float, int]] = field(default_factory=dict)
    time: float | None = None  # s since 1970
    line: int = 1
    seen: set[str] = field(default_factory=set)


class Reader:
    """Reads scrapes; ``names`` are the models of the GPUs, ``blank`` those without a value and the line that says so."""

    def __init__(self, reading: Reading, several: bool) -> None:
        self.reading, self.several = reading, several
        self.names: dict[Key, str] = {}
        self.blank: dict[Key, int] = {}
        self.timed: bool | None = None
        self._keys: dict[str, Key | None] = {}

    def scrapes(self, source: Source) -> Iterator[Scrape]:
        """Yield the scrapes of a file; raises Unreadable at a line that is too long."""
        scrape, line, cut = Scrape(), 0, 0
        where = f" ({source.short})" if self.several else ""
        for line, text in source.lines():
            text = text.strip()
            if cut:
                self.reading.fault("CG503", cut, f"this is not a line of Prometheus text{where}", AGAIN)
                cut = 0
            if not text:
                continue
            if len(text) > LOG_LINE:
                message = f"the line has more than {LOG_LINE:,} characters, as no metric has"
                raise Unreadable(Placed("CG505", message, (), AGAIN, "error", line))
            if text.startswith("#"):
                series, is_new = self._described(text, line, where), False
                if not series:
                    continue
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
                scrape = Scrape(line=line)
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

    def _described(self, text: str, line: int, where: str) -> str:
        """Return what a comment describes, "" where it is none of the metrics that are read; says where its unit is another."""
        words = text.split(maxsplit=3)
        if len(words) < 3 or words[2] not in ENERGY + POWER or words[1] not in ("HELP", "TYPE"):
            return ""
        unit = UNIT.search(text) if words[1] == "HELP" else None
        if unit and unit[1] != ("mJ" if words[2] in ENERGY else "W"):
            self.reading.fault("CG504", line, f"the unit of {words[2]} is {quotable(unit[1])} here{where}", AGAIN)
        return " ".join(words[1:3])

    def _key(self, text: str) -> Key | None:
        """Return the GPU that labels name, None where they name none."""
        if text not in self._keys:
            if len(self._keys) >= 10_000:
                self._keys.clear()
            found = labels(text) or {}
            uuid = found.get("uuid", "")
            key = (found.get("hostname", ""), uuid) if UUID.fullmatch(uuid) else None
            if key and found.get("modelname"):
                self.names.setdefault(key, found["modelname"])
            self._keys[text] = key
        return self._keys[text]

    def _add(self, found: re.Match[str], scrape: Scrape, line: int, where: str) -> None:
        """Add a counter or a power to a scrape; says where it is none."""
        key, value, is_energy = self._key(found[2] or ""), number(found[3]), found[1] in ENERGY
        if key is None:
            self.reading.fault("CG503", line, f"the labels do not say which GPU this is: a UUID is missing{where}", AGAIN)
            return
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
            self.reading.fault("CG503", line, f"{quotable(found[3])} is not a value in {unit} of one GPU{where}", AGAIN)
            return
        values = scrape.energy if is_energy else scrape.power
        known = values.setdefault(key, (value, line))
        if abs(known[0] - value) > 0.001 * max(known[0], value):
            message = f"one GPU has two values in one scrape, {known[0]:.10g} on line {known[1]} and {value:.10g}{where}"
            self.reading.fault("CG504", line, message, AGAIN)


def _time(text: str) -> float:
    """Return a time stamp in s since 1970: Prometheus writes ms, OpenMetrics s."""
    time = float(text)
    return time / 1000 if time > 1e11 else time


def labels(text: str) -> dict[str, str] | None:
    """Return the labels of a series by their names in small letters, None where they are none.

    >>> labels('gpu="0",UUID="GPU-1"'), labels('gpu=0')
    ({'gpu': '0', 'uuid': 'GPU-1'}, None)
    """
    found, at = {}, 0
    while at < len(text):
        label = LABEL.match(text, at)
        if not label or label[1].lower() in found:
            return None
        found[label[1].lower()], at = label[2], label.end()
    return found
