"""Whether the run file that is going to be written will be read: asked before a long run starts."""

from __future__ import annotations

from cardgen.core.problem import Problem
from cardgen.recording.description import Description
from cardgen.recording.machine import Machine
from cardgen.recording.measured import Devices, Energy, Measured
from cardgen.recording.run_file import run_file


def problems(described: Description) -> list[Problem]:
    """Return what is wrong with what a person says of a run, such as a country that does not exist."""
    from cardgen.core.assess import assess
    from cardgen.core.factors import Factors
    from cardgen.loading import load
    from cardgen.validation import validate

    stand_in = Measured(0.0, 1.0, None, Energy(), Devices(Machine("AMD EPYC 7763")))
    run, found = validate(load(run_file(stand_in, described).encode("utf-8", "backslashreplace"), "the options"))
    found = [*found, *(assess(run, Factors()).problems if run else [])]
    return [problem for problem in found if problem.severity == "error"]
