"""cardgen: the environmental section of an ML model card, from a run file, with a source behind every number."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
_HOMES = {
    "load": "cardgen.loading", "read": "cardgen.loading", "validate": "cardgen.validation", "assess": "cardgen.core.assess",
    "document": "cardgen.core.document", "Factors": "cardgen.core.factors", "Run": "cardgen.core.run", "Figure": "cardgen.core.figure",
    "Problem": "cardgen.core.problem", "CardgenError": "cardgen.problems", "section": "cardgen.render", "report": "cardgen.render",
    "draw": "cardgen.charts", "Recording": "cardgen.recording.block", "CardgenCallback": "cardgen.recording.transformers",
}  # fmt: skip
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: importing cardgen costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cardgen' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
