"""What a run that collects only a part of the suite comes to have, in order."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pytest

Pytester = pytest.Pytester

SUITE = {
    "test_a.py": """
        import pytest
        def test_base(): pass
        @pytest.mark.requires("test_base")
        def test_login(): pass
        def test_other(): pass
        """,
    "test_b.py": """
        import pytest
        class TestIt:
            def test_x(self): pass
            @pytest.mark.requires("test_x")
            def test_y(self): pass
        class TestOther:
            def test_z(self): pass
            @pytest.mark.parametrize("n", [1, 2])
            def test_n(self, n): pass
        @pytest.mark.requires("test_a.py::test_login")
        def test_file(): pass
        @pytest.mark.requires("TestOther")
        def test_class(): pass
        @pytest.mark.requires("schema")
        def test_name(): pass
        @pytest.mark.requires("db/")
        def test_folder(): pass
        @pytest.mark.requires("db/test_d*.py")
        def test_glob(): pass
        @pytest.mark.requires("TestOther::test_n")
        def test_instances(): pass
        @pytest.mark.requires("base.py::Base")
        def test_base_class(): pass
        @pytest.mark.requires("hidden")
        def test_hidden(): pass
        @pytest.mark.requires("test_file", "test_nothing", any=True)
        def test_any(): pass
        """,
    "db/test_db.py": "def test_1(): pass\ndef test_2(): pass",
    "db/test_e.py": "def test_3(): pass",
    "far/off/test_far.py": """
        import pytest
        @pytest.mark.provides("schema")
        @pytest.mark.requires("test_first")
        def test_makes(): pass
        def test_first(): pass
        """,
    "far/test_near.py": """
        import pytest
        @pytest.mark.requires("schema")
        def test_uses(): pass
        """,
    "far/test_secret.py": """
        import pytest
        @pytest.mark.provides("hid" + "den")
        def test_computed(): pass
        """,
    "base.py": "class Base:\n    def test_it(self): pass",
    "sub/test_heir.py": "from base import Base\nclass TestHeir(Base): pass",
    "pytest.ini": "[pytest]\npythonpath = .",
}


class _Recorder:
    def __init__(self) -> None:
        self.nodeids: list[str] = []
        self.parents: set[pytest.Item | pytest.Collector | None] = set()
        self.entered: set[str] = set()
        self.failed: list[str] = []
        self.deselected: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.nodeids = [item.nodeid for item in session.items]
        self.parents = {item.parent for item in session.items}

    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        if isinstance(collector, pytest.File):
            self.entered.add(collector.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.deselected += [item.nodeid for item in items]


def collect(pytester: Pytester, *args: str) -> _Recorder:
    """Collect the suite in this process; return what there was."""
    recorder = _Recorder()
    pytester.inline_run("-porchestrate", "--collect-only", "-q", *args, plugins=[recorder])
    return recorder


@pytest.fixture(autouse=True)
def suite(pytester: Pytester) -> None:
    write(pytester, SUITE)


def write(pytester: Pytester, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")


@pytest.mark.parametrize(
    ("named", "added"),
    [
        ("TestIt::test_y", ["test_b.py::TestIt::test_x"]),
        ("test_file", ["test_a.py::test_base", "test_a.py::test_login"]),
        (
            "test_class",
            [f"test_b.py::TestOther::{name}" for name in ("test_z", "test_n[1]", "test_n[2]")],
        ),
        ("test_name", ["far/off/test_far.py::test_makes", "far/off/test_far.py::test_first"]),
        (
            "test_folder",
            ["db/test_db.py::test_1", "db/test_db.py::test_2", "db/test_e.py::test_3"],
        ),
        ("test_glob", ["db/test_db.py::test_1", "db/test_db.py::test_2"]),
        ("test_base_class", ["sub/test_heir.py::TestHeir::test_it"]),
        ("test_hidden", ["far/test_secret.py::test_computed"]),
        (
            "test_any",
            ["test_a.py::test_base", "test_a.py::test_login", "test_b.py::test_file"],
        ),
    ],
)
def test_what_a_named_test_requires_stands_where_it_would_if_it_were_named(
    pytester: Pytester, named: str, added: list[str]
) -> None:
    there = collect(pytester, f"test_b.py::{named}")
    assert there.nodeids == [*added, f"test_b.py::{named}"]


@pytest.mark.parametrize("named", ["test_b.py::TestIt::test_y", "far/off/test_far.py::test_makes"])
def test_added_tests_belong_to_the_same_collectors(pytester: Pytester, named: str) -> None:
    there = collect(pytester, named)
    assert len(there.nodeids) == 2
    assert len(there.parents) == 1  # to which fixtures belong


def test_of_a_target_that_was_named_in_part_the_rest_is_added(pytester: Pytester) -> None:
    named = ("test_b.py::test_instances", "test_b.py::TestOther::test_n[2]")
    there = collect(pytester, *named)
    first = "test_b.py::TestOther::test_n[1]"
    assert sorted(there.nodeids) == sorted([*named, first])


@pytest.mark.parametrize(
    ("named", "entered"),
    [
        ("test_a.py::test_other", {"test_a.py"}),
        ("test_b.py::TestIt::test_y", {"test_b.py"}),
        ("test_b.py::test_file", {"test_b.py", "test_a.py"}),
        (
            "test_b.py::test_name",  # where the name is mentioned
            {"test_b.py", "far/test_near.py", "far/off/test_far.py"},
        ),
        ("far/test_near.py", {"far/test_near.py", "far/off/test_far.py"}),
    ],
)
def test_only_what_is_near_is_imported_as_long_as_nothing_is_missing(
    pytester: Pytester, named: str, entered: set[str]
) -> None:
    assert collect(pytester, named).entered == entered


def test_a_name_is_looked_for_only_where_a_run_without_arguments_would_come(
    pytester: Pytester,
) -> None:
    write(pytester, {"pytest.ini": "[pytest]\npythonpath = .\ntestpaths = db"})
    there = collect(pytester, "far/test_near.py")
    assert there.entered == {
        "far/test_near.py", "far/off/test_far.py",
    }  # fmt: skip
    there = collect(pytester, "test_b.py::test_hidden")
    assert "db/test_e.py" in there.entered
    assert there.nodeids[-1] == "test_b.py::test_hidden"


def test_a_misspelt_name_in_a_file_is_looked_for_nowhere_else(pytester: Pytester) -> None:
    text = "import pytest\n@pytest.mark.requires('test_a.py::test_bas')\ndef test_it(): pass\n"
    write(pytester, {"test_c.py": text})
    there = collect(pytester, "test_c.py")
    assert there.entered == {"test_c.py", "test_a.py"}
    assert there.nodeids == ["test_c.py::test_it"]


def test_what_must_not_run_is_not_added_nor_what_only_that_requires(pytester: Pytester) -> None:
    there = collect(pytester, "test_b.py::test_file", "--deselect=test_a.py::test_login")
    assert there.nodeids == ["test_b.py::test_file"]
    assert there.deselected == ["test_a.py::test_login"]


def test_hooks_see_what_is_added_and_nothing_else(pytester: Pytester) -> None:
    hook = """
        import pytest
        def pytest_collection_modifyitems(items):
            print("seen", [item.name for item in items])
            for item in items:
                if item.name == "test_login":
                    item.add_marker(pytest.mark.requires("db/test_e.py"))
        """
    write(pytester, {"conftest.py": hook})
    there = collect(pytester, "test_b.py::test_file")
    assert there.nodeids == [
        "db/test_e.py::test_3",
        "test_a.py::test_base",
        "test_a.py::test_login",
        "test_b.py::test_file",
    ]


def test_a_file_that_is_required_and_cannot_be_collected_is_an_error(pytester: Pytester) -> None:
    write(pytester, {"test_a.py": "import nothing_of_that_name"})
    assert collect(pytester, "test_b.py::test_file").failed == ["test_a.py"]


@pytest.mark.parametrize("text", ["import nothing_of_that_name", "raise SystemExit('hidden')"])
def test_a_file_that_is_only_looked_into_is_no_error(pytester: Pytester, text: str) -> None:
    write(pytester, {"test_a.py": text})
    there = collect(pytester, "test_b.py::test_hidden")
    assert there.failed == []
    assert there.nodeids[0] == "far/test_secret.py::test_computed"


def test_what_was_chosen_keeps_its_order(pytester: Pytester) -> None:
    named = ("test_b.py::test_file", "db/test_e.py", "test_a.py::test_other")
    assert collect(pytester, *named).nodeids == [
        "test_b.py::test_file",
        "db/test_e.py::test_3",
        "test_a.py::test_base",
        "test_a.py::test_login",
        "test_a.py::test_other",
    ]


def test_with_missing_set_otherwise_nothing_is_added(pytester: Pytester) -> None:
    there = collect(pytester, "test_b.py::test_file", "--orchestrate-missing=run")
    assert there.nodeids == ["test_b.py::test_file"]
    assert there.entered == {"test_b.py"}
