"""What ``doctor`` says of a pytest that does not come to the end of its collection."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_orchestrate.cli.doctor.diagnosing import diagnose
from pytest_orchestrate.cli.doctor.facts import Examination, Failure
from tests.unit.cli.examined import PLAIN, TWO_FILES


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (
            Failure("exit", 4, "noise\nERROR: it is so\n  because\n"),
            "it said\nERROR: it is so\n  b",
        ),
        (Failure("exit", 0, ""), "before it had collected all tests (exit status 0)"),
        (Failure("signal", 9, ""), "killed by signal 9"),
        (
            Failure("time", 5, "", ("conftest.py:3 in wait", "<frozen importlib>:1 in x")),
            "pytest had not ended after 5 s; it was in\nconftest.py:3 in wait",
        ),
        (
            Failure(
                "exit",
                3,
                "INTERNALERROR> Traceback\nINTERNALERROR>   File 'a', line 1\n"
                "INTERNALERROR>   File 'b', line 2\nINTERNALERROR>     boom()\n"
                "INTERNALERROR> ValueError: 7\n",
            ),
            "INTERNALERROR\n  File 'b', line 2\n    boom()\nValueError: 7",
        ),
        (
            Failure(
                "exit", 1, "Traceback (most recent call last):\n  File 'a'\n    b\nImportError: c"
            ),
            "it said\nImportError: c",
        ),
    ],
    ids=["usage error", "sys.exit", "killed", "hang", "internal error", "traceback"],
)
def test_a_pytest_that_does_not_come_to_its_end_is_a_conflict(
    failure: Failure, expected: str
) -> None:
    found = diagnose(Examination(PLAIN), failure)
    assert expected in found.findings[0].text
    assert found.has_conflicts
    assert found.proposal is None
    assert diagnose(Examination(), failure).has_conflicts


WARNED = "INTERNALERROR>   File 'b', line 2\nINTERNALERROR> pytest.PytestWarning: set it\n"


def test_what_ends_pytest_without_us_as_well_is_told_so() -> None:
    failure = Failure("exit", 3, f"ours\n{WARNED}", plain_output=f"theirs\n{WARNED}")
    found = diagnose(Examination(PLAIN), failure).findings[0]
    assert "(exit status 3), and does so without this plugin, too; it said" in found.text
    assert found.advice.startswith("filterwarnings makes an error of a warning")


def test_that_it_took_another_time_is_no_other_end() -> None:
    failure = Failure("exit", 2, "none in 0.02s\n", plain_output="none in 11.5s\n")
    assert "without this plugin, too" in diagnose(Examination(PLAIN), failure).findings[0].text


@pytest.mark.parametrize("plain", [None, "INTERNALERROR> ValueError: 7\n"])
def test_another_end_without_us_is_not_told_to_be_the_same(plain: str | None) -> None:
    failure = Failure("exit", 3, WARNED, plain_output=plain)
    found = diagnose(Examination(PLAIN), failure).findings[0]
    assert "(exit status 3); it said" in found.text
    assert found.advice == ""


def test_a_flag_that_two_plugins_have_is_told() -> None:
    said = "  raise it\nE   argparse.ArgumentError: conflicting option string: --workers\n"
    found = diagnose(Examination(), Failure("exit", 3, said)).findings[0]
    assert found.text.endswith(
        "it said\nargparse.ArgumentError: conflicting option string: --workers"
    )
    assert "another plugin has a flag --workers" in found.advice


def test_a_flag_that_is_misspelt_is_told_with_the_one_that_is_meant() -> None:
    said = "ERROR: usage: x\nx: error: unrecognized arguments: --orchestrate-wokers=3\n"
    found = diagnose(Examination(PLAIN), Failure("exit", 4, said)).findings[0]
    assert found.advice == "meant is probably --orchestrate-workers"


def test_a_setting_that_is_refused_is_told_once() -> None:
    said = "orchestrate_live in pytest.ini: 'maybe' is not accepted."
    examined = Examination(
        replace(PLAIN, refused=(said,)), replace(TWO_FILES, ended=f"UsageError: {said}")
    )
    found = diagnose(examined, Failure("exit", 4, f"ERROR: {said}\n"))
    assert [each.text for each in found.findings if each.level == "conflict"] == [said]
    assert (found.tests, found.files) == (None, None)


def test_a_collection_that_was_ended_is_told_in_the_words_of_pytest_or_by_itself() -> None:
    examined = Examination(PLAIN, replace(TWO_FILES, ended="Exit: enough"))
    for failure in (None, Failure("exit", 3, "Exit: enough\n")):
        found = diagnose(examined, failure)
        (told,) = [each.text for each in found.findings if each.level == "conflict"]
        assert "Exit: enough" in told
        assert found.tests is None
