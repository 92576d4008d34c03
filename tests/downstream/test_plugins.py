"""Plugins that measure, repeat and report do on workers what they do in plain pytest."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest

from tests.downstream.neighbours import PLAIN_OUTPUT, WAIT_FOR_ALL, Bench

CALCULATOR = """
    def sign(number):
        if number < 0:
            return "negative"
        if number > 0:
            return "positive"
        return "zero"

    def unused():
        return 1
"""

CALCULATOR_TESTS = """
    import pytest
    from calculator import sign

    @pytest.mark.parametrize("number", [{numbers}])
    def test_{name}(number):
        assert sign(number) == "{name}"
"""


def write_calculator(pytester: pytest.Pytester, name: str = "calculator") -> None:
    """Write a module, and two test files that take different branches of it."""
    pytester.makeini("[pytest]\npythonpath = .\n")
    pytester.makepyfile(
        **{
            name: CALCULATOR,
            "conftest": "import calculator\n",
            "test_negative": CALCULATOR_TESTS.format(name="negative", numbers="-1, -2, -3"),
            "test_positive": CALCULATOR_TESTS.format(name="positive", numbers="1, 2, 3"),
        }
    )


class TestCov:
    """pytest-cov adds up what the workers covered."""

    @pytest.fixture(autouse=True)
    def suite(self, bench: Bench, pytester: pytest.Pytester) -> None:
        """Write the suite to be covered."""
        pytest.importorskip("pytest_cov")
        write_calculator(pytester)
        bench.use("pytest_cov")

    def coverage(self, pytester: pytest.Pytester) -> Any:
        """Return totals and files of the last run's report, and remove what it left."""
        target = pytester.path / "coverage.json"
        report = json.loads(target.read_text(encoding="utf-8"))
        target.unlink()
        assert not list(pytester.path.glob(".coverage.*")), "data of workers was left behind"
        (pytester.path / ".coverage").unlink()
        return report["totals"], report["files"]

    @pytest.mark.parametrize("parallel", ["false", "true"])
    @pytest.mark.parametrize("branch", ["false", "true"])
    def test_lines_and_branches_are_the_same(
        self, bench: Bench, pytester: pytest.Pytester, branch: str, parallel: str
    ) -> None:
        pytester.makefile(".cfg", setup=f"[coverage:run]\nbranch={branch}\nparallel={parallel}\n")
        args = ("--cov=calculator", "--cov-config=setup.cfg", "--cov-report=json")
        assert bench.plain(*args).exit_code == 0
        plain = self.coverage(pytester)
        distributed = bench.distributed(*args)
        assert self.coverage(pytester) == plain, distributed.output
        assert "failed workers" not in distributed.output
        assert plain[1]["calculator.py"]["missing_lines"]

    def test_a_worker_that_starts_late_removes_no_data_of_others(
        self, bench: Bench, pytester: pytest.Pytester
    ) -> None:
        # When pytest-cov starts, it removes the data that it finds, in workers too.
        pytester.makepyfile(late=LATE_WORKER)
        run = bench.distributed("-p", "late", "--cov=calculator", "--cov-report=json")
        totals, _ = self.coverage(pytester)
        assert totals["covered_lines"] == 6, run.output

    def test_the_table_is_printed_and_each_line_knows_its_tests(
        self, bench: Bench, pytester: pytest.Pytester
    ) -> None:
        args = ("--cov=calculator", "--cov-context=test", "--cov-report=term-missing")
        tables = [
            re.findall(r"^(?:calculator\.py|TOTAL) .*$", run.output, re.MULTILINE)
            for run in bench.same(*args)
        ]
        assert tables[0] == tables[1]
        assert len(tables[0]) == 2

    @pytest.mark.parametrize(("limit", "exit_code"), [(50, 0), (100, 1)])
    def test_a_limit_that_is_missed_fails_the_run(
        self, bench: Bench, limit: int, exit_code: int
    ) -> None:
        plain, distributed = bench.same("--cov=calculator", f"--cov-fail-under={limit}")
        assert plain.exit_code == distributed.exit_code == exit_code
        assert ("FAIL Required test coverage" in distributed.output) == bool(exit_code)


