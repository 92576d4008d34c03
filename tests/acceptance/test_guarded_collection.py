"""A hook that may need all items in some branch sees them all, if it comes to that branch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.acceptance.support import Ran, assert_as_plain, run_orchestrated, run_plain, write_files

Pytester = pytest.Pytester

pytestmark = pytest.mark.usefixtures("default_modes")

FORK = "--orchestrate-start=fork"
SPAWN = "--orchestrate-start=spawn"
BEGIN_ANEW = "workers begin anew and collect everything"

TESTS = {
    f"test_{name}.py": "import pytest\n@pytest.mark.slow\ndef test_slow(): pass\n"
    f"@pytest.mark.parametrize('n', range(5))\ndef test_{name}(n, worker_id): assert n < 4\n"
    for name in "abcdef"
}

#: As networkx has it: with a backend its tests are handed to that backend.
ON_DEMAND = {
    **TESTS,
    "pytest.ini": "[pytest]\nmarkers = slow\n",
    "backends.py": """
import pytest

def start(items):
    for number, item in enumerate(items):
        if number % 3 == 0:
            item.add_marker(pytest.mark.skip(reason=f"{number} of {len(items)}"))
""",
    "conftest.py": """
import os, pytest, sys

sys.path.insert(0, os.path.dirname(__file__))
import backends

def pytest_addoption(parser):
    parser.addoption("--backend", default=None)

def pytest_configure(config):
    config.backend = config.getoption("--backend")

@pytest.fixture
def worker_id():
    return os.environ.get("PYTEST_XDIST_WORKER", "master")

