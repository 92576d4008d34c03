"""``pytest-orchestrate doctor`` in real projects, as a user runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.acceptance.support import run_orchestrated, write_files
from tests.repo.documents import DOCS
from tests.support.runs import latest_log

Pytester = pytest.Pytester

SCHEMA = json.loads((DOCS / "reference" / "doctor.schema.json").read_text(encoding="utf-8"))
#: Plugins that may be installed beside us, but are nothing to this project.
ALONE = ("-p", "no:randomly", "-p", "no:django", "-p", "no:asyncio", "-p", "no:timeout")

TESTS = {
    "tests/test_a.py": "def test_a(): pass\n",
    "tests/test_b.py": "def test_b(): pass\n",
}


def doctor(
    project: Path, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest_orchestrate.cli", "doctor", *arguments],
        check=False,
        cwd=project,
        env={**os.environ, "COLUMNS": "1000", **(environ or {})},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def asked(
    project: Path, *arguments: str, code: int = 0, environ: Mapping[str, str] | None = None
) -> Any:
    ran = doctor(project, "--json", *arguments, *ALONE, environ=environ)
    assert ran.returncode == code, ran.stdout + ran.stderr
    found = json.loads(ran.stdout)
    jsonschema.validate(found, SCHEMA)
    return found


def of(found: Any, level: str, topic: str) -> list[Any]:
    return [f for f in found["findings"] if (f["level"], f["topic"]) == (level, topic)]


def test_a_project_with_nothing_to_say_is_fine(pytester: Pytester) -> None:
    ini = {"pytest.ini": "[pytest]\norchestrate = true\norchestrate_record = off\n"}
    write_files(pytester, {**TESTS, **ini})
    before = {str(path) for path in pytester.path.rglob("*") if ".pytest_cache" not in path.parts}
    found = asked(pytester.path, "-p", "no:cacheprovider")
    assert (found["tests"], found["files"], found["configuration"]) == (2, 2, "pytest.ini")
    assert found["proposal"] is None
    assert {f["level"] for f in found["findings"]} <= {"fine", "note"}
    assert "orchestrate = true in pytest.ini" in of(found, "fine", "activation")[0]["text"]
    # nothing was run, and nothing written down
    after = {str(path) for path in pytester.path.rglob("*") if "__pycache__" not in path.parts}
    assert after <= before


def test_flags_of_pytest_xdist_hooks_and_typing_errors_are_told_with_their_places(
    pytester: Pytester,
) -> None:
    write_files(
        pytester,
        {
            **TESTS,
            "pyproject.toml": """
[tool.pytest.ini_options]
addopts = "-n 2 --dist loadfile"
orchestrate_wokers = 3
""",
            "tests/conftest.py": """
import random

def pytest_collection_modifyitems(items):
    random.shuffle(items)

def pytest_xdist_make_scheduler(config, log):
    return None
""",
        },
    )
    found = asked(pytester.path, code=1, environ={"PYTEST_ADDOPTS": "--maxprocesses=3"})
    (flags,) = of(found, "setting", "xdist")
    assert "in addopts in pyproject.toml and in PYTEST_ADDOPTS are read as ours" in flags["text"]
    assert "--dist=loadfile is --orchestrate-keep-together=file" in flags["text"]
    assert "--maxprocesses=3 is --orchestrate-max-workers=3" in flags["text"]
    (typing,) = of(found, "conflict", "settings")
    assert typing["advice"].startswith("meant is probably orchestrate_workers; -n 2 in addopts")
    (scheduler,) = of(found, "conflict", "hooks")
    assert "tests/conftest.py:7" in scheduler["text"]
    (collection,) = of(found, "fine", "collection")
    assert "pytest_collection_modifyitems in tests/conftest.py:4" in collection["text"]
    # without pytest-xdist, -n alone switches us on
    wanted = {
        "file": "pyproject.toml",
        "exists": True,
        "text": "[tool.pytest.ini_options]\norchestrate = true\n",
    }
    assert found["proposal"] == (wanted if find_spec("xdist") else None)


def test_marks_of_the_project_with_names_of_ours_are_left_to_it(pytester: Pytester) -> None:
    tests = """
import pytest

@pytest.mark.resource(7, "of", "theirs")
def test_a(): pass

