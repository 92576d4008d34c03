"""Reading the lines of a run log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def read_records(path: Path) -> Iterator[Json]:
    """The records of a log; a cut-off last line is passed over.

    Raises ValueError, with path and line, for any other line that is no JSON object.
    """
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if isinstance(record, dict):
            yield record
        elif number < len(lines):
            raise ValueError(f"{path}, line {number}: no JSON object: {line[:80]!r}")


def worker_name(number: int, mode: str) -> str:
    """The name that records of attempts have for the engine's worker of this number."""
    return "main" if mode == "in-process" else f"gw{number}"
