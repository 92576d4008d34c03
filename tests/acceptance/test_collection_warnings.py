"""What is warned of while collecting is said once, however many workers collect."""

from __future__ import annotations

import pytest

from tests.acceptance.support import (
    assert_as_plain,
    run_orchestrated,
    write_files,
)

Pytester = pytest.Pytester

WARNS = {
    "conftest.py": "import warnings\nwarnings.warn('in a conftest', FutureWarning)",
    "test_a.py": """
import pytest, warnings

class OfTheFile(UserWarning):
    pass

warnings.warn("at import", OfTheFile)

@pytest.mark.no_such_mark
def test_a(): pass

class TestWithInit:
    def __init__(self): pass
    def test_never(self): pass

def test_returns(): return 1
""",
    "test_b.py": """
import pytest, unittest

@pytest.mark.no_such_mark
@pytest.mark.nor_this
def test_b(): pass

class TestGenerator(unittest.TestCase):
    def test_c(self): pass
""",
}


def test_each_warning_is_shown_as_often_as_plainly(pytester: Pytester) -> None:
    write_files(pytester, WARNS)
    plain, ours = assert_as_plain(pytester, workers=3)
    assert ours.counts["warnings"] == plain.counts["warnings"]
    assert ours.out.count("PytestUnknownMarkWarning") == plain.out.count("PytestUnknownMarkWarning")
    assert plain.record is not None
    assert ours.record is not None
    assert ours.record["warnings"] == plain.record["warnings"]


def test_warnings_of_collection_that_are_errors(pytester: Pytester) -> None:
    files = {**WARNS, "pytest.ini": "[pytest]\nfilterwarnings =\n    error::UserWarning\n"}
    write_files(pytester, files)
    assert_as_plain(pytester)
    assert_as_plain(pytester, "--strict-markers", "-W", "ignore::UserWarning")


@pytest.mark.parametrize("workers", [0, 2])
def test_every_warning_is_an_error_and_we_give_none(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\nfilterwarnings = error\naddopts = -ra --strict-config\n",
            "conftest.py": "import pytest\n@pytest.fixture\ndef three(): return 3",
            "test_a.py": "def test_a(three): assert three == 3",
            "test_b.py": "def test_b(three): assert three == 3",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.code == 0
    assert ran.counts == {"passed": 2}
    assert "Warning" not in ran.out + ran.err


def test_python_itself_may_turn_warnings_into_errors(pytester: Pytester) -> None:
    pytester.makepyfile(test_a="def test_a(): pass", test_b="def test_b(): pass")
    ran = run_orchestrated(pytester, "-W", "error", environ={"PYTHONWARNINGS": "error"})
    assert ran.code == 0
    assert "Warning" not in ran.out + ran.err
