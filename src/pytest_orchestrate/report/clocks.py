"""When tests began and ended, by the clocks of the workers that ran them.

The controller hears of tests later than they begin and end: workers gather what they have to say
for up to 100 ms. Each attempt is recorded with the time at which its worker began with it. Workers
on this machine have the controller's clock. That of a worker elsewhere is another one: what is
known of it is that each of its tests began after the test was sent, and before that was heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_orchestrate.report.story import Move, Story, TestStory

#: Seconds by which a clock may contradict what the controller knows and still be believed: the
#: time of day is set a little now and then. If it is more, what was heard counts.
SLACK = 0.05


class OtherClock:
    """How far the clock of another machine is from the run's, as far as messages tell.

    The middle of what is possible is taken, as Cristian's algorithm does (1989); the true value is
    at most ``within`` seconds from it.
    """

    __slots__ = ("_least", "_most")

    def __init__(self) -> None:
        self._least, self._most = float("-inf"), float("inf")

    def add(self, shown: float, since: float, until: float) -> None:
        """It has shown this between two moments that the controller knows of."""
        self._least = max(self._least, since - shown)
        self._most = min(self._most, until - shown)

    @property
    def offset(self) -> float:
        """Seconds to add to what it shows; it has shown something."""
        return (self._least + self._most) / 2

    @property
    def within(self) -> float:
        """Seconds by which the offset may be wrong."""
        return abs(self._most - self._least) / 2


def possible(at: float, since: float, until: float) -> float | None:
    """What a clock shows, between what the controller knows; None if it cannot be true."""
    if since - SLACK <= at <= until + SLACK:
        return min(max(at, since), until)
    return None


def shown(record: Mapping[str, Any]) -> float:
    """When an attempt began, as its worker's clock had it; seconds since the epoch."""
    return float(record.get("clock", record["started"]))


def seconds_of(record: Mapping[str, Any]) -> float:
    """Set-up, call and tear-down of an attempt."""
    return float(record["setup"] + record["call"] + record["teardown"])


def tell_times(story: Story) -> None:
    """Let a story tell when tests began and ended, and not only when that was heard."""
    began = float(story.run.get("started", 0.0))
    clocks = _other_clocks(story)
    for test, told in enumerate(story.tests):
        attempts = story.attempts.get(test) or story.cut_off.get(test)
        if attempts:
            _tell(told, attempts, began, clocks, is_over=test not in story.cut_off)


def _tell(
    told: TestStory,
    attempts: list[Mapping[str, Any]],
    began: float,
    clocks: Mapping[str, OtherClock],
    *,
    is_over: bool,
) -> None:
    sent, start, end = _course(told)
    if start is None:
        return
    first, last = attempts[0], attempts[-1]
    clock = clocks.get(first["worker"]) if "clock" in first else None
    shift = clock.offset if clock is not None else -began
    since = sent.heard if sent is not None else told.collected
    at = possible(shown(first) + shift, since, start.heard)
    if at is None:
        return
    start.now, start.within = at, clock.within if clock is not None else 0.0
    if end is not None and is_over:
        until = possible(shown(last) + seconds_of(last) + shift, at, end.heard)
        if until is not None:
            end.now, end.within = until, start.within


def _other_clocks(story: Story) -> dict[str, OtherClock]:
    """The clocks of workers that have one of their own, by worker."""
    found: dict[str, OtherClock] = {}
    for test, attempts in story.attempts.items():
        first, last = attempts[0], attempts[-1]
        if "clock" not in first:
            continue
        sent, start, end = _course(story.tests[test])
        if start is not None and sent is not None:
            clock = found.setdefault(first["worker"], OtherClock())
            clock.add(shown(first), sent.heard, start.heard)
            if end is not None:
                clock.add(shown(last) + seconds_of(last), sent.heard, end.heard)
    return found


def _course(told: TestStory) -> tuple[Move | None, Move | None, Move | None]:
    """How a test was sent before it began, how it began, and how it ended on its worker."""
    sent = start = end = None
    for move in told.moves:
        if move.kind == "sent" and start is None:
            sent = move
        elif move.kind == "started":
            start = move
        elif move.kind in ("finished", "ended") and move.worker is not None:
            end = end or move
    return sent, start, end
