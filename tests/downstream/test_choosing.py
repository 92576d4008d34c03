"""Plugins that repeat, order, choose or skip tests do on workers what they do in plain pytest."""

from __future__ import annotations

import json
import re

import pytest

from tests.downstream.neighbours import Bench

STEADY = """
    import pytest

    @pytest.mark.parametrize("number", range(5))
    def test_steady(number):
        pass
"""


class TestFlaky:
    """Plugins that run a failed test again, and print which they were."""

    def test_flaky_tells_at_the_end_of_every_worker(
        self, either: Bench, pytester: pytest.Pytester
    ) -> None:
        pytest.importorskip("flaky")
        either.use("flaky")
        flaky = """
            from flaky import flaky

            TRIES = []

            @flaky(max_runs=3, min_passes=2)
            def test_second_{name}():
                TRIES.append(1)
                assert len(TRIES) > 1

            @flaky
            def test_never_{name}():
                assert False
        """
        pytester.makepyfile(
            test_a=flaky.format(name="a"), test_b=flaky.format(name="b"), test_steady=STEADY
        )
        for run in either.same():
            run.result.assert_outcomes(passed=7, failed=2)
            _, _, report = run.output.partition("Flaky Test Report")
            for name in "ab":
                assert f"test_second_{name} passed 2 out of the required 2 times" in report
                assert f"test_never_{name} failed; it passed 0 out of the required 1" in report

    def test_retry_tells_what_workers_tried(self, either: Bench, pytester: pytest.Pytester) -> None:
        pytest.importorskip("pytest_retry")
        either.use("pytest-retry")
        retried = """
            import pytest

            TRIES = []

            def test_second_{name}():
                TRIES.append(1)
                assert len(TRIES) > 1

            @pytest.mark.flaky(retries=2)
            def test_never_{name}():
                assert False
        """
        pytester.makepyfile(
            test_a=retried.format(name="a"), test_b=retried.format(name="b"), test_steady=STEADY
        )
        for run in either.same("--retries=1"):
            run.result.assert_outcomes(passed=7, failed=2)
            assert "4 retried" in run.output
            _, _, report = run.output.partition("the following tests were retried")
            for name in "ab":
                assert f"test_second_{name} passed on attempt 2!" in report
                assert f"test_never_{name} failed after 3 attempts!" in report


DEPENDING = """
    import time

    import pytest

    @pytest.mark.dependency()
    def test_good():
        time.sleep(0.1)

    @pytest.mark.dependency()
    def test_bad():
        assert False

    @pytest.mark.dependency(depends=["test_good"])
    def test_after_good():
        pass

    @pytest.mark.dependency(depends=["test_bad"])
    def test_after_bad():
        pass

    @pytest.mark.dependency(depends=["test_after_bad"])
    def test_after_skipped():
        pass
"""
ELSEWHERE = """
    import pytest

    @pytest.mark.dependency(depends=["test_a.py::test_good"], scope="session")
    def test_elsewhere():
        pass
"""


@pytest.mark.parametrize("files", [{"test_b": DEPENDING}, {"test_b": ELSEWHERE}])
def test_dependency_skips_what_depends_on_a_failure_and_nothing_else(
    alone: Bench, pytester: pytest.Pytester, files: dict[str, str]
) -> None:
    pytest.importorskip("pytest_dependency")
    alone.use("dependency")
    pytester.makepyfile(test_a=DEPENDING, test_steady=STEADY, **files)
    for run in alone.same():
        run.result.assert_outcomes(
            passed=9 if files["test_b"] is DEPENDING else 8,
            failed=2 if files["test_b"] is DEPENDING else 1,
            skipped=4 if files["test_b"] is DEPENDING else 2,
        )


def test_order_is_kept_where_it_is_asked_for(alone: Bench, pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_order")
    alone.use("pytest_order")
    pytester.makepyfile(
        **{
            f"test_{name}": """
                import time

                import pytest

                SEEN = []

                @pytest.mark.order(2)
                def test_second():
                    time.sleep(0.1)
                    SEEN.append(2)

                @pytest.mark.order("last")
                def test_last():
                    assert SEEN == [1, 2, 3]

                @pytest.mark.order(after="test_second")
                def test_third():
                    SEEN.append(3)

                @pytest.mark.order(1)
                def test_first():
                    SEEN.append(1)
            """
            for name in "abc"
        }
    )
    for run in alone.same("--order-scope=module"):
        run.result.assert_outcomes(passed=12)


def test_split_chooses_the_same_tests_and_stores_durations(
    alone: Bench, pytester: pytest.Pytester
) -> None:
    pytest.importorskip("pytest_split")
    alone.use("pytest-split")
    pytester.makepyfile(test_a=STEADY, test_b=STEADY, test_c=STEADY)
    durations = pytester.path / ".test_durations"
    stored = []
    for way in (alone.plain, alone.distributed):
        run = way("--store-durations")
        assert "Stored test durations" in run.output
        stored.append(sorted(json.loads(durations.read_text(encoding="utf-8"))))
        durations.unlink()
    assert stored[0] == stored[1]
    assert len(stored[0]) == 15
    times = {test: 1.0 + index / 7 for index, test in enumerate(stored[0])}
    durations.write_text(json.dumps(times), encoding="utf-8")
    ran = 0
    for group in (1, 2):
        plain, distributed = alone.same("--splits=2", f"--group={group}")
        told = re.search(r"Running group .*", plain.output)
        assert told is not None
        assert told[0] in distributed.output, distributed.output
        ran += len(distributed.record["tests"])
    assert ran == 15


#: One of two workers has collected when the other might have run everything.
LATE = """
    import os
    import time

    if os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
        time.sleep(0.5)
"""


def test_testmon_runs_only_what_a_change_concerns(either: Bench, pytester: pytest.Pytester) -> None:
    pytest.importorskip("testmon")
    either.use("pytest-testmon")
    pytester.makeini("[pytest]\npythonpath = .\n")
    for name in "ab":
        pytester.makepyfile(
            **{
                f"code_{name}": "def value():\n    return 1\n",
                f"test_{name}": f"""
                    from code_{name} import value

                    def test_value_{name}():
                        assert value() == 1

                    def test_more_{name}():
                        assert value() + 1 == 2

                    def test_without_{name}():
                        pass
                """,
            }
        )
    pytester.makeconftest(LATE)
    first = either.distributed("--testmon")
    first.result.assert_outcomes(passed=6)
    # it learns in workers, too (tests as short as these may all be done by the first one)
    assert re.search("6 tests on (1 of )?2 workers", first.output), first.output
    (pytester.path / "code_b.py").write_text("def value():\n    return 3 - 2\n")
    # what is only to choose among the tests may leave them to workers
    for args in (["--testmon", "--testmon-nocollect"], ["--testmon"]):
        second = either.distributed(*args)
        assert set(second.outcomes) == {"test_value_b", "test_more_b"}, second.output
    third = either.distributed("--testmon")
    assert not third.record["tests"], third.output
    assert third.exit_code == either.plain("--testmon").exit_code
