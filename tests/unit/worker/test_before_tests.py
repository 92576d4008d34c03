"""What a file that is collected late finds is what was there before the first test."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pytest_orchestrate.worker.before_tests import BeforeTests

NAME = "a_module_of_this_test"


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Begin with one module and one variable, and leave nothing behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, NAME, ModuleType("first"))
    monkeypatch.setenv("KEPT", "first")
    monkeypatch.delenv("ADDED", raising=False)


def test_modules_that_were_replaced_or_removed_are_back_meanwhile() -> None:
    first, before = sys.modules[NAME], BeforeTests()
    sys.modules[NAME] = second = ModuleType("second")
    with before.again():
        assert sys.modules[NAME] is first
    assert sys.modules[NAME] is second
    del sys.modules[NAME]
    with before.again():
        assert sys.modules[NAME] is first
    assert NAME not in sys.modules


def test_modules_that_came_since_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    before = BeforeTests()
    monkeypatch.setitem(sys.modules, "came_since", ModuleType("came_since"))
    with before.again():
        assert "came_since" in sys.modules
    assert "came_since" in sys.modules


def test_variables_are_back_meanwhile() -> None:
    before = BeforeTests()
    os.environ["ADDED"] = "second"
    del os.environ["KEPT"]
    with before.again():
        assert "ADDED" not in os.environ
        assert os.environ["KEPT"] == "first"
    assert os.environ["ADDED"] == "second"
    assert "KEPT" not in os.environ


def test_what_is_changed_meanwhile_stays_changed() -> None:
    before = BeforeTests()
    os.environ["KEPT"] = "second"
    sys.modules[NAME] = ModuleType("second")
    with before.again():
        os.environ["KEPT"] = "third"
        os.environ["ADDED"] = "third"
        sys.modules[NAME] = third = ModuleType("third")
    assert (os.environ["KEPT"], os.environ["ADDED"]) == ("third", "third")
    assert sys.modules[NAME] is third


def test_the_working_directory_is_back_meanwhile(tmp_path: Path) -> None:
    before = BeforeTests()
    other = tmp_path / "other"
    other.mkdir()
    os.chdir(other)
    with before.again():
        assert Path.cwd() == tmp_path
    assert Path.cwd() == other


def test_a_working_directory_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    before = BeforeTests()
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    with before.again():
        assert Path.cwd() == tmp_path
