"""What cannot be written is told before a run."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_orchestrate.controller.report_places import check_places, other_files
from pytest_orchestrate.options.destinations import Destination


def refused(path: Path) -> str:
    with pytest.raises(pytest.UsageError) as caught:
        check_places([Destination("html", path)])
    return str(caught.value)


def test_a_file_that_is_there_and_folders_that_are_to_be_made_are_places(tmp_path: Path) -> None:
    there = tmp_path / "report.html"
    there.write_text("before")
    paths = (there, tmp_path / "new" / "newer" / "report.html", Path(os.devnull))
    check_places([Destination("html", path) for path in paths])
    assert list(tmp_path.iterdir()) == [there]


def test_a_folder_is_no_place(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert f"'html:{tmp_path}' cannot be written: {tmp_path} is a folder." in refused(tmp_path)
    assert "is a folder" in refused(tmp_path / "link")


@pytest.mark.parametrize("option", ["xmlpath", "report_log", "log_file"])
@pytest.mark.parametrize("name", ["out", "./x/../out", "hard", "soft"])
def test_a_file_that_another_option_writes_is_no_place(
    tmp_path: Path, option: str, name: str
) -> None:
    if name in ("hard", "soft"):
        (tmp_path / "out").write_text("")
        (tmp_path / "hard").hardlink_to(tmp_path / "out")
        (tmp_path / "soft").symlink_to("out")
    (tmp_path / "x").mkdir()
    others = other_files(SimpleNamespace(**{option: "out"}), tmp_path)
    with pytest.raises(pytest.UsageError) as caught:
        check_places([Destination("junit", tmp_path / name)], others)
    (flag,) = others
    assert f"'junit:{tmp_path / name}' cannot be written: {flag} writes the same" in str(
        caught.value
    )
    check_places([Destination("junit", tmp_path / "another")], others)


def test_a_device_may_be_written_to_by_several() -> None:
    path = Path(os.devnull)
    check_places([Destination("junit", path)], other_files(SimpleNamespace(xmlpath=path), path))


def test_nothing_is_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert f"{tmp_path / 'file'} is no folder" in refused(tmp_path / "file" / "a" / "r.html")


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    assert "cannot be written: File name too long" in refused(tmp_path / ("x" * 300) / "r.html")


def test_a_folder_in_which_nobody_may_write_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.access("/proc", os.W_OK) or not Path("/proc/self").exists():
        monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != tmp_path)
        assert f"the folder {tmp_path} may not be written to" in refused(tmp_path / "a" / "r.html")
    else:
        assert "the folder /proc may not be written to" in refused(Path("/proc/r.html"))
