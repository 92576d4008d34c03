"""The lives of tests and workers, as tables.

A move that a table does not have raises :class:`~pytest_orchestrate.errors.IllegalMove`
with the story of that test or worker, so that the fault is found where it was made.

Tests::

    pending --send--> sent --start--> started --finish--> finished
       ^                |                |
       |<--lose---------|                '--end--> ended
       |                '--recall--> recalled --start--> started
       |<--return, lose-----------------|
       |<--lose-- kept <------keep------'
       '--end--> ended

``recalled``: asked back, the answer has not come. ``kept``: the answer came without it
and its start was not reported yet: it is as good as started and is not asked for again.

Workers::

    starting --join--> joined --collect--> ready --close--> closing --leave--> left

A worker may be closed before it has collected (the run is over already), and may leave
from any state.
"""

from __future__ import annotations

from pytest_orchestrate.errors import IllegalMove

TEST_MOVES: dict[str, dict[str, str]] = {
    "pending": {"send": "sent", "end": "ended"},
    "sent": {"start": "started", "recall": "recalled", "lose": "pending"},
    "recalled": {"start": "started", "return": "pending", "keep": "kept", "lose": "pending"},
    "kept": {"start": "started", "lose": "pending"},
    "started": {"finish": "finished", "end": "ended"},
    "finished": {"amend": "finished"},
    "ended": {},
}

WORKER_MOVES: dict[str, dict[str, str]] = {
    # A joining worker has no earlier state; a replacement was asked for and is "starting".
    "unknown": {"ask": "starting", "join": "joined"},
    "starting": {"join": "joined", "leave": "left"},
    "joined": {"collect": "ready", "close": "closing", "leave": "left"},
    "ready": {"close": "closing", "leave": "left"},
    # It may report what it was doing when it was asked to leave.
    "closing": {"collect": "closing", "leave": "left"},
    "left": {},
}

#: Moves that are kept for the story of one test or worker: the first ones and the last ones.
STORY_HEAD = 4
STORY_LENGTH = 24

#: One entry of a story: when, which move, and the worker (or -1).
Entry = tuple[float, str, int]


def remember(story: list[Entry], entry: Entry) -> None:
    """Add to a story; a long one loses its oldest entry after the first few."""
    if len(story) >= STORY_LENGTH:
        del story[STORY_HEAD]
    story.append(entry)


def told(story: list[Entry]) -> list[str]:
    """A story as lines: seconds since the run began, the move, the worker."""
    return [
        f"{now:.3f} {move}" + (f" (gw{worker})" if worker >= 0 else "")
        for now, move, worker in story
    ]


class TestLives:
    """State and story of every test, by index."""

    __test__ = False
    __slots__ = ("names", "states", "stories", "unfinished")

    def __init__(self) -> None:
        self.names: list[str] = []
        self.states: list[str] = []
        self.stories: list[list[Entry]] = []
        #: Tests that are neither finished nor ended.
        self.unfinished = 0

    def add(self, name: str) -> None:
        """A new test, pending."""
        self.names.append(name)
        self.states.append("pending")
        self.stories.append([])
        self.unfinished += 1

    def move(self, test: int, move: str, now: float, worker: int) -> None:
        """Make one move; raises IllegalMove where the table has none."""
        state = self.states[test]
        after = TEST_MOVES[state].get(move)
        if after is None:
            raise IllegalMove(self.complaint(test, move, worker))
        if after in {"finished", "ended"}:
            self.unfinished -= state != "finished"
        self.states[test] = after
        story = self.stories[test]
        if len(story) < STORY_LENGTH:
            story.append((now, move, worker))
        else:
            remember(story, (now, move, worker))

    def story(self, test: int) -> list[str]:
        """What happened to the test, line by line."""
        return told(self.stories[test])

    def ran_on(self, test: int) -> int:
        """The worker that has finished a test, or -1."""
        if self.states[test] != "finished":
            return -1
        return next(worker for _, move, worker in reversed(self.stories[test]) if move == "finish")

    def complaint(self, test: int, move: str, worker: int) -> str:
        """Why a move is illegal, with the test's story."""
        story = "; ".join(self.story(test)) or "nothing yet"
        return (
            f"test {test} ({self.names[test]}) is {self.states[test]} and cannot {move}"
            f" (gw{worker}). Its story: {story}"
        )
