from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pytest_orchestrate.locking import FileLock, is_locked, said_by_holder


def taken(path: Path, *, shared: bool = False) -> FileLock:
    lock = FileLock.taken(path, shared=shared)
    assert lock is not None
    return lock


def test_two_openings_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = taken(path)
    assert FileLock.taken(path) is None
    assert is_locked(path)
    first.release()
    assert not is_locked(path)
    taken(path).release()


@pytest.mark.skipif(sys.platform == "win32", reason="locks cannot be shared there")
def test_readers_share_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    readers = [taken(path, shared=True), taken(path, shared=True)]
    assert FileLock.taken(path) is None
    for reader in readers:
        reader.release()
    writer = taken(path)
    assert FileLock.taken(path, shared=True) is None
    writer.release()


def test_the_holder_says_who_it_is(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = taken(path)
    lock.write("a long story")
    lock.write("me \udc80")
    assert said_by_holder(path) == "me \\udc80"
    lock.release()
    assert said_by_holder(tmp_path / "none") == ""


def test_to_release_twice_does_no_harm(tmp_path: Path) -> None:
    lock = taken(tmp_path / "lock")
    lock.release()
    other = taken(tmp_path / "lock")
    lock.release()
    assert is_locked(other.path)
    other.release()


def test_a_file_that_somebody_has_closed_is_let_go_of(tmp_path: Path) -> None:
    lock = taken(tmp_path / "lock")
    os.close(lock._descriptor)
    other = (tmp_path / "other").open("w")
    assert other.fileno() == lock._descriptor
    lock.write("me")
    lock.release()
    other.write("still open")
    other.close()
    assert (tmp_path / "other").read_text() == "still open"
    taken(tmp_path / "lock").release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_does_not_hold_the_lock(tmp_path: Path) -> None:
    lock = taken(tmp_path / "lock")
    asking, answering = os.pipe()
    child = os.fork()
    if not child:
        os.read(asking, 1)  # until the parent has let go
        lock.release()
        os._exit(not is_locked(lock.path))
    lock.release()
    again = taken(lock.path)
    os.write(answering, b".")
    assert os.waitpid(child, 0)[1] == 0
    assert is_locked(again.path)
    again.release()
    os.close(asking)
    os.close(answering)


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be deleted there")
def test_a_lock_on_a_deleted_file_is_nobodys(tmp_path: Path) -> None:
    old = taken(tmp_path / "lock")
    (tmp_path / "lock").unlink()
    new = taken(tmp_path / "lock")
    assert FileLock.taken(tmp_path / "lock") is None
    new.release()
    old.release()


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="there are no links here")
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="symbolic"):
        FileLock.taken(tmp_path / "lock")
