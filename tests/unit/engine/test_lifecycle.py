from __future__ import annotations

import pytest

from pytest_orchestrate.engine.fleet import Fleet
from pytest_orchestrate.engine.lifecycle import (
    STORY_LENGTH,
    TEST_MOVES,
    WORKER_MOVES,
    TestLives,
)
from pytest_orchestrate.errors import IllegalMove

MOVES = sorted({move for moves in TEST_MOVES.values() for move in moves})
WAYS = {
    "pending": (),
    "sent": ("send",),
    "recalled": ("send", "recall"),
    "kept": ("send", "recall", "keep"),
    "started": ("send", "start"),
    "finished": ("send", "start", "finish"),
    "ended": ("end",),
}


@pytest.mark.parametrize("state", TEST_MOVES)
@pytest.mark.parametrize("move", MOVES)
def test_a_test_moves_as_its_table_says_and_not_otherwise(state: str, move: str) -> None:
    lives = TestLives()
    lives.add("a.py::test")
    for earlier in WAYS[state]:
        lives.move(0, earlier, 0.0, 3)
    assert lives.states == [state]
    if move in TEST_MOVES[state]:
        lives.move(0, move, 1.0, 3)
        assert lives.states == [TEST_MOVES[state][move]]
    else:
        with pytest.raises(IllegalMove, match=f"is {state} and cannot {move}"):
            lives.move(0, move, 1.0, 3)
        assert lives.states == [state]


@pytest.mark.parametrize("table", [TEST_MOVES, WORKER_MOVES])
def test_every_move_leads_to_a_state_of_the_table(table: dict[str, dict[str, str]]) -> None:
    assert all(after in table for moves in table.values() for after in moves.values())


def test_a_test_counts_as_unfinished_until_it_has_finished_or_ended() -> None:
    lives = TestLives()
    for _ in range(2):
        lives.add("a.py::test")
    lives.move(0, "end", 0.0, -1)
    assert lives.unfinished == 1
    for move in ("send", "start", "finish", "amend"):
        lives.move(1, move, 0.0, 0)
    assert lives.unfinished == 0


def test_a_story_stays_short_and_keeps_its_beginning_and_its_end() -> None:
    lives = TestLives()
    lives.add("a.py::test")
    for turn in range(50):
        lives.move(0, "send", float(turn), turn)
        lives.move(0, "lose", float(turn), turn)
    story = lives.story(0)
    assert len(story) == STORY_LENGTH
    assert story[0] == "0.000 send (gw0)"
    assert story[-1] == "49.000 lose (gw49)"


def test_the_fleet_counts_who_is_coming_and_who_is_ready() -> None:
    fleet = Fleet()
    first = fleet.join(0, 0.0)
    second = fleet.ask(0.0)
    assert (second.number, fleet.coming, fleet.unleft) == (1, 2, 2)
    fleet.join(1, 1.0)
    fleet.move(second, "collect", 1.0)
    fleet.move(first, "collect", 1.0)
    assert (fleet.coming, [worker.number for worker in fleet.ready]) == (0, [0, 1])
    fleet.set_idle(second)
    fleet.move(second, "close", 2.0)
    assert fleet.idle == []
    fleet.move(second, "leave", 2.0)
    assert fleet.unleft == 1
