"""Ctrl-C in the middle of what drops exceptions."""

from __future__ import annotations

import os
import signal
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from pytest_orchestrate.controller.interrupt_signal import LATER, InterruptSignal

#: Long enough for whatever has to happen meanwhile.
PATIENCE = 20.0


class Heard:
    """What is called, and how often it was."""

    def __init__(self) -> None:
        self.times = 0
        self.raises = True
        self.is_wanted = True

    def __call__(self) -> bool:
        self.times += 1
        return self.raises


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard = Heard()
    own = InterruptSignal(heard, lambda: heard.is_wanted)
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    own.take()
    try:
        yield heard
    finally:
        own.give_back()
        signal.signal(signal.SIGINT, previous)


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0)  # the handler has run when this is over


class Finalized:
    def __del__(self) -> None:
        press()


class Lock:
    """Stands for that of a module."""


def drop_object() -> None:
    Finalized()


def drop_lock() -> None:
    names: dict[str, object] = {"press": press}
    exec(compile("def cb(_): press()", "<frozen importlib._bootstrap>", "exec"), names)
    lock = Lock()
    _kept = weakref.ref(lock, names["cb"])  # type: ignore[arg-type]  # made above
    del lock


def and_wait(drop: Callable[[], None]) -> None:
    drop()
    time.sleep(PATIENCE)


@pytest.mark.parametrize("drop", [drop_object, drop_lock])
def test_what_would_be_lost_is_raised_later(heard: Heard, drop: Callable[[], None]) -> None:
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        and_wait(drop)
    assert time.monotonic() - began < PATIENCE / 2
    assert heard.times == 1


def test_nothing_is_raised_that_nobody_wants(heard: Heard) -> None:
    heard.raises = False
    drop_object()
    press()
    assert heard.times == 2


def test_elsewhere_it_is_raised_at_once(heard: Heard) -> None:
    with pytest.raises(KeyboardInterrupt):
        press()
    assert heard.times == 1


def test_what_somebody_has_heard_meanwhile_is_not_raised_later(heard: Heard) -> None:
    heard.is_wanted = False
    drop_object()
    time.sleep(5 * LATER)
    assert heard.times == 1


@pytest.mark.parametrize("wait", [0, LATER * 0.9, LATER, LATER * 1.1])
def test_nothing_is_raised_when_it_has_ended(wait: float) -> None:
    heard = Heard()
    own = InterruptSignal(heard, lambda: heard.is_wanted)
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        own.take()
        drop_object()
        heard.is_wanted = False
        time.sleep(wait)
        own.give_back()
        time.sleep(5 * LATER)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert heard.times == 1