def test_cov_measures_children_adds_to_earlier_runs_and_knows_each_lines_tests(
    alone: Bench, pytester: pytest.Pytester
) -> None:
    pytest.importorskip("pytest_cov")
    alone.use("pytest_cov")
    write_calculator(pytester)
    pytester.makefile(
        ".cfg", setup="[coverage:run]\npatch = subprocess\n[coverage:json]\nshow_contexts = true\n"
    )
    pytester.makepyfile(
        test_child="""
            import subprocess
            import sys

            def test_child():
                code = "import calculator; calculator.unused(); print(calculator.sign(0))"
                ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
                assert ran.stdout == "zero\\n"
        """
    )
    args = ("--cov=calculator", "--cov-config=setup.cfg", "--cov-context=test", "--cov-append")
    seen = []
    for way in (alone.plain, alone.distributed):
        way(*args, "--cov-report=", "test_negative.py", "test_positive.py")
        assert way(*args, "--cov-report=json", "test_child.py").exit_code == 0
        report = json.loads((pytester.path / "coverage.json").read_text(encoding="utf-8"))
        contexts = report["files"]["calculator.py"]["contexts"]
        seen.append((report["totals"], {line: sorted(contexts[line]) for line in contexts}))
        (pytester.path / ".coverage").unlink()
    assert seen[0] == seen[1]
    assert seen[0][0]["missing_lines"] == 0


LATE_WORKER = """
    import glob
    import os
    import time

    import pytest

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_load_initial_conftests():
        deadline = time.monotonic() + 3
        while os.environ.get("PYTEST_XDIST_WORKER") == "gw1" and time.monotonic() < deadline:
            if glob.glob(".coverage.*"):
                break
            time.sleep(0.01)
        return (yield)
"""


RANDOM_TESTS = """
    import random

    import pytest

    @pytest.mark.parametrize("number", range(5))
    def test_{name}(number, record_property):
        record_property("value", random.random())
"""


class TestRandomly:
    """pytest-randomly seeds every worker alike."""

    @pytest.fixture(autouse=True)
    def suite(self, bench: Bench, pytester: pytest.Pytester) -> None:
        """Write tests that tell which numbers they drew."""
        pytest.importorskip("pytest_randomly")
        for name in "abcd":
            pytester.makepyfile(**{f"test_{name}": RANDOM_TESTS.format(name=name)})
        bench.use("randomly")

    def test_a_given_seed_gives_each_test_the_same_numbers(self, bench: Bench) -> None:
        plain, distributed = bench.same("--randomly-seed=20")
        values = distributed.recorded("value")
        assert values == plain.recorded("value")
        assert len(values) == 20
        assert len(set(values.values())) > 1

    def test_a_seed_of_its_own_choice_is_shown_and_can_be_used_again(self, bench: Bench) -> None:
        first = bench.distributed()
        seed = re.search(r"--randomly-seed=(\d+)", first.output)
        assert seed, first.output
        again = bench.plain(f"--randomly-seed={seed[1]}")
        assert again.recorded("value") == first.recorded("value")
        last = bench.distributed("--randomly-seed=last")
        assert last.recorded("value") == first.recorded("value")


def test_rerunfailures_repeats_on_the_worker_and_counts(
    bench: Bench, pytester: pytest.Pytester
) -> None:
    pytest.importorskip("pytest_rerunfailures")
    bench.use("rerunfailures")
    pytester.makepyfile(
        test_steady="""
            import pytest

            @pytest.mark.parametrize("number", range(5))
            def test_steady(number):
                pass
        """,
        test_flaky="""
            import os
            import pytest

            ATTEMPTS = []

            @pytest.fixture
            def attempt():
                ATTEMPTS.append(os.getpid())
                return len(ATTEMPTS)

            def test_second_attempt(attempt):
                assert attempt == 2
                assert len(set(ATTEMPTS)) == 1

            def test_never():
                assert False

            @pytest.mark.flaky(reruns=3)
            def test_marked(request):
                tries = request.config.__dict__.setdefault("tries_of_this_test", [])
                tries.append(1)
                assert len(tries) == 3
        """,
    )
    for run in bench.same("--reruns=1"):
        run.result.assert_outcomes(passed=7, failed=1)
        assert "4 rerun" in run.output
        assert run.exit_code == 1


