"""The locks of what a test has, where they cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_orchestrate import slots
from pytest_orchestrate.locking import FileLock
from pytest_orchestrate.slots import Slots


def test_what_somebody_else_uses_is_an_error_of_the_one_test_that_was_to_have_it(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "PATIENCE", 0.0)
    lock = FileLock.taken(tmp_path / "db.0.test")
    assert lock is not None
    lock.write("another test")
    item, ours = request.node, Slots()
    set_up = item.config.hook.pytest_runtest_setup
    before = set_up.get_hookimpls()
    ours.expect({0: {"db": [0]}}, {0: [(str(tmp_path / "db.0.test"), False)]})
    with ours.given(0, item):
        (refusing,) = (each for each in set_up.get_hookimpls() if each not in before)
        with pytest.raises(pytest.fail.Exception, match=r"is locked by another test, though"):
            refusing.function()
    assert set_up.get_hookimpls() == before
    lock.release()
