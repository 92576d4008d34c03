"""Where there is a Chromium for the tests; started as a program, it sees to it that there is one.

``CHROMIUM`` names one; else the system's is taken (Debian's ``chromium``, Google Chrome), which
security updates reach; else the one that Playwright downloads.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find() -> str | None:
    """The path of the program; None if there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), None) or _downloaded()


def _downloaded() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


if __name__ == "__main__" and find() is None:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    # where it cannot be had, the tests are skipped, and say so
    subprocess.run(command, check=False)
