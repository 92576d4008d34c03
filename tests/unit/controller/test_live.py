"""What the terminal says of a failure while tests run."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pytest_orchestrate.controller.live import reason


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("gw0 crashed while it ran this test: its process exited with code 3\nwords", 0),
        ("\n[XPASS(strict)] mended", 1),
        ("def test_x():\n>   assert f()\nE   assert False", 2),
    ],
)
def test_a_failure_that_is_told_as_text_gives_its_reason_and_not_its_worker(
    text: str, line: int
) -> None:
    report = pytest.TestReport("a.py::test_x", ("a.py", 0, "x"), {}, "failed", text, "call")
    report.node = SimpleNamespace(  # type: ignore[attr-defined]  # pytest-xdist sets it, too
        gateway=SimpleNamespace(id="gw0"),
        workerinfo={"id": "gw0", "sysplatform": "p", "version_info": (3, 11, 7), "executable": "x"},
    )
    assert "[gw0]" in report.longreprtext
    assert reason(report, "/root") == text.split("\n")[line].removeprefix("E   ")
