"""What other plugins are told of workers."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from pytest_orchestrate.xdist_contract import tell_of_reruns


def test_reruns_in_workers_are_reported_whatever_else_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plugin = ModuleType("pytest_rerunfailures")
    vars(plugin)["works_with_current_xdist"] = lambda: None  # as without pytest-xdist
    monkeypatch.setitem(sys.modules, "pytest_rerunfailures", plugin)
    tell_of_reruns()
    assert vars(plugin)["works_with_current_xdist"]()


def test_what_does_not_ask_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = ModuleType("pytest_rerunfailures")
    monkeypatch.setitem(sys.modules, "pytest_rerunfailures", plugin)
    tell_of_reruns()
    assert not hasattr(plugin, "works_with_current_xdist")
    monkeypatch.delitem(sys.modules, "pytest_rerunfailures")
    tell_of_reruns()
