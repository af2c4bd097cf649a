"""Make the run from data that was found valid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cardgen.core import run as types
from cardgen.validation.structure import quantity, resolved

_TYPES = {
    "model": types.Model, "activities": types.Activity, "hardware": types.Hardware, "host": types.Host,
    "compute": types.Compute, "energy": types.MeasuredEnergy, "facility": types.Facility, "grid": types.Grid,
    "cost": types.Cost, "requests": types.Requests, "reported": types.Reported, "infrastructure": types.Component,
    "card": types.CardOptions, "": types.Run,
}  # fmt: skip


def assemble(data: Mapping[str, Any]) -> types.Run:
    """Return the run that valid data describes."""
    return _made("", {key: value for key, value in data.items() if key != "cardgen"}, resolved())


def _made(key: str, value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        branch = next(b for b in schema["anyOf"] if b["type"] == "object") if "anyOf" in schema else schema
        parts = branch["properties"]
        return _TYPES[key](**{name: _made(name, part, parts[name]) for name, part in value.items()})
    if isinstance(value, list):
        return tuple(_made(key, item, schema["items"]) for item in value)
    if key == "host":
        return types.Host(mode=value)
    if "x-quantity" in schema:
        return quantity(value, schema["x-quantity"])
    if schema["type"] == "number":
        return float(value)
    return str(int(value)) if schema.get("x-date") and not isinstance(value, str) else value
