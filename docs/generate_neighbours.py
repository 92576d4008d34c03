"""Write the table of other plugins into `reference/compatibility.md`, from the data of `doctor`.

python docs/generate_neighbours.py
"""

from __future__ import annotations

import re
from pathlib import Path

from pytest_orchestrate.cli.doctor.neighbours import table

PAGE = Path(__file__).parent / "reference" / "compatibility.md"
_TABLE = re.compile(r"^\| plugin \| version \|.*\n(?:\|.*\n)*", re.MULTILINE)


def written(page: str) -> str:
    """The page with the table as it is to be."""
    return _TABLE.sub(lambda _: table(), page, count=1)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
