"""Recording a run: private, bounded, and never a reason for another verdict."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.live import running
from tests.acceptance.support import Ran, run_orchestrated, write_files
from tests.support.runs import assert_log_is_sound, latest_log

Pytester = pytest.Pytester

SUITE = {
    "test_a.py": "def test_a(): print('a secret')\ndef test_fails():\n"
    "    print('another secret'); password = 'hunter2'; assert password == ''\n",
    "test_b.py": "def test_b(): pass\n",
}
COUNTS = {"passed": 2, "failed": 1}


def folder(pytester: Pytester) -> Path:
    return pytester.path / ".pytest_orchestrate"


def run(pytester: Pytester, *args: str, workers: int = 2, log: bool = False) -> Ran:
    ran = run_orchestrated(pytester, *args, workers=workers, log=log)
    assert ran.counts == COUNTS, ran.out + ran.err
    assert ran.code == 1
    assert "INTERNALERROR" not in ran.out
    return ran


def warned(ran: Ran) -> list[str]:
    return [line for line in ran.out.splitlines() if line.startswith("orchestrate: warning:")]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def suite(pytester: Pytester) -> Pytester:
    write_files(pytester, SUITE)
    return pytester


@pytest.mark.parametrize("workers", [0, 2])
def test_what_is_recorded_is_private(suite: Pytester, workers: int) -> None:
    before = os.umask(0o022)
    try:
        run(suite, workers=workers, log=True)
    finally:
        os.umask(before)
    assert mode(folder(suite)) == 0o700
    assert mode(folder(suite) / "runs") == 0o700
    assert mode(latest_log(suite.path)) == 0o600
    assert "a secret" in latest_log(suite.path).read_text()
    assert (folder(suite) / ".gitignore").read_text().splitlines()[-1] == "*"


@pytest.mark.parametrize("workers", [0, 2])
def test_no_output_leaves_none_in_the_log(suite: Pytester, workers: int) -> None:
    run(suite, "--orchestrate-record=no-output", workers=workers, log=True)
    text = latest_log(suite.path).read_text()
    assert "secret" not in text
    assert "hunter2" not in text
    assert "test_fails" in text


@pytest.mark.parametrize("workers", [0, 2])
def test_off_writes_nothing(suite: Pytester, workers: int) -> None:
    run(suite, "--orchestrate-record=off", workers=workers)
    assert not folder(suite).exists()


def test_a_folder_that_cannot_be_made_warns_once(suite: Pytester) -> None:
    (suite.path / "file").write_text("")
    ran = run(suite, "--orchestrate-dir=file/below")
    assert len(warned(ran)) == 1
    assert "file/below" in warned(ran)[0]


def test_a_folder_that_cannot_be_written_warns(suite: Pytester) -> None:
    with _mounted(suite.path / "small", "size=64k,mode=0555") as place:
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        ran = run(suite, f"--orchestrate-dir={place}/runs")
    assert warned(ran)
    assert len(set(warned(ran))) == len(warned(ran))


def test_a_disk_that_fills_up_ends_the_recording_and_not_the_run(suite: Pytester) -> None:
    write_files(
        suite,
        {
            "test_c.py": "import pytest\n@pytest.mark.parametrize('n', range(30))\n"
            "def test_much(n): print('x' * 10_000); assert 0\n"
        },
    )
    with _mounted(suite.path / "small", "size=64k") as place:
        ran = run_orchestrated(suite, f"--orchestrate-dir={place}/runs", log=False)
    assert ran.counts == {"passed": 2, "failed": 31}
    assert any("no longer recorded" in line and "No space left" in line for line in warned(ran))


def test_a_log_that_cannot_grow_warns_once(suite: Pytester) -> None:
    """``/dev/full`` takes no byte."""
    write_files(
        suite,
        {
            "conftest.py": """
import os
real = os.open
def full(path, *args, **options):
    if str(path).endswith(".jsonl"):
        return real("/dev/full", os.O_WRONLY)
    return real(path, *args, **options)
