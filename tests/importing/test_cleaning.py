"""Records as they may leave: names that name no person, numbers that can be."""

from __future__ import annotations

import pytest

from cardgen.importing.cleaning import possible, public, shown
from cardgen.records.record import Device, Reading, Record


@pytest.mark.parametrize(
    "text, expected",
    [
        ("bert-finetune", "bert-finetune"),
        ('finetune, stage "2"', 'finetune, stage "2"'),
        ("acme/pond-7b", "acme/pond-7b"),
        ("AMD EPYC/1 device(s)", "AMD EPYC/1 device(s)"),
        ("/home/ada.lovelace/runs/pond", "pond"),
        ("/home/ada.lovelace", ""),
        (r"C:\Users\ada\runs\pond", "pond"),
        ("~/pond", "pond"),
        ("python /work/ada/train.py --out=/data/ada/x", "python train.py x"),
        ("runs/ada/pond", "pond"),
        ("tuned by ada@acme.org", "tuned by"),
        ("run with hf_abcdefABCDEF1234567890", "run with"),
        ("モデル 7B", "モデル 7B"),
    ],
)
def test_a_name_keeps_what_names_no_person(text, expected):
    assert shown(text) == expected


def test_every_name_of_a_record_is_cleaned():
    path = "/home/ada/secret/x"
    record = public(
        Record("t", run=path, part=path, project=path, method=path, devices=(Device(path, 1),), provider=path, region=path, country=path)
    )
    assert "ada" not in repr(record)


@pytest.mark.parametrize(
    "change, code", [({"energy_kwh": 1e10}, "CG503"), ({"pue": 125.0}, "CG503"), ({"start": 9.0, "end": 3.0}, "CG518")]
)
def test_numbers_that_cannot_be_are_said(change, code):
    reading = Reading("a.csv", "t")
    record = possible(Record("t", **{"energy_kwh": 2.0, "lines": (4,), **change}), reading)
    assert [(problem.code, problem.line) for problem in reading.problems] == [(code, 4)]
    assert (record.start, record.end) == (None, None)


def test_a_run_is_not_longer_than_its_time():
    reading = Reading("a.csv", "t")
    record = possible(Record("t", energy_kwh=2.0, start=0.0, end=3600.0, hours=30.0, lines=(4,)), reading)
    assert (record.start, record.end, record.hours) == (None, 3600.0, 30.0)
    assert [problem.code for problem in reading.problems] == ["CG518"]
