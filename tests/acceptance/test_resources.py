"""``@pytest.mark.resource`` and ``exclusive``: who runs beside whom."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from tests.acceptance.support import run_orchestrated, write_files

Pytester = pytest.Pytester

everywhere = pytest.mark.parametrize("workers", [0, 3])

#: A fixture that writes down from when until when a test ran.
SPANS = """
import json, pathlib, time, pytest

HERE = pathlib.Path(__file__).parent

@pytest.fixture
def span(request):
    began = time.time()
    yield
    record = [request.node.name, began, time.time()]
    with open(HERE / "spans", "a") as file:
        file.write(json.dumps(record) + "\\n")
"""


#: In a test: waits until another one has begun, too.
TOGETHER = """
    (HERE / f"began-{n}").touch()
    deadline = time.monotonic() + 30
    while len(list(HERE.glob("began-*"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
"""


def spans(pytester: Pytester) -> dict[str, tuple[float, float]]:
    lines = (pytester.path / "spans").read_text().splitlines()
    return {name: (began, ended) for name, began, ended in map(json.loads, lines)}


def most_at_once(found: Iterable[tuple[float, float]]) -> int:
    steps = sorted([(began, 1) for began, _ in found] + [(ended, -1) for _, ended in found])
    at_once = most = 0
    for _, step in steps:
        at_once += step
        most = max(most, at_once)
    return most


def suite(mark: str, count: int = 4, seconds: float = 0.05) -> str:
    return (
        f"import time, pytest\npytestmark = {mark}\n"
        f"@pytest.mark.parametrize('n', range({count}))\n"
        f"def test_it(n, span): time.sleep({seconds})\n"
    )


@pytest.mark.parametrize(("lines", "most"), [("", 1), ("orchestrate_resources =\n    db = 1\n", 1)])
def test_without_a_capacity_there_is_one(pytester: Pytester, lines: str, most: int) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": f"[pytest]\n{lines}",
            "conftest.py": SPANS,
            **{f"test_{name}.py": suite("pytest.mark.resource('db')") for name in "abc"},
        },
    )
    ran = run_orchestrated(pytester, workers=3)
    assert ran.counts == {"passed": 12}
    lines_of = (pytester.path / "spans").read_text().splitlines()
    found = [(began, ended) for _, began, ended in map(json.loads, lines_of)]
    assert len(found) == 12
    assert most_at_once(found) == most


def test_a_capacity_lets_so_many_run(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\norchestrate_resources =\n    port = 4\n",
            "conftest.py": SPANS,
            "test_a.py": "import time, pytest\nfrom conftest import HERE\n"
            "@pytest.mark.resource('port', 2)\n@pytest.mark.parametrize('n', range(6))\n"
            "def test_two(n, span, resource_slots):\n"
            "    assert len(set(resource_slots('port'))) == 2\n" + TOGETHER,
        },
    )
    ran = run_orchestrated(pytester, workers=3)
    assert ran.counts == {"passed": 6}
    assert most_at_once(spans(pytester).values()) == 2


@everywhere
def test_a_test_is_told_its_slots(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\norchestrate_resources =\n    db-port = 3\n",
            "test_a.py": """
import os, pytest
@pytest.mark.resource("db-port", 2)
def test_two(resource_slots):
    slots = resource_slots("db-port")
    assert len(slots) == 2 and set(slots) <= {0, 1, 2}
    assert os.environ["PYTEST_ORCHESTRATE_SLOT_DB_PORT"] == ",".join(map(str, slots))
def test_none(resource_slots):
    assert "PYTEST_ORCHESTRATE_SLOT_DB_PORT" not in os.environ
    with pytest.raises(pytest.UsageError, match="no slot of 'db-port'"):
        resource_slots("db-port")
""",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 2}, ran.out


def test_readers_share_and_a_writer_is_alone(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": SPANS,
            "test_a.py": "import time, pytest\nfrom conftest import HERE\n"
            "@pytest.mark.resource('cache', shared=True)\n"
            "@pytest.mark.parametrize('n', range(6))\n"
            f"def test_reads(n, span):\n{TOGETHER}"
            "@pytest.mark.resource('cache')\n@pytest.mark.parametrize('n', range(2))\n"
            "def test_writes(n, span): time.sleep(0.1)\n",
        },
    )
    ran = run_orchestrated(pytester, workers=3)
    assert ran.counts == {"passed": 8}
    found = spans(pytester)
    readers = [span for name, span in found.items() if "reads" in name]
    assert most_at_once(readers) > 1
    for name, (began, ended) in found.items():
        if "writes" in name:
            others = [span for other, span in found.items() if other != name]
            assert not any(began < end and start < ended for start, end in others)


def test_an_exclusive_test_is_alone(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": SPANS,
            "test_a.py": suite("[]", 4) + "@pytest.mark.exclusive\n"
            "@pytest.mark.parametrize('n', range(2))\n"
            "def test_alone(n, span): time.sleep(0.1)\n",
            "test_b.py": suite("[]", 4).replace("test_it", "test_b"),
            "test_c.py": "import pytest\n@pytest.mark.requires('test_a.py::test_alone')\n"
            "def test_after(span): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=3)
    assert ran.counts == {"passed": 11}
    found = spans(pytester)
    for name in ("test_alone[0]", "test_alone[1]"):
        began, ended = found[name]
        others = [span for other, span in found.items() if other != name]
        assert not any(began < end and start < ended for start, end in others)


def test_all_or_none(pytester: Pytester) -> None:
    """Tests that want two resources in opposite order do not wait for each other."""
    one = "pytest.mark.resource('a'), pytest.mark.resource('b')"
    two = "pytest.mark.resource('b'), pytest.mark.resource('a')"
    write_files(
        pytester,
        {
            "conftest.py": SPANS,
            "test_a.py": suite(f"[{one}]"),
            "test_b.py": suite(f"[{two}]"),
            "test_c.py": suite("pytest.mark.resource('a')"),
        },
    )
    ran = run_orchestrated(pytester, workers=3)
    assert ran.counts == {"passed": 12}


@everywhere
@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("resource('gup')", "orchestrate_resources has no 'gup'"),
        ("resource('gup')", "Did you mean 'gpu'?"),
        ("resource('gpu', 3)", "there is only 2 of 'gpu'"),
        ("resource('gpu', shared=True)", "only what there is 1 of can be shared"),
        ("resource('gpu', 0)", "is not accepted"),
        ("resource()", "is not accepted"),
        ("resource('memory', '1 potato')", "is not accepted"),
    ],
)
def test_a_demand_that_cannot_be_met_is_a_usage_error(
    pytester: Pytester, workers: int, mark: str, message: str
) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\norchestrate_resources =\n    gpu = 2\n",
            "test_a.py": f"import pytest\n@pytest.mark.{mark}\ndef test_a(): open('ran', 'w')\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers, log=False)
    assert ran.code == 4
    assert message in ran.err
    assert "test_a.py::test_a" in ran.err
    assert not (pytester.path / "ran").exists()


@everywhere
def test_cpu_and_memory_are_there(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\norchestrate_resources =\n    db = 1\n    memory = 2GiB\n",
            "test_a.py": "import pytest\n@pytest.mark.resource('cpu')\n"
            "@pytest.mark.resource('memory', '1GiB')\ndef test_a(): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 1}


def test_a_hook_says_what_there_is(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": SPANS + "def pytest_orchestrate_resources(config):\n"
            "    return {'gpu': 2}\n",
            "test_a.py": suite("pytest.mark.resource('gpu')", 6),
        },
    )
    ran = run_orchestrated(pytester, workers=3)
    assert ran.counts == {"passed": 6}
    assert most_at_once(spans(pytester).values()) <= 2


def test_a_dead_worker_gives_its_lease_back(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import os, pytest\npytestmark = pytest.mark.resource('db')\n"
            "def test_dies(): os._exit(1)\n"
            "@pytest.mark.parametrize('n', range(5))\ndef test_it(n): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=2)
    assert ran.counts == {"failed": 1, "passed": 5}


def test_who_waits_is_told_why(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": """
import pathlib, time, pytest
@pytest.fixture
def until_told():
    deadline = time.monotonic() + 30
    (log,) = pathlib.Path(__file__).parent.glob(".pytest_orchestrate/runs/*.jsonl")
    while "db is held by test_" not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.01)
""",
            "test_a.py": "import pytest\n@pytest.mark.resource('db')\n"
            "def test_it(until_told): pass\n",
            "test_b.py": "import pytest\n@pytest.mark.resource('db')\n"
            "@pytest.mark.resource('gpu')\ndef test_b(until_told): pass\n",
        },
    )
    ran = run_orchestrated(pytester, "--orchestrate-collect=full")
    assert ran.counts == {"passed": 2}, ran.out
