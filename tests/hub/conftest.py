"""The stub with a card, a run file, and the command."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cardgen.cli import main
from hub.calls import CARD, RUN, TOKEN, Result, variables
from hub.stub import Stub, hub


@pytest.fixture
def stub() -> Iterator[Stub]:
    with hub(tokens={TOKEN: "write"}) as state:
        state.push({"README.md": CARD, "config.json": b"{}"}, "a card")
        yield state


@pytest.fixture
def run(tmp_path) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(RUN, encoding="utf-8")
    return path


@pytest.fixture
def publish(stub, run, monkeypatch, capsys) -> Iterator[Callable[..., Result]]:
    """The command in this process, which is quicker; huggingface_hub reads the address of the Hub when it is imported."""
    import huggingface_hub

    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", stub.endpoint)
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", stub.endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", True)
    for name, value in variables(stub, run).items():
        monkeypatch.setenv(name, value)

    def call(*options: str, source: Path = run, repository: str = "acme/pond-7b") -> Result:
        monkeypatch.setattr("sys.argv", ["cardgen", "publish", str(source), repository, *options])
        with pytest.raises(SystemExit) as stop:
            main()
        gc.enable()
        printed = capsys.readouterr()
        assert TOKEN not in printed.out + printed.err
        return Result(stop.value.code, printed.out, printed.err)

    yield call
    huggingface_hub.close_session()
