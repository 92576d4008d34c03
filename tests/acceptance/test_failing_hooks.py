"""A hook that fails in the controller ends the run, and leaves nothing hanging."""

from __future__ import annotations

import pytest

from tests.acceptance.live import running
from tests.acceptance.support import write_files

Pytester = pytest.Pytester


@pytest.mark.parametrize(
    "hook",
    [
        "pytest_configure_node(node)",
        "pytest_testnodeready(node)",
        "pytest_testnodedown(node, error)",
        "pytest_orchestrate_worker_down(worker, reason)",
        "pytest_orchestrate_worker_ready(worker)",
        "pytest_collectreport(report)",
        "pytest_runtest_logreport(report)",
        "pytest_runtest_logfinish(nodeid)",
    ],
)
def test_a_hook_that_raises_is_an_internal_error(pytester: Pytester, hook: str) -> None:
    write_files(
        pytester,
        {
            "conftest.py": f"""
import os

if "PYTEST_XDIST_WORKER" not in os.environ:
    def {hook}:
        raise ValueError("not like this")
""",
            **{f"test_{n}.py": "def test_a(): pass\ndef test_b(): pass\n" for n in "abc"},
            "test_skipped.py": "import pytest\npytest.skip('no', allow_module_level=True)\n",
        },
    )
    with running(pytester) as live:
        assert live.wait(20) == pytest.ExitCode.INTERNAL_ERROR, live.out
        live.assert_none_left(5)
    assert "ValueError: not like this" in live.out
