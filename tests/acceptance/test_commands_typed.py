"""The commands that a run proposes, typed in a shell where it was started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.support import write_files
from tests.support.runs import latest_log

Pytester = pytest.Pytester

TESTS = "import near\ndef test_1(): assert 0\ndef test_2(): pass\n"
SCRIPT, MODULE = "pytest", f"{Path(sys.executable).name} -m pytest"


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    environ["PATH"] = os.pathsep.join(
        [str(folder / "bin"), str(Path(sys.executable).parent), environ.get("PATH", "")]
    )
    return subprocess.run(
        line, shell=True, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def scripts(folder: Path) -> None:
    """Make what an installation has: scripts on the path."""
    (folder / "bin").mkdir()
    for name, module in (("pytest", "pytest"), ("pytest-orchestrate", "pytest_orchestrate.cli")):
        text = f"#!{sys.executable}\nimport sys\nfrom {module} import main\nsys.exit(main())\n"
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)


def proposed(folder: Path, line: str, root: str) -> dict[str, Any]:
    """Run that line; return the commands of its report."""
    ran = shell(f"{line} --orchestrate-report=json:report.json", folder)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    found: dict[str, Any] = json.loads((folder / root / "report.json").read_text())["commands"]
    return found


@pytest.mark.skipif(os.name == "nt", reason="the scripts are those of a POSIX shell")
@pytest.mark.parametrize(
    ("program", "arguments", "root", "files"),
    [
        pytest.param(
            SCRIPT,
            "shop",
            "shop",
            {"shop/pytest.ini": "[pytest]\npythonpath = .\n", "shop/near.py": ""},
            id="above the root directory",
        ),
        pytest.param(
            MODULE,
            "-c conf/p.ini shop/tests",
            "conf",
            {"conf/p.ini": "[pytest]\npython_functions = test_*\n", "near.py": ""},
            id="with a file of settings elsewhere",
        ),
    ],
)
def test_what_is_proposed_works_where_pytest_was_started(
    pytester: Pytester, program: str, arguments: str, root: str, files: dict[str, str]
) -> None:
    folder = pytester.path
    write_files(pytester, {"shop/tests/test_a.py": TESTS, **files})
    scripts(folder)
    line = f"{program} -p orchestrate --workers=2 -p no:cacheprovider {arguments}"
    found = proposed(folder, line, root)
    told = shell(found["explain"], folder)
    assert "test_a.py::test_1" in told.stdout, found["explain"] + told.stderr
    (replay,) = found["replay"].values()
    for command in (found["rerun_failed"], replay):
        assert command.startswith(f"{program} ")
        again = shell(command, folder)
        assert again.returncode == 1, command + again.stdout + again.stderr
        assert "1 failed" in again.stdout
        assert latest_log(folder / root).read_text().count('"record":"attempt"') >= 1


@pytest.mark.skipif(os.name == "nt", reason="the scripts are those of a POSIX shell")
@pytest.mark.parametrize("workers", [0, 2])
def test_of_several_paths_outside_of_the_root_directory_each_test_is_named_in_its_own(
    pytester: Pytester, workers: int
) -> None:
    fails, ends_well = "def test_1(): assert 0\n", "def test_1(): pass\n"
    write_files(
        pytester,
        {
            "conf/p.ini": "[pytest]\n",
            "conf/test_within.py": fails,
            "one/test_a.py": ends_well,
            "two/test_a.py": fails,
            "three/test_b.py": fails,
        },
    )
    scripts(pytester.path)
    line = f"pytest -p orchestrate --workers={workers} --import-mode=importlib -c conf/p.ini"
    found = proposed(pytester.path, f"{line} one two three/test_b.py conf", "conf")
    again = shell(found["rerun_failed"], pytester.path)
    assert "3 failed in" in again.stdout, found["rerun_failed"] + again.stdout + again.stderr
    for path in ("two/test_a.py", "three/test_b.py", "conf/test_within.py"):
        assert f" {path}::test_1" in found["rerun_failed"]


@pytest.mark.skipif(os.name == "nt", reason="the scripts are those of a POSIX shell")
def test_many_failures_are_listed_as_seen_from_where_pytest_was_started(
    pytester: Pytester,
) -> None:
    tests = "".join(f"def test_{n}(): assert 0\n" for n in range(6))
    write_files(pytester, {"shop/pytest.ini": "[pytest]\n", "shop/test_a.py": tests})
    scripts(pytester.path)
    found = proposed(pytester.path, "pytest -p orchestrate --workers=0 shop", "shop")
    again = shell(found["rerun_failed"], pytester.path)
    assert "6 failed" in again.stdout, again.stdout + again.stderr
    listed = (pytester.path / "failed-tests.txt").read_text()
    assert listed.startswith("shop/test_a.py::test_0\n")
