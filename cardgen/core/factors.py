"""The cited factor tables, and look-ups that remember which row was used and why."""

from __future__ import annotations

import csv
import difflib
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from importlib import resources

from cardgen.core.run import Facility
from cardgen.core.units import UnitError, convert

EDITION = "2026.11"
TABLES = (
    "grid_intensity", "cloud_regions", "places", "facility", "hardware", "conventions", "embodied", "equivalents",
    "electricity_price", "water", "generation", "reduction_levers", "published_footprints", "uncertainty", "sources",
)  # fmt: skip
_KEYS = {
    "grid_intensity": ("zone", "year", "scope"), "cloud_regions": ("provider", "region"), "places": ("zone",),
    "facility": ("provider", "region", "scope", "year"), "hardware": ("name",), "conventions": ("id",), "embodied": ("item",),
    "equivalents": ("id", "edition"), "electricity_price": ("zone", "sector", "year"), "water": ("zone", "year"),
    "generation": ("technology",), "reduction_levers": ("lever",), "published_footprints": ("id",), "uncertainty": ("id",),
    "sources": ("id",),
}  # fmt: skip
_UNITS = {"grid_intensity": "kgCO2e/kWh", "water": "L/kWh", "embodied": "kgCO2e"}
_EQUIVALENT_UNITS = {"energy": "kWh", "emissions": "kgCO2e", "sequestration": "kgCO2e", "water": "L"}
PROVIDERS = {
    "google": "gcp", "google cloud": "gcp", "google cloud platform": "gcp", "amazon": "aws", "amazon web services": "aws",
    "microsoft": "azure", "microsoft azure": "azure", "ibm cloud": "ibm", "oracle cloud": "oracle", "oci": "oracle", "ovh": "ovhcloud",
}  # fmt: skip


class Row(dict):
    """A row of a factor table: the cells by column, the table that it stands in, and whether a user supplied it."""

    table: str = ""
    own: bool = False

    def number(self, column: str) -> float | None:
        """Return a cell as a number; an empty cell is unknown."""
        text = self.get(column, "")
        return float(text) if text else None

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids of the sources; of a user's own row, its citation."""
        return (self["source"],) if self.own else tuple(self["source"].split(";"))

    @property
    def verified(self) -> bool:
        """Whether the number was read in a document."""
        return self.get("verified", "true") == "true"


class FactorError(ValueError):
    """A file of factors that cannot be used; the message says why."""


