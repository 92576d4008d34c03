"""What rich makes of lines: the text that shows them on a terminal, and takes them away again.

Imported with rich, when there is something to show.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.live_render import LiveRender
from rich.text import Text

from pytest_orchestrate.controller.region import Drawing

#: Terminals disagree about how wide some characters are. What is wider than it should be ends at
#: the edge of the window, and not on a line that nobody has counted.
_CUT_AT_THE_EDGE, _WRAP = "\x1b[?7l", "\x1b[?7h"
#: What a window that has changed its size may have left there.
_ERASE_BELOW = "\x1b[J"


class Pen:
    """Draws for a terminal of this encoding.

    Rich asks the terminal nothing: its size is told with each drawing, and whether there are
    colours is pytest's decision, which ``--color`` and ``NO_COLOR`` have a say in.
    """

    def __init__(self, encoding: str, *, colours: bool) -> None:
        self._encoding = encoding
        self._console = Console(
            file=io.StringIO(),
            force_terminal=True,
            force_jupyter=False,
            legacy_windows=False,
            color_system="auto" if colours else None,
            no_color=not colours,
        )
        self._drawn: tuple[object, Drawing] = (None, Drawing())
        #: Whether the terminal can show block elements.
        self.has_blocks = self._encodable("█░…") == "█░…"

    def draw(self, lines: Sequence[Text], columns: int, rows: int) -> Drawing:
        """Return these lines for a window of this size; what is higher than it is left out."""
        wanted = (list(lines), columns, rows)
        if self._drawn[0] != wanted:
            self._console.size = (columns, rows)
            # the blank line is the one of the cursor
            shown = LiveRender(Group(*lines, Text()), vertical_overflow="crop")
            text = f"{_CUT_AT_THE_EDGE}{self.text(shown)}{_WRAP}"
            erasing = f"{shown.position_cursor()}{_ERASE_BELOW}"
            self._drawn = (wanted, Drawing(text, erasing))
        return self._drawn[1]

    def text(self, what: RenderableType) -> str:
        """Return what shows this; its lines are as long as they are, however wide the window."""
        with self._console.capture() as capture:
            self._console.print(what, end="", no_wrap=True, overflow="ignore", crop=False)
        return self._encodable(capture.get())

    def _encodable(self, text: str) -> str:
        return text.encode(self._encoding, "replace").decode(self._encoding)
