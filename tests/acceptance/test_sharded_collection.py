"""Each worker collects a share of the files, and the run is that of plain pytest."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.support import assert_as_plain, run_orchestrated, run_plain, write_files

Pytester = pytest.Pytester

pytestmark = pytest.mark.usefixtures("default_modes")

SHARDED = "--orchestrate-collect=sharded"
FULL = "--orchestrate-collect=full"

#: Notes each import: which file, in which process.
NOTED = """
import os, pathlib
with open({log!r}, "a") as file:
    file.write(pathlib.Path(__file__).name + " " + str(os.getpid()) + "\\n")
"""


#: A module whose function waits until a second worker of the same run has called it.
MEETING = """
import os, pathlib, time

def meet():
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    here = pathlib.Path(__file__).parent
    (here / f"{run}-{os.getpid()}").touch()
    deadline = time.monotonic() + 30
    while run is not None and len(list(here.glob(f"{run}-*"))) < 2:
        assert time.monotonic() < deadline, "nobody else comes"
        time.sleep(0.01)
"""


def imports(log: Path) -> Counter[str]:
    """How often each file was imported."""
    return Counter(line.split()[0] for line in log.read_text().splitlines())


def noted(pytester: Pytester, files: dict[str, str]) -> Path:
    """Write files that note when they are imported; return where."""
    log = pytester.path / "imports.log"
    noting = NOTED.format(log=str(log))
    write_files(pytester, {name: noting + text for name, text in files.items()})
    return log


def test_workers_share_the_imports(pytester: Pytester) -> None:
    log = noted(
        pytester,
        {f"test_{number}.py": "def test_a(): pass\ndef test_b(): pass\n" for number in range(12)},
    )
    ours = run_orchestrated(pytester, workers=3)
    assert "sharded collection" in ours.out
    assert ours.counts == {"passed": 24}
    assert "collected 24 items" in ours.out
    counted = imports(log)
    # who has nothing left may help with another's file, and collects it for that
    assert set(counted) == {f"test_{number}.py" for number in range(12)}
    assert sum(counted.values()) < 3 * 12


def test_the_same_tests_in_the_same_order(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": "import pytest\n@pytest.fixture(scope='session')\ndef s(): return 1\n",
            "a/test_b.py": "def test_2(s): pass\ndef test_1(s): assert 0\n",
            "a/test_a.py": "import unittest\n"
            "class T(unittest.TestCase):\n def test_u(self): pass\n",
            "b/__init__.py": "",
            "b/conftest.py": "import pytest\n@pytest.fixture\ndef own(): return 2\n",
            "b/test_a.py": "def test_own(own, s): assert own == 2\n",
            "test_doc.txt": ">>> 1 + 1\n2\n",
            "test_z.py": '"""\n>>> 2 + 2\n5\n"""\n'
            "import pytest\n@pytest.mark.skip\ndef test_z(): pass\n",
        },
    )
    for flags in ((), ("-k", "not own"), ("--doctest-modules",), ("--deselect", "a/test_b.py")):
        plain, ours = assert_as_plain(pytester, *flags)
        assert "sharded collection" in ours.out
    order = _collected(pytester)
    assert order == sorted(order, key=list(plain.outcomes).index)


def _collected(pytester: Pytester) -> list[str]:
    """Node ids as the engine of the last run was told of them."""
    (*_, log) = sorted((pytester.path / ".pytest_orchestrate" / "runs").glob("*.jsonl"))
    for line in log.read_text().splitlines():
        event = json.loads(line).get("event", {})
        if event.get("event") == "TestsCollected":
            return [test["nodeid"] for test in event["tests"]]
    raise AssertionError("no tests were collected")


@pytest.mark.parametrize(
    "hook",
    [
        "def pytest_collection_modifyitems(items): items.reverse()",
        "import random\ndef pytest_collection_modifyitems(items): items[:] = items[::3]",
    ],
    ids=["reverses", "samples"],
)
def test_a_conftest_that_handles_the_whole_list_sees_it(pytester: Pytester, hook: str) -> None:
    write_files(
        pytester, {f"test_{n}.py": "def test_a(): pass\ndef test_b(): pass\n" for n in "abcd"}
    )
    pytester.makeconftest("\n\n" + hook)
    _, ours = assert_as_plain(pytester)
    head = next(line for line in ours.out.splitlines() if line.startswith("orchestrate: "))
    assert "full collection (pytest_collection_modifyitems in conftest.py:" in head
    assert "orchestrate_collect = sharded" in head


def test_one_that_turns_up_on_the_way_sees_it_too(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            **{f"test_{n}.py": "def test_a(): pass\ndef test_b(): pass\n" for n in "abcd"},
            "sub/conftest.py": """
def pytest_collection_modifyitems(items):
    assert len(items) == 10, len(items)
    items.sort(key=lambda item: item.nodeid, reverse=True)
