"""``pytest-orchestrate explain``: what the log of a real run tells of a test."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.acceptance.support import run_orchestrated, write_files
from tests.support.runs import latest_log

Pytester = pytest.Pytester


def explain(pytester: Pytester, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_orchestrate.cli", "explain", *arguments],
        cwd=pytester.path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stderr
    if code:
        assert done.stdout == ""
        return done.stderr
    assert done.stderr == ""
    return done.stdout


def timeline(text: str) -> list[str]:
    """What happened to the test, without the times at which it did."""
    return re.findall(r"^ +[\d.]+ s  (.*)$", text, re.MULTILINE)


CONSTRAINED = {
    "test_a.py": """
import pytest, time

def test_schema(): time.sleep(0.3)

@pytest.mark.priority(10)
@pytest.mark.requires("test_schema")
def test_create(): pass

@pytest.mark.requires("test_create")
def test_read(): pass
""",
    "test_b.py": """
import pytest, time

@pytest.mark.resource("db")
def test_first(): time.sleep(0.4)
""",
    "test_c.py": """
import pytest, time

@pytest.mark.resource("db")
def test_second(): time.sleep(0.3)
""",
}


def test_it_tells_what_a_test_waited_for_and_where_it_ran(pytester: Pytester) -> None:
    write_files(pytester, CONSTRAINED)
    run_orchestrated(pytester)
    text = explain(pytester, "test_a.py::test_create")
    assert re.search(r"^In the run \d{8}-\d{6}-\w+, 2 workers:$", text, re.MULTILINE)
    assert re.search(
        r"^test_a.py::test_create: passed on gw[01] in \d+\.\d{3} s \(set-up", text, re.MULTILINE
    )
    assert "priority 10; requires test_a.py::test_schema" in text
    told = "\n".join(timeline(text))
    assert re.search(r"had ended, after \d+\.\d+ s: test_a.py::test_schema \(passed on gw", told)
    assert re.search(r"was sent to gw[01].*\n(.*\n)*began on gw[01]\nended: passed$", told)
    assert re.search(r"  test \d of \d on gw[01]\n", text)


def test_it_tells_which_test_held_a_resource(pytester: Pytester) -> None:
    write_files(pytester, CONSTRAINED)
    run_orchestrated(pytester)
    texts = {name: explain(pytester, name) for name in ("test_first", "test_second")}
    waited = {name: text for name, text in texts.items() if "db was free for it" in text}
    # one test has waited for the other's, also if one worker got both at once
    for name, text in waited.items():
        (other,) = texts.keys() - {name}
        assert re.search(
            r"db was free for it, after \d+\.\d+ s, held by "
            rf"test_[bc].py::{other} \(for \d+\.\d+ s\)$",
            text,
            re.MULTILINE,
        )
    assert len(waited) == 1
    assert all("with slot 0 of db" in text for text in texts.values())
    assert all("needs 1 of 1 of db" in text for text in texts.values())


BLOCKED = """
import pytest

def test_fails(): assert 0

@pytest.mark.requires("test_fails")
def test_one(): pass

@pytest.mark.requires("test_one")
def test_two(): pass

@pytest.mark.requires("test_two")
def test_three(): pass
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_a_blocked_test_is_led_back_to_what_began_it(pytester: Pytester, workers: int) -> None:
    write_files(pytester, {"test_a.py": BLOCKED})
    run_orchestrated(pytester, workers=workers)
    text = explain(pytester, "test_three")
    assert "test_a.py::test_three: blocked\n" in text
    links = text.partition("blocked by:\n")[2].splitlines()
    assert [line.split()[0] for line in links] == [
        "test_a.py::test_two",
        "test_a.py::test_one",
        "test_a.py::test_fails",
    ]
    assert re.search(r"\(failed on (main|gw[01]) at 0?\d*\.\d{3} s\)$", links[-1])


def test_in_process_there_is_one_worker_and_no_resource_is_waited_for(pytester: Pytester) -> None:
    write_files(pytester, CONSTRAINED)
    run_orchestrated(pytester, workers=0)
    text = explain(pytester, "test_c.py::test_second")
    assert ", in-process:" in text
    assert "on main in " in text
    assert "the only worker" in text
    assert "held by" not in text


@pytest.mark.parametrize("workers", [0, 1])
def test_a_test_that_did_not_run_says_why(pytester: Pytester, workers: int) -> None:
    source = "def test_fails(): assert 0\n" + "".join(f"def test_{n}(): pass\n" for n in range(50))
    write_files(pytester, {"test_a.py": source})
    run_orchestrated(pytester, "-x", workers=workers)
    text = explain(pytester, "test_49")
    assert "test_a.py::test_49: not run\n" in text
    assert timeline(text)[-1].startswith("ended: not run: stopping after 1 failures")


