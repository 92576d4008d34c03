"""What goes wrong while collecting ends the run as it ends a plain one."""

from __future__ import annotations

import pytest

from tests.acceptance.support import (
    assert_as_plain,
    assert_same,
    run_orchestrated,
    run_plain,
    write_files,
)

Pytester = pytest.Pytester

BROKEN = {
    "test_a.py": "import no_such_module_a\ndef test_a(): pass",
    "test_b.py": "def test_b1(): pass\ndef test_b2(): assert 0",
    "test_c.py": "def test_c(: pass",
    "test_d.py": "import pytest\n@pytest.mark.parametrize('x', [1])\ndef test_d(): pass",
    "test_e.py": "assert 1 == 2\ndef test_e(): pass",
}


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("-x",),
        ("--maxfail=2",),
        ("--tb=no", "-rA", "--color=yes"),
    ],
    ids=" ".join,
)
def test_errors_stop_the_run_before_any_test(pytester: Pytester, flags: tuple[str, ...]) -> None:
    write_files(pytester, BROKEN)
    plain, ours = assert_as_plain(pytester, *flags)
    assert not ours.outcomes
    assert ours.out.count("no_such_module_a") == plain.out.count("no_such_module_a")


@pytest.mark.parametrize("flags", [(), ("-x",)], ids=" ".join)
def test_errors_are_passed_over_if_asked_for(pytester: Pytester, flags: tuple[str, ...]) -> None:
    write_files(pytester, BROKEN)
    _, ours = assert_as_plain(pytester, "--continue-on-collection-errors", *flags)
    assert ours.code == 1
    if not flags:
        assert ours.counts == {"errors": 4, "passed": 1, "failed": 1}


def test_an_error_of_one_file_that_is_named_with_tests(pytester: Pytester) -> None:
    write_files(pytester, BROKEN)
    plain = run_plain(pytester, "test_a.py::test_a", "test_b.py")
    ours = run_orchestrated(pytester, "test_a.py::test_a", "test_b.py", log=False)
    assert_same(plain, ours)


