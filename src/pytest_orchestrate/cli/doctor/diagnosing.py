"""From facts to findings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pytest_orchestrate.cli.doctor.diagnosis import FORMAT, LEVELS, Diagnosis, Finding
from pytest_orchestrate.cli.doctor.facts import Configured, Examination, Failure
from pytest_orchestrate.cli.doctor.of_configuration import of_configuration
from pytest_orchestrate.cli.doctor.of_failure import of_failure
from pytest_orchestrate.cli.doctor.of_plugins import of_plugins
from pytest_orchestrate.cli.doctor.of_speed import of_speed
from pytest_orchestrate.cli.doctor.of_tests import of_tests
from pytest_orchestrate.cli.doctor.overriding import where_it_counts
from pytest_orchestrate.cli.doctor.proposing import changes_of, proposal
from pytest_orchestrate.report.findings import Recommendation
from pytest_orchestrate.report.words import count_of


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
    if failure is not None and not _is_refused(failure, configured):
        findings.append(of_failure(failure, configured))
    if configured is not None:
        findings += of_configuration(configured)
    if configured is not None and collected is not None:
        findings += of_plugins(collected)
        findings += of_tests(configured, collected, is_told=failure is not None)
        findings += of_speed(configured, collected)
    if recommended:  # they say more of what bounds a run
        told = {"durations", "imports"} if _has_preload(recommended) else {"durations"}
        findings = [each for each in findings if each.topic not in told or each.level != "speed"]
    findings += _recommended(recommended)
    if configured is not None:
        findings = where_it_counts(findings, configured)
    findings.sort(key=lambda each: (LEVELS.index(each.level), -(each.gain or 0.0)))
    counted = collected if collected is not None and collected.ended is None else None
    return Diagnosis(
        format=FORMAT,
        root=None if configured is None else configured.root,
        configuration=None if configured is None else configured.file,
        versions={} if configured is None else configured.versions,
        tests=None if counted is None else counted.tests,
        files=None if counted is None else sum(file.tests > 0 for file in counted.files),
        findings=tuple(findings),
        # where pytest does not come to its end, there is something else to be done first
        proposal=None
        if configured is None or collected is None
        else proposal(findings, file=configured.file, is_native_toml=configured.is_native_toml),
    )


def _is_refused(failure: Failure, configured: Configured | None) -> bool:
    """Whether it is for a setting that pytest has not come to its end, which is told as such."""
    refused = () if configured is None else configured.refused
    return failure.kind == "exit" and any(text in failure.output for text in refused)


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
