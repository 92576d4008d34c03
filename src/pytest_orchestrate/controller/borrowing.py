"""Waiting for slots of the machine's resources, which other runs hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pytest_orchestrate.model.commands import ReturnSlots, WantSlots
from pytest_orchestrate.model.events import SlotsBusy, SlotsGranted

if TYPE_CHECKING:
    import pytest

    from pytest_orchestrate.controller.host_slots import HostSlots
    from pytest_orchestrate.controller.run_context import RunContext
    from pytest_orchestrate.model.annotations import Demand

#: Seconds between two attempts: at first, and at most.
SOON = 0.05
AT_MOST = 0.1
#: Seconds of waiting before it is said who holds what, and after which it is said again.
SILENCE = 2.0
AGAIN = 60.0


class Patience:
    """One wait for other runs: when to try again, and when to say whom it is for."""

    def __init__(self, slots: HostSlots, say: Callable[[str], None]) -> None:
        self._slots = slots
        self._say = say
        now = time.monotonic()
        self._pause = SOON
        self.next_attempt = now + SOON
        self._next_word = now + SILENCE

    def has_failed(self, any_of: Sequence[Sequence[Demand]]) -> None:
        """Take note of an attempt; from time to time, say who holds what is wanted."""
        now = time.monotonic()
        self._pause = min(self._pause * 1.2, AT_MOST)
        self.next_attempt = now + self._pause
        if now < self._next_word:
            return
        holders = self._slots.holders(any_of)
        if holders:
            self._next_word = now + AGAIN
            for text in holders:
                self._say(f"waiting for {text}")


def borrow(
    slots: HostSlots, demands: Sequence[Demand], say: Callable[[str], None], doing: str
) -> dict[str, list[int]]:
    """Wait until all of this can be had, and take it: resource -> numbers of slots.

    :param doing: What it is for.
    :raises pytest.UsageError: a lock file cannot be used.
    """
    waits = Patience(slots, say)
    try:
        while (taken := slots.take([demands], doing)) is None:
            waits.has_failed([demands])
            time.sleep(max(0.0, waits.next_attempt - time.monotonic()))
    except OSError as error:
        raise slots.refusal(error) from error
    return taken.slots


class Borrowing:
    """Gets for the engine what it wants of the machine, as soon as it can be had.

    :param fail: Ends the run, because lock files cannot be used any more.
    """

    def __init__(
        self,
        context: RunContext,
        say: Callable[[str], None],
        fail: Callable[[pytest.UsageError], None],
    ) -> None:
        self._context = context
        self._say = say
        self._fail = fail
        self._wanted: list[list[Demand]] = []
        self._patience: Patience | None = None
        self._has_failed = False

    def obey(self, command: WantSlots | ReturnSlots) -> None:
        """Carry out a command of the engine; what is wanted is answered at once."""
        if isinstance(command, ReturnSlots):
            self._slots.give_back(command.slots)
        else:
            self._want(command.any_of)

    def _want(self, any_of: list[list[Demand]]) -> None:
        self._wanted = any_of
        if not any_of:
            self._patience = None
        elif not self._try() and not self._has_failed:
            if self._patience is None:
                self._patience = Patience(self._slots, self._told)
            self._context.tell(SlotsBusy(now=self._context.now()))

    def look(self) -> None:
        """Try again if it is time to."""
        waits = self._patience
        if waits is not None and time.monotonic() >= waits.next_attempt and not self._try():
            waits.has_failed(self._wanted)

    @property
    def pause(self) -> float | None:
        """Seconds until the next attempt, or None if nothing is waited for."""
        if self._patience is None:
            return None
        return max(0.0, self._patience.next_attempt - time.monotonic())

    @property
    def _slots(self) -> HostSlots:
        slots = self._context.host_slots
        assert slots is not None, "the engine was told of no resource of the machine"
        return slots

    def _try(self) -> bool:
        try:
            taken = self._slots.take(self._wanted)
        except OSError as error:
            self._has_failed = True  # so nothing is wanted any more
            self._fail(self._slots.refusal(error))
            return False
        if taken is None:
            return False
        # what is wanted besides is waited for anew
        self._patience = Patience(self._slots, self._told)
        self._context.tell(
            SlotsGranted(now=self._context.now(), slots=taken.slots, shared=taken.shared)
        )
        return True

    def _told(self, text: str) -> None:
        self._say(text)
        self._context.note(text)
