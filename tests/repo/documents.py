"""Where things stand in the repository."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "pytest_orchestrate"
DOCS = ROOT / "docs"


def pages() -> list[Path]:
    """Return every page that a reader may open."""
    return [
        *ROOT.glob("*.md"),
        *(page for page in DOCS.rglob("*.md") if "_build" not in page.parts),
    ]


def text(path: str) -> str:
    """Return the content of a file, named relative to the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


def commands(page: str) -> list[str]:
    """Return the lines after ``$`` in the console blocks of a page."""
    console = re.findall(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [line[2:] for block in console for line in block.splitlines() if line.startswith("$ ")]
