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
        assert live.wait() == pytest.ExitCode.INTERNAL_ERROR, live.out
        live.assert_none_left()
    assert "ValueError: not like this" in live.out


def test_a_hook_that_raises_when_a_worker_is_replaced_is_one_too(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": """
def pytest_configure_node(node):
    if node.gateway.id == "gw2":
        raise ValueError("no third one")
""",
            **{
                f"test_{n}.py": "import os, time\ndef test_a(): time.sleep(0.1); os._exit(3)\n"
                "def test_b(): time.sleep(0.2)\ndef test_c(): pass\n"
                for n in "ab"
            },
        },
    )
    with running(pytester) as live:
        assert live.wait() == pytest.ExitCode.INTERNAL_ERROR, live.out
        live.assert_none_left()
    assert "ValueError: no third one" in live.out
