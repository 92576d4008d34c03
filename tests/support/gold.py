"""Comparing a rendering with a file of ``tests/gold``."""

from __future__ import annotations

import os
from pathlib import Path

GOLD = Path(__file__).parent.parent / "gold"


def assert_matches_gold(name: str, text: str) -> None:
    """Fails where the text is not the file's; with ``UPDATE_GOLD=1`` it is written instead."""
    path = GOLD / name
    if os.environ.get("UPDATE_GOLD") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.is_file(), f"{path} is missing: UPDATE_GOLD=1 writes it"
    assert text.splitlines() == path.read_text(encoding="utf-8").splitlines()
