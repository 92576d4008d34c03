"""Lines at the bottom of a terminal that are written anew, under all that is written else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO

_UP, _REST_OF_LINE, _ALL_BELOW = "\x1b[{}A", "\x1b[K", "\x1b[J"
#: How pytest tells terminals of its progress: it moves nothing, and needs no line of its own.
_PROGRESS_SIGNAL = "\x1b]9;4;"


class Region:
    """Stands in the place of a terminal's file, and keeps its lines below what is written to it.

    What is written is kept until :meth:`flush` or :meth:`draw`, and goes to the terminal together
    with the lines, in one piece. The end of a text that does not end a line is kept until it
    does: lines cannot stand below half a line.

    The cursor is never hidden, and is left on the line below: whatever ends this process, the
    next one that writes does so there.
    """

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self._texts: list[str] = []
        self._unended = ""
        self._lines: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def write(self, text: str) -> int:
        """Write above the lines.

        :raises UnicodeEncodeError: the terminal cannot show it.
        """
        if not text.isascii():  # pytest's writer expects to hear of it now
            text.encode(self.file.encoding or "utf-8", self.file.errors or "strict")
        self._texts.append(text)
        return len(text)

    def flush(self) -> None:
        """Hand to the terminal what was written, as far as lines have ended."""
        self.draw(self._lines)

    def draw(self, lines: Sequence[str], rows: int = 0) -> None:
        """Show these lines from now on, each narrower than the window.

        :param rows: Of the window: what has been shown and is higher cannot be reached. 0: as many
            as need be.
        """
        above, newline, self._unended = (self._unended + self._take()).rpartition("\n")
        signal = ""
        if self._unended.startswith(_PROGRESS_SIGNAL):
            signal, self._unended = self._unended, ""
        if newline or list(lines) != self._lines:
            text = self._to_top(rows)
            if newline:
                text += f"{_ALL_BELOW}{above}\n"
            text += "".join(f"{line}{_REST_OF_LINE}\n" for line in lines)
            signal += text + _ALL_BELOW
            self._lines = list(lines)
        if signal:
            self.file.write(signal)
            self.file.flush()

    def forget(self) -> None:
        """Somebody else has written below the lines: leave them where they are."""
        self._lines = []

    def close(self) -> None:
        """Take the lines away; nothing that was written is kept any longer."""
        text = self._unended + self._take()
        self._unended = ""
        if self._lines:
            text = f"{self._to_top()}{_ALL_BELOW}{text}"
            self._lines = []
        if text:
            self.file.write(text)
        self.file.flush()

    def _take(self) -> str:
        text = "".join(self._texts)
        self._texts.clear()
        return text

    def _to_top(self, rows: int = 0) -> str:
        up = min(len(self._lines), rows - 1) if rows else len(self._lines)
        return "\r" + _UP.format(up) if up else ""
