"""What the statements of a card mean: devices, hours, place, energy and emissions, in groups that belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from cardgen.cards.reading.amounts import Amount, Kind, amounts, one
from cardgen.cards.reading.statements import Statement

_GAS = r"(?:carbon|co ?2(?: ?-?(?:e|eq|equivalents?))?|ghg|greenhouse gas(?:es)?)"
# Names by what they mean; the strong ones are taken wherever they stand, the others only beside a strong one.
_STRONG = {
    "market": rf"(?:\w+ ){{0,3}}market[- ]based (?:{_GAS} )?emissions?",
    "emissions": rf"(?:(?:total|estimated|training|location[- ]based) )*(?:{_GAS} )?(?:emissions?|emitted)"
    rf"(?: (?:during|of|from) (?:pre-?)?training)?|{_GAS} footprint(?: pretraining utilized a cumulative)?|"
    r"how much co2(?:e|eq)? was emitted to train the final model|"
    rf"(?:dall\S* \w+ )?{_GAS} emitted",
    "energy": r"(?:(?:total|training|estimated|gpu|measured) )*(?:energy|electricity|power) (?:consumption|consumed|usage|used?)"
    r"(?: from gpus?)?|energy_consumed",
    "hardware": r"hardware type|hardware used|gpu hours? hardware",
    "hours": r"hours? (?:used|trained)|(?:total |training )?(?:gpu|tpu|device)[- ]hours?(?: used)?",
    "provider": r"cloud provider|cloud_provider",
    "region": r"compute region|cloud region|cloud_region",
}
_WEAK = {
    "hardware": r"(?:training )?hardware|gpus?(?: (?:type|model|name))?|gpu_model|accelerators?",
    "hours": r"(?:total )?training (?:time|duration)|time|duration|how much time does the training of the final model take",
    "count": r"(?:number|no\.?) of (?:gpus?|tpus?|devices|accelerators)|gpu[_ ]count|num[_ ]gpus?",
    "provider": r"provider",
    "area": r"region|location|geographical location|country|country_name|at which geo location were the computations performed",
    "power": r"power(?: per (?:gpu|device))?|what was the power of gpu and cpu",
    "intensity": r"(?:carbon|grid) intensity|what was the energy mix at the geo location",
    "pue": r"pue|power usage effectiveness",
}
# Taken inside the environmental section only, and in the columns of a table that names a strong one.
_OWN = {
    "hardware": r"devices?|compute|processors?|tpus?",
    "hours": r"(?:total )?(?:hours?|runtime)",
    "emissions": rf"(?:total |estimated )*{_GAS}",
    "energy": r"(?:total |estimated |training )*(?:energy|electricity)",
}
_KINDS: dict[str, tuple[Kind, ...]] = {
    "emissions": ("mass",), "market": ("mass",), "energy": ("energy",), "hours": ("device time", "time"), "intensity": ("intensity",),
    "pue": ("number",), "count": ("number",), "power": ("power",),
}  # fmt: skip
TEMPLATE = ("hardware type", "hours used", "cloud provider", "compute region", "carbon emitted")
_MISSING = re.compile(
    r"\W*(?:(?:more )?information needed|unknown|not (?:yet )?(?:available|specified|reported|disclosed|known|applicable|measured)|"
    r"not provided|n/?a|none|null|tbd|tba|todo|to be (?:added|determined|announced)|forthcoming.{0,60}|"
    r"hardware_type|hours_used|cloud_provider|cloud_region|co2_emitted|)\W*",
    re.IGNORECASE | re.DOTALL,
)
_SAYS_MISSING = re.compile(
    r"\[more information needed\]|\bnot (?:\w+ )?(?:mentioned|provided|specified|available|reported)\b|need more information", re.IGNORECASE
)


@dataclass(frozen=True)
class Claim:
    """One thing that a card states: what it means, the statement, and the amount where one can be read."""

    role: str
    statement: Statement
    amount: Amount | None = None

    @property
    def text(self) -> str:
        return self.statement.value

    @property
    def is_missing(self) -> bool:
        """Whether the statement says that nothing is known."""
        return is_missing(self.text) if self.amount is None else False


@dataclass
class Group:
    """Claims that belong together, one of each role, and what else they say of a role."""

    claims: dict[str, Claim] = field(default_factory=dict)
    row: str | None = None

    def amount(self, role: str) -> Amount | None:
        claim = self.claims.get(role)
        return claim.amount if claim else None

    @property
    def line(self) -> int:
        return min(claim.statement.line for claim in self.claims.values())


def is_missing(text: str) -> bool:
    """Return whether a text says that nothing is known.

    >>> is_missing("[More Information Needed]"), is_missing(" "), is_missing("24 hours")
    (True, True, False)
    """
    return _MISSING.fullmatch(text[:300]) is not None or (_SAYS_MISSING.search(text) is not None and not _figures(text))


def _figures(text: str) -> bool:
    return any(amount.kind != "number" for amount in amounts(text))


def groups(statements: Iterable[Statement]) -> list[Group]:
    """Return the claims of a card in groups, in order; names that mean something only beside others are left out alone."""
    found: list[tuple[tuple[int, int], Group, bool]] = []
    for statement in statements:
        role, strong = _role(statement)
        if role is None:
            continue
        strong = strong or statement.own
        claim = Claim(role, statement)
        latest = found[-1] if found and found[-1][0] == statement.group else None
        if latest is None or _is_said_again(claim, latest[1]):
            found.append((statement.group, Group(row=statement.row), strong))
            latest = found[-1]
        if role not in latest[1].claims:
            latest[1].claims[role] = claim
        if strong and not latest[2]:
            found[-1] = (latest[0], latest[1], True)
    return [_read(group) for _, group, strong in found if strong]


def _is_said_again(claim: Claim, group: Group) -> bool:
    """Return whether a claim begins another group: in a list, what was said already; in a row, the columns go together."""
    return claim.role in group.claims and claim.statement.row is None and claim.role in ("hardware", "hours", "emissions", "energy")


def _role(statement: Statement) -> tuple[str | None, bool]:
    """Return what a name means, and whether it does wherever it stands."""
    name = name_of(statement.label)
    for roles, strong in ((_STRONG, True), (_WEAK, False)):
        for role, pattern in roles.items():
            if re.fullmatch(pattern, name):
                of_a_device = role == "energy" and "power" in name and re.search(r"\(\s*[kM]?W\s*\)", statement.label)
                return ("power", False) if of_a_device else (role, strong)
    if statement.own or statement.row is not None:
        for role, pattern in _OWN.items():
            if re.fullmatch(pattern, name):
                return role, False
    return None, False


def name_of(label: str) -> str:
    """Return a name without number, question mark, parentheses and case.

    >>> name_of("7. How much CO2eq was emitted?"), name_of("Carbon Emitted(tCO2eq)")
    ('how much co2eq was emitted', 'carbon emitted')
    """
    text = re.sub(r"\([^()]*\)?", " ", label[:200].replace("₂", "2"))
    return " ".join(re.sub(r"^\s*\d+[.)]\s+", "", text).split()).strip(" :?.*").casefold()


def _read(group: Group) -> Group:
    """Return a group with the amounts of its claims."""
    raw = any(claim.statement.label == "energy_consumed" for claim in group.claims.values())
    for role, claim in group.claims.items():
        if role in _KINDS:
            group.claims[role] = replace(claim, amount=_amount(role, claim.statement, raw))
    _from_prose(group)
    return group


def bare_number(claim: Claim) -> Amount | None:
    """Return the number of a claim that states an amount without a unit."""
    return one(claim.text, (), "number") if claim.amount is None else None


def _amount(role: str, statement: Statement, raw: bool) -> Amount | None:
    """Return the amount of a statement, whose unit may stand in its name, or be that of CodeCarbon's own columns."""
    kinds, unit = _KINDS[role], ""
    in_name = re.search(r"\(\s*(?:in\s+)?([^()]*)\)?\s*$", statement.label)
    if raw and statement.label in ("emissions", "energy_consumed", "duration"):
        unit = {"emissions": "kg", "energy_consumed": "kWh", "duration": "s"}[statement.label]
    elif in_name:
        unit = in_name[1].strip()
    found = one(statement.value, kinds)
    number = one(statement.value, (), "number") if found is None and kinds != ("number",) else None
    if kinds == ("number",):
        return one(statement.value, (), "number")
    if number is not None and unit:
        read = amounts(f"{number.text} {unit}")
        return read[0] if len(read) == 1 and read[0].kind in kinds else None
    if number is not None and role == "hours":
        return replace(number, kind="device time" if re.search(r"(?:gpu|tpu|device)[- ]hours?", name_of(statement.label)) else "time")
    return found


def _from_prose(group: Group) -> None:
    """Take the device-hours and the device out of a sentence that states energy or emissions, where it names them too."""
    for role in ("emissions", "energy"):
        claim = group.claims.get(role)
        if claim is None or len(claim.text) < 40:
            continue
        hours = one(claim.text, ("device time",))
        if hours is not None and "hours" not in group.claims:
            group.claims["hours"] = Claim("hours", claim.statement, hours)
        if hours is not None and "hardware" not in group.claims:
            group.claims["hardware"] = Claim("hardware", claim.statement)
