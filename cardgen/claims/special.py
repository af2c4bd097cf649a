"""Claims that do not count: about pounds, rated power, cooling, and the formula P × N × t × PUE."""

from __future__ import annotations

import statistics

from cardgen import numbers
from cardgen.claims.amounts import footprint, recomputed_training, training_in_pounds
from cardgen.claims.catalogue import Claim, trainings
from cardgen.claims.finding import FAILS, HOLDS, ONLY, PRINTED, Finding, Table, Words, against, fits, measure, printed, span
from cardgen.core.assess import assess
from cardgen.core.factors import Factors
from cardgen.core.figure import Figure, exact, stated
from cardgen.core.run import Activity, CardOptions, Facility, Grid, Hardware, Host, Model, Run
from cardgen.core.tables import Row
from cardgen.core.units import Quantity

TRAININGS = ("pretraining", "training", "fine-tuning", "fine-tuning / continued pretraining")
RATED = "CG211"  # the stated power is the rated power


def pounds(claim: Claim, factors: Factors) -> Finding:
    """Return which trainings emit hundreds of pounds: of Strubell et al. and of all published ones."""
    least, most = float(claim.stated("least")), float(claim.stated("most"))
    found = [(row, recomputed_training(row, factors).called("", "lb").value) for row in trainings()]
    within = [row["model"] for row, value in found if least <= value < most]
    whole = [row for row in factors.table("published_footprints") if not row["part_of"]]  # each training counts once
    published = [value for row in whole if (value := _published_pounds(row)) is not None]
    names = {
        "least": printed(least), "most": printed(most), "rows": _in_words(len(found)),
        "within": _in_words(len(within)), "total": printed(len(published)),
        "published_below": printed(sum(value < least for value in published)),
        "published_within": printed(sum(least <= value < most for value in published)),
        "published_above": printed(sum(value >= most for value in published)), "median": numbers.digits(statistics.median(published)),
        "big": training_in_pounds("Transformer big"), "elmo": training_in_pounds("ELMo"), "bert": training_in_pounds("BERT base"),
    }  # fmt: skip
    rows = tuple(
        (row["model"], row["hardware"], f"{printed(float(row['power_w']))} W × {printed(float(row['hours']))} h",
         f"**{numbers.digits(value)}**" if least <= value < most else numbers.digits(value), printed(float(row["printed_lb"])))
        for row, value in found
    )  # fmt: skip
    same = footprint("strubell-bert-base", factors)
    grid = f"{printed(float(same['grid_kg_per_kwh']))} kg CO₂e/kWh"
    caption = f"Power of the whole machine × hours × PUE {same['pue']} × {grid}, in pounds of CO₂e:"
    table = Table(caption, ("Training", "Hardware", ">Power × time", ">Pounds", ">Printed"), rows, (("strubell-2019",),) * len(rows))
    verdict = HOLDS if len(within) == len(found) else ONLY if within else FAILS
    return Finding(
        claim, verdict, " and ".join(within) if verdict == ONLY else "", f"{span([v for _, v in found])} lb", (table,), Words(names)
    )


def power(claim: Claim, factors: Factors) -> Finding:
    """Return which parts of a family are rated at the claimed power."""
    claimed = (stated(claim.amount, "kWh") / stated(claim.count, "h")).called("", "W").value
    parts = [row for row in factors.table("hardware") if row["name"].startswith(f"{claim.stated('part')} ") and row.verified]
    parts = sorted((row for row in parts if row["rated_power_w"]), key=lambda row: (float(row["rated_power_w"]), row["name"]))
    watts = [float(row["rated_power_w"]) for row in parts]
    fitting = sorted({row["form_factor"] for row, value in zip(parts, watts) if fits(value, claimed)})
    cards = [value for row, value in zip(parts, watts) if row["form_factor"] == "PCIe"]
    rows = tuple(
        (
            row["name"],
            row["form_factor"],
            f"**{printed(value)} W**" if fits(value, claimed) else f"{printed(value)} W",
            against(value, claimed),
        )
        for row, value in zip(parts, watts)
    )
    table = Table(
        "Rated power by part:", ("Part", "Form", ">Rated power", f">Against {printed(claimed)} W"), rows, tuple(r.sources for r in parts)
    )
    verdict = HOLDS if all(fits(value, claimed) for value in watts) else ONLY if fitting else FAILS
    names = {"watts": f"{printed(claimed)} W", "card_low": f"{printed(min(cards))} W", "card_high": f"{printed(max(cards))} W"}
    of = f"the rated power of {' and '.join(fitting)} parts" if verdict == ONLY else ""
    return Finding(claim, verdict, of, f"{span(watts)} W", (table,), Words(names))