@pytest.mark.order(2)
def test_b(): pass
"""
    write_files(pytester, {"test_it.py": tests, "test_other.py": "def test_c(): pass\n"})
    found = asked(pytester.path, code=1)
    (refused,) = of(found, "conflict", "markers")
    assert "test_it.py" in refused["text"]
    assert "orchestrate_markers =\n    resource = off\n" in found["proposal"]["text"]
    assert found["proposal"]["file"] == "pytest.ini"
    assert not found["proposal"]["exists"]
    write_files(pytester, {"pytest.ini": found["proposal"]["text"]})
    found = asked(pytester.path)
    assert found["proposal"] is None
    assert of(found, "note", "markers")[0]["text"].startswith("1 test marked order")


@pytest.mark.parametrize(
    ("conftest", "told"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        ("import sys\nprint('on the way out')\nsys.exit(0)", "on the way out"),
        ("import os\nos.kill(os.getpid(), 9)", "killed by signal 9"),
        ("def pytest_collection():\n    import pytest\n    pytest.exit('enough')", "enough"),
    ],
    ids=["import", "sys.exit", "kill", "pytest.exit"],
)
def test_a_conftest_that_breaks_pytest_does_not_break_the_command(
    pytester: Pytester, conftest: str, told: str
) -> None:
    write_files(pytester, {**TESTS, "conftest.py": conftest})
    found = asked(pytester.path, code=1)
    text = "\n".join(finding["text"] for finding in of(found, "conflict", "pytest"))
    assert told in text
    if "pytest ended" in text:
        assert "does so without this plugin, too" in text


def test_a_conftest_that_hangs_is_ended_and_named(pytester: Pytester) -> None:
    conftest = "import time\n\ndef wait():\n    time.sleep(1000)\n\nwait()\n"
    write_files(pytester, {**TESTS, "conftest.py": conftest})
    # long enough to come to the conftest where the machine is busy
    found = asked(pytester.path, "--time-limit", "5", code=1)
    (hung,) = of(found, "conflict", "pytest")
    assert "pytest had not ended after 5 s" in hung["text"]
    assert "conftest.py:4 in wait" in hung["text"]


def test_what_cannot_be_collected_is_told(pytester: Pytester) -> None:
    write_files(pytester, {**TESTS, "tests/test_c.py": "import no_such_module\n"})
    (error,) = of(asked(pytester.path, code=1), "conflict", "pytest")
    assert error["text"].startswith("tests/test_c.py cannot be collected:")
    assert error["text"].endswith("No module named 'no_such_module'")


def test_a_setting_that_is_refused_is_told_as_a_run_would_tell_it(pytester: Pytester) -> None:
    write_files(pytester, {**TESTS, "tox.ini": "[pytest]\norchestrate_start = sporn\n"})
    found = asked(pytester.path, code=1)
    (refused,) = [each for each in found["findings"] if each["level"] == "conflict"]
    assert (found["tests"], found["files"]) == (None, None)
    assert refused["topic"] == "settings"
    assert "orchestrate_start in" in refused["text"]
    assert "'sporn'" in refused["text"]


def test_arguments_are_those_of_pytest(pytester: Pytester) -> None:
    write_files(pytester, {**TESTS, "other.ini": "[pytest]\norchestrate = true\n"})
    found = asked(pytester.path, "tests/test_a.py", "-c", "other.ini", "--", "-k", "test_a")
    assert (found["tests"], found["configuration"]) == (1, "other.ini")
    for wrong in ("no_such_path", "--no-such-flag"):
        ran = doctor(pytester.path, wrong)
        assert ran.returncode == 2
        assert wrong in ran.stderr
        assert ran.stdout == ""


def test_names_of_any_shape_are_shown(pytester: Pytester) -> None:
    tests = """
import pytest

@pytest.mark.priority(3)
@pytest.mark.parametrize("x", [1], ids=["\\x1b[31m \\u202e\\ud800"])
def test_a(x): pass
"""
    write_files(pytester, {"test_é b.py": tests, "test_c.py": "def test_c(): pass\n"})
    (note,) = of(asked(pytester.path), "note", "markers")
    assert note["text"].startswith("1 test marked priority (test_é b.py::test_a[")


def test_history_tells_what_keeping_files_together_costs(pytester: Pytester) -> None:
    slow = "import pytest, time\n@pytest.mark.parametrize('n', range(4))\n"
    slow += "def test_slow(n): time.sleep(0.3)\n"
    write_files(
        pytester,
        {
            "test_slow.py": slow,
            "test_quick.py": """
import pytest, time

@pytest.fixture(scope="session")
def service(): time.sleep(0.6)

def test_quick(service): pass
""",
            "pytest.ini": "[pytest]\naddopts = -p orchestrate\norchestrate_workers = 2\n"
            "orchestrate_keep_together = file\n",
        },
    )
    run_orchestrated(pytester, workers=None)
    found = asked(pytester.path)
    (known,) = of(found, "fine", "durations")
    text = r"5 tests \(5 measured before\) take (\d+\.\d) s one after another"
    taken = re.match(text, known["text"])
    assert taken, known["text"]
    attempts = (
        record
        for line in latest_log(pytester.path).read_text().splitlines()
        if (record := json.loads(line))["record"] == "attempt"
    )
    work = sum(each["call"] for each in attempts)
    assert float(taken[1]) == pytest.approx(work, abs=0.1)
    assert re.search(
        r"session fixture service, for \d+\.\d+ s", of(found, "speed", "fixtures")[0]["text"]
    )
    (told,) = [
        each for each in found["findings"] if each["level"] == "speed" and each["gain"] is not None
    ]
    assert "test_slow.py" in told["text"]
    assert told["gain"] == pytest.approx(work / 2, rel=0.5)
