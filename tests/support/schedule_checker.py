"""Checks a schedule against the rules of the instance format.

Written from the format, not from the engine: it reads the two JSON documents and imports
nothing of the package. Each violation is a sentence.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

#: Seconds that are granted in every comparison.
TOLERANCE = 1e-6


def violations(instance: dict[str, Any], result: dict[str, Any]) -> list[str]:
    """What is wrong with the result for a valid instance; nothing is a valid schedule."""
    tests = {test["id"]: test for test in instance["tests"]}
    assignments = result["assignments"]
    times = Counter(each["test"] for each in assignments)
    wrong = [f"{name}: there is no such test" for name in times if name not in tests]
    wrong += [f"{name}: runs {times[name]} times" for name in tests if times[name] != 1]
    if wrong:
        return wrong
    wrong += _of_workers(instance, tests, assignments)
    ends = {each["test"]: each["end"] for each in assignments}
    wrong += _of_requirements(tests, ends)
    for name, capacity in instance.get("resources", {}).items():
        wrong += _of_resource(name, capacity, tests, ends)
    last = max(ends.values(), default=0.0)
    if abs(result["makespan"] - last) > TOLERANCE:
        wrong.append(f"the makespan is {last}, not {result['makespan']}")
    if result["makespan"] < result["lower_bound"] - TOLERANCE:
        wrong.append(f"the makespan {last} beats the lower bound {result['lower_bound']}")
    return wrong


def _of_workers(
    instance: dict[str, Any], tests: dict[str, Any], assignments: list[dict[str, Any]]
) -> list[str]:
    """Rules 1, 2 and 5: one test at a time, and every set-up paid in full."""
    setups = {name: group.get("setup", 0) for name, group in instance.get("groups", {}).items()}
    wrong = []
    courses: dict[int, list[dict[str, Any]]] = {}
    for each in assignments:
        courses.setdefault(each["worker"], []).append(each)
    for worker, course in courses.items():
        if not 0 <= worker < instance["workers"]:
            wrong.append(f"there is no worker {worker}")
        free = 0.0
        group: str | None = None
        for position, each in enumerate(sorted(course, key=lambda one: (one["start"], one["end"]))):
            test = tests[each["test"]]
            enters = position == 0 or test.get("group") != group
            group = test.get("group")
            due = setups.get(group, 0.0) if enters else 0.0
            if abs(each.get("setup", due) - due) > TOLERANCE:
                wrong.append(f"{each['test']}: set-up {each['setup']}, due is {due}")
            if each["start"] < free - TOLERANCE:
                wrong.append(f"{each['test']}: starts while its worker is busy")
            if each["start"] + due > each["end"] - test["duration"] + TOLERANCE:
                wrong.append(f"{each['test']}: ends too early")
            free = each["end"]
    return wrong


def _of_requirements(tests: dict[str, Any], ends: dict[str, float]) -> list[str]:
    """Rule 4: what a test requires has ended before the test itself begins."""
    return [
        f"{name}: begins before {required} has ended"
        for name, test in tests.items()
        for required in test.get("requires", ())
        if ends[required] > ends[name] - test["duration"] + TOLERANCE
    ]


def _of_resource(
    name: str, capacity: int, tests: dict[str, Any], ends: dict[str, float]
) -> list[str]:
    """Rule 3: never is more held than there is; ends come before begins."""
    changes: list[tuple[float, int, str]] = []
    for test_name, test in tests.items():
        units = test.get("resources", {}).get(name, 0)
        # What lasts no longer than the tolerance can be moved out of the way of anything.
        if units and test["duration"] > TOLERANCE:
            half = TOLERANCE / 2
            changes.append((ends[test_name] - test["duration"] + half, units, test_name))
            changes.append((ends[test_name] - half, -units, test_name))
    held = 0
    for _, units, test_name in sorted(changes):
        held += units
        if units > 0 and held > capacity:
            return [f"{test_name}: begins when {held} of {capacity} {name} are held"]
    return []
