from __future__ import annotations

import pytest

from pytest_orchestrate.engine.bounds import lower_bound


@pytest.mark.parametrize(
    ("workers", "durations", "files", "entries", "bound"),
    [
        (2, [], [], [], 0.0),
        (2, [5.0, 1.0], [0, 1], [2.0, 0.0], 7.0),  # one test with its entry
        (2, [1.0] * 10, [0] * 10, [4.0], 9.0),  # one file over all workers
        (2, [4.0] * 4, [0, 1, 2, 3], [0.0] * 4, 8.0),  # all work
        (2, [4.0] * 3, [0, 1, 2], [0.0] * 3, 8.0),  # two of three on one worker
        (2, [4.0] * 3, [0, 1, 2], [1.0] * 3, 9.0),
        (2, [2.0] * 5 + [6.0], [0] * 5 + [1], [2.0, 2.0], 11.0),  # the long file is entered twice
        (8, [1.0, 1.0], [0, 1], [1.0, 3.0], 4.0),  # more workers than tests
    ],
)
def test_the_bound_is_the_strongest_of_several(
    workers: int,
    durations: list[float],
    files: list[int],
    entries: list[float],
    bound: float,
) -> None:
    assert lower_bound(workers, durations, files, entries) == pytest.approx(bound)
