"""By what a run is known: its id, and what it has in common with earlier ones."""

from __future__ import annotations

import os
import time
import uuid

import pytest


def new_run_id() -> str:
    """Return a new id: sortable by time, to a fraction of a second, and unique among machines."""
    now = time.time()
    seconds = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    return f"{seconds}-{int(now % 1 * 16**3):03x}{uuid.uuid4().hex[:5]}"


def selection_of(config: pytest.Config) -> str:
    """Return a text that is equal for runs that select their tests alike."""
    namespace = config.known_args_namespace
    parts = sorted(str(arg) for arg in namespace.file_or_dir)
    if not parts:
        parts = [os.path.relpath(config.invocation_params.dir, config.rootpath)]
    for name in ("keyword", "markexpr"):
        value = getattr(namespace, name, "")
        if value:
            parts.append(f"{name}={value}")
    for name in ("lf", "deselect", "ignore", "ignore_glob"):
        value = getattr(namespace, name, None)
        if value:
            parts.append(f"{name}={value}")
    return " ".join(parts)
