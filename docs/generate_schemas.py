"""Write the JSON schemas of what the program writes, from the structs of the code.

python docs/generate_schemas.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from pytest_orchestrate.cli.doctor.diagnosis import Diagnosis
from pytest_orchestrate.history.shapes import log_schema
from pytest_orchestrate.report.document import Report

FOLDER = Path(__file__).parent / "reference"
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Name of the file -> schema."""
    return {
        "run-log.schema.json": {
            "$schema": DRAFT,
            "title": "A line of a run log of pytest-orchestrate",
            **log_schema(),
        },
        "report.schema.json": {
            "$schema": DRAFT,
            "title": "A report of pytest-orchestrate",
            **msgspec.json.schema(Report),
        },
        "doctor.schema.json": {
            "$schema": DRAFT,
            "title": "What pytest-orchestrate doctor --json prints",
            **msgspec.json.schema(Diagnosis),
        },
    }


def text(schema: dict[str, Any]) -> str:
    """A schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, schema in schemas().items():
        (FOLDER / name).write_text(text(schema), encoding="utf-8")
