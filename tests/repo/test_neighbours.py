"""The page of other plugins, what ``doctor`` says of them, and their trials agree."""

from __future__ import annotations

import re
import runpy

from pytest_orchestrate.cli.doctor import neighbours
from pytest_orchestrate.controller.one_process import NEEDS
from tests.repo.documents import DOCS, text

PAGE = "docs/reference/compatibility.md"


def test_the_table_of_the_page_is_what_doctor_knows() -> None:
    generator = runpy.run_path(str(DOCS / "generate_neighbours.py"))
    page = text(PAGE)
    assert generator["written"](page) == page, "run: python docs/generate_neighbours.py"
    assert neighbours.table() in page


def test_the_page_names_the_newest_pytest_that_was_tried() -> None:
    assert f"pytest {neighbours.PYTEST}:" in text(PAGE)


def test_plugins_that_share_a_mark_are_known_and_on_the_page() -> None:
    for mark, names in neighbours.SHARED_MARKS.items():
        assert f"`{mark}`" in text(PAGE)
        assert all(neighbours.find(name) for name in names)


def test_options_of_plugins_that_need_one_process_are_on_the_page() -> None:
    needed = {need.flag for need in NEEDS}
    rows = text(PAGE).partition("## Options that need one process")[2].partition("\n## ")[0]
    listed = {
        flag
        for row in re.findall(r"^\| (`--.*?) \|", rows, re.MULTILINE)
        for flag in re.findall(r"`(--[\w-]+)`", row)
    }
    assert listed <= needed
    # the others are pytest's own
    assert needed - listed <= {
        "--pdb",
        "--trace",
        "--setup-show",
        "--stepwise",
        "--stepwise-skip",
        "--stepwise-reset",
    }


def test_a_name_is_found_however_it_is_written() -> None:
    assert neighbours.find("pytest_cov") == neighbours.find("Pytest.Cov") is not None
    assert neighbours.find("pytest-unheard-of") is None


def test_a_note_is_plain_without_markdown() -> None:
    for each in neighbours.NEIGHBOURS:
        assert not set("`[]").intersection(neighbours.plain(each.note)), each.name
