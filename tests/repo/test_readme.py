"""What README promises to a newcomer exists, and the example does what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo.documents import ROOT, commands, text

EXAMPLE = "examples/shop"


def run_example(folder: Path, *, fail: str = "", part: str = "") -> tuple[int, str]:
    """Run the example, or a part of it, as README does, with its records in ``folder``."""
    command = next(line for line in commands(text("README.md")) if EXAMPLE in line)
    pytest_command = command.split(" && ")[-1].replace(EXAMPLE, EXAMPLE + part).split()
    assert pytest_command[:2] == ["python", "-m"]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "COV_", "SHOP_"))
    }
    done = subprocess.run(
        [
            sys.executable,
            *pytest_command[1:],
            "-p",
            "no:cacheprovider",
            "--orchestrate-dir",
            str(folder),
        ],
        cwd=ROOT,
        env=environment | {"SHOP_FAIL": fail},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def test_one_command_installs_and_runs_the_example_and_one_runs_the_tests() -> None:
    assert commands(text("README.md")) == [
        "python -m pip install . && python -m pytest -p orchestrate --workers=2 examples/shop",
        "python -m pip install tox && python -m tox -e py",
    ]


def test_ci_runs_the_command_that_readme_gives() -> None:
    script = text(".ci/run")
    assert "python -m pip install --quiet tox\npython -m tox -e py\n" in script
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_example_passes_on_two_workers(tmp_path: Path) -> None:
    code, output = run_example(tmp_path)
    assert code == 0, output
    assert "orchestrate: 2 workers (asked for)" in output
    assert "271 passed, 1 xfailed" in output


@pytest.mark.parametrize(
    ("fail", "part", "lines"),
    [
        ("1", "/tests/test_money.py", ["FAILED examples/shop/tests/test_money.py::", "4 failed"]),
        ("crash", "/tests/test_payment.py", ["SIGABRT", "1 failed, 21 passed"]),
    ],
)
def test_the_example_fails_on_purpose(
    tmp_path: Path, fail: str, part: str, lines: list[str]
) -> None:
    code, output = run_example(tmp_path, fail=fail, part=part)
    assert code == 1, output
    assert [line for line in lines if line not in output] == [], output
