"""The schemas in the docs are those of the code."""

from __future__ import annotations

import re
import runpy

import pytest

from tests.repo.documents import DOCS, text

GENERATOR = runpy.run_path(str(DOCS / "generate_schemas.py"))
NAMES = ("run-log.schema.json", "report.schema.json", "doctor.schema.json")


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_what_its_generator_writes(name: str) -> None:
    assert text(f"docs/reference/{name}") == GENERATOR["text"](GENERATOR["schemas"]()[name]), (
        "run: python docs/generate_schemas.py"
    )


def test_the_schema_of_the_log_has_every_kind_of_line_that_the_page_has() -> None:
    page = text("docs/reference/run-log.md").partition("|---")[2]
    kinds = GENERATOR["schemas"]()["run-log.schema.json"]["discriminator"]["mapping"]
    assert set(kinds) == set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