class Factors:
    """The tables in use: the bundled ones with a user's own rows in front."""

    def __init__(self, own: Mapping[str, list[Row]] | None = None) -> None:
        self.own = dict(own or {})
        self._tables: dict[str, list[Row]] = {}
        self._found: dict[tuple[str | int | None, ...], Row | None] = {}

    def table(self, name: str) -> list[Row]:
        """Return the rows of a table; a user's row stands in the place of the bundled one with the same key."""
        if name not in self._tables:
            mine = self.own.get(name, [])
            taken = {_key(row) for row in mine}
            self._tables[name] = mine + [row for row in _bundled(name) if _key(row) not in taken]
        return self._tables[name]

    def source(self, identifier: str) -> Row | None:
        """Return the description of a source; None for one that is a citation itself."""
        return self._sources.get(identifier)

    def uncertainty(self, identifier: str) -> Row:
        """Return a row of the uncertainty table; KeyError when there is none."""
        return self._uncertainty[identifier]

    def hardware(self, name: str) -> tuple[Row | None, bool]:
        """Return the part that a name means, and whether the name was ambiguous and the part assumed."""
        return self._hardware.get(normalised(name), (None, False))

    def similar_hardware(self, name: str) -> list[str]:
        """Return up to three known names that look like one."""
        close = self._close(normalised(name), self._hardware, 6, 0.6)
        return list(dict.fromkeys(self._hardware[c][0]["name"] for c in close))[:3]

    def variants(self, name: str) -> list[str]:
        """Return the names of the parts that an ambiguous name could mean."""
        wanted = normalised(name)
        return [row["name"] for known, row in self._hardware_names if known.startswith(wanted)]

    def place(self, text: str) -> str | None:
        """Return the zone of a country, state or grid region given by code or name."""
        return self._places.get(text.strip().casefold())

    def place_name(self, zone: str) -> str:
        """Return the name of a zone as people write it."""
        return self._place_names.get(zone, zone)

    def similar_places(self, text: str) -> list[str]:
        """Return up to three known places that look like a text."""
        return self._close(text.strip().casefold(), self._places, 3, 0.6)

    def region(self, provider: str, region: str) -> Row | None:
        """Return the row of a provider's region."""
        return self._regions.get((provider_key(provider), region.strip().casefold()))

    def has_regions(self, provider: str) -> bool:
        """Return whether the table knows regions of a provider."""
        return provider_key(provider) in self._region_providers

    def country_of(self, zone: str) -> str | None:
        """Return the country that a zone is in; None for the world and other groups of countries."""
        if zone.startswith(("US-", "eGRID:")):
            return "USA"
        if zone.startswith("CN-"):
            return "CHN"
        if zone in ("EU27", "WLD") or zone.startswith("OWID_"):
            return None
        return self._countries.get(zone) or (zone if zone in self._place_names else None)

    def similar_regions(self, provider: str, region: str) -> list[str]:
        """Return up to three regions of a provider that look like one."""
        known = [r for p, r in self._regions if p == provider_key(provider)]
        return self._close(region.strip().casefold(), known, 3, 0.5)

    def _close(self, text: str, known: Iterable[str], count: int, cutoff: float) -> list[str]:
        """Return the known words that look like a text; of a long text only the beginning is compared."""
        return difflib.get_close_matches(text[:100], known, n=count, cutoff=cutoff)

    def grid(self, zone: str, year: int | None) -> Row | None:
        """Return the grid intensity of a zone, for the year or the nearest one before it."""
        if (zone, year) not in self._found:
            rows = self._grid.get(zone, [])
            preferred = [row for row in rows if row.own or row["scope"] not in ("country-alt", "country-fallback")]
            self._found[zone, year] = nearest_year(preferred or rows, year)
        return self._found[zone, year]

    def facility(self, facility: Facility, column: str, year: int | None) -> Row | None:
        """Return the row with the PUE or WUE of a facility: its region, else its provider's fleet."""
        if facility.provider is None:
            return None
        provider, region = provider_key(facility.provider), (facility.region or "").strip().casefold()
        key = (provider, region, column, year)
        if key not in self._found:
            rows = [row for row in self._facilities.get(provider, []) if row[column]]
            own = nearest_year([row for row in rows if row["region"] == region], year)
            self._found[key] = own or nearest_year([row for row in rows if row["region"] == "fleet"], year)
        return self._found[key]

    def industry_pue(self, year: int | None) -> Row:
        """Return the industry's average PUE for a year."""
        chosen = nearest_year([row for row in self._facilities["industry"] if row["pue"]], year)
        assert chosen is not None  # the table has one
        return chosen

    def water(self, zone: str) -> Row | None:
        """Return the off-site water intensity of a zone."""
        return nearest_year(self._water.get(zone, []), None)

    def price(self, zone: str, year: int | None) -> Row | None:
        """Return the electricity price for business in a zone."""
        rows = [row for row in self._prices.get(zone, []) if row["sector"] != "household"]
        for sector in ("industrial", "non-household", "commercial"):
            chosen = nearest_year([row for row in rows if row.own or row["sector"] == sector], year)
            if chosen:
                return chosen
        return None

    def embodied(self, item: str) -> Row | None:
        """Return the embodied emissions of a part, from the newest source."""
        return nearest_year(self._embodied.get(item, []), None)

    @cached_property
    def _sources(self) -> dict[str, Row]:
        return {row["id"]: row for row in self.table("sources")}

    @cached_property
    def _uncertainty(self) -> dict[str, Row]:
        return {row["id"]: row for row in self.table("uncertainty")}

    @cached_property
    def _hardware(self) -> dict[str, tuple[Row, bool]]:
        index: dict[str, tuple[Row, bool]] = {}
        for row in self.table("hardware"):
            for column, assumed in (("name", False), ("aliases", False), ("assumed_for", True)):
                for name in row.get(column, "").split(";"):
                    if name:
                        index.setdefault(normalised(name), (row, assumed))
        return index

    @cached_property
    def _hardware_names(self) -> list[tuple[str, Row]]:
        return [(normalised(row["name"]), row) for row in self.table("hardware")]

    @cached_property
    def _embodied(self) -> dict[str, list[Row]]:
        return _grouped(self.table("embodied"), "item")

    @cached_property
    def _places(self) -> dict[str, str]:
        index: dict[str, str] = {}
        for row in self.table("places"):
            for name in (row["zone"], row["name"], *row["aliases"].split(";"), row["iso2"]):
                if name:
                    index.setdefault(name.casefold(), row["zone"])
        for zone in self._grid:
            index.setdefault(zone.casefold(), zone)
        return index

    @cached_property
    def _place_names(self) -> dict[str, str]:
        return {row["zone"]: row["name"] for row in self.table("places")}

    @cached_property
    def _regions(self) -> dict[tuple[str, str], Row]:
        return {(row["provider"], row["region"]): row for row in self.table("cloud_regions")}

    @cached_property
    def _region_providers(self) -> set[str]:
        return {row["provider"] for row in self.table("cloud_regions")}

    @cached_property
    def _countries(self) -> dict[str, str]:
        return {row["zone"]: row["country"] for row in self.table("cloud_regions") if "/" in row["zone"]}

    @cached_property
    def _grid(self) -> dict[str, list[Row]]:
        return _grouped(self.table("grid_intensity"), "zone")

    @cached_property
    def _water(self) -> dict[str, list[Row]]:
        return _grouped(self.table("water"), "zone")

    @cached_property
    def _prices(self) -> dict[str, list[Row]]:
        return _grouped(self.table("electricity_price"), "zone")

    @cached_property
    def _facilities(self) -> dict[str, list[Row]]:
        return _grouped(self.table("facility"), "provider")


