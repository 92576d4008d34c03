"""What is different from the run before, in words."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import Changes
from pytest_orchestrate.report.words import is_nothing, percent, seconds


def differences(report: Report, changes: Changes) -> str:
    """``4 newly failing, 1 fixed, 0.70 s slower (15 %)``."""
    return ", ".join(_differences(report.summary.wall, changes))


def _differences(wall: float, changes: Changes) -> Iterator[str]:
    for tests, words in (
        (changes.newly_failing, "newly failing"),
        (changes.still_failing, "still failing"),
        (changes.fixed, "fixed"),
        (changes.added, "added"),
        (changes.removed, "removed"),
    ):
        if tests:
            yield f"{len(tests)} {words}"
    if changes.wall is None:
        yield f"times not comparable ({changes.unlike})"
        return
    if is_nothing(changes.wall):
        yield "about as fast"
        return
    before = wall - changes.wall
    slower = "slower" if changes.wall >= 0 else "faster"
    share = percent(abs(changes.wall) / before) if before > 0 else percent(0)
    share = "" if share == percent(0) else f" ({share})"
    yield f"{seconds(abs(changes.wall))} {slower}{share}"


def compared_with(changes: Changes) -> str:
    """``run 2030... at 0a1b2c3d4e, the last complete one on this branch``."""
    return f"{run_at(changes.run, changes.revision)}, {standing_of(changes)}"


def standing_of(changes: Changes) -> str:
    """Why it is that run with which this one is compared."""
    where = f"on {changes.branch}" if changes.branch else "on no branch"
    if changes.basis == "ancestor":
        return f"{where}, which this one is based on (its own branch has no complete run yet)"
    if changes.basis == "default":
        return f"the last complete one {where} (this branch has none yet)"
    if changes.branch is None and changes.revision is None:  # in no work tree
        return "the last complete one"
    return f"the last complete one on {'this' if changes.branch else 'no'} branch"


def run_at(run: str, revision: str | None) -> str:
    """``run 20300101-000000-abcdef01 at 0a1b2c3d4e``."""
    return f"run {run} at {short(revision)}" if revision else f"run {run}"


def short(revision: str) -> str:
    """As many characters of a revision as one reads."""
    return revision[:10]
