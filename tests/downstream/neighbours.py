"""One small suite, run plainly and distributed, for the tests of other plugins."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.downstream.comparison import Fact, compare, facts

DISTRIBUTED = ("-p", "orchestrate", "--workers=2")
PLAIN = ("-p", "no:orchestrate")
RECORDER = "downstream_recorder"
#: Of the plugins that are installed, without those that change the order or the last line.
PLAIN_OUTPUT = ("-pno:randomly", "-pno:sugar", "-pno:pretty")
#: Not loaded unless a test names them, also where what is installed is: they change every run or
#: take long to import, and have tests of their own.
OUTSIDERS = (
    "allure_pytest",
    "anyio",
    "benchmark",
    "ctrf",
    "dependency",
    "flaky",
    "pretty",
    "pytest-bdd",
    "pytest-retry",
    "pytest-split",
    "pytest-teamcity",
    "pytest-testmon",
    "pytest_github_actions_annotate_failures",
    "pytest_httpx",
    "pytest_jsonreport",
    "pytest_mock",
    "pytest_order",
    "pytest_postgresql",
    "pytest_reportlog",
    "randomly",
    "sugar",
    "syrupy",
    "xprocess",
)
SECONDS = 90.0
WAIT_FOR_ALL = """
    import os
    import pathlib
    import time

    import pytest

    @pytest.fixture(scope="session", autouse=True)
    def all_workers_take_part():
        me = os.environ.get("PYTEST_XDIST_WORKER")
        if me is None:
            return
        here = pathlib.Path(__file__).parent
        (here / f"here-{me}").touch()
        deadline = time.monotonic() + 60
        while len(list(here.glob("here-*"))) < int(os.environ["PYTEST_XDIST_WORKER_COUNT"]):
            assert time.monotonic() < deadline, "a worker got no test"
            time.sleep(0.01)
"""


@dataclass(frozen=True)
class Outcome:
    """One run: what the process printed and returned, and what the recorder saw."""

    result: pytest.RunResult
    record: dict[str, Any]

    @property
    def exit_code(self) -> int:
        """The exit code of the process."""
        return int(self.result.ret)

    @property
    def output(self) -> str:
        """All that the run printed, on both streams."""
        return self.result.stdout.str() + self.result.stderr.str()

    @property
    def facts(self) -> dict[Fact, str]:
        """Everything that has to be the same however the tests are run."""
        return facts(self.record, self.exit_code, 0)

    @property
    def outcomes(self) -> dict[str, str]:
        """How each test ended, by the name of its function."""
        return {
            nodeid.rpartition("::")[2]: attempts[-1]["outcome"]
            for nodeid, attempts in self.record["tests"].items()
        }

    def recorded(self, name: str) -> dict[str, str]:
        """Return the property of that name that each test recorded, by the test's node id."""
        return {
            nodeid: attempts[-1]["properties"][name]
            for nodeid, attempts in self.record["tests"].items()
            if name in attempts[-1]["properties"]
        }


class Bench:
    """Runs the suite that a test wrote, with just the plugins that it names."""

    def __init__(
        self, pytester: pytest.Pytester, autoload: bool, beside: tuple[str, ...] = ()
    ) -> None:
        self.pytester = pytester
        self.autoload = autoload
        self.beside = beside
        self.plugins: tuple[str, ...] = ()

    def use(self, *plugins: str) -> None:
        """Load these plugins, given by the names of their entry points."""
        self.plugins = plugins

    def plain(self, *args: str) -> Outcome:
        """Run the suite as if this project were not installed."""
        return self.run(*PLAIN, *args)

    def distributed(self, *args: str) -> Outcome:
        """Run the suite on two workers."""
        return self.run(*DISTRIBUTED, *args)

    def same(self, *args: str) -> tuple[Outcome, Outcome]:
        """Run both ways, check that every test ends in the same way, and return both."""
        plain, distributed = self.plain(*args), self.distributed(*args)
        assert plain.record["tests"], "a suite without tests proves nothing"
        found = [str(difference) for difference in compare(plain.facts, distributed.facts)]
        assert found == [], "\n".join([*found, distributed.output])
        return plain, distributed

    def run(self, *args: str) -> Outcome:
        """Run the suite in a process of its own, without what an earlier run left."""
        target = self.pytester.path / "record.json"
        target.unlink(missing_ok=True)
        names = (*self.beside, *self.plugins, RECORDER)
        if self.autoload:
            names += tuple(f"no:{name}" for name in OUTSIDERS if name not in self.plugins)
        wanted = [word for name in names for word in ("-p", name)]
        result = self.pytester.runpytest_subprocess(*wanted, *args, timeout=SECONDS)
        assert target.is_file(), f"{result.stdout.str()}{result.stderr.str()}"
        return Outcome(result, json.loads(target.read_text(encoding="utf-8")))
