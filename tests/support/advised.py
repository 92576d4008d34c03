"""Suites in which one thing bounds the run, and what becomes of them if advice is taken."""

from __future__ import annotations

from typing import NamedTuple

from pytest_orchestrate.report.document import Report


class Advised(NamedTuple):
    """The source of one file before and after; what is needed beside it is a setting."""

    #: Of the recommendation that is meant.
    kind: str
    before: str
    after: str
    #: Whether the setting that is recommended is made.
    with_setting: bool = False


_IMPORTS = "import pytest, time\n"

#: Six queries take turns at the only slot of a database; there is a second one.
SLOT = (
    _IMPORTS
    + """
@pytest.mark.resource("db")
@pytest.mark.parametrize("number", range(6))
def test_query(number): time.sleep(0.3)
"""
)

_SHORT = _IMPORTS + "def test_short(): time.sleep(0.2)\n"
_LONG = "def test_long(): time.sleep(1.6)\n"
_HALVES = "@pytest.mark.parametrize('half', '12')\ndef test_long(half): time.sleep(0.8)\n"

_CHAIN = (
    _IMPORTS
    + """
def test_a(): time.sleep(0.4)

@pytest.mark.requires("test_a")
def test_b(): time.sleep(0.4)

{mark}def test_c(): time.sleep(0.4)

@pytest.mark.requires("test_c")
def test_d(): time.sleep(0.4)
"""
)
_REQUIRES_B = '@pytest.mark.requires("test_b")\n'

ADVISED = {
    "a second slot": Advised("resource", SLOT, SLOT, with_setting=True),
    "the longest test in two": Advised("split", _SHORT + _LONG, _SHORT + _HALVES),
    "a shorter chain": Advised("chain", _CHAIN.format(mark=_REQUIRES_B), _CHAIN.format(mark="")),
}


def took(report: Report) -> float:
    """Seconds from the start of the first test to the end of the last one."""
    attempts = [each for test in report.tests for each in test.attempts]
    return max(each.at + each.seconds for each in attempts) - min(each.at for each in attempts)


def as_option(setting: str) -> tuple[str, str]:
    """A recommended setting of one line as arguments of pytest."""
    return "-o", setting.replace(" =\n", "=", 1)
