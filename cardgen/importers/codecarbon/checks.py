"""What a row of CodeCarbon cannot say: values that another column holds, and values that contradict each other.

A number is not quoted: it may be a coordinate that moved.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from cardgen.records.fields import MAX_KG, MAX_KWH, clock, is_missing, number, quotable

NUMBERS = (
    "duration", "emissions", "emissions_rate", "cpu_power", "gpu_power", "ram_power", "cpu_energy", "gpu_energy", "ram_energy",
    "energy_consumed", "water_consumed", "cpu_count", "gpu_count", "longitude", "latitude", "ram_total_size", "cpu_utilization_percent",
    "gpu_utilization_percent", "ram_utilization_percent", "ram_used_gb", "pue", "wue",
)  # fmt: skip
LIMITS = {
    "longitude": (-180, 180), "latitude": (-90, 90), "pue": (1, 4), "wue": (0, 50), "energy_consumed": (0, MAX_KWH),
    "emissions": (0, MAX_KG), "gpu_utilization_percent": (0, 100), "ram_utilization_percent": (0, 100),
}  # fmt: skip
WHOLE = ("cpu_count", "gpu_count")
NAMES = ("country_name", "region", "os", "cpu_model", "gpu_model", "cloud_provider", "cloud_region")
CHOICES = {"on_cloud": ("Y", "N"), "tracking_mode": ("machine", "process")}
COMPONENTS = {"gpu_energy": "accelerators", "cpu_energy": "processors", "ram_energy": "memory"}
ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
CODE = re.compile(r"[A-Z]{3}")
PLATFORM = re.compile(r"(?:Linux|Windows|macOS|Darwin)-")
MAX_W = 1e6  # mean power of one machine


def wrong_value(values: Mapping[str, str]) -> str:
    """Return what in a row is not what its column holds, "" where all is."""
    for name, text in values.items():
        if name in NUMBERS:
            wrong = "" if is_missing(text) else wrong_number(name, text)
            if wrong:
                return f"{name}: {wrong}"
        elif name == "timestamp":
            if text and clock(text) is None:
                return "timestamp: this is not a date and time"
        elif name == "country_iso_code":
            if text and not (len(text) in (2, 3) and text.isalpha() and text.isupper()):
                return "country_iso_code: this is not a code such as FRA"
        elif name in CHOICES:
            if text not in ("", *CHOICES[name]):
                return f"{name}: this is neither {' nor '.join(CHOICES[name])}"
        elif name == "project_name":
            if ID.fullmatch(text):
                return "project_name: this is the id of a run or an experiment"
        elif name == "experiment_id":
            if number(text) is not None:
                return "experiment_id: this is a number"
        elif name in NAMES and text and (number(text) is not None or not any(letter.isalpha() for letter in text)):
            return f"{name}: this is a number or a mark, and not a name"
    region, code = values.get("region", ""), values.get("country_iso_code", "")
    if region and (region in (code, "Y", "N") or PLATFORM.match(region) or not code and CODE.fullmatch(region)):
        return "region: this is what another column holds"
    return ""


def wrong_number(name: str, text: str) -> str:
    """Return why a cell cannot stand in a column of numbers, "" where it can."""
    value = number(text)
    if value is None:
        return f"{quotable(text)} is not a number"
    low, high = LIMITS.get(name, (0, math.inf))
    if value < low:
        return "the number is negative" if low == 0 else f"the number is below {low:g}"
    if value > high:
        return f"the number is above {high:,.0f}"
    return "the number is not whole, as a count is" if name in WHOLE and value % 1 else ""


def doubts(values: Mapping[str, str], energy: float, numbers: Mapping[str, float | None]) -> Iterator[tuple[str, str]]:
    """Yield the code and the words of what is odd in a row and does not stand against its energy."""
    if numbers.get("emissions") is None:
        yield "CG510", "the emissions are missing: the energy is read, the tracker's own carbon is not"
    if "duration" in numbers and numbers["duration"] is None:
        yield "CG510", "the duration is missing: the energy is read, and how long the run took is not"
    if values.get("country_name") and values.get("country_iso_code") == "":
        yield "CG510", "country_iso_code is empty and the name of the country is not: fields may have moved"
    if ("pue" in values or "wue" in values) and numbers.get("pue") is None:
        yield "CG521", "pue is missing: whether one is inside the energy is not known"
    if "wue" not in numbers:
        return
    water, wue = numbers.get("water_consumed"), numbers["wue"]
    if wue is None:
        yield "CG510", "wue is empty: fields may have moved"
    elif water is not None and not math.isclose(water, energy * wue, rel_tol=0.01, abs_tol=1e-15):
        yield "CG504", f"water_consumed is {water:.6g} L, and energy × wue is {energy * wue:.6g}"


def contradiction(energy: float, numbers: Mapping[str, float | None], *, is_task: bool = False) -> str:
    """Return how the values of a row contradict each other, "" where they agree: energy is the sum of its parts, carbon is rate × time.

    The time of a task is taken a moment before or after that of its rate.
    """
    parts = [numbers.get(name) for name in COMPONENTS]
    empty = [name for name, part in zip(COMPONENTS, parts) if part is None and name in numbers]
    if empty and any(parts):
        return f"{' and '.join(empty)} {'are' if len(empty) > 1 else 'is'} empty, and the energy has other parts: the tracker writes all"
    if all(part is not None for part in parts):
        whole = sum(part for part in parts if part is not None)
        factors = (1.0, numbers.get("pue") or 1.0)
        if not any(math.isclose(whole * factor, energy, rel_tol=1e-6, abs_tol=1e-15) for factor in factors):
            return f"energy_consumed is {energy:.6g} kWh, and its parts are {whole:.6g} kWh together"
    if numbers.get("emissions") == energy:  # a field was doubled
        return f"emissions and energy are the same number, {energy:.6g}"
    rate, duration, emissions = numbers.get("emissions_rate"), numbers.get("duration"), numbers.get("emissions")
    if "emissions_rate" in numbers and emissions and (rate is None or (rate == 0 and duration)):
        return f"emissions are {emissions:.6g} kg, and emissions_rate is {'empty' if rate is None else '0'}"
    if duration and energy * 3.6e6 / duration > MAX_W:
        return f"the energy is {energy:.6g} kWh and the duration {duration:.6g} s: no machine draws so much"
    if rate and emissions == 0:
        return "emissions are 0, and emissions_rate is not"
    if rate and duration and emissions:
        computed = rate * duration  # kg, and g in releases 2.0 to 2.2
        share, near = (0.05, 0.1 * rate) if is_task else (1e-3, 0.0)
        if not any(math.isclose(computed, emissions * factor, rel_tol=share, abs_tol=near) for factor in (1, 1000)):
            return f"emissions are {emissions:.6g} kg, and emissions_rate × duration is {computed:.6g}"
    return ""
