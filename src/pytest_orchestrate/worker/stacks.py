"""Where the threads of this process are."""

from __future__ import annotations

import sys
import threading
import traceback


def stacks() -> str:
    """Return the stacks of all threads of this process, as text."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    for identity, frame in sys._current_frames().items():  # noqa: SLF001  # documented, for debuggers
        if identity == threading.get_ident():
            continue
        parts.append(f"Thread {names.get(identity, identity)}:\n")
        parts.extend(traceback.format_stack(frame))
    return "".join(parts)
