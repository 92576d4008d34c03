"""Plugins that write reports, or draw on the terminal, tell of workers what they tell of pytest."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest

from tests.downstream.comparison import without_addresses
from tests.downstream.neighbours import Bench, Outcome

MIXED = {
    "test_a": """
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_number(number, record_property):
            record_property("square", number * number)
            print("printed by", number)
            assert number != 2

        @pytest.mark.skip(reason="not today")
        def test_skipped():
            pass
    """,
    "test_b": """
        import warnings

        import pytest

        @pytest.fixture
        def broken():
            raise RuntimeError("broken fixture")

        def test_error(broken):
            pass

        @pytest.mark.xfail(reason="known")
        def test_known():
            assert False

        def test_warns():
            warnings.warn("this is a warning")
    """,
}
TESTS = 8


@pytest.fixture
def mixed(alone: Bench, pytester: pytest.Pytester) -> Bench:
    """Return a bench with a suite that ends in every way."""
    pytester.makepyfile(**MIXED)
    return alone


WORKER = re.compile(r"\[gw\d\] \S+ -- Python \S+ [^\n]*\s*")


def without_workers(value: Any) -> Any:
    """Return JSON without what names a worker before a failure, and without addresses."""
    if isinstance(value, dict):
        return {key: without_workers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_workers(item) for item in value]
    return without_addresses(WORKER.sub("", value)) if isinstance(value, str) else value


def written(bench: Bench, target: str, *args: str) -> tuple[Any, Any]:
    """Return the JSON files that a plain and a distributed run write."""
    found = []
    path = bench.pytester.path / target
    plain = bench.plain(*args)
    found.append(json.loads(path.read_text(encoding="utf-8")))
    path.unlink()
    distributed = bench.distributed(*args)
    assert plain.facts == distributed.facts, distributed.output
    found.append(json.loads(path.read_text(encoding="utf-8")))
    return found[0], found[1]


def test_json_report_has_the_same_tests_and_summary(mixed: Bench) -> None:
    pytest.importorskip("pytest_jsonreport")
    mixed.use("metadata", "pytest_jsonreport")
    plain, distributed = written(mixed, ".report.json", "--json-report")

    def tests(report: Any) -> dict[str, Any]:
        return {
            test["nodeid"]: (
                test["outcome"],
                test["lineno"],
                test.get("user_properties"),
                {
                    when: {
                        key: value
                        for key, value in without_workers(test[when]).items()
                        if key != "duration" and value
                    }
                    for when in ("setup", "call", "teardown")
                    if when in test
                },
            )
            for test in report["tests"]
        }

    assert tests(distributed) == tests(plain)
    assert len(tests(plain)) == TESTS
    for key in ("exitcode", "root", "warnings"):
        assert distributed[key] == plain[key], key
    summary = distributed["summary"]
    assert {**plain["summary"], "collected": None} == {**summary, "collected": None}


def test_json_ctrf_has_the_same_tests(mixed: Bench) -> None:
    pytest.importorskip("ctrf")
    mixed.use("ctrf")
    plain, distributed = written(mixed, "ctrf.json", "--ctrf=ctrf.json")

    def tests(report: Any) -> dict[str, Any]:
        varying = ("duration", "start", "stop", "extra")
        return {
            test["name"]: {
                key: value for key, value in without_workers(test).items() if key not in varying
            }
            for test in report["results"]["tests"]
        }

    assert tests(distributed) == tests(plain)
    assert len(plain["results"]["tests"]) == TESTS

    def counts(report: Any) -> dict[str, Any]:
        summary = report["results"]["summary"]
        varying = ("duration", "start", "stop")
        return {key: value for key, value in summary.items() if key not in varying}

    assert counts(distributed) == counts(plain)
    workers = {test["extra"]["worker"] for test in distributed["results"]["tests"]}
    assert workers <= {"gw0", "gw1"}


def test_reportlog_has_a_line_for_each_phase(mixed: Bench, pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_reportlog")
    mixed.use("pytest_reportlog")

    def lines(run: Outcome) -> dict[tuple[str, ...], list[str]]:
        target = pytester.path / "log.jsonl"
        found: dict[tuple[str, ...], list[str]] = {}
        for line in target.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            kind = entry["$report_type"]
            if kind == "TestReport":
                keys = ("outcome", "longrepr", "sections", "user_properties", "location")
                key = (kind, entry["nodeid"], entry["when"])
                told = {name: entry[name] for name in keys}
                if entry["longrepr"] is not None and entry["outcome"] == "failed":
                    told["longrepr"] = entry["longrepr"]["reprcrash"]["message"]
                found.setdefault(key, []).append(json.dumps(told))
            elif kind != "CollectReport":  # those that passed are made in workers
                found.setdefault((kind,), []).append(str(entry.get("exitstatus")))
        target.unlink()
        return found

    plain = lines(mixed.plain("--report-log=log.jsonl"))
    run = mixed.distributed("--report-log=log.jsonl")
    assert lines(run) == plain, run.output
    assert ("WarningMessage",) in plain
    assert ("SessionFinish",) in plain


def test_allure_writes_one_result_for_each_test(mixed: Bench, pytester: pytest.Pytester) -> None:
    pytest.importorskip("allure_pytest")
    mixed.use("allure_pytest")
    pytester.makepyfile(
        test_steps="""
            import allure
            import pytest

            @pytest.fixture(scope="module")
            def prepared():
                yield

            @allure.feature("steps")
            @pytest.mark.parametrize("number", [1, 2])
            def test_steps(number, prepared):
                with allure.step("first"):
                    allure.attach("content", name="attached")
        """
    )

    def results(run: Outcome) -> Counter[str]:
        folder = pytester.path / "results"
        found: Counter[str] = Counter()
        containers = 0
        for path in folder.iterdir():
            if path.name.endswith("-container.json"):
                containers += 1
            if path.name.endswith("-result.json"):
                entry = json.loads(path.read_text(encoding="utf-8"))
                labels = sorted(
                    (label["name"], label["value"])
                    for label in entry["labels"]
                    if label["name"] not in ("thread", "host")
                )
                found[
                    json.dumps(
                        [
                            entry["fullName"],
                            entry["historyId"],
                            entry["status"],
                            labels,
                            [step["name"] for step in entry.get("steps", ())],
                            [item["name"] for item in entry.get("attachments", ())],
                            entry.get("parameters"),
                            entry.get("statusDetails", {}).get("message"),
                        ]
                    )
                ] += 1
            path.unlink()
        assert containers
        return found

    plain = results(mixed.plain("--alluredir=results"))
    run = mixed.distributed("--alluredir=results", "--clean-alluredir")
    assert results(run) == plain, run.output
    assert sum(plain.values()) == TESTS + 2


def test_metadata_that_workers_add_comes_back(alone: Bench, pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_metadata")
    alone.use("metadata")
    pytester.makeconftest(
        """
        from pathlib import Path

        import pytest
        from pytest_metadata.plugin import metadata_key

        @pytest.hookimpl(trylast=True)
        def pytest_sessionfinish(session):
            if not hasattr(session.config, "workerinput"):
                found = session.config.stash[metadata_key]
                Path("seen.txt").write_text(f"{found['given']} {found['added']}")
        """
    )
    pytester.makepyfile(
        test_a="""
            def test_adds(metadata):
                assert metadata["given"] == "1"
                metadata["added"] = "2"

            def test_other():
                pass
        """
    )
    for run in (alone.plain, alone.distributed):
        run("--metadata", "given", "1").result.assert_outcomes(passed=2)
        assert (pytester.path / "seen.txt").read_text() == "1 2"
        (pytester.path / "seen.txt").unlink()


def test_github_annotations_are_printed_once_each(
    mixed: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pytest_github_actions_annotate_failures")
    mixed.use("pytest_github_actions_annotate_failures")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    def annotations(run: Outcome) -> list[str]:
        return sorted(line for line in run.result.errlines if line.startswith("::"))

    plain, distributed = mixed.same()
    assert annotations(distributed) == annotations(plain)
    assert len(annotations(plain)) == 2


def test_teamcity_and_pycharm_hear_of_each_test_once(mixed: Bench) -> None:
    pytest.importorskip("teamcity")
    mixed.use("pytest-teamcity")

    def told(run: Outcome) -> Counter[tuple[str | None, ...]]:
        found: Counter[tuple[str | None, ...]] = Counter()
        for kind, rest in re.findall(r"##teamcity\[(\w+) ([^\n]*)\]", run.output):
            said = dict(re.findall(r"(\w+)='((?:[^'|]|\|.)*)'", rest))
            if kind != "testCount":  # tests are counted where they are collected: in workers
                found[(kind, *map(said.get, ("name", "out", "metainfo")))] += 1
        return found

    plain, distributed = mixed.same("--teamcity")
    assert told(distributed) == told(plain)
    assert sum(kind == "testStarted" for kind, *_ in told(plain).elements()) == TESTS
    assert not re.search(r"\[gw\d\] ##teamcity", distributed.output)


def test_sugar_draws_its_bar_to_the_end(either: Bench, pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_sugar")
    either.use("sugar")
    pytester.makepyfile(**MIXED)
    plain, distributed = either.same("--force-sugar")
    for run in (plain, distributed):
        assert "100%" in run.output, run.output
    results = [run.output.rpartition("Results")[2].splitlines()[1:] for run in (plain, distributed)]
    assert results[0] == results[1]
    assert "       4 passed" in results[0]


def test_pretty_shows_its_table_of_failures(mixed: Bench) -> None:
    pytest.importorskip("pytest_pretty")
    mixed.use("pretty")
    for run in mixed.same():
        assert "Summary of Failures" in run.output, run.output
        assert re.search(r"test_a\.py.*test_number\[2\]", run.output), run.output


def test_benchmark_measures_where_it_is_asked_to_and_says_when_it_does_not(
    either: Bench, pytester: pytest.Pytester
) -> None:
    pytest.importorskip("pytest_benchmark")
    either.use("benchmark")
    pytester.makepyfile(
        test_a="""
            import pytest

            @pytest.mark.parametrize("number", [1, 2])
            def test_sum(benchmark, number):
                assert benchmark(sum, [1, number]) == number + 1
        """
    )
    plain = either.plain("--benchmark-max-time=0.01")
    assert "Median" in plain.output
    distributed = either.distributed()
    distributed.result.assert_outcomes(passed=2)
    assert "Benchmarks are automatically disabled" in distributed.output
    measured = either.distributed("--benchmark-only", "--benchmark-max-time=0.01")
    measured.result.assert_outcomes(passed=2)
    assert "in-process (--benchmark-only)" in measured.output
    assert "Median" in measured.output


def test_bdd_runs_scenarios(alone: Bench, pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_bdd")
    alone.use("pytest-bdd")
    (pytester.path / "cart.feature").write_text(
        "Feature: Cart\n"
        "  Scenario Outline: Adding\n"
        "    Given an empty cart\n"
        "    When I add <n> books\n"
        "    Then there are <n> books\n"
        "    Examples:\n"
        "      | n |\n"
        "      | 1 |\n"
        "      | 2 |\n"
        "  Scenario: Failing\n"
        "    Given an empty cart\n"
        "    Then there are 1 books\n",
        encoding="utf-8",
    )
    pytester.makepyfile(
        test_cart="""
            from pytest_bdd import given, parsers, scenarios, then, when

            scenarios("cart.feature")

            @given("an empty cart", target_fixture="cart")
            def cart():
                return []

            @when(parsers.parse("I add {n:d} books"))
            def add(cart, n):
                cart.extend(range(n))

            @then(parsers.parse("there are {n:d} books"))
            def count(cart, n):
                assert len(cart) == n
        """
    )
    for run in alone.same():
        run.result.assert_outcomes(passed=2, failed=1)
    plain, distributed = written(alone, "cucumber.json", "--cucumberjson=cucumber.json")
    assert without_durations(distributed) == without_durations(plain)
    drawn = alone.distributed("--gherkin-terminal-reporter", "-vv")
    assert "in-process (--gherkin-terminal-reporter)" in drawn.output
    assert "When I add 1 books" in drawn.output


def without_durations(value: Any) -> Any:
    """Return JSON without the durations that are in it."""
    if isinstance(value, dict):
        return {key: without_durations(item) for key, item in value.items() if key != "duration"}
    if isinstance(value, list):
        return [without_durations(item) for item in value]
    return without_workers(value)
