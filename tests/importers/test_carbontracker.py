"""carbontracker: both logs of every release, and what becomes of damaged ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.importers import carbontracker
from importers.damage import cuts, readings, reordered, total
from importers.lines import is_noticed, with_damaged_lines

DATA = Path(__file__).parent / "data" / "carbontracker"
# Energy in kWh and emissions in g, as the logs print them for "Actual", and the number of epochs.
ACTUAL = {
    "2.4.7-cpu": (0.000237096178, 0.105507799270, 3),
    "2.4.7-early-stop": (0.000158082334, 0.070346638790, 3),
    "2.4.7-simulated-a100": (0.002381453590, 1.059746847572, 4),
}
# Power × time × PUE of the epochs: what a log of epochs gives alone.
COMPUTED = {
    "2.4.7-cpu": 3 * 3.00 * 60 * 1.58 / 3.6e6,
    "2.4.7-early-stop": 3 * 2.00 * 60 * 1.58 / 3.6e6,
    "2.4.7-simulated-a100": 4 * 3.00 * (340 + 112) * 1.58 / 3.6e6,
}


def logs(case: str) -> dict[str, bytes]:
    return {name: (DATA / name).read_bytes() for name in (f"{case}_carbontracker.log", f"{case}_carbontracker_output.log")}


def output(case: str) -> bytes:
    return (DATA / f"{case}_carbontracker_output.log").read_bytes()


def epochs(case: str) -> bytes:
    return (DATA / f"{case}_carbontracker.log").read_bytes()


def read(tmp_path: Path, **files: bytes):
    (found,) = readings(carbontracker, tmp_path, {f"{name}.log": content for name, content in files.items()})
    return found


def codes(found) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in found.problems]


@pytest.mark.parametrize("case", ACTUAL)
def test_two_logs_of_one_training_are_one_reading_and_one_record(case, tmp_path):
    (found,) = readings(carbontracker, tmp_path, logs(case))
    energy, grams, _ = ACTUAL[case]
    (record,) = found.records
    assert (record.energy_kwh, record.emissions_kg) == (pytest.approx(energy, rel=1e-12), pytest.approx(grams / 1000, rel=1e-12))
    assert (record.pue, record.boundary, record.method) == (1.58, "facility", "carbontracker 2.4.7")
    assert record.is_default_place and record.country is None
    assert not found.is_refused


@pytest.mark.parametrize("case", ACTUAL)
def test_the_output_log_alone_gives_the_actual_energy_and_says_that_the_pue_is_unknown(case, tmp_path):
    found = read(tmp_path, a=output(case))
    assert total([found]) == pytest.approx(ACTUAL[case][0], rel=1e-12)
    assert (found.records[0].pue, found.is_refused) == (None, False)
    assert "CG521" in [code for code, _ in codes(found)]


@pytest.mark.parametrize("case", ACTUAL)
def test_the_log_of_epochs_alone_gives_power_times_time_times_pue_with_a_warning(case, tmp_path):
    found = read(tmp_path, a=epochs(case))
    assert total([found]) == pytest.approx(COMPUTED[case], rel=1e-12)
    assert ("CG517", 5) in codes(found) and not found.is_refused
    assert found.records[0].emissions_kg is None


def test_files_are_paired_by_content_and_not_by_order_or_name(tmp_path):
    files = {}
    for index, case in enumerate(ACTUAL):
        files[f"{index}.log"] = epochs(case)
        files[f"{9 - index}.log"] = output(case)
    found = readings(carbontracker, tmp_path, files)
    assert [len(reading.records) for reading in found] == [1, 1, 1]
    assert total(found) == pytest.approx(sum(energy for energy, _, _ in ACTUAL.values()), rel=1e-12)


def test_a_power_that_never_changes_is_estimated_and_may_be_simulated(tmp_path):
    (found,) = readings(carbontracker, tmp_path, logs("2.4.7-simulated-a100"))
    (record,) = found.records
    assert record.basis == "estimated"
    assert [(device.name, device.count) for device in record.devices] == [("NVIDIA A100-SXM4-80GB", 1)]
    # 340 of 452 W are the GPU's.
    assert record.components["accelerators"] == pytest.approx(0.002381453590 * 340 / 452)
    assert [p.message for p in found.problems if "GPU 340 W and CPU 112 W" in p.message]


def test_after_an_early_stop_both_numbers_of_epochs_are_named(tmp_path):
    (found,) = readings(carbontracker, tmp_path, logs("2.4.7-early-stop"))
    assert [p.message for p in found.problems if p.line == 13] == ["the actual consumption names 2 epoch(s), and 3 were logged"]


def test_a_prediction_alone_is_never_read_as_energy(tmp_path):
    content = output("2.4.7-cpu").split(b"2026-11-21 09:07:39")[0]
    found = read(tmp_path, a=content)
    assert codes(found)[0] == ("CG501", 5)
    assert [record.energy_kwh for record in found.records] == [None]


def test_with_a_prediction_and_all_epochs_the_energy_is_that_of_the_epochs(tmp_path):
    content = output("2.4.7-cpu").split(b"2026-11-21 09:07:39")[0]
    (found,) = readings(carbontracker, tmp_path, {"a.log": content, "b.log": epochs("2.4.7-cpu")})
    assert total([found]) == pytest.approx(COMPUTED["2.4.7-cpu"], rel=1e-12)
    assert not found.is_refused and "CG517" in [code for code, _ in codes(found)]


def test_a_log_of_epochs_without_its_end_has_no_energy(tmp_path):
    content = epochs("2.4.7-cpu").split(b"2026-11-21 09:07:39 - Epoch 3")[0]
    found = read(tmp_path, a=content)
    assert codes(found)[0] == ("CG501", 8)
    assert (found.records[0].energy_kwh, found.records[0].hours) == (None, pytest.approx(6 / 3600))


def test_a_contradiction_between_energy_and_emissions_is_refused(tmp_path):
    content = output("2.4.7-cpu").replace(b"0.000237096178", b"0.000239096178")
    assert ("CG504", 13) in codes(read(tmp_path, a=content))


def test_a_contradiction_between_printed_energy_and_epochs_is_refused(tmp_path):
    files = {"a.log": output("2.4.7-cpu"), "b.log": epochs("2.4.7-cpu").replace(b"cpu: 60.0", b"cpu: 61.0")}
    (found,) = readings(carbontracker, tmp_path, files)
    assert ("CG504", 13) in codes(found)


OLD = b"""\
2021-03-01 10:00:00 - carbontracker version 1.1.6
2021-03-01 10:00:00 - Only predicted and actual consumptions are multiplied by a PUE coefficient of 1.59 (Rhonda Ascierto, 2019, Uptime I.).
2021-03-01 10:00:00 - The following components were found: GPU with device(s) Tesla V100, Tesla V100. CPU with device(s) cpu:0, cpu:1.
2021-03-01 10:00:01 - Monitoring thread started.
2021-03-01 10:05:01 - Epoch 1:
2021-03-01 10:05:01 - Duration: 0:05:00.00
2021-03-01 10:05:01 - Average power usage (W) for gpu: [200.25 210.5
 ]
