"""Who comes first collects a file."""

from __future__ import annotations

import threading
from pathlib import Path

from pytest_orchestrate.sharding.claims import Claims


def test_the_first_has_it(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    assert claims.claim("test_a.py", 0)
    assert not claims.claim("test_a.py", 1)
    assert not Claims(tmp_path).claim("test_a.py", 0)
    assert claims.claim("test_b.py", 1)


def test_any_name_can_be_claimed(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    for name in ("a/b/test.py", "\udc80.py", "x" * 5000, ""):
        assert claims.claim(name, 3)
        assert not claims.claim(name, 4)


def test_what_a_dead_worker_had_is_free(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    for number in range(6):
        claims.claim(f"test_{number}.py", number % 2)
    claims.drop(1)
    assert [claims.claim(f"test_{number}.py", 2) for number in range(6)] == [False, True] * 3


def test_of_many_at_once_one_has_it(tmp_path: Path) -> None:
    won: list[int] = []
    start = threading.Barrier(8)

    def run(number: int) -> None:
        claims = Claims(tmp_path)
        start.wait()
        won.extend(file for file in range(50) if claims.claim(str(file), number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == list(range(50))
