"""``cardgen publish`` where something is missing or fails: what it says, that nothing is half done, and that no token is shown."""

from __future__ import annotations

import os

import pytest

from cardgen.hub.connection import token
from cardgen.problems import CardgenError
from hub.calls import ROOT, TOKEN, in_a_process

pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed: pip install 'cardgen[hub]'")


def test_without_a_token_the_message_says_how_to_get_one(stub, run):
    result = in_a_process(stub, run, HF_TOKEN="")
    assert result.returncode == 4
    assert "hf auth login" in result.stderr
    assert "HF_TOKEN" in result.stderr
    assert stub.calls == []


@pytest.mark.parametrize("bad", ["hf_bad token", "hf_bäd", 'hf_"bad\x01'])
def test_a_token_that_cannot_be_sent_is_not_shown(bad, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", bad)
    with pytest.raises(CardgenError) as caught:
        token()
    assert bad not in caught.value.message + caught.value.hint
    assert "hf auth login" in caught.value.hint


ECHO = '{"error": "Bearer $TOKEN is no good"}'
FAILURES = [
    ("401", "revision", {"status": 401, "body": ECHO}, "does not accept the token (401)"),
    ("403-read", "resolve", {"status": 403, "body": ECHO}, 'give the token "Read access to contents" of acme/pond-7b'),
    ("403-write", "commit", {"status": 403, "body": ECHO}, 'give the token "Write access to contents" of acme/pond-7b'),
    ("404", "revision", {"status": 404, "body": ECHO}, "or the token may not see it (404)"),
    ("429", "commit", {"status": 429, "headers": {"Retry-After": "3600"}, "body": ECHO}, "publish again after 3600 s (about 60 min)"),
    ("429-preupload", "preupload", {"status": 429, "headers": {"RateLimit": '"api";r=0;t=55'}}, "publish again after 55 s"),
    ("500", "revision", {"status": 500, "body": "$TOKEN", "headers": {"X-HF-Warning": "a; $TOKEN"}}, "has a fault (500)"),
    ("503", "preupload", {"status": 503, "headers": {"X-Error-Message": "$TOKEN"}}, "has a fault (503)"),
    ("504", "commit", {"status": 504, "body": "<html>$TOKEN", "headers": {"Content-Type": "text/html"}}, "has a fault (504)"),
    ("drop", "commit", {"drop": True}, "disconnected"),
    ("hang", "commit", {"hang": 3, "status": 200}, "no answer within 1 s"),
    ("page", "revision", {"status": 200, "body": "<html>$TOKEN", "headers": {"Content-Type": "text/html"}}, "not that of the Hub"),
    ("not-json", "preupload", {"status": 200, "body": '{"files": "$TOKEN"}'}, "not that of the Hub"),
    ("strange", "commit", {"status": 200, "body": '{"success": "$TOKEN"}'}, "not that of the Hub"),
]


@pytest.mark.parametrize(("call", "how", "said"), [case[1:] for case in FAILURES], ids=[case[0] for case in FAILURES])
def test_a_failure_is_named_writes_nothing_and_never_shows_the_token(stub, run, call, how, said):
    files = dict(stub.files)
    stub.fail(call, **how)
    result = in_a_process(stub, run, HF_DEBUG="1", HF_HUB_VERBOSITY="debug", CARDGEN_TRACEBACK="1", HF_HUB_DOWNLOAD_TIMEOUT="1")
    assert (result.returncode, result.stdout) == (4, "")
    assert said in result.stderr
    assert "nothing was written" in result.stderr
    assert (stub.commits, stub.files) == ([], files)
    assert stub.calls.count(call) == 1


def test_a_commit_that_was_made_though_the_hub_said_otherwise_is_not_denied(stub, run):
    stub.fail("commit", 500, after=True)
    result = in_a_process(stub, run)
    assert (result.returncode, len(stub.commits)) == (4, 1)
    assert "nothing was written" not in result.stderr
    assert f"look at {stub.endpoint}/acme/pond-7b/commits/main" in result.stderr
    stub.failures.clear()
    assert "unchanged" in in_a_process(stub, run).stderr


def test_a_token_that_may_only_read_is_told_of_pull_requests(stub, run):
    stub.tokens[TOKEN] = "read"
    result = in_a_process(stub, run)
    assert result.returncode == 4
    assert "no right to write to it (403)" in result.stderr
    assert "--create-pr" in result.stderr


def test_a_private_repository_without_a_token_asks_for_one(stub, run):
    stub.private = True
    result = in_a_process(stub, run, "--dry-run", HF_TOKEN="")
    assert result.returncode == 4
    assert "asks for a token (401)" in result.stderr


def test_no_network_is_named(stub, run):
    result = in_a_process(stub, run, HF_ENDPOINT="http://127.0.0.1:9")
    assert result.returncode == 4
    assert "127.0.0.1:9 cannot be reached" in result.stderr
    assert "nothing was written" in result.stderr


def test_offline_mode_is_named(stub, run):
    result = in_a_process(stub, run, HF_HUB_OFFLINE="1")
    assert result.returncode == 4
    assert "HF_HUB_OFFLINE" in result.stderr


@pytest.mark.parametrize("content", ["raise ImportError", "__version__ = '0.36.2'"])
def test_without_huggingface_hub_the_message_says_what_to_install(stub, run, tmp_path, content):
    (tmp_path / "modules" / "huggingface_hub").mkdir(parents=True)
    (tmp_path / "modules" / "huggingface_hub" / "__init__.py").write_text(content)
    result = in_a_process(stub, run, PYTHONPATH=f"{tmp_path / 'modules'}{os.pathsep}{ROOT}")
    assert result.returncode == 2
    assert "pip install 'cardgen[hub]'" in result.stderr
