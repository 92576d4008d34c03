"""Ctrl-C while a run goes: somebody hears of it, and what is raised is not lost."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

#: Seconds after which an exception is raised that would have been lost.
LATER = 0.02


class InterruptSignal:
    """Has Ctrl-C call a function, where pytest would have had a ``KeyboardInterrupt`` raised.

    :param call: Returns whether that is to be raised as well.
    :param is_wanted: Whether what could not be raised at once still is to be.
    """

    def __init__(self, call: Callable[[], bool], is_wanted: Callable[[], bool]) -> None:
        self._call = call
        self._is_wanted = is_wanted
        self._previous: Any = None
        #: The next signal is our own: it only raises what could not be raised before.
        self._is_owed = False

    def take(self) -> None:
        """Begin, unless the program that called pytest has a handler of its own."""
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._previous = signal.signal(signal.SIGINT, self._handle)

    def give_back(self) -> None:
        """End."""
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None

    def _handle(self, _number: int, frame: FrameType | None) -> None:
        is_owed, self._is_owed = self._is_owed, False
        if not (self._is_wanted() if is_owed else self._call()):
            return
        if not would_be_lost(frame):
            raise KeyboardInterrupt
        self._is_owed = True
        threading.Thread(target=_signal_main_thread, args=(LATER,), daemon=True).start()


def would_be_lost(frame: FrameType | None) -> bool:
    """Whether Python drops what is raised in this frame: within a finalizer or the like.

    That of each module that is imported, the callback of a weak reference to the lock for it, is
    among these (``importlib._bootstrap._get_module_lock``; read in 3.10 to 3.14). Where others have
    such a callback, or the garbage collector's, it is lost without a way to know.
    """
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__del__":
            return True
        if code.co_name == "cb" and code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _signal_main_thread(after: float) -> None:
    time.sleep(after)
    if hasattr(signal, "pthread_kill"):
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
    else:
        import _thread

        _thread.interrupt_main()
