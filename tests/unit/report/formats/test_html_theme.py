"""What is read on the page can be read: its contrast is that of WCAG 2.2, level AA."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

THEME = files("pytest_orchestrate.report.formats") / "html_page" / "theme.css"
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((#\w+), (#\w+)\);", THEME.read_text(encoding="utf-8")
    )
}
OUTCOMES = (
    "passed",
    "failed",
    "error",
    "crashed",
    "blocked",
    "interrupted",
    "running",
    "not-run",
    "flaky",
    "xpassed",
    "xfailed",
    "skipped",
)
ANSI = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
#: What texts stand on.
GROUNDS = ("ground", "panel", "sunk", "chosen")
TEXTS = ("text", "muted", "accent", *OUTCOMES, *(f"ansi-{name}" for name in ANSI))


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("text", TEXTS)
def test_texts_can_be_read(text: str, theme: int) -> None:
    poor = {
        ground: round(contrast(COLOURS[text][theme], COLOURS[ground][theme]), 2)
        for ground in GROUNDS
        if contrast(COLOURS[text][theme], COLOURS[ground][theme]) < 4.5
    }
    assert not poor


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "on"), [("text", "bad-ground"), ("text", "warn-ground"), ("panel", "lane-passed")]
)
def test_texts_on_other_grounds_can_be_read(ink: str, on: str, theme: int) -> None:
    assert contrast(COLOURS[ink][theme], COLOURS[on][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("shape", ["strong-line", "lane-passed", "lane-skipped", "held", "path"])
def test_shapes_that_mean_something_stand_out(shape: str, theme: int) -> None:
    assert contrast(COLOURS[shape][theme], COLOURS["panel"][theme]) >= 3
