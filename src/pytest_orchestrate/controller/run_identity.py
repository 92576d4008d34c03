"""By what a run is known: its id, and what it has in common with earlier ones."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable

import pytest

from pytest_orchestrate.report.redaction import HIDDEN, redacted_arguments, redacted_text

#: Options beside ``-k`` and ``-m`` that say which tests run, or how often.
_SELECTING = (
    "lf",
    "deselect",
    "ignore",
    "ignore_glob",
    "orchestrate_replay",
    "orchestrate_run_on",
)


def new_run_id() -> str:
    """Return a new id: sortable by time, to a fraction of a second, and unique among machines."""
    now = time.time()
    seconds = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    return f"{seconds}-{int(now % 1 * 16**3):03x}{uuid.uuid4().hex[:5]}"


def _without_values(config: pytest.Config, words: Iterable[object]) -> list[str]:
    """Return what names tests, without the secret values of options of conftests.

    No conftest is loaded yet: the value of such an option looks like the name of a file.
    """
    given = [str(word) for word in config.invocation_params.args]
    shown = redacted_arguments(given)
    hidden = {word for word, text in zip(given, shown, strict=True) if text == HIDDEN}
    return [redacted_text(str(word)) for word in words if str(word) not in hidden]


def selection_of(config: pytest.Config) -> str:
    """Return a text that is equal for runs that select their tests alike."""
    namespace = config.known_args_namespace
    parts = sorted(_without_values(config, namespace.file_or_dir))
    if not parts:
        parts = [os.path.relpath(config.invocation_params.dir, config.rootpath)]
    for name in ("keyword", "markexpr"):
        value = getattr(namespace, name, "")
        if value:
            parts.append(f"{name}={value}")
    for name in _SELECTING:
        value = getattr(namespace, name, None)
        if value:
            parts.append(f"{name}={value}")
    return " ".join(parts)
