"""--lf, --ff, --nf, --sw: what one run leaves in the cache is what the next one goes by."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.support import (
    Ran,
    assert_same,
    run_orchestrated,
    run_plain,
    write_files,
)

Pytester = pytest.Pytester

SUITE = {
    "test_a.py": "def test_1(): pass\ndef test_2(): assert 0\ndef test_3(): pass",
    "test_b.py": "def test_1(): pass\ndef test_2(): pass",
    "test_c.py": """
import pytest

@pytest.fixture
def broken(): raise RuntimeError

@pytest.fixture
def unclean():
    yield
    raise RuntimeError

def test_setup(broken): pass
def test_teardown(unclean): pass
def test_fine(): pass
@pytest.mark.xfail
def test_expected(): assert 0
""",
    "sub/test_d.py": "def test_1(): pass\ndef test_2(): assert 0",
}


def cached(pytester: Pytester, cache: str) -> dict[str, Any]:
    """What the cache holds of tests, by key."""
    folder = pytester.path / f".cache-{cache}" / "v" / "cache"
    held = {path.name: json.loads(path.read_text("utf-8")) for path in Path(folder).iterdir()}
    if "stepwise" in held:
        del held["stepwise"]["last_cache_date_str"]
    return held


def both(pytester: Pytester, *flags: str, workers: int = 2) -> tuple[Ran, Ran]:
    """Run both ways, each with a cache of its own, and compare also what they leave there."""
    plain = run_plain(pytester, *flags)
    ours = run_orchestrated(pytester, *flags, workers=workers)
    assert_same(plain, ours)
    assert cached(pytester, "orchestrated") == cached(pytester, "plain")
    return plain, ours


def run_before(pytester: Pytester, *flags: str) -> None:
    """A run of the suite that both ways find in their cache."""
    run_plain(pytester, *flags)
    shutil.copytree(pytester.path / ".cache-plain", pytester.path / ".cache-orchestrated")


def test_only_the_last_failed_run_again(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    both(pytester)
    assert set(cached(pytester, "orchestrated")["lastfailed"]) == {
        "test_a.py::test_2",
        "test_c.py::test_setup",
        "test_c.py::test_teardown",
        "sub/test_d.py::test_2",
    }
    _, ours = both(pytester, "--lf")
    assert "rerun previous 4 failures (skipped 1 file)" in ours.out
    write_files(
        pytester,
        {"test_a.py": "# mended\ndef test_1(): pass\ndef test_2(): pass\ndef test_3(): pass"},
    )
    both(pytester, "--lf")
    _, ours = both(pytester, "--lf", "-k", "not setup")
    assert "rerun previous 2 failures" in ours.out


def test_either_way_of_running_goes_by_the_cache_of_the_other(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    run_plain(pytester, cache="plain")
    ours = run_orchestrated(pytester, "--lf", cache="plain")
    run_orchestrated(pytester, cache="orchestrated")
    plain = run_plain(pytester, "--lf", cache="orchestrated")
    assert_same(plain, ours)
    assert len(plain.outcomes) == 4


def test_last_failed_without_failures(pytester: Pytester) -> None:
    pytester.makepyfile(test_a="def test_1(): pass", test_b="def test_2(): pass")
    both(pytester, "--lf")
    _, ours = both(pytester, "--lf", "--lfnf=none")
    assert ours.code == pytest.ExitCode.NO_TESTS_COLLECTED


def test_last_failed_that_are_gone(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    run_before(pytester)
    (pytester.path / "test_a.py").unlink()
    both(pytester, "--lf", "sub", "test_b.py")
    both(pytester, "--lf", "test_b.py")


def test_failures_outside_of_what_is_run_stay_known(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    run_before(pytester)
    write_files(pytester, {"sub/test_d.py": "def test_1(): pass\ndef test_2(): pass  # mended"})
    both(pytester, "sub")
    assert len(cached(pytester, "orchestrated")["lastfailed"]) == 3


def test_files_that_could_not_be_collected_are_last_failed(pytester: Pytester) -> None:
    write_files(pytester, {**SUITE, "test_a.py": "raise RuntimeError('first')"})
    both(pytester)
    assert "test_a.py" in cached(pytester, "orchestrated")["lastfailed"]
    write_files(pytester, {"test_a.py": "def test_1(): pass  # mended\ndef test_2(): assert 0"})
    _, ours = both(pytester, "--lf")
    assert ours.outcomes["test_a.py::test_2"] == ["failed"]


def test_failed_first(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    run_before(pytester)
    plain, ours = both(pytester, "--ff", workers=1)
    assert ours.order == plain.order
    assert ours.order[0] == "sub/test_d.py::test_2"


def test_new_first(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    run_before(pytester)
    write_files(pytester, {"test_new.py": "def test_new(): pass\ndef test_newer(): pass"})
    plain, ours = both(pytester, "--nf", workers=1)
    assert ours.order == plain.order
    assert ours.order[0] == "test_new.py::test_new"


def test_a_run_that_stops_leaves_what_it_knows(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    plain = run_plain(pytester, "-x")
    ours = run_orchestrated(pytester, "-x")
    assert plain.code == ours.code == 1
    known = cached(pytester, "orchestrated")
    assert known["nodeids"] == cached(pytester, "plain")["nodeids"]
    assert set(known["lastfailed"]) == {
        nodeid for nodeid, outcomes in ours.outcomes.items() if {*outcomes} & {"failed", "error"}
    }


def test_nothing_is_cached_without_the_cache(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    plain = run_plain(pytester, "-p", "no:cacheprovider", cache=None)
    ours = run_orchestrated(pytester, "-p", "no:cacheprovider", cache=None)
    assert_same(plain, ours)
    assert not (pytester.path / ".pytest_cache").exists()


def test_the_cache_fixture_is_shared_by_workers(pytester: Pytester) -> None:
    pytester.makepyfile(
        test_a="""
        def test_a(request): request.config.cache.set("shop/till", 3)
        """
    )
    run_orchestrated(pytester, workers=1, cache=None)
    pytester.makepyfile(
        test_a="""
        def test_now(request): assert request.config.cache.get("shop/till", None) == 3
        """
    )
    assert run_orchestrated(pytester, workers=2, cache=None).code == 0


def test_the_cache_is_cleared_once_and_not_by_workers(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    run_before(pytester)
    both(pytester, "--cache-clear", "--lf")
    assert cached(pytester, "orchestrated")["lastfailed"]


def test_stepwise_goes_from_failure_to_failure(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    for flags in (("--sw",), ("--sw", "--sw-skip"), ("--sw-reset",)):
        plain, ours = both(pytester, *flags)
        assert ours.order == plain.order
        assert "orchestrate: in-process (--stepwise" in ours.out
