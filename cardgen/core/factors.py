"""The cited factor tables, and look-ups that remember which row was used and why."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache

from cardgen.core.run import Facility
from cardgen.core.tables import Row, bundled, grouped, key, nearest_year

PROVIDERS = {
    "google": "gcp", "google cloud": "gcp", "google cloud platform": "gcp", "amazon": "aws", "amazon web services": "aws",
    "microsoft": "azure", "microsoft azure": "azure", "ibm cloud": "ibm", "oracle cloud": "oracle", "oci": "oracle", "ovh": "ovhcloud",
}  # fmt: skip


class Factors:
    """The tables in use: the bundled ones with a user's own rows in front."""

    def __init__(self, own: Mapping[str, list[Row]] | None = None) -> None:
        self.own = dict(own or {})
        self._tables: dict[str, list[Row]] = {}
        self._found: dict[tuple[str | int | None, ...], Row | None] = {}

    def table(self, name: str) -> list[Row]:
        """Return the rows of a table; a user's row stands in the place of the bundled one with the same key."""
        if name not in self._tables:
            rows = bundled(name)
            if mine := self.own.get(name):
                taken = {key(row) for row in mine}
                rows = mine + [row for row in rows if key(row) not in taken]
            self._tables[name] = rows
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
        close = self.similar(normalised(name), self._hardware, 6, 0.6)
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
        return self.similar(text.strip().casefold(), self._places, 3, 0.6)

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
        return self.similar(region.strip().casefold(), known, 3, 0.5)

    def similar(self, text: str, known: Iterable[str], count: int, cutoff: float) -> list[str]:
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

    def same_subject(self, row: Row) -> list[Row]:
        """Return the rows of a table that hold numbers for the same thing: one zone, one region of a provider, one part."""
        if row.table == "facility":
            return [other for other in self._facilities.get(row["provider"], []) if other["region"] == row["region"]]
        column, index = {
            "grid_intensity": ("zone", self._grid), "water": ("zone", self._water), "embodied": ("item", self._embodied),
        }[row.table]  # fmt: skip
        return index.get(row[column], [])

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
        return grouped(self.table("embodied"), "item")

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
        return grouped(self.table("grid_intensity"), "zone")

    @cached_property
    def _water(self) -> dict[str, list[Row]]:
        return grouped(self.table("water"), "zone")

    @cached_property
    def _prices(self) -> dict[str, list[Row]]:
        return grouped(self.table("electricity_price"), "zone")

    @cached_property
    def _facilities(self) -> dict[str, list[Row]]:
        return grouped(self.table("facility"), "provider")


@lru_cache(maxsize=10_000)
def normalised(name: str) -> str:
    """Return a part's name without what people write differently.

    >>> normalised("NVIDIA A100-SXM4-80GB") == normalised("a100 sxm4 80 gb")
    True
    """
    text = re.sub(r"\((r|tm|c)\)|[®™]", "", name[:300].casefold())
    text = re.sub(r"(cpu)?@.*", "", re.sub(r"[\s_\-/]+", "", text))  # Linux adds "CPU @ 2.40GHz"
    while match := re.match(r"(nvidia|amd|intel|geforce)(?=.)", text):
        text = text[match.end() :]
    return text


def provider_key(provider: str) -> str:
    """Return the key under which the tables know a provider."""
    key = provider.strip().casefold()
    return PROVIDERS.get(key, key)
