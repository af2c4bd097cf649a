"""``with cardgen.Recording(...)``: what it writes, and what happens when something goes wrong."""

from __future__ import annotations

import pytest

import cardgen.recording
from cardgen.problems import CardgenError
from cardgen.recording.block import Recording
from cardgen.recording.measured import Energy
from cardgen.recording.sensors import sensors
from recording.recorded import Driver, computer, powercap, problems

H100 = "NVIDIA H100 80GB HBM3"


def recorded(tmp_path, *gpus, **options):
    computer(tmp_path)
    return Recording(tmp_path / "run.yaml", found=sensors(60, None, {}, tmp_path, Driver(*gpus)), quiet=True, **options)


def test_the_package_can_be_called(tmp_path):
    with cardgen.Recording(tmp_path / "run.yaml", name="Pond 7B", country="FRA", tracker="none", quiet=True) as recording:
        sum(range(1000))
    text = (tmp_path / "run.yaml").read_text()
    assert recording.measured.duration_s > 0
    assert "name: Pond 7B" in text and "country: FRA" in text
    assert problems(text) == []


def test_a_block_is_measured_by_the_sensors(tmp_path):
    with recorded(tmp_path, {"name": H100, "counter": [0, 0, 36_000]}, country="FRA") as recording:
        pass
    assert recording.measured.energy.kwh == pytest.approx(1e-5)  # 36 J
    text = (tmp_path / "run.yaml").read_text()
    assert "value: 0.00001 kWh" in text and "boundary: accelerators" in text


def test_an_exception_goes_on_and_the_run_file_is_written(tmp_path):
    with pytest.raises(ZeroDivisionError), recorded(tmp_path, tracker="none"):
        1 / 0  # noqa: B018
    text = (tmp_path / "run.yaml").read_text()
    assert "The block ended with an exception, ZeroDivisionError." in text
    assert problems(text) == []


def test_entering_it_again_inside_changes_nothing(tmp_path):
    recording = recorded(tmp_path, tracker="none")
    with recording:
        with recording:
            pass
        assert not (tmp_path / "run.yaml").exists()
    assert (tmp_path / "run.yaml").exists()


def test_two_recordings_can_lie_within_each_other(tmp_path):
    outer = Recording(tmp_path / "outer.yaml", tracker="none", quiet=True)
    inner = Recording(tmp_path / "inner.yaml", tracker="none", quiet=True)
    with outer, inner:
        pass
    assert inner.measured.duration_s <= outer.measured.duration_s


def test_a_run_file_that_is_there_stops_the_block_before_it_begins(tmp_path):
    (tmp_path / "run.yaml").write_text("mine")
    with pytest.raises(CardgenError, match="is there already") as refused, recorded(tmp_path):
        pytest.fail("the block ran")
    assert refused.value.hint == "name another file, or replace this one: force=True"
    with recorded(tmp_path, tracker="none", force=True):
        pass
    assert (tmp_path / "run.yaml").read_text().startswith("cardgen: 1")


@pytest.mark.parametrize("options", [{"country": "Mars"}, {"tracker": "nonesuch"}, {"tracker": object()}, {"phase": "cooking"}])
def test_what_is_wrong_stops_the_block_before_it_begins(tmp_path, options):
    with pytest.raises(CardgenError), recorded(tmp_path, **options):
        pytest.fail("the block ran")


def test_a_run_file_that_cannot_be_written_is_printed_and_the_program_goes_on(tmp_path, capsys):
    computer(tmp_path)
    with Recording(tmp_path / "new/run.yaml", tracker="none", quiet=True):
        (tmp_path / "new").rmdir()
        (tmp_path / "new").write_text("")
    assert "this is the run file:\ncardgen: 1" in capsys.readouterr().err


def test_an_instrument_that_fails_costs_the_energy_alone(tmp_path):
    class Broken:
        def begin_window(self, name):
            raise OSError("no driver")

        def end_window(self, name):
            return None

    with recorded(tmp_path, tracker=Broken()) as recording:
        pass
    assert recording.measured.energy == Energy(reason="the instrument did not start (OSError)")
    assert "did not start" in (tmp_path / "run.yaml").read_text()


def test_without_sensors_and_without_a_country_nothing_goes_on_the_network(tmp_path, capsys):
    computer(tmp_path)
    found = sensors(60, None, {}, tmp_path, Driver())
    with Recording(tmp_path / "run.yaml", found=found) as recording:
        pass
    assert recording.measured.energy.kwh is None
    assert "the energy is not measured" in capsys.readouterr().err


def test_sensors_come_before_a_tracker(tmp_path):
    powercap(tmp_path, {"intel-rapl:0": ("package-0", 0)})
    found = sensors(60, None, {}, tmp_path, Driver())
    with Recording(tmp_path / "run.yaml", found=found, country="FRA", quiet=True) as recording:
        powercap(tmp_path, {"intel-rapl:0": ("package-0", 3_600_000)})
    assert recording.measured.energy.method == "RAPL"
    assert recording.measured.energy.kwh == pytest.approx(1e-6)
    assert problems((tmp_path / "run.yaml").read_text()) == []


def test_it_says_what_was_written_and_what_to_do_next(tmp_path, capsys):
    path = tmp_path / "run.yaml"
    with Recording(path, tracker="none"):
        pass
    assert capsys.readouterr().err == f"cardgen: wrote {path} (energy not measured)\ncardgen: next: cardgen assess {path}\n"


def test_it_shows_where_it_stands(tmp_path):
    recording = recorded(tmp_path, {"name": H100, "counter": [0, 0, 36_000]})
    path = tmp_path / "run.yaml"
    assert repr(recording) == f"<Recording {path}: not started>"
    with recording:
        assert repr(recording) == f"<Recording {path}: running>"
    assert repr(recording) == f"<Recording {path}: 10 mWh, accelerators, measured>"
