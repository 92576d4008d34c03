"""How a run was started is told from the command line of the process."""

from __future__ import annotations

import sys

import pytest

from pytest_orchestrate.transport.own_program import started_as

SCRIPT, MODULE = "/venv/bin/pytest", "/venv/lib/python3/site-packages/pytest/__main__.py"


@pytest.mark.skipif(sys.platform == "win32", reason="there the interpreter has its whole path")
@pytest.mark.parametrize(
    ("program", "words", "typed"),
    [
        (SCRIPT, "/venv/bin/python /venv/bin/pytest -m pytest", "pytest"),
        (MODULE, "python3 -m pytest -x", "python3 -m pytest"),
        (
            MODULE,
            ".venv/bin/python -X dev -Werror -m pytest",
            ".venv/bin/python -X dev -Werror -m pytest",
        ),
        (MODULE, "python /venv/bin/coverage run -m pytest", "python -m pytest"),
        (MODULE, "python -m coverage run -m pytest", "python -m pytest"),
    ],
)
def test_pytest_is_started_again_as_it_was(
    monkeypatch: pytest.MonkeyPatch, program: str, words: str, typed: str
) -> None:
    monkeypatch.setattr(sys, "argv", [program])
    monkeypatch.setattr(sys, "orig_argv", words.split())
    assert " ".join(started_as()) == typed
