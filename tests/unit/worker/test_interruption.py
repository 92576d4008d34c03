from __future__ import annotations

import subprocess
import sys

#: What the main thread is interrupted in goes on for a while, so that a second time would show.
PROGRAM = """
import os, threading, time
from contextlib import nullcontext
from pytest_orchestrate.worker.interruption import Interruption

interruption = Interruption(nullcontext, lambda: False)
begun = threading.Event()
together = threading.Barrier({threads})

def from_another_thread():
    begun.wait()
    together.wait()
    {call}

for _ in range({threads}):
    threading.Thread(target=from_another_thread).start()

end = time.monotonic() + 60

def work():
    while time.monotonic() < end:
        begun.set()
        {wait}

heard = 0
while time.monotonic() < end:
    try:
        work()
    except KeyboardInterrupt:
        heard += 1
        end = time.monotonic() + 0.5
os.write(1, b"%d" % heard)
os._exit(0)
"""

SLEEP = "time.sleep(0.001)"


def heard(call: str, threads: int = 1, wait: str = SLEEP) -> int:
    """How often the main thread hears of it when so many threads call this at once."""
    program = PROGRAM.format(call=call, threads=threads, wait=wait)
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, check=False, capture_output=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return int(ran.stdout)


def test_one_who_sends_and_one_who_receives_interrupt_only_once() -> None:
    assert heard("interruption.be_alone()", threads=8) == 1


def test_who_was_told_to_end_is_not_interrupted_by_being_alone() -> None:
    assert heard("interruption.obey(); interruption.be_alone()") == 1


def test_a_main_thread_that_only_computes_hears_it_once() -> None:
    assert heard("interruption.obey()", wait="sum(range(3_000_000))") == 1


def test_the_main_thread_can_be_alone_too() -> None:
    assert heard("pass", wait="interruption.be_alone()") == 1
