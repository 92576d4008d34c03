"""Lines at the bottom of a terminal that are written anew, under all that is written else."""

from __future__ import annotations

from typing import Any, NamedTuple, TextIO

#: How pytest tells terminals of its progress: it moves nothing, and needs no line of its own.
_PROGRESS_SIGNAL = "\x1b]9;4;"


class Drawing(NamedTuple):
    """Lines as a terminal is sent them."""

    #: Shows them, and leaves the cursor on the line below.
    text: str = ""
    #: Takes them away from there, and leaves the cursor where the first one began.
    erasing: str = ""


class Region:
    """Stands in the place of a terminal's file, and keeps lines below what is written to it.

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
        self._drawn = Drawing()

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
        self.draw(self._drawn)

    def draw(self, drawing: Drawing) -> None:
        """Show these lines from now on."""
        above, newline, self._unended = (self._unended + self._take()).rpartition("\n")
        text = ""
        if self._unended.startswith(_PROGRESS_SIGNAL):
            text, self._unended = self._unended, ""
        if newline or drawing != self._drawn:
            text += f"{self._drawn.erasing}{above}{newline}{drawing.text}"
            self._drawn = drawing
        if text:
            self.file.write(text)
            self.file.flush()

    def forget(self) -> None:
        """Somebody else has written below the lines: leave them where they are."""
        self._drawn = Drawing()

    def close(self) -> None:
        """Take the lines away; nothing that was written is kept any longer."""
        text = f"{self._drawn.erasing}{self._unended}{self._take()}"
        self._unended, self._drawn = "", Drawing()
        if text:
            self.file.write(text)
        self.file.flush()

    def _take(self) -> str:
        text = "".join(self._texts)
        self._texts.clear()
        return text
