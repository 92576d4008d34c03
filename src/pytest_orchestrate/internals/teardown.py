"""Tearing down what the next test does not need, when that is known late."""

from __future__ import annotations

import contextlib
import dis
import os

import pytest


def placeholder(item: pytest.Item) -> pytest.Item:
    """Return an item that stands for "the next test, not known yet".

    Given as ``nextitem`` it makes pytest tear down what is function-scoped, and nothing more:
    ``SetupState.teardown_exact`` compares the collectors above the next item.
    """
    assert item.parent is not None
    with contextlib.suppress(Exception):
        return _Placeholder.from_parent(item.parent, name="[not known yet]")
    return item


def placeholder_above(item: pytest.Item) -> pytest.Item | None:
    """Return an item that stands for "a test of no class and no file that was there before".

    Given as ``nextitem`` it makes pytest tear down all below the package of ``item``; None if
    nothing is above its file.
    """
    files = (node for node in item.iter_parents() if isinstance(node, pytest.File))
    above = next((file.parent for file in files), None)
    if above is None:
        return None
    with contextlib.suppress(Exception):
        return _Placeholder.from_parent(above, name="[of another file]")
    return None


def looks_at_next(config: pytest.Config) -> bool:
    """Whether a plugin or conftest looks at ``nextitem`` when a test is torn down.

    It may tell from that whether a class or a file is over (SQLAlchemy's does), and is not asked
    again when that turns out later.
    """
    for implementation in config.hook.pytest_runtest_teardown.get_hookimpls():
        function = implementation.function
        module = str(getattr(function, "__module__", "")).partition(".")[0]
        if "nextitem" not in implementation.argnames or module in ("_pytest", "pytest_orchestrate"):
            continue
        code = getattr(function, "__code__", None)
        if code is None or any(map(_loads_next, dis.get_instructions(code))):
            return True
    return False


def _loads_next(instruction: dis.Instruction) -> bool:
    if not instruction.opname.startswith("LOAD"):
        return False
    loaded = instruction.argval  # of two at once, both
    return "nextitem" in (loaded if isinstance(loaded, tuple) else (loaded,))


class _Placeholder(pytest.Item):
    def runtest(self) -> None:
        raise AssertionError("a placeholder is never run")


def stand_in(item: pytest.Item, *, keeps_class: bool) -> pytest.Item:
    """Return an item to be given as ``nextitem`` while that is not known.

    :param keeps_class: What belongs to the class and the file of ``item`` stays up.
    """
    return (None if keeps_class else placeholder_above(item)) or placeholder(item)


def settle(item: pytest.Item, nextitem: pytest.Item | None) -> pytest.TestReport | None:
    """Tear down what ``nextitem`` does not need, after ``item`` was torn down for another one.

    Returns the report of a failure, for ``item``, or None. Relies on
    ``session._setupstate``, ``CaptureManager.item_capture`` and
    ``_pytest.warnings.catch_warnings_for_item``.
    """
    from _pytest.runner import CallInfo
    from _pytest.warnings import catch_warnings_for_item

    session = item.session
    state = session._setupstate
    needed = nextitem.listchain() if nextitem is not None else []
    if list(state.stack) == needed[: len(state.stack)]:
        return None
    capture = item.config.pluginmanager.getplugin("capturemanager")
    os.environ["PYTEST_CURRENT_TEST"] = f"{item.nodeid} (teardown)".replace("\x00", "(null)")

    def tear_down() -> None:
        with contextlib.ExitStack() as stack:
            if capture is not None:
                # where a test has broken capturing, pytest's own tear-down has said so
                with contextlib.suppress(Exception):
                    stack.enter_context(capture.item_capture("teardown", item))
            state.teardown_exact(nextitem)

    try:
        with catch_warnings_for_item(
            config=item.config, ihook=item.ihook, when="runtest", item=item
        ):
            call = CallInfo.from_call(
                tear_down, when="teardown", reraise=(pytest.exit.Exception, KeyboardInterrupt)
            )
    finally:
        os.environ.pop("PYTEST_CURRENT_TEST", None)
    if call.excinfo is None:
        return None
    return pytest.TestReport.from_item_and_call(item, call)
