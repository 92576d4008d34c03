"""How long suites take: in rounds of one run each, so that the machine's mood meets all alike."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from tests.downstream.checkout import Checkout
from tests.downstream.suite import WITHOUT_US, SuiteRun, SuiteRunner, Way

PLAIN = "plain"
XDIST_MODES = ("load", "worksteal", "loadfile")
_XDIST = "xdist-"

Runs = Mapping[str, Sequence[SuiteRun]]


def run_in_rounds(
    checkout: Checkout, runner: SuiteRunner, ways: Sequence[Way], rounds: int
) -> dict[str, list[SuiteRun]]:
    """Run every way once, and all that again, ``rounds`` times together."""
    seen: dict[str, list[SuiteRun]] = {way.name: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            seen[way.name].append(
                runner.run(checkout, way.name, way.args, keep_history=way.keep_history)
            )
    return seen


def xdist_ways(workers: int) -> list[Way]:
    """Return pytest-xdist in those of its modes that could be the fastest."""
    return [
        Way(f"{_XDIST}{mode}", (*WITHOUT_US, f"-n{workers}", f"--dist={mode}"))
        for mode in XDIST_MODES
    ]


def ratio(runs: Runs, name: str) -> float:
    """Return the median of the ratios to plain pytest, each of two runs of the same round."""
    pairs = zip(runs[PLAIN], runs[name], strict=True)
    return statistics.median(other.seconds / plain.seconds for plain, other in pairs)


def seconds_of(runs: Sequence[SuiteRun]) -> float:
    """Return the median of the whole processes' wall times."""
    return statistics.median(run.seconds for run in runs)


def best_of_xdist(runs: Runs) -> str | None:
    """Return the fastest of pytest-xdist's modes; None when none brought the suite to its end."""
    ended = [
        name
        for name, its in runs.items()
        if name.startswith(_XDIST) and all(run.exit_code in (0, 1) for run in its)
    ]
    return min(ended, key=lambda name: ratio(runs, name), default=None)


def names_of(runs: Runs) -> list[str]:
    """Return the names to be shown: plain pytest first, and one mode of pytest-xdist at most."""
    best = best_of_xdist(runs)
    return [name for name in runs if not name.startswith(_XDIST) or name == best]


def as_text(runs: Runs) -> str:
    """Return seconds and ratios in one line."""
    return ", ".join(
        f"{name} {seconds_of(runs[name]):.2f} s"
        + ("" if name == PLAIN else f" ({ratio(runs, name):.2f})")
        for name in names_of(runs)
    )


def table(rows: Iterable[tuple[str, Runs]]) -> str:
    """Return seconds of plain pytest and the ratios of all else as a Markdown table.

    :param rows: Projects, each with its runs.
    """
    rows = list(rows)
    columns = list(dict.fromkeys(column_of(name) for _, runs in rows for name in names_of(runs)))
    lines = [["suite", *columns], *([["---"] * (len(columns) + 1)])]
    ratios: dict[str, list[float]] = {column: [] for column in columns}
    for title, runs in rows:
        cells = dict.fromkeys(columns, "")
        for name in names_of(runs):
            if name == PLAIN:
                cells[PLAIN] = f"{seconds_of(runs[PLAIN]):.2f} s"
                continue
            ratios[column_of(name)].append(ratio(runs, name))
            mode = f" ({name.removeprefix(_XDIST)})" if name.startswith(_XDIST) else ""
            cells[column_of(name)] = f"{ratio(runs, name):.2f}{mode}"
        lines.append([title, *cells.values()])
    if len(rows) > 1:
        means = (f"{statistics.geometric_mean(of):.2f}" if of else "" for of in ratios.values())
        lines.append(["geometric mean", *means])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def column_of(name: str) -> str:
    """Return the heading under which a way's ratio is shown."""
    return "pytest-xdist" if name.startswith(_XDIST) else name