def cooling(claim: Claim, factors: Factors) -> Finding:
    """Return at which PUE cooling can be the claimed share, read as a share of the whole and of the IT energy."""
    low, high, pue_low, pue_high = (float(claim.stated(name)) for name in ("low", "high", "pue_low", "pue_high"))
    whole = [_one_over_rest(share) for share in (low, high)]
    of_it = [(exact(share) + exact(1)).value for share in (low, high)]
    industry = factors.industry_pue(None)
    fleet = _newest_fleet(factors)
    sites: list[tuple[str, float, tuple[str, ...]]] = [
        ("the claim's lower PUE", pue_low, ()), ("the claim's upper PUE", pue_high, ()),
        (f"average of the industry, {industry['year']}", float(industry["pue"]), industry.sources),
        (f"Google's fleet, {fleet['year']}", float(fleet["pue"]), fleet.sources),
    ]  # fmt: skip
    overhead = [_overhead(pue) for _, pue, _ in sites]
    names = {
        "low": numbers.percent(low), "high": numbers.percent(high), "pue_low": printed(pue_low), "pue_high": printed(pue_high),
        "whole_low": numbers.digits(whole[0]), "whole_high": numbers.digits(whole[1]),
        "it_low": numbers.digits(of_it[0]), "it_high": numbers.digits(of_it[1]), "most_low": numbers.percent(overhead[0]),
        "part_low": numbers.percent(low / overhead[1]), "part_high": numbers.percent(high / overhead[1]),
        "industry": numbers.percent(overhead[2]), "fleet": numbers.percent(overhead[3]),
    }  # fmt: skip
    columns = ("Cooling as a share of", f">{names['low']} is", f">{names['high']} is")
    rows = (
        ("the whole: PUE = 1 ÷ (1 − share)", f"PUE {names['whole_low']}", f"PUE {names['whole_high']}"),
        ("the IT energy: PUE = 1 + share", f"PUE {names['it_low']}", f"PUE {names['it_high']}"),
    )
    shares = Table("The least PUE, if all overhead were cooling:", columns, rows, ((), ()))
    sited = tuple(
        (f"{name}: PUE {printed(pue)}", numbers.percent(o), numbers.percent(pue - 1)) for (name, pue, _), o in zip(sites, overhead)
    )
    columns = ("All overhead at", ">of the whole", ">of the IT energy")
    at = Table("The most that cooling can be:", columns, sited, tuple(sources for _, _, sources in sites))
    possible = [o >= low for o in overhead]
    verdict = HOLDS if all(o >= high for o in overhead) else ONLY if any(possible) else FAILS
    of = f"data centres with a PUE of at least {names['whole_low']}" if verdict == ONLY else ""
    return Finding(claim, verdict, of, f"PUE {names['whole_low']} to {names['whole_high']}", (shares, at), Words(names))


