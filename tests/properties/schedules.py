"""Checks a schedule against the rules of the instance format, from the JSON alone."""

from __future__ import annotations

from typing import Any

TOLERANCE = 1e-6


def violations(instance: dict[str, Any], result: dict[str, Any]) -> list[str]:
    """What is wrong with a result for an instance without requirements and resources."""
    tests = {test["id"]: test for test in instance["tests"]}
    setups = {name: group["setup"] for name, group in instance.get("groups", {}).items()}
    wrong = []
    seen = [each["test"] for each in result["assignments"]]
    if sorted(seen) != sorted(tests):
        wrong.append("not every test runs exactly once")
    by_worker: dict[int, list[dict[str, Any]]] = {}
    for each in result["assignments"]:
        by_worker.setdefault(each["worker"], []).append(each)
    for worker, each_of in by_worker.items():
        if not 0 <= worker < instance["workers"]:
            wrong.append(f"there is no worker {worker}")
        wrong += _of_worker(
            sorted(each_of, key=lambda one: (one["start"], one["end"])), tests, setups
        )
    last = max((each["end"] for each in result["assignments"]), default=0.0)
    if abs(result["makespan"] - last) > TOLERANCE:
        wrong.append(f"the makespan is {last}, not {result['makespan']}")
    if result["makespan"] < result["lower_bound"] - TOLERANCE:
        wrong.append("the makespan beats the lower bound")
    return wrong


def _of_worker(
    course: list[dict[str, Any]], tests: dict[str, Any], setups: dict[str, float]
) -> list[str]:
    wrong = []
    free = 0.0
    before: str | None = None
    for position, each in enumerate(course):
        test = tests[each["test"]]
        group = test.get("group")
        enters = position == 0 or group != before
        due = setups.get(group, 0.0) if enters else 0.0
        if abs(each["setup"] - due) > TOLERANCE:
            wrong.append(f"{each['test']}: set-up {each['setup']}, due is {due}")
        if each["start"] < free - TOLERANCE:
            wrong.append(f"{each['test']}: starts while its worker is busy")
        if each["end"] < each["start"] + due + test["duration"] - TOLERANCE:
            wrong.append(f"{each['test']}: ends too early")
        free, before = each["end"], group
    return wrong