def nearest_year(rows: list[Row], year: int | None) -> Row | None:
    """Return the row of a year: the year itself, else the last before it, else the first after it; the newest without one.

    A user's own rows win over the bundled ones, and a verified row over an unverified one, even of a nearer year.
    """
    rows = [row for row in rows if row.own] or [row for row in rows if row.verified] or rows
    if not rows:
        return None
    before = [row for row in rows if year is None or int(row["year"]) <= year]
    return max(before, key=lambda row: int(row["year"])) if before else min(rows, key=lambda row: int(row["year"]))


@lru_cache(maxsize=10_000)
def normalised(name: str) -> str:
    """Return a part's name without what people write differently.

    >>> normalised("NVIDIA A100-SXM4-80GB") == normalised("a100 sxm4 80 gb")
    True
    """
    text = re.sub(r"\((r|tm|c)\)|[®™]", "", name.casefold())
    text = re.sub(r"(cpu)?@.*", "", re.sub(r"[\s_\-/]+", "", text))  # Linux adds "CPU @ 2.40GHz"
    while match := re.match(r"(nvidia|amd|intel|geforce)(?=.)", text):
        text = text[match.end() :]
    return text


def provider_key(provider: str) -> str:
    """Return the key under which the tables know a provider."""
    key = provider.strip().casefold()
    return PROVIDERS.get(key, key)


