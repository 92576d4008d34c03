"""Reports become files whole, or not at all."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_orchestrate.controller.report_files import replace_file

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="files of another kind")


def interrupted() -> Iterator[bytes]:
    yield b"half"
    raise OSError(28, "No space left on device")


def test_folders_are_made_and_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "report.json"
    replace_file(path, [b"first, ", b"longer"])
    replace_file(path, [b"second"])
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_finished_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b"before")
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, interrupted())
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"directory|Permission"):
        replace_file(tmp_path, [b"x"])
    assert tmp_path.is_dir()


@POSIX
def test_a_new_file_has_the_rights_of_any_other_and_an_old_one_keeps_its_own(
    tmp_path: Path,
) -> None:
    path = tmp_path / "report.json"
    before = os.umask(0o027)
    try:
        replace_file(path, [b"x"])
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o600)
        replace_file(path, [b"y"])
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


@POSIX
def test_what_a_link_leads_to_is_replaced_and_a_device_is_written_to(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    replace_file(link, [b"x"])
    assert link.is_symlink()
    assert target.read_bytes() == b"x"
    replace_file(Path(os.devnull), [b"x"])
    assert not Path(os.devnull).is_file()
