"""From the text of a setting to where reports go, and to what they may tell."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pytest_orchestrate.options.paths import identity, parse_path
from pytest_orchestrate.options.table import REPORT_FORMATS
from pytest_orchestrate.options.values import Place


class Destination(NamedTuple):
    """One report that is to be written."""

    format: str
    path: Path

    @property
    def is_standard_output(self) -> bool:
        """Whether it is meant by ``-``; reports of a run do not go there."""
        return self.path == Path("-")

    def __str__(self) -> str:
        return f"{self.format}:{self.path}"


def parse_destinations(
    place: Place, texts: Iterable[str], root: Path | None = None
) -> tuple[Destination, ...]:
    """Lines ``FORMAT:PATH``, split at the first colon; empty ones are left out.

    ``root``: relative paths are below it; without it they are as they stand, and from here.
    """
    found: dict[tuple[object, ...], Destination] = {}
    for text in filter(None, map(str.strip, texts)):
        one = _parse_destination(place, text)
        if root is not None:
            if one.is_standard_output:
                why = "standard output is pytest's own; name a file, or write it after the run"
                command = f"pytest-orchestrate report convert {text}"
                raise place.refusal(text, f"{why} with '{command}'", typo=" ")
            one = one._replace(path=root / one.path)
        # one file has many names: ``a``, ``./a``, those of links that lead to it
        other = found.setdefault(identity(one.path), one)
        if other is not one:
            file = os.path.realpath(one.path)
            why = f"'{other}' is a report to the same file, {file}"
            raise place.refusal(text, why, typo=" ")
    return tuple(found.values())


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
