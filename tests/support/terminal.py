"""A terminal's window, and what is shown in it."""

from __future__ import annotations

import io

import pyte


class Terminal(io.StringIO):
    """A file that shows what is written to it on a screen, with the driver's ends of lines."""

    def __init__(self, columns: int = 40, rows: int = 100) -> None:
        super().__init__()
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self.screen)

    def write(self, text: str) -> int:
        self._stream.feed(text.replace("\n", "\r\n"))
        return super().write(text)

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and line, from 0."""
        return self.screen.cursor.x, self.screen.cursor.y

    @property
    def shown(self) -> list[str]:
        """The lines, without what is blank below the last one."""
        text = "\n".join(line.rstrip() for line in self.screen.display)
        return text.rstrip("\n").split("\n")
