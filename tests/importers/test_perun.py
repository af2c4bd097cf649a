"""perun: the tree of an application, its report, the PUE that is inside, and damaged files. ``hand-made-...json`` is HAND-MADE."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.importers import perun
from importers.damage import is_safe, placed, readings

DATA = Path(__file__).parent / "data" / "perun"
TREE = (DATA / "hand-made-1.0.0-pue.json").read_bytes()
KWH = 0.072  # rounds of 72 and 144 kJ, times a PUE of 1.2: 259.2 kJ
REPORT = """PERUN REPORT

App name: train
First run: 2026-11-20T10:00:00.000000
Last run: 2026-11-20T10:00:00.000000


RUN ID: 2026-11-20T10:00:00.000000

| Round # |   Host |   RUNTIME |     ENERGY |     POWER |
|--------:|-------:|----------:|-----------:|----------:|
|       0 |    All | 360.000 s |  86.400 kJ | 200.000 W |
|       1 |    All | 720.000 s | 172.800 kJ | 200.000 W |
|       0 | node-a | 360.000 s |  72.000 kJ | 200.000 W |
|       1 | node-a | 720.000 s | 144.000 kJ | 200.000 W |

Monitored Functions

| Round # | Function | Avg Power |
|--------:|---------:|----------:|
|       0 |     step |  10.000 W |

Application Summary

The application has been run 1 times. In total, it has used 0.072 kWh, released a total of 0.020 kgCO2e into the atmosphere, \
and you paid 0.03 € in electricity for it."""


def read(tmp_path: Path, content: bytes, name: str = "train.json"):
    (found,) = readings(perun, tmp_path, {name: content})
    return found


def codes(found) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in found.problems]


def changed(change) -> bytes:
    """Return the tree after a change of its application, its run, its first round and that one's host."""
    tree = json.loads(TREE)
    (run,) = tree["nodes"][0].values()
    round_ = run["nodes"][0]["0"]
    change(tree, run, round_, round_["nodes"][0]["node-a"])
    return json.dumps(tree).encode()


def test_a_run_is_its_rounds_with_the_pue_inside(tmp_path):
    found = read(tmp_path, TREE)
    (record,) = found.records
    assert record.energy_kwh == pytest.approx((72_000 + 144_000) * 1.2 / 3.6e6, rel=1e-12)
    assert record.emissions_kg == pytest.approx(0.072 * 0.2748, rel=1e-12)
    assert (record.boundary, record.pue, record.basis, found.version) == ("facility", 1.2, "measured", "1.0.0")
    assert (record.hours, record.device_hours) == (pytest.approx(0.3), pytest.approx(0.6))
    assert sum(record.components.values()) == pytest.approx(0.072)
    assert [(device.name, device.count) for device in record.devices] == [("NVIDIA A100-SXM4-40GB", 2)]
    assert (found.problems, record.run) == ([], "train 2026-11-20T10:00:00.000000")


def test_the_magnitude_scales_the_unit(tmp_path):
    def in_kilojoules(node):
        for part in node if isinstance(node, list) else node.values() if isinstance(node, dict) else ():
            if isinstance(part, dict) and part.get("metric_md", {}).get("unit") == "J":
                part["metric_md"]["mag"] = 1000.0
                for key in {"sum", "value"} & set(part):
                    part[key] /= 1000
            in_kilojoules(part)

    assert read(tmp_path, changed(lambda tree, *_: in_kilojoules(tree))).records[0].energy_kwh == pytest.approx(KWH, rel=1e-12)


def test_no_host_leaves_what_is_private(tmp_path):
    (record,) = read(tmp_path, TREE).records
    assert record.private == {"host": "node-a"}
    assert "node-a" not in f"{record.reason} {record.method} {record.project} {record.run}"


@pytest.mark.parametrize(("name", "line"), [("1.0.0-no-energy.json", 1), ("1.0.0-no-energy.txt", 12)])
def test_a_machine_without_meters_gives_no_energy_and_its_time(name, line, tmp_path):
    found = read(tmp_path, (DATA / name).read_bytes(), name)
    assert codes(found) == [("CG501", line)]
    assert (found.records[0].energy_kwh, found.records[0].project) == (None, "wl")
    assert found.records[0].hours == pytest.approx(3.54 / 3600, rel=2e-3)


