"""``@pytest.mark.resource(..., scope=...)``: held until the fixtures of it are down."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from tests.acceptance.support import run_orchestrated, write_files
from tests.support.runs import latest_log

Pytester = pytest.Pytester

#: Fixtures that write down from when until when they were up.
SERVERS = """
import json, os, pathlib, time, pytest

HERE = pathlib.Path(__file__).parent

def note(*what):
    with open(HERE / "notes", "a") as file:
        file.write(json.dumps([*what, os.getpid(), time.time()]) + "\\n")

def server(request):
    slots = os.environ.get("PYTEST_ORCHESTRATE_SLOT_PORT", "")
    note("up", request.node.nodeid, slots)
    yield slots
    time.sleep(0.05)
    note("down", request.node.nodeid, slots)

of_module = pytest.fixture(scope="module", name="of_module")(server)
of_class = pytest.fixture(scope="class", name="of_class")(server)

@pytest.fixture(scope="session", autouse=True)
def of_session():
    note("up", "session", "")
    yield
    note("down", "session", "")
"""

OF_MODULE = """
import time, pytest
pytestmark = pytest.mark.resource("port", scope="module")

@pytest.mark.parametrize("n", range(4))
def test_it(n, of_module):
    time.sleep(0.02)
"""

FREE = """
import time, pytest

@pytest.mark.parametrize("n", range(20))
def test_free(n):
    time.sleep(0.02)
"""


#: A test that ends when something has been torn down, and one that the other worker runs before.
UNTIL_DOWN = """
import pathlib, time, pytest

HERE = pathlib.Path(__file__).parent

def wait_for(name, text):
    deadline = time.time() + 30
    while not ((HERE / name).exists() and text in (HERE / name).read_text()):
        assert time.time() < deadline
        time.sleep(0.01)

@pytest.mark.critical
def test_long():
    (HERE / "begun").write_text("yes")
    wait_for("notes", '"down"')

def test_beside():
    wait_for("begun", "yes")
"""


def notes(pytester: Pytester) -> list[list[Any]]:
    """What was written down: up or down, of which node, with which slots, process, time."""
    return [json.loads(line) for line in (pytester.path / "notes").read_text().splitlines()]


def spans(pytester: Pytester) -> list[tuple[float, float]]:
    """From when until when fixtures of classes and modules were up, as far as they went down."""
    found: list[tuple[float, float]] = []
    since: dict[tuple[Any, ...], float] = {}
    for what, *key, at in notes(pytester):
        if key[0] == "session":
            continue
        if what == "up":
            since[tuple(key)] = at
        else:
            found.append((since.pop(tuple(key)), at))
    return sorted(found)


def overlap(found: Iterable[tuple[float, float]]) -> bool:
    ends = 0.0
    for began, ended in sorted(found):
        if began < ends:
            return True
        ends = max(ends, ended)
    return False


def commands(pytester: Pytester, kind: str) -> list[Any]:
    lines = map(json.loads, latest_log(pytester.path).read_text().splitlines())
    found = [line["command"] for line in lines if line["record"] == "command"]
    return [command for command in found if command["command"] == kind]


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
def test_fixtures_of_two_modules_are_never_up_at_once(pytester: Pytester, workers: int) -> None:
    modules = {f"test_{name}.py": OF_MODULE for name in "abc"}
    write_files(pytester, {"conftest.py": SERVERS, **modules, "test_free.py": FREE})
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 32}
    found = spans(pytester)
    assert len(found) == 3, "each module stays on one worker, as long as that has tests of it"
    assert not overlap(found)


def test_who_has_nothing_to_do_tears_down_for_those_who_wait(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": SERVERS,
            "test_a.py": """
import pytest
pytestmark = pytest.mark.resource("port", scope="module")

@pytest.mark.requires("test_b.py::test_beside")
def test_first(of_module): pass

@pytest.mark.requires("test_b.py::test_last")
def test_second(of_module): pass
""",
            "test_b.py": f"""{UNTIL_DOWN}

