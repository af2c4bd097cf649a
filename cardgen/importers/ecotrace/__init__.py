"""EcoTrace 0.3 to 1.7: ``ecotrace_log.csv``, ``ecotrace_report.json``, and the ``emissions.csv`` of its second tracker.

All have grams of CO2. The report also has the intensity by which they were computed, so that their quotient is the energy that the
tool found; the others have no energy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cardgen.importers.ecotrace.report import read_report
from cardgen.importers.ecotrace.runs import COLUMNS
from cardgen.importers.ecotrace.table import CODECARBON, read_table
from cardgen.records.record import Reading
from cardgen.records.source import Source
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "ecotrace", "EcoTrace", "ecotrace_log.csv, ecotrace_report.json, emissions.csv of its own tracker",
    "emissions in grams, time, region; devices, and energy as grams by intensity (report)",
    "energy and intensity, where there is no report",
    "https://pypi.org/project/ecotrace/",
)  # fmt: skip


def recognises(source: Source) -> bool:
    """Return whether the first line is a header of the log, or the beginning that of a report."""
    names = [name.strip().strip('"') for name in re.split("[,;\t]", source.first_line)]
    if tuple(names[:5]) == COLUMNS[:5] or tuple(names) == CODECARBON:
        return True
    return source.head.lstrip().startswith("{") and all(
        f'"{key}"' in source.head for key in ("meta", "carbon_intensity", "intensity_source")
    )


def read(sources: Sequence[Source]) -> list[Reading]:
    """Return a reading for each file; what a report holds is left out of the log that it was made from."""
    reported: dict[object, str] = {}
    found: dict[int, Reading] = {}
    for source in sorted(sources, key=lambda source: not _is_report(source)):
        (found[id(source)],) = each(lambda file, reading: _read(file, reading, reported), TOOL)([source])
    return [found[id(source)] for source in sources]


def _is_report(source: Source) -> bool:
    return source.head.lstrip().startswith("{")


def _read(source: Source, reading: Reading, reported: dict[object, str]) -> None:
    """Read a file; ``reported`` holds the measurements of the reports, and the name of each."""
    if _is_report(source):
        read_report(source, reading, reported)
    else:
        read_table(source, reading, reported)
