"""DCGM exporter: counters of scrapes, their order, resets and blanks, and what becomes of damaged files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardgen.importers import dcgm
from cardgen.records.record import Device, Reading
from importers.damage import is_safe, readings, reordered
from importers.words import with_damaged_words, with_lines_doubled

DATA = Path(__file__).parent / "data" / "dcgm"
START, END = (DATA / "start.prom").read_bytes(), (DATA / "end.prom").read_bytes()
METRIC = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"


def read(folder: Path, *contents: bytes | str) -> Reading:
    files = {f"{n}.prom": content if isinstance(content, bytes) else content.encode() for n, content in enumerate(contents)}
    (found,) = readings(dcgm, folder, files)
    return found


def codes(reading: Reading) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in reading.problems]


def series(value: object, gpu: int = 0, more: str = "", name: str = METRIC) -> str:
    return f'{name}{{gpu="{gpu}",UUID="GPU-{gpu}",Hostname="n1"{more}}} {value}\n'


def test_the_energy_is_the_last_counter_less_the_first(tmp_path: Path) -> None:
    found = read(tmp_path, START, END)
    # (1049.2 MJ - 1042 MJ) + (1046.308 MJ - 1039 MJ) = 14.508 MJ = 4.03 kWh
    (record,) = found.records
    assert record.energy_kwh == pytest.approx(4.03, rel=1e-12)
    assert record.devices == (Device("NVIDIA H100 80GB HBM3", 2),)
    assert (record.boundary, record.basis) == ("accelerators", "measured")
    assert record.host == tuple(sorted(set(re.findall(r"GPU-[0-9a-f-]+", START.decode()))))
    lines = [line for line, text in enumerate(START.decode().splitlines(), 1) if text.startswith(METRIC)]
    assert record.lines == (min(lines), max(lines))
    assert found.problems == []


def test_files_in_the_other_order_have_the_same_energy_with_a_warning(tmp_path: Path) -> None:
    found = read(tmp_path, END, START)
    assert found.records[0].energy_kwh == pytest.approx(4.03, rel=1e-12)
    assert codes(found) == [("CG518", 1)]


def test_scrapes_in_one_file_stand_in_the_order_of_time(tmp_path: Path) -> None:
    assert read(tmp_path, START + b"\n" + END).records[0].energy_kwh == pytest.approx(4.03, rel=1e-12)
    assert [code for code, _ in codes(read(tmp_path, END + b"\n" + START))] == ["CG504", "CG504"]


def test_one_scrape_is_no_energy(tmp_path: Path) -> None:
    found = read(tmp_path, END)
    assert (found.records[0].energy_kwh, found.records[0].lines) == (None, ())
    assert codes(found) == [("CG501", 1)]


def test_counters_that_rise_and_fall_are_refused(tmp_path: Path) -> None:
    found = read(tmp_path, series(1000) + series(5000, 1), series(2000) + series(100, 1))
    assert [code for code, _ in codes(found) if code == "CG504"]


def test_time_stamps_order_the_scrapes_and_say_how_long_it_took(tmp_path: Path) -> None:
    found = read(tmp_path, series("3600000 1770003600000"), series("1800000 1770000000000"))
    (record,) = found.records
    assert (record.energy_kwh, record.hours, record.device_hours) == (pytest.approx(1800 / 3.6e6), 1, 1)
    assert found.problems == []


def test_a_restart_between_time_stamps_is_refused(tmp_path: Path) -> None:
    assert codes(read(tmp_path, series("9000000 1770000000000"), series("1800000 1770003600000"))) == [("CG504", 1)]


def test_a_blank_counter_is_no_value(tmp_path: Path) -> None:
    blank = "9223372036854775794"
    found = read(tmp_path, series(1000) + series(blank, 1), series(3601000) + series(blank, 1))
    assert found.records[0].energy_kwh == pytest.approx(3600 / 3.6e6)
    assert codes(found) == [("CG510", 2)]


def test_parts_of_a_gpu_repeat_its_counter(tmp_path: Path) -> None:
    def scrape(value: int) -> str:
        return "".join(series(value, 0, f',GPU_I_ID="{part}"') for part in range(7))

    assert read(tmp_path, scrape(1000), scrape(3601000)).records[0].energy_kwh == pytest.approx(3600 / 3.6e6)


def test_the_same_index_on_two_nodes_is_two_gpus(tmp_path: Path) -> None:
    def scrape(value: int) -> str:
        return "".join(f'{METRIC}{{gpu="0",UUID="GPU-{node}",Hostname="{node}"}} {value}\n' for node in ("n1", "n2"))

    assert read(tmp_path, scrape(1000), scrape(3601000)).records[0].energy_kwh == pytest.approx(7200 / 3.6e6)


def test_sorted_labels_and_names_of_the_first_release_are_read(tmp_path: Path) -> None:
    def scrape(value: int) -> str:
        return f'dcgm_total_energy_consumption{{Hostname="n",gpu="0",uuid="GPU-1"}} {value}\n'

    assert read(tmp_path, scrape(1000), scrape(3601000)).records[0].energy_kwh == pytest.approx(3600 / 3.6e6)


def test_another_unit_is_refused(tmp_path: Path) -> None:
    header = f"# HELP {METRIC} Total energy consumption since boot (in J).\n"
    assert ("CG504", 1) in codes(read(tmp_path, header + series(1000), header + series(3601000)))


def test_power_with_time_stamps_is_the_trapezoid_and_without_is_no_energy(tmp_path: Path) -> None:
    rows = "".join(series(f"360.0 {1770000000000 + 10000 * n}", name="DCGM_FI_DEV_POWER_USAGE") for n in range(6))
    record = read(tmp_path, rows).records[0]
    assert (record.energy_kwh, record.lines, record.host) == (pytest.approx(50 * 360 / 3.6e6), (1, 6), ("GPU-0",))
    assert codes(read(tmp_path, series(360.0, name="DCGM_FI_DEV_POWER_USAGE"))) == [("CG501", 1)]


def test_a_line_that_no_metric_has_is_refused(tmp_path: Path) -> None:
    for length in (100_000, 2_000_000):
        found = read(tmp_path, series(1000), series(2000) + f'{METRIC}{{gpu="0",UUID="' + "x" * length)
        assert codes(found) == [("CG505", 2)]


@pytest.mark.parametrize("inside", ['"', '\\"' * 20_000, "}" * 40_000, '"x"' * 10_000])
def test_a_line_takes_time_by_its_length(tmp_path: Path, inside: str) -> None:
    found = read(tmp_path, series(1000) + f'{METRIC}{{gpu="{inside}\n' + series(2000))
    assert ("CG503", 2) in codes(found)


def test_time_stamps_in_any_order_give_the_same_energy(tmp_path: Path) -> None:
    rows = [series(f"{1000 + 36_000_000 * n} {1770000000000 + 60000 * n}", gpu) for n in range(10) for gpu in range(2)]
    content = "".join(rows).encode()
    by_gpu = "".join(rows[::2] + rows[1::2])
    for contents in ((content,), (reordered(content, header=0),), (by_gpu,), ("".join(rows[8:]), "".join(rows[:8]))):
        record = read(tmp_path, *contents).records[0]
        assert (record.energy_kwh, record.hours) == (pytest.approx(2 * 9 * 36000 / 3.6e6), pytest.approx(0.15))
    mixed = "".join(rows[:6] + rows[10:]), "".join(rows[6:10])  # the second file lies within the first
    assert read(tmp_path, *mixed).records[0].energy_kwh == pytest.approx(2 * 9 * 36000 / 3.6e6)


def test_scrapes_of_two_runs_without_time_say_that_the_pause_is_counted(tmp_path: Path) -> None:
    found = read(tmp_path, *(series(value) for value in (1000, 3601000, 9001000, 12601000)))
    assert found.records[0].energy_kwh == pytest.approx(12600 / 3.6e6)
    assert "pauses between runs" in found.records[0].reason
    assert [(note.kind, note.line) for note in found.notes] == [("merged", 1)]
    assert "pauses" not in read(tmp_path, series(1000), series(3601000)).records[0].reason


def test_a_damaged_scrape_gives_the_right_total_or_a_problem(tmp_path: Path) -> None:
    damaged = [*with_damaged_words(END), *with_lines_doubled(END), ("reordered", reordered(END, header=0))]
    damaged += [(f"cut after {end}", END[:end]) for end in range(300, len(END))]
    labels = END.decode().splitlines()
    for row, line in enumerate(labels):
        for part in line.split(","):
            damaged.append(
                (f"line {row + 1} without {part}", "\n".join([*labels[:row], line.replace(part, "", 1), *labels[row + 1 :], ""]).encode())
            )
    wrong = []
    for words, content in damaged:
        found = readings(dcgm, tmp_path, {"a.prom": START, "b.prom": content})
        if not is_safe(found, 4.03):
            wrong.append(words)
    assert wrong == []


def test_host_names_and_ids_of_gpus_are_in_no_message(tmp_path: Path) -> None:
    found = read(tmp_path, START.replace(b"node01", b"secret-host"), END[:-20].replace(b"node01", b"secret-host"))
    shown = repr([found.problems, found.notes, found.records[0].reason])
    assert "secret-host" not in shown and "GPU-" not in shown


@pytest.mark.parametrize("text", ["# HELP up Up.\nup 1\n", "a,b\n", "{}", ""])
def test_other_files_are_not_recognised(tmp_path: Path, text: str) -> None:
    assert readings(dcgm, tmp_path, {"a.prom": text.encode()}) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_after_the_first_line_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    (found,) = readings(dcgm, tmp_path, {"a.prom": series(1000).encode() + content})
    assert found.problems and all(problem.line >= 1 for problem in found.problems)
