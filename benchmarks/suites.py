"""Suites that are made for measuring, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def empty(folder: Path) -> None:
    """10,000 tests that do nothing, in 200 files."""
    for file in range(200):
        tests = "\n\n".join(f"def test_{number}():\n    pass" for number in range(50))
        (folder / f"test_{file:03}.py").write_text(tests + "\n", encoding="utf-8")


def imports(folder: Path) -> None:
    """200 files that work for 20 ms when they are imported, with a test each."""
    work = (
        "import time\n"
        "end = time.process_time() + 0.02\n"
        "while time.process_time() < end:\n    pass\n\n"
    )
    for file in range(200):
        test = work + "def test_it():\n    pass\n"
        (folder / f"test_{file:03}.py").write_text(test, encoding="utf-8")


#: File in the suite's folder into which the test that begins first writes when that was.
FIRST = "began"

_NOTED = f"""
import os, time

def note():
    try:
        file = os.open({FIRST!r}, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return
    os.write(file, str(time.time()).encode())
    os.close(file)
"""


def one(folder: Path) -> None:
    """One test in one file: what remains is the start."""
    test = "\ndef test_it():\n    note()\n"
    (folder / "test_one.py").write_text(_NOTED + test, encoding="utf-8")


def few(folder: Path) -> None:
    """64 tests in 32 files, for the start of many workers."""
    test = "\ndef test_it():\n    note()\n\ndef test_other():\n    note()\n"
    for file in range(32):
        (folder / f"test_{file:02}.py").write_text(_NOTED + test, encoding="utf-8")


def waiting(folder: Path) -> None:
    """200 tests that wait for 10 ms, in 20 files."""
    for file in range(20):
        tests = "import time\n\n" + "\n\n".join(
            f"def test_{number}():\n    time.sleep(0.01)" for number in range(10)
        )
        (folder / f"test_{file:02}.py").write_text(tests + "\n", encoding="utf-8")


SUITES: dict[str, Callable[[Path], None]] = {
    "empty": empty,
    "few": few,
    "imports": imports,
    "one": one,
    "waiting": waiting,
}
