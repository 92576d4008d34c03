"""From the text of a setting to where reports go, and to what they may tell."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pytest_orchestrate.options.table import REPORT_FORMATS
from pytest_orchestrate.options.values import Place, parse_path


class Destination(NamedTuple):
    """One report that is to be written."""

    format: str
    path: Path

    def below(self, root: Path) -> Destination:
        """The same with a path that is absolute, or below ``root``."""
        return self._replace(path=root / self.path)

    def __str__(self) -> str:
        return f"{self.format}:{self.path}"


def parse_destinations(place: Place, texts: Iterable[str]) -> tuple[Destination, ...]:
    """Lines ``FORMAT:PATH``, split at the first colon; empty ones are left out."""
    found = tuple(_parse_destination(place, text.strip()) for text in texts if text.strip())
    for position, each in enumerate(found):
        if any(each.path == other.path for other in found[:position]):
            raise place.refusal(str(each), f"two reports would be written to {each.path}")
    return found


def _parse_destination(place: Place, text: str) -> Destination:
    name, colon, path = text.partition(":")
    name = name.strip().lower()
    if name not in REPORT_FORMATS:
        why = f"there is no format {name!r}" if colon else "there is no FORMAT: before the path"
        raise place.refusal(text, why, REPORT_FORMATS, typo=name)
    if not path.strip():
        raise place.refusal(text, "there is no path after the format", typo=" ")
    return Destination(name, parse_path(place, path))


def parse_variables(place: Place, texts: Iterable[str]) -> tuple[str, ...]:
    """Names of environment variables, one a line, each once."""
    names = [text.strip() for text in texts if text.strip()]
    for name in names:
        if "=" in name or len(name.split()) > 1:
            raise place.refusal(name, "a line is the name of one variable")
    return tuple(dict.fromkeys(names))
