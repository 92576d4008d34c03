"""What is chosen, left out, or put in order, is that of a plain run."""

from __future__ import annotations

import pytest

from tests.acceptance.support import (
    assert_as_plain,
    run_orchestrated,
    run_plain,
    write_files,
)

Pytester = pytest.Pytester

SHOP = {
    "pytest.ini": "[pytest]\nmarkers =\n    slow: takes long\n    part(name): of the shop\n",
    "test_shop.py": """
import pytest

@pytest.mark.slow
def test_delivery(): pass

@pytest.mark.part("till")
def test_till(): assert 0

class TestShelf:
    @pytest.mark.slow
    def test_full(self): pass

    @pytest.mark.parametrize("size", ["small", "big"])
    def test_sizes(self, size): pass
""",
    "store/test_store.py": "def test_store(): pass\ndef test_stock(): assert 0",
    "store/test_old.py": "raise RuntimeError('never look at this')",
}


@pytest.mark.parametrize(
    "flags",
    [
        ("-k", "till or (sizes and not big)"),
        ("-m", "slow and not nothing"),
        ("--deselect=test_shop.py::TestShelf::test_sizes[big]", "-k", "not store", "-v"),
        ("-m", "part(name='till')", "-q", "--deselect", "store"),
    ],
    ids=" ".join,
)
def test_deselection(pytester: Pytester, flags: tuple[str, ...]) -> None:
    write_files(pytester, SHOP)
    plain, ours = assert_as_plain(pytester, "--ignore=store/test_old.py", *flags)
    assert ours.counts["deselected"] == plain.counts["deselected"] > 0


def test_a_wrong_expression(pytester: Pytester) -> None:
    write_files(pytester, SHOP)
    _, ours = assert_as_plain(pytester, "test_shop.py", "-m", "slow or")
    assert ours.code == pytest.ExitCode.USAGE_ERROR
    assert ours.err.count("Wrong expression") == 1


@pytest.mark.parametrize(
    "flags",
    [
        ("--ignore=store",),
        ("--ignore-glob=*old*",),
        ("--ignore-glob=st*", "--deselect=test_shop.py::test_till"),
    ],
    ids=" ".join,
)
def test_ignored_paths(pytester: Pytester, flags: tuple[str, ...]) -> None:
    write_files(pytester, SHOP)
    _, ours = assert_as_plain(pytester, *flags)
    assert "never look" not in ours.out


def test_what_conftests_ignore(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            **SHOP,
            "conftest.py": """
collect_ignore = ["broken_folder"]
collect_ignore_glob = ["*_draft.py"]
""",
            "store/conftest.py": """
collect_ignore = ["test_old.py"]

def pytest_ignore_collect(collection_path):
    if collection_path.name == "test_hidden.py":
        return True
""",
            "broken_folder/test_broken.py": "raise RuntimeError",
            "store/test_new_draft.py": "raise RuntimeError",
            "store/test_hidden.py": "raise RuntimeError",
        },
    )
    _, ours = assert_as_plain(pytester)
    assert ours.counts == {"passed": 5, "failed": 2}


def test_norecursedirs_and_names_of_files_classes_functions(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": """
[pytest]
norecursedirs = left
python_files = check_*.py *_spec.py
python_classes = Check *Suite
python_functions = check_* *_works
""",
            "left/check_it.py": "def check_it(): assert 0",
            "venv/check_it.py": "def check_it(): pass",
            "check_one.py": """
class CheckOne:
    def check_a(self): pass
    def b_works(self): pass
    def test_no(self): assert 0
class ShopSuite:
    def till_works(self): pass
class TestNo:
    def check_no(self): assert 0
""",
            "two_spec.py": "def all_works(): pass",
            "test_three.py": "def check_no(): assert 0",
        },
    )
    _, ours = assert_as_plain(pytester)
    assert ours.counts == {"passed": 5}


def test_a_hook_that_filters_the_whole_list(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            **SHOP,
            "conftest.py": """
import pytest

collect_ignore = ["store/test_old.py"]

@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session, config, items):
    # a deterministic sample: every other one, as seen from the whole
    assert items == session.items
    gone = items[1::2]
    config.hook.pytest_deselected(items=gone)
    items[:] = items[::2]

def pytest_report_collectionfinish(items):
    return f"chosen: {len(items)}"

def pytest_deselected(items):
    for item in items:
        print(f"gone: {item.nodeid}")
""",
        },
    )
    _, ours = assert_as_plain(pytester)
    assert ours.counts["deselected"] == 3


def test_marks_that_a_hook_adds(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            **SHOP,
            "conftest.py": """
import pytest

collect_ignore = ["store/test_old.py"]

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for number, item in enumerate(items):
        if "store" in item.nodeid:
            item.add_marker(pytest.mark.slow)
        if number == 0:
            item.add_marker(pytest.mark.skip(reason="the first"))
        if item.name == "test_till":
            item.add_marker(pytest.mark.xfail(reason="known"))
""",
        },
    )
    plain, ours = assert_as_plain(pytester, "-m", "slow or part", "-rA")
    assert ours.counts == plain.counts


def test_a_hook_that_adds_tests(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_one.py": "def test_one(): pass",
            "conftest.py": """
import pytest

class Last(pytest.Item):
    def runtest(self):
        assert self.session.testscollected >= 0

def pytest_collection_modifyitems(session, items):
    items.append(Last.from_parent(session, name="last check"))
""",
        },
    )
    _, ours = assert_as_plain(pytester)
    assert len(ours.outcomes) == 2


def test_one_worker_keeps_the_order_that_hooks_give(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": """
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: (item.name[-1], item.nodeid), reverse=True)
""",
            "test_a.py": "def test_1(): pass\ndef test_2(): pass\ndef test_3(): pass",
            "test_b.py": "def test_1(): pass\ndef test_2(): pass\ndef test_3(): pass",
        },
    )
    plain, ours = assert_as_plain(pytester, workers=1)
    assert ours.order == plain.order


def test_plugins_see_what_was_deselected(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "spy.py": """
def pytest_deselected(items):
    for item in items:
        print("\\ndeselected", item.nodeid, item.name)

def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        print("\\ncollected in all", session.testscollected)
""",
            "test_a.py": "def test_1(): pass\ndef test_2(): pass\ndef test_3(): pass",
        },
    )
    ran = run_orchestrated(pytester, "-p", "spy", "-s", "-k", "not 2")
    # each worker deselects, and the controller says so once
    assert ran.out.count("deselected test_a.py::test_2 test_2") >= 1
    ran.result.stdout.fnmatch_lines(["collected in all 2"])
    assert ran.counts == {"passed": 2, "deselected": 1}


@pytest.mark.parametrize(
    "flags", [(), ("-q",), ("-v", "-m", "slow", "--ignore=store")], ids=" ".join
)
def test_collect_only_prints_what_plain_pytest_prints(
    pytester: Pytester, flags: tuple[str, ...]
) -> None:
    write_files(pytester, SHOP)
    plain = run_plain(pytester, "--co", *flags)
    ours = run_orchestrated(pytester, "--co", *flags, log=False)
    assert plain.code == ours.code
    assert _without_us(plain.out) == _without_us(ours.out)
    assert not (pytester.path / ".pytest_orchestrate/runs").exists()


def _without_us(text: str) -> list[str]:
    """The lines of an output, without those of the header and the time that it took."""
    return [
        line.partition(" in ")[0].strip("= ")
        for line in text.splitlines()
        if not line.startswith(("plugins: ", "cachedir: ", "platform ", "orchestrate: "))
    ]
