"""``--junitxml`` writes what it writes without workers."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from typing import Any

import pytest

from tests.acceptance.printed import ADDRESS
from tests.acceptance.support import run_orchestrated, run_plain, write_files
from tests.acceptance.tracing import GROUPS

SUITE = """
import os
import pytest

@pytest.fixture(scope="session", autouse=True)
def suite_property(record_testsuite_property):
    record_testsuite_property("built by", "nobody")

def test_good(record_property):
    print("said")
    record_property("number", 3)
    record_property("text", "<&>")

def test_bad(record_property):
    record_property("before", "it failed")
    assert 0, "as it is"

def test_attribute(record_xml_attribute):
    record_xml_attribute("classname", "renamed")
    record_xml_attribute("REQ", "12")

@pytest.fixture
def broken():
    raise RuntimeError("no set-up")

def test_setup(broken): pass

@pytest.fixture
def leaky():
    yield
    raise RuntimeError("no tear-down")

def test_leaks(leaky): pass

def test_fails_and_leaks(leaky):
    assert 0

@pytest.mark.skip(reason="not today")
def test_skipped(): pass

@pytest.mark.xfail(reason="known")
def test_xfailed(): assert 0

@pytest.mark.xfail(strict=True)
def test_strict(): pass

def test_odd_text():
    assert 0, "nul \\x00 escape \\x1b snowman \\u2603"

class TestInClass:
    @pytest.mark.parametrize("value", ["a/b", "c::d", "\\u2603"])
    def test_method(self, value): pass
"""


def read(path: Any) -> ET.Element:
    """The one test suite of a file."""
    (suite,) = ET.parse(path).getroot()
    return suite


def counts(suite: ET.Element) -> dict[str, str]:
    return {key: suite.get(key, "") for key in ("tests", "errors", "failures", "skipped")}


def cases(suite: ET.Element) -> Counter[str]:
    """Every test case, without its time."""
    found = []
    for case in suite.iter("testcase"):
        attributes = {key: value for key, value in case.attrib.items() if key != "time"}
        inside = [
            (child.tag, dict(child.attrib), _text(child), [dict(p.attrib) for p in child])
            for child in case
        ]
        found.append(ADDRESS.sub("0x", repr((sorted(attributes.items()), inside))))
    return Counter(found)


def _text(element: ET.Element) -> str:
    lines = (element.text or "").splitlines()
    return "\n".join(line for line in lines if not line.startswith("[gw"))


def both(pytester: pytest.Pytester, *args: str) -> tuple[ET.Element, ET.Element]:
    run_plain(pytester, "--junitxml=plain.xml", *args)
    run_orchestrated(pytester, "--junitxml=ours.xml", *args)
    return read(pytester.path / "plain.xml"), read(pytester.path / "ours.xml")


@pytest.mark.parametrize(("family", "logging"), [("xunit1", "all"), ("xunit2", "no")])
def test_xml_is_that_of_plain(pytester: pytest.Pytester, family: str, logging: str) -> None:
    write_files(pytester, {"test_a.py": SUITE, "sub/test_b.py": SUITE})
    plain, ran = both(pytester, "-o", f"junit_family={family}", "-o", f"junit_logging={logging}")
    assert counts(ran) == counts(plain)
    assert cases(ran) == cases(plain)


def test_attributes_recorded_by_a_test_are_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(10))
        def test_it(n, record_xml_attribute):
            record_xml_attribute("number", str(n))

        def test_none(): pass
        """
    )
    _, ran = both(pytester, "-o", "junit_family=xunit1")
    found = {case.get("name"): case.get("number") for case in ran.iter("testcase")}
    assert found == {**{f"test_it[{n}]": str(n) for n in range(10)}, "test_none": None}


def test_suite_properties_of_every_worker_are_kept(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(6))
        def test_it(n, record_testsuite_property):
            record_testsuite_property(f"recorded {n}", n)
        """
    )
    _, ran = both(pytester)
    properties = ran.find("properties")
    assert properties is not None
    assert sorted((p.get("name"), p.get("value")) for p in properties) == [
        (f"recorded {n}", str(n)) for n in range(6)
    ]


def test_errors_of_module_tear_down_are_counted_as_in_plain(pytester: pytest.Pytester) -> None:
    source = """
import pytest

@pytest.fixture(scope="module", autouse=True)
def leaky():
    yield
    raise RuntimeError("late")

@pytest.mark.parametrize("n", range(3))
def test_it(n): pass
"""
    files = {f"test_{name}.py": source for name in "abcd"}
    write_files(pytester, {"conftest.py": GROUPS, **files})
    plain, ran = both(pytester)
    assert counts(ran) == counts(plain)
    assert cases(ran) == cases(plain)


def test_a_crashed_test_is_one_failed_case(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_a="""
        import os
        def test_before(): pass
        def test_dies(record_property):
            record_property("lost", "with it")
            os._exit(7)
        def test_after(): pass
        """,
        test_b="def test_other(): pass",
    )
    ran = run_orchestrated(pytester, "--junitxml=ours.xml")
    assert ran.code == 1
    suite = read(pytester.path / "ours.xml")
    assert counts(suite) == {"tests": "4", "errors": "0", "failures": "1", "skipped": "0"}
    names = sorted(str(case.get("name")) for case in suite.iter("testcase"))
    assert names == ["test_after", "test_before", "test_dies", "test_other"]
    (failure,) = suite.iter("failure")
    assert "crashed" in (failure.text or "")


def test_errors_of_collection_are_cases(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_a="import missing_module", test_b="def test_it(): pass")
    plain, ran = both(pytester, "--continue-on-collection-errors")
    assert counts(ran) == counts(plain)
    assert cases(ran) == cases(plain)


def test_xml_is_complete_after_the_first_failure(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_bad(): assert 0\ndef test_never(): pass\n")
    _, ran = both(pytester, "-x", "-o", "xfail_strict=true")
    assert counts(ran)["failures"] == "1"
