"""ai-impact-accounting (DIA) 0.1: ``dia_report`` in the front matter of a card, or as YAML alone.

Energy is kWh, emissions kgCO2eq, water L, rounded to 4 and 3 decimals. ``co2_eq_emissions`` of the same front matter is another
number, in grams, and never read here.
"""

from __future__ import annotations

import re
from typing import Any

from cardgen.loading import load
from cardgen.loading.document import Document
from cardgen.problems import Placed, printable
from cardgen.records.fields import MAX_KG, json_number, release
from cardgen.records.record import Device, Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "dia", "ai-impact-accounting (DIA)", "dia_report in the front matter of a model card",
    "energy, emissions and GPU hours of one step; whether they were measured",
    "digits beyond the fourth decimal; the PUE that may be inside; when it was",
    "https://github.com/VectorInstitute/ai-impact-accounting",
)  # fmt: skip

KEY = re.compile(r"^dia_report\s*:", re.MULTILINE)
CLOSING = re.compile(r"(?:---|\.\.\.)\s*")
MEASURED = ("measured",)
QUALITIES = (*MEASURED, "estimated-from-hardware", "estimated-from-region", "estimated-from-default-wue", "imputed", "unavailable")
TOOLS = ("codecarbon", "nvml", "dia-track-estimate")
STEPS = {"finetune": "fine-tuning", "lora": "fine-tuning", "qlora": "fine-tuning", "adapter": "fine-tuning", "distill": "fine-tuning"}
HALF_STEP_KWH = 0.00005  # the tool rounds to 4 decimals
TOLD = 0.01  # what rounding adds to the interval when it is more
CODE = re.compile(r"[A-Za-z]{2,3}")
HINT = "state hardware and duration in the run file, or give CodeCarbon's own file"


def recognises(source: Source) -> bool:
    """Return whether the key stands in front matter, or in YAML that the tool printed."""
    first = source.first_line.strip()
    if first == "---":
        matter = source.head.partition("---")[2]
        return KEY.search(re.split(r"^---[ \t]*\r?$", matter, maxsplit=1, flags=re.MULTILINE)[0]) is not None
    return re.match(r"dia_(?:version|report)\s*:", first) is not None


def _read(source: Source, reading: Reading) -> None:
    document, version = _block(source)
    reading.rows, reading.version = 1, version
    report = document.data.get("dia_report") if document.data else None
    problem = next((p for p in document.problems if p.severity == "error"), None)
    if problem is not None or not isinstance(report, dict):
        line = problem.line if isinstance(problem, Placed) else document.key_mark(("dia_report",))[0]
        message = f"dia_report cannot be read: {problem.message}" if problem else "dia_report is not a mapping"
        raise Unreadable(Placed("CG505", message, (), problem.hint if problem else "", "error", line))
    reading.records.append(_record(document, report, version, source, reading))


read = each(_read, TOOL)


def _block(source: Source) -> tuple[Document, str]:
    """Return the block of the report, at the lines it stands on, and the version of the format.

    The rest of the front matter is not looked at: what is wrong there does not touch the report.
    """
    block: list[str] = []
    state, version, closed, last = "before", "", source.first_line.strip() != "---", 0
    for number, line in source.lines():
        last = number
        if state == "before" and not line.strip():
            block.append("")
            continue
        if state == "before":
            state = "outside"
            if line.strip() == "---":
                block.append("")
                continue
        if CLOSING.fullmatch(line):
            closed = True
            break
        if line[:1].strip() and line[:1] != "#":
            state = "inside" if KEY.match(line) else "outside"
        if match := re.match(r"dia_version\s*:\s*['\"]?([\w.]{1,20})", line):
            version = release(match[1])
        if state == "inside" and any(KEY.match(other) for other in block if KEY.match(line)):
            raise Unreadable(Placed("CG504", "dia_report stands twice", (), "leave one out", "error", number))
        block.append(line if state == "inside" else "")
    if not closed:
        raise Unreadable(Placed("CG505", "the front matter is not closed: the file was cut", (), "copy it again", "error", max(1, last)))
    return load("\n".join(block).encode("utf-8", "replace"), source.name), version