os.open = full
"""
        },
    )
    ran = run(suite)
    assert len([line for line in warned(ran) if "no longer recorded" in line]) == 1


class _mounted:  # noqa: N801 - a context manager
    """A small file system of its own; a test that may not mount one has nothing to show."""

    def __init__(self, place: Path, options: str) -> None:
        self.place, self.options = place, options

    def __enter__(self) -> Path:
        self.place.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", self.options, "tmpfs", self.place],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            pytest.skip(f"needs the right to mount a tmpfs: {made.stderr.strip()}")
        return self.place

    def __exit__(self, *_exc: object) -> None:
        subprocess.run(["umount", "-l", self.place], check=True)


def history(pytester: Pytester) -> Path:
    return folder(pytester) / "history.sqlite3"


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 50, b"SQLite format 3\0" * 9])
def test_a_broken_history_is_moved_aside(suite: Pytester, content: bytes) -> None:
    run(suite, log=True)
    for suffix in ("-wal", "-shm"):
        history(suite).with_name(history(suite).name + suffix).unlink(missing_ok=True)
    history(suite).write_bytes(content)
    ran = run(suite, log=True)
    assert len(warned(ran)) == bool(content)  # an empty file is a new one
    if content:
        assert "is damaged" in warned(ran)[0]
    assert not warned(run(suite, log=True))


def test_a_history_that_is_cut_off_in_the_middle(suite: Pytester) -> None:
    run(suite, log=True)
    with sqlite3.connect(history(suite)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data = history(suite).read_bytes()
    history(suite).write_bytes(data[: len(data) // 2])
    run(suite, log=True)
    assert not warned(run(suite, log=True))


def test_a_newer_history_is_left_alone(suite: Pytester) -> None:
    run(suite, log=True)
    connection = sqlite3.connect(history(suite))
    connection.execute("PRAGMA user_version = 9999")
    connection.commit()
    connection.close()
    ran = run(suite, log=True)
    assert ["newer pytest-orchestrate" in line for line in warned(ran)] == [True]
    connection = sqlite3.connect(history(suite))
    assert connection.execute("PRAGMA user_version").fetchone() == (9999,)
    connection.close()


def test_a_history_that_is_a_folder(suite: Pytester) -> None:
    history(suite).mkdir(parents=True)
    assert warned(run(suite, log=True))


def test_a_damaged_log_of_another_run_is_no_matter(suite: Pytester) -> None:
    run(suite, log=True)
    for name, text in {
        "20200101-000000-aaaaaaaa": "no json\n",
        "20200101-000000-bbbbbbbb": "",
        "20200101-000000-cccccccc": '{"record":"run","version":99}\n',
        "20200101-000000-dddddddd": '{"record":"ru',
    }.items():
        path = folder(suite) / "runs" / f"{name}.jsonl"
        path.write_text(text)
        os.utime(path, (1, 1))
    run(suite, log=True)


def test_twenty_runs_are_kept(suite: Pytester) -> None:
    runs = folder(suite) / "runs"
    runs.mkdir(parents=True)
    for number in range(30):
        path = runs / f"20200101-0000{number:02}-aaaaaaaa.jsonl"
        path.write_text("")
        os.utime(path, (1000 + number, 1000 + number))
    run(suite, log=True)
    left = sorted(path.name for path in runs.iterdir())
    assert len(left) == 20
    assert left[0] == "20200101-000011-aaaaaaaa.jsonl"


def test_fewer_are_kept_where_that_is_asked_for(suite: Pytester) -> None:
    for _ in range(3):
        run(suite, "--orchestrate-keep=runs = 2", workers=0, log=True)
    assert len(list((folder(suite) / "runs").iterdir())) == 2


def test_two_runs_at_one_time_in_one_project(suite: Pytester) -> None:
    write_files(
        suite,
        {
            "test_c.py": "import os, pathlib, pytest, time\n"
            "@pytest.mark.parametrize('n', range(20))\n"
            "def test_c(n):\n"
            "    pathlib.Path(os.environ['ME']).touch()\n"
            "    while len(list(pathlib.Path().glob('run*'))) < 2: time.sleep(0.01)\n"
        },
    )
    with (
        running(suite, environ={"ME": "run1"}) as one,
        running(suite, environ={"ME": "run2"}) as two,
    ):
        assert [one.wait(), two.wait()] == [1, 1]
    for live in one, two:
        assert "22 passed" in live.out
        assert "1 failed" in live.out
        assert "orchestrate: warning" not in live.out
    logs = list((folder(suite) / "runs").iterdir())
    assert len(logs) == 2
    for log in logs:
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        assert lines[-1]["record"] == "end"
        assert sum(line["record"] == "attempt" for line in lines) == 23
    assert "history of 23 tests" in run_orchestrated(suite).out


def test_a_test_that_deletes_the_folder(suite: Pytester) -> None:
    write_files(
        suite,
        {"test_c.py": "import shutil\ndef test_c(): shutil.rmtree('.pytest_orchestrate')\n"},
    )
    ran = run_orchestrated(suite, log=False)
    assert ran.counts == {"passed": 3, "failed": 1}
    assert ran.code == 1
    assert "INTERNALERROR" not in ran.out


def test_a_log_of_a_run_that_was_killed_is_sound_as_far_as_it_goes(suite: Pytester) -> None:
    write_files(
        suite,
        {
            "test_c.py": "import pathlib, time\ndef test_c():\n"
            "    pathlib.Path('c').touch(); time.sleep(600)\n"
        },
    )
    with running(suite) as live:
        live.wait_for_file("c")
        live.process.kill()
        live.wait(10)
        live.assert_none_left(8)
    assert_log_is_sound(suite.path, finished=False)