def test_before_release_0_5_the_pue_was_in_the_report_alone(tmp_path):
    def older(tree, run, *_):
        tree["metrics"].pop("co2"), run["metrics"].pop("co2"), tree["metrics"].pop("energy")
        run["metadata"] |= {"perun_version": "0.4.0", "post-processing.pue": "1.58"}
        run["metrics"]["energy"]["sum"] = 216_000
        for index, joules in (("0", 72_000), ("1", 144_000)):
            run["nodes"][0][index]["metrics"]["energy"]["value"] = joules

    found = read(tmp_path, changed(older))
    assert (found.records[0].energy_kwh, found.records[0].pue, found.records[0].boundary) == (pytest.approx(0.06), None, "node")


def test_several_runs_of_an_application_are_runs_of_their_own(tmp_path):
    def twice(tree, run, *_):
        tree["nodes"][0]["2026-11-21T10:00:00"] = run
        tree["metrics"]["energy"]["sum"] *= 2

    found = read(tmp_path, changed(twice))
    assert [record.energy_kwh for record in found.records] == [pytest.approx(KWH)] * 2
    assert found.problems == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda tree, run, round_, host: tree["metrics"]["energy"].update(sum=1.0), "CG504"),
        (lambda tree, run, round_, host: run["metrics"]["energy"].update(sum=1.0), "CG504"),
        (lambda tree, run, round_, host: run["metrics"].pop("energy"), "CG504"),
        (lambda tree, run, round_, host: round_["metrics"].pop("energy"), "CG504"),
        (lambda tree, run, round_, host: round_["metrics"]["energy"].update(value=1.0), "CG504"),
        (lambda tree, run, round_, host: run["nodes"][0].pop("1"), "CG504"),
        (lambda tree, run, round_, host: host["metrics"]["energy"].update(value=1.0), "CG504"),
        (lambda tree, run, round_, host: run["metadata"].update({"post-processing.pue": "1.6"}), "CG504"),
        (lambda tree, run, round_, host: run["metadata"].pop("post-processing.pue"), "CG521"),
        (lambda tree, run, round_, host: run["metrics"]["energy"]["metric_md"].update(unit="Wh"), "CG503"),
        (lambda tree, run, round_, host: run["metrics"]["energy"].update(sum="much"), "CG503"),
        (lambda tree, run, round_, host: tree["nodes"][0].clear(), "CG504"),
        (lambda tree, run, round_, host: tree["metadata"].clear(), "CG505"),
    ],
)
def test_numbers_that_contradict_each_other_are_refused(change, code, tmp_path):
    assert (code, 1) in codes(read(tmp_path, changed(change)))


def test_the_report_is_read_where_it_has_units_and_says_that_it_is_rounded(tmp_path):
    found = read(tmp_path, REPORT.encode(), "train.txt")
    (record,) = found.records
    assert (record.energy_kwh, record.pue, record.boundary) == (pytest.approx(KWH, rel=1e-12), 1.2, "facility")
    assert (record.reason, record.lines, record.emissions_kg, found.problems) == ("rounded to be read", (12, 13), 0.020, [])


