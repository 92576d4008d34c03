"""A plan put together, and how the terminal shows it."""

from __future__ import annotations

from msgspec.structs import replace

from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.report.limits import Limit, Limits, ResourceUse
from pytest_orchestrate.report.plan import Plan, PlannedUnit, Ran, planned
from pytest_orchestrate.report.plan_text import NOT_RUN, TESTS, UNITS, WORKERS, plan_lines

TESTS_OF_SHOP = [
    CollectedTest(nodeid)
    for nodeid in ("a.py::t0", "a.py::t1", "b.py::t2", "a.py::t3", "b.py::t4", "b.py::t5")
]
ESTIMATES = [1.0, 0.5, 0.25, None, 0.5, 0.125]


def shop(mode: str = "workers") -> Plan:
    return planned(
        mode,
        2,
        TESTS_OF_SHOP,
        ESTIMATES,
        [
            Ran(1, 1, 0.0, 0.25, 0.75),
            Ran(0, 0, 0.0, 0.0, 1.0),
            Ran(2, 1, 0.75, 0.0, 1.0),
            Ran(3, 0, 1.0, 0.0, 1.5),
            Ran(4, 0, 1.5, 0.0, 2.0),
        ],
        lower_bound=1.5,
        limits=Limits(
            2,
            0.0,
            2.0,
            0.0,
            0.0,
            (
                Limit("work", 1.5),
                Limit("chain", 1.25, tests=("a.py::t0", "b.py::t2")),
                Limit("test", 1.0, tests=("a.py::t0",)),
            ),
            (ResourceUse("db", 2, 0.75),),
        ),
        not_run={5: ("blocked", "requires a.py::t9")},
    )


def test_units_are_the_tests_of_a_file_that_follow_each_other_on_a_worker() -> None:
    first, second = shop().per_worker
    assert first.units == (PlannedUnit("a.py", 2, 0.0, 1.5), PlannedUnit("b.py", 1, 1.5, 2.0))
    assert second.units == (PlannedUnit("a.py", 1, 0.0, 0.75), PlannedUnit("b.py", 1, 0.75, 1.0))
    assert (first.tests, first.busy, first.end) == (3, 2.0, 2.0)
    assert (second.tests, second.busy, second.end) == (2, 1.0, 1.0)


def test_tests_stand_in_the_order_in_which_they_begin() -> None:
    plan = shop()
    assert [each.nodeid for each in plan.order] == [
        "a.py::t0",
        "a.py::t1",
        "b.py::t2",
        "a.py::t3",
        "b.py::t4",
    ]
    assert (plan.order[1].setup, plan.order[1].seconds) == (0.25, 0.5)
    assert [each.measured for each in plan.order] == [True, True, True, False, True]
    assert plan.measured == 4
    assert plan.makespan == 2.0


def test_the_critical_path_is_a_chain_if_there_is_one_and_else_the_longest_test() -> None:
    plan = shop()
    assert plan.critical_path == Limit("chain", 1.25, tests=("a.py::t0", "b.py::t2"))


def test_the_terminal_shows_all_of_a_short_plan() -> None:
    assert plan_lines(shop()) == [
        (
            "orchestrate: plan for 5 tests on 2 workers: 2.0 s"
            " (no schedule takes less than 1.5 s), after start and collection"
        ),
        "  estimates: 1 of them was not measured before, and is taken for ordinary",
        "  bounded by: work: 2 workers busy 75 % of 2.0 s",
        "  critical path: a chain of 2 tests: 1.2 s of 2.0 s: a.py::t0 -> b.py::t2",
        "  resource db (2 slots): held for 0.75 s of 2.0 s",
        "  not run: 1 test",
        "",
        "gw0: 3 tests, busy 2.0 s",
        "    0.000 s  a.py: 2 tests, 1.5 s",
        "    1.500 s  b.py: 1 test, 0.50 s",
        "",
        "gw1: 2 tests, busy 1.0 s",
        "    0.000 s  a.py: 1 test, 0.75 s",
        "    0.750 s  b.py: 1 test, 0.25 s",
        "",
        "order:",
        "    0.000 s  gw0    1.000 s  a.py::t0",
        "    0.000 s  gw1    0.500 s  a.py::t1 (and 0.250 s to enter its file)",
        "    0.750 s  gw1    0.250 s  b.py::t2",
        "    1.000 s  gw0   ~0.500 s  a.py::t3",
        "    1.500 s  gw0    0.500 s  b.py::t4",
        "",
        "not run:",
        "  blocked: b.py::t5: requires a.py::t9",
    ]


def test_under_q_there_is_only_the_head() -> None:
    assert plan_lines(shop(), verbosity=-1) == plan_lines(shop())[:6]


def test_a_long_plan_is_cut_and_says_by_how_much_and_v_shows_it() -> None:
    plan = shop()
    worker = replace(plan.per_worker[0], units=plan.per_worker[0].units * 10)
    long = replace(
        plan,
        order=plan.order * 100,
        per_worker=(worker,) * 100,
        not_run=plan.not_run * 100,
    )
    lines = plan_lines(long)
    assert f"... {100 - WORKERS} more workers (-v lists them)" in lines
    more = 20 - UNITS
    assert f"        ...  {more} more units with {18} tests (-v lists them)" in lines
    assert f"order, the first {TESTS} of 500:" in lines
    assert f"        ...  {500 - TESTS} more tests (-v lists them, =json has all)" in lines
    assert f"  ... {100 - NOT_RUN} more tests (-v lists them)" in lines
    assert len(lines) < 200
    assert len(plan_lines(long, verbosity=1)) > 2000


def test_what_was_never_measured_is_said_of_all_at_once() -> None:
    plan = replace(shop(), measured=0)
    assert plan_lines(plan)[1] == (
        "  estimates: none of them was measured before, and all are taken for ordinary"
    )
    assert "estimates" not in plan_lines(replace(shop(), measured=5))[1]


def test_in_process_is_called_so() -> None:
    assert (
        "plan for 1 test in-process: "
        in plan_lines(
            planned(
                "in-process",
                1,
                TESTS_OF_SHOP,
                ESTIMATES,
                [Ran(0, 0, 0.0, 0.0, 1.0)],
                lower_bound=1.0,
                limits=None,
                not_run={},
            )
        )[0]
    )
