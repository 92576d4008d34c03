"""Priorities: which of the tests that may run go first."""

from __future__ import annotations

import pytest

from tests.acceptance.support import run_orchestrated, write_files
from tests.support.runs import assert_stops_at_once, given_out

Pytester = pytest.Pytester

MARKED = """
import pytest, time
@pytest.mark.low
def test_low(): pass
def test_plain(): pass
@pytest.mark.high
def test_high(): pass
@pytest.mark.priority(50)
def test_fifty(): pass
@pytest.mark.priority("critical")
def test_critical(): pass
@pytest.mark.smoke
def test_smoke(): pass
"""
INI = "[pytest]\nmarkers = smoke\norchestrate_priorities =\n    smoke = 1000\n"


def names(order: list[str]) -> list[str]:
    return [nodeid.rpartition("::")[2] for nodeid in order]


@pytest.mark.parametrize("workers", [0, 1])
def test_one_after_another_they_run_in_order_of_priority(pytester: Pytester, workers: int) -> None:
    write_files(pytester, {"pytest.ini": INI, "test_a.py": MARKED})
    ran = run_orchestrated(pytester, workers=workers)
    assert names(ran.order) == [
        "test_smoke",
        "test_critical",
        "test_fifty",
        "test_high",
        "test_plain",
        "test_low",
    ]


def test_on_workers_too(pytester: Pytester) -> None:
    ordinary = "import time, pytest\n@pytest.mark.parametrize('n', range(10))\n"
    write_files(
        pytester,
        {
            "test_a.py": f"{ordinary}def test_a(n): time.sleep(0.02)\n"
            "@pytest.mark.critical\ndef test_first(): pass\n",
            "test_b.py": f"{ordinary}def test_b(n): time.sleep(0.02)\n"
            "@pytest.mark.low\ndef test_last(): pass\n",
        },
    )
    for _ in range(2):  # without a history all are expected to be short, and are sent at once
        run_orchestrated(pytester, "--orchestrate-collect=full")
    order = [told for told in given_out(pytester.path) if not told.endswith(" ends")]
    assert order.index("test_first") == 0
    assert order.index("test_last") == 21


@pytest.mark.parametrize("workers", [0, 2])
def test_what_an_urgent_test_requires_is_as_urgent(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import time, pytest\n"
            "@pytest.mark.parametrize('n', range(20))\ndef test_it(n): time.sleep(0.02)\n"
            "def test_base(): pass\n"
            "@pytest.mark.critical\n@pytest.mark.requires('test_base')\n"
            "def test_urgent(): pass\n",
        },
    )
    run_orchestrated(pytester, workers=workers)
    order = given_out(pytester.path)
    assert order.index("test_base") == 0
    assert order.index("test_urgent") == order.index("test_base ends") + 1


def test_a_wrong_priority_is_a_usage_error(pytester: Pytester) -> None:
    write_files(
        pytester,
        {"test_a.py": "import pytest\n@pytest.mark.priority('hgih')\ndef test_a(): pass\n"},
    )
    ran = run_orchestrated(pytester, log=False)
    assert ran.code == 4
    assert "one whole number, or one of 'critical', 'high', 'low'" in ran.err


def test_declared_order(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            f"test_{name}.py": f"import time\ndef test_{name}(): time.sleep({seconds})\n"
            for name, seconds in zip("abcd", (0.01, 0.02, 0.03, 0.2), strict=True)
        },
    )
    args = ("--orchestrate-order=declared", "--orchestrate-collect=full")
    for _ in range(2):  # the second time with a history
        run_orchestrated(pytester, *args)
        order = [told for told in given_out(pytester.path) if not told.endswith(" ends")]
        assert order == ["test_a", "test_b", "test_c", "test_d"]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("mark", ["critical", "high"])
def test_the_first_failure_of_a_critical_test_ends_the_run(
    pytester: Pytester, workers: int, mark: str
) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\norchestrate_stop_on = critical\n",
            "test_a.py": "import time, pytest\n"
            "@pytest.mark.parametrize('n', range(40))\ndef test_it(n): time.sleep(0.05)\n"
            f"@pytest.mark.{mark}\ndef test_marked(): assert 0\n"
            "def test_other(): assert 0\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.code == 1
    if mark == "critical":
        assert "a critical test failed: test_a.py::test_marked" in ran.out
        assert_stops_at_once(pytester.path)
        assert "not run:" in ran.out
    else:
        assert ran.counts == {"passed": 40, "failed": 2}


def test_a_resource_does_not_let_a_test_go_before_urgent_ones(pytester: Pytester) -> None:
    text = """
import pytest, time
@pytest.mark.resource("{name}")
@pytest.mark.parametrize("n", range(5))
def test_shared(n): time.sleep(0.05)
@pytest.mark.critical
@pytest.mark.parametrize("n", range(4))
def test_first_{name}(n): time.sleep(0.05)
"""
    write_files(pytester, {f"test_{n}.py": text.format(name=n) for n in "ab"})
    for _ in range(2):  # the files are collected by whoever comes first
        run_orchestrated(pytester)
        order = [told for told in given_out(pytester.path) if not told.endswith(" ends")]
        assert {told.partition("[")[0] for told in order[:8]} == {"test_first_a", "test_first_b"}
