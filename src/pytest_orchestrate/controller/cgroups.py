"""The control groups of this process: in a container they say how much of the machine is ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

#: Where the unified hierarchy (v2) is mounted, alone or beside v1.
_V2_MOUNTS = ("sys/fs/cgroup", "sys/fs/cgroup/unified")


def cgroup_path(text: str, controller: str = "") -> str | None:
    """The path of one hierarchy in ``/proc/self/cgroup``: lines ``ID:CONTROLLERS:PATH``.

    ``controller``: of version 1; the unified hierarchy (v2) has none. See cgroups(7).
    """
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controller:
            if controller in controllers.split(","):
                return path
        elif number == "0" and not controllers:
            return path
    return None


def folders_of_v2(root: Path) -> Iterator[Path]:
    """The cgroup's folder in the unified hierarchy and its ancestors; ``root`` has ``/proc``."""
    path = cgroup_path(text_of(root / "proc/self/cgroup"))
    if path is not None:
        yield from _upwards(root, _V2_MOUNTS, path)


def folders_of_v1(root: Path, controller: str, *mounts: str) -> Iterator[Path]:
    """The same in the hierarchy of a controller of version 1.

    ``mounts``: names below ``/sys/fs/cgroup`` that it may be mounted at.
    """
    path = cgroup_path(text_of(root / "proc/self/cgroup"), controller)
    if path is not None:
        yield from _upwards(root, tuple(f"sys/fs/cgroup/{mount}" for mount in mounts), path)


def text_of(path: Path) -> str:
    """What a file says; nothing if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _upwards(root: Path, mounts: tuple[str, ...], path: str) -> Iterator[Path]:
    """The cgroup's folder and its ancestors, up to the mount point.

    Inside a container the path may be the host's and not exist here; what counts then is
    at the mount point.
    """
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
    for mount in mounts:
        for end in range(len(parts), -1, -1):
            yield root.joinpath(mount, *parts[:end])
