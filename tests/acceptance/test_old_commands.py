"""The command line and the marker of pytest-xdist, where only we are there to understand them."""

from __future__ import annotations

import pytest

from tests.acceptance.support import run_orchestrated, write_files

FILE = """
import pytest

@pytest.mark.xdist_group("db")
@pytest.mark.parametrize("n", range(3))
def test_db(n, worker_id, record_property):
    record_property("worker", worker_id)

class TestFree:
    @pytest.mark.parametrize("n", range(3))
    def test_free(self, n, worker_id, record_property):
        record_property("worker", worker_id)
"""

SUITE = {
    "pytest.ini": "[pytest]\ntestpaths = tests\naddopts = --strict-markers\n",
    # known only if the value of -n is not taken for the path to begin with
    "tests/conftest.py": "def pytest_addoption(parser): parser.addoption('--mine')\n",
    **{f"tests/test_{name}.py": FILE for name in "abcd"},
}


@pytest.fixture(autouse=True)
def suite(pytester: pytest.Pytester) -> None:
    write_files(pytester, SUITE)


@pytest.mark.parametrize(
    ("mode", "whole"), [("loadfile", "{file}"), ("loadscope", "{scope}"), ("loadgroup", "{group}")]
)
def test_what_pytest_xdist_keeps_together_is_kept_together(
    pytester: pytest.Pytester, mode: str, whole: str
) -> None:
    ran = run_orchestrated(
        pytester, "-n", "2", f"--dist={mode}", "--mine=1", "--max-worker-restart=0", workers=None
    )
    assert ran.counts == {"passed": 24}
    assert ran.record is not None
    workers: dict[str, set[str]] = {}
    for nodeid, (attempt,) in ran.record["tests"].items():
        file, _, name = nodeid.partition("::")
        scope = nodeid.rpartition("::")[0]
        group = "db" if name.startswith("test_db") else nodeid
        unit = whole.format(file=file, scope=scope, group=group)
        workers.setdefault(unit, set()).add(attempt["properties"]["worker"])
    assert len(workers) == {"loadfile": 4, "loadscope": 8, "loadgroup": 13}[mode]
    assert all(len(used) == 1 for used in workers.values())
    # each new name once, though the workers read the same arguments
    assert ran.out.count("-n 2 is --workers=2; ") == 1
    assert ran.out.count('--max-worker-restart=0 is --orchestrate-max-crashes="0 in all"') == 1


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (
            ["-n2", "--workers=3"],
            "-n (the command line) and --workers (the command line) say the same: leave one of",
        ),
        (["-n2", "-f"], "-f (--looponfail) is a loop of pytest-xdist"),
        (["-nmany"], "-n: 'many' is not accepted"),
        (["-n2", "--dist=odd"], "invalid choice: 'odd'"),
    ],
    ids=lambda args: args[-1] if isinstance(args, list) else "",
)
def test_old_flags_that_cannot_be_followed_end_the_run(
    pytester: pytest.Pytester, args: list[str], why: str
) -> None:
    ran = run_orchestrated(pytester, *args, workers=None, log=False)
    assert ran.code == 4
    assert why in ran.err


def test_collection_is_verified_with_old_flags_too(pytester: pytest.Pytester) -> None:
    ran = run_orchestrated(
        pytester, "-n2", "--orchestrate-verify-collection", workers=None, log=False
    )
    assert ran.code == 0, ran.out + ran.err
    assert "24 tests ended alike." in ran.out
