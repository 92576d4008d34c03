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
        #: An exception could not be raised, and is to be.
        self._is_owed = False
        #: The next signal is our own: it only raises what could not be raised before.
        self._is_sent = False
        #: Held while our own signal is sent, or it is settled that none will be.
        self._sending = threading.Lock()

    def take(self) -> None:
        """Begin, unless the program that called pytest has a handler of its own."""
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._previous = signal.signal(signal.SIGINT, self._handle)

    def give_back(self) -> None:
        """End; what was owed is owed no more.

        :raises KeyboardInterrupt: a signal has just come.
        """
        if self._previous is None:
            return
        with self._sending:
            self._is_owed = False
        # Python calls the handler of a signal that has come already before it changes it
        try:
            signal.signal(signal.SIGINT, self._previous)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, self._previous)
            raise
        finally:
            self._previous = None

    def _handle(self, _number: int, frame: FrameType | None) -> None:
        is_sent, self._is_sent = self._is_sent, False
        if not (self._is_wanted() if is_sent else self._call()):
            return
        if not would_be_lost(frame):
            raise KeyboardInterrupt
        self._is_owed = True
        threading.Thread(target=self._send_later, daemon=True).start()

    def _send_later(self) -> None:
        time.sleep(LATER)
        with self._sending:
            if not self._is_owed:
                return
            self._is_owed, self._is_sent = False, True
            _signal_main_thread()


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


def _signal_main_thread() -> None:
    if hasattr(signal, "pthread_kill"):
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
    else:
        import _thread

        _thread.interrupt_main()
