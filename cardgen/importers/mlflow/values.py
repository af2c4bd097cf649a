"""The values of the power of the GPUs of a run, wherever they are read, and the record that they make."""

from __future__ import annotations

from typing import Any

from cardgen.records.fields import is_missing, number, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.samples import MAX_DEVICE_W, Samples
from cardgen.records.source import Source

AGAIN = "write or copy the file again, or leave the line out"
SILENT = "MLflow logs power with nvidia-ml-py or pyrsmi installed; state hardware and duration in the run file"


class Values:
    """The values of all metrics of a run that are the power of a GPU."""

    def __init__(self, reading: Reading, samples: Samples) -> None:
        self.reading, self.samples = reading, samples
        self.origin: int | None = None
        self.first = self.last = None  # ms, of all metrics
        self.steps: dict[object, int] = {}
        self.is_raw, self.odd_line, self.odd = False, 0, ""

    def time(self, time_ms: int) -> None:
        """Learn the time of any metric of the run."""
        self.first = time_ms if self.first is None else min(self.first, time_ms)
        self.last = time_ms if self.last is None else max(self.last, time_ms)

    def add(self, device: object, time_ms: int, text: str, step: int | None, line: int, where: str = "") -> None:
        """Add a value of the power of a GPU."""
        if self.origin is None:
            self.origin = time_ms
            self.samples.origin = time_ms / 1000
        self.time(time_ms)
        if is_missing(text):
            self.reading.note("skipped", line, f"the power is not a value{where}")
            self.reading.warn("CG510", line, f"the power is missing{where}: the values beside stand for it")
            return
        watts = number(text)
        if watts is None or not 0 <= watts <= MAX_DEVICE_W:
            self.reading.fault("CG503", line, f"{quotable(text)} is not the power of one GPU in W{where}", AGAIN)
            return
        self.is_raw = self.is_raw or text.endswith(".0")
        if "." not in text and "e" not in text and not self.odd_line:
            self.odd_line, self.odd = line, text
        if step is not None:
            before = self.steps.get(device)
            if before is not None and step > before + 1:
                self.reading.warn("CG510", line, f"the steps {before + 1} to {step - 1} are missing before this line{where}")
            self.steps[device] = step
        self.samples.add(device, (time_ms - self.origin) / 1000, watts, line)

    def report(self) -> None:
        """Say what is odd about all values together: MLflow writes each with a decimal point."""
        if self.is_raw and self.odd_line:
            message = f'the value "{self.odd}" has no decimal point, as the others have'
            self.reading.fault("CG503", self.odd_line, message, "fields may have moved: " + AGAIN)


def record(source: Source, values: Values, summary: Any, **more: Any) -> Record:
    """Return the run of some values; a run without any still says how long it took."""
    hours, start, end = summary.hours, summary.start, summary.end
    if hours is None and values.first is not None and values.last > values.first:
        start, end = values.first / 1000, values.last / 1000
        hours = (end - start) / 3600
    known = {
        "start": start, "end": end, "hours": hours, "device_hours": summary.device_hours, "energy_kwh": summary.energy_kwh,
        "components": {"accelerators": summary.energy_kwh} if summary.energy_kwh is not None else {},
        "reason": summary.reason("GPUs by their own meter, means of readings") if summary.energy_kwh is not None else "",
        "basis": summary.basis, "file": source.short, "lines": summary.lines, **more,
    }  # fmt: skip
    return Record(tool="mlflow", method="MLflow system metrics", boundary="accelerators", **known)
