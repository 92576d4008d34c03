"""What ends a run early: ``-x``, ``--maxfail``, ``pytest.exit``, a session that wants to stop."""

from __future__ import annotations

import pytest

from tests.acceptance.support import Ran, run_orchestrated, run_plain, write_files
from tests.support.runs import assert_stops_at_once

Pytester = pytest.Pytester

#: Forty tests of 50 ms in two files; their conftest writes down which began.
SLOW = "import time, pytest\n@pytest.mark.parametrize('n', range(20))\ndef test_slow(n):\n"
SUITE = {
    "conftest.py": """
import pytest
@pytest.fixture(autouse=True)
def diary(request):
    with open(request.config.rootpath / "diary.txt", "a") as file:
        file.write(request.node.nodeid + "\\n")
""",
    "test_a.py": SLOW + "    time.sleep(0.05)\n    assert n != 3\n",
    "test_b.py": SLOW + "    time.sleep(0.05)\n    assert n != 4\n",
}


def begun(pytester: Pytester) -> int:
    return len((pytester.path / "diary.txt").read_text().split())


def last_lines(ran: Ran) -> list[str]:
    """The lines with exclamation marks, which tell why a session ended early."""
    return [line.strip("! ") for line in ran.out.splitlines() if line.startswith("!!")]


@pytest.mark.parametrize(
    ("flag", "failures", "workers"),
    [("-x", 1, 0), ("-x", 1, 1), ("-x", 1, 2), ("--maxfail=2", 2, 1), ("--maxfail=2", 2, 2)],
)
def test_few_tests_begin_after_the_last_failure_that_is_allowed(
    pytester: Pytester, flag: str, failures: int, workers: int
) -> None:
    write_files(pytester, SUITE)
    ran = run_orchestrated(pytester, flag, workers=workers)
    assert ran.code == 1
    # another worker's running test may still fail, and counts
    assert failures <= ran.counts["failed"] <= failures + max(0, workers - 1)
    assert last_lines(ran) == [f"stopping after {ran.counts['failed']} failures"] or last_lines(
        ran
    ) == [f"stopping after {failures} failures"]
    assert begun(pytester) == sum(ran.counts.values())  # each that began has an outcome
    assert_stops_at_once(pytester.path)
    if workers == 0:
        assert begun(pytester) == 4
    assert "not run:" in ran.out


def test_a_failure_of_the_last_test_stops_nothing_that_is_left(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": "def test_a(): pass\ndef test_z(): assert 0\n"})
    plain = run_plain(pytester, "-x")
    ours = run_orchestrated(pytester, "-x", workers=1)
    assert last_lines(ours) == last_lines(plain)
    assert ours.code == plain.code == 1
    assert "not run" not in ours.out


PLACES = {
    "test": "import pytest\ndef test_a(): pytest.exit('enough', {code})\ndef test_b(): pass\n",
    "setup": "import pytest\n@pytest.fixture\ndef f(): pytest.exit('enough', {code})\n"
    "def test_a(f): pass\n",
    "teardown": "import pytest\n@pytest.fixture\ndef f():\n    yield\n"
    "    pytest.exit('enough', {code})\ndef test_a(f): pass\n",
    "session fixture": "import pytest\n@pytest.fixture(scope='session')\ndef f():\n    yield\n"
    "    pytest.exit('enough', {code})\ndef test_a(f): pass\n",
    "module": "import pytest\npytest.exit('enough', {code})\n",
}


@pytest.mark.parametrize(
    ("place", "code"), [*((place, 9) for place in PLACES), ("test", None), ("test", 0)]
)
def test_pytest_exit_has_message_and_code_of_plain_pytest(
    pytester: Pytester, place: str, code: int | None
) -> None:
    write_files(pytester, {"test_a.py": PLACES[place].format(code=code)})
    plain, ours = run_plain(pytester), run_orchestrated(pytester, workers=1)
    assert ours.code == plain.code
    # pytest takes an exit at import for an error of that module
    for ran in plain, ours:
        assert place == "module" or any("enough" in line for line in last_lines(ran))


@pytest.mark.parametrize(
    "hook",
    [
        "pytest_runtest_setup(item)",
        "pytest_runtest_teardown(item)",
        "pytest_collection_modifyitems(items)",
        "pytest_runtest_logreport(report)",
    ],
)
def test_pytest_exit_in_a_hook(pytester: Pytester, hook: str) -> None:
    write_files(
        pytester,
        {
            "conftest.py": f"import pytest\ndef {hook}: pytest.exit('enough', 7)\n",
            "test_a.py": "def test_a(): pass\ndef test_b(): pass\n",
        },
    )
    plain, ours = run_plain(pytester), run_orchestrated(pytester)
    assert ours.code == plain.code == 7
    assert any("enough" in line for line in last_lines(ours))


def test_pytest_exit_lets_other_running_tests_finish_and_begins_none(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            **SUITE,
            "test_a.py": "import pathlib, pytest, time\ndef test_a():\n"
            "    while not pathlib.Path('b').exists(): time.sleep(0.01)\n"
            "    pytest.exit('enough', 5)\n",
            "test_b.py": SLOW + "    __import__('pathlib').Path('b').touch(); time.sleep(0.5)\n",
        },
    )
    ran = run_orchestrated(pytester)
    assert ran.code == 5
    assert 1 <= ran.counts["passed"] <= 3
    assert set(ran.counts) == {"passed"}


