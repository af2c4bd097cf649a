"""The activities that the totals cover, and what a chart calls them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cardgen.charts.words import capital


def not_inference(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the activities but inference, which the totals leave out and which has a chart of its own."""
    return [activity for activity in document.get("activities") or () if activity.get("phase") != "inference"]


def label(activity: Mapping[str, Any]) -> str:
    """Return the name of an activity, else that of its phase."""
    return str(activity.get("name") or capital(str(activity.get("phase") or "unnamed phase")))
