"""Everything that pytest can collect is run, with the outcomes of a plain run."""

from __future__ import annotations

import pytest

from tests.acceptance.support import (
    PYTEST_9,
    assert_as_plain,
    run_orchestrated,
    write_files,
)

Pytester = pytest.Pytester

SHELF = '''
"""A shelf.

>>> shelf = Shelf()
>>> shelf.put("cup")
1
"""


class Shelf:
    """Holds things.

    >>> Shelf().things
    []
    """

    def __init__(self):
        self.things = []

    def put(self, thing):
        """Return how many there are.

        >>> Shelf().put("plate")
        2
        """
        self.things.append(thing)
        return len(self.things)


def skipped():
    """
    >>> 1 / 0  # doctest: +SKIP
    """
'''


def test_doctests_of_modules(pytester: Pytester) -> None:
    write_files(pytester, {"shelf.py": SHELF, "test_it.py": "def test_it(): pass"})
    _, ours = assert_as_plain(pytester, "--doctest-modules")
    assert ours.counts == {"passed": 3, "failed": 1, "skipped": 1}
    assert "Expected:" in ours.out


def test_doctests_of_modules_of_one_name_in_two_packages(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "one/__init__.py": '""">>> 1\n1\n"""',
            "one/shelf.py": SHELF,
            "two/__init__.py": "",
            "two/shelf.py": SHELF,
        },
    )
    assert_as_plain(pytester, "--doctest-modules")


