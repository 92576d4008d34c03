from __future__ import annotations

from pytest_orchestrate.worker.queue import TestQueue


def test_what_is_to_be_torn_down_goes_before_every_further_test() -> None:
    queue = TestQueue()
    queue.tear_down()
    queue.put([1])
    assert queue.get() is None
    assert queue.begin_tear_down()
    assert not queue.begin_tear_down()
    assert queue.get() == 1


def test_a_queue_has_not_ended_before_that() -> None:
    queue = TestQueue()
    queue.tear_down()
    queue.finish()
    assert queue.get() is None
    assert not queue.ended
    assert queue.begin_tear_down()
    assert queue.ended


def test_what_is_cleared_tears_down_at_its_end_only() -> None:
    queue = TestQueue()
    queue.put([1])
    queue.tear_down()
    queue.clear()
    assert queue.ended
    assert not queue.begin_tear_down()


def test_a_test_that_was_announced_as_the_next_is_not_taken_back() -> None:
    queue = TestQueue()
    queue.put([1, 2, 3])
    assert queue.peek(keep=True) == 1
    assert queue.take_back([1, 2]) == [2]
    assert queue.get() == 1
    assert queue.peek() == 3
    assert queue.take_back([3]) == [3]
