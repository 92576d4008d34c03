"""What the garbage collector is spared, and that other programs get it back."""

from __future__ import annotations

import doctest
import gc
import io
import socket
import sys
import types
from collections.abc import Iterator

import msgspec
import psutil  # noqa: F401  # for its module
import pytest
from _pytest.capture import EncodedFile

from pytest_orchestrate.controller import memory
from pytest_orchestrate.controller.memory import LongLived
from pytest_orchestrate.transport.frozen import objects_not_frozen


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    gc.disable()  # collected is when a test says so
    gc.unfreeze()
    callbacks = list(gc.callbacks)
    yield
    gc.enable()
    assert gc.callbacks == callbacks
    gc.unfreeze()


def is_looked_at(thing: object) -> bool:
    """Whether the collector would look at it; what others have frozen comes and goes."""
    return any(each is thing for each in objects_not_frozen())


def test_what_survives_a_full_collection_is_not_looked_at_again() -> None:
    with LongLived():
        kept = [[number] for number in range(100)]
        gc.collect(1)
        assert is_looked_at(kept)
        gc.collect()
        assert not is_looked_at(kept)
        assert not is_looked_at(kept[0])


def test_what_is_given_up_at_once_is_still_freed() -> None:
    class Cycle:
        alive = 0

        def __init__(self) -> None:
            Cycle.alive += 1
            self.me = self

        def __del__(self) -> None:
            Cycle.alive -= 1

    with LongLived():
        for _ in range(50):
            Cycle()
        gc.collect(0)
    assert Cycle.alive == 0


def test_it_can_be_entered_again_and_ends_without_a_trace() -> None:
    callbacks = list(gc.callbacks)
    long_lived = LongLived()
    for _ in range(2):
        with long_lived:
            assert len(gc.callbacks) == len(callbacks) + 1
            gc.collect()
        assert gc.callbacks == callbacks
        assert gc.get_freeze_count() > 0
    long_lived.end()
    assert gc.get_freeze_count() == 0
    long_lived.end()


def test_imports_that_were_set_aside_stay_so_if_nothing_else_is() -> None:
    imported = [[1]]
    gc.freeze()
    long_lived = LongLived(beside_imports=True)
    with long_lived:
        gc.collect(1)
    long_lived.end()
    assert not is_looked_at(imported)
    with long_lived:
        gc.collect()
    long_lived.end()
    assert is_looked_at(imported)


def test_what_another_program_has_set_aside_stays_so() -> None:
    theirs = [[1]]
    gc.freeze()
    long_lived = LongLived()
    with long_lived:
        gc.collect()
        assert is_looked_at(long_lived)
    long_lived.end()
    assert not is_looked_at(theirs)


#: A module that is written in C.
EXTENSION = next(name for name in sys.modules if name.startswith("psutil._psutil_"))


class Plain:
    pass


class Finalized:
    def __del__(self) -> None: ...


class Derived(io.StringIO):
    pass


class Closed(io.StringIO):
    def close(self) -> None: ...


class Flushed(Derived):
    def flush(self) -> None: ...


class Mixed(Finalized, io.StringIO): ...


@pytest.mark.parametrize(
    ("kind", "has_finalizer", "is_transparent"),
    [
        (dict, False, True),
        (Plain, False, True),
        (pytest.TestReport, False, True),
        (msgspec.Struct, False, True),
        (msgspec.json.Decoder, False, True),
        (socket.socket, False, True),
        (Finalized, True, True),
        (Derived, True, True),
        (types.GeneratorType, False, True),
        (type("Nowhere", (), {"__module__": "nowhere"}), False, False),
        (type("Odd", (), {"__module__": 7}), False, False),
        (type("FromC", (), {"__module__": EXTENSION}), False, False),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value),
)
def test_what_may_be_set_aside_at_the_end(
    kind: type, has_finalizer: bool, is_transparent: bool
) -> None:
    assert memory._has_finalizer(kind) is has_finalizer
    assert memory._is_transparent(kind) is is_transparent


@pytest.mark.parametrize(
    ("kind", "is_file"),
    [
        (io.TextIOWrapper, True),
        (io.FileIO, True),
        (Derived, True),
        (EncodedFile, True),
        (doctest._SpoofOut, True),  # type: ignore[attr-defined]
        (Closed, False),
        (Flushed, False),
        (Mixed, False),
        (Plain, False),
        (Finalized, False),
    ],
)
def test_streams_are_those_that_end_as_python_s_own(kind: type, is_file: bool) -> None:
    assert memory._is_file(kind) is is_file


def test_only_what_has_not_come_to_its_end_is_suspended() -> None:
    def one_step() -> Iterator[None]:
        yield

    kinds: dict[int, type] = {id(types.GeneratorType): types.GeneratorType}
    waiting, over = one_step(), one_step()
    assert memory._is_any_suspended([waiting], kinds)
    next(waiting)
    list(over)
    assert memory._is_any_suspended([over, waiting], kinds)
    assert not memory._is_any_suspended([over, []], kinds)


def test_the_collector_waits_for_work_that_makes_many_objects() -> None:
    gc.enable()
    with memory.uncollected():
        assert not gc.isenabled()
        with memory.uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
