"""What bounded a run, from the events of made-up runs, and how it is told."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_orchestrate.report.bounded_by import bounded_by, chain
from pytest_orchestrate.report.builder import SummaryBuilder
from pytest_orchestrate.report.limits import Limit, Limits
from tests.support import logs

Json = dict[str, Any]


class MadeRun:
    """A run on two workers that is written down event by event; tests begin after 0.5 s."""

    def __init__(self, *nodeids: str, **collected: Any) -> None:
        tests = [{"nodeid": nodeid} for nodeid in nodeids]
        tests = collected.pop("tests", tests)
        self.nodeids = [test["nodeid"] for test in tests]
        self.records = [
            logs.run(),
            logs.event("RunBegan", 0.0, workers=2),
            logs.event("WorkerJoined", 0.0, worker=0),
            logs.event("WorkerJoined", 0.0, worker=1),
            logs.event("WorkerCollected", 0.4, worker=0),
            logs.event("WorkerCollected", 0.4, worker=1),
            logs.event(
                "TestsCollected",
                0.5,
                tests=tests,
                estimates=[None] * len(tests),
                setup_costs={},
                **collected,
            ),
        ]

    def run(self, test: int, worker: int, start: float, end: float, sent: float = -1.0) -> None:
        """A test runs from ``start`` to ``end``, and was sent at ``sent``, or as it began."""
        self.send(test, worker, start if sent < 0 else sent)
        nodeid = self.nodeids[test]
        self.records += [
            logs.event("TestStarted", start, worker=worker, test=test),
            logs.finished(end, worker, test, end - start),
            logs.attempt(test, nodeid, f"gw{worker}", 0, end - start, at=start),
        ]

    def send(self, test: int, worker: int, now: float) -> None:
        """A worker is sent a test."""
        self.records.append(logs.event("TimePassed", now))
        self.records.append(logs.command("Assign", worker=worker, tests=[test]))

    def fixture(self, worker: int, name: str, seconds: float) -> None:
        self.records.append(
            {
                "record": "fixture",
                "worker": f"gw{worker}",
                "file": "a.py",
                "name": name,
                "scope": "module",
                "setup": seconds,
            }
        )

    @property
    def limits(self) -> Limits:
        """From its records in the order of time; what is no event follows on the one before it."""
        moments: list[tuple[float, list[Json]]] = []
        for record in self.records:
            if record["record"] == "event":
                moments.append((record["event"]["now"], [record]))
            elif moments:
                moments[-1][1].append(record)
        builder = SummaryBuilder()
        builder.add(self.records[0])
        # a test ends before the next one begins
        moments.sort(key=lambda moment: (moment[0], not is_end(moment[1][0])))
        for _, records in moments:
            for record in records:
                builder.add(record)
        found = builder.summary().limits
        assert found is not None
        return found

    @property
    def told(self) -> str:
        return bounded_by(self.limits)


def is_end(record: Json) -> bool:
    return bool(record["event"]["event"] == "TestFinished")


def needs(test: int, *targets: int, **more: Any) -> Json:
    return {"test": test, "needs": [{"targets": targets, **more}]}


def demands(test: int, name: str, amount: int = 1, **more: Any) -> Json:
    return {"test": test, "demands": [{"name": name, "amount": amount, **more}]}


def test_a_run_in_which_nothing_ended_has_no_limits() -> None:
    builder = SummaryBuilder()
    for record in MadeRun("a.py::t").records:
        builder.add(record)
    assert builder.summary().limits is None


def test_work_that_keeps_all_workers_busy() -> None:
    made = MadeRun("a.py::t0", "a.py::t1", "a.py::t2", "a.py::t3")
    for test, (worker, start, end) in enumerate(
        [(0, 0.5, 3.0), (1, 0.5, 3.0), (0, 3.0, 5.5), (1, 3.0, 5.4)]
    ):
        made.run(test, worker, start, end)
    assert made.limits.found[0] == Limit("work", 4.95)
    assert made.told == "work: 2 workers busy 99 % of 5.0 s"
    assert made.limits.before == 0.5
    assert made.limits.testing == 5.0


def test_one_test_that_is_as_long_as_all_others() -> None:
    made = MadeRun("a.py::long", "a.py::t1", "a.py::t2")
    made.run(0, 0, 0.5, 9.5)
    made.run(1, 1, 0.5, 1.0)
    made.run(2, 1, 1.0, 1.5)
    assert made.told == "the longest test: 9.0 s of 9.0 s: a.py::long"


def test_a_chain_of_tests_that_require_each_other() -> None:
    made = MadeRun(
        "a.py::x", "b.py::y", "c.py::z", "d.py::w", constraints=[needs(1, 0), needs(2, 1)]
    )
    made.run(0, 0, 0.5, 3.5)
    made.run(3, 1, 0.5, 1.0)
    made.run(1, 1, 3.6, 6.5)
    made.run(2, 0, 6.6, 8.8)
    assert made.told == "a chain of 3 tests: 8.1 s of 8.3 s: a.py::x -> b.py::y -> c.py::z"


def test_a_chain_that_is_one_long_test_is_told_as_that_test() -> None:
    made = MadeRun("a.py::x", "a.py::y", constraints=[needs(1, 0)])
    made.run(0, 0, 0.5, 5.5)
    made.run(1, 1, 5.5, 5.6)
    assert made.told == "the longest test: 5.0 s of 5.1 s: a.py::x"


def test_the_middle_of_a_long_chain_is_left_out() -> None:
    assert chain("abcdef") == "a -> b -> ... 2 more ... -> e -> f"
    assert chain("abcd") == "a -> b -> c -> d"


def test_a_resource_that_is_held_all_the_time() -> None:
    made = MadeRun(
        *(f"a.py::t{n}" for n in range(4)),
        constraints=[demands(n, "db") for n in range(3)],
        resources={"db": 1},
    )
    made.run(3, 1, 0.5, 1.0)
    made.run(0, 0, 0.6, 2.5, sent=0.5)
    made.run(1, 1, 2.5, 4.5)
    made.run(2, 0, 4.6, 6.5)
    assert made.told == "resource db (1 slot): held for 5.9 s of 6.0 s"


def test_of_a_resource_with_several_slots_the_whole_counts() -> None:
    made = MadeRun(
        *(f"a.py::t{n}" for n in range(3)),
        constraints=[demands(n, "db") for n in range(3)],
        resources={"db": 4},
    )
    made.run(0, 0, 0.5, 2.5)
    made.run(1, 1, 0.5, 2.5)
    made.run(2, 0, 2.5, 4.5)
    assert not [each for each in made.limits.found if each.kind == "resource"]  # held for 1.5 s
    assert made.told == "work: 2 workers busy 75 % of 4.0 s"


def test_what_is_shared_is_held_once() -> None:
    made = MadeRun(
        *(f"a.py::t{n}" for n in range(4)),
        constraints=[demands(n, "db", shared=True) for n in range(4)],
        resources={"db": 1},
    )
    for n in range(4):
        made.run(n, n % 2, 0.5 + n // 2, 1.5 + n // 2)
    resource = next(each for each in made.limits.found if each.kind == "resource")
    assert resource == Limit("resource", 2.0, name="db", capacity=1)


def test_what_is_given_back_is_held_no_more() -> None:
    made = MadeRun("a.py::t0", "a.py::t1", constraints=[demands(1, "db")], resources={"db": 1})
    made.send(1, 0, 0.5)
    made.records.append(logs.event("TestsReturned", 0.7, worker=0, tests=[1]))
    made.run(0, 0, 0.8, 1.0)
    assert [each.seconds for each in made.limits.found if each.kind == "resource"] == []
    made = MadeRun("a.py::t0", "a.py::t1", constraints=[demands(1, "db")], resources={"db": 1})
    made.send(1, 1, 0.5)
    made.records.append(logs.event("WorkerLeft", 5.5, worker=1, reason="crashed"))
    made.run(0, 0, 5.6, 6.0)
    assert [e.seconds for e in made.limits.found if e.kind == "resource"] == [pytest.approx(5.0)]


def test_exclusive_tests() -> None:
    exclusive = [{"test": n, "exclusive": True} for n in range(3)]
    made = MadeRun(*(f"a.py::t{n}" for n in range(3)), constraints=exclusive)
    for n in range(3):
        made.run(n, n % 2, 0.5 + n, 1.5 + n)
    assert made.told == "exclusive tests, beside which nothing runs: 3.0 s of 3.0 s"


def test_a_group() -> None:
    tests = [{"nodeid": f"a.py::t{n}", "group": "g"} for n in range(3)]
    made = MadeRun(tests=tests)
    for n in range(3):
        made.run(n, 0, 0.5 + n, 1.5 + n)
    assert made.told == "group g, which stays on one worker: 3.0 s of 3.0 s"


def test_groups_that_cannot_keep_all_workers_busy() -> None:
    tests = [{"nodeid": f"{file}.py::t{n}", "group": file} for file in "abc" for n in range(2)]
    made = MadeRun(tests=tests)
    for n, worker in enumerate([0, 0, 1, 1, 0, 0]):
        start = (n % 2) + (2.5 if n > 3 else 0.5)
        made.run(n, worker, start, start + 1.0)
    assert made.told == "groups that stay together, divided over 2 workers: 4.0 s of 4.0 s"


def test_groups_that_keep_all_workers_busy_are_work() -> None:
    made = MadeRun(tests=[{"nodeid": f"{file}.py::t", "group": file} for file in "abcd"])
    for n in range(4):
        made.run(n, n % 2, 0.5 + n // 2, 1.5 + n // 2)
    assert made.told == "work: 2 workers busy 100 % of 2.0 s"


def test_set_up_that_several_workers_have_paid_for() -> None:
    made = MadeRun("a.py::t0", "a.py::t1")
    made.fixture(0, "db", 1.9)
    made.run(0, 0, 0.5, 2.5)
    made.run(1, 1, 0.5, 2.5)
    made.fixture(1, "db", 1.9)
    assert made.limits.repeated_setup == pytest.approx(1.9)
    # as long as the longest test: that explains it, for one worker would not be faster
    assert made.told.startswith("the longest test")
    made.run(0, 0, 2.5, 2.9)
    made.run(1, 1, 2.5, 2.9)
    made.fixture(0, "net", 0.1)
    assert made.limits.repeated_setup == pytest.approx(1.9)


def test_set_up_is_told_beside_work_from_a_tenth_of_it_upwards() -> None:
    limits = Limits(2, 0.5, 6.0, 0.1, 3.0, (Limit("work", 5.8),))
    assert bounded_by(limits) == (
        "work: 2 workers busy 97 % of 6.0 s, 3.0 s of it fixtures that another worker had set up"
        " as well"
    )
    limits = Limits(2, 0.5, 6.0, 0.1, 7.0, (Limit("set-up", 5.8),))
    assert bounded_by(limits) == (
        "set-up: 7.0 s of 11.6 s of work were fixtures that another worker had set up as well"
    )


def test_a_run_that_mostly_started_and_collected_says_so() -> None:
    limits = Limits(2, 3.5, 1.0, 0.0, 0.0, (Limit("work", 1.0),))
    assert bounded_by(limits) == "start and collection: 3.5 s of 4.5 s until the first test began"
    limits = Limits(2, 3.5, 1.0, 4.0, 0.0, (Limit("work", 1.0),))
    assert bounded_by(limits) == "the end: 4.0 s of 8.5 s after the last test"


def test_where_nothing_explains_the_time_that_is_what_it_says() -> None:
    made = MadeRun("a.py::t0", "a.py::t1")
    made.run(0, 0, 0.5, 1.0)
    made.run(1, 1, 5.0, 5.5)
    assert made.limits.bounded_by is None
    assert made.told == "nothing alone; most is the longest test: 0.50 s of 5.0 s: a.py::t0"


def test_the_testing_phase_is_not_shorter_than_what_workers_measured() -> None:
    made = MadeRun("a.py::t0", "a.py::t1")
    made.run(0, 0, 0.5, 1.5)
    made.records[-2]["event"]["call"] = 1.01
    assert made.told == "the longest test: 1.0 s of 1.0 s: a.py::t0"
    assert made.limits.testing == 1.01


def test_tests_that_take_no_time_bound_nothing() -> None:
    made = MadeRun("a.py::t0")
    made.run(0, 0, 0.6, 0.6)
    assert bounded_by(Limits(2, 0.1, 0.5, 0.1, 0.0, ())) == "nothing that tests did"
    assert made.limits.found == ()
