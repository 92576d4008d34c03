from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_orchestrate.controller.host_slots import HostSlots, Taken, lock_folder
from pytest_orchestrate.locking import FileLock
from pytest_orchestrate.model.annotations import Demand

CAPACITIES = {"board": 3, "db": 1}
DB, READ, TWO = Demand("db"), Demand("db", shared=True), Demand("board", 2)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return lock_folder()


@pytest.fixture
def runs() -> Iterator[tuple[HostSlots, HostSlots]]:
    both = HostSlots(CAPACITIES, "one"), HostSlots(CAPACITIES, "two")
    yield both
    for run in both:
        run.close()


def test_the_folder_is_the_users_own(folder: Path, runs: object) -> None:
    assert folder.name == "pytest-orchestrate"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_relative_path_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    without = lock_folder()
    for path in ("", ".", "run/user"):
        monkeypatch.setenv("XDG_RUNTIME_DIR", path)
        assert lock_folder() == without
    assert without.is_absolute()


def test_a_slot_is_one_runs(runs: tuple[HostSlots, HostSlots]) -> None:
    one, two = runs
    assert one.take([[DB]]) == Taken({"db": [0]}, [])
    assert two.take([[DB]]) is None
    one.give_back({"db": [0]})
    assert two.take([[DB]]) == Taken({"db": [0]}, [])


def test_numbers_are_different_in_all_runs(runs: tuple[HostSlots, HostSlots]) -> None:
    one, two = runs
    assert one.take([[TWO]]) == Taken({"board": [0, 1]}, [])
    assert two.take([[TWO]]) is None
    assert two.take([[Demand("board")]]) == Taken({"board": [2]}, [])
    assert one.take([[Demand("board")]]) is None


def test_it_is_all_or_nothing(runs: tuple[HostSlots, HostSlots]) -> None:
    one, two = runs
    assert one.take([[DB]])
    assert two.take([[TWO, DB]]) is None
    assert one.take([[Demand("board", 3)]]) == Taken({"board": [0, 1, 2]}, [])


def test_the_first_alternative_that_can_be_had_is_taken(runs: tuple[HostSlots, HostSlots]) -> None:
    one, two = runs
    assert one.take([[DB]])
    assert two.take([[DB, TWO], [TWO], [Demand("board")]]) == Taken({"board": [0, 1]}, [])


def test_readers_share(runs: tuple[HostSlots, HostSlots]) -> None:
    one, two = runs
    assert one.take([[READ]]) == Taken({"db": [0]}, ["db"])
    assert two.take([[DB]]) is None
    assert two.take([[READ]]) == Taken({"db": [0]}, ["db"])
    assert [shared for _, shared in two.locks_of({"db": [0], "other": [0]})] == [True]


def test_a_slot_that_a_test_uses_still_is_not_free(runs: tuple[HostSlots, HostSlots]) -> None:
    one, two = runs
    assert one.take([[DB]])
    ((path, shared),) = one.locks_of({"db": [0]})
    test = FileLock.taken(Path(path), shared=shared)
    assert test is not None
    test.write("test_a.py::test_db in process 7")
    one.close()  # as if it had been killed
    assert two.take([[DB]]) is None
    assert two.holders([[DB]]) == ["db (host): held by test_a.py::test_db in process 7"]
    test.release()
    assert two.take([[DB]])


def test_it_is_told_who_holds_what(runs: tuple[HostSlots, HostSlots]) -> None:
    one, two = runs
    assert one.take([[DB]], "test_a.py::test_db")
    (text,) = two.holders([[DB], [TWO]])
    assert text.startswith(f"db (host): held by run one, process {os.getpid()}, since ")
    assert text.endswith("(test_a.py::test_db)")
    assert one.holders([[DB]]) == []


def test_names_may_have_any_characters(runs: tuple[HostSlots, HostSlots], folder: Path) -> None:
    one, _ = runs
    one.provide({"a/../b": 1})
    assert one.take([[Demand("a/../b")]])
    assert (folder / "a%2F..%2Fb.0.run").exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders have no modes there")
@pytest.mark.parametrize(
    ("fault", "message"),
    [("file", "File exists"), ("link", "it is not a folder"), ("open", "others may write there")],
)
def test_a_folder_that_is_not_safe_is_refused(folder: Path, fault: str, message: str) -> None:
    if fault == "file":
        folder.touch()
    elif fault == "link":
        folder.with_name("real").mkdir()
        folder.symlink_to(folder.with_name("real"))
    else:
        folder.mkdir()
        folder.chmod(0o777)
    with pytest.raises(pytest.UsageError, match=message) as caught:
        HostSlots({"db": 1}, "one")
    assert str(folder) in str(caught.value)
