"""Which records are of one machine: what covers the same time on machines that look alike may be one, recorded several times."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from cardgen.importing.combined import Ambiguous, Combine
from cardgen.records.record import Record

STAMP_S = 2.0  # time stamps are whole seconds: two runs, one after the other, may seem to share as much


def told_apart(records: Sequence[Record], combine: Combine | None) -> tuple[list[Record], dict[int, list[Record]]]:
    """Return the records without further readings of the same machine, and those readings by the record that counts for them."""
    dropped: set[int] = set()
    readings: dict[int, list[Record]] = {}
    for cluster in clusters(records):
        if combine == "add" or (combine is None and len({record.file for record in cluster}) == 1):
            continue  # the rows of one file were chosen from a list; what they share is said beside them
        if combine != "largest":
            raise _same_machine(cluster)
        kept: list[Record] = []
        for record in sorted(cluster, key=lambda record: -(record.energy_kwh or 0)):
            other = next((known for known in kept if overlap(known, record)), None)
            if other is None:
                kept.append(record)
            else:
                dropped.add(id(record))
                readings.setdefault(id(other), []).append(record)
    return [record for record in records if id(record) not in dropped], readings


def clusters(records: Sequence[Record]) -> list[list[Record]]:
    """Return the records that may be one machine recorded several times: of one tool, alike, and chained by time."""
    alike: dict[object, list[Record]] = {}
    for record in records:
        if record.per_request or record.start is None or record.end is None or record.energy_kwh is None:
            continue
        for key in _meters(record) or {record.host or (record.file, id(record))}:
            alike.setdefault((record.tool, key), []).append(record)
    alike |= _nameless(records)
    found: dict[frozenset[int], list[Record]] = {}
    for group in alike.values():
        for cluster in _chained(group):
            found.setdefault(frozenset(map(id, cluster)), cluster)
    return list(found.values())


def _nameless(records: Sequence[Record]) -> dict[object, list[Record]]:
    """Return records of different files that say nothing of their machine: they look alike."""
    groups: dict[object, list[Record]] = {}
    for record in records:
        if not record.host and record.start is not None and record.end is not None and record.energy_kwh and not record.per_request:
            groups.setdefault((record.tool, "nameless", record.project), []).append(record)
    return {key: group for key, group in groups.items() if len({record.file for record in group}) > 1}


def _chained(group: list[Record]) -> list[list[Record]]:
    """Return the clusters of two records and more in which each shares time with another."""
    clusters: list[list[Record]] = []
    latest: Record | None = None  # the one of the cluster that ends last: by their starts, no other reaches further
    for record in sorted(group, key=lambda record: (record.start or 0.0, record.end or 0.0)):
        if latest is not None and overlap(latest, record):
            clusters[-1].append(record)
        else:
            clusters.append([record])
            latest = None
        if latest is None or (record.end or 0.0) > (latest.end or 0.0):
            latest = record
    return [cluster for cluster in clusters if len(cluster) > 1]


def _same_machine(cluster: Sequence[Record]) -> Ambiguous:
    if any(_meters(one) & _meters(other) for one, other in combinations(cluster[:20], 2)):
        message = f"{len(cluster)} records cover the same time and hold the same GPU: added up it would count twice"
        return Ambiguous(cluster, message, {"largest": "one of them holds all: the largest counts"}, "give files that do not overlap")
    energies = [record.energy_kwh for record in cluster if record.energy_kwh]
    spread = max(energies) / min(energies) - 1
    words = f", with energies within {spread:.1%}" if spread < 0.05 else ""
    message = f"{len(cluster)} records cover the same time on machines that look alike{words}: one machine that several processes "
    choices = {
        "largest": "it is one machine, recorded several times: the largest counts",
        "add": "they are different machines, or parts: all energy counts",
    }
    return Ambiguous(cluster, message + "recorded as a whole, or several machines?", choices)


def _meters(record: Record) -> set[object]:
    """Return the ids of the GPUs that a record was read from, which no other GPU has."""
    return {fact for fact in record.host if isinstance(fact, str) and fact.startswith(("GPU-", "MIG-"))}


def overlap(one: Record, other: Record) -> bool | None:
    """Return whether two records share more than a tenth of the shorter one's time; None where a time is not known."""
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return None
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared > max(STAMP_S, 0.1 * min(one.end - one.start, other.end - other.start))
