"""Subtests are told and counted as in plain pytest."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from tests.acceptance.support import PYTEST_9, assert_as_plain, run_orchestrated, run_plain

UNITTEST = """
import unittest

class Case(unittest.TestCase):
    def test_some(self):
        for n in range(4):
            with self.subTest("named", n=n):
                self.assertNotEqual(n, 2)

    def test_all(self):
        for n in range(3):
            with self.subTest(n=n):
                pass

    def test_and_itself(self):
        with self.subTest(n=1):
            self.fail("inside")
        self.fail("outside")

    def test_skips(self):
        with self.subTest(n=1):
            self.skipTest("not this one")
        with self.subTest(n=2):
            pass
"""

FIXTURE = """
import pytest

def test_some(subtests):
    for n in range(4):
        with subtests.test("named", n=n, text=f"text {n}", thing=object):
            assert n != 2

def test_all(subtests):
    for n in range(3):
        with subtests.test(n=n):
            print("said", n)

def test_skips(subtests):
    with subtests.test(n=1):
        pytest.skip("not this one")
    with subtests.test(n=2):
        pytest.xfail("nor this")

def test_and_itself(subtests):
    with subtests.test(n=1):
        assert 0, "inside"
    assert 0, "outside"
"""

#: unittest's subtests are known to every supported pytest, the fixture came with 9.0.
SUITES = {"unittest": UNITTEST, **({"fixture": FIXTURE} if PYTEST_9 else {})}


@pytest.fixture(params=SUITES)
def suite(pytester: pytest.Pytester, request: pytest.FixtureRequest) -> str:
    pytester.makepyfile(test_a=SUITES[request.param], test_b=SUITES[request.param])
    return str(request.param)


def test_subtests_end_as_in_plain(pytester: pytest.Pytester, suite: str) -> None:
    assert_as_plain(pytester)


def test_subtests_are_named_as_in_plain(pytester: pytest.Pytester, suite: str) -> None:
    args = ("-rA", "-vv")
    plain, ran = run_plain(pytester, *args), run_orchestrated(pytester, *args)
    pattern = r"^\w*(?:SUBPASSED|SUBFAILED|SUBSKIPPED|SUBPASS|FAILED)\S* .*::.*$"
    summary = "short test summary info"

    def lines(text: str) -> list[str]:
        return sorted(re.findall(pattern, text.partition(summary)[2], re.MULTILINE))

    assert lines(plain.out)
    assert lines(ran.out) == lines(plain.out)


def test_subtests_are_the_same_in_xml(pytester: pytest.Pytester, suite: str) -> None:
    found = []
    for run, name in ((run_plain, "plain.xml"), (run_orchestrated, "ours.xml")):
        run(pytester, f"--junitxml={name}")
        (element,) = ET.parse(pytester.path / name).getroot()
        totals = {key: element.get(key) for key in ("tests", "errors", "failures", "skipped")}
        cases = sorted(
            (str(c.get("classname")), str(c.get("name")), sorted(child.tag for child in c))
            for c in element.iter("testcase")
        )
        found.append((totals, cases))
    assert found[0] == found[1]


def test_a_failed_subtest_stops_a_run_with_x(pytester: pytest.Pytester, suite: str) -> None:
    pytester.path.joinpath("test_b.py").unlink()
    plain = run_plain(pytester, "-x")
    ran = run_orchestrated(pytester, "-x")
    assert ran.code == plain.code == 1
