"""The core stands alone: no other package, no other part of cardgen, no network, no clock, no environment, one result."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "cardgen/core"
MODULES = sorted(CORE.glob("*.py"))

SCRIPT = """
import sys
sys.path.insert(0, {root!r})
forbidden = []
class Watch:
    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top == "cardgen":
            if name not in ("cardgen", "cardgen.core") and not name.startswith("cardgen.core."):
                forbidden.append(name)
        elif top not in sys.stdlib_module_names and top != "org":  # the standard library asks for Jython's "org"
            forbidden.append(name)
sys.meta_path.insert(0, Watch())
def audit(event, arguments):
    if event.startswith(("socket.", "subprocess.", "urllib.", "os.system", "os.putenv")):
        forbidden.append(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        forbidden.append(f"{{event}} {{arguments[:2]}}")
import json, pkgutil, importlib
import cardgen.core
for module in pkgutil.iter_modules(cardgen.core.__path__, "cardgen.core."):
    importlib.import_module(module.name)
sys.dont_write_bytecode = True
sys.addaudithook(audit)
from cardgen.core.assess import assess
from cardgen.core.document import document
from cardgen.core.factors import Factors
from cardgen.core.run import *
from cardgen.core.units import parse_quantity as q
activities = (
    Activity("pretraining", hardware=(Hardware("H100", 64, q("10 d", "duration")), Hardware("V100", 4, q("1 d", "duration"))),
             facility=Facility("gcp", "europe-west4"), end="2024-05-01"),
    Activity("fine-tuning", energy=MeasuredEnergy(q("2 MWh", "energy"), "accelerators"), facility=Facility(country="Atlantis")),
    Activity("inference", requests=Requests(q("1 Wh", "energy"), per_day=1e6), facility=Facility(country="FRA")),
)
factors = Factors()
content = document(assess(Run(Model("m"), activities), factors), factors)
if forbidden:
    raise SystemExit(f"forbidden: {{forbidden}}")
print(json.dumps(content, allow_nan=False))
"""


def run(*, hash_seed: str = "random", timezone: str = "UTC") -> str:
    environment = {"PYTHONHASHSEED": hash_seed, "TZ": timezone, "LC_ALL": "C", "COLUMNS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    flags = ["-I"] if hash_seed == "random" else ["-s", "-P"] if sys.version_info >= (3, 11) else ["-s"]
    command = [sys.executable, "-W", "error", *flags, "-c", SCRIPT.format(root=str(ROOT))]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_core_imports_nothing_of_cardgen_outside_itself_and_no_other_package_and_opens_no_connection() -> None:
    assert run().startswith("{")


def test_the_document_is_the_same_for_every_hash_seed_time_zone_and_process() -> None:
    outputs = {run(hash_seed="0"), run(hash_seed="1", timezone="Asia/Tokyo"), run(hash_seed="4242"), run()}
    assert len(outputs) == 1


IMPURE = {
    "datetime",
    "time",
    "random",
    "os",
    "socket",
    "subprocess",
    "urllib",
    "requests",
    "pathlib",
    "tempfile",
    "locale",
    "secrets",
    "uuid",
}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_of_the_core_names_no_clock_network_or_environment(path: Path) -> None:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add(node.module or "")
    tops = {name.split(".")[0] for name in names}
    assert tops <= set(sys.stdlib_module_names) | {"cardgen"}
    assert not tops & IMPURE
    assert all(name == "cardgen.core" or name.startswith("cardgen.core.") for name in names if name.split(".")[0] == "cardgen")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_of_the_core_tests_unknown_with_none_and_does_not_print(path: Path) -> None:
    calls = [
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    assert not {"print", "open", "input", "eval", "exec"} & set(calls)


def test_a_public_name_means_the_same_after_its_room_was_loaded():
    code = "import cardgen; names = set(cardgen.__all__) - {'CardgenCallback'}; first = {name: getattr(cardgen, name) for name in names}; "
    code += "print([name for name in names if getattr(cardgen, name) is not first[name]])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert result.stdout.strip() == "[]"
