"""The callback: with the classes of transformers, and with a training where torch is installed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("torch", reason="torch is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")

from cardgen.recording.transformers import CardgenCallback  # noqa: E402
from recording.recorded import problems  # noqa: E402


def arguments(tmp_path, **changes):
    facts = {
        "output_dir": str(tmp_path / "pond-7b"),
        "hub_model_id": None,
        "device": SimpleNamespace(type="cpu"),
        "world_size": 1,
        "n_gpu": 0,
    }
    return SimpleNamespace(**{**facts, "report_to": [], **changes})


def state(step=0, flops=0.0, is_main=True):
    return transformers.TrainerState(global_step=step, total_flos=flops, is_world_process_zero=is_main)


def model():
    config = transformers.GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=64, n_positions=16, bos_token_id=0, eos_token_id=0)
    return transformers.GPT2LMHeadModel(config)


def trained(callback, args, **changes):
    control = transformers.TrainerControl()
    callback.on_train_begin(args, state(10, 1e9, **changes), control, model=model())
    callback.on_train_end(args, state(30, 5e9, **changes), control)


def test_a_training_is_written_into_the_output_folder(tmp_path):
    trained(CardgenCallback(country="FRA", tracker="none", quiet=True), arguments(tmp_path, hub_model_id="acme/pond-7b"))
    text = (tmp_path / "pond-7b/run.yaml").read_text()
    for line in ("  name: pond-7b", "  id: acme/pond-7b", "  - phase: pretraining", "      flops: 4000000000", "country: FRA"):
        assert line in text
    assert f"  parameters: {model().num_parameters()}" in text
    assert "20 steps of training." in text
    assert str(tmp_path) not in text
    assert problems(text) == []


def test_a_model_that_was_loaded_is_fine_tuned(tmp_path):
    pretrained = model()
    pretrained.config._name_or_path = "acme/pond-base"
    callback = CardgenCallback(tracker="none", quiet=True)
    callback.on_train_begin(arguments(tmp_path), state(), transformers.TrainerControl(), model=pretrained)
    callback.on_train_end(arguments(tmp_path), state(5), transformers.TrainerControl())
    text = (tmp_path / "pond-7b/run.yaml").read_text()
    assert "phase: fine-tuning" in text and "base_model: acme/pond-base" in text


def test_the_second_part_of_a_training_is_written_beside_the_first(tmp_path):
    for _ in range(2):
        trained(CardgenCallback(tracker="none", quiet=True), arguments(tmp_path))
    assert sorted(path.name for path in (tmp_path / "pond-7b").iterdir()) == ["run-2.yaml", "run.yaml"]


def test_other_processes_write_nothing(tmp_path):
    trained(CardgenCallback(tracker="none", quiet=True), arguments(tmp_path), is_main=False)
    assert not (tmp_path / "pond-7b").exists()


def test_other_nodes_are_named_as_not_included(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "8")
    trained(CardgenCallback(tracker="none", quiet=True), arguments(tmp_path, world_size=16))
    assert "The training ran on 2 nodes; hardware and energy here are those of one node" in (tmp_path / "pond-7b/run.yaml").read_text()


def test_a_training_that_stops_with_an_exception_is_written_at_the_end_of_the_program(tmp_path):
    callback = CardgenCallback(tracker="none", quiet=True)
    callback.on_train_begin(arguments(tmp_path), state(), transformers.TrainerControl(), model=model())
    callback._abandon()
    assert "The training did not end as planned." in (tmp_path / "pond-7b/run.yaml").read_text()
    callback.on_train_end(arguments(tmp_path), state(), transformers.TrainerControl())


def real_training(folder, *callbacks, **options):
    import torch

    accelerate = pytest.importorskip("accelerate", reason="accelerate is not installed")
    assert accelerate
    rows = [{"input_ids": torch.arange(8), "labels": torch.arange(8)} for _ in range(16)]
    options = {"report_to": [], **options}
    args = transformers.TrainingArguments(
        output_dir=str(folder), max_steps=4, use_cpu=True, save_strategy="no", disable_tqdm=True, **options
    )
    trainer = transformers.Trainer(model=model(), args=args, train_dataset=rows, callbacks=list(callbacks))
    trainer.train()
    return trainer


def test_a_real_training(tmp_path):
    callback = CardgenCallback(country="FRA", tracker="none", quiet=True)
    trainer = real_training(tmp_path / "pond", callback)
    text = (tmp_path / "pond/run.yaml").read_text()
    assert "4 steps of training." in text
    assert f"flops: {trainer.state.total_flos:.0f}\n" in text
    assert trainer.state.total_flos > 0
    assert problems(text) == []


def test_the_energy_of_the_callback_of_codecarbon_is_used(tmp_path, monkeypatch):
    codecarbon = pytest.importorskip("codecarbon", reason="codecarbon is not installed")

    def offline(output_dir):
        tracker = codecarbon.OfflineEmissionsTracker(
            country_iso_code="FRA", save_to_file=False, allow_multiple_runs=True, log_level="critical"
        )
        tracker._output_dir = output_dir
        return tracker

    monkeypatch.setattr(codecarbon, "EmissionsTracker", offline)  # the one that the trainer makes looks its place up on the network
    real_training(tmp_path / "pond", CardgenCallback(country="FRA", quiet=True), report_to=["codecarbon"])
    text = (tmp_path / "pond/run.yaml").read_text()
    assert 'method: "codecarbon ' in text
    assert problems(text) == []