def test_a_crash_and_its_replacement_are_told(pytester: Pytester) -> None:
    source = "import os\ndef test_dies(): os._exit(3)\n"
    source += "import time\ndef test_after(): time.sleep(0.1)\n"
    write_files(pytester, {"test_a.py": source})
    run_orchestrated(pytester, workers=1)
    died = explain(pytester, "test_dies")
    assert "test_a.py::test_dies: crashed on gw0" in died
    assert timeline(died)[-1] == "ended: crashed: gw0 died while it ran this test"
    after = explain(pytester, "test_after")
    assert "was lost with gw0, which left before it began" in after
    assert "test_a.py::test_after: passed on gw1" in after


def test_an_exclusive_test_waits_until_nothing_else_runs(pytester: Pytester) -> None:
    alone = "import pytest\n@pytest.mark.exclusive\ndef test_alone(): pass\n"
    others = "import time\n" + "".join(f"def test_{n}(): time.sleep(0.1)\n" for n in range(4))
    write_files(pytester, {"test_a.py": alone, "test_b.py": others})
    run_orchestrated(pytester)
    text = explain(pytester, "test_alone")
    assert "runs beside nothing else" in text
    assert re.search(
        r"nothing else ran any more, after \d+\.\d+ s: test_b.py::test_\d \(passed", text
    )


def test_any_recorded_run_can_be_asked(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": "def test_it(): assert 0\n"})
    run_orchestrated(pytester)
    first = latest_log(pytester.path).stem
    write_files(pytester, {"test_a.py": "def test_it(): pass\n"})
    run_orchestrated(pytester)
    assert "test_it: passed" in explain(pytester, "test_it")
    assert "test_it: failed" in explain(pytester, "test_it", "--run", first)
    assert "test_it: failed" in explain(pytester, "test_it", "--run", first[:-2])
    assert "2 recorded runs begin with '2': " in explain(pytester, "test_it", "--run", "2", code=1)
    unknown = explain(pytester, "test_it", "--run", "nonsense", code=1)
    assert "no run 'nonsense' is recorded in " in unknown
    assert unknown.rstrip().endswith(first)


def test_a_part_of_a_node_id_is_enough_if_only_one_test_has_it(pytester: Pytester) -> None:
    source = """
import pytest

class TestCart:
    def test_total(self): pass

@pytest.mark.parametrize("n", [1, 2])
def test_many(n): pass
"""
    write_files(pytester, {"folder/test_a.py": source})
    run_orchestrated(pytester)
    for part in (
        "folder/test_a.py::TestCart::test_total",
        "test_a.py::TestCart::test_total",
        "TestCart::test_total",
        "test_total",
        "total",
    ):
        assert "folder/test_a.py::TestCart::test_total: passed" in explain(pytester, part)
    assert "folder/test_a.py::test_many[2]: passed" in explain(pytester, "test_many[2]")
    several = explain(pytester, "test_many", code=1)
    assert "'test_many' means 2 tests of the run" in several
    assert "folder/test_a.py::test_many[1], folder/test_a.py::test_many[2]; give more" in several
    mistyped = explain(pytester, "test_totl", code=1)
    assert "did you mean folder/test_a.py::TestCart::test_total" in mistyped


def test_without_a_recorded_run_it_says_how_to_get_one(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": "def test_it(): pass\n"})
    assert "no run is recorded in " in explain(pytester, "test_it", code=1)
    run_orchestrated(pytester, "--orchestrate-record=off", log=False)
    assert "no run is recorded in " in explain(pytester, "test_it", code=1)


def test_a_run_that_broke_off_before_it_knew_its_tests_says_so(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": "raise ValueError\n"})
    run_orchestrated(pytester, log=False)
    text = explain(pytester, "test_it", code=1)
    assert "ended before any test was known (1 error during collection)" in text


@pytest.mark.parametrize("kept", [0, 10, -1])
def test_a_log_that_was_cut_off_before_the_tests_is_named_by_its_file(
    pytester: Pytester, kept: int
) -> None:
    write_files(pytester, {"test_a.py": "def test_it(): pass\n"})
    run_orchestrated(pytester)
    log = latest_log(pytester.path)
    first = log.read_bytes().splitlines(keepends=True)[0]
    log.write_bytes(first[:kept] if kept >= 0 else first)
    text = explain(pytester, "test_it", code=1)
    assert f"the run {log.stem} was cut off before any test was known" in text


def test_a_log_of_a_newer_version_or_with_damage_is_refused(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": "def test_it(): pass\n"})
    run_orchestrated(pytester)
    log = latest_log(pytester.path)
    first, *rest = log.read_text(encoding="utf-8").splitlines(keepends=True)
    log.write_text(first.replace('"version":1', '"version":99') + "".join(rest), encoding="utf-8")
    assert "has format version 99" in explain(pytester, "test_it", code=1)
    damaged = '{"record":"command","command":{"command":"Nonsense"}}\n'
    log.write_text(first + damaged, encoding="utf-8")
    assert "line 2: not a record of a run" in explain(pytester, "test_it", code=1)