def pytest_collection_modifyitems(config, items):
    if config.backend:
        name = config.backend
        if name != "none":
            backends.started = True
            if hasattr(backends, "start"):
                getattr(backends, "start")(items)
    skip = pytest.mark.skip(reason="slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
""",
}

#: Nobody can expect that the branch is reached. What the hook does is noted.
BY_SURPRISE = {
    **TESTS,
    "pytest.ini": "[pytest]\nmarkers = slow\n",
    "settings.py": """
import os

def note(what):
    with open("notes.txt", "a") as notes:
        notes.write(f"{os.getpid()} {what}\\n")

def prepare(config):
    note("prepare")
    if "SURPRISE" in os.environ:
        config.limit = 2
    note(f"started again: {hasattr(config, 'again')}")
    config.again = True
""",
    "conftest.py": """
import os, pytest, sys

sys.path.insert(0, os.path.dirname(__file__))
import settings

def pytest_configure(config):
    config.limit = None

@pytest.fixture
def worker_id():
    name = os.environ.get("PYTEST_XDIST_WORKER", "master")
    settings.note(f"runs as {name}")
    return name

def pytest_collection_modifyitems(config, items):
    settings.prepare(config)
    if config.limit:
        settings.note(f"hands {len(items)} on")
        items[config.limit:] = sorted(items[config.limit:], key=lambda item: item.name)
        items[0].add_marker(pytest.mark.skip(reason=f"first of {len(items)}"))
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow"))
""",
}


def head(ran: Ran) -> str:
    return next(line for line in ran.out.splitlines() if line.startswith("orchestrate: "))


def notes(pytester: Pytester) -> dict[str, list[str]]:
    """What each process noted, in order; forgets it."""
    path = pytester.path / "notes.txt"
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        process, _, what = line.partition(" ")
        found.setdefault(process, []).append(what)
    path.unlink()
    return found


def test_as_long_as_the_branch_is_not_reached_files_are_shared_out(pytester: Pytester) -> None:
    write_files(pytester, ON_DEMAND)
    _, ours = assert_as_plain(pytester)
    assert "sharded collection" in head(ours)
    assert BEGIN_ANEW not in ours.out
    assert ours.counts == {"passed": 24, "failed": 6, "skipped": 6}


def test_where_the_branch_is_expected_to_be_reached_everything_is_collected_at_once(
    pytester: Pytester,
) -> None:
    write_files(pytester, ON_DEMAND)
    plain, ours = assert_as_plain(pytester, "--backend=fast")
    assert "full collection (pytest_collection_modifyitems in conftest.py:17" in head(ours)
    assert BEGIN_ANEW not in ours.out
    assert plain.counts["skipped"] > 6


@pytest.mark.parametrize("start", [FORK, SPAWN])
def test_a_branch_that_is_reached_by_surprise_sees_all_items(
    pytester: Pytester, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    write_files(pytester, BY_SURPRISE)
    ours = run_orchestrated(pytester, start)
    assert "sharded collection" in head(ours)
    assert BEGIN_ANEW not in ours.out
    notes(pytester)

    monkeypatch.setenv("SURPRISE", "1")
    plain = run_plain(pytester)
    (as_plain,) = notes(pytester).values()
    ours = run_orchestrated(pytester, start)
    assert ours.counts == plain.counts
    assert ours.outcomes == plain.outcomes
    assert ours.code == plain.code
    assert "sharded collection" in head(ours)
    (told,) = [line for line in ours.out.splitlines() if BEGIN_ANEW in line]
    assert "conftest.py:16 came to line 19, and may need all tests there; 2 workers" in told
    assert "orchestrate_collect = full" in told

    given_up: list[list[str]] = []
    fresh: list[list[str]] = []
    for noted in notes(pytester).values():
        (fresh if "hands 36 on" in noted else given_up).append(noted)
    # those that were given up did nothing but what comes before the branch
    before = ["prepare", "started again: False"]
    assert given_up == [before, before]
    # and the others what plain pytest does, each for the tests that it has
    collected = [*before, "hands 36 on"]
    assert as_plain[:3] == collected
    assert len(fresh) == 2
    for noted in fresh:
        assert noted[:3] == collected
        assert set(noted[3:]) in ({"runs as gw0"}, {"runs as gw1"}, set())
    run = [what for noted in fresh for what in noted[3:]]
    assert len(run) == len(as_plain[3:])


def test_in_a_conftest_that_turns_up_on_the_way_as_well(pytester: Pytester) -> None:
    files = {
        "pytest.ini": "[pytest]\npythonpath = .\n",
        "settings.py": "def prepare(module):\n    module.order = True\n",
        **{f"test_{name}.py": "def test_b(): pass\ndef test_a(): pass\n" for name in "abcd"},
        "sub/conftest.py": """
import sys
import settings

order = False

def pytest_collection_modifyitems(items):
    settings.prepare(sys.modules[__name__])
    if order:
        items.reverse()
        if len(items) != 10:
            raise ValueError(len(items))
    for item in items:
        item.add_marker("seen")
""",
        "sub/test_e.py": "def test_b(): pass\ndef test_a(request):\n"
        "    assert request.node.get_closest_marker('seen')\n",
    }
    write_files(pytester, files)
    _, ours = assert_as_plain(pytester)
    assert "sharded collection" in head(ours)
    assert BEGIN_ANEW in ours.out
    assert "sub/conftest.py:7 came to line 10" in ours.out.replace("\\", "/")


def test_errors_in_collection_are_reported_once(
    pytester: Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURPRISE", "1")
    broken = {
        "test_broken.py": "import no_such_module\n",
        "test_warns.py": "import warnings\nwarnings.warn('once')\ndef test_w(): pass\n",
    }
    write_files(pytester, {**BY_SURPRISE, **broken})
    for flags in ((), ("--continue-on-collection-errors",), ("-x",)):
        _, ours = assert_as_plain(pytester, *flags)
        assert BEGIN_ANEW in ours.out


def test_nobody_can_keep_quiet_that_the_branch_was_reached(
    pytester: Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURPRISE", "1")
    quiet = """
import pytest

orchestrate_item_local = True

@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems():
    try:
        yield
    except BaseException:
        pass
"""
    write_files(
        pytester,
        {
            **BY_SURPRISE,
            "quiet.py": quiet,
            "pytest.ini": "[pytest]\nmarkers = slow\npythonpath = .\naddopts = -p quiet\n",
        },
    )
    _, ours = assert_as_plain(pytester)
    assert BEGIN_ANEW in ours.out


def test_a_branch_that_tests_open_later_is_not_taken(pytester: Pytester) -> None:
    files = dict(BY_SURPRISE)
    files = {name: text for name, text in files.items() if not name.startswith("test_")}
    files["settings.py"] = files["settings.py"].replace(
        '"SURPRISE" in os.environ', 'os.path.exists("opened")'
    )
    files["test_big.py"] = (
        "import pytest, time\n@pytest.mark.parametrize('n', range(60))\n"
        "def test_big(n):\n    open('opened', 'w').close()\n    time.sleep(0.02)\n"
    )
    files["test_small.py"] = "def test_small():\n    open('opened', 'w').close()\n"
    write_files(pytester, files)
    ours = run_orchestrated(pytester)
    assert ours.counts == {"passed": 61}
    assert ours.code == 0
    assert BEGIN_ANEW not in ours.out


def test_who_leaves_when_all_is_done_is_not_replaced(
    pytester: Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURPRISE", "1")
    waiting = """
import pathlib, time

def is_first(name):
    try:
        pathlib.Path(name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True

def pytest_sessionfinish():
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker == "gw0" and not is_first("begun-gw0"):
        pathlib.Path("over").touch()
    if worker == "gw1" and is_first("begun-gw1"):
        deadline = time.monotonic() + 4
        while not pathlib.Path("over").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
"""
    files = {**BY_SURPRISE, "conftest.py": BY_SURPRISE["conftest.py"] + waiting}
    write_files(pytester, files)
    ours = run_orchestrated(pytester)
    assert BEGIN_ANEW in ours.out
    assert ours.counts == run_plain(pytester).counts


def test_who_does_not_leave_is_killed(pytester: Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SURPRISE", "1")
    stuck = """
import contextlib, pathlib, time

begun = pathlib.Path("begun")
is_first = False
if os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
    is_first = not begun.exists()
    begun.touch()
deadline = time.monotonic() + 20
while os.environ.get("PYTEST_XDIST_WORKER") == "gw0" and not begun.exists():
    assert time.monotonic() < deadline
    time.sleep(0.01)

def pytest_sessionfinish():
    while is_first:
        with contextlib.suppress(KeyboardInterrupt):
            time.sleep(60)
"""
    files = {**BY_SURPRISE, "conftest.py": BY_SURPRISE["conftest.py"] + stuck}
    write_files(pytester, files)
    ours = run_orchestrated(pytester, "--orchestrate-grace=0.2")
    assert BEGIN_ANEW in ours.out
    assert "gw1 had not begun anew after 0.4 s; it was killed" in ours.out
    assert ours.counts == run_plain(pytester).counts


def test_other_plugins_hear_of_each_process(
    pytester: Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURPRISE", "1")
    listening = """
def pytest_configure_node(node):
    print("configured", node.gateway.id)

def pytest_testnodedown(node, error):
    print("down", node.gateway.id, error)
"""
    files = {**BY_SURPRISE, "conftest.py": BY_SURPRISE["conftest.py"] + listening}
    write_files(pytester, files)
    ours = run_orchestrated(pytester, "-s")
    for worker in ("gw0", "gw1"):
        heard = re.findall(rf"(configured|down) {worker}\b(?! None None)", ours.out)
        assert heard == ["configured", "down"] * 2


def test_verification_agrees(pytester: Pytester) -> None:
    write_files(pytester, ON_DEMAND)
    verified = run_orchestrated(pytester, "--orchestrate-verify-collection", log=False)
    assert verified.code == pytest.ExitCode.TESTS_FAILED  # as the runs that were compared
    assert "36 tests ended alike." in verified.out


def test_deselecting_item_by_item_needs_no_more_than_a_share(pytester: Pytester) -> None:
    hook = """
def pytest_collection_modifyitems(config, items):
    kept, others = [], []
    for item in items:
        if "slow" in item.keywords:
            others.append(item)
        else:
            kept.append(item)
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = kept
"""
    tests = {name: text.replace(", worker_id", "") for name, text in TESTS.items()}
    ini = "[pytest]\nmarkers = slow\n"
    write_files(pytester, {**tests, "conftest.py": hook, "pytest.ini": ini})
    for flags in ((), ("-k", "not test_c")):
        _, ours = assert_as_plain(pytester, *flags)
        assert "sharded collection" in head(ours)
        assert "6 deselected" in ours.out or "11 deselected" in ours.out
    hook = hook.partition("kept, others")[0] + (
        "items[:] = [item for item in items if 'slow' not in item.keywords]\n"
    )
    Path(pytester.path / "conftest.py").write_text(hook)
    _, ours = assert_as_plain(pytester)
    assert "sharded collection" in head(ours)
    assert ours.counts == {"passed": 24, "failed": 6}