@pytest.mark.parametrize(
    ("hook", "wish", "workers"),
    [
        ("pytest_runtest_logreport", "shouldstop", 1),
        ("pytest_runtest_logreport", "shouldfail", 1),
        ("pytest_runtest_teardown", "shouldstop", 1),
        ("pytest_runtest_teardown", "shouldfail", 0),
    ],
)
def test_a_session_that_is_told_to_stop(
    pytester: Pytester, hook: str, wish: str, workers: int
) -> None:
    argument = "report" if hook == "pytest_runtest_logreport" else "item"
    write_files(
        pytester,
        {
            "conftest.py": f"""
import pytest
def pytest_sessionstart(session):
    global the_session
    the_session = session
def {hook}({argument}):
    if "[3]" in {argument}.nodeid:
        the_session.{wish} = "seen enough"
""",
            "test_a.py": SLOW + "    time.sleep(0.01)\n",
        },
    )
    plain, ours = run_plain(pytester), run_orchestrated(pytester, workers=workers)
    assert ours.code == plain.code
    assert last_lines(ours) == last_lines(plain)
    assert last_lines(ours)[0].endswith("seen enough")
    assert plain.counts == {"passed": 4}
    assert 4 <= ours.counts["passed"] <= 6


def test_a_session_that_is_told_to_stop_while_it_collects(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": "def pytest_collection_modifyitems(session):\n"
            "    session.shouldstop = 'seen enough'\n",
            "test_a.py": SLOW + "    pass\n",
        },
    )
    plain, ours = run_plain(pytester), run_orchestrated(pytester)
    assert ours.code == plain.code
    assert last_lines(ours) == last_lines(plain)


def test_a_stop_that_only_the_controller_wants(pytester: Pytester) -> None:
    """As a plugin does that watches reports where the user's terminal is."""
    write_files(
        pytester,
        {
            **SUITE,
            "watcher.py": """
import os, pytest
class Watcher:
    seen = 0
    def pytest_sessionstart(self, session):
        self.session = session
    def pytest_runtest_logreport(self, report):
        Watcher.seen += report.when == "call"
        if self.seen >= 4 and "PYTEST_XDIST_WORKER" not in os.environ:
            self.session.shouldstop = "four will do"
def pytest_configure(config):
    config.pluginmanager.register(Watcher())
""",
        },
    )
    beside = pytester.path.with_name(pytester.path.name + "-beside")
    ran = run_orchestrated(
        pytester, "-pwatcher", environ={"PYTHONPATH": f"{beside}:{pytester.path}"}
    )
    assert ran.code == 2
    assert last_lines(ran) == ["Interrupted: four will do"]
    assert_stops_at_once(pytester.path)
    assert begun(pytester) < 40


#: Four tests fail at one stroke when the first one does.
STROKE = """
import pytest
def test_base(): assert 0
@pytest.mark.requires("test_base")
@pytest.mark.parametrize("n", range(4))
def test_after(n): pass
def test_other(): assert 0
"""


@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize(
    ("flag", "failed", "errors"), [("-x", 1, 0), ("--maxfail=3", 1, 2), ("--maxfail=5", 1, 4)]
)
def test_what_one_failure_blocks_does_not_go_beyond_the_limit(
    pytester: Pytester, flag: str, failed: int, errors: int, workers: int
) -> None:
    write_files(pytester, {"test_a.py": STROKE})
    args = ("--orchestrate-on-blocked=fail", "--junitxml=junit.xml")
    ran = run_orchestrated(pytester, flag, *args, workers=workers)
    limit = failed + errors
    reported = ran.counts["failed"] + ran.counts.get("errors", 0)
    # what a worker was sent besides, before the limit was reached, may still fail
    assert limit <= reported <= limit + (workers > 0), ran.out
    assert ran.code == 1
    assert (pytester.path / "junit.xml").read_text().count("<testcase") == reported
    if workers == 0:
        assert ran.counts == {"failed": failed, **({"errors": errors} if errors else {})}


@pytest.mark.parametrize("workers", [0, 2])
def test_what_cannot_run_at_all_does_not_go_beyond_the_limit(
    pytester: Pytester, workers: int
) -> None:
    source = (
        "import pytest\n@pytest.mark.requires('nothing')\n@pytest.mark.parametrize('n', range(5))\n"
    )
    write_files(pytester, {"test_a.py": source + "def test_it(n): pass\ndef test_other(): pass\n"})
    ran = run_orchestrated(pytester, "--maxfail=2", workers=workers)
    assert ran.counts["errors"] == 2
    assert ran.code == 1
