"""Suites that write down what happens in them: fixtures up and down, tests, their order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: Writes down what happens in each process: one file a worker, one line an event.
TRACING = """
import json
import os
import pytest

FILE = "trace-" + os.environ.get("PYTEST_XDIST_WORKER", "main") + ".jsonl"

def note(*event):
    with open(os.path.join(os.path.dirname(__file__), FILE), "a") as file:
        file.write(json.dumps(event) + "\\n")

pytest.note = note

def pytest_runtest_protocol(item, nextitem):
    following = None
    if nextitem is not None:
        known = nextitem in item.session.items
        following = nextitem.nodeid if known else "?"
    note("test", item.nodeid, following)

def traced(scope):
    @pytest.fixture(scope=scope, autouse=True, name=f"traced_{scope}")
    def fixture(request):
        where = ""
        if scope == "class":
            where = str(request.cls)
        elif scope in ("module", "package"):
            where = str(request.node.path)
        elif scope == "function":
            where = request.node.nodeid
        note("up", scope, where)
        yield
        note("down", scope, where)
    return fixture

pytest.traced = traced
traced_session, traced_module = map(traced, ["session", "module"])
traced_class, traced_function = map(traced, ["class", "function"])
"""

#: Conftest of a package: a fixture is of the package in which it is defined.
TRACED_PACKAGE = 'import pytest\ntraced_package = pytest.traced("package")\n'

#: Keeps the tests of a file together, and does no harm where we are not asked for.
GROUPS = """
import pytest

@pytest.hookimpl(optionalhook=True)
def pytest_orchestrate_group_item(item):
    return item.nodeid.partition("::")[0]
"""


Event = list[Any]


def traces(folder: Path) -> dict[str, list[Event]]:
    """Process -> what happened in it, in order."""
    found = {}
    for path in sorted(folder.glob("trace-*.jsonl")):
        lines = path.read_text().splitlines()
        found[path.stem.removeprefix("trace-")] = [json.loads(line) for line in lines]
        path.unlink()
    return found


def file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]
