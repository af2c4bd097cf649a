"""A block of Python that is measured: ``with cardgen.Recording("run.yaml", name="Pond 7B", country="FRA"):``."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from cardgen.problems import CardgenError
from cardgen.recording import output as outputs
from cardgen.recording.measured import Measured
from cardgen.recording.recorder import Recorder, choose
from cardgen.recording.run_file import PLACE, Description, problems, run_file
from cardgen.recording.sensors import Sensors, sensors


class Recording:
    """Measures what its block uses, and writes the run file at its end, also where the block ends with an exception.

    ``tracker``: "auto" takes the sensors of the machine; where it has none, CodeCarbon if it is installed and the country or region is
    given (or ``online`` lets it look the place up on the network); else the time alone. "sensors", "codecarbon" and "none" take one
    of these, and an object of CodeCarbon, Zeus or carbontracker is used as it is. Further keywords: the fields of ``Description`` and
    the keys of ``facility``. What goes wrong before the block raises CardgenError; after that nothing does: a run file that cannot
    be written is printed on stderr, for what the block made is worth more. Entering it again inside its block changes nothing.
    """

    def __init__(
        self, output: str | os.PathLike[str] = "run.yaml", *, tracker: Any = "auto", online: bool = False, force: bool = False,
        interval_s: float = 1.0, first_gpus: int | None = None, quiet: bool = False, found: Sensors | None = None, **described: Any,
    ) -> None:  # fmt: skip
        place = {key: described.pop(key) for key in PLACE if described.get(key) is not None}
        described = {key: value for key, value in described.items() if key not in PLACE}
        self.path, self.force, self.quiet = Path(output), force, quiet
        self.described = Description(**{"written_by": "cardgen", **described, "place": place})
        self.measured: Measured | None = None
        self._tracker, self._online, self._found = tracker, online, found
        self._interval_s, self._first_gpus = interval_s, first_gpus
        self._depth = 0
        self._recorder: Recorder | None = None
        self._processor_s = 0.0

    def note(self, sentence: str) -> None:
        """Add a sentence to the note of the run file."""
        self.described = replace(self.described, notes=(*self.described.notes, sentence))

    def __repr__(self) -> str:
        state = outputs.amount(self.measured) if self.measured else "running" if self._recorder else "not started"
        return f"<Recording {self.path}: {state}>"

    def __enter__(self) -> Recording:
        if self._depth == 0:
            self._start()
        self._depth += 1
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._depth -= 1
        if self._depth == 0:
            if kind is not None:
                self.note(f"the block ended with an exception, {kind.__name__}")
            self._stop()

    def _start(self) -> None:
        if wrong := problems(self.described):
            raise CardgenError(f"{wrong[0].code} {wrong[0].message}", 2, wrong[0].hint)
        outputs.prepare(self.path, self.force)
        found = self._found or sensors(self._interval_s, self._first_gpus)
        chosen, sentences = choose(self._tracker, found, self.described.place, self._online)
        self.say(*sentences)
        self._recorder = Recorder(chosen, found.devices)
        self._recorder.start()
        self._processor_s = _processor_s()

    def _stop(self) -> None:
        assert self._recorder is not None
        self.measured = self._recorder.stop(_processor_s() - self._processor_s)
        text = run_file(self.measured, self.described)
        try:
            self.path = outputs.put(self.path, text, self.force)
            self.say(*outputs.written(self.path, self.measured))
        except CardgenError as error:  # what the block made must not be lost for this
            print(f"cardgen: {error.message}; this is the run file:\n{text}", file=sys.stderr)

    def say(self, *sentences: str) -> None:
        """Print sentences to stderr, unless it is to be quiet."""
        for sentence in () if self.quiet else sentences:
            print(f"cardgen: {sentence}", file=sys.stderr)


def _processor_s() -> float:
    """Return the processor time in s of this process and of its children that have ended."""
    return sum(os.times()[:4])
