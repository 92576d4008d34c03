"""Workers that collect different tests: each test runs once, on a worker that has it."""

from __future__ import annotations

import pytest

from tests.acceptance.support import assert_as_plain, run_orchestrated, run_plain

Pytester = pytest.Pytester


def test_random_parameter_ids(pytester: Pytester) -> None:
    pytester.makepyfile(
        """
        import random, pytest

        NUMBERS = random.SystemRandom().sample(range(10**9), 8)

        @pytest.mark.parametrize("number", NUMBERS)
        def test_random(number): pass

        @pytest.mark.parametrize("number", range(8))
        def test_usual(number): assert number != 3
        """
    )
    ran = run_orchestrated(pytester, workers=3)
    assert ran.code == 1
    assert ran.counts == {"passed": 15, "failed": 1}
    assert sum("::test_random" in nodeid for nodeid in ran.outcomes) == 8


def test_sets_under_different_hash_seeds(pytester: Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("name", {f"name{number}" for number in range(30)})
        def test_names(name): assert name != "name7"
        """
    )
    plain = run_plain(pytester)
    ours = run_orchestrated(pytester, workers=3, environ={"PYTHONHASHSEED": "random"})
    assert ours.outcomes == plain.outcomes
    assert ours.counts == plain.counts == {"passed": 29, "failed": 1}


def test_addresses_in_parameter_ids(pytester: Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        class Thing:
            pass

        @pytest.mark.parametrize("thing", [Thing() for _ in range(6)], ids=repr)
        def test_things(thing): pass
        """
    )
    ran = run_orchestrated(pytester, workers=3)
    assert ran.code == 0
    assert ran.counts == {"passed": 6}


def test_the_same_tests_in_another_order(pytester: Pytester) -> None:
    pytester.makeconftest(
        """
        import random

        def pytest_collection_modifyitems(items):
            random.SystemRandom().shuffle(items)
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(20))
        def test_numbers(number): assert number % 5
        """
    )
    _, ours = assert_as_plain(pytester, "-q", workers=3)
    assert ours.counts == {"passed": 16, "failed": 4}


def test_a_sample_of_its_own_on_each_worker(pytester: Pytester) -> None:
    pytester.makeconftest(
        """
        import random

        def pytest_collection_modifyitems(config, items):
            chosen = random.SystemRandom().sample(items, 5)
            config.hook.pytest_deselected(items=[i for i in items if i not in chosen])
            items[:] = chosen
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(20))
        def test_numbers(number): pass
        """
    )
    ran = run_orchestrated(pytester, workers=3)
    assert ran.code == 0
    assert ran.counts == {"passed": 5, "deselected": 15}
    assert "collected 20 items / 15 deselected / 5 selected" in ran.out


ONLY_ONE = """
import os, pathlib, pytest

try:
    os.close(os.open(pathlib.Path(__file__).with_name("claim"), os.O_CREAT | os.O_EXCL))
except FileExistsError:
    {otherwise}

def test_claimed(): pass
def test_claimed_too(): assert 0
"""

OTHERS = """
import pytest

@pytest.mark.parametrize("number", range(6))
def test_others(number): pass
"""


@pytest.mark.parametrize(
    "otherwise",
    [
        "raise RuntimeError('taken')",
        "pytest.skip('taken', allow_module_level=True)",
    ],
    ids=["error", "skip"],
)
def test_what_only_the_first_worker_can_import_runs_there(
    pytester: Pytester, otherwise: str
) -> None:
    pytester.makepyfile(test_claim=ONLY_ONE.format(otherwise=otherwise), test_others=OTHERS)
    ran = run_orchestrated(pytester, "-rs", workers=3)
    if "test_claim.py::test_claimed" in ran.outcomes:
        assert ran.counts == {"passed": 7, "failed": 1}
        assert ran.code == 1
    else:  # one whose collection does not count, or has a copy of the file, got the claim
        assert ran.code == (2 if "error" in otherwise.lower() else 0)
        assert "taken" in ran.out


def test_a_test_that_only_one_worker_has(pytester: Pytester) -> None:
    pytester.makepyfile(
        """
        import pathlib, os

        def test_everywhere(): pass

        globals()[f"test_on_{os.environ['PYTEST_XDIST_WORKER']}"] = lambda: None
        """
    )
    ran = run_orchestrated(pytester, workers=3)
    assert ran.code == 0
    assert ran.counts == {"passed": 2}


def test_more_workers_than_tests(pytester: Pytester) -> None:
    pytester.makepyfile("def test_1(): pass\ndef test_2(): assert 0")
    _, ours = assert_as_plain(pytester, workers=4)
    assert ours.counts == {"passed": 1, "failed": 1}


def test_one_test_on_four_workers(pytester: Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def opened(tmp_path_factory, worker_id):
            yield worker_id

        def test_1(opened): assert opened.startswith("gw")
        """
    )
    ran = run_orchestrated(pytester, workers=4)
    assert ran.code == 0
    assert ran.counts == {"passed": 1}


def test_parameters_of_session_fixtures_over_several_files(pytester: Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session", params=["lite", "full", "none"])
        def database(request):
            yield request.param

        @pytest.fixture(scope="module", params=[1, 2])
        def table(request, database):
            yield database, request.param
        """
    )
    pytester.makepyfile(
        **{
            f"test_{name}": """
            def test_query(database): assert database != "none"
            def test_table(table): assert table != ("lite", 2)
            class TestMore:
                def test_again(self, database, table): pass
            """
            for name in "abc"
        }
    )
    _, ours = assert_as_plain(pytester)
    assert ours.counts == {"passed": 39, "failed": 6}
