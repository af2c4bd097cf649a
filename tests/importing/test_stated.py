"""What the author states goes before what a tool says, and never against what the energy holds."""

from __future__ import annotations

import pytest

from cardgen.core.run import Facility
from cardgen.importing.report import together
from cardgen.importing.stated import Stated, apply
from cardgen.problems import CardgenError
from cardgen.records.record import Reading, Record

TABLE = Record("plain-csv", energy_kwh=2.0, file="log.csv", lines=(2,))


def stated(record: Record, **said) -> Record:
    reading = Reading("log.csv", "plain-csv", records=[record])
    reading.warn("CG522", 1, "what the meter covers is not in the table")
    apply(Stated(**said), [reading])
    assert ("CG522" in [problem.code for problem in reading.problems]) is ("boundary" not in said)
    return reading.records[0]


def test_boundary_and_basis_are_those_that_are_stated():
    record = stated(TABLE, boundary="accelerators", basis="estimated")
    assert (record.boundary, record.basis, record.pue) == ("accelerators", "estimated", None)
    assert stated(TABLE).boundary == "node"


def test_the_pue_of_a_facility_is_the_one_inside_its_energy():
    assert stated(TABLE, boundary="facility", facility=Facility(pue=1.2)).pue == 1.2
    assert stated(TABLE, facility=Facility(pue=1.2)).pue is None


def test_what_the_energy_contradicts_is_wrong_use():
    inside = Record("codecarbon", energy_kwh=2.0, pue=1.25, boundary="facility", file="emissions.csv")
    for said in ({"facility": Facility(pue=1.2)}, {"boundary": "node"}):
        with pytest.raises(CardgenError, match="includes a PUE of 1.25") as caught:
            apply(Stated(**said), [Reading("emissions.csv", "codecarbon", records=[inside])])
        assert caught.value.exit_code == 2


def test_what_many_lines_share_is_said_once():
    first, second = Reading("a.csv", "x"), Reading("b.csv", "x")
    for line in range(2, 12):
        first.warn("CG517", line, "a constant")
    first.warn("CG510", 3, "a value is missing")
    second.warn("CG517", 2, "a constant")
    said = [(reading.file, problem.line, problem.message) for reading, problem in together([first, second])]
    assert said == [
        ("a.csv", 2, "a constant; the same on 9 more lines: 3, 4, 5, 6, 7 ... and in 1 more file"),
        ("a.csv", 3, "a value is missing"),
    ]
