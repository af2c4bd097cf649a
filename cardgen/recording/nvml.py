"""NVIDIA GPUs through NVML, the library of their driver."""

from __future__ import annotations

from typing import Any

from cardgen.recording.gpus import Gpu, Gpus
from cardgen.recording.meters import Meter

COUNTER = "NVML energy counter"
POWER = "NVML power samples"


def gpus(driver: Any = None) -> Gpus:
    """Return the GPUs of the machine. ``driver`` is the module pynvml, or one that answers as it does.

    The total energy counter (mJ, since Volta) is read; where a GPU has none, its power (mW).
    """
    if driver is None:
        try:
            import pynvml as driver
        except ImportError:
            return Gpus(reason="the package nvidia-ml-py is not installed: pip install cardgen[record]")
    try:
        driver.nvmlInit()
    except Exception:  # the library is absent, or it and the driver do not fit
        return Gpus(reason="no NVIDIA driver answers")
    try:
        found = tuple(_gpu(driver, index) for index in range(driver.nvmlDeviceGetCount()))
    except Exception:
        driver.nvmlShutdown()
        return Gpus(reason="the NVIDIA driver does not list its GPUs")
    return Gpus(found, "" if found else "the NVIDIA driver lists no GPU", driver.nvmlShutdown)


def _gpu(driver: Any, index: int) -> Gpu:
    handle = driver.nvmlDeviceGetHandleByIndex(index)
    limit_mw = _asked(lambda: driver.nvmlDeviceGetPowerManagementDefaultLimit(handle))
    return Gpu(
        index, _text(_asked(lambda: driver.nvmlDeviceGetUUID(handle))), _text(driver.nvmlDeviceGetName(handle)),
        limit_mw / 1000 if limit_mw else None, _meter(driver, handle, index),
    )  # fmt: skip


def _meter(driver: Any, handle: Any, index: int) -> Meter | None:
    device = f"GPU {index}"
    if _asked(lambda: driver.nvmlDeviceGetTotalEnergyConsumption(handle)) is not None:
        return Meter("accelerators", device, COUNTER, lambda: driver.nvmlDeviceGetTotalEnergyConsumption(handle), step_j=1e-3)
    if _asked(lambda: driver.nvmlDeviceGetPowerUsage(handle)) is not None:
        return Meter("accelerators", device, POWER, lambda: driver.nvmlDeviceGetPowerUsage(handle) / 1000)
    return None


def _asked(question: Any) -> Any:
    """Return the driver's answer; None where this GPU has none."""
    try:
        return question()
    except Exception:  # NVMLError of any kind: not supported, no permission, lost
        return None


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name or "")
