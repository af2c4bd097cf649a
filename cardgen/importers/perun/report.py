"""The text report of perun: numbers that were rounded to be read, of its latest run."""

from __future__ import annotations

import math
import re

from cardgen.problems import Placed
from cardgen.records.fields import MAX_KWH, clock, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.source import LOG_LINE, Source, Unreadable
from cardgen.records.streamed import MOST_S

MAX_LINES = 100_000
MAGNITUDES = {"p": 1e-12, "n": 1e-9, "µ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
JOULES = re.compile(r"(\d+\.\d{3}) ([pnµmkMGT]?)J")
SECONDS = re.compile(r"(\d+\.\d{3}) s")
LAST = re.compile(r"has been run (\d+) times?\.( .* in electricity for it\.)?$")
TOTAL = re.compile(r"it has used (\d+\.\d{3}) kWh, released a total of (\d+\.\d{3}) kgCO2e")
GRAMS = "Throughout its runtime"  # the releases that say so print grams, and call them kg


def read_report(source: Source, reading: Reading, way_out: str, nothing: str) -> None:
    """Add what the report says of the run that it shows in a table; its rounds add up.

    Raises Unreadable when it was cut, or is that of a release before 0.5, whose units are not in its table.
    """
    lines = _lines(source)
    facts = {key.strip(): value.strip() for _, text in lines if text.count(": ") == 1 for key, value in [text.split(": ")]}
    last = next((found for _, text in lines if (found := LAST.search(text))), None)
    if last is None:
        message = "the last sentence is missing: the report was cut, or a release before 0.5 wrote it"
        raise Unreadable(Placed("CG505", message, (), way_out, "error", lines[-1][0] if lines else 1))
    rows = _rows(lines, reading)
    rounds = [(line, row) for line, row in rows if row.get("Host") == "All" and row.get("Device", "All") == "All"]
    seconds = [_value(line, row, "RUNTIME", SECONDS, reading) for line, row in rounds]
    joules = [_value(line, row, "ENERGY", JOULES, reading) for line, row in rounds]
    if reading.is_refused:
        return
    energy = math.fsum(value for value in joules if value is not None) / 3.6e6 if joules and None not in joules else None
    if (energy or 0) > MAX_KWH or math.fsum(value or 0 for value in seconds) > MOST_S:
        reading.fault("CG503", rounds[0][0], "the energy or the time is more than any run has", "write or copy the file again")
        return
    pue = _pue(rows, rounds, reading)
    total = TOTAL.search(last[0])
    runs = int(last[1])
    start, hours = clock(facts.get("RUN ID", "")), math.fsum(value or 0 for value in seconds) / 3600
    first = rounds[0][0] if rounds else lines[-1][0]
    kilograms = float(total[2]) / (1000 if GRAMS in last[0] else 1) if total and runs == 1 and energy else None
    if energy is None:
        message = "the report has no energy" if not total else "the table of the report has no column of the energy"
        reading.fault("CG501", first, message, way_out if total else nothing)
    elif runs > 1:
        message = f"the report shows the latest of {runs} runs: the others are not in it"
        reading.warn("CG510", first, message, way_out)
    elif total and abs(float(total[1]) - energy) > 0.000_6 + energy * 1e-3:
        reading.fault("CG504", first, f"the table has {energy:.6g} kWh, and the last sentence {total[1]}", "write or copy the file again")
    project = facts.get("App name", "")
    record = Record(
        tool="perun", run=f"{project} {facts.get('RUN ID', '')}".strip(), project=project, method="perun", energy_kwh=energy,
        boundary="facility" if pue else "node", basis="measured", reason="rounded to be read" if energy else "", pue=pue,
        emissions_kg=kilograms or None, start=start, hours=hours or None,
        end=start + hours * 3600 if start and hours else None, file=source.short, lines=tuple(line for line, _ in rounds),
    )  # fmt: skip
    reading.records.append(record)


def _lines(source: Source) -> list[tuple[int, str]]:
    """Return the lines of the report; raises Unreadable where there are more than any has."""
    lines = []
    for line, text in source.lines(LOG_LINE):
        lines.append((line, text))
        if len(lines) > MAX_LINES:
            message = f"the report has more than {MAX_LINES:,} lines"
            raise Unreadable(Placed("CG505", message, (), "give the JSON instead", "error", line))
    return lines


def _rows(lines: list[tuple[int, str]], reading: Reading) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of the first table by the names of its columns, with their lines."""
    header: list[str] = []
    rows = []
    for line, text in lines:
        if not text.startswith("|"):
            if header and not text.startswith("+"):
                break
            continue
        cells = [cell.strip() for cell in text.strip().strip("|").split("|")]
        if not header:
            header = cells
        elif not set(text) <= set("|-:= +"):
            reading.rows += 1
            if len(cells) != len(header):
                message = f"the row has {len(cells)} fields, the header {len(header)}: its values cannot be told apart"
                reading.fault("CG502", line, message, "write or copy the file again")
            rows.append((line, dict(zip(header, cells))))
    return rows


def _value(line: int, row: dict[str, str], column: str, form: re.Pattern[str], reading: Reading) -> float | None:
    """Return a value of a row in J or s; None where the column is not there."""
    text = row.get(column, row.get(f"Avg {column}", ""))
    found = form.fullmatch(text)
    if found is None:
        if text not in ("", "nan"):
            reading.fault("CG503", line, f"{column}: {quotable(text)} is not a value with its unit", "write or copy the file again")
        return None
    return float(found[1]) * (MAGNITUDES[found[2]] if form is JOULES else 1.0)


def _pue(rows: list[tuple[int, dict[str, str]]], rounds: list[tuple[int, dict[str, str]]], reading: Reading) -> float | None:
    """Return the PUE that the energy of all hosts includes and that of each does not, to three digits; None where it is 1."""
    hosts = [(line, row) for line, row in rows if row.get("Host") != "All" and row.get("Device", "All") == "All"]
    single = [value for line, row in hosts if (value := _value(line, row, "ENERGY", JOULES, reading))]
    whole = [value for line, row in rounds if (value := _value(line, row, "ENERGY", JOULES, reading))]
    if not single or not whole:
        return None
    ratio = math.fsum(whole) / math.fsum(single)
    if not 0.998 <= ratio <= 4:
        message = f"all hosts together used {math.fsum(whole):.6g} J, and each of them {math.fsum(single):.6g} J in sum"
        reading.fault("CG504", rounds[0][0], message, "write or copy the file again")
        return None
    return round(ratio, 3) if ratio > 1.002 else None