def test_a_report_of_grams_that_it_calls_kg_is_read_as_grams(tmp_path):
    text = REPORT.replace("In total", "Throughout its runtime").replace("0.020 kg", "19.786 kg")
    assert read(tmp_path, text.encode(), "train.txt").records[0].emissions_kg == pytest.approx(0.019786)


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("172.800 kJ", "172.8OO kJ", "CG503", 13),
        ("172.800 kJ", "182.800 kJ", "CG504", 12),
        (" 144.000 kJ |", "", "CG502", 15),
        ("been run 1 times", "been run 3 times", "CG510", 12),
        (" in electricity for it.", "", "CG505", 25),
    ],
)
def test_a_damaged_report_is_named_with_its_line(old, new, code, line, tmp_path):
    assert (code, line) in codes(read(tmp_path, REPORT.replace(old, new).encode(), "train.txt"))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "CG501"),
        (b'[\n    {\n        "name": "train_2026 - ENERGY",\n        "unit": "kJ",\n        "value": 129.6\n    }\n]', "CG501"),
        (b",run id,hostname,device_group,sensor,unit,magnitude,timestep,value\n0,0,node-a,cpu,CPU_0,W,1.0,0.0,50\n", "CG501"),
        (b"-----\nPERUN REPORT\n\nApp name: train\nRun ID: 1\nENERGY: 5.000 kJ\n", "CG505"),
    ],
)
def test_exports_without_the_energy_of_a_run_name_the_one_that_has_it(content, code, tmp_path):
    (problem,) = read(tmp_path, content).problems
    assert (problem.code, "perun export" in problem.hint) == (code, True)


@pytest.mark.parametrize("content", [TREE, REPORT.encode()])
def test_a_file_that_was_cut_is_refused(content, tmp_path):
    for end in range(1, len(content), max(1, len(content) // 200)):
        assert is_safe(readings(perun, tmp_path, {"cut": content[:end]}), KWH)


@given(st.binary(max_size=200), st.sampled_from([TREE[:3000], b"PERUN REPORT\n", REPORT.encode()[:400], b"\x89HDF\r\n\x1a\n"]))
@settings(max_examples=60, deadline=None)
def test_any_bytes_after_a_beginning_give_data_or_problems(tmp_path_factory, content, before):
    found = readings(perun, tmp_path_factory.mktemp("any"), {"any": before + content})
    assert all(line >= 1 for line in placed(found))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["nodes", "metrics", "metadata", "energy", "sum", "0"]), inner)
    ),
    max_leaves=8,
)


@given(json_values, json_values, json_values)
@settings(max_examples=100, deadline=None)
def test_any_tree_gives_data_or_problems(tmp_path_factory, nodes, metrics, metadata):
    tree = {"id": "a", "metadata": {"creation_dt": metadata}, "metrics": metrics, "deviceType": None, "nodes": nodes}
    found = readings(perun, tmp_path_factory.mktemp("any"), {"a.json": json.dumps(tree).encode()})
    assert all(line >= 1 for line in placed(found))


def test_other_json_is_not_recognised(tmp_path):
    assert readings(perun, tmp_path, {"a.json": b'{"id": "a", "metrics": {}}', "b.json": b'[{"name": "speed", "unit": "s"}]'}) == []


def test_amounts_that_no_run_has_are_refused(tmp_path):
    found = readings(perun, tmp_path, {"a.json": TREE.replace(b"259200", b"2.592e20")})[0]
    assert found.is_refused and all(record.energy_kwh is None for record in found.records)


def test_the_samples_beside_the_json_have_no_energy_that_the_json_lacks(tmp_path):
    samples, tree = readings(perun, tmp_path, {"train.hdf5": b"\x89HDF\r\n\x1a\n" + bytes(100), "train.json": TREE})
    assert (codes(samples), samples.problems[0].hint) == ([("CG501", 1)], perun.EXPORT)
    assert "the energy is read from JSON" in samples.problems[0].message
    assert tree.records[0].energy_kwh == pytest.approx(KWH, rel=1e-12)


@pytest.mark.parametrize("name", ["/home/ada", "/home/ada/train.py", "C:\\Users\\ada", "acme/train"])
def test_a_name_that_is_a_path_is_passed_on_whole_for_its_last_part_may_be_a_person(name, tmp_path):
    (record,) = read(tmp_path, changed(lambda tree, *_: tree.update(id=name))).records
    assert (record.project, record.run) == (name, f"{name} 2026-11-20T10:00:00.000000")
    (record,) = read(tmp_path, REPORT.replace("App name: train", f"App name: {name}").encode(), "train.txt").records
    assert record.project == name


def test_a_name_that_is_no_text_is_no_project(tmp_path):
    assert read(tmp_path, changed(lambda tree, *_: tree.update(id={"path": "/home/ada"}))).records[0].project == ""
