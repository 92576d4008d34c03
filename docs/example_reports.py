"""Make the example reports anew, and the pictures of them that the documentation shows.

    python -m tox -e examples

The suite of ``examples/shop`` is really run, several times: as it is, the first time on a single
worker; then after somebody has changed how amounts are rounded; and once more with a test that
takes its process down. Of that last run the reports in all formats go to ``examples/reports``
(which git ignores), and pictures of the HTML report to ``docs/pictures``. Look at them before you
commit them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
PROJECT = HERE.parent
sys.path.insert(0, str(PROJECT))

from tests.browser import chromium  # noqa: E402

REPORTS = PROJECT / "examples" / "reports"
FORMATS = {
    "html": "shop.html",
    "json": "shop.json",
    "junit": "shop.junit.xml",
    "markdown": "shop.md",
    "ctrf": "shop.ctrf.json",
    "events": "shop.events.jsonl",
}
#: Seconds that one run may take.
PATIENCE = 300


class Picture(NamedTuple):
    """A place in the page, and how it is looked at."""

    name: str
    address: str
    size: tuple[int, int]
    theme: str = "light"


TEST = "tests/test_money.py::test_amounts_are_rounded_to_cents_half_upwards%5B2.675-2.68%5D"
PICTURES = (
    Picture("report-summary", "#/", (1200, 960)),
    Picture("report-test", f"#/tests/{TEST}?q=!s:passed", (1200, 720), "dark"),
    Picture("report-timeline", "#/timeline", (1200, 600)),
    Picture("report-health", "#/health", (1200, 600), "dark"),
    Picture("report-phone", "#/", (390, 844)),
)


class Shop:
    """A copy of the example in a repository of its own, in which runs are recorded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "shop"
        unwanted = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(PROJECT / "examples" / "shop", self.folder, ignore=unwanted)
        (self.folder / ".gitignore").write_text("__pycache__\n.*_cache\n.pytest_orchestrate\n")
        self._git("init", "--quiet", "--initial-branch=main")
        self.commit("A shop")

    def commit(self, message: str) -> None:
        """Commit all that is there."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)

    def change(self, file: str, old: str, new: str) -> None:
        """Change a file of the shop."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        if old not in text:
            sys.exit(f"{file} does not have {old!r} any more")
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *arguments: str, workers: int = 2, expected: int = 0, fails: str = "") -> None:
        """Run its tests; ``fails`` is what ``SHOP_FAIL`` is to be."""
        # what is proposed begins with the same word: no folder of ours is in the pictures
        command = ["python", "-m", "pytest", "-p", "orchestrate", "-q"]
        done = subprocess.run(
            [*command, f"--workers={workers}", *arguments],
            cwd=self.folder,
            env=surroundings(SHOP_FAIL=fails),
            timeout=PATIENCE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        print("\n".join(done.stdout.splitlines()[-2:]), flush=True)
        if done.returncode != expected:
            sys.exit(f"exit code {done.returncode} instead of {expected}\n{done.stdout}")

    def _git(self, *arguments: str) -> None:
        author = ("-c", "user.name=Shop", "-c", "user.email=shop@example.org")
        quiet = ("-c", "commit.gpgsign=false")
        subprocess.run(["git", *author, *quiet, *arguments], cwd=self.folder, check=True)


def surroundings(**more: str) -> dict[str, str]:
    """The environment, without what makes a run here another one than elsewhere."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "COV_", "GITHUB_", "GIT_")) and name != "CI"
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    return {**kept, "PATH": path, **more}


def make_reports(shop: Shop) -> None:
    """Run the suite until there is something to tell, and write that to ``examples/reports``."""
    shop.run(workers=1)
    for _ in range(3):
        shop.run()
    shop.change("shop/money.py", "else ROUND_HALF_UP", "else ROUND_DOWN")
    shop.commit("Amounts are rounded down")
    shop.run(expected=1)
    reports = [f"--orchestrate-report={name}:{REPORTS / file}" for name, file in FORMATS.items()]
    shop.run(*reports, expected=1, fails="crash")


def take_pictures() -> None:
    """Write all pictures of the HTML report to ``docs/pictures``."""
    pictures = HERE / "pictures"
    pictures.mkdir(exist_ok=True)
    path = chromium.find()
    if path is None:
        sys.exit("there is no Chromium: CHROMIUM names none, none is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for each in PICTURES:
            width, height = each.size
            options: dict[str, Any] = {"timezone_id": "UTC", "color_scheme": each.theme}
            page = browser.new_page(viewport={"width": width, "height": height}, **options)
            page.goto((REPORTS / FORMATS["html"]).as_uri() + each.address)
            # texts are unpacked, and drawings made, a moment later
            page.wait_for_timeout(1000)
            page.screenshot(path=pictures / f"{each.name}.png")
            page.close()
        browser.close()


def main() -> None:
    """Make reports, then pictures."""
    REPORTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        make_reports(Shop(Path(folder)))
    take_pictures()


if __name__ == "__main__":
    main()
