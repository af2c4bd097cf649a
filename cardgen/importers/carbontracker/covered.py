"""What of a training the tool's energy covers: the epochs that it monitored, the devices that it counted."""

from __future__ import annotations

import math
import re

from cardgen.importers.carbontracker.logs import Consumption, Training

SOCKET = re.compile(r"(?:cpu|package)[:-]?\d+")


def partly(printed: Training | None, logged: Training | None) -> tuple[int, Consumption] | None:
    """Return how many epochs were monitored, and the prediction for all of them, where training went on without monitoring."""
    predicted, actual = (printed.predicted, printed.actual) if printed else (None, None)
    if predicted is None or predicted.epochs is None or predicted.energy_kwh <= 0:
        return None
    count = 0
    if logged and logged.tells_epochs:
        if logged.is_interrupted:
            return None
        count = len(logged.epochs)
    elif actual and actual.epochs and actual.line < predicted.line:
        count = actual.epochs  # at an early stop the prediction would have come before
    return (count, predicted) if 0 < count < predicted.epochs else None


def is_first_epoch_only(printed: Training | None, logged: Training | None) -> bool:
    """Return whether a release that monitors one epoch unless it is told otherwise logged one, and nothing says that it was the last."""
    if logged is None or (logged.version and not logged.version.startswith("1.")) or len(logged.epochs) != 1 or logged.is_interrupted:
        return False
    return not (printed and printed.predicted and printed.predicted.epochs == 1)


def several(training: Training) -> dict[str, int]:
    """Return the number of devices of each component that has more than one."""
    found = {}
    for kind in ("GPU", "CPU"):
        devices = training.devices(kind)
        count = sum(device.count or 0 for device in devices)
        # A name of a processor may hold a comma: only sockets, and the same name again, are several.
        if count > 1 and (kind == "GPU" or len(devices) == 1 or all(SOCKET.fullmatch(device.name) for device in devices)):
            found[kind.lower()] = count
    return found


def averaged(logged: Training) -> dict[str, int]:
    """Return the number of devices of each component whose power is one number: the mean of them, for a sum is printed as a list."""
    return {name: count for name, count in several(logged).items() if name in logged.with_one_number}


def summed_kwh(logged: Training, counts: dict[str, int]) -> float:
    """Return the energy of all epochs in kWh, PUE included, with the power of a component times its devices."""
    parts = (energy * counts.get(name, 1) for name, energy in logged.kilowatt_hours.items())
    return math.fsum(parts) * (logged.pue or 1)