@pytest.mark.requires("test_long", colocate=True)
@pytest.mark.resource("port", scope="module")
def test_last(of_module): pass
""",
        },
    )
    ran = run_orchestrated(pytester, workers=2)
    assert ran.counts == {"passed": 5}
    assert len(spans(pytester)) == 3
    assert not overlap(spans(pytester))
    assert commands(pytester, "TearDown")
    kept = ("session", "up")
    first = [note[:2] for note in notes(pytester) if (note[1], note[0]) != kept][:3]
    assert first == [["up", "test_a.py"], ["down", "test_a.py"], ["up", "test_b.py"]], (
        "what is for the session stays"
    )


def test_what_fails_in_such_a_tear_down_is_an_error_of_the_last_test(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": """
import pathlib, pytest

@pytest.fixture(scope="module")
def server():
    yield
    pathlib.Path(__file__).with_name("notes").write_text('"down"')
    raise OSError("the server is stuck")

@pytest.mark.requires("test_b.py::test_beside")
@pytest.mark.resource("port", scope="module")
def test_first(server): pass
""",
            "test_b.py": f"""{UNTIL_DOWN}

@pytest.mark.requires("test_long", colocate=True)
@pytest.mark.resource("port")
def test_last(): pass
""",
        },
    )
    ran = run_orchestrated(pytester, workers=2)
    assert ran.counts == {"passed": 4, "errors": 1}
    assert "the server is stuck" in ran.out
    assert commands(pytester, "TearDown")


def test_a_worker_that_dies_gives_back_what_it_kept(pytester: Pytester) -> None:
    dying = OF_MODULE.replace("time.sleep(0.02)", "import os; n == 1 and os._exit(3)")
    write_files(
        pytester,
        {
            "conftest.py": SERVERS,
            "test_a.py": dying,
            "test_b.py": OF_MODULE,
            "test_c.py": dying,
            "test_free.py": FREE,
        },
    )
    ran = run_orchestrated(pytester, workers=3)
    assert ran.counts["passed"] == 30
    assert not overlap(spans(pytester))


@pytest.mark.parametrize("workers", [0, 3])
def test_classes_come_one_after_another(pytester: Pytester, workers: int) -> None:
    classes = "".join(
        f"""
@pytest.mark.resource("port", scope="class")
class Test{name}:
    @pytest.mark.parametrize("n", range(4))
    def test_it(self, n, of_class):
        time.sleep(0.02 * (n % 2))
"""
        for name in "ABC"
    )
    write_files(
        pytester,
        {"conftest.py": SERVERS, "test_a.py": f"import time, pytest\n{classes}", "test_f.py": FREE},
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 32}
    assert len(spans(pytester)) == 3, "none is left and entered again"
    assert not overlap(spans(pytester))


def test_the_slot_stays_the_same(pytester: Pytester) -> None:
    modules = {
        f"test_{name}.py": """
import os, time, pytest

@pytest.mark.parametrize("n", range(5))
@pytest.mark.resource("port", scope="module")
def test_it(n, of_module, resource_slots):
    time.sleep(0.02)
    assert os.environ["PYTEST_ORCHESTRATE_SLOT_PORT"] == of_module
    assert resource_slots("port") == (int(of_module),)

def test_plain():
    time.sleep(0.02)
"""
        for name in "abcd"
    }
    lines = "[pytest]\norchestrate_resources =\n    port = 2\n"
    write_files(pytester, {"pytest.ini": lines, "conftest.py": SERVERS, **modules})
    ran = run_orchestrated(pytester, workers=3)
    assert ran.counts == {"passed": 24}
    for slot in "01":
        times = [(note[2], note[0], note[-1]) for note in notes(pytester) if note[2] == slot]
        assert [what for _, what, _ in times] == ["up", "down"] * (len(times) // 2)


@pytest.mark.parametrize(
    ("mark", "lines", "said"),
    [
        ("scope='package'", "port = 1", "scope='test', 'class' or 'module'"),
        ("scope='module'", "port = 1 host", "is held for one test at a time"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    pytester: Pytester, mark: str, lines: str, said: str
) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": f"[pytest]\norchestrate_resources =\n    {lines}\n",
            "test_a.py": f"import pytest\n@pytest.mark.resource('port', {mark})\n"
            "def test_it(): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=2, log=False)
    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert said in ran.out + ran.err
    assert "test_a.py::test_it" in ran.out + ran.err