class TestTimeout:
    """pytest-timeout ends a test, or with its thread method the whole worker."""

    @pytest.fixture(autouse=True)
    def suite(self, bench: Bench, pytester: pytest.Pytester) -> None:
        """Write a suite with one test that takes too long."""
        pytest.importorskip("pytest_timeout")
        bench.use("timeout")
        pytester.makepyfile(
            test_quick="""
                import pytest

                @pytest.mark.parametrize("number", range(20))
                def test_quick(number):
                    pass
            """,
            test_slow="""
                import time
                import pytest

                def test_before():
                    pass

                @pytest.mark.timeout(0.5)
                def test_too_long():
                    print("said before the end")
                    deadline = time.monotonic() + 60
                    while time.monotonic() < deadline:
                        time.sleep(0.01)

                def test_after():
                    pass
            """,
        )

    def test_by_signal_one_test_fails(self, bench: Bench) -> None:
        for run in bench.same("--timeout-method=signal"):
            run.result.assert_outcomes(passed=22, failed=1)
            assert "Timeout" in run.output
            assert "0.5s" in run.output

    def test_by_thread_the_worker_ends_and_only_that_test_is_lost(self, bench: Bench) -> None:
        run = bench.distributed("--timeout-method=thread")
        outcomes = run.outcomes
        assert outcomes.pop("test_too_long") not in ("passed", "skipped", "not finished")
        assert list(outcomes.values()) == ["passed"] * 22, run.output
        assert run.exit_code == 1
        assert re.search("crash.*test_too_long|test_too_long.*crash", run.output), run.output
        assert "Timeout" in run.output
        assert "said before the end" in run.output


def test_html_has_a_row_for_each_test(bench: Bench, pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_html")
    bench.use("metadata", "html", "html_fixtures")
    pytester.makepyfile(
        test_a="""
            import pytest

            @pytest.mark.parametrize("number", range(5))
            def test_a(number, extras):
                print("printed by", number)
                assert number != 3
        """,
        test_b="""
            import pytest

            def test_skipped():
                pytest.skip("for a reason")

            @pytest.mark.xfail
            def test_xfailed():
                assert False

            @pytest.fixture
            def broken():
                raise RuntimeError("broken fixture")

            def test_error(broken):
                pass
        """,
    )

    def rows() -> dict[str, list[tuple[str, bool]]]:
        text = (pytester.path / "report.html").read_text(encoding="utf-8")
        blob = re.search('data-jsonblob="([^"]*)"', text)
        assert blob is not None
        return {
            test: [(entry["result"], "printed by" in entry["log"]) for entry in entries]
            for test, entries in json.loads(unescape(blob[1]))["tests"].items()
        }

    args = ("--html=report.html", "--self-contained-html")
    bench.plain(*args)
    plain = rows()
    bench.same(*args)
    assert rows() == plain
    assert len(plain) == 8


PLACES = """
    import pytest

    @pytest.mark.parametrize("number", range(10))
    def test_place(number, worker_id, testrun_uid, record_property):
        record_property("worker", worker_id)
        record_property("run", testrun_uid)
"""


def test_fixtures_known_from_xdist_name_worker_and_run(
    bench: Bench, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(WAIT_FOR_ALL)
    pytester.makepyfile(test_a=PLACES, test_b=PLACES.replace("test_place", "test_other"))
    run = bench.distributed()
    run.result.assert_outcomes(passed=20)
    assert set(run.recorded("worker").values()) == {"gw0", "gw1"}
    assert len(set(run.recorded("run").values())) == 1


def test_xdist_works_where_this_plugin_is_merely_installed(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytester.makepyfile(test_a=PLACES)
    pytester.runpytest_subprocess("-n2", *PLAIN_OUTPUT).assert_outcomes(passed=10)


def test_many_plugins_work_together(bench: Bench, pytester: pytest.Pytester) -> None:
    for module in ("cov", "html", "randomly", "rerunfailures", "timeout"):
        pytest.importorskip(f"pytest_{module}")
    bench.use("pytest_cov", "metadata", "html", "randomly", "rerunfailures", "timeout")
    write_calculator(pytester)
    pytester.makepyfile(
        test_flaky="""
            ATTEMPTS = []

            def test_second_attempt():
                ATTEMPTS.append(1)
                assert len(ATTEMPTS) == 2
        """
    )
    args = ("--cov=calculator", "--reruns=2", "--timeout=30", "--html=report.html")
    plain, distributed = bench.same(*args, "--randomly-seed=3")
    distributed.result.assert_outcomes(passed=7)
    total = re.compile(r"^TOTAL .*$", re.MULTILINE)
    assert total.findall(plain.output) == total.findall(distributed.output) != []
