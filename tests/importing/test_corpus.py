"""Real outputs of the tools: each is known by one importer alone, and gives the energy and emissions that are written beside it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cardgen.importers import importer, names
from cardgen.importing.choosing import Choice, chosen
from cardgen.importing.finding import read
from cardgen.importing.run_file import PRIVATE
from cardgen.records.source import Source, sources

OWN = Path(__file__).parents[1] / "importers" / "data"
CORPUS = Path(__file__).parents[3] / "shared" / "fixtures" / "trackers"
ROOTS = [OWN, *([CORPUS] if CORPUS.is_dir() else [])]
# Energy in kWh and emissions in kg of each folder of the corpus with all its runs, as its README has them; None where there is none.
TOTALS: dict[str, tuple[float | None, float | None]] = {
    "codecarbon/1.2.0-single": (5.907160256542172e-05, 2.5080853122177574e-05),
    "codecarbon/1.2.0-appended": (0.00010632650059751744, 8.059493279156993e-05),
    "codecarbon/2.1.4-single": (7.109258773991356e-05, 3.9100923256952455e-06),
    "codecarbon/2.1.4-appended": (0.0001287293564308675, 6.110405695540422e-05),
    "codecarbon/2.8.4-single": (7.12579736984806e-05, 3.993225588089155e-06),
    "codecarbon/2.8.4-appended": (0.00012815428981876508, 6.033008260585511e-05),
    "codecarbon/2.8.4-multiproject": (0.00012796285671870365, 1.2227247683866652e-05),
    "codecarbon/2.8.4-cloud": (4.2696723840405135e-05, 1.4516886105737746e-06),
    "codecarbon/3.3.2-single": (2.964186000407933e-05, 1.6611001927686016e-06),
    "codecarbon/3.3.2-appended": (5.336022168952793e-05, 2.5122986678360012e-05),
    "codecarbon/3.3.2-multiproject": (5.326001547416111e-05, 4.630821616841607e-06),
    "codecarbon/3.3.2-cloud": (1.778768806532054e-05, 6.047813942208984e-07),
    "codecarbon/3.3.2-pue-wue": (2.6959384045348116e-05, 1.0971121337254417e-06),
    "codecarbon/3.3.2-forced": (0.00024038607916962565, 2.9663642169531808e-05),
    "codecarbon/3.3.2-process": (1.6583958768178247e-05, 6.317659092737503e-06),
    "codecarbon/3.3.2-flush": (3.54958129378556e-05, 1.3522129938676091e-05),
    "codecarbon/3.3.2-tasks": (3.623360154194089e-05, 2.030494796808826e-06),
    "codecarbon/3.3.2-update": (2.3793107014421885e-05, 1.333341923981188e-06),
    "codecarbon/3.3.2-meta": (1.1883597126395541e-05, 4.6789940879671196e-08),
    "codecarbon/3.3.2-boamps": (1.7624640614511975e-05, 9.876672353966367e-07),
    "codecarbon/3.3.0-shifted-rows": (4.210342968146994e-05, 8.604927687075073e-06),
    "codecarbon/mixed-2.8.4-then-3.3.2": (0.00014007886685923497, 6.0998323978626005e-05),
    "codecarbon/3.3.2-no-network": (1.7815251636607267e-05, 7.014497058149212e-08),
    "codecarbon/repo-example": (0.008090266169168935, 0.00019537029268894377),
    "codecarbon/issue-544-8xA40": (302.3935181436902, 110.51787583060145),
    "carbontracker/2.4.7-cpu": (0.000237096178, 0.00010550779927),
    "carbontracker/2.4.7-simulated-a100": (0.00238145359, 0.001059746847572),
    "carbontracker/2.4.7-early-stop": (0.000158082334, 0.00007034663879),
    "carbonwatcher": (3.521456672741312e-05, 3.0988818720123544e-06),
    "dcgm": (4.03, None),
    "dia": (0.0001, None),
    "eco2ai/0.3.12": (0.00041751722746352036, 2.820970070895569e-05),
    "ecologits": (None, None),
    "ecotrace": (None, None),
    "greentensor": (2.4221441847120002e-05, 9.536841580819312e-08),
    "mlflow/run-no-gpu": (None, None),
    "mlflow/run-gpu-filestore": (0.011, None),
    "nvidia-smi/one-gpu-nounits.csv": (0.016516706666666665, None),
    "nvidia-smi/two-gpu.csv": (0.011348519999999999, None),
    "optimum-benchmark/text_generation_codecarbon.json": (1.7570694496793634e-05, 9.846441489058186e-07),
    "optimum-benchmark/benchmark_report.json": (0.0013386000000000001, None),
    "perun": (None, None),
    "pyjoules": (0.00668, None),
    "slurm": (305.22333333333336, None),
    "wandb": (0.05672320694764455, None),
    "zeus/0.16.0-no-gpu": (None, None),
    "zeus/repo-A40-bert": (0.007340687222220004, None),
}


def files() -> list[Path]:
    return sorted(path for root in ROOTS for path in root.rglob("*") if path.is_file() and path.name not in ("README.md",))


@pytest.mark.parametrize("file", files(), ids=lambda path: "/".join(path.parts[-3:]))
def test_a_file_is_known_by_one_importer_at_most(file):
    known = [name for name in names() if importer(name).recognises(Source(file.name, file))]
    assert len(known) <= 1


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of tracker outputs is not beside the project")
@pytest.mark.parametrize("place", TOTALS)
def test_energy_and_emissions_of_the_corpus_are_read(place):
    named, found = sources((str(CORPUS / place),))
    readings = read(named, found)
    energy, emissions = TOTALS[place]
    if energy is None:
        assert any(problem.code == "CG501" for reading in readings for problem in reading.problems)
        return
    assert not any(reading.is_refused for reading in readings)
    runs = chosen(readings, Choice(all=True))
    assert math.fsum(run.energy_kwh or 0 for run in runs) == pytest.approx(energy, rel=1e-9)
    if emissions is not None:
        known = [record.emissions_kg for run in runs for record in run.counted if record.emissions_kg is not None]
        assert math.fsum(known) == pytest.approx(emissions, rel=1e-9)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of tracker outputs is not beside the project")
def test_the_whole_corpus_is_tried():
    folders = {file.parent for file in CORPUS.rglob("*") if file.is_file() and file.name != "README.md"}
    tried = {CORPUS / place for place in TOTALS}
    assert [
        folder for folder in folders if not any(path == folder or path in folder.parents or folder in path.parents for path in tried)
    ] == []


@pytest.mark.parametrize("root", ROOTS, ids=lambda path: path.name)
def test_what_is_private_can_be_asked_for(root):
    known = {name for names in PRIVATE.values() for name in names}
    named, found = sources((str(root),))
    used = {name for reading in read(named, found) for record in reading.records for name in record.private}
    assert used and used <= known
