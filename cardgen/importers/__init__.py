"""One module per tool whose output can be read. Each has ``TOOL``, ``recognises(source)`` and ``read(sources)``.

A module is found by being here. ``recognises`` looks at the content, never at the name; ``read`` returns one reading for each
file, or one for files that belong together.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def names() -> list[str]:
    """Return the names of the tools, sorted: those of the modules, with hyphens."""
    return sorted(module.name.replace("_", "-") for module in iter_modules(__path__))


def importer(name: str) -> ModuleType:
    """Return the module of a tool."""
    return import_module(f"{__name__}.{name.replace('-', '_')}")