""",
            "sub/test_e.py": "def test_a(): pass\ndef test_b(): pass\n",
            "test_broken.py": "import no_such_module",
        },
    )
    _, ours = assert_as_plain(pytester, "--continue-on-collection-errors")
    assert "sub/conftest.py:2" in ours.out.replace("\\", "/")
    assert "every worker has collected everything" in ours.out


def test_a_declaration_is_believed(pytester: Pytester) -> None:
    pytester.makeconftest(
        """
        orchestrate_item_local = True

        def pytest_collection_modifyitems(items):
            items.sort(key=lambda item: item.name)
        """
    )
    write_files(
        pytester, {f"test_{n}.py": "def test_b(): pass\ndef test_a(): pass\n" for n in "abc"}
    )
    ours = run_orchestrated(pytester)
    assert "sharded collection" in ours.out
    assert ours.counts == {"passed": 6}


def test_a_hook_that_marks_items_one_by_one_marks_them_all(pytester: Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        def pytest_addoption(parser):
            parser.addoption("--slow", action="store_true")

        def pytest_collection_modifyitems(config, items):
            if config.getoption("--slow"):
                return
            skip = pytest.mark.skip(reason="needs --slow")
            for item in items:
                if "slow" in item.keywords:
                    item.add_marker(skip)
        """
    )
    files = {
        f"test_{n}.py": "import pytest, time\n@pytest.mark.slow\ndef test_a(): pass\n"
        "@pytest.mark.parametrize('n', range(20))\ndef test_b(n): time.sleep(0.01)\n"
        for n in "abc"
    }
    write_files(pytester, {**files, "pytest.ini": "[pytest]\nmarkers = slow\n"})
    _, ours = assert_as_plain(pytester)
    assert "sharded collection" in ours.out
    assert ours.counts == {"passed": 60, "skipped": 3}


def test_the_setting_rules(pytester: Pytester) -> None:
    write_files(pytester, {f"test_{n}.py": "def test_a(): pass\n" for n in "abcd"})
    assert "full collection (asked for)" in run_orchestrated(pytester, FULL).out
    pytester.makeconftest("def pytest_collection_modifyitems(items): items.reverse()")
    ours = run_orchestrated(pytester, SHARDED)
    assert "sharded collection (asked for)" in ours.out
    assert ours.counts == {"passed": 4}


@pytest.mark.parametrize("flag", ["--lf", "--ff", "--nf", "--keep-duplicates"])
def test_flags_that_need_to_see_all_tests_do(pytester: Pytester, flag: str) -> None:
    write_files(pytester, {f"test_{n}.py": "def test_a(): pass\n" for n in "abcd"})
    _, ours = assert_as_plain(pytester, flag)
    assert f"full collection ({flag}" in ours.out


def test_a_big_file_is_shared_out_and_collected_where_its_tests_run(pytester: Pytester) -> None:
    log = noted(
        pytester,
        {
            "meeting.py": MEETING,
            "test_big.py": "import pytest, meeting\n@pytest.mark.parametrize('n', range(60))\n"
            "def test_big(n): meeting.meet(); assert n != 50\n",
            "test_small.py": "def test_small(): pass\n",
        },
    )
    ours = run_orchestrated(pytester)
    assert ours.counts == {"passed": 60, "failed": 1}
    assert imports(log)["test_big.py"] == 2
    assert "on 2 workers" in ours.out


def test_hooks_at_the_end_of_collecting_see_tests_that_are_collected_late(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        conftest="""
        orchestrate_item_local = True

        def pytest_collection_finish(session):
            for item in session.items:
                item.user_properties.append(("finished", True))
        """,
        meeting=MEETING,
        test_small="def test_small(): pass",
        test_big="""
        import meeting, pytest

        @pytest.mark.parametrize("number", range(20))
        def test_big(number, request, worker_id, record_property):
            meeting.meet()
            record_property("worker", worker_id)
            assert request.node.user_properties[0] == ("finished", True)
        """,
    )
    ran = run_orchestrated(pytester)
    assert ran.counts == {"passed": 21}
    assert ran.record is not None
    workers = {
        dict(attempt["properties"]).get("worker")
        for nodeid, attempts in ran.record["tests"].items()
        for attempt in attempts
        if "test_big" in nodeid
    }
    assert workers == {"gw0", "gw1"}


def test_tests_that_only_their_owner_knows_run_there(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_own.py": "import os, time, pytest\n"
            "@pytest.mark.parametrize('n', [f'{os.getpid()}-{n}' for n in range(40)])\n"
            "def test_own(n): time.sleep(0.02)\n",
            "test_small.py": "def test_small(): pass\n",
        },
    )
    ours = run_orchestrated(pytester)
    assert ours.code == 0
    assert ours.counts == {"passed": 41}


