"""The controller's session, terminal, log file and temporary folder."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest


def write_to_log_file(config: pytest.Config, text: str) -> bool:
    """Append text to the file of ``--log-file``; return whether there is one."""
    plugin = config.pluginmanager.getplugin("logging-plugin")
    handler = getattr(plugin, "log_file_handler", None)
    stream = getattr(handler, "stream", None)
    if handler is None or handler.baseFilename == os.devnull:
        return False
    if stream is None:
        stream = handler._open()
        handler.stream = stream
    stream.write(text)
    stream.flush()
    return True


def log_file_is_asked_for(config: pytest.Config) -> bool:
    """Whether ``--log-file`` or its ini key is given (neither is known with ``-p no:logging``)."""
    if not config.pluginmanager.hasplugin("logging-plugin"):
        return False
    return bool(config.option.log_file or config.getini("log_file"))


def show_collected(config: pytest.Config, session: pytest.Session, found: int) -> None:
    """Print "collected N items" and what plugins add, as pytest does after collecting."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is None:
        return
    reporter._numcollected = found
    reporter.report_collect(True)
    lines = config.hook.pytest_report_collectionfinish(
        config=config, start_path=reporter.startpath, items=session.items
    )
    reporter._write_report_lines_from_hooks(lines)


def show_selected(config: pytest.Config, items: Collection[object]) -> None:
    """Let the terminal reporter no longer count these tests as deselected."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None:
        shown = reporter.stats.get("deselected", [])
        shown[:] = [item for item in shown if item not in items]


def show_more_collected(config: pytest.Config, count: int) -> None:
    """Let the terminal reporter count so many more tests as collected, from now on."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None:
        reporter._numcollected += count


def show_all_selected(config: pytest.Config, tests: int) -> None:
    """Let the terminal reporter know of so many selected tests, if it knows of fewer.

    Tests that others require are collected later than what was asked for.
    """
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None:
        selected = reporter._numcollected - len(reporter.stats.get("deselected", ()))
        show_more_collected(config, max(0, tests - selected))


def start_new_line(reporter: Any) -> None:
    """End the line that the terminal reporter is on, if it has begun one."""
    reporter.ensure_newline()
    if reporter._tw.width_of_current_line:
        reporter._tw.line()


def basetemp(config: pytest.Config) -> Path | None:
    """Return (and make) the base of this run's temporary folders; None with ``-p no:tmpdir``."""
    factory: Any = getattr(config, "_tmp_path_factory", None)
    if factory is None:
        return None
    base: Path = factory.getbasetemp()
    return base


def path_without_settings(config: pytest.Config) -> list[str]:
    """Return ``sys.path`` as it was before pytest added what the ``pythonpath`` setting says.

    To be called before conftests are loaded. Relies on ``Config._configure_python_path``, which
    has done so by then; where it is missing (before pytest 9.0), a hook does it later.
    """
    path = list(sys.path)
    if hasattr(config, "_configure_python_path"):
        for folder in config.getini("pythonpath"):
            if str(folder) in path:
                path.remove(str(folder))
    return path


def forget_cleanups(config: pytest.Config) -> None:
    """Leave what was to be cleaned up until now to the process that this one is a fork of.

    Relies on ``Config._cleanup_stack``, a ``contextlib.ExitStack``.
    """
    config._cleanup_stack.pop_all()


def replace_collecting(session: pytest.Session, collect: Callable[[], object]) -> None:
    """Let the session collect by this function, whoever asks it to."""
    replaced: Any = session
    replaced.perform_collect = lambda *_args, **_kwargs: collect()


def forget_collected(session: pytest.Session, collector: pytest.Collector) -> None:
    """Let a collector be collected again, though the session has a report of it.

    pytest up to 9.1 asks ``Session._collection_cache`` also for files.
    """
    session._collection_cache.pop(collector, None)


@contextlib.contextmanager
def late_collection(config: pytest.Config) -> Iterator[None]:
    """Within it, warnings are filtered as they are while pytest collects.

    Relies on ``_pytest.warnings.catch_warnings_for_item``.
    """
    if not config.pluginmanager.hasplugin("warnings"):
        yield
        return
    from _pytest.warnings import catch_warnings_for_item

    with catch_warnings_for_item(config=config, ihook=config.hook, when="collect", item=None):
        yield


def import_quietly(config: pytest.Config, names: Iterable[str]) -> None:
    """Import modules as if a test file did: captured, with its warnings, faults passed over.

    Relies on ``CaptureManager.resume_global_capture`` and its counterparts.
    """
    capture = config.pluginmanager.getplugin("capturemanager")
    with late_collection(config):
        if capture is not None:
            capture.resume_global_capture()
        try:
            for name in names:
                if name not in sys.modules:
                    _import(name)
        finally:
            if capture is not None:
                capture.suspend_global_capture()
                capture.read_global_capture()


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException:  # noqa: BLE001  # who needs the module will say what is wrong with it
        return


def is_deselected_by_choice() -> bool:
    """Whether ``-k``, ``-m``, ``--lf`` or ``--sw`` deselects tests, for ``pytest_deselected``.

    Told by who calls the hook: relies on the modules that do so in pytest.
    """
    frame = sys._getframe(1)
    ours = frame.f_globals.get("__name__")
    while frame.f_back is not None:
        frame = frame.f_back
        name = str(frame.f_globals.get("__name__", ""))
        if name != ours and name.partition(".")[0] != "pluggy":
            return name in ("_pytest.mark", "_pytest.cacheprovider", "_pytest.stepwise")
    return False