def formula(claim: Claim, factors: Factors) -> Finding:
    """Return what cardgen's assessment gives for the devices, days, PUE and grid intensity of the claim."""
    part = next(row for row in factors.table("hardware") if row["name"] == claim.stated("part"))
    watts, devices, days, pue, grid = float(part["rated_power_w"]), *(float(claim.stated(n)) for n in ("devices", "days", "pue", "grid"))
    hours = stated(days, "d").called("", "h")
    hardware = Hardware(part["name"], devices, Quantity(hours.value, "h"), power=Quantity(watts, "W"))
    place = {"facility": Facility(pue=pue), "grid": Grid(Quantity(grid, "kgCO2e/kWh"))}
    activity = Activity("pretraining", hardware=(hardware,), host=Host("excluded"), **place)  # type: ignore[arg-type]
    assessed = assess(Run(Model("GPT-4o scale"), (activity,), card=CardOptions((), ())), factors)
    energy, emissions = assessed.totals.energy, assessed.totals.location
    assert energy is not None and emissions is not None  # hours, power, PUE and intensity are stated
    claimed_energy = stated(float(claim.stated("energy")), "MWh").called("", "kWh")
    claimed_emissions = stated(float(claim.stated("emissions")), "t").called("", "kgCO2e")
    other = stated(float(footprint("seed-gpt4o-vehicles", factors)["co2e_kg"]), "kgCO2e")
    names = {
        "watts": f"{printed(watts)} W", "devices": printed(devices), "days": printed(days), "pue": printed(pue), "grid": printed(grid),
        "energy": measure(claimed_energy, "MWh", PRINTED), "emissions": measure(claimed_emissions, "t", PRINTED),
        "computed_energy": measure(energy, "MWh"), "computed_emissions": measure(emissions, "t"),
        "other": measure(other, "t", PRINTED), "times": numbers.digits((emissions / other).value),
    }  # fmt: skip
    rows = (
        ("P, rated power of one GPU", part["name"], names["watts"]), ("N, devices", "the claim", names["devices"]),
        ("t, time", "the claim", f"{names['days']} d = {numbers.digits(hours.value)} h"), ("PUE", "the claim", names["pue"]),
        ("Energy, P × N × t × PUE", "assessment", f"**{names['computed_energy']}**"),
        ("Grid intensity", "the claim", f"{names['grid']} kg CO₂e/kWh"),
        ("Emissions, energy × intensity", "assessment", f"**{names['computed_emissions']}**"),
    )  # fmt: skip
    sources = (part.sources, *((),) * (len(rows) - 1))
    table = Table("The run as cardgen assesses it, with the host left out:", ("What", "From", ">Value"), rows, sources)
    right = fits(energy.value, claimed_energy.value) and fits(emissions.value, claimed_emissions.value)
    rated = any(problem.code == RATED for problem in assessed.problems)
    verdict = FAILS if not right else ONLY if rated else HOLDS
    of = "GPUs at rated power without their hosts" if verdict == ONLY else ""
    return Finding(claim, verdict, of, f"{names['computed_energy']}, {names['computed_emissions']}", (table,), Words(names))


def _published_pounds(row: Row) -> float | None:
    """Return the location-based emissions of a published training in pounds."""
    emissions = row.number("co2e_kg")
    if emissions is None or row["unit"] != "run" or row["phase"] not in TRAININGS:
        return None
    return Figure(emissions, "kgCO2e").called("", "lb").value


def _one_over_rest(share: float) -> float:
    """Return the PUE at which the overhead is a share of the whole."""
    return (exact(1) / (exact(1) - share)).value


def _overhead(pue: float) -> float:
    """Return the share of the whole that is overhead at a PUE."""
    return (exact(1) - exact(1) / exact(pue)).value


def _newest_fleet(factors: Factors) -> Row:
    rows = [r for r in factors.table("facility") if (r["provider"], r["region"]) == ("gcp", "fleet") and r["pue"] and r.verified]
    return max(rows, key=lambda row: row["year"])


def _in_words(count: int) -> str:
    """Return a small number as a word.

    >>> _in_words(2), _in_words(37)
    ('two', '37')
    """
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return words[count] if count < len(words) else str(count)
