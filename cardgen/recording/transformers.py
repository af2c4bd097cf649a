"""A callback for the Trainer of Hugging Face: ``Trainer(..., callbacks=[CardgenCallback(country="FRA")])``."""

from __future__ import annotations

import atexit
import gc
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from cardgen.problems import CardgenError
from cardgen.recording.block import Recording
from cardgen.recording.output import free

try:
    from transformers import TrainerCallback
except ImportError:  # said when a callback is made
    TrainerCallback = object

_HUB_ID = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


class CardgenCallback(TrainerCallback):
    """Measures a training on the node of its main process and writes ``output``, by default run.yaml in the output folder.

    A file that is there stays: a training that goes on from a checkpoint writes run-2.yaml beside it. Where the trainer has the
    callback of CodeCarbon, its energy is used. Options are those of ``cardgen.Recording``.
    """

    def __init__(self, output: str | os.PathLike[str] | None = None, **options: Any) -> None:
        if TrainerCallback is object:
            raise CardgenError("the package transformers is not installed", 2, "pip install cardgen[transformers]")
        self.output, self.options = output, options
        self.recording: Recording | None = None
        self._process = 0
        self._flops = self._steps = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **others: Any) -> None:
        """Start to measure, on the main process."""
        if not state.is_world_process_zero:
            return
        self._finish("another training was started before this one had ended")
        options = {**_facts(args, model), "first_gpus": _gpus(args, model), **self.options}
        if "tracker" not in options and (tracker := _codecarbon(args)) is not None:
            options["tracker"] = tracker
        path = Path(self.output) if self.output is not None else Path(args.output_dir) / "run.yaml"
        self.recording = Recording(path if options.get("force") else free(path), **options)
        for sentence in _nodes(args):
            self.recording.note(sentence)
            self.recording.say(sentence)
        self.recording.__enter__()
        self._process, self._flops, self._steps = os.getpid(), state.total_flos, state.global_step
        atexit.register(self._abandon)

    def on_train_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Write the run file."""
        if self.recording is None:
            return
        flops = float(state.total_flos - self._flops)
        self._finish(f"{state.global_step - self._steps:.0f} steps of training", flops)

    def _finish(self, sentence: str, flops: float = 0.0) -> None:
        recording, self.recording = self.recording, None
        if recording is None:
            return
        atexit.unregister(self._abandon)
        recording.note(sentence)
        recording.described = replace(recording.described, flops=flops or None)
        recording.__exit__(None, None, None)

    def _abandon(self) -> None:
        """Write what was measured where the program ends and the training has not: it stopped with an exception."""
        if os.getpid() == self._process:
            self._finish("the training did not end as planned")


def _facts(args: Any, model: Any) -> dict[str, Any]:
    """Return what the trainer knows of the model; folders only by their last name."""
    hub_id = args.hub_model_id or ""
    name = (hub_id or os.path.abspath(args.output_dir)).replace("\\", "/").rstrip("/").rpartition("/")[2]
    base = str(getattr(getattr(model, "config", None), "_name_or_path", "") or "")
    facts = {"name": name, "phase": "fine-tuning" if base else "pretraining", "written_by": "cardgen, callback of transformers"}
    if re.fullmatch(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?", hub_id):
        facts["id"] = hub_id
    if _HUB_ID.fullmatch(base) and not os.path.exists(base):
        facts["base_model"] = base
    parameters = _parameters(model)
    return {**facts, "parameters": parameters} if parameters else facts


def _parameters(model: Any) -> int:
    if model is None:
        return 0
    counted = getattr(model, "num_parameters", None)
    return int(counted() if counted is not None else sum(parameter.numel() for parameter in model.parameters()))


def _local(args: Any) -> int:
    """Return how many processes of the training run on this node."""
    return int(os.environ.get("LOCAL_WORLD_SIZE") or args.world_size)


def _gpus(args: Any, model: Any) -> int | None:
    """Return how many of the GPUs that it sees the training uses on this node; None: all."""
    if args.device.type != "cuda":
        return 0
    if len(set((getattr(model, "hf_device_map", None) or {}).values())) > 1:  # the model is spread over them
        return None
    return _local(args) if args.world_size > 1 else args.n_gpu


def _nodes(args: Any) -> list[str]:
    nodes = -(-args.world_size // _local(args))
    if nodes <= 1:
        return []
    return [f"the training ran on {nodes} nodes; hardware and energy here are those of one node, the other {nodes - 1} are not in it"]


def _codecarbon(args: Any) -> Any:
    """Return the tracker's callback that the trainer made for this output folder: no argument leads from one callback to another."""
    if "codecarbon" not in (args.report_to or []):
        return None
    found = [thing for thing in gc.get_objects() if type(thing).__name__ == "CodeCarbonCallback" and getattr(thing, "tracker", None)]
    own = [thing for thing in found if getattr(thing.tracker, "_output_dir", args.output_dir) == args.output_dir]
    return (own or found or [None])[-1]
