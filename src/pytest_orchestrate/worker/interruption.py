"""Breaking off what the main thread of a worker does: told to by the controller, or without one.

Python hears a signal between two instructions of the main thread, or when it makes a system call
return that waits. One that comes after the last instruction before such a call does neither:
``time.sleep(600)`` then lasts 600 seconds, and nobody hears of the interruption before it ends.
So a main thread that has not moved is signalled again. What it has not heard of yet it hears of
once, however often it was signalled.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from time import sleep
from types import FrameType

#: Seconds that a worker without a controller may take: to tear down what a test has set up,
ALONE = 5.0
#: and to end after its session, if the controller has not ended it before.
ALONE_AFTER_SESSION = 15.0

#: Seconds in which the main thread mostly has heard of a signal,
HEARD = 0.01
#: and after which it is signalled again if it is where it was.
AGAIN = (0.25, 1.0)


class Interruption:
    """Raises ``KeyboardInterrupt`` in the main thread, from any thread.

    :param undisturbed: Within it, nothing is under way that must not be cut in two.
    :param is_too_late: Whether the session ends by itself, and would only be disturbed.
    """

    def __init__(
        self,
        undisturbed: Callable[[], AbstractContextManager[None]],
        is_too_late: Callable[[], bool],
    ) -> None:
        self._undisturbed = undisturbed
        self._is_too_late = is_too_late
        self._first_alone = threading.Lock()
        #: A ``KeyboardInterrupt`` is no news for the controller.
        self.is_expected = False

    def obey(self) -> None:
        """The controller wants no more of what is going on."""
        self.is_expected = True
        self._interrupt()

    def be_alone(self) -> None:
        """The controller is gone, or has said goodbye: nobody waits for what still runs.

        Who sends notices it as well as who receives. Only the first of them interrupts: by the
        second time fixtures are torn down, and would be cut off. Nor is anything interrupted that
        was before.
        """
        if not self._first_alone.acquire(blocking=False):
            return
        seconds = ALONE_AFTER_SESSION if self._is_too_late() else ALONE
        # before anything else: it may be the main thread that is here, and is interrupted here
        threading.Thread(target=_end_process, args=(seconds,), daemon=True).start()
        was_expected, self.is_expected = self.is_expected, True
        if not was_expected:
            self._interrupt()

    def _interrupt(self) -> None:
        with self._undisturbed():
            if self._is_too_late():
                return
            place = _place_of_main_thread()
            _signal()
            sleep(HEARD)
        threading.Thread(target=self._insist, args=(place,), daemon=True).start()

    def _insist(self, place: tuple[FrameType | None, int]) -> None:
        for seconds in AGAIN:
            sleep(seconds)
            with self._undisturbed():
                if self._is_too_late() or _place_of_main_thread() != place:
                    return
                _signal()


def _place_of_main_thread() -> tuple[FrameType | None, int]:
    """Return the innermost frame of the main thread, and its instruction."""
    identity = threading.main_thread().ident
    assert identity is not None
    frame = sys._current_frames().get(identity)  # noqa: SLF001  # documented, for debuggers
    return frame, -1 if frame is None else frame.f_lasti


def _signal() -> None:
    if sys.platform == "win32":
        import _thread

        _thread.interrupt_main()
    else:
        os.kill(os.getpid(), signal.SIGINT)


def _end_process(seconds: float) -> None:
    """End this process and its session if it is still there after so long."""
    sleep(seconds)
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
