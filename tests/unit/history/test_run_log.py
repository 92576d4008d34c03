from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history.log import RunLog, is_live, prune, read, replay_events
from pytest_orchestrate.model.commands import AnyCommand, Assign, EndRun
from pytest_orchestrate.model.events import AnyEvent, RunBegan, StopRequested, TestStarted
from tests.unit.history.recorded import Attempt, add_attempts, begin, record_run


def in_another_process(code: str, *arguments: object, **options: Any) -> str:
    result: subprocess.CompletedProcess[str] = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )
    return result.stdout.strip()


def seen_as_live(path: Path) -> bool:
    code = (
        "import sys, pathlib; from pytest_orchestrate.history.log import is_live;"
        "print(is_live(pathlib.Path(sys.argv[1])))"
    )
    return in_another_process(code, path) == "True"


class TestFiles:
    def test_log_and_directories_are_private(self, tmp_path: Path) -> None:
        log = RunLog.create(tmp_path / "kept", "r", keep_output=True)
        log.close()
        modes = [stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "kept", log.path)]
        assert modes == [0o700, 0o600]
        assert log.path == tmp_path / "kept" / "runs" / "r.jsonl"

    def test_git_ignores_the_directory(self, tmp_path: Path) -> None:
        RunLog.create(tmp_path / "kept", "r", keep_output=True).close()
        lines = (tmp_path / "kept" / ".gitignore").read_text().splitlines()
        assert "*" in lines

    def test_a_gitignore_of_the_users_own_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / ".gitignore").write_text("!history.sqlite3\n")
        RunLog.create(tmp_path, "r", keep_output=True).close()
        assert (tmp_path / ".gitignore").read_text() == "!history.sqlite3\n"

    def test_two_logs_never_share_a_file(self, tmp_path: Path) -> None:
        first = RunLog.create(tmp_path, "r", keep_output=True)
        second = RunLog.create(tmp_path, "r", keep_output=True)
        assert first.fault is None
        assert second.fault is not None
        first.close()


