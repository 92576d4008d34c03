"""What a run could not have been shorter than, and which of that explains how long it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from pytest_orchestrate.model.need import Need
from pytest_orchestrate.model.pigeonholes import pigeonholes

#: From this share of the testing phase upwards, a limit explains how long it took.
EXPLAINS = 0.6
#: From this share of all work upwards, set-up that was paid for again is what there is to say.
MOSTLY = 0.5
#: What a single test takes of a chain or a resource, for these to be no more than that test.
ALMOST_ALL = 0.9

Kind = Literal["work", "set-up", "test", "chain", "resource", "exclusive", "group", "groups"]


class Limit(msgspec.Struct, frozen=True):
    """What alone takes so many seconds, however many workers there are (but for work).

    ``work``: all tests, spread evenly over the workers. ``set-up``: the same, where most of it is
    fixtures that further workers had to set up again. ``test``: the longest one. ``chain``: tests
    that require each other. ``resource``: how long it was held, the whole of it. ``exclusive``:
    tests beside which nothing runs. ``group``: tests that stay on one worker. ``groups``: so many
    of these that one worker has several, where that keeps the others from being busy.
    """

    kind: Kind
    seconds: float
    #: Of the resource or the group.
    name: str | None = None
    #: Of the resource: how much of it there is.
    capacity: int = 0
    #: Node ids: of the chain, first to last, or of the one test.
    tests: tuple[str, ...] = ()


class ResourceUse(msgspec.Struct, frozen=True):
    """How long a resource was held, from the time when a worker was sent a test that needs it."""

    name: str
    #: How much there is of it.
    capacity: int
    #: Seconds in which all of it was held, or twice as many in which half of it was.
    held: float


class Limits(msgspec.Struct, frozen=True):
    """Where the time of a run went. Times are seconds."""

    #: Workers that could run tests.
    workers: int
    #: From the beginning of the run until the first test began: start and collection.
    before: float
    #: From then until the last test ended.
    testing: float
    #: From then until the end: workers leave, results are reported.
    after: float
    #: Set-up of fixtures above function scope that another worker had set up as well, all
    #: workers together: of each fixture of a file, all but the largest worker's share.
    repeated_setup: float
    #: The greatest first; none without a second.
    found: tuple[Limit, ...]
    #: All that tests needed.
    resources: tuple[ResourceUse, ...] = ()

    @property
    def bounded_by(self) -> Limit | None:
        """What explains how long the tests took; None if nothing alone does."""
        if not self.found or self.found[0].seconds < EXPLAINS * self.testing:
            return None
        return self.found[0]

    def share(self, limit: Limit) -> float:
        """How much of the testing phase it takes, from 0 to 1."""
        return min(1.0, limit.seconds / self.testing) if self.testing > 0 else 1.0


def busy_share(seconds: float, workers: int, testing: float) -> float | None:
    """How much of the time in which tests ran so many workers were in tests, 0 to 1.

    It is what :meth:`Limits.share` says of the work.

    :param seconds: In tests, all workers together.
    :param testing: From the first start of a test to the last end of one.
    """
    return min(1.0, seconds / (workers * testing)) if workers and testing > 0 else None


class Course(msgspec.Struct):
    """What is known of a run, for :func:`limits`. Times are seconds, tests are indices."""

    workers: int = 0
    #: When the first test began, and when the last one ended.
    began: float = 0.0
    ended: float = 0.0
    #: How long it took, all in all.
    wall: float = 0.0
    #: Of the tests that began, all attempts of each.
    seconds: Mapping[int, float] = {}
    needs: Mapping[int, tuple[Need, ...]] = {}
    exclusive: frozenset[int] = frozenset()
    #: Test -> its group.
    groups: Mapping[int, str] = {}
    resources: tuple[ResourceUse, ...] = ()
    repeated_setup: float = 0.0
    nodeids: list[str] = []


def limits(course: Course) -> Limits | None:
    """What bounded this run; None if no test has begun."""
    if not course.seconds or not course.workers:
        return None
    found = [limit for limit in _limits(course) if limit.seconds > 0]
    # workers measure, and messages take their time: what is heard of last may have been shorter
    measured = [limit.seconds for limit in found if limit.kind != "resource"]
    return Limits(
        workers=course.workers,
        before=course.began,
        testing=max([course.ended - course.began, *measured]),
        after=max(0.0, course.wall - course.ended),
        repeated_setup=course.repeated_setup,
        # sorting is stable: of equals the one that comes first says more
        found=tuple(sorted(found, key=lambda limit: -limit.seconds)),
        resources=course.resources,
    )


def _limits(course: Course) -> Iterator[Limit]:
    seconds, nodeids = course.seconds, course.nodeids
    longest = max(seconds, key=seconds.__getitem__)
    if course.needs:
        from pytest_orchestrate.report.chains import longest_chain

        chain = longest_chain(course.needs, lambda test: seconds.get(test, 0.0))
        in_chain = sum(seconds.get(test, 0.0) for test in chain)
        # what is one test and little else is told as that test
        if len(chain) > 1 and seconds[longest] < ALMOST_ALL * in_chain:
            yield Limit("chain", in_chain, tests=tuple(nodeids[test] for test in chain))
    yield Limit("test", seconds[longest], tests=(nodeids[longest],))
    for each in course.resources:
        if seconds[longest] < ALMOST_ALL * each.held:
            yield Limit("resource", each.held, name=each.name, capacity=each.capacity)
    if course.exclusive:
        alone = sum(seconds.get(test, 0.0) for test in sorted(course.exclusive))
        yield Limit("exclusive", alone)
    work = sum(seconds.values())
    groups: dict[str, float] = {}
    for test, group in course.groups.items():
        groups[group] = groups.get(group, 0.0) + seconds.get(test, 0.0)
    if groups:
        name = max(groups, key=groups.__getitem__)
        yield Limit("group", groups[name], name=name)
        if course.workers > 1:
            divided = pigeonholes(course.workers, list(groups.values()))
            # as soon as all workers can be busy, that is what there is to say
            if work < ALMOST_ALL * divided * course.workers:
                yield Limit("groups", divided)
    kind: Kind = "set-up" if course.repeated_setup > MOSTLY * work else "work"
    yield Limit(kind, work / course.workers)
