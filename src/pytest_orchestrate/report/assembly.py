"""The records of one run, put together into its report.

What needs more than these records (earlier runs, coverage) is added by others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from msgspec.structs import replace

from pytest_orchestrate.model.attempt import shared_part
from pytest_orchestrate.model.events import Constraint
from pytest_orchestrate.model.outcome import BAD, GOOD
from pytest_orchestrate.report.attempts import Artifact, Attempt, FinalOutcome, TestReport, Waited
from pytest_orchestrate.report.builder import SummaryBuilder
from pytest_orchestrate.report.clocks import shown, tell_times
from pytest_orchestrate.report.document import CI, VERSION, Report, RunFacts
from pytest_orchestrate.report.failures import failure_of
from pytest_orchestrate.report.lanes import Lanes
from pytest_orchestrate.report.next_commands import (
    PYTEST,
    UNPLACED,
    Start,
    failed,
    next_commands,
)
from pytest_orchestrate.report.redaction import redacted_arguments
from pytest_orchestrate.report.story import Move, Story, TestStory
from pytest_orchestrate.report.summary import NotRun, Summary
from pytest_orchestrate.report.waiting import Waiting

#: Of the tests that one waited for so many are named, the last ones.
NAMED = 5
#: Why the log leaves a test without an end.
CUT_OFF = "the run was cut off"
GOES_ON = "the run goes on"


class Assembly:
    """Takes the records of one run, in order; then makes its report.

    :param folder: Where the folders are that tests have left.
    :param is_live: There may be more records later.
    """

    def __init__(self, folder: str = "", *, is_live: bool = False) -> None:
        self._folder = f"{folder}/" if folder else ""
        #: Test -> what its next attempt on record has left.
        self._left: dict[int, list[Artifact]] = {}
        #: Test and position of its attempt -> what that has left.
        self._artifacts: dict[tuple[int, int], tuple[Artifact, ...]] = {}
        self._builder = SummaryBuilder()
        self._story = Story(is_live=is_live)
        self._lanes = Lanes()
        #: Test -> what was found later, as recorded.
        self._amendments: dict[int, list[Mapping[str, Any]]] = {}
        #: Worker -> attempts on record.
        self._ran: Counter[str] = Counter()
        #: Worker -> seconds of shared fixtures since its last attempt; test -> of its attempts.
        self._set_up: dict[str, float] = {}
        self._shared: dict[int, float] = {}
        #: Records of what could not be collected, or has skipped itself.
        self._uncollected: list[Mapping[str, Any]] = []

    def add(self, record: Mapping[str, Any]) -> None:
        """Take the next record; of kinds that are not known nothing is said."""
        self._builder.add(record)
        self._story.add(record)
        self._lanes.add(record)
        match record["record"]:
            case "uncollected" | "skipped":
                self._uncollected.append(record)
            case "amend":
                self._amendments.setdefault(record["test"], []).append(record)
            case "artifact":
                left = Artifact(
                    name=record["name"],
                    path=self._folder + record["path"],
                    bytes=record["bytes"],
                    media_type=record["media_type"],
                )
                self._left.setdefault(record["test"], []).append(left)
            case "fixture":
                worker, seconds = record["worker"], record.get("setup") or 0.0
                self._set_up[worker] = self._set_up.get(worker, 0.0) + seconds
            case "attempt":
                self._ran[record["worker"]] += 1
                test = record["test"]
                fixtures = self._set_up.pop(record["worker"], 0.0)
                if fixtures:
                    shared = shared_part(fixtures, record["setup"])
                    self._shared[test] = self._shared.get(test, 0.0) + shared
                if test not in self._left:
                    return
                place = (test, len(self._story.attempts[test]) - 1)
                self._artifacts[place] = tuple(self._left.pop(test))

    @property
    def goes_on(self) -> bool:
        """The run has not ended, and was not cut off."""
        return self._story.goes_on

    @property
    def tells_anything(self) -> bool:
        """The run has ended, or has got as far as to know of tests or of what has none."""
        story = self._story
        return bool(story.end is not None or story.tests or self._uncollected)

    def report(self) -> Report:
        """Return what the records tell."""
        story = self._story
        tell_times(story)
        run = _run_facts(story.run)
        waiting = Waiting(story, most=NAMED)
        tests = tuple(self._test(number, told, waiting) for number, told in enumerate(story.tests))
        tests += tuple(_uncollected(record, run.started) for record in self._uncollected)
        start = Start.of(story.run)
        unplaced = failed(tests, start) is None
        return Report(
            version=VERSION,
            run=run,
            summary=self._summary(tests),
            tests=tests,
            timeline=self._lanes.timeline(story, tests),
            commands=next_commands(run, tests, start),
            remarks=(f"no command runs what failed again: {UNPLACED}",) if unplaced else (),
        )

    def _summary(self, tests: Sequence[TestReport]) -> Summary:
        """The figures of the run, with what was cut off."""
        summary = self._builder.summary()
        end = self._story.end
        if end is not None and not self._story.tests and end.get("not_run"):
            summary = _never_begun(summary, end["not_run"], end.get("reason") or "")
        if self._story.end is None:
            outcomes = Counter(test.outcome for test in tests if not test.is_collection)
            lost = outcomes["not run"] - summary.outcomes.get("not run", 0)
            why = self._why_unfinished
            summary = replace(
                summary,
                outcomes=dict(sorted(outcomes.items())),
                ran=outcomes.total() - outcomes["not run"],
                interrupted=tuple(t.nodeid for t in tests if t.outcome == "interrupted"),
                running=tuple(t.nodeid for t in tests if t.outcome == "running"),
                not_run=(*summary.not_run, *([NotRun(lost, why)] if lost > 0 else ())),
                reason=summary.reason or (None if self.goes_on else why),
                goes_on=self.goes_on,
            )
        return summary

    @property
    def _why_unfinished(self) -> str:
        return GOES_ON if self.goes_on else CUT_OFF

    def _test(self, number: int, told: TestStory, waiting: Waiting) -> TestReport:
        story, constraint = self._story, told.constraint
        recorded = story.attempts.get(number, [])
        attempts = self._attempts(number, told, recorded)
        end = told.end
        last: Mapping[str, Any] = recorded[-1] if recorded else {}
        return TestReport(
            nodeid=told.test.nodeid,
            occurrence=told.test.occurrence,
            file=told.test.file,
            line=last.get("line"),
            outcome=_outcome(told, attempts),
            attempts=attempts,
            reason="" if attempts else self._why_unfinished if end is None else end.reason,
            cause=end.cause if end is not None else None,
            estimate=told.estimate,
            waited=tuple(
                Waited(
                    wait.kind,
                    wait.start,
                    wait.end - wait.start,
                    wait.tests,
                    wait.name,
                    wait.held,
                    wait.kept,
                )
                for wait in waiting.of(number)
            ),
            priority=constraint.priority if constraint is not None else 0,
            requires=() if constraint is None else _targets(constraint),
            resources=() if constraint is None else _resources(constraint),
            group=told.test.group,
            markers=tuple(last.get("markers", ())),
            properties=_pairs(last.get("properties")),
            shared=self._shared.get(number, 0.0),
            outside=last.get("file") or "",
        )

    def _attempts(
        self, number: int, told: TestStory, recorded: list[Mapping[str, Any]]
    ) -> tuple[Attempt, ...]:
        began = float(self._story.run.get("started", 0.0))
        start = told.start
        attempts = []
        for position, record in enumerate(recorded, 1):
            late = self._amendments.get(number, ()) if position == len(recorded) else ()
            left = self._artifacts.get((number, position - 1), ())
            at = max(0.0, record["started"] - began)
            if start is not None:
                at = start.now + max(0.0, shown(record) - shown(recorded[0]))
            attempt = _attempt(record, at, late, left)
            within = start.within if start is not None else 0.0
            attempts.append(replace(attempt, started=began + at, within=within))
        if start is not None and _is_cut_off(told, recorded):  # of which there is no attempt
            attempts.append(self._cut_off(number, told, start, attempts))
        return tuple(attempts)

    def _cut_off(
        self, number: int, told: TestStory, start: Move, earlier: Sequence[Attempt]
    ) -> Attempt:
        assert start.worker is not None
        story, at = self._story, start.now
        if earlier:
            at = earlier[-1].at + earlier[-1].seconds
            for record in story.cut_off.get(number, ()):
                shift = start.now - shown(story.attempts[number][0])
                at = max(at, shown(record) + shift)
        until = told.end.now if told.end is not None else story.now
        worker = story.name(start.worker)
        return Attempt(
            worker=worker,
            order=self._ran[worker],
            outcome="running" if self.goes_on and told.end is None else "interrupted",
            started=float(story.run.get("started", 0.0)) + at,
            at=at,
            setup=0.0,
            call=max(0.0, until - at),
            teardown=0.0,
            within=start.within,
        )


def _never_begun(summary: Summary, count: int, reason: str) -> Summary:
    """With tests that were collected, but not even given to the engine."""
    return replace(
        summary,
        outcomes={**summary.outcomes, "not run": count},
        collected=summary.collected + count,
        not_run=(*summary.not_run, NotRun(count, reason)),
    )


def _is_cut_off(told: TestStory, recorded: Sequence[object]) -> bool:
    return not recorded or (told.end is not None and told.end.outcome == "interrupted")


def _uncollected(record: Mapping[str, Any], started: float) -> TestReport:
    """What stands for a file or folder that could not be collected, or has skipped itself."""
    nodeid = record["nodeid"] or "."
    file = nodeid.partition("::")[0]
    attempt = Attempt("", 0, "error", started, 0.0, 0.0, 0.0, 0.0)
    if record["record"] == "skipped":
        attempt = replace(attempt, outcome="skipped", reason=record["reason"])
        line = record.get("line") if record.get("path") == file else None
        return TestReport(nodeid, 0, file, line, "skipped", (attempt,), is_collection=True)
    attempt = replace(attempt, failure=failure_of(record))
    return TestReport(nodeid, 0, file, None, "error", (attempt,), is_collection=True)


def _attempt(
    record: Mapping[str, Any],
    at: float,
    late: Sequence[Mapping[str, Any]],
    left: tuple[Artifact, ...],
) -> Attempt:
    outcome = record["outcome"]
    if late and outcome not in BAD:
        outcome = late[-1]["outcome"]
    return Attempt(
        worker=record["worker"],
        order=record["order"],
        outcome=outcome,
        started=record["started"],
        at=at,
        setup=record["setup"],
        call=record["call"],
        teardown=record["teardown"],
        failure=failure_of(record, late) if outcome in BAD else None,
        reason=record.get("reason", ""),
        sections=_pairs(record["sections"]),
        artifacts=left,
    )


def _outcome(told: TestStory, attempts: tuple[Attempt, ...]) -> FinalOutcome:
    if told.end is None and not attempts:
        return "not run"
    outcome = attempts[-1].outcome if attempts else told.outcome
    if outcome in GOOD and any(each.outcome in BAD for each in attempts):
        outcome = "flaky"
    return cast("FinalOutcome", outcome)


def _targets(constraint: Constraint) -> tuple[int, ...]:
    return tuple(dict.fromkeys(each for need in constraint.needs for each in need.targets))


def _resources(constraint: Constraint) -> tuple[str, ...]:
    return tuple(dict.fromkeys(demand.name for demand in constraint.demands))


def _pairs(recorded: Iterable[tuple[object, object]] | None) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in recorded) if recorded else ()


def _run_facts(first: Mapping[str, Any]) -> RunFacts:
    """What the first line of a log says, in whatever version it was written."""
    facts: Mapping[str, Any] = first.get("facts", {})
    ci = facts.get("ci")

    def text(name: str) -> str:
        return str(facts.get(name) or "")

    def mapping(name: str) -> Mapping[str, str]:
        return {str(key): str(value) for key, value in (facts.get(name) or {}).items()}

    return RunFacts(
        run=str(first.get("run", "")),
        started=float(first.get("started", 0.0)),
        mode=str(first.get("mode", "")),
        program=tuple(map(str, first.get("program", PYTEST))),
        args=tuple(redacted_arguments(map(str, first.get("args", ())))),
        selection=str(first.get("selection", "")),
        python=text("python"),
        implementation=text("implementation"),
        platform=text("platform"),
        cpus=facts.get("cpus"),
        pytest=text("pytest"),
        plugins=mapping("plugins"),
        revision=facts.get("revision"),
        branch=facts.get("branch"),
        dirty=facts.get("dirty"),
        ci=None if ci is None else CI(str(ci["name"]), ci.get("url")),
        settings=mapping("settings"),
        seeds=mapping("seeds"),
        environment=mapping("environment"),
        hostname=text("hostname") or None,
    )