class TestRecords:
    def test_records_come_back_as_they_were_written(self, tmp_path: Path) -> None:
        log = RunLog.create(tmp_path, "r", keep_output=True)
        records: list[dict[str, Any]] = [
            {"record": "run", "run": "r", "args": ["-k", "ä"]},
            {"record": "note", "text": "line\nline\u2028\0"},
        ]
        for record in records:
            log.write(record)
        log.close()
        assert list(read(log.path)) == records

    def test_what_is_flushed_is_there_before_the_log_is_closed(self, tmp_path: Path) -> None:
        log = RunLog.create(tmp_path, "r", keep_output=True)
        log.write({"record": "note", "text": "a"})
        log.flush()
        assert [record["text"] for record in read(log.path)] == ["a"]
        log.close()

    def test_much_waiting_is_flushed_unasked(self, tmp_path: Path) -> None:
        log = RunLog.create(tmp_path, "r", keep_output=True)
        log.write({"record": "note", "text": "a" * 100_000})
        assert log.path.stat().st_size > 100_000
        log.close()

    @pytest.mark.parametrize(
        "output", [{"longrepr": "a" * 100_000}, {"sections": [("stdout", "a" * 100_000)]}]
    )
    def test_an_attempt_with_much_output_is_flushed_unasked(
        self, tmp_path: Path, output: dict[str, object]
    ) -> None:
        log = RunLog.create(tmp_path, "r", keep_output=True)
        log.attempt({"record": "attempt", **output})
        assert log.path.stat().st_size > 100_000
        log.close()

    def test_many_waiting_are_flushed_unasked(self, tmp_path: Path) -> None:
        log = RunLog.create(tmp_path, "r", keep_output=True)
        for _ in range(1_000):
            log.attempt({"record": "attempt"})
        assert len(list(read(log.path))) == 1_000
        log.close()
        assert log.size == log.path.stat().st_size

    def test_what_waits_becomes_the_lines_that_it_would_have_been_at_once(
        self, tmp_path: Path
    ) -> None:
        odd = {"record": "attempt", "nodeid": "a\udc80", "object": {1, 2}}
        log = RunLog.create(tmp_path, "r", keep_output=True)
        log.attempt({"record": "attempt", "nodeid": "a"})
        log.event(StopRequested(now=1.0, reason="\udcff"))
        log.write({"record": "note", "text": "line\nline"})
        log.attempt(odd)
        log.command(EndRun(not_run=0))
        log.close()
        attempt, event, note, other, command = read(log.path)
        assert attempt == {"record": "attempt", "nodeid": "a"}
        assert event["event"]["reason"] == "\\udcff"
        assert note["text"] == "line\nline"
        assert other["nodeid"] == "a\\udc80"
        assert command["command"]["command"] == "EndRun"

    def test_without_output_sections_and_tracebacks_are_left_out(self, tmp_path: Path) -> None:
        log = RunLog.create(tmp_path, "r", keep_output=False)
        how = {"longrepr": "secret", "crash": {"message": "secret"}, "exception": "secret"}
        attempt = {"record": "attempt", "nodeid": "a", **how, "sections": [["stdout", "secret"]]}
        log.write(attempt)
        log.write({"record": "amend", "nodeid": "a", **how})
        log.attempt({"record": "attempt", "nodeid": "b", "longrepr": None, "sections": []})
        log.close()
        assert b"secret" not in log.path.read_bytes()
        without, _, ordinary = read(log.path)
        assert without["sections"] == []
        assert "crash" not in ordinary
        assert attempt["longrepr"] == "secret"

    def test_lone_surrogates_are_written_as_escapes(self, tmp_path: Path) -> None:
        log = RunLog.create(tmp_path, "r", keep_output=True)
        log.write({"record": "note", "text": "\udc80", "list": ["ok", "\ud800"], "k\udc81": 1})
        log.event(StopRequested(now=1.0, reason="\udcff"))
        log.close()
        note, event = read(log.path)
        assert note == {
            "record": "note",
            "text": "\\udc80",
            "list": ["ok", "\\ud800"],
            "k\\udc81": 1,
        }
        assert event["event"]["reason"] == "\\udcff"
        assert log.fault is None

    @given(
        st.dictionaries(
            st.text(st.characters()) | st.integers() | st.none() | st.tuples(st.integers()),
            st.recursive(
                st.text(st.characters())
                | st.integers()
                | st.floats()
                | st.binary()
                | st.complex_numbers()
                | st.just(object())
                | st.sets(st.integers()),
                lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
                max_leaves=5,
            ),
        )
    )
    def test_no_record_is_too_odd_to_be_written(self, content: Mapping[Any, object]) -> None:
        log = RunLog(Path("unused"), keep_output=True)
        lines: list[bytes] = []
        setattr(log, "_append", lines.append)  # noqa: B010 - no file for each example
        log.write({"record": "note", "content": content})
        (line,) = lines
        assert b"\n" not in line
        assert json.loads(line)["record"] == "note"

    def test_a_record_that_contains_itself_becomes_a_note(self, tmp_path: Path) -> None:
        endless: list[object] = []
        endless.append(endless)
        log = RunLog.create(tmp_path, "r", keep_output=True)
        log.write({"record": "attempt", "sections": endless})
        log.close()
        (record,) = read(log.path)
        assert record["record"] == "note"
        assert "attempt" in record["text"]

    def test_the_first_key_of_each_line_is_its_kind(self, tmp_path: Path) -> None:
        log = begin(tmp_path, 1)
        log.event(RunBegan(now=0.0, workers=1))
        log.command(EndRun(not_run=0))
        add_attempts(log, 1, [Attempt("a")])
        log.close()
        for line in log.path.read_bytes().splitlines():
            assert line.startswith(b'{"record":"')

    def test_a_forked_child_writes_nothing(self, tmp_path: Path) -> None:
        code = (
            "import os, sys, pathlib\n"
            "from pytest_orchestrate.history.log import RunLog\n"
            "log = RunLog.create(pathlib.Path(sys.argv[1]), 'r', keep_output=True)\n"
            "log.write({'record': 'note', 'text': 'once'})\n"
            "if os.fork() == 0:\n"
            "    log.flush(); log.close(); os._exit(0)\n"
            "os.wait()\n"
            "log.close()\n"
        )
        in_another_process(code, tmp_path)
        assert [r["text"] for r in read(tmp_path / "runs" / "r.jsonl")] == ["once"]


