"""What a report concludes from one run and those before it.

Positions are those of :attr:`~pytest_orchestrate.report.document.Report.tests`. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from pytest_orchestrate.report.attempts import Failure


class Area(msgspec.Struct, frozen=True):
    """A file, or a folder with all below it."""

    path: str
    is_file: bool
    tests: int
    #: Outcome -> tests; only outcomes that occurred.
    outcomes: Mapping[str, int]
    #: Of its tests, all attempts added up.
    seconds: float
    #: Of the seconds of all tests, 0 to 1.
    share: float
    #: Of the lines of the source files in it, 0 to 1; None where nothing was measured.
    coverage: float | None = None


class FailureGroup(msgspec.Struct, frozen=True):
    """Tests that did not end well for what seems to be one cause."""

    #: ``place``: same exception at the same place; ``message``: same shape of message;
    #: ``crash``: worker deaths that were told alike; ``blocked``: nothing failed in these, they
    #: were blocked by a test that is in no group.
    kind: Literal["place", "message", "crash", "blocked"]
    #: One line that tells the cause.
    title: str
    #: Of the first test in it; None for ``blocked``.
    failure: Failure | None
    #: Positions, in order.
    tests: tuple[int, ...]
    #: Positions of tests that were blocked because of these.
    blocked: tuple[int, ...] = ()
    #: ``new``: the last run with any of its tests had them all good; ``still``: failing since
    #: ``since``; None: nothing is known of earlier runs.
    status: Literal["new", "still"] | None = None
    #: The first run of the series in which one of these tests has not been good since, and its
    #: revision.
    since: str | None = None
    since_revision: str | None = None
    #: Its branch, if that is another one.
    since_branch: str | None = None
    #: Whether that may have begun earlier: attempts before that run are not kept any more.
    since_at_least: bool = False


class Changes(msgspec.Struct, frozen=True):
    """What is different from a complete run with the same selection."""

    #: That run, its revision and its branch.
    run: str
    revision: str | None
    branch: str | None
    #: ``branch``: it is the last one on this branch; ``ancestor``: this branch has none, and that
    #: is the last one of a revision that this one is based on; ``default``: there is none either,
    #: and that is the last one on the default branch.
    basis: Literal["branch", "ancestor", "default"]
    #: Seconds that this run took more; negative: less. None where the two cannot be compared.
    wall: float | None
    #: Why they cannot: ``4 workers then``.
    unlike: str = ""
    #: Positions of tests that were good then, or not there, and are bad now.
    newly_failing: tuple[int, ...] = ()
    still_failing: tuple[int, ...] = ()
    #: Positions of tests that were bad then and are good now.
    fixed: tuple[int, ...] = ()
    #: Positions of tests that were not there.
    added: tuple[int, ...] = ()
    #: Node ids of tests that are not there any more.
    removed: tuple[str, ...] = ()


class TrendPoint(msgspec.Struct, frozen=True):
    """One recorded run with the same selection, on the same branch."""

    run: str
    started: float
    revision: str | None
    #: Tests that ran, and were not cut off.
    tests: int
    #: Tests that ended failed, with an error, or crashed.
    failed: int
    #: Tests that were both good and bad on this revision, so far.
    flaky: int
    wall: float
    #: All attempts added up.
    serial: float
    #: Against the run before: tests that came and went.
    added: int = 0
    removed: int = 0
    #: Why its times cannot be compared with those of this run: ``ended early``, ``4 workers``.
    unlike: str = ""


class FlakyTest(msgspec.Struct, frozen=True):
    """A test that was both good and bad on one revision."""

    #: Position.
    test: int
    #: Attempts on revisions on which it was good at least once, and how many of them were bad.
    attempts: int
    bad: int
    #: How often a good and a bad attempt followed each other.
    flips: int
    #: What is most likely its rate of failures, with the bounds of the 95 % interval.
    rate: float
    rate_low: float
    rate_high: float


class Regression(msgspec.Struct, frozen=True):
    """A test that takes longer than before, beyond what its own noise explains."""

    #: Position.
    test: int
    #: Median of its calls before, and the median since, in seconds.
    before: float
    now: float
    #: Chance that noise alone makes it look like this, by the test that the docs state.
    p: float


class Recommendation(msgspec.Struct, frozen=True):
    """Something to change, and what it is expected to bring."""

    kind: str
    #: A sentence that says what to do and why.
    text: str
    #: Seconds that the run would be shorter by the simulator; None where that is not the gain.
    gain: float | None = None
    #: Lines for pytest.ini, if that is what is to be changed.
    setting: str = ""


class ScorePart(msgspec.Struct, frozen=True):
    """One part of the quality score. ``points`` of ``of``."""

    name: str
    points: float
    of: float
    why: str


class Score(msgspec.Struct, frozen=True):
    """How good the suite is in shape, from 0 to 100; the docs have the formula.

    There is none of a run that ended early.
    """

    points: float
    parts: tuple[ScorePart, ...]
