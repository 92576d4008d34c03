"""Warnings are shown once, with the texts and counts of plain pytest."""

from __future__ import annotations

import pytest

from tests.acceptance.printed import warnings_shown
from tests.acceptance.support import Ran, run_orchestrated, run_plain, write_files


def both(pytester: pytest.Pytester, *args: str) -> tuple[Ran, Ran]:
    plain, ran = run_plain(pytester, *args), run_orchestrated(pytester, *args)
    assert ran.code == plain.code
    assert warnings_shown(ran.out) == warnings_shown(plain.out)
    assert ran.counts == plain.counts  # the number of warnings is one of them
    assert ran.record is not None
    assert plain.record is not None
    assert ran.record["warnings"] == plain.record["warnings"]
    return plain, ran


def test_warnings_of_tests_are_those_of_plain(pytester: pytest.Pytester) -> None:
    source = """
import warnings
import pytest

class Own(UserWarning):
    pass

class Numbers(UserWarning):
    def __init__(self, code, details):
        super().__init__(code, details)

class Outer:
    class Inner(Warning):
        pass

class Silent(UserWarning):
    def __str__(self):
        return "told by itself"

@pytest.fixture
def warning_fixture():
    warnings.warn("in set-up")
    yield
    warnings.warn("in tear-down", RuntimeWarning)

@pytest.mark.parametrize("n", range(2))
def test_warns(n, warning_fixture):
    warnings.warn(f"number {n}")
    warnings.warn("own", Own)
    warnings.warn(Numbers(3, {"a": [1]}))
    warnings.warn(Outer.Inner("nested"))
    warnings.warn(Silent())
    warnings.warn("old", DeprecationWarning)

def local():
    class Local(UserWarning):
        pass
    return Local

def test_of_a_class_that_cannot_be_found():
    warnings.warn(local()("from a function"))

def test_of_several_lines():
    warnings.warn("first line\\nsecond line")
"""
    write_files(pytester, {"test_a.py": source, "test_b.py": source})
    both(pytester)


def test_a_warning_that_cannot_be_told_ends_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import warnings

        class Bad(UserWarning):
            def __str__(self):
                raise ValueError("not for you")

        def test_odd():
            warnings.warn(UserWarning("lone \\udc80 surrogate"))
            warnings.warn(UserWarning(b"bytes", 10**40))

        def test_other(): pass
        """
    )
    ran = run_orchestrated(pytester)
    assert ran.counts == {"passed": 2, "warnings": 2}


def test_warnings_of_configuration_and_collection_are_shown_once(
    pytester: pytest.Pytester,
) -> None:
    files = {
        "pytest.ini": "[pytest]\nno_such_key = 1\n",
        "conftest.py": """
import warnings
import pytest

warnings.warn("conftest imported")

def pytest_configure(config):
    config.issue_config_time_warning(UserWarning("configured"), stacklevel=2)

def pytest_collection_modifyitems(config):
    warnings.warn("items modified")
""",
        "sub/conftest.py": "import warnings\nwarnings.warn('sub conftest imported')\n",
        "sub/test_b.py": "import warnings\nwarnings.warn('b imported')\ndef test_b(): pass\n",
        "test_a.py": """
import warnings
import pytest
warnings.warn('a imported')

class TestWithInit:
    def __init__(self): pass
    def test_never(self): pass

@pytest.mark.unknown_mark
def test_a(): pass
""",
    }
    write_files(pytester, files)
    _, ran = both(pytester)
    assert "9 warnings" in ran.out or "8 warnings" in ran.out


def test_warnings_as_errors_fail_as_in_plain(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import warnings
        import pytest

        def test_warns():
            warnings.warn("bad")

        @pytest.mark.filterwarnings("default:allowed")
        def test_allowed():
            warnings.warn("allowed")

        @pytest.mark.filterwarnings("ignore")
        def test_ignored():
            warnings.warn("ignored")

        def test_recorded():
            with pytest.warns(UserWarning, match="meant"):
                warnings.warn("meant")
        """
    )
    for args in (["-W", "error"], ["-W", "ignore"], ["-o", "filterwarnings=error"], ["-Wdefault"]):
        both(pytester, *args)


@pytest.mark.parametrize("flag", ["--disable-warnings", "-pno:warnings"])
def test_warnings_can_be_left_out(pytester: pytest.Pytester, flag: str) -> None:
    pytester.makepyfile("import warnings\ndef test_a(): warnings.warn('x')\ndef test_b(): pass")
    _, ran = both(pytester, flag)
    assert "warnings summary" not in ran.out


def test_unraisable_and_thread_exceptions_are_warned_of_as_in_plain(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import threading

        class Broken:
            def __del__(self):
                raise ValueError("in del")

        def test_unraisable():
            broken = Broken()
            del broken

        def test_thread():
            def fails():
                raise ValueError("in thread")
            thread = threading.Thread(target=fails, name="one")
            thread.start()
            thread.join()
        """
    )
    plain, ran = run_plain(pytester), run_orchestrated(pytester)
    assert ran.counts == plain.counts
    assert "PytestUnraisableExceptionWarning" in ran.out
    assert "PytestUnhandledThreadExceptionWarning" in ran.out
