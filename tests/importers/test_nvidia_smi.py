"""nvidia-smi: logs of its queries and of dmon, and what becomes of damaged ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardgen.importers import nvidia_smi
from cardgen.records.record import Device, Reading
from importers.damage import readings, reordered, total, unsafe, unsafe_cuts, with_damaged_fields
from importers.words import with_lines_doubled

DATA = Path(__file__).parent / "data" / "nvidia-smi"
FILES = {"two-gpu.csv": 0.011348519999999999, "one-gpu-nounits.csv": 0.016516706666666665}
UUID = "GPU-0000000{}-1111-2222-3333-444444444444"


def read(folder: Path, text: str) -> Reading:
    (found,) = readings(nvidia_smi, folder, {"log.csv": text.encode()})
    return found


def codes(reading: Reading) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in reading.problems]


def log(header: str, *rows: str) -> str:
    return "\n".join([header, *rows, ""])


@pytest.mark.parametrize("name", FILES)
def test_the_energy_of_a_log_is_the_trapezoid_per_gpu(tmp_path: Path, name: str) -> None:
    (found,) = readings(nvidia_smi, tmp_path, {name: (DATA / name).read_bytes()})
    (record,) = found.records
    assert record.energy_kwh == pytest.approx(FILES[name], rel=1e-12)
    assert record.devices == (Device("NVIDIA A100-SXM4-80GB", 2 if name == "two-gpu.csv" else 1),)
    assert (record.boundary, record.basis, record.components) == ("accelerators", "measured", {"accelerators": record.energy_kwh})
    assert found.problems == []


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_log_gives_the_right_total_or_a_problem(tmp_path: Path, name: str) -> None:
    content, expected = (DATA / name).read_bytes(), FILES[name]
    assert unsafe(nvidia_smi, tmp_path, name, with_damaged_fields(content, most=120), expected) == []
    assert unsafe(nvidia_smi, tmp_path, name, with_lines_doubled(content), expected) == []
    assert unsafe(nvidia_smi, tmp_path, name, (("reordered", reordered(content, seed)) for seed in range(3)), expected) == []


def test_a_cut_log_gives_the_total_of_whole_lines_or_a_problem(tmp_path: Path) -> None:
    content = b"".join((DATA / "two-gpu.csv").read_bytes().splitlines(keepends=True)[:30])
    assert unsafe_cuts(nvidia_smi, tmp_path, "log.csv", content) == []


def test_logs_that_are_out_of_order_have_the_same_energy(tmp_path: Path) -> None:
    content = reordered((DATA / "two-gpu.csv").read_bytes())
    found = readings(nvidia_smi, tmp_path, {"log.csv": content})
    assert total(found) == pytest.approx(FILES["two-gpu.csv"], rel=1e-9)
    assert {problem.code for problem in found[0].problems} == {"CG518"}


@pytest.mark.parametrize("unit", [" W", ""])
@pytest.mark.parametrize("cut", ["2026/03/02 10:00:04.000, 0, 3", "2026/03/02 10:00:04.000, 0, 360.0", "2026/03"])
def test_a_cut_last_line_is_left_out_with_a_warning(tmp_path: Path, unit: str, cut: str) -> None:
    text = log("timestamp, index, power.draw [W]", *(f"2026/03/02 10:00:0{s}.000, 0, 360.00{unit}" for s in range(4)))
    found = read(tmp_path, text + cut)
    assert found.records[0].energy_kwh == pytest.approx(3 * 360 / 3.6e6)
    assert codes(found) == [("CG519", 6)]


@pytest.mark.parametrize("value", ["[N/A]", "[Not Supported]", "[Unknown Error]", "N/A"])
def test_a_power_that_is_no_value_is_skipped_and_said(tmp_path: Path, value: str) -> None:
    rows = [f"2026/03/02 10:00:0{s}.000, 0, {value if s == 2 else '360.00 W'}" for s in range(6)]
    found = read(tmp_path, log("timestamp, index, power.draw [W]", *rows))
    assert found.records[0].energy_kwh == pytest.approx(5 * 360 / 3.6e6)
    assert codes(found) == [("CG510", 4)]


def test_a_log_without_any_power_is_refused(tmp_path: Path) -> None:
    rows = [f"2026/03/02 10:00:0{s}.000, 0, [N/A]" for s in range(6)]
    found = read(tmp_path, log("timestamp, index, power.draw [W]", *rows))
    assert (found.records[0].energy_kwh, found.records[0].hours) == (None, pytest.approx(5 / 3600))
    assert ("CG501", 2) in codes(found)


@pytest.mark.parametrize("header", ["index, power.draw [W]", "timestamp, index, utilization.gpu [%]"])
def test_a_log_without_time_or_power_is_refused(tmp_path: Path, header: str) -> None:
    found = read(tmp_path, log(header, "0, 300.00 W"))
    assert codes(found) == [("CG501", 1)]
    assert "--query-gpu=timestamp" in found.problems[0].hint


@pytest.mark.parametrize("column", ["power.draw", "power.draw.average [W]", "power.draw.instant [W]"])
def test_each_column_of_power_is_read(tmp_path: Path, column: str) -> None:
    rows = [f"2026/03/02 10:00:0{s}.000, 0, 360.00" for s in range(6)]
    assert read(tmp_path, log(f"timestamp, index, {column}", *rows)).records[0].energy_kwh == pytest.approx(5 * 360 / 3.6e6)


def test_uuid_comes_before_index(tmp_path: Path) -> None:
    rows = [f"2026/03/02 10:00:0{s}.000, {UUID.format(g)}, 0, {100 + 100 * g}.00 W" for s in range(6) for g in range(2)]
    found = read(tmp_path, log("timestamp, uuid, index, power.draw [W]", *rows))
    assert found.records[0].energy_kwh == pytest.approx(5 * (100 + 200) / 3.6e6)
    assert found.records[0].host == (UUID.format(0), UUID.format(1))


def test_a_log_without_uuids_has_no_ids_to_compare(tmp_path: Path) -> None:
    rows = [f"2026/03/02 10:00:0{s}.000, 0, 360.00 W" for s in range(6)]
    record = read(tmp_path, log("timestamp, index, power.draw [W]", *rows)).records[0]
    assert (record.host, record.lines) == ((), (2, 7))


def test_lines_that_are_out_of_order_are_named_from_the_first_to_the_last(tmp_path: Path) -> None:
    rows = [f"2026/03/02 10:00:0{s}.000, 0, 360.00 W" for s in (3, 0, 1, 5, 2, 4)]
    assert read(tmp_path, log("timestamp, index, power.draw [W]", *rows)).records[0].lines == (2, 7)


@pytest.mark.parametrize("damaged", ["2026/03/02 10:00:02.000, {}, 36O.00 W", "2026/03/02 10:00:02.000, x{}, 360.00 W", "{} fell"])
def test_ids_of_gpus_are_in_no_message(tmp_path: Path, damaged: str) -> None:
    rows = [f"2026/03/02 10:00:0{s}.000, {UUID.format(0)}, 360.00 W" for s in range(6)]
    rows[2] = damaged.format(UUID.format(0))
    found = read(tmp_path, log("timestamp, uuid, power.draw [W]", *rows))
    assert found.problems and "1111-2222" not in repr([found.problems, found.notes])


def test_a_log_without_index_has_its_gpus_in_order(tmp_path: Path) -> None:
    rows = [f"2026/03/02 10:00:{s:02d}.{g:03d}, {100 + 100 * g}.00 W" for s in range(20) for g in range(8)]
    found = read(tmp_path, log("timestamp, power.draw [W]", *rows))
    assert found.records[0].energy_kwh == pytest.approx(19 * sum(range(100, 900, 100)) / 3.6e6)
    assert found.records[0].device_hours == pytest.approx(8 * 19 / 3600)
    assert found.problems == []


def test_a_log_without_header_is_read_when_one_value_is_in_watts(tmp_path: Path) -> None:
    rows = [f"2026/03/02 10:00:0{s}.000, {UUID.format(0)}, NVIDIA H100, {350 + 10 * (s % 2)}.00 W, 97 %" for s in range(5)]
    found = read(tmp_path, "\n".join(rows) + "\n")
    assert found.records[0].energy_kwh == pytest.approx(4 * 355 / 3.6e6)
    assert found.notes[0].kind == "repaired"


@pytest.mark.parametrize("row", ["2026/03/02 10:00:00.000, GPU-1, 350.00, 97", "2026/03/02 10:00:00.000, GPU-1, 350.00 W, 400.00 W"])
def test_a_log_without_header_is_refused_when_power_cannot_be_told(tmp_path: Path, row: str) -> None:
    found = read(tmp_path, row + "\n")
    assert codes(found) == [("CG502", 1)]
    assert "without noheader" in found.problems[0].hint


def test_a_limit_is_not_taken_for_power(tmp_path: Path) -> None:
    rows = [f"2026/03/02 10:00:0{s}.000, {UUID.format(0)}, 400.00 W" for s in range(5)]
    assert ("CG502", 1) in codes(read(tmp_path, "\n".join(rows) + "\n"))


def test_the_header_again_and_a_message_of_the_driver_are_no_samples(tmp_path: Path) -> None:
    header = "timestamp, index, power.draw [W]"
    rows = [f"2026/03/02 10:00:0{s}.000, 0, 360.00 W" for s in range(4)]
    found = read(tmp_path, log(header, *rows[:2], header, "Unable to determine the device handle for GPU: Unknown Error", *rows[2:]))
    assert found.records[0].energy_kwh == pytest.approx(3 * 360 / 3.6e6)
    assert codes(found) == [("CG510", 5)]


def test_dmon_with_dates_is_read(tmp_path: Path) -> None:
    head = "#Date       Time        gpu    pwr  gtemp  mtemp\n#YYYYMMDD   HH:MM:SS    Idx      W      C      C\n"
    rows = "".join(f" 20260302   10:00:0{s}      {g}    {100 + 100 * g}     50      -\n" for s in range(6) for g in range(2))
    found = read(tmp_path, head + rows[: len(rows) // 2] + head + rows[len(rows) // 2 :])
    assert found.records[0].energy_kwh == pytest.approx(5 * 300 / 3.6e6)
    assert found.problems == []


def test_a_reading_that_became_part_of_the_line_of_units_is_missed(tmp_path: Path) -> None:
    head = "#Date       Time        gpu    pwr\n#YYYYMMDD   HH:MM:SS    Idx      W"
    rows = [f" 20260302   10:00:0{s}      0    100" for s in range(6)]
    assert codes(read(tmp_path, log(head, *rows))) == []
    assert codes(read(tmp_path, log(head + rows[0], *rows[1:]))) == [("CG502", 2)]


@pytest.mark.parametrize("end", ["\0\0\0", "3" * 2_000_000])
def test_what_is_no_line_of_text_is_refused(tmp_path: Path, end: str) -> None:
    rows = [f"2026/03/02 10:00:0{s}.000, 0, 360.00 W" for s in range(4)]
    found = read(tmp_path, log("timestamp, index, power.draw [W]", *rows) + end)
    assert codes(found) == [("CG505", 6)]


def test_a_cell_that_may_be_private_is_in_no_message(tmp_path: Path) -> None:
    for cell in ("/home/ada/run", "ada@example.org", "hf_abcDEF1234567890"):
        for row in (f"2026/03/02 10:00:02.000, 0, {cell}", f"2026/03/02 10:00:02.000, {cell}, 360.00 W", f"{cell}, 0, 360.00 W"):
            rows = [f"2026/03/02 10:00:0{s}.000, 0, 360.00 W" for s in range(2)]
            found = read(tmp_path, log("timestamp, index, power.draw [W]", *rows, row, "2026/03/02 10:00:03.000, 0, 360.00 W"))
            assert found.is_refused and cell not in repr(found.problems)


@pytest.mark.parametrize(
    "text",
    [
        "# gpu    pwr  gtemp\n# Idx      W      C\n    0    250     45\n",
        "==============NVSMI LOG==============\n\nTimestamp : Tue Mar  3 10:00:00 2026\n    Power Draw : 300.00 W\n",
        "Tue Mar  3 10:00:00 2026       \n+---------------------------------------+\n| NVIDIA-SMI 550.54.15  Driver Version: 550.54.15 |\n",
        "+-----------------------------------------------+\n| NVIDIA-SMI 470.57.02    Driver Version: 470.57.02 |\n",
    ],
)
def test_an_output_without_time_is_recognised_and_refused(tmp_path: Path, text: str) -> None:
    assert [problem.code for problem in read(tmp_path, text).problems] == ["CG501"]


def test_windows_files_are_read(tmp_path: Path) -> None:
    text = (DATA / "two-gpu.csv").read_text().replace("\n", "\r\n")
    for content in (text.encode("utf-16"), b"\xef\xbb\xbf" + text.encode()):
        assert total(readings(nvidia_smi, tmp_path, {"log.csv": content})) == pytest.approx(FILES["two-gpu.csv"], rel=1e-9)


@pytest.mark.parametrize("text", ["timestamp,power\n1,2\n", "a,b\n1,2\n", "{}", "", "timestamp,project_name\n", "start_time,gpu0_energy\n"])
def test_other_files_are_not_recognised(tmp_path: Path, text: str) -> None:
    assert readings(nvidia_smi, tmp_path, {"log.csv": text.encode()}) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=300), st.sampled_from(["timestamp, index, power.draw [W]\n", "timestamp, power.draw\n", "#Date Time gpu pwr\n"]))
def test_any_bytes_after_the_header_are_read_or_refused(tmp_path: Path, content: bytes, header: str) -> None:
    (found,) = readings(nvidia_smi, tmp_path, {"log.csv": header.encode() + content})
    assert found.problems and all(problem.line >= 1 for problem in found.problems)
