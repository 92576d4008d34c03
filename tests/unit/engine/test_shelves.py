"""Workers that have collected a share of the files each."""

from __future__ import annotations

from tests.unit.engine.scenario import Scenario, file_of


def shared(
    files: dict[str, tuple[int, int]], *, seconds: float = 1.0, collect: float = 0.0
) -> Scenario:
    """A run of two workers; file -> (how many tests, the worker that has collected it)."""
    run = Scenario(2)
    tests = [test for name, (count, _) in files.items() for test in file_of(name, count)]
    run.collect(
        tests,
        estimates=seconds,
        owners={name: owner for name, (_, owner) in files.items()},
        collect_costs=dict.fromkeys(files, collect),
    )
    return run


def test_a_worker_takes_what_it_has_collected() -> None:
    run = shared({"a.py": (4, 1), "b.py": (2, 0)})
    assert run.ready(0, files=["b.py"]) == [("assign", 0, [4, 5])]
    assert run.ready(1, files=["a.py"]) == [("assign", 1, [0, 1])]


def test_who_is_first_waits_for_the_owner_of_all() -> None:
    run = shared({"a.py": (4, 1)}, seconds=0.001, collect=5.0)
    assert run.ready(0, files=[]) == [("hold", 0)]
    assert run.ready(1, files=["a.py"]) == [
        ("assign", 1, [0, 1, 2, 3]),
        ("hold", 0),
    ]
    assert run.go_through(1, 0, 1, 2, 3)[-2:] == [("close", 0), ("close", 1)]


def test_a_unit_moves_if_both_end_earlier_though_it_has_to_be_collected() -> None:
    run = shared({"a.py": (2, 0), "b.py": (4, 0), "c.py": (1, 1)}, collect=0.5)
    run.ready(0, files=["a.py", "b.py"])
    run.ready(1, files=["c.py"])
    assert run.go_through(1, 6) == [("assign", 1, [0, 1])]


def test_a_unit_stays_where_collecting_it_again_takes_longer_than_running_it() -> None:
    run = shared({"a.py": (2, 0), "b.py": (2, 0), "c.py": (1, 1)}, collect=60.0)
    run.ready(0, files=["a.py", "b.py"])
    run.ready(1, files=["c.py"])
    assert run.go_through(1, 6 - 2) == [("hold", 1)]
    assert "would cost more than waiting" in run.reasons()[0]


def test_a_copy_costs_nothing_to_collect() -> None:
    run = shared({"a.py": (9, 0)}, collect=60.0)
    run.ready(0, files=["a.py"])
    assert run.ready(1, files=["a.py"]) == [("assign", 1, [5, 6])]


def test_what_a_worker_lacks_goes_back_to_who_has_it() -> None:
    run = shared({"a.py": (2, 0), "b.py": (4, 0), "c.py": (1, 1)})
    run.ready(0, files=["a.py", "b.py"])
    run.ready(1, files=["c.py"])
    assert run.go_through(1, 6) == [("assign", 1, [0, 1])]
    assert run.lack(1, 0, 1) == [("assign", 1, [4, 5])]  # of the other file
    assert run.go_through(0, 2, 3) == [("assign", 0, [0, 1])]
    run.go_through(1, 4, 5)
    assert run.go_through(0, 0, 1)[-1] == ("close", 0)


def test_what_the_owner_leaves_behind_is_anybodys() -> None:
    run = shared({"a.py": (3, 0), "b.py": (1, 1)}, collect=60.0)
    run.ready(0, files=["a.py"])
    run.ready(1, files=["b.py"])
    run.leave(0, "stopped")
    assert run.go_through(1, 3) == [("assign", 1, [0, 1])]


def test_tests_that_nobody_has_any_more_end_as_not_run() -> None:
    run = shared({"a.py": (1, 0), "b.py": (1, 1)})
    run.ready(0, files=["a.py"])
    run.ready(1, files=["b.py"])
    run.leave(0, "stopped")
    run.go_through(1, 1)
    assert run.lack(1, 0) == [("end", 0, "not run"), ("close", 1)]