class _Report:
    """The values of a report by their paths; raises Unreadable, with the place, for what cannot stand there."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def at(self, *keys: str) -> Any:
        value: Any = self.document.data
        for key in ("dia_report", *keys):
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def text(self, *keys: str) -> str:
        value = self.at(*keys)
        return value.strip() if isinstance(value, str) else ""

    def line(self, *keys: str) -> int:
        return self.document.mark(("dia_report", *keys))[0]

    def fault(self, code: str, message: str, *keys: str, hint: str = "correct it, or take the tracker's own file") -> Unreadable:
        line, column = self.document.mark(("dia_report", *keys))
        return Unreadable(Placed(code, message, (), hint, "error", line, column))

    def span(self, *keys: str) -> tuple[float, float] | None:
        """Return the low and the high end of a value: a number, or a list of two."""
        value = self.at(*keys)
        value = value.get("value") if isinstance(value, dict) else value
        if value is None:
            return None
        ends = [json_number(end) for end in (value if isinstance(value, list) else [value, value])]
        if len(ends) != 2 or ends[0] is None or ends[1] is None or not 0 <= ends[0] <= ends[1] or isinstance(value, str):
            raise self.fault("CG503", f'{keys[-1]}: "{printable(str(value), 60)}" is neither a number nor a low and a high end', *keys)
        return ends[0], ends[1]

    def number(self, *keys: str) -> float | None:
        span = self.span(*keys)
        return span[0] if span else None


def _record(document: Document, data: dict[str, Any], version: str, source: Source, reading: Reading) -> Record:
    report = _Report(document)
    if data.get("scope", "incremental") != "incremental":
        raise report.fault("CG503", f'scope: "{printable(str(data["scope"]), 60)}" is not incremental: earlier steps are inside', "scope")
    found, carbon = report.span("footprint", "energy_kwh"), report.span("footprint", "carbon_kgco2eq")
    quality = report.text("footprint", "energy_kwh", "quality") or "unavailable"
    energy = sum(found) / 2 if found and found[1] and quality != "unavailable" else None
    if energy is None:
        gone = "missing" if found is None else "rounded to nothing" if found[1] == 0 else "said to be unavailable"
        reading.fault("CG501", report.line("footprint", "energy_kwh"), f"energy_kwh is {gone}", HINT)
    if carbon and carbon[1] > MAX_KG:
        raise report.fault("CG503", f"carbon_kgco2eq: {carbon[1]:.6g} is more than any run has", "footprint", "carbon_kgco2eq")
    _warn(report, energy, carbon, quality, reading)
    _check(report, found, carbon)
    tool = report.text("tool")
    count, hours = report.number("compute", "hardware", "count") or 1, report.number("compute", "duration_gpu_hours")
    name, region = report.text("compute", "hardware", "gpu"), report.text("context", "region")
    is_gpu = bool(name) and not name.startswith("cpu-")
    steps = data.get("lineage")
    relation = steps[0].get("relation") if isinstance(steps, list) and steps and isinstance(steps[0], dict) else ""
    between = f"; between {found[0]:g} and {found[1]:g} kWh" if found and found[0] != found[1] else ""
    rounded = HALF_STEP_KWH / energy if energy else None
    said = f"the report says {quality}" if quality in QUALITIES else "how the report came to it is not known"
    return Record(
        tool="dia", method=" ".join(filter(None, ("dia", version, f"({tool})" if tool in TOOLS else ""))), energy_kwh=energy,
        boundary="node" if tool == "codecarbon" else "facility", basis="measured" if quality in MEASURED else "estimated",
        reason=f"{said}{between}; rounded to 4 decimals", spread=rounded if rounded and rounded > TOLD else None,
        emissions_kg=sum(carbon) / 2 or None if carbon else None, water_l=_water(report),
        hours=hours / count if hours else None, device_hours=hours if is_gpu and hours else None,
        devices=(Device(name, int(count)),) if is_gpu else (), country=region.upper() if CODE.fullmatch(region) else None,
        region=region if region != "unknown" and not CODE.fullmatch(region) else None, phase=STEPS.get(str(relation)), file=source.short,
        lines=(report.line("footprint", "energy_kwh", "value"),),
    )  # fmt: skip


def _warn(report: _Report, energy: float | None, carbon: tuple[float, float] | None, quality: str, reading: Reading) -> None:
    line = report.line("footprint", "energy_kwh")
    if energy is not None and energy < 0.05:
        message = f"energy_kwh is {energy:g}: the tool rounds to 0.0001, so it may be {HALF_STEP_KWH / energy:.0%} off"
        reading.warn("CG510", line, message, "give the tracker's own file, which has all digits")
    if quality == "imputed":
        reading.warn("CG517", line, "the energy is imputed: nothing was measured or timed", "confirm it")
    if energy is not None and report.text("tool") != "codecarbon":
        message = "the tool multiplies by a PUE and does not write which"
        reading.warn("CG521", line, message, "the energy is taken as that of the facility; state the PUE if it is known")
    if carbon is None or carbon[1] == 0:
        what = "missing" if carbon is None else "0.0: they were rounded to nothing"
        line = report.line("footprint", "carbon_kgco2eq")
        reading.warn("CG510", line, f"the emissions are {what}; the tool's own carbon is not read", "the energy gives them")


def _check(report: _Report, energy: tuple[float, float] | None, carbon: tuple[float, float] | None) -> None:
    """Raise Unreadable where energy, carbon and water do not belong together, as far as their decimals tell."""
    if energy is None:
        return
    intensity, wue, water = report.number("context", "carbon_intensity"), report.span("context", "wue_l_per_kwh"), _litres(report)
    if carbon is not None and intensity is not None and report.text("tool") != "codecarbon":
        for amount, mass in zip(energy, carbon):
            if abs(amount * intensity - mass) > 0.00006 * (1 + intensity) + 1e-6 * mass:
                message = f"carbon_kgco2eq is {mass:g}, and energy × intensity {amount * intensity:.4g}"
                raise report.fault("CG504", message, "footprint", "carbon_kgco2eq")
    if wue is not None and water is not None:
        for amount, factor, litres in zip(energy, wue, water):
            if abs(amount * factor - litres) > 0.0006 + 0.00006 * factor + 1e-6 * litres:
                message = f"water_liters is {litres:g}, and energy × WUE {amount * factor:.4g}"
                raise report.fault("CG504", message, "footprint", "water_liters")


def _litres(report: _Report) -> tuple[float, float] | None:
    return report.span("footprint", "water_liters")


def _water(report: _Report) -> float | None:
    """Return the water in L; None where it is the energy times a default of the tool, or was rounded to nothing."""
    water = _litres(report)
    if water is None or report.text("footprint", "water_liters", "quality") == "estimated-from-default-wue":
        return None
    return sum(water) / 2 or None