def test_a_collector_that_fails_in_its_own_way(pytester: Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        def pytest_collect_file(parent, file_path):
            if file_path.suffix == ".bad":
                return Bad.from_parent(parent, path=file_path)

        class Bad(pytest.File):
            def collect(self):
                if self.path.stem == "a":
                    raise self.CollectError("this is no order")
                if self.path.stem == "b":
                    raise Odd("\\x00")
                raise ValueError(object())

        class Odd(Exception):
            pass
        """
    )
    pytester.makefile(".bad", a="", b="", c="")
    _, ours = assert_as_plain(pytester)
    assert "this is no order" in ours.out
    assert ours.counts == {"errors": 3}


def test_files_that_skip_themselves(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import pytest\npytest.skip('not here', allow_module_level=True)",
            "test_b.py": "import pytest\npytest.importorskip('no_such_module')",
            "test_c.py": "import unittest\nraise unittest.SkipTest('old way')",
            "test_d.py": "def test_d(): pass",
            "test_e.py": "import pytest\npytest.skip('wrongly')",
        },
    )
    plain, ours = assert_as_plain(pytester, "-rs")
    assert ours.counts == {"skipped": 3, "errors": 1}
    plain, ours = assert_as_plain(
        pytester, "-rs", "--ignore=test_e.py", "--continue-on-collection-errors"
    )
    assert ours.counts == {"skipped": 3, "passed": 1}
    shown = [line for line in plain.out.splitlines() if line.startswith("SKIPPED")]
    assert shown == [line for line in ours.out.splitlines() if line.startswith("SKIPPED")]


def test_only_files_that_skip_themselves(pytester: Pytester) -> None:
    pytester.makepyfile("import pytest\npytest.skip('not here', allow_module_level=True)")
    _, ours = assert_as_plain(pytester)
    assert ours.code == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize(
    ("files", "flags"),
    [
        ({"readme": ""}, ()),
        ({"test_a.py": ""}, ()),
        ({"test_a.py": "def test_a(): pass"}, ("-k", "nothing")),
        ({"test_a.py": "def test_a(): pass"}, ("--deselect=test_a.py",)),
    ],
    ids=["no file", "an empty file", "-k", "--deselect"],
)
def test_no_tests(pytester: Pytester, files: dict[str, str], flags: tuple[str, ...]) -> None:
    write_files(pytester, files)
    _, ours = assert_as_plain(pytester, *flags)
    assert ours.code == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize("code", [9, None])
def test_an_exit_while_collecting(pytester: Pytester, code: int | None) -> None:
    pytester.makeconftest(
        f"""
        import pytest

        def pytest_itemcollected(item):
            if item.name == "test_b":
                pytest.exit("closed today", returncode={code})
        """
    )
    pytester.makepyfile(
        test_a="raise RuntimeError", test_b="def test_a(): pass\ndef test_b(): pass"
    )
    plain = run_plain(pytester)
    ours = run_orchestrated(pytester)
    assert plain.code == ours.code == (code or pytest.ExitCode.INTERRUPTED)
    assert not ours.outcomes
    for ran in (plain, ours):
        assert sum("closed today" in line for line in ran.out.splitlines()) == 1
    assert plain.telling_lines() == ours.telling_lines()


def test_an_exit_while_a_file_is_imported(pytester: Pytester) -> None:
    pytester.makepyfile(
        test_a="def test_a(): pass",
        test_b="import pytest\npytest.exit('closed today', returncode=9)",
    )
    assert_as_plain(pytester)


def test_a_keyboard_interrupt_while_a_file_is_imported(pytester: Pytester) -> None:
    pytester.makepyfile(
        test_a="def test_a(): pass",
        test_b="raise KeyboardInterrupt('by hand')",
    )
    plain = run_plain(pytester)
    ours = run_orchestrated(pytester)
    assert plain.code == ours.code == pytest.ExitCode.INTERRUPTED
    assert not ours.outcomes
    assert sum("KeyboardInterrupt" in line for line in ours.out.splitlines()) >= 1
    assert "test_b.py:1" in ours.out
    assert "INTERNALERROR" not in ours.out


def test_a_system_exit_while_a_file_is_imported(pytester: Pytester) -> None:
    pytester.makepyfile(
        test_a="def test_a(): pass",
        test_b="raise SystemExit(0)",
    )
    plain = run_plain(pytester)
    ours = run_orchestrated(pytester, log=False)
    assert plain.code == ours.code
    assert ours.outcomes == plain.outcomes == {}


@pytest.mark.parametrize(
    ("hook", "code"),
    [
        ("raise pytest.UsageError('choose a shop', 'or none')", pytest.ExitCode.USAGE_ERROR),
        ("raise ValueError('no such shop')", pytest.ExitCode.INTERNAL_ERROR),
        ("raise pytest.exit.Exception('enough', 7)", 7),
        ("raise KeyboardInterrupt", pytest.ExitCode.INTERRUPTED),
    ],
    ids=["usage", "internal", "exit", "interrupt"],
)
def test_a_hook_that_ends_the_run_when_all_is_collected(
    pytester: Pytester, hook: str, code: int
) -> None:
    pytester.makeconftest(
        f"""
        import pytest

        def pytest_collection_modifyitems(session, items):
            {hook}
        """
    )
    pytester.makepyfile("def test_it(): pass")
    plain = run_plain(pytester)
    ours = run_orchestrated(pytester)
    assert plain.code == code
    assert ours.code == code, ours.out
    assert ours.outcomes == plain.outcomes == {}
    assert [line for line in plain.err.splitlines() if line] == [
        line for line in ours.err.splitlines() if line
    ]
    if code == pytest.ExitCode.INTERNAL_ERROR:
        assert "ValueError: no such shop" in ours.out
    elif hook != "raise KeyboardInterrupt":
        # a share of nothing may come to that end before the others have been collected
        lines = [
            [line for line in ran.telling_lines() if not line.startswith("collected ")]
            for ran in (plain, ours)
        ]
        assert lines[0] == lines[1]
        ours = run_orchestrated(pytester, "--orchestrate-collect=full")
        assert plain.telling_lines() == ours.telling_lines()


@pytest.mark.parametrize(("attribute", "code"), [("shouldstop", 2), ("shouldfail", 1)])
def test_a_hook_that_wants_to_stop_when_all_is_collected(
    pytester: Pytester, attribute: str, code: int
) -> None:
    pytester.makeconftest(
        f"""
        def pytest_collection_modifyitems(session):
            session.{attribute} = "stopped by a hook"
        """
    )
    pytester.makepyfile("def test_1(): pass\ndef test_2(): pass\ndef test_3(): pass")
    plain = run_plain(pytester)
    ours = run_orchestrated(pytester, workers=1)
    assert plain.code == ours.code == code
    assert plain.outcomes == ours.outcomes
    assert plain.telling_lines() == ours.telling_lines()


def test_an_internal_error_in_a_hook_of_collection(pytester: Pytester) -> None:
    pytester.makeconftest("def pytest_collect_file(): raise ValueError('no such shop')")
    pytester.makepyfile("def test_it(): pass")
    plain = run_plain(pytester)
    ours = run_orchestrated(pytester)
    assert plain.code == ours.code
    assert plain.outcomes == ours.outcomes
    assert "ValueError: no such shop" in ours.out


def test_a_hook_that_does_not_exist_is_named(pytester: Pytester) -> None:
    pytester.makeconftest("def pytest_collection_modifyitem(items): pass")
    pytester.makepyfile("def test_it(): pass")
    plain = run_plain(pytester)
    ours = run_orchestrated(pytester)
    assert plain.code == ours.code == pytest.ExitCode.INTERNAL_ERROR
    assert "unknown hook 'pytest_collection_modifyitem'" in ours.out