2021-03-01 10:05:01 - Average power usage (W) for cpu: [40.5 41.75]
2021-03-01 10:10:01 - Epoch 2:
2021-03-01 10:10:01 - Duration: 0:05:00.00
2021-03-01 10:10:01 - Average power usage (W) for gpu: [204.75 212. ]
2021-03-01 10:10:01 - Average power usage (W) for cpu: [41.5 40.25]
2021-03-01 10:10:01 - Carbon intensities (gCO2/kWh) fetched every 900 s at detected location Copenhagen, Capital Region, DK: [100.0]
2021-03-01 10:10:01 - Average carbon intensity during training was 100.00 gCO2/kWh at detected location: Copenhagen, Capital Region, DK.
2021-03-01 10:10:01 - Monitoring thread ended.
"""
# (200.25 + 210.5 + 40.5 + 41.75 + 204.75 + 212 + 41.5 + 40.25) W × 300 s × 1.59
OLD_KWH = 991.5 * 300 * 1.59 / 3.6e6
OLD_OUTPUT = f"""\
2021-03-01 10:00:00 - CarbonTracker: The following components were found: GPU with device(s) Tesla V100, Tesla V100. CPU with device(s) cpu:0, cpu:1.
2021-03-01 10:10:01 - CarbonTracker: 
Actual consumption for 2 epoch(s):
\tTime:\t0:10:00
\tEnergy:\t{OLD_KWH:.12f} kWh
\tCO2eq:\t{OLD_KWH * 100:.12f} g
\tThis is equivalent to:
\t0.109169 km travelled by car
2021-03-01 10:10:01 - CarbonTracker: Finished monitoring.
""".encode()  # noqa: E501


def test_logs_of_release_1_have_lists_of_powers_another_pue_and_a_place(tmp_path):
    (found,) = readings(carbontracker, tmp_path, {"a.log": OLD, "b.log": OLD_OUTPUT})
    (record,) = found.records
    assert record.energy_kwh == pytest.approx(OLD_KWH, rel=1e-9)
    assert (record.pue, record.basis, record.country, record.device_hours) == (1.59, "measured", "DK", pytest.approx(2 * 600 / 3600))
    assert [(device.name, device.count) for device in record.devices] == [("Tesla V100", 2)]
    assert "Copenhagen" not in record.reason + record.method and record.private["location"].startswith("Copenhagen")
    assert not found.problems


def test_a_log_that_two_trackers_wrote_holds_two_trainings_and_none_is_added_twice(tmp_path):
    second = OLD_OUTPUT.replace(b"2021-03-01", b"2021-03-02")
    found = readings(carbontracker, tmp_path, {"a.log": OLD_OUTPUT + second, "b.log": second})
    assert [len(reading.records) for reading in found] == [2, 0]
    assert total(found) == pytest.approx(2 * OLD_KWH, rel=1e-9)
    assert found[1].notes[0].reason == "the same training as in a.log"


def test_two_logs_that_agree_in_few_digits_are_one_training_with_a_warning(tmp_path):
    found = readings(carbontracker, tmp_path, {"a.log": epochs("2.4.7-cpu"), "b.log": epochs("2.4.7-cpu")})
    assert total(found) == pytest.approx(COMPUTED["2.4.7-cpu"], rel=1e-12)
    assert "CG510" in [code for code, _ in codes(found[1])]


def test_messages_that_two_handlers_wrote_are_read_once(tmp_path):
    parts = OLD_OUTPUT.split(b"2021-03-01 10:10:01 - CarbonTracker: \n")
    block = b"2021-03-01 10:10:01 - CarbonTracker: \n" + parts[1].split(b"2021")[0]
    found = read(tmp_path, a=OLD_OUTPUT.replace(block, block + block))
    assert total([found]) == pytest.approx(OLD_KWH, rel=1e-9)
    assert [(note.kind, note.line) for note in found.notes] == [("merged", 9)]


def test_an_epoch_without_a_power_is_named(tmp_path):
    content = epochs("2.4.7-cpu").replace(b"cpu: 60.0", b"cpu: None", 1)
    (found,) = readings(carbontracker, tmp_path, {"a.log": output("2.4.7-cpu"), "b.log": content})
    assert ("CG510", 5) in codes(found) and total([found]) == pytest.approx(0.000237096178)


@pytest.mark.parametrize(
    "change", [lambda c: b"\xef\xbb\xbf" + c, lambda c: c.replace(b"\n", b"\r\n"), lambda c: c.decode().encode("utf-16")]
)
def test_other_line_ends_and_encodings_read_the_same(change, tmp_path):
    (found,) = readings(carbontracker, tmp_path, {name: change(content) for name, content in logs("2.4.7-cpu").items()})
    assert total([found]) == pytest.approx(0.000237096178, rel=1e-12) and not found.is_refused


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", b"{}", b"", b"2026-11-21 09:07:30 - something else\n", b"Epoch 1:\nDuration: 0:00:03.00\n"]
)
def test_other_files_are_not_taken(content, tmp_path):
    assert readings(carbontracker, tmp_path, {"a_carbontracker.log": content}) == []


@pytest.mark.parametrize("case", ACTUAL)
def test_a_damaged_log_gives_the_right_energy_or_a_problem(case, tmp_path):
    wrong = []
    for content, expected in ((output(case), ACTUAL[case][0]), (epochs(case), COMPUTED[case])):
        whole = readings(carbontracker, tmp_path, {"a.log": content})
        for words, damaged in with_damaged_lines(content):
            if not is_noticed(readings(carbontracker, tmp_path, {"a.log": damaged}), whole, expected):
                wrong.append(words)
    assert wrong == []


@pytest.mark.parametrize("case", ACTUAL)
def test_a_damaged_log_beside_a_whole_one_gives_the_right_energy_or_a_problem(case, tmp_path):
    whole = readings(carbontracker, tmp_path, {"a.log": output(case), "b.log": epochs(case)})
    wrong = []
    for name, content in (("a.log", output(case)), ("b.log", epochs(case))):
        for words, damaged in with_damaged_lines(content):
            files = {"a.log": output(case), "b.log": epochs(case), name: damaged}
            if not is_noticed(readings(carbontracker, tmp_path, files), whole, ACTUAL[case][0]):
                wrong.append(f"{name}: {words}")
    assert wrong == []


@pytest.mark.parametrize("case", ACTUAL)
def test_a_cut_log_gives_the_right_energy_or_a_problem(case, tmp_path):
    for content, expected in ((output(case), ACTUAL[case][0]), (epochs(case), COMPUTED[case])):
        whole = readings(carbontracker, tmp_path, {"a.log": content})
        for cut in cuts(content, most=150):
            assert is_noticed(readings(carbontracker, tmp_path, {"a.log": cut}), whole, expected), cut[-60:]


@pytest.mark.parametrize("seed", range(20))
def test_a_log_in_another_order_gives_the_right_energy_or_a_problem(seed, tmp_path):
    for content, expected in ((output("2.4.7-cpu"), 0.000237096178), (epochs("2.4.7-cpu"), COMPUTED["2.4.7-cpu"])):
        whole = readings(carbontracker, tmp_path, {"a.log": content})
        assert is_noticed(readings(carbontracker, tmp_path, {"a.log": reordered(content, seed, header=1)}), whole, expected)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", epochs("2.4.7-cpu"), output("2.4.7-cpu"), OLD]))
def test_any_bytes_after_a_right_line_give_problems_and_no_traceback(tmp_path_factory, content, start):
    folder = tmp_path_factory.mktemp("any")
    for first in (b"2026-11-21 09:07:29 - carbontracker version 2.4.7\n", b"2026-11-21 09:07:29 - CarbonTracker: \n"):
        for reading in readings(carbontracker, folder, {"a.log": first + start + content}):
            assert all(problem.line >= 1 for problem in reading.problems)


def test_a_log_that_ends_before_it_starts_has_no_end(tmp_path):
    lines = output("2.4.7-cpu").rstrip(b"\n").split(b"\n")
    lines[-1] = lines[-1].replace(b"2026-", b"2020-")
    found = read(tmp_path, run_carbontracker_output=b"\n".join(lines) + b"\n")
    (record,) = found.records
    assert (record.end, record.energy_kwh) == (None, pytest.approx(ACTUAL["2.4.7-cpu"][0]))
    assert ("CG518", len(lines)) in [(problem.code, problem.line) for problem in found.problems]


@pytest.mark.parametrize("line", [b"x" * 70_000, b"a\x00b"])
def test_a_line_that_the_tool_does_not_write_is_refused(line, tmp_path):
    content = output("2.4.7-cpu")
    found = read(tmp_path, run_carbontracker_output=content + line + b"\n")
    assert ("CG505", content.count(b"\n") + 1) in [(problem.code, problem.line) for problem in found.problems]


def test_what_stands_on_a_damaged_line_is_not_shown(tmp_path):
    found = read(tmp_path, run_carbontracker=epochs("2.4.7-cpu").replace(b"Duration: ", b"Duration: /home/ada/"))
    assert found.is_refused and "ada" not in " ".join(problem.message for problem in found.problems)


def pair(case: str, tmp_path: Path):
    found = readings(carbontracker, tmp_path, logs(case))
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("case", "energy", "grams", "words"),
    [
        ("1.2.5-ten", 0.000170372493, 0.080926934059, "1 of 10 epochs were monitored, with 1.70372e-05 kWh: the 0.000170372 kWh"),
        ("2.4.7-monitor2", 0.000098207391, 0.043702289081, "2 of 5 epochs were monitored, with 4.20037e-05 kWh: the 9.82074e-05 kWh"),
    ],
)
def test_where_some_epochs_were_monitored_the_prediction_for_all_counts_as_an_estimate(case, energy, grams, words, tmp_path):
    found = pair(case, tmp_path)
    (record,) = found.records
    assert (record.energy_kwh, record.emissions_kg) == (pytest.approx(energy, rel=1e-12), pytest.approx(grams / 1000, rel=1e-12))
    assert (record.basis, found.is_refused) == ("estimated", False)
    assert record.reason.startswith("predicted by the tool")
    assert [problem.code for problem in found.problems if problem.message.startswith(words)] == ["CG517"]


def test_the_time_of_a_prediction_is_that_of_all_epochs(tmp_path):
    (record,) = pair("2.4.7-monitor2", tmp_path).records
    assert record.hours == pytest.approx(2 * 0.70 * 5 / 2 / 3600)
    assert record.end == pytest.approx(record.start + 3.5)


def test_a_prediction_that_follows_the_consumption_shows_that_the_rest_was_not_monitored(tmp_path):
    found = read(tmp_path, a=output("1.2.5-ten"))
    assert total([found]) == pytest.approx(0.000170372493) and ("CG517", 6) in codes(found)


def test_where_the_output_log_leaves_open_what_was_monitored_both_energies_are_named(tmp_path):
    found = read(tmp_path, a=output("2.4.7-monitor2"))
    assert total([found]) == pytest.approx(0.000042003744)
    assert [p.message for p in found.problems if "4.20037e-05 kWh are those of 2 of 5" in p.message and "9.82074e-05" in p.message]


def test_after_an_early_stop_the_energy_is_that_of_the_epochs_that_ran(tmp_path):
    found = pair("2.4.7-stop-early", tmp_path)
    assert total([found]) == pytest.approx(0.000040562965) and not found.is_refused


def test_one_epoch_of_a_release_that_monitors_only_the_first_is_warned_of(tmp_path):
    for found in (read(tmp_path, a=epochs("1.1.6-ten")), read(tmp_path, a=epochs("1.2.5-ten"))):
        assert [p.code for p in found.problems if "monitors only the first" in p.message] == ["CG517"]
        assert (found.records[0].basis, found.is_refused) == ("measured", False)


# W of each epoch × devices × 0.70 s × PUE 1.58
GPU8_KWH = (286.86794188731363 + 285.5052659291909 + 285.1674547385156) * 8 * 0.7 * 1.58 / 3.6e6


def test_the_mean_power_of_several_devices_is_not_taken_as_their_energy(tmp_path):
    found = pair("2.4.7-gpu8", tmp_path)
    assert ("CG504", 5) in codes(found) and found.records[0].energy_kwh is None
    problem = next(p for p in found.problems if p.code == "CG504")
    assert "8 GPUs are listed" in problem.message and f"{GPU8_KWH:.6g} kWh" in problem.hint


@pytest.mark.parametrize("case", ["2.0.0-gpu8", "2.4.7-gpu8-cpu"])
@pytest.mark.parametrize("suffix", [("", "_output"), ("",)])
def test_a_mean_over_devices_is_refused_with_and_without_the_output_log(case, suffix, tmp_path):
    found = readings(carbontracker, tmp_path, {f"a{end}.log": (DATA / f"{case}_carbontracker{end}.log").read_bytes() for end in suffix})
    assert [p.code for p in found[0].problems if p.severity == "error"] == ["CG504"]


def test_the_output_log_alone_names_the_mean_where_its_words_are_those_of_a_late_release(tmp_path):
    assert [p.code for p in read(tmp_path, a=output("2.4.7-gpu8")).problems if p.severity == "error"] == ["CG504"]
    early = read(tmp_path, a=output("2.0.0-gpu8"))
    assert not early.is_refused and [p.code for p in early.problems if "take the mean" in p.message] == ["CG517"]


def test_the_sum_of_a_list_of_powers_is_right(tmp_path):
    assert (
        pair("2.4.7-simulated-a100", tmp_path).records[0].energy_kwh and not readings(carbontracker, tmp_path, {"a.log": OLD})[0].is_refused
    )


def test_few_printed_digits_are_a_spread_of_the_energy(tmp_path):
    assert pair("2.4.7-prec3", tmp_path).records[0].spread == pytest.approx(0.0005 / 0.004)
    assert pair("2.4.7-cpu", tmp_path).records[0].spread is None


def test_epochs_too_short_for_a_reading_are_named_as_a_reason_for_a_power_that_does_not_vary(tmp_path):
    found = pair("2.4.7-short", tmp_path)
    assert total([found]) == pytest.approx(0.000000011445)
    assert [p.code for p in found.problems if "too short for a reading each" in p.message] == ["CG517"]
    alone = read(tmp_path, a=epochs("2.4.7-short"))
    assert codes(alone)[-1][0] == "CG501" or "CG501" in [code for code, _ in codes(alone)]


@pytest.mark.parametrize("case", ["2.4.7-monitor2", "2.4.7-stop-early", "2.4.7-short"])
def test_what_a_log_does_not_say_was_measured_is_estimated(case, tmp_path):
    assert pair(case, tmp_path).records[0].basis == "estimated"


@pytest.mark.parametrize("case", ["1.2.5-ten", "2.4.7-gpu8"])
def test_the_log_of_errors_is_known_and_not_read(case, tmp_path):
    errors = (DATA / f"{case}_carbontracker_err.log").read_bytes()
    (alone,) = readings(carbontracker, tmp_path, {"a_err.log": errors})
    assert codes(alone) == [("CG501", 1)]
    beside = readings(carbontracker, tmp_path, {"a_err.log": errors, "a.log": epochs(case)})
    assert [(reading.records, [note.kind for note in reading.notes]) for reading in beside[1:]] == [([], ["not read"])]
    assert not beside[1].problems


def test_an_empty_output_log_is_the_tools_own(tmp_path):
    files = {"a_carbontracker.log": epochs("1.1.6-ten"), "a_carbontracker_output.log": output("1.1.6-ten")}
    found = readings(carbontracker, tmp_path, files)
    assert [note.reason for note in found[1].notes] == ["a log of the tool that is empty: nothing was printed to it"]
    assert not found[1].problems


@pytest.mark.parametrize("case", ["2.4.7-monitor2", "1.2.5-ten"])
def test_a_damaged_log_of_a_partly_monitored_training_gives_its_prediction_or_a_problem(case, tmp_path):
    whole = readings(carbontracker, tmp_path, {"a.log": output(case), "b.log": epochs(case)})
    wrong = []
    for name, content in (("a.log", output(case)), ("b.log", epochs(case))):
        for words, damaged in with_damaged_lines(content):
            files = {"a.log": output(case), "b.log": epochs(case), name: damaged}
            if not is_noticed(readings(carbontracker, tmp_path, files), whole, total(whole)):
                wrong.append(f"{name}: {words}")
    assert wrong == []


def warned(found, code: str) -> list[str]:
    return [problem.message for problem in found.problems if problem.code == code]


CUT_EPOCHS = [
    epochs("2.4.7-monitor2")[: epochs("2.4.7-monitor2").index(end) + more]
    for end, more in ((b"2026-11-21 17:07:16 - The", 0), (b"coefficient", 4), (b"Monitoring thread started", 0), (b"Epoch 1", 0))
]


@pytest.mark.parametrize("cut", CUT_EPOCHS)
def test_a_log_of_epochs_that_was_cut_before_them_is_named_and_leaves_open_what_was_monitored(cut, tmp_path):
    (found,) = readings(carbontracker, tmp_path, logs("2.4.7-monitor2") | {"2.4.7-monitor2_carbontracker.log": cut})
    assert total([found]) == pytest.approx(0.000042003744, rel=1e-12)
    assert len(warned(found, "CG519")) == 1
    assert any("are those of 2 of 5 epochs, or of one more" in message for message in warned(found, "CG517"))


@pytest.mark.parametrize("case", ["1.2.5-ten", "2.4.7-monitor2", "2.4.7-stop-early", "2.4.7-cpu"])
@pytest.mark.parametrize("suffix", ["", "_output"])
def test_every_cut_of_a_log_of_a_pair_is_noticed(case, suffix, tmp_path):
    name = f"{case}_carbontracker{suffix}.log"
    whole = readings(carbontracker, tmp_path, logs(case))
    usual = {(problem.code, problem.message) for reading in whole for problem in reading.problems}
    silent = []
    for cut in cuts(logs(case)[name].rstrip(b"\n"), most=250):
        found = readings(carbontracker, tmp_path, logs(case) | {name: cut})
        of_cut = [problem for reading in found for problem in reading.problems if (problem.code, problem.message) not in usual]
        notes = [note for reading in found for note in reading.notes if note.kind == "not read"]
        if not of_cut and not notes and len(found) == 1:
            silent.append(cut[-40:])
    assert silent == []


def test_a_prediction_counts_where_the_log_of_epochs_was_cut_and_it_follows_the_consumption(tmp_path):
    cut = epochs("1.2.5-ten").split(b"2026-11-21 17:22:46 - Epoch")[0]
    (found,) = readings(carbontracker, tmp_path, logs("1.2.5-ten") | {"1.2.5-ten_carbontracker.log": cut})
    assert total([found]) == pytest.approx(0.000170372493, rel=1e-12)
    assert warned(found, "CG519") == ["1.2.5-ten_carbontracker.log: the log ends after 0 epoch(s), before monitoring ended: it was cut"]


@pytest.mark.parametrize(
    ("end", "codes_of_cut"),
    [
        (b"\tThis is equivalent", ["CG517", "CG519"]),
        (b"2026-11-21 17:22:46 - CarbonTracker: Live", ["CG517", "CG519"]),
        (b"Predicted consumption", ["CG517", "CG519"]),
        (b"2026-11-21 17:22:46 - CarbonTracker: Finished", ["CG519"]),
        (b"d monitoring.", ["CG519"]),
    ],
)
def test_an_output_log_that_was_cut_after_the_actual_consumption_may_be_of_a_part(end, codes_of_cut, tmp_path):
    content = output("1.2.5-ten")
    found = read(tmp_path, a=content[: content.index(end)])
    assert [warned(found, code) != [] for code in codes_of_cut] == [True] * len(codes_of_cut)
    assert len(warned(found, "CG519")) == 1
    assert total([found]) == pytest.approx(0.000017037249 if "CG517" in codes_of_cut else 0.000170372493, rel=1e-12)


@pytest.mark.parametrize("case", ["1.2.5-ten", "2.4.7-monitor2", "2.4.7-stop-early"])
def test_a_last_line_that_ends_the_log_needs_no_line_end(case, tmp_path):
    (found,) = readings(carbontracker, tmp_path, {name: content.rstrip(b"\n") for name, content in logs(case).items()})
    assert warned(found, "CG519") == []


@pytest.mark.parametrize("damage", [b"\0\0\0\0", b"x" * 1_100_000])
def test_a_damaged_log_of_errors_leaves_the_pair_beside_it_as_it_is(damage, tmp_path):
    errors = {"1.2.5-ten_carbontracker_err.log": (DATA / "1.2.5-ten_carbontracker_err.log").read_bytes() + damage}
    line = errors["1.2.5-ten_carbontracker_err.log"].count(b"\n") + 1
    pair, beside = readings(carbontracker, tmp_path, logs("1.2.5-ten") | errors)
    assert total([pair]) == pytest.approx(0.000170372493, rel=1e-12) and not pair.is_refused
    assert codes(beside) == [("CG505", line)] and not beside.is_refused and [note.kind for note in beside.notes] == ["not read"]
    (alone,) = readings(carbontracker, tmp_path, errors)
    assert ("CG501", 1) in codes(alone) and alone.is_refused


NOTHING_FOUND = {
    "a_carbontracker.log": b"""\
