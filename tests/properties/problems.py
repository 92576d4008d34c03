"""Scheduling instances in the format that is read, as hypothesis makes them up."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

SECONDS = st.one_of(
    st.sampled_from([0, 0.001, 0.5, 1, 2.5]), st.floats(0, 20, allow_subnormal=False)
)


@st.composite
def instances(draw: st.DrawFn, *, most: int = 40) -> dict[str, Any]:
    groups = {f"test_{n}.py": {"setup": draw(SECONDS)} for n in range(draw(st.integers(0, 5)))}
    names = st.sampled_from([None, "unlisted.py", *groups])
    tests: list[dict[str, Any]] = []
    while len(tests) < most and draw(st.booleans()):
        group = draw(names)
        for _ in range(draw(st.integers(1, 10))):
            estimate = draw(st.none() | SECONDS)
            tests.append(
                {
                    "id": f"{group}::test_{len(tests)}",
                    "group": group,
                    "estimate": estimate,
                    "duration": draw(SECONDS if estimate is None else st.just(estimate) | SECONDS),
                }
            )
    resources: dict[str, int] = {}
    tests = tests[:most]
    if draw(st.booleans()):
        resources = draw(st.dictionaries(st.sampled_from(["cpu", "db"]), st.integers(1, 5)))
        constrain(draw, tests, resources)
    return {
        "format": 1,
        "workers": draw(st.integers(1, 6)),
        "resources": resources,
        "groups": groups,
        "tests": tests,
    }


def constrain(draw: st.DrawFn, tests: list[dict[str, Any]], resources: dict[str, int]) -> None:
    """Requirements in any direction of the collection order, but without a cycle."""
    order = draw(st.permutations(tests))
    often = draw(st.integers(0, 2))
    for place, test in enumerate(order):
        for name, capacity in resources.items():
            if draw(st.integers(0, 2)) < often:
                test.setdefault("resources", {})[name] = draw(st.integers(1, capacity))
        if place and draw(st.integers(0, 2)) < often:
            before = st.sampled_from([each["id"] for each in order[:place]])
            test["requires"] = draw(st.lists(before, max_size=4, unique=True))
        test["priority"] = draw(st.sampled_from([0, 0, 0, 7, -1]))
