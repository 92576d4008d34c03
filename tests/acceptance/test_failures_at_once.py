"""Failures that are shown when their tests are over, and not again."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.support import run_orchestrated

SUITE = """
import pytest

@pytest.fixture
def leaves():
    yield
    print("left behind")

@pytest.fixture
def breaks():
    raise ValueError("no such thing")

def test_fails(leaves):
    print("said before")
    assert 1 == 2, "one is not two"

def test_errs(breaks):
    pass

def test_passes():
    pass
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_a_failure_is_shown_once_with_all_its_output(
    pytester: pytest.Pytester, workers: int
) -> None:
    pytester.makepyfile(SUITE)
    ran = run_orchestrated(pytester, "--orchestrate-failures=at-once", workers=workers)
    assert ran.code == 1
    running, _, end = ran.out.partition("short test summary info")
    for text in ("one is not two", "said before", "left behind", "no such thing"):
        assert text in running
    assert len(re.findall(r"^E +AssertionError: one is not two", ran.out, re.MULTILINE)) == 1
    assert "_ test_fails _" in running
    assert "_ ERROR at setup of test_errs _" in running
    assert not re.search(r"=+ (FAILURES|ERRORS) =+", ran.out)
    assert re.search(r"^FAILED .*::test_fails", end, re.MULTILINE)
    assert ran.counts == {"passed": 1, "failed": 1, "errors": 1}


def test_traceback_styles_hold(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    ran = run_orchestrated(pytester, "--orchestrate-failures=at-once", "--tb=line", workers=0)
    assert len(re.findall(r"test_traceback_styles_hold\.py:\d+: AssertionError", ran.out)) == 1
    ran = run_orchestrated(pytester, "--orchestrate-failures=at-once", "--tb=no", workers=0)
    assert "said before" not in ran.out
