"""Whatever a report contains, it arrives, and never breaks a run."""

from __future__ import annotations

import json
import sys

import pytest

from tests.acceptance.printed import blocks, lines_of
from tests.acceptance.support import assert_as_plain, run_orchestrated, run_plain, write_files


def test_expected_failures_are_told_as_in_plain(pytester: pytest.Pytester) -> None:
    source = """
import pytest

@pytest.mark.xfail
def test_xfail(): assert 0

@pytest.mark.xfail(reason="a reason", raises=ValueError)
def test_raises_another(): assert 0

@pytest.mark.xfail(reason="a reason", run=False)
def test_not_run(): pass

@pytest.mark.xfail(strict=True, reason="strictly")
def test_strict_passes(): pass

@pytest.mark.xfail(reason="loosely")
def test_passes(): pass

def test_by_call():
    pytest.xfail("by call")

@pytest.fixture
def broken():
    assert 0

@pytest.mark.xfail(reason="in set-up")
def test_in_setup(broken): pass
"""
    write_files(pytester, {"test_a.py": source, "test_b.py": source})
    plain, ran = assert_as_plain(pytester, "-rxX")
    title = "short test summary info"
    assert lines_of(ran.out, title) == lines_of(plain.out, title)


def test_skips_are_folded_as_in_plain(pytester: pytest.Pytester) -> None:
    source = """
import unittest
import pytest

pytestmark = pytest.mark.usefixtures("nothing")

@pytest.fixture
def nothing(): pass

@pytest.mark.skip(reason="by mark")
@pytest.mark.parametrize("n", range(3))
def test_marked(n): pass

@pytest.mark.skipif(True, reason="by condition")
def test_condition(): pass

def helper():
    pytest.skip("by helper")

@pytest.mark.parametrize("n", range(2))
def test_called(n):
    helper()

def test_imported():
    pytest.importorskip("missing_module")

class Case(unittest.TestCase):
    @unittest.skip("by unittest")
    def test_case(self): pass

    def setUp(self):
        self.skipTest("in setUp")

    def test_setup(self): pass
"""
    whole = "import pytest\npytest.skip('the whole file', allow_module_level=True)\n"
    write_files(pytester, {"test_a.py": source, "test_b.py": source, "test_c.py": whole})
    for args in (["-rs"], ["-rs", "--no-fold-skipped"]):
        plain, ran = assert_as_plain(pytester, *args)
        title = "short test summary info"
        assert lines_of(ran.out, title) == lines_of(plain.out, title)
        assert any("the whole file" in line for line in lines_of(ran.out, title))


def test_properties_that_cannot_be_serialised_are_shown_by_their_repr(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        test_a="""
        import enum
        import pathlib
        import pytest

        class Thing:
            def __repr__(self): return "<the thing>"

        class Broken:
            def __repr__(self): raise RuntimeError("no repr")

        class Colour(enum.IntEnum):
            RED = 1

        class Text(str): pass

        VALUES = {
            "thing": Thing(), "broken": Broken(), "huge": 10**50, "colour": Colour.RED,
            "text": Text("subclass"), "path": pathlib.Path("a"), "surrogate": "\\udc80",
            "keys": {1: 2, None: 3, (4, 5): 6}, "set": {1}, "bytes": b"\\xff", "function": len,
            "nan": float("nan"), "complex": 1j,
        }

        @pytest.mark.parametrize("name", VALUES)
        def test_records(name, record_property):
            record_property(name, VALUES[name])

        def test_recursive(record_property):
            endless = []
            endless.append(endless)
            record_property("endless", endless)
        """,
        test_b="def test_other(): pass",
    )
    ran = run_orchestrated(pytester)
    assert ran.counts == {"passed": 15}
    assert ran.record is not None
    told = {}
    for attempts in ran.record["tests"].values():
        told.update(attempts[0]["properties"])
    assert told["thing"] == "<the thing>"
    assert "Broken" in told["broken"]
    assert told["huge"] == str(10**50)
    assert told["text"] == "subclass"
    assert told["path"] == "a"


@pytest.mark.parametrize("flag", ["--tb=auto", "--showlocals"])
def test_odd_exceptions_fail_their_test_and_no_more(pytester: pytest.Pytester, flag: str) -> None:
    groups = """
def test_group():
    raise ExceptionGroup("several", [ValueError(1), ExceptionGroup("inner", [TypeError(2)])])
"""
    source = """
import pytest

class NoRepr(Exception):
    def __repr__(self): raise RuntimeError("no repr")

class NoStr(Exception):
    def __str__(self): raise RuntimeError("no str")
    __repr__ = __str__

class Value:
    def __repr__(self): raise ValueError("no repr of the value")

def test_no_repr(): raise NoRepr("told")

def test_no_str(): raise NoStr("told")

def test_value():
    value = Value()
    assert value is None

def test_huge(): assert 10**60 == 10**61

def test_chain():
    try:
        try:
            {}["key"]
        except KeyError as error:
            raise ValueError("cause") from error
    except ValueError:
        raise TypeError("context")

def test_base():
    raise BaseException("the base of all")

def test_exit(): raise SystemExit(3)

def test_generator_exit(): raise GeneratorExit

def test_nul(): assert "\\x00" == "\\x01"

def test_recursion():
    def again(): again()
    again()

@pytest.mark.parametrize("text", ["\\x00", "a\\nb", "\\u2603"])
def test_params(text): assert not text
"""
    source += groups if sys.version_info >= (3, 11) else ""
    write_files(pytester, {"test_a.py": source, "test_b.py": "def test_good(): pass\n"})
    plain, ran = assert_as_plain(pytester, flag)
    assert blocks(ran.out, "FAILURES") == blocks(plain.out, "FAILURES")


