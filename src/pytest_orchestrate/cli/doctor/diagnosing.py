"""From facts to findings."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from pytest_orchestrate.cli.doctor.diagnosis import FORMAT, LEVELS, Diagnosis, Finding
from pytest_orchestrate.cli.doctor.facts import Configured, Examination, Failure
from pytest_orchestrate.cli.doctor.of_configuration import of_configuration
from pytest_orchestrate.cli.doctor.of_plugins import of_plugins
from pytest_orchestrate.cli.doctor.of_speed import of_speed
from pytest_orchestrate.cli.doctor.of_tests import of_tests
from pytest_orchestrate.cli.doctor.overriding import where_it_counts
from pytest_orchestrate.cli.doctor.proposing import changes_of, proposal
from pytest_orchestrate.options import SETTINGS
from pytest_orchestrate.report.findings import Recommendation
from pytest_orchestrate.report.words import count_of

#: So much of what pytest said is shown, lines; and so many frames of where it was.
SHOWN, FRAMES = 12, 6
_INTERNAL = "INTERNALERROR> "
#: What argparse says of a flag that is there already.
_UNKNOWN = re.compile(r"unrecognized arguments: .*?(--orchestrate-[\w-]+)")
_FLAGS = [setting.flag for setting in SETTINGS]
_TAKEN = re.compile(r"conflicting option strings?: (\S+)")
#: Frames of pytest and of Python's import system.
_MACHINERY = re.compile(r"^<frozen |[/\\](_pytest|pluggy|pytest_orchestrate)[/\\]|^.*runpy")


def diagnose(
    examined: Examination,
    failure: Failure | None,
    *,
    recommended: Sequence[Recommendation] = (),
    environment: Iterable[Finding] = (),
) -> Diagnosis:
    """Put all together.

    :param recommended: What the last recorded run has taught.
    :param environment: What is to be said of where the command itself runs.
    """
    configured, collected = examined.configured, examined.collected
    findings = list(environment)
    if failure is not None:
        findings.append(_failed(failure, configured))
    if configured is not None:
        findings += of_configuration(configured)
    if configured is not None and collected is not None:
        findings += of_plugins(collected)
        findings += of_tests(configured, collected)
        findings += of_speed(configured, collected)
    if recommended:  # they say more of what bounds a run
        told = {"durations", "imports"} if _has_preload(recommended) else {"durations"}
        findings = [each for each in findings if each.topic not in told or each.level != "speed"]
    findings += _recommended(recommended)
    if configured is not None:
        findings = where_it_counts(findings, configured)
    findings.sort(key=lambda each: (LEVELS.index(each.level), -(each.gain or 0.0)))
    return Diagnosis(
        format=FORMAT,
        root=None if configured is None else configured.root,
        configuration=None if configured is None else configured.file,
        versions={} if configured is None else configured.versions,
        tests=None if collected is None else collected.tests,
        files=None if collected is None else sum(file.tests > 0 for file in collected.files),
        findings=tuple(findings),
        # where pytest does not come to its end, there is something else to be done first
        proposal=None
        if configured is None or collected is None
        else proposal(findings, file=configured.file, is_native_toml=configured.is_native_toml),
    )


def _failed(failure: Failure, configured: Configured | None) -> Finding:
    """Say in pytest's own words why it did not come to its end."""
    what = "before it had collected all tests" if configured else "before it loaded any conftest"
    said = "\n".join(telling_lines(failure.output))
    if failure.kind == "time":
        theirs = [frame for frame in failure.stack if not _MACHINERY.search(frame)]
        frames = "\n".join((theirs or failure.stack)[:FRAMES])
        where = f"; it was in\n{frames}" if frames else ""
        return Finding(
            "conflict",
            "pytest",
            f"pytest had not ended after {failure.number:g} s{where}",
            "--time-limit=SECONDS gives it longer",
        )
    how = f"exit status {failure.number:g}"
    if failure.kind == "signal":
        how = f"killed by signal {failure.number:g}"
    text = f"pytest ended {what} ({how})"
    taken = _TAKEN.search(failure.output)
    advice = ""
    if "No module named" in failure.output:
        advice = "if python -m pytest finds it: python -m pytest_orchestrate.cli doctor"
    unknown = _UNKNOWN.search(failure.output)
    close = get_close_matches(unknown[1], _FLAGS, n=1) if unknown is not None else []
    if close:
        advice = f"meant is probably {close[0]}"
    if taken is not None:
        advice = f"another plugin has a flag {taken[1]}, too: switch one of them off (-p no:NAME)"
    return Finding("conflict", "pytest", f"{text}; it said\n{said}" if said else text, advice)


def telling_lines(output: str) -> list[str]:
    """The last lines that it said, from the error on if one is named so."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    internal = [line[len(_INTERNAL) :] for line in lines if line.startswith(_INTERNAL)]
    if internal:  # the innermost frame, and the exception
        frames = [n for n, line in enumerate(internal) if line.startswith("  File ")]
        return ["INTERNALERROR", *internal[frames[-1] if frames else 0 :][:SHOWN]]
    for number, line in enumerate(lines):
        if line.startswith(("ERROR: ", "ImportError while loading")):
            first = lines[number:]
            return first if len(first) <= SHOWN else [*first[:2], "...", *first[3 - SHOWN :]]
    if any(line.startswith("Traceback (most recent call last)") for line in lines):
        indented = [n for n, line in enumerate(lines) if line.startswith("  ")]
        return lines[indented[-1] + 1 if indented else 0 :][:SHOWN]
    causes = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")]
    return (causes or lines)[-SHOWN:]


def _has_preload(recommended: Iterable[Recommendation]) -> bool:
    return any(each.kind == "preload" for each in recommended)


def _recommended(recommended: Iterable[Recommendation]) -> Iterator[Finding]:
    for each in recommended:
        yield Finding(
            "speed",
            "last run",
            f"in the last run: {each.text}",
            gain=each.gain,
            changes=changes_of(each.setting),
        )


def of_environment(variables: Mapping[str, str], prefix: str) -> Iterator[Finding]:
    """Whether the command is that of another environment than the one that is switched on.

    :param prefix: Of the interpreter that runs the command.
    """
    active = variables.get("VIRTUAL_ENV", "")
    if active and os.path.realpath(active) != os.path.realpath(prefix):
        text = f"this command is installed in {prefix}, but the environment {active} is switched"
        text += " on: its pytest may have other plugins"
        yield Finding("note", "versions", text, "python -m pytest_orchestrate.cli doctor")


def summary(diagnosis: Diagnosis) -> str:
    """How much of each there is, in a line."""
    counts = dict.fromkeys(LEVELS, 0)
    for finding in diagnosis.findings:
        counts[finding.level] += 1
    said = [
        count_of(counts["conflict"], "conflict") if counts["conflict"] else "no conflicts",
        count_of(counts["note"], "note"),
        count_of(counts["speed"], "hint") + " for speed",
    ]
    return ", ".join(said)