class TestFaults:
    def test_a_full_disk_ends_the_recording_with_one_text(self, tmp_path: Path) -> None:
        code = (
            "import resource, sys, pathlib\n"
            "from pytest_orchestrate.history.log import RunLog\n"
            "log = RunLog.create(pathlib.Path(sys.argv[1]), 'r', keep_output=True)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))\n"
            "for number in range(1000):\n"
            "    log.write({'record': 'note', 'text': 'x' * 50, 'number': number})\n"
            "    log.flush()\n"
            "log.close()\n"
            "print(log.fault)\n"
        )
        fault = in_another_process(code, tmp_path)
        path = tmp_path / "runs" / "r.jsonl"
        assert fault.startswith("the run is no longer recorded")
        assert str(path) in fault
        numbers = [record["number"] for record in read(path)]
        assert numbers == list(range(len(numbers)))
        assert numbers

    def test_a_device_without_room_ends_the_recording(self, tmp_path: Path) -> None:
        log = RunLog.create(tmp_path, "r", keep_output=True)
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, log._descriptor)
        os.close(full)
        log.write({"record": "note"})
        log.flush()
        assert log.fault is not None
        assert "No space left" in log.fault
        log.write({"record": "note"})
        log.close()

    def test_a_place_that_is_no_directory_is_a_fault_and_no_error(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        log = RunLog.create(tmp_path / "file", "r", keep_output=True)
        assert log.fault is not None
        log.write({"record": "note"})
        log.event(RunBegan(now=0.0, workers=1))
        log.flush()
        log.close()


class TestLiveness:
    def test_an_open_log_is_live_for_everybody(self, tmp_path: Path) -> None:
        log = RunLog.create(tmp_path, "r", keep_output=True)
        assert is_live(log.path)
        assert seen_as_live(log.path)
        log.close()
        assert not is_live(log.path)
        assert not seen_as_live(log.path)

    def test_a_log_whose_writer_was_killed_is_not_live(self, tmp_path: Path) -> None:
        code = (
            "import sys, pathlib, time\n"
            "from pytest_orchestrate.history.log import RunLog\n"
            "log = RunLog.create(pathlib.Path(sys.argv[1]), 'r', keep_output=True)\n"
            "print('open', flush=True); sys.stdin.read()\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"open\n"
            path = tmp_path / "runs" / "r.jsonl"
            assert is_live(path)
            writer.send_signal(signal.SIGKILL)
            writer.wait(30)
            assert not is_live(path)
        assert list((tmp_path / "runs").iterdir()) == [path]

    def test_asking_does_not_end_the_life_of_a_log(self, tmp_path: Path) -> None:
        log = RunLog.create(tmp_path, "r", keep_output=True)
        assert [is_live(log.path) for _ in range(3)] == [True] * 3
        log.close()

    def test_a_log_that_is_gone_is_not_live(self, tmp_path: Path) -> None:
        assert not is_live(tmp_path / "gone.jsonl")


class TestReading:
    def test_a_last_line_that_was_cut_off_is_not_read(self, tmp_path: Path) -> None:
        path = record_run(tmp_path, 1, [Attempt("a"), Attempt("b")])
        whole = path.read_bytes()
        complete = list(read(path))
        for cut in range(len(whole.splitlines(keepends=True)[-1])):
            path.write_bytes(whole[: len(whole) - cut])
            assert list(read(path)) == (complete if cut == 0 else complete[:-1])

    def test_damage_within_the_log_is_named_by_its_line(self, tmp_path: Path) -> None:
        path = tmp_path / "r.jsonl"
        path.write_bytes(b'{"record":"note"}\n\0\0\0\n{"record":"note"}\n')
        with pytest.raises(HistoryError, match=r"r\.jsonl, line 2"):
            list(read(path))

    def test_events_are_replayed_with_the_commands_they_caused(self, tmp_path: Path) -> None:
        story: list[tuple[AnyEvent, list[AnyCommand]]] = [
            (RunBegan(now=0.0, workers=2), []),
            (TestStarted(now=1.0, worker=0, test=0), [Assign(worker=0, tests=[1, 2])]),
            (StopRequested(now=2.0, reason="-x"), [EndRun(not_run=2, reason="-x")]),
        ]
        log = begin(tmp_path, 1)
        for event, commands in story:
            log.event(event)
            for command in commands:
                log.command(command)
            log.write({"record": "note", "text": "not of the engine"})
            log.write({"record": "from the future", "event": 3})
        log.close()
        lines = log.path.read_bytes().splitlines(keepends=True)
        log.path.write_bytes(b"".join(line for line in lines if b"from the future" not in line))
        assert list(replay_events(log.path)) == story

    def test_a_log_of_a_newer_version_is_refused_with_the_next_step(self, tmp_path: Path) -> None:
        path = tmp_path / "r.jsonl"
        path.write_bytes(b'{"record":"run","version":99}\n')
        with pytest.raises(HistoryError, match=r"version 99.*install"):
            list(replay_events(path))


class TestPruning:
    def logs(self, directory: Path, count: int, size: int = 1000) -> list[Path]:
        paths = []
        for number in range(count):
            log = begin(directory, number)
            log.write({"record": "note", "text": "x" * size})
            log.close()
            os.utime(log.path, (number + 1, number + 1))
            paths.append(log.path)
        return paths

    def test_the_newest_runs_are_kept(self, tmp_path: Path) -> None:
        paths = self.logs(tmp_path, 5)
        result = prune(tmp_path, keep_runs=2)
        assert result.deleted == paths[:3]
        assert sorted((tmp_path / "runs").iterdir()) == paths[3:]
        assert result.faults == []

    def test_the_newest_bytes_are_kept_without_gaps(self, tmp_path: Path) -> None:
        paths = self.logs(tmp_path, 5)
        paths[2].write_bytes(b"x" * 10_000)
        os.utime(paths[2], (3, 3))
        assert prune(tmp_path, keep_bytes=6_000).deleted == paths[:3]

    def test_a_live_log_is_never_deleted(self, tmp_path: Path) -> None:
        paths = self.logs(tmp_path, 2)
        live = begin(tmp_path, 9)
        live.flush()
        os.utime(live.path, (0, 0))
        assert prune(tmp_path, keep_runs=0, keep_bytes=0).deleted == paths
        assert live.path.exists()
        live.close()

    def test_logs_beyond_an_age_are_deleted(self, tmp_path: Path) -> None:
        paths = self.logs(tmp_path, 5)
        assert prune(tmp_path, older_than=3.5).deleted == paths[:3]

    def test_nothing_else_in_the_directory_is_touched(self, tmp_path: Path) -> None:
        self.logs(tmp_path, 1)
        (tmp_path / "runs" / "notes.txt").write_text("mine")
        prune(tmp_path, keep_runs=0)
        assert [path.name for path in (tmp_path / "runs").iterdir()] == ["notes.txt"]

    def test_where_there_are_no_logs_there_is_nothing_to_do(self, tmp_path: Path) -> None:
        assert prune(tmp_path / "nowhere").deleted == []
