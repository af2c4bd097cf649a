"""``cardgen record`` as a user calls it: exit codes, signals, and a run file that is never lost and never lost another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from recording.recorded import CARDGEN, environment, problems, record, smi

H100 = "NVIDIA H100 80GB HBM3"
posix = pytest.mark.skipif(sys.platform == "win32", reason="the test sends signals as POSIX systems do")
# Says when it is ready, and how often a signal came.
COUNTING = """
import signal, sys, time
seen = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: seen.append(signal.Signals(number).name))
print("ready", flush=True)
while not seen:
    time.sleep(0.01)
time.sleep(0.3)
print(*seen, flush=True)
sys.exit(7)
"""


def test_the_exit_code_the_input_and_the_output_are_the_commands_own(tmp_path):
    code = "import sys; print(sys.stdin.read().upper()); print('aside', file=sys.stderr); sys.exit(3)"
    ran = record("-q", "--", sys.executable, "-c", code, cwd=tmp_path, input="pond")
    assert (ran.returncode, ran.stdout, ran.stderr) == (3, "POND\n", "aside\n")
    text = (tmp_path / "run.yaml").read_text()
    assert "The command ended with exit code 3." in text
    assert problems(text) == []


def test_options_stand_in_the_run_file(tmp_path):
    options = [
        "--name",
        "Pond 7B",
        "--id",
        "acme/pond-7b",
        "--phase",
        "fine-tuning",
        "--country",
        "FRA",
        "--pue",
        "1.1",
        "--parameters",
        "7e9",
    ]
    ran = record("-o", "pond.yaml", *options, "--", sys.executable, "-c", "pass", cwd=tmp_path)
    text = (tmp_path / "pond.yaml").read_text()
    assert ran.returncode == 0
    for line in (
        "  name: Pond 7B",
        "  id: acme/pond-7b",
        "  - phase: fine-tuning",
        "      country: FRA",
        "      pue: 1.1",
        "  parameters: 7000000000",
    ):
        assert line in text
    assert "cardgen: wrote pond.yaml (" in ran.stderr
    assert ran.stderr.endswith("cardgen: next: cardgen assess pond.yaml\n")


def test_options_after_the_command_are_the_commands_own(tmp_path):
    ran = record("-q", sys.executable, "-c", "import sys; print(sys.argv[1:])", "-o", "--name", cwd=tmp_path)
    assert ran.stdout == "['-o', '--name']\n"


def test_a_command_that_is_not_there_is_wrong_use_and_writes_nothing(tmp_path):
    ran = record("-o", "new/run.yaml", "--", "no-such-command-here", cwd=tmp_path)
    assert ran.returncode == 2
    assert "no-such-command-here: there is no such command" in ran.stderr
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_command_that_cannot_be_executed_is_wrong_use(tmp_path):
    (tmp_path / "broken").write_bytes(b"\x7fELF")
    (tmp_path / "broken").chmod(0o755)
    assert record("--", "./broken", cwd=tmp_path).returncode == 2
    assert not (tmp_path / "run.yaml").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--country", "Mars"], '"Mars" is not a place'), (["--region", "europe-west4"], "without the provider"),
        (["--id", "a b"], "Hub id"), (["--pue", "0.9"], "--pue"), (["--phase", "cooking"], "--phase"), (["-o", "-"], "standard output"),
    ],
)  # fmt: skip
def test_options_that_are_wrong_are_said_before_the_command_runs(tmp_path, options, message):
    ran = record(*options, "--", sys.executable, "-c", "open('ran', 'w')", cwd=tmp_path)
    assert ran.returncode == 2
    assert message in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_run_file_that_is_there_is_not_replaced(tmp_path):
    (tmp_path / "run.yaml").write_text("mine\n")
    ran = record("--", sys.executable, "-c", "open('ran', 'w')", cwd=tmp_path)
    assert (ran.returncode, (tmp_path / "run.yaml").read_text()) == (2, "mine\n")
    assert not (tmp_path / "ran").exists()
    assert "hint: name another file, or replace this one: --force\n" in ran.stderr
    assert record("--force", "--", sys.executable, "-c", "", cwd=tmp_path).returncode == 0
    assert (tmp_path / "run.yaml").read_text().startswith("cardgen: 1")


def test_a_run_file_that_the_command_makes_itself_is_not_replaced(tmp_path):
    ran = record("--", sys.executable, "-c", "open('run.yaml', 'w').write('mine')", cwd=tmp_path)
    assert (ran.returncode, (tmp_path / "run.yaml").read_text()) == (0, "mine")
    assert (tmp_path / "run-2.yaml").read_text().startswith("cardgen: 1")
    assert "wrote run-2.yaml" in ran.stderr


def test_a_folder_that_is_not_there_is_made_before_the_command_runs(tmp_path):
    ran = record("-o", "new/folder/run.yaml", "--", sys.executable, "-c", "import os; print(os.listdir('new/folder'))", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "[]\n")
    assert (tmp_path / "new/folder/run.yaml").exists()


def test_a_place_that_cannot_be_written_to_is_said_before_the_command_runs(tmp_path):
    (tmp_path / "file").write_text("")
    ran = record("-o", "file/run.yaml", "--", sys.executable, "-c", "open('ran', 'w')", cwd=tmp_path)
    assert ran.returncode == 4
    assert "cannot be written" in ran.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("code", "expected"), [(0, 4), (3, 3)])
def test_a_run_file_that_cannot_be_written_at_the_end_is_printed(tmp_path, code, expected):
    spoil = f"import os, sys; os.rmdir('new'); open('new', 'w').close(); sys.exit({code})"
    ran = record("-o", "new/run.yaml", "--", sys.executable, "-c", spoil, cwd=tmp_path)
    assert ran.returncode == expected
    assert "this is the run file:\ncardgen: 1" in ran.stderr


def test_the_run_file_holds_no_name_of_command_folder_host_and_user(tmp_path):
    secret = "secret-argument-1234"
    record("-q", "--", sys.executable, "-c", "pass", secret, cwd=tmp_path)
    text = (tmp_path / "run.yaml").read_text()
    for private in (secret, sys.executable, str(tmp_path), os.uname().nodename if hasattr(os, "uname") else "\0"):
        assert private not in text
    record("-q", "--force", "--include", "command", "--include", "folder", "--", sys.executable, "-c", "pass", secret, cwd=tmp_path)
    text = (tmp_path / "run.yaml").read_text()
    assert secret in text and str(tmp_path) in text
    assert problems(text) == []


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_reaches_the_command_and_the_run_file_is_written(tmp_path, name):
    call = [*CARDGEN, "record", "-q", "--", sys.executable, "-c", COUNTING]
    with subprocess.Popen(call, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True, start_new_session=True) as running:
        assert running.stdout.readline() == "ready\n"
        running.send_signal(getattr(signal, name))
        assert running.stdout.read() == f"{name}\n"
        assert running.wait(30) == 7
    assert "The command ended with exit code 7." in (tmp_path / "run.yaml").read_text()


@posix
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_command_that_a_signal_ends_gives_its_code_as_a_shell_does(tmp_path, name, code):
    call = [*CARDGEN, "record", "-q", "--", "sh", "-c", "echo ready; exec sleep 30"]
    with subprocess.Popen(call, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True, start_new_session=True) as running:
        assert running.stdout.readline() == "ready\n"
        time.sleep(0.2)
        running.send_signal(getattr(signal, name))
        assert running.wait(30) == code
    assert f"The command was ended by {name}." in (tmp_path / "run.yaml").read_text()


@posix
def test_control_c_on_a_terminal_reaches_the_command_once(tmp_path):
    pty = pytest.importorskip("pty")
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execvpe(CARDGEN[0], [*CARDGEN, "record", "-q", "--", sys.executable, "-c", COUNTING], environment())
    shown = b""
    while b"ready" not in shown:
        shown += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    try:
        while piece := os.read(terminal, 1000):
            shown += piece
    except OSError:  # the other end is closed
        pass
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 7
    assert shown.count(b"SIGINT") == 1
    assert (tmp_path / "run.yaml").exists()


@posix
def test_what_nohup_ignores_stays_ignored(tmp_path):
    code = "import signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"
    call = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *CARDGEN, "record", "-q", "--", sys.executable, "-c", code]
    ran = subprocess.run(call, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
    assert ran.stdout == "True\n"


@posix
def test_gpus_are_measured_by_the_program_of_the_driver(tmp_path):
    from cardgen.recording import nvml

    if nvml.gpus().gpus:
        pytest.skip("this machine has GPUs of its own")
    env = smi(tmp_path / "bin", f"0, GPU-a, {H100}, 700.00, 360.00", f"1, GPU-b, {H100}, 700.00, 360.00")
    ran = record("--interval", "0.2", "--country", "FRA", "--", sys.executable, "-c", "import time; time.sleep(1)", cwd=tmp_path, env=env)
    assert ran.returncode == 0, ran.stderr
    text = (tmp_path / "run.yaml").read_text()
    kwh = float(next(line.split()[1] for line in text.splitlines() if line.startswith("      value:")))
    assert kwh == pytest.approx(2 * 360 * 1.1 / 3.6e6, rel=0.3)  # two GPUs of 360 W for a second and its start
    assert "boundary: accelerators" in text or "boundary: node" in text
    assert "count: 2" in text and "nvidia-smi power samples" in text
    assert problems(text) == []


def test_processor_time_is_that_of_the_command_and_its_children(tmp_path):
    work = "import time\nwhile time.process_time() < 0.5: pass"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    record("-q", "--", sys.executable, "-c", code, cwd=tmp_path)
    text = (tmp_path / "run.yaml").read_text()
    seconds = float(text.split("It used ")[1].split(" s of processor time")[0])
    assert 0.5 <= seconds < 2


@pytest.mark.filterwarnings("ignore")
def test_codecarbon_measures_the_machine_where_it_is_asked_for(tmp_path):
    pytest.importorskip("codecarbon", reason="codecarbon is not installed")
    place = ["--provider", "gcp", "--region", "europe-west4"]
    ran = record("--tracker", "codecarbon", *place, "--", sys.executable, "-c", "import time; time.sleep(1); print('out')", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "out\n")
    assert all(line.startswith("cardgen: ") for line in ran.stderr.splitlines())
    text = (tmp_path / "run.yaml").read_text()
    assert 'method: "codecarbon ' in text and "reported:\n  emissions: " in text
    assert problems(text) == []
    assert [path.name for path in tmp_path.iterdir()] == ["run.yaml"]


def test_a_tracker_that_cannot_be_had_is_said_before_the_command_runs(tmp_path):
    ran = record("--tracker", "codecarbon", "--", sys.executable, "-c", "open('ran', 'w')", cwd=tmp_path)
    assert ran.returncode == 2
    assert "CodeCarbon" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_starts_with_an_example(tmp_path):
    text = " ".join(record("--help", cwd=tmp_path).stdout.split())
    assert "Example: cardgen record -o run.yaml" in text
