"""How much memory this process and its workers may use."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_orchestrate.controller.cgroups import folders_of_v1, folders_of_v2, text_of


def usable_memory(root: Path = Path("/")) -> int:
    """Bytes, at least 1: what the machine has, or the limit of the cgroup if that is less.

    ``root`` is where ``/proc`` and ``/sys`` are.
    """
    limit = cgroup_limit(root)
    installed = _installed()
    return max(1, installed if limit is None else min(installed, limit))


def cgroup_limit(root: Path = Path("/")) -> int | None:
    """The tightest memory limit of this process' cgroup and its ancestors, in bytes, or None.

    Version 1 writes a number beyond all memory where there is no limit, version 2 ``max``.
    """
    texts = [text_of(folder / "memory.max") for folder in folders_of_v2(root)]
    texts += (
        text_of(folder / "memory.limit_in_bytes")
        for folder in folders_of_v1(root, "memory", "memory")
    )
    limits = [int(text) for text in map(str.strip, texts) if text.isascii() and text.isdigit()]
    return min(limits, default=None)


def _installed() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        import psutil

        return int(psutil.virtual_memory().total)
