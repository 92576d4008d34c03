"""How many cores this process may use.

The number of cores of the machine is the wrong answer in a container: a scheduling
affinity or a cgroup quota may leave us far fewer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

#: Where the unified hierarchy (v2) is mounted, alone or beside v1.
_V2_MOUNTS = ("sys/fs/cgroup", "sys/fs/cgroup/unified")
#: Where the cpu controller of v1 is mounted.
_V1_MOUNTS = ("sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct")


class CgroupPaths(NamedTuple):
    """The cgroup of a process, as a path below the mount point; None if there is none."""

    v2: str | None
    v1: str | None


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
    paths = cgroup_paths(_text(root / "proc/self/cgroup"))
    quotas: list[float | None] = []
    if paths.v2 is not None:
        folders = _upwards(root, _V2_MOUNTS, paths.v2)
        quotas.extend(parse_cpu_max(_text(folder / "cpu.max")) for folder in folders)
    if paths.v1 is not None:
        folders = _upwards(root, _V1_MOUNTS, paths.v1)
        quotas.extend(
            parse_cfs(_text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us"))
            for folder in folders
        )
    return min((quota for quota in quotas if quota is not None), default=None)


def cgroup_paths(text: str) -> CgroupPaths:
    """The cgroup paths in ``/proc/self/cgroup``: lines ``ID:CONTROLLERS:PATH`` (cgroups(7))."""
    v2: str | None = None
    v1: str | None = None
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            v2 = path
        elif "cpu" in controllers.split(","):
            v1 = path
    return CgroupPaths(v2, v1)


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


def _upwards(root: Path, mounts: tuple[str, ...], path: str) -> Iterator[Path]:
    """The cgroup's folder and its ancestors, up to the mount point.

    Inside a container the path may be the host's and not exist here; what counts then is
    at the mount point.
    """
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
    for mount in mounts:
        for end in range(len(parts), -1, -1):
            yield root.joinpath(mount, *parts[:end])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _affinity() -> int:
    if sys.platform != "win32" and hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
