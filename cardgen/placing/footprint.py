"""The views of one assessment that stand in and beside a card, each made when it is first asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cardgen.placing.links import DATA, REPORT, shown_below
from cardgen.problems import Placed

REPORT_VERSION = 1  # raise it when the same assessment is to give another report though no template changed


@dataclass
class Footprint:
    """The assessment of a run and its views, each made once for all cards of the run; emissions are those of the front matter."""

    document: Mapping[str, Any]
    emissions: Mapping[str, object] | None = None
    notes: tuple[Placed, ...] = ()

    @cached_property
    def charts(self) -> Mapping[str, Any]:
        from cardgen.charts import draw

        return draw(self.document)

    @cached_property
    def data(self) -> bytes:
        from cardgen.listing import as_json

        return as_json(self.document).encode()

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """The digest that each drawn file carries, by its name below the folder of the assets."""
        from cardgen.charts import digest
        from cardgen.resources import names, resource

        found = {f"charts/{name}.svg": digest(chart) for name, chart in self.charts.items()}
        templates = [resource("templates", name).replace("\r\n", "\n") for name in names("templates")]
        shown = json.dumps([REPORT_VERSION, templates, self.document, list(found.values())])
        return {**found, REPORT: digest_of(shown)}

    @cached_property
    def drawings(self) -> Mapping[str, str]:
        from cardgen.charts import svg

        return {name: svg(chart) for name, chart in self.charts.items()}

    @cached_property
    def report(self) -> str:
        from cardgen.render import report

        return report(self.document, list(self.charts.values()), self.drawings)

    def content(self, name: str, section: str = "") -> bytes:
        """Return the content of an asset by its name below the folder of the assets; the report carries the digest of a section."""
        if name == DATA:
            return self.data
        if name == REPORT:
            digests = f'data-digest="{self.digests[REPORT]}" data-section="{section}"'
            return self.report.replace("<html ", f"<html {digests} ", 1).encode()
        return self.drawings[name.removeprefix("charts/").removesuffix(".svg")].encode()

    def section(self, folder: str, heading: str | None, level: int) -> str:
        """Return the section of a card that reaches its assets by a path."""
        from cardgen.render import section

        text = section(self.document, list(self.charts.values()), assets=f"{folder}charts/", heading=heading, level=level)
        return f"{text}\n{shown_below(folder)}"


def digest_of(*texts: str) -> str:
    """Return the SHA-256 of texts, in hexadecimal."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