2026-11-21 17:07:33 - carbontracker version 2.4.7
2026-11-21 17:07:33 - Only predicted and actual consumptions are multiplied by a PUE coefficient of 1.58 (Daniel Bizo, 2023, Uptime I.).
2026-11-21 17:07:34 - Epoch 1:
2026-11-21 17:07:34 - Duration: 0:00:00.70
2026-11-21 17:07:34 - Average carbon intensity during training was 445.00 gCO2eq/kWh. 
2026-11-21 17:07:34 - Monitoring thread ended.
""",
    "a_carbontracker_output.log": b"""\
2026-11-21 17:07:33 - CarbonTracker: Ignored error: Traceback (most recent call last):
carbontracker.exceptions.NoComponentsAvailableError: No components were available.
Continued training without monitoring...
2026-11-21 17:07:34 - CarbonTracker: 
Actual consumption for 1 epoch(s):
\tTime:\t0:00:01
\tEnergy:\t0.000000000000 kWh
\tCO2eq:\t0.000000000000 g
\tThis is equivalent to:
\t0.000000000000 km travelled by car
2026-11-21 17:07:34 - CarbonTracker: Finished monitoring.
""",
}


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (["a_carbontracker.log", "a_carbontracker_output.log"], 7),
        (["a_carbontracker.log"], 1),
        (["a_carbontracker_output.log"], 7),
    ],
)
def test_a_training_for_which_no_component_was_found_has_no_energy_and_no_damage(names, line, tmp_path):
    (found,) = readings(carbontracker, tmp_path, {name: NOTHING_FOUND[name] for name in names})
    assert codes(found) == [("CG501", line)]
    assert "no component was found" in found.problems[0].message
    assert [record.energy_kwh for record in found.records] == [None]


def test_epochs_that_lost_their_power_are_damage_where_components_were_found(tmp_path):
    content = b"".join(line for line in epochs("2.4.7-cpu").splitlines(keepends=True) if b"Average power" not in line)
    assert "CG505" in [code for code, _ in codes(read(tmp_path, a=content))]


@pytest.mark.parametrize(
    ("text", "version"),
    [(b"2.4.7", "2.4.7"), (b"1.1.7.dev3", "1.1.7.dev3"), (b"/home/ada", ""), (b"ada@example.org", ""), (b"2" * 21, "")],
)
def test_only_what_looks_like_a_release_is_its_version(text, version, tmp_path):
    found = read(tmp_path, a=epochs("2.4.7-cpu").replace(b"version 2.4.7", b"version " + text))
    assert (found.version, found.records[0].method) == (version, f"carbontracker {version}".strip())


def test_one_epoch_of_a_release_that_is_not_named_may_be_the_first_of_several(tmp_path):
    found = read(tmp_path, a=epochs("1.2.5-ten").replace(b"version 1.2.5", b"version ?"))
    assert [p.code for p in found.problems if "releases 1.x, if it was one, monitor only the first" in p.message] == ["CG517"]
