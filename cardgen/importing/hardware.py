"""The devices of a run as a run file has them: those that the tables know as pools, the others as comments to fill in."""

from __future__ import annotations

from collections.abc import Iterator

from cardgen.core.factors import Factors
from cardgen.importing.amounts import digits
from cardgen.importing.combined import Combined
from cardgen.problems import plain, printable
from cardgen.records.record import Device, Record
from cardgen.skeleton import line, scalar


def hardware(run: Combined, factors: Factors) -> Iterator[str]:
    """Yield the lines of the devices: one pool for each kind, with device-hours that add up over the records that count."""
    pools: dict[str, list[tuple[Record, Device]]] = {}
    for record in run.counted if any(record.devices for record in run.counted) else run.within:
        for device in record.devices:
            if name := " ".join(plain(device.name).split())[:200].strip():
                pools.setdefault(name, []).append((record, device))
    known = {name: found for name, found in pools.items() if factors.hardware(name)[0] and all(_device_hours(*pair) for pair in found)}
    if known:
        yield "    hardware:"
    for name, found in known.items():
        yield from _pool(name, found, factors)
    unknown = {name: found[0] for name, found in pools.items() if name not in known}
    if unknown and not known:
        yield "    # hardware:"
    for name, (record, device) in unknown.items():
        yield from _unknown(name, record, device, factors, "      # - " if known else "    #   - ")


def _pool(name: str, found: list[tuple[Record, Device]], factors: Factors) -> Iterator[str]:
    row, assumed = factors.hardware(name)
    assert row is not None
    comment = "which one of the kind is not in the file: state it" if assumed else f'"{printable(name, 60)}"'
    yield line(f"      - type: {scalar(name if assumed else row['name'])}", comment)
    record, device = found[0]
    if len(found) == 1 and device.count and record.hours:
        yield f"        count: {device.count}"
        yield f"        duration: {_hours(record.hours)} h"
    else:
        hours = sum(_device_hours(*pair) or 0 for pair in found)
        yield line(f"        device_hours: {_hours(hours)}", f"of {len(found)} records" if len(found) > 1 else "")


def _unknown(name: str, record: Record, device: Device, factors: Factors, start: str) -> Iterator[str]:
    row, _ = factors.hardware(name)
    why = "" if row else "not in the table (cardgen factors list hardware): name it, and uncomment these lines"
    yield line(f"{start}type: {scalar(row['name'] if row else name)}", why)
    inner = start.replace("- ", "  ")
    yield line(f"{inner}count: {device.count or '...'}", "" if device.count else "not in the file")
    yield line(f"{inner}duration: {_hours(record.hours) + ' h' if record.hours else '...'}", "" if record.hours else "not in the file")


def _hours(hours: float) -> str:
    return digits(float(f"{hours:.10g}"))


def _device_hours(record: Record, device: Device) -> float | None:
    if device.count and record.hours:
        return device.count * record.hours
    return record.device_hours if len(record.devices) == 1 else None
