from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_orchestrate.engine.simulator import main

TEST = {"id": "a.py::test", "duration": 1.0}


def instance(**changes: Any) -> dict[str, Any]:
    return {"format": 1, "workers": 2, "tests": [TEST], **changes}


def simulate(path: Path, document: object) -> int:
    file = path / "instance.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return main(str(file))


def test_an_instance_is_scheduled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tests = [
        {"id": f"a.py::test_{n}", "group": "a.py", "estimate": 1, "duration": 2.0, "later": "?"}
        for n in range(2)
    ]
    groups = {"a.py": {"setup": 0.5}, "b.py": {"setup": 9}}
    assert simulate(tmp_path, instance(tests=tests, groups=groups, seed=1, note=[])) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {
        "makespan": 2.5,
        "lower_bound": 2.5,
        "assignments": [
            {"test": "a.py::test_0", "worker": 0, "start": 0.0, "setup": 0.5, "end": 2.5},
            {"test": "a.py::test_1", "worker": 1, "start": 0.0, "setup": 0.5, "end": 2.5},
        ],
    }


def test_constraints_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tests = [
        {"id": "last", "duration": 1.0, "requires": ["first"]},
        {"id": "first", "duration": 2.0, "resources": {"db": 1}},
        {"id": "other", "duration": 2.0, "resources": {"db": 1}, "priority": 1},
    ]
    assert simulate(tmp_path, instance(tests=tests, resources={"db": 1})) == 0
    answer = json.loads(capsys.readouterr().out)
    ends = {each["test"]: each["end"] for each in answer["assignments"]}
    assert ends == {"other": 2.0, "first": 4.0, "last": 5.0}
    assert answer["lower_bound"] == 4.0


def test_no_tests_take_no_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(tmp_path, instance(tests=[])) == 0
    assert json.loads(capsys.readouterr().out) == {
        "makespan": 0.0,
        "lower_bound": 0.0,
        "assignments": [],
    }


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ("{", "line 1"),
        ([], "the instance"),
        (instance(format=2), "format"),
        (instance(workers=0), "workers"),
        (instance(workers=True), "workers"),
        (instance(resources={"db": 0}), "resources: db"),
        (instance(groups=[]), "groups"),
        (instance(groups={"a.py": 3}), "groups: a.py"),
        (instance(groups={"a.py": {"setup": -1}}), "groups: a.py: setup"),
        (instance(tests={}), "tests"),
        (instance(tests=[3]), "tests[0]"),
        (instance(tests=[{"duration": 1}]), "tests[0]: id"),
        (instance(tests=[TEST, TEST]), "a.py::test: id"),
        (instance(tests=[{"id": "x"}]), "x: duration"),
        (instance(tests=[{"id": "x", "duration": -1}]), "x: duration"),
        (instance(tests=[{"id": "x", "duration": 10**400}]), "x: duration"),
        (instance(tests=[{"id": "x", "duration": float("nan")}]), "x: duration"),
        (instance(tests=[{**TEST, "estimate": "long"}]), "a.py::test: estimate"),
        (instance(tests=[{**TEST, "group": 1}]), "a.py::test: group"),
        (instance(tests=[{**TEST, "requires": ["x"]}]), "a.py::test: requires: there is no test x"),
        (instance(tests=[{**TEST, "requires": ["a.py::test"]}]), "a.py::test: requires: a cycle"),
        (instance(tests=[{**TEST, "resources": {"x": 1}}]), "a.py::test: resources: x"),
        (instance(tests=[{**TEST, "priority": None}]), "a.py::test: priority"),
    ],
)
def test_what_is_invalid_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], document: object, named: str
) -> None:
    assert simulate(tmp_path, document) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert named in output.err
    assert output.err.count("\n") == 1


def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(str(tmp_path / "nowhere.json")) == 2
    assert "nowhere.json" in capsys.readouterr().err
