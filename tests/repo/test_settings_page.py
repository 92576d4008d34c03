from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pytest_orchestrate.options import SETTINGS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "settings.md"


def test_the_page_of_settings_is_what_its_generator_prints() -> None:
    printed = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate_settings.py"],
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    ).stdout
    assert PAGE.read_text(encoding="utf-8") == printed, (
        "run: python docs/generate_settings.py > docs/reference/settings.md"
    )


def test_the_page_has_every_flag_and_ini_key() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for setting in SETTINGS:
        assert f"`{setting.flag}" in page
        assert not setting.has_ini_key or f"`{setting.key}`" in page
