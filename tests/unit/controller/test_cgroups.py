from __future__ import annotations

from pathlib import Path

import pytest

from pytest_orchestrate.controller import memory_limit
from pytest_orchestrate.controller.cgroups import cgroup_path
from pytest_orchestrate.controller.memory_limit import cgroup_limit, usable_memory

NO_LIMIT_OF_V1 = "9223372036854771712\n"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_the_path_is_that_of_the_unified_hierarchy_or_of_one_controller() -> None:
    text = "9:name=systemd:/a\n4:cpu,cpuacct:/b:c\n3:cpuset:/d\n0::/e\n"
    assert cgroup_path(text) == "/e"
    assert cgroup_path(text, "cpu") == "/b:c"
    assert cgroup_path("3:cpuset:/d\n2:cpuacct:/d\nnonsense\n") is None
    assert cgroup_path("3:cpuset:/d\n2:cpuacct:/d\nnonsense\n", "cpu") is None


def test_the_tightest_limit_on_the_way_up_counts(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/slice/app\n")
    write(tmp_path / "sys/fs/cgroup/slice/app/memory.max", "max\n")
    write(tmp_path / "sys/fs/cgroup/slice/memory.max", "3000\n")
    write(tmp_path / "sys/fs/cgroup/memory.max", "5000\n")
    assert cgroup_limit(tmp_path) == 3000


def test_a_limit_of_version_1_counts(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "4:memory:/app\n1:cpu:/\n0::/\n")
    write(tmp_path / "sys/fs/cgroup/memory/app/memory.limit_in_bytes", "4096\n")
    write(tmp_path / "sys/fs/cgroup/memory/memory.limit_in_bytes", NO_LIMIT_OF_V1)
    assert cgroup_limit(tmp_path) == 4096


def test_without_cgroups_there_is_no_limit(tmp_path: Path) -> None:
    assert cgroup_limit(tmp_path) is None


@pytest.mark.parametrize(("limit", "usable"), [("max", 8000), ("9000", 8000), ("7000", 7000)])
def test_usable_is_what_the_machine_has_as_far_as_the_limit_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, usable: int
) -> None:
    monkeypatch.setattr(memory_limit, "_installed", lambda: 8000)
    write(tmp_path / "proc/self/cgroup", "0::/\n")
    write(tmp_path / "sys/fs/cgroup/memory.max", limit)
    assert usable_memory(tmp_path) == usable


def test_this_machine_has_memory() -> None:
    assert usable_memory() > 1 << 20