def own_rows(text: str, name: str) -> tuple[str, list[Row]]:
    """Return the table and the rows of a user's own factor file: CSV with the columns of the bundled table.

    The file says by its name which table it adds to (``grid_intensity.csv``), else by its columns. Every row needs a
    source: a citation in words will do. Raises FactorError with the line and the way out.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        columns = set(reader.fieldnames or ())
    except csv.Error as error:
        raise FactorError(f"{name}:1: this is not a CSV file ({error})\n  hint: save it as CSV with commas, in UTF-8") from None
    stem = re.sub(r"\.csv$", "", name.replace("\\", "/").split("/")[-1])
    alike = [t for t in TABLES if columns and set(_KEYS[t]) - {"scope"} <= columns]
    fitting = [t for t in alike if columns <= set(_bundled(t)[0])]
    table = stem if stem in TABLES else next(iter(fitting or alike), None)
    if table is None or table == "sources":
        raise FactorError(f"{name}:1: no factor table has these columns\n  hint: see the columns with: cardgen factors show TABLE")
    known = list(_bundled(table)[0])
    unknown = sorted(columns - set(known))
    if unknown:
        raise FactorError(f'{name}:1: table {table} has no column "{unknown[0]}"\n  hint: its columns are {", ".join(known)}')
    rows = []
    for line, cells in _numbered(reader, name):
        if None in cells:
            raise FactorError(f"{name}:{line}: the row has more cells than the header\n  hint: put text that contains a comma in quotes")
        if not (cells.get("source") or "").strip():
            raise FactorError(f"{name}:{line}: the row names no source\n  hint: write where the number comes from into the column source")
        row = Row({column: (cells.get(column) or "").strip() for column in known})
        row.table, row.own = table, True
        _check(row, f"{name}:{line}")
        rows.append(row)
    return table, rows


def _numbered(reader: csv.DictReader[str], name: str) -> Iterator[tuple[int, dict[str | None, str]]]:
    """Yield the rows of a CSV file, each with the line that it ends on."""
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise FactorError(
            f"{name}:{reader.line_num}: this line is not CSV ({error})\n  hint: save it as CSV with commas, in UTF-8"
        ) from None


def _check(row: Row, where: str) -> None:
    """Raise FactorError where a cell cannot be used, and bring the row to the form of the bundled table."""
    row["verified"] = (row.get("verified") or "true").casefold()
    if "provider" in row:
        row["provider"], row["region"] = provider_key(row["provider"]), row["region"].casefold()
    empty = next((column for column in _needed(row.table) if not row[column]), None)
    if empty:
        raise FactorError(f"{where}: {empty}: the cell is empty\n  hint: every row of {row.table} needs it")
    for column in _numeric(row.table):
        try:
            number = row.number(column)
        except ValueError:
            number = math.nan
        if number is not None and not (math.isfinite(number) and number >= 0):
            raise FactorError(f'{where}: {column}: "{row[column]}" is not a number\n  hint: write it without a unit, as in 0.268')
    if "year" in row and not re.fullmatch(r"\d{4}", row["year"]):
        raise FactorError(f'{where}: year: "{row["year"]}" is not a year\n  hint: write the year that the number is for, as in 2025')
    if "zone" in row and row.table != "places":
        row["zone"] = _bundled_only().place(row["zone"]) or row["zone"]
    target = _UNITS.get(row.table)
    if row.table == "uncertainty":
        if float(row["gsd"]) < 1:
            raise FactorError(f'{where}: gsd: "{row["gsd"]}" is below 1\n  hint: a geometric standard deviation of 1 means no uncertainty')
        replaced = next((bundled for bundled in _bundled(row.table) if bundled["id"] == row["id"]), row)
        if replaced["value"] and not row["value"]:
            raise FactorError(f"{where}: value: the cell is empty\n  hint: {row['id']} needs one, as in {replaced['value']}")
        target = replaced["unit"] if row["value"] else None
    if row.table == "equivalents":
        target = _EQUIVALENT_UNITS.get(row["dimension"])
        if target is None:
            known = ", ".join(_EQUIVALENT_UNITS)
            raise FactorError(f'{where}: dimension: "{row["dimension"]}" is not known\n  hint: write one of {known}')
    if row.table == "electricity_price":
        target = row["unit"].split("/")[0].strip().upper() + "/kWh"
    if target and row["unit"] != target:
        try:
            row["value"], row["unit"] = repr(convert(float(row["value"]), row["unit"] or target, target)), target
        except (UnitError, ValueError) as error:
            raise FactorError(f"{where}: {error}\n  hint: write the value in {target}") from None


def _bundled(name: str) -> list[Row]:
    text = (resources.files("cardgen.core") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    lines = csv.reader(io.StringIO(text))
    header = next(lines)
    rows = []
    for cells in lines:
        row = Row(zip(header, cells))
        row.table = name
        rows.append(row)
    return rows


def _needed(table: str) -> list[str]:
    """Return the columns that a look-up in a table needs: keys and values."""
    rows = _bundled(table)
    wanted = {*_KEYS[table], "value", "gsd", "dimension", "label", "country"} - {"scope", "edition"}
    return [column for column in rows[0] if column in wanted and all(row[column] for row in rows)]


@lru_cache(maxsize=1)
def _bundled_only() -> Factors:
    return Factors()


def _numeric(table: str) -> list[str]:
    """Return the columns of a bundled table that hold nothing but numbers."""
    rows = _bundled(table)
    return [column for column in rows[0] if any(row[column] for row in rows) and all(_is_number(row[column]) for row in rows)]


def _is_number(text: str) -> bool:
    return re.fullmatch(r"|-?\d+(\.\d+)?([eE][-+]?\d+)?", text) is not None


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row.get(column, "") for column in _KEYS[row.table])


def _grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return groups
