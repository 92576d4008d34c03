"""Warnings that belong to a line of a test file, from a process that does not run it."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest


def warn_at(config: pytest.Config, text: str, nodeid: str, file: Path, line: int) -> None:
    """Warn of what stands in this line, as if it had warned while it was collected.

    Relies on ``_pytest.config.apply_warning_filters``, as ``Config.issue_config_time_warning``.

    :raises pytest.UsageError: warnings are errors here.
    """
    from _pytest.config import apply_warning_filters

    if config.pluginmanager.is_blocked("warnings"):
        return
    warning = pytest.PytestWarning(text)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", pytest.PytestWarning)
        apply_warning_filters(
            config.getini("filterwarnings"), config.known_args_namespace.pythonwarnings or []
        )
        try:
            warnings.warn_explicit(warning, None, str(file), line)
        except pytest.PytestWarning:
            raise pytest.UsageError(f"{file}:{line}: {text}") from None
    for each in heard:
        config.hook.pytest_warning_recorded.call_historic(
            kwargs={
                "warning_message": each,
                "when": "collect",
                "nodeid": nodeid,
                "location": (str(file), line, ""),
            }
        )
