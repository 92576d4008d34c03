"""How many cores this process may use.

The number of cores of the machine is the wrong answer in a container: a scheduling
affinity or a cgroup quota may leave us far fewer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pytest_orchestrate.controller.cgroups import folders_of_v1, folders_of_v2, text_of


def usable_cores(
    root: Path = Path("/"),
    environ: Mapping[str, str] = os.environ,
    interpreter_options: Mapping[str, str | bool] | None = None,
) -> int:
    """Cores that workers may use, at least 1.

    ``-X cpu_count=N`` and ``PYTHON_CPU_COUNT`` settle it, on every Python version (they are
    Python 3.13's). Else it is the affinity of this process, or the cgroup quota if that is
    less, rounded down: workers and the controller share it.

    ``root`` is where ``/proc`` and ``/sys`` are.
    """
    options = sys._xoptions if interpreter_options is None else interpreter_options  # noqa: SLF001
    declared = declared_count(options, environ)
    if declared is not None:
        return declared
    quota = cgroup_quota(root)
    cores = _affinity()
    return max(1, cores if quota is None else min(cores, int(quota)))


def declared_count(
    interpreter_options: Mapping[str, str | bool], environ: Mapping[str, str]
) -> int | None:
    """What the user told Python; ``-X`` beats the environment, and ``default`` is no answer."""
    for value in (interpreter_options.get("cpu_count"), environ.get("PYTHON_CPU_COUNT")):
        if isinstance(value, str) and value:
            # Python itself refuses other text where it knows the setting.
            return int(value) if value.isascii() and value.isdigit() and int(value) else None
    return None


def cgroup_quota(root: Path = Path("/")) -> float | None:
    """The tightest CPU quota of this process' cgroup and its ancestors, in cores, or None."""
    quotas = [parse_cpu_max(text_of(folder / "cpu.max")) for folder in folders_of_v2(root)]
    quotas += (
        parse_cfs(text_of(folder / "cpu.cfs_quota_us"), text_of(folder / "cpu.cfs_period_us"))
        for folder in folders_of_v1(root, "cpu", "cpu", "cpu,cpuacct")
    )
    return min((quota for quota in quotas if quota is not None), default=None)


def parse_cpu_max(text: str) -> float | None:
    """Cores in v2's ``cpu.max``: ``QUOTA PERIOD`` in microseconds, or ``max`` for no quota."""
    quota, _, period = text.strip().partition(" ")
    return parse_cfs(quota, period)


def parse_cfs(quota: str, period: str) -> float | None:
    """Cores in v1's ``cpu.cfs_quota_us`` and ``cpu.cfs_period_us``; -1 is no quota."""
    try:
        cores = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        return None
    return cores if cores > 0 else None


def _affinity() -> int:
    if sys.platform != "win32" and hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
