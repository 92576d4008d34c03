"""What pytest-testmon is given back of what a test has run."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from pytest_orchestrate.worker.learning import Lines, adding_up, tell_what_is_learnt


def test_what_a_test_runs_after_its_report_adds_to_what_it_had_run() -> None:
    batches: list[Lines] = [
        {"a": {"f.py": {1, 2}}},
        {"a": {"f.py": {3}, "g.py": {1}}, "b": {"f.py": {1}}},
        {"c": {"f.py": {9}}},
        {"a": {"f.py": {4}}},
    ]
    measured = adding_up(lambda _collector, _but: (batches.pop(0), "rest"))
    assert measured(None, None) == ({"a": {"f.py": {1, 2}}}, "rest")
    # a fixture of a module was torn down when the next test was known
    assert measured(None, None)[0] == {"a": {"f.py": {1, 2, 3}, "g.py": {1}}, "b": {"f.py": {1}}}
    assert measured(None, None)[0] == {"c": {"f.py": {9}}}
    # it ran once more
    assert measured(None, None)[0] == {"a": {"f.py": {4}}}


def test_each_test_is_told_of_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    class TestmonCollector:
        def get_nodes_files_lines(self, dont_include: object) -> tuple[Lines, object]:
            return {"a": {}}, dont_include

    module: Any = ModuleType("testmon.testmon_core")
    module.TEST_BATCH_SIZE, module.TestmonCollector = 250, TestmonCollector
    monkeypatch.setitem(sys.modules, "testmon.testmon_core", module)
    tell_what_is_learnt()
    assert module.TEST_BATCH_SIZE == 1
    assert TestmonCollector().get_nodes_files_lines("x") == ({"a": {}}, "x")


def test_another_testmon_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("testmon.testmon_core")
    monkeypatch.setitem(sys.modules, "testmon.testmon_core", module)
    tell_what_is_learnt()
    assert not hasattr(module, "TEST_BATCH_SIZE")
    monkeypatch.delitem(sys.modules, "testmon.testmon_core")
    tell_what_is_learnt()