def test_named_tests_are_found_whoever_owns_their_files(pytester: Pytester) -> None:
    write_files(
        pytester, {f"test_{n}.py": "def test_a(): pass\ndef test_b(): pass\n" for n in "abcd"}
    )
    _, ours = assert_as_plain(pytester, "test_a.py::test_b", "test_c.py", "test_d.py::test_a")
    assert len(ours.outcomes) == 4
    _, ours = assert_as_plain(pytester, "test_a.py::no_such_test", "test_b.py")
    assert ours.code == pytest.ExitCode.USAGE_ERROR


def test_what_a_worker_had_claimed_that_dies_is_collected(pytester: Pytester) -> None:
    files = {f"test_{n}.py": "def test_a(): pass\n" for n in "abcdef"}
    files["test_c.py"] += (
        "import os, pathlib, signal\n"
        "once = pathlib.Path(__file__).with_name('died')\n"
        "if not once.exists():\n"
        "    once.touch()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    write_files(pytester, files)
    ours = run_orchestrated(pytester)
    assert ours.counts == {"passed": 6}
    assert ours.code == 1  # a worker died, and that is said
    assert "while it collected" in ours.out


@pytest.mark.parametrize(
    "flags", [(), ("-x",), ("--maxfail=2",), ("--continue-on-collection-errors",)]
)
def test_errors_are_those_of_plain_pytest(pytester: Pytester, flags: tuple[str, ...]) -> None:
    files = {f"test_{n}.py": f"def test_{n}(): pass\n" for n in "abcdefg"}
    files["test_b.py"] = "import no_such_module\n"
    files["test_e.py"] = "def test_e(: pass\n"
    files["test_f.py"] = "import pytest\npytest.skip('not here', allow_module_level=True)\n"
    write_files(pytester, files)
    _, ours = assert_as_plain(pytester, *flags)
    assert "sharded collection" in ours.out


def test_a_session_fixture_with_parameters_is_not_set_up_for_each_file(pytester: Pytester) -> None:
    log = pytester.path / "setups.log"
    pytester.makeconftest(
        f"""
        import pytest

        @pytest.fixture(scope="session", params=["one", "two"])
        def service(request):
            with open({str(log)!r}, "a") as file:
                file.write(request.param + "\\n")
            return request.param
        """
    )
    write_files(
        pytester,
        {
            f"test_{n}.py": "def test_a(service): pass\ndef test_b(service): pass\n"
            for n in range(8)
        },
    )
    ours = run_orchestrated(pytester)
    assert ours.counts == {"passed": 32}
    assert len(log.read_text().split()) <= 4


def test_warnings_of_a_module_that_all_import_come_once(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "old.py": "import warnings\nwarnings.warn('old is old', DeprecationWarning)\n",
            **{f"test_{n}.py": "import old\ndef test_a(): pass\n" for n in "abcd"},
            "test_e.py": "import warnings\nwarnings.warn('my own')\ndef test_a(): pass\n",
        },
    )
    assert_as_plain(pytester, "-p", "no:cacheprovider")


def test_what_test_files_import_is_imported_everywhere(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "library/__init__.py": "known = []\n",
            "library/part.py": "import library\nprint('imported')\nlibrary.known.append('part')\n",
            "library/broken.py": "raise SystemExit\n",
            "test_part.py": "import time, library.part\ndef test_it(): time.sleep(0.3)\n",
            "test_broken.py": "import pytest\n"
            "with pytest.raises(SystemExit):\n    import library.broken\n"
            "def test_it(): pass\n",
            **{
                f"test_{n}.py": "import time, library\ntime.sleep(0.05)\n"
                "def test_it(capfd): assert library.known and library.part\n"
                for n in range(6)
            },
        },
    )
    _, ours = assert_as_plain(pytester)
    assert "sharded collection" in ours.out


def test_a_failure_says_how_to_find_out_whether_sharding_caused_it(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "registry.py": "known = []\n",
            "meeting.py": MEETING,
            "test_a.py": "import registry\ndef test_all(): assert len(registry.known) == 8\n",
            **{
                f"test_{n}.py": f"import meeting, registry\nregistry.known.append({n})\n"
                "meeting.meet()\ndef test_it(): pass\n"
                for n in range(8)
            },
        },
    )
    assert run_plain(pytester).code == 0
    assert run_orchestrated(pytester, FULL).code == 0
    ours = run_orchestrated(pytester)
    assert ours.code == 1
    assert "--orchestrate-verify-collection" in ours.out
    verified = run_orchestrated(pytester, "--orchestrate-verify-collection", log=False)
    assert verified.code == 1
    assert "test_a.py::test_all" in verified.out
    assert "passed with full collection, failed with sharded" in verified.out
    assert "orchestrate_collect = full" in verified.out


def test_verified_collections_that_agree(pytester: Pytester) -> None:
    write_files(pytester, {f"test_{n}.py": "def test_a(): assert 0\n" for n in "abcd"})
    verified = run_orchestrated(pytester, "--orchestrate-verify-collection", log=False)
    assert verified.code == 1  # as both runs
    assert "4 tests ended alike" in verified.out
    # their records are gone
    assert "to replay" not in verified.out
    assert "does not have?" not in verified.out
