"""What makes a test go first among those that may run: priorities, what waits for it, its risk."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_orchestrate.model.events import Constraint

#: Levels of urgency between two priorities, for tests that are likely to fail; 0 is that of all
#: others.
LEVELS = 64
#: Test -> its priority, and seconds of the longest path of work behind it; of those with any.
Urgency = dict[int, tuple[int, float]]


def urgency(
    constraints: Mapping[int, Constraint], likely: Mapping[int, int], behind: Mapping[int, float]
) -> Urgency:
    """How urgent each test is that is urgent at all.

    Between two priorities of users lie the levels of tests that are likely to fail, where there
    are any. What an urgent test requires is as urgent.

    :param likely: Test -> its level.
    :param behind: Test -> seconds of the longest path of work that waits for it.
    """
    found = {test: (0, seconds) for test, seconds in behind.items()}
    steps = LEVELS if likely else 1
    for test, each in constraints.items():
        if each.priority:
            found[test] = (each.priority * steps, behind.get(test, 0.0))
    for test, level in likely.items():
        priority, seconds = found.get(test, (0, 0.0))
        found[test] = (priority + level, seconds)
    _lend(found, constraints)
    return found


def _lend(found: Urgency, constraints: Mapping[int, Constraint]) -> None:
    least = min((priority for priority, _ in found.values()), default=0)
    priorities = {test: found.get(test, (0, 0.0))[0] for test in constraints}
    urgent = [test for test, priority in priorities.items() if priority > min(least, 0)]
    for first in sorted(urgent, key=lambda test: -priorities[test]):
        priority = priorities[first]
        stack = [first]
        while stack:
            each = constraints.get(stack.pop())
            for target in (t for need in each.needs for t in need.targets) if each else ():
                mine, behind = found.get(target, (0, 0.0))
                if mine < priority:
                    found[target] = (priority, behind)
                    stack.append(target)