def test_doctests_of_text_files(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": """
                import pytest

                @pytest.fixture(autouse=True)
                def guest(doctest_namespace):
                    doctest_namespace["guest"] = "Ann"
            """.replace("\n" + " " * 16, "\n"),
            "test_greeting.txt": ">>> guest\n'Ann'\n\n>>> guest + 1\n3\n",
            "docs/usage.rst": "Usage\n=====\n\n>>> 1 + 1\n2\n",
            "docs/broken.rst": ">>> 1 + 1\n3\n",
        },
    )
    _, ours = assert_as_plain(pytester, "--doctest-glob=*.rst", "--doctest-glob=test*.txt")
    assert ours.counts == {"passed": 1, "failed": 2}


def test_every_failure_of_a_doctest_is_shown_if_asked_for(pytester: Pytester) -> None:
    pytester.makefile(".txt", test_numbers=">>> 1\n2\n>>> 3\n4\n")
    _, ours = assert_as_plain(pytester, "--doctest-continue-on-failure")
    assert ours.out.count("Expected:") == 2


UNITTEST = """
import unittest

CALLS = []

def setUpModule():
    CALLS.append("module")

class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        CALLS.append("class")

    @classmethod
    def tearDownClass(cls):
        CALLS.remove("class")

    def setUp(self):
        self.addCleanup(CALLS.remove, "test")
        CALLS.append("test")

    def test_all_is_set_up_once(self):
        self.assertEqual(CALLS, ["module", "class", "test"])

    def test_and_again(self):
        self.assertEqual(CALLS, ["module", "class", "test"])

    def test_fails(self):
        self.fail("on purpose")

    @unittest.skip("not today")
    def test_skipped(self):
        pass

    @unittest.expectedFailure
    def test_expected(self):
        self.fail("as expected")

    @unittest.expectedFailure
    def test_unexpected(self):
        pass

class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError("no class")

    def test_one(self): pass
    def test_two(self): pass

class Async(unittest.IsolatedAsyncioTestCase):
    async def test_awaited(self):
        pass
"""


def test_unittest_cases(pytester: Pytester) -> None:
    write_files(pytester, {"test_one.py": UNITTEST, "test_two.py": UNITTEST})
    _, ours = assert_as_plain(pytester)
    assert ours.counts["errors"] == 4


SUBTESTS = """
import unittest

class Case(unittest.TestCase):
    def test_parts(self):
        for number in range(4):
            with self.subTest(number=number):
                self.assertNotEqual(number, 2)

    def test_all_well(self):
        for number in range(4):
            with self.subTest("well", number=number):
                pass

    def test_two_and_itself(self):
        for number in range(4):
            with self.subTest(number=number):
                self.assertLess(number, 2)
        self.fail("itself")

    def test_skips_a_part(self):
        for number in range(3):
            with self.subTest(number=number):
                if number == 1:
                    self.skipTest("one")
"""

PYTEST_SUBTESTS = """
def test_parts(subtests):
    for number in range(4):
        with subtests.test("part", number=number):
            assert number != 2

def test_all_well(subtests):
    for number in range(4):
        with subtests.test(number=number):
            pass
"""


@pytest.mark.parametrize("verbosity", [(), ("-v",), ("-q",)], ids=["usual", "verbose", "quiet"])
def test_sub_tests_of_unittest(pytester: Pytester, verbosity: tuple[str, ...]) -> None:
    write_files(pytester, {"test_one.py": SUBTESTS, "test_two.py": SUBTESTS})
    _, ours = assert_as_plain(pytester, *verbosity)
    assert ours.code == 1


if PYTEST_9:  # pytest 8.4 has no sub-tests of its own

    @pytest.mark.parametrize("verbosity", [(), ("-v",)], ids=["usual", "verbose"])
    def test_sub_tests_of_pytest(pytester: Pytester, verbosity: tuple[str, ...]) -> None:
        write_files(pytester, {"test_one.py": PYTEST_SUBTESTS, "test_two.py": PYTEST_SUBTESTS})
        _, ours = assert_as_plain(pytester, *verbosity)
        assert ours.outcomes["test_two.py::test_parts"] == ["failed"]


ORDERS = """
import pytest

def pytest_collect_file(parent, file_path):
    if file_path.suffix == ".order":
        return Orders.from_parent(parent, path=file_path)

class Orders(pytest.File):
    def collect(self):
        for line in self.path.read_text().splitlines():
            name, _, total = line.partition("=")
            yield Order.from_parent(self, name=name.strip(), total=int(total))

class Order(pytest.Item):
    def __init__(self, *, total, **rest):
        super().__init__(**rest)
        self.total = total

    def runtest(self):
        if self.total < 0:
            raise WrongOrder(self.name)

    def repr_failure(self, excinfo):
        return f"order {excinfo.value} is below nothing"

    def reportinfo(self):
        return self.path, None, f"order: {self.name}"

class WrongOrder(Exception):
    pass
"""


def test_items_and_files_of_a_conftest(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": ORDERS,
            "a.order": "cup = 3\nplate = -1\n",
            "sub/b.order": "cup = 3\ncup = 4\n",
            "sub/broken.order": "cup = many\n",
        },
    )
    plain, ours = assert_as_plain(pytester)
    assert ours.code == pytest.ExitCode.INTERRUPTED
    plain, ours = assert_as_plain(pytester, "--continue-on-collection-errors", "-rA")
    assert ours.counts == plain.counts == {"passed": 3, "failed": 1, "errors": 1}
    assert "order plate is below nothing" in ours.out


def test_a_folder_with_a_collector_of_its_own(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": """
import pytest

class Listed(pytest.Directory):
    def collect(self):
        for name in (self.path / "tests.list").read_text().split():
            yield from self.ihook.pytest_collect_file(file_path=self.path / name, parent=self)
        yield Note.from_parent(self, name="note")

class Note(pytest.Item):
    def runtest(self):
        assert self.parent.path.name == "listed"

def pytest_collect_directory(path, parent):
    if (path / "tests.list").exists():
        return Listed.from_parent(parent, path=path)
""",
            "listed/tests.list": "test_b.py\ntest_a.py",
            "listed/test_a.py": "def test_a(): pass",
            "listed/test_b.py": "def test_b(): pass",
            "listed/test_unlisted.py": "def test_c(): assert 0",
            "test_top.py": "def test_top(): pass",
        },
    )
    _, ours = assert_as_plain(pytester)
    assert set(ours.outcomes) == {
        "listed/test_b.py::test_b",
        "listed/test_a.py::test_a",
        "listed::note",
        "test_top.py::test_top",
    }


def test_collectors_inside_a_module_that_a_conftest_makes(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": """
import pytest

class Table(pytest.Collector):
    def collect(self):
        for number, (given, expected) in enumerate(getattr(self.parent.obj, self.name)):
            yield Row.from_parent(self, name=f"row {number}", given=given, expected=expected)

class Row(pytest.Item):
    def __init__(self, given, expected, **rest):
        super().__init__(**rest)
        self.given, self.expected = given, expected

    def runtest(self):
        assert self.given * 2 == self.expected

def pytest_pycollect_makeitem(collector, name, obj):
    if name.startswith("TABLE"):
        return Table.from_parent(collector, name=name)
""",
            "test_doubles.py": """
TABLE_SMALL = [(1, 2), (2, 4), (3, 7)]
TABLE_EMPTY = []

def test_beside(): pass
""",
        },
    )
    _, ours = assert_as_plain(pytester)
    assert ours.counts == {"passed": 3, "failed": 1}


def test_generated_and_inherited_tests(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "contract.py": """
class Contract:
    def test_has_a_name(self): assert self.name
    def test_has_a_length(self): assert len(self.name) > 3
""",
            "conftest.py": """
def pytest_generate_tests(metafunc):
    if "size" in metafunc.fixturenames:
        metafunc.parametrize("size", [1, 2, 3], ids=str)
""",
            "test_shops.py": """
from contract import Contract

class TestCorner(Contract): name = "corner"
class TestBig(Contract):
    name = "big"
    class TestInside:
        def test_nested(self, size): assert size != 2

def test_sizes(size): pass
""",
        },
    )
    _, ours = assert_as_plain(pytester)
    assert ours.counts == {"passed": 8, "failed": 2}


def test_several_workers_share_the_doctests_of_one_file(pytester: Pytester) -> None:
    parts = "\n\n".join(f'def f{n}():\n    """\n    >>> {n}\n    {n}\n    """' for n in range(12))
    pytester.makepyfile(digits=parts)
    ran = run_orchestrated(pytester, "--doctest-modules", workers=3)
    assert ran.counts == {"passed": 12}
