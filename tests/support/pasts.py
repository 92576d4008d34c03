"""What is known of earlier runs, made by hand for tests of what is concluded from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.past import Past, PastAttempt, PastRun, ends, standing
from tests.support.reports import STARTED

DAY = 86_400.0


def past_of(
    *runs: Mapping[str, str | Sequence[float]],
    branches: Sequence[str | None] = (),
    branch: str | None = "main",
    **fields: Any,
) -> Past:
    """Runs, the oldest first: node id -> outcomes with blanks between, or seconds of calls.

    ``branches``: of the runs; all are on main without. ``branch``: of the run to come; where none
    is on it, the others are what it is based on, else they are elsewhere. ``fields``: of the runs,
    each as a list with one entry a run.
    """
    attempts: dict[tuple[str, int], list[PastAttempt]] = {}
    made = []
    for number, run in enumerate(runs):
        for nodeid, outcomes in run.items():
            attempts.setdefault((nodeid, 0), []).extend(_attempts(number, outcomes))
        own = {name: values[number] for name, values in fields.items()}
        ended = [each.split()[-1] for each in run.values() if isinstance(each, str)]
        made.append(
            PastRun(
                **{
                    "run": f"run-{number}",
                    "started": STARTED - (len(runs) - number) * DAY,
                    "tests": len(run),
                    "serial": 1.0,
                    "wall": 2.0,
                    "revision": f"revision-{number}",
                    "branch": branches[number] if branches else "main",
                    "dirty": False,
                    "failed": sum(outcome in BAD for outcome in ended),
                    "flaky": 0,
                    "workers": 2,
                    **own,
                }
            )
        )
    on_branch = [number for number, run in enumerate(made) if run.branch == branch]
    line = on_branch or list(range(len(made)))
    complete = [number for number in line if made[number].is_complete]
    return Past(
        runs=tuple(made),
        compared=complete[-1] if complete else None,
        basis="branch" if on_branch else "ancestor",
        elsewhere=frozenset(set(range(len(made))).difference(line)),
        attempts={name: tuple(each) for name, each in attempts.items()},
        standing={
            name: standing(told)
            for name, each in attempts.items()
            if (told := [(made[run], bad) for run, bad in ends(each).items() if run in line])
        },
        workers=2,
    )


def _attempts(run: int, told: str | Sequence[float]) -> Iterable[PastAttempt]:
    if isinstance(told, str):
        return [PastAttempt(run, outcome, 0.1, 0.1) for outcome in told.split()]
    return [PastAttempt(run, "passed", seconds, seconds) for seconds in told]