def test_lone_surrogates_are_shown_escaped(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_a="""
        import pytest

        @pytest.mark.parametrize("text", ["\\udc80", "\\ud800"])
        def test_params(text, record_property):
            record_property("text", text)
            print("printed", ascii(text))
            assert text == "\\udfff"

        def test_message(): pytest.fail("lone \\ud800 one")

        def test_reason(): pytest.skip("lone \\ud800 one")

        """,
        test_b="def test_good(): pass",
    )
    ran = run_orchestrated(
        pytester, "--junitxml=out.xml", "-rA", "-o", "junit_logging=all", "-Wignore"
    )
    assert ran.counts == {"failed": 3, "passed": 1, "skipped": 1}
    assert "lone \\ud800 one" in ran.out


def test_attributes_that_a_conftest_gives_a_report_travel(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import json
        import os
        import pytest

        class Thing:
            def __repr__(self): return "<the thing>"

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            if call.when == "call":
                report.own_text = "of " + item.name
                report.own_keys = {1: "one", None: "none", (2, 3): ["tuple"]}
                report.own_thing = Thing()
                report.own_number = 2**70
                report.sections.append(("Own section", "added by the conftest\\n"))
            return report

        def pytest_runtest_logreport(report):
            if report.when == "call" and "PYTEST_XDIST_WORKER" not in os.environ:
                line = [report.nodeid, report.own_text, repr(report.own_keys)]
                line += [repr(report.own_thing), str(report.own_number)]
                line += [str(report.worker_id), report.node.gateway.id]
                with open("heard", "a") as file:
                    file.write(json.dumps(line) + "\\n")
        """
    )
    pytester.makepyfile("def test_good(): pass\ndef test_bad(): assert 0\n")
    ran = run_orchestrated(pytester)
    assert ran.counts == {"passed": 1, "failed": 1}
    assert "added by the conftest" in ran.out
    heard = [json.loads(line) for line in (pytester.path / "heard").read_text().splitlines()]
    assert len(heard) == 2
    for nodeid, text, keys, thing, number, worker, gateway in heard:
        assert text == "of " + nodeid.rpartition("::")[2]
        assert keys == "{1: 'one', None: 'none', (2, 3): ['tuple']}"
        assert thing in ("<the thing>", repr("<the thing>"))
        assert number == str(2**70)
        assert worker == gateway
        assert worker in ("gw0", "gw1")


def test_reports_are_counted_as_a_conftest_wants_them(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            if "quarantined" in item.keywords and report.failed:
                report.outcome, report.wasxfail = "skipped", "quarantined"
            return report

        def pytest_report_teststatus(report):
            if report.when == "call" and "special" in report.nodeid:
                return "special", "S", ("SPECIAL", {"purple": True})

        def pytest_configure(config):
            config.addinivalue_line("markers", "quarantined: known to fail")
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.quarantined
        def test_bad(): assert 0

        def test_special(): pass
        def test_good(): pass
        """
    )
    plain = run_plain(pytester, "-rA")
    ran = run_orchestrated(pytester, "-rA")
    assert ran.record is not None
    assert plain.record is not None
    assert ran.record["counts"] == plain.record["counts"]
    assert ran.counts == plain.counts


def test_several_attempts_at_a_test_are_all_reported(pytester: pytest.Pytester) -> None:
    # as pytest-rerunfailures and its like do it
    pytester.makeconftest(
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            hook = item.ihook
            hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            for attempt in range(3):
                reports = runtestprotocol(item, nextitem=nextitem, log=False)
                failed = any(report.failed for report in reports)
                for report in reports:
                    if failed and attempt < 2 and report.when == "call":
                        report.outcome = "rerun"
                    report.attempt = attempt
                    hook.pytest_runtest_logreport(report=report)
                if not failed:
                    break
            hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
            return True

        def pytest_report_teststatus(report):
            if report.outcome == "rerun":
                return "rerun", "R", ("RERUN", {"yellow": True})
        """
    )
    source = """
tried = []

def test_flaky():
    tried.append(1)
    assert len(tried) == 3

def test_good(): pass

def test_bad(): assert 0
"""
    write_files(pytester, {"test_a.py": source, "test_b.py": source})
    plain, ran = run_plain(pytester), run_orchestrated(pytester)
    assert plain.record is not None
    assert ran.record is not None
    assert ran.record["counts"] == plain.record["counts"]
    assert ran.record["counts"]["rerun"] == 8
    assert ran.code == plain.code == 1


def test_an_outcome_unknown_to_pytest_is_passed_on(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            if item.name == "test_odd" and call.when == "call":
                report.outcome = "strange"
            return report

        def pytest_report_teststatus(report):
            if report.outcome == "strange":
                return "strange", "?", "STRANGE"
        """
    )
    pytester.makepyfile("def test_odd(): pass\ndef test_good(): pass")
    plain, ran = run_plain(pytester), run_orchestrated(pytester)
    assert plain.record is not None
    assert ran.record is not None
    assert ran.record["counts"] == plain.record["counts"]
    assert ran.code == plain.code


def test_a_report_that_a_plugin_cannot_serialise_fails_the_run_with_its_story(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(
        """
        def pytest_report_to_serializable(config, report):
            if report.nodeid.endswith("test_bad"):
                raise RuntimeError("cannot be written")
        """
    )
    pytester.makepyfile("def test_bad(): pass\ndef test_good(): pass")
    ran = run_orchestrated(pytester)
    assert ran.code == 3
    assert "cannot be written" in ran.out + ran.err
