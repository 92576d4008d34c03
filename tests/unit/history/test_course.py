from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history.course import Step, find_log, read_course
from tests.support import logs

RUN = "20300101-000000-abcdef01"


def write(directory: Path, records: list[Any], run: str = RUN) -> None:
    (directory / "runs").mkdir(exist_ok=True)
    records[0]["run"] = run
    logs.write(directory / "runs" / f"{run}.jsonl", records)


def started(worker: int, test: int) -> Any:
    return logs.event("TestStarted", 1.0, worker=worker, test=test)


def run_of_two(**collected: Any) -> list[Any]:
    """gw0 starts t0 and t2, gw1 starts t1 and t3."""
    tests = logs.collected(0.5, "a.py::t0", "a.py::t1", "b.py::t2", "b.py::t3")
    tests["event"].update(collected)
    steps = [started(0, 0), started(1, 1), started(0, 2), started(1, 3)]
    return [logs.run(), logs.event("RunBegan", 0.0, workers=2), tests, *steps]


def test_the_steps_are_what_was_started_in_that_order(tmp_path: Path) -> None:
    write(tmp_path, run_of_two(owners={"a.py": 0, "b.py": 1}))
    course = read_course(tmp_path, RUN)
    assert course.steps == [
        Step(0, "a.py::t0", 0),
        Step(1, "a.py::t1", 0),
        Step(0, "b.py::t2", 0),
        Step(1, "b.py::t3", 0),
    ]
    assert (course.run, course.workers) == (RUN, 2)
    assert course.own_files(1) == ["b.py"]


def test_a_replacement_counts_as_the_worker_that_it_replaced(tmp_path: Path) -> None:
    records = run_of_two()
    crash = [
        logs.event("WorkerLeft", 2.0, worker=1, reason="crashed"),
        logs.command("StartWorker", worker=2, replaces=1),
        logs.event("WorkerLeft", 2.0, worker=2, reason="crashed"),
        logs.command("StartWorker", worker=3, replaces=2),
    ]
    write(tmp_path, [*records[:-1], *crash, started(3, 3)])
    assert [step.worker for step in read_course(tmp_path, RUN).steps] == [0, 1, 0, 1]
    assert [step.nodeid for step in read_course(tmp_path, f"{RUN}:gw3").steps] == ["b.py::t3"]


def test_of_one_worker_there_is_what_it_ran_and_what_that_requires(tmp_path: Path) -> None:
    needs = [{"test": 3, "needs": [{"targets": [2]}]}, {"test": 2, "needs": [{"targets": [0]}]}]
    write(tmp_path, run_of_two(constraints=needs))
    course = read_course(tmp_path, f"{RUN}:gw1")
    assert [step.nodeid for step in course.steps] == [
        "a.py::t0",
        "a.py::t1",
        "b.py::t2",
        "b.py::t3",
    ]
    assert (course.only, course.required) == ("gw1", 2)
    assert len(read_course(tmp_path, f"{RUN}:gw0").steps) == 2


def test_a_run_without_workers_has_one_called_main(tmp_path: Path) -> None:
    tests = logs.collected(0.5, "a.py::t0")
    write(tmp_path, [logs.run("in-process", 0), tests, started(0, 0)])
    assert read_course(tmp_path, f"{RUN}:main").workers == 0


def test_a_run_is_found_by_its_beginning_and_as_the_last(tmp_path: Path) -> None:
    for run in ("20300101-000000-a", "20300101-000001-b"):
        write(tmp_path, run_of_two(), run)
    assert find_log(tmp_path, "20300101-000000").stem == "20300101-000000-a"
    assert find_log(tmp_path, "last").stem == "20300101-000001-b"
    with pytest.raises(HistoryError, match="2 recorded runs begin with '2030': 20300101-000001-b"):
        find_log(tmp_path, "2030")
    with pytest.raises(HistoryError, match=r"no run 'x' .* there are 20300101-000001-b"):
        find_log(tmp_path, "x")


def test_what_there_is_not_is_said_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="no run is recorded in"):
        read_course(tmp_path, RUN)
    write(tmp_path, run_of_two())
    with pytest.raises(HistoryError, match=r"no worker 'gw7' .* those are gw0, gw1"):
        read_course(tmp_path, f"{RUN}:gw7")
