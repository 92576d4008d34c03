"""Compare two records of the same suite, fact by fact."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
NOTHING = "(nothing)"

Fact = tuple[str, str]
"""What a value is about: a kind, and a node id, a category, or nothing more."""

RECORD: Fact = ("record", "")
"""Only there when a run wrote no record."""


@dataclass(frozen=True)
class Difference:
    """One fact that the two runs do not agree on."""

    fact: Fact
    plain: str
    other: str


@dataclass(frozen=True)
class Verdict:
    """How a run compares with plain pytest.

    ``unstable`` holds the facts on which two plain runs disagree as well.
    """

    differences: tuple[Difference, ...]
    unstable: tuple[Difference, ...] = ()


def facts(record: dict[str, Any] | None, exit_code: int | None, left: int) -> dict[Fact, str]:
    """Return everything that has to be equal, from a record and what the process itself showed.

    ``record`` is None when the run wrote none, ``exit_code`` when it had to be killed; ``left``
    counts the processes that were still there after it.
    """
    found: dict[Fact, str] = {
        ("exit code", ""): "none: killed after the time limit"
        if exit_code is None
        else str(exit_code),
        ("processes left", ""): str(left),
    }
    if record is None:
        return {**found, RECORD: "not written"}
    for nodeid, attempts in merged(record["tests"]).items():
        found["test", nodeid] = ", ".join(sorted(ending(attempt) for attempt in attempts))
        subtests: dict[str, int] = {}
        for attempt in attempts:
            for outcome, count in attempt["subtests"].items():
                subtests[outcome] = subtests.get(outcome, 0) + count
        if subtests:
            found["subtests", nodeid] = ", ".join(f"{n} {o}" for o, n in sorted(subtests.items()))
    for nodeid, outcomes in record["collection"].items():
        found["collection", without_addresses(nodeid)] = ", ".join(sorted(outcomes))
    for category, count in record["counts"].items():
        if category != "warnings":
            found["count", category] = str(count)
    for warning in record["warnings"]:
        found["warning", warning] = "shown"
    found["deselected", ""] = str(record["deselected"])
    return found


def compare(plain: dict[Fact, str], other: dict[Fact, str]) -> tuple[Difference, ...]:
    """Return the facts with different values, the ones about the whole run first."""
    keys = [*plain, *(key for key in other if key not in plain)]
    if RECORD in other:
        # The run broke off as a whole: that each test is missing says no more.
        keys = [key for key in keys if key in other]
    keys.sort(key=lambda key: (bool(key[1]), key[0] == "test"))
    pairs = ((key, plain.get(key, NOTHING), other.get(key, NOTHING)) for key in keys)
    return tuple(Difference(key, a, b) for key, a, b in pairs if a != b)


def judge(differences: tuple[Difference, ...], between_plain: tuple[Difference, ...]) -> Verdict:
    """Set apart the differences in facts that two plain runs do not agree on either."""
    shaky = {difference.fact for difference in between_plain}
    return Verdict(
        tuple(d for d in differences if d.fact not in shaky),
        tuple(d for d in differences if d.fact in shaky),
    )


def merged(tests: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return the attempts by node id, where an address in a node id counts for nothing."""
    result: dict[str, list[dict[str, Any]]] = {}
    for nodeid, attempts in tests.items():
        result.setdefault(without_addresses(nodeid), []).extend(attempts)
    return result


def without_addresses(text: str) -> str:
    """Return the text with every memory address made the same."""
    return ADDRESS.sub("0x", text)


def ending(attempt: dict[str, Any]) -> str:
    """Return the outcome, with the phases where these say more."""
    phases = [f"{when} {outcome}" for when, outcome in attempt["phases"]]
    usual = (
        ["setup passed", f"call {attempt['outcome']}", "teardown passed"],
        [f"setup {attempt['outcome']}", "teardown passed"],
    )
    return attempt["outcome"] if phases in usual else f"{attempt['outcome']} ({', '.join(phases)})"


def reasons(record: dict[str, Any] | None) -> dict[str, str]:
    """Return why each test failed that did, by node id."""
    if record is None:
        return {}
    return {
        nodeid: attempt["reason"]
        for nodeid, attempts in merged(record["tests"]).items()
        for attempt in attempts
        if attempt["reason"]
    }
