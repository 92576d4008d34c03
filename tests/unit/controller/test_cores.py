from __future__ import annotations

from pathlib import Path

import pytest

from pytest_orchestrate.controller import cores
from pytest_orchestrate.controller.cores import (
    cgroup_quota,
    declared_count,
    parse_cfs,
    parse_cpu_max,
    usable_cores,
)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_affinity", lambda: 8)


@pytest.mark.parametrize(
    ("text", "quota"),
    [
        ("200000 100000\n", 2.0),
        ("50000 100000\n", 0.5),
        ("max 100000\n", None),
        ("max\n", None),
        ("", None),
        ("100000 0\n", None),
    ],
)
def test_cpu_max_is_quota_over_period(text: str, quota: float | None) -> None:
    assert parse_cpu_max(text) == quota


@pytest.mark.parametrize(
    ("quota", "period", "expected"),
    [("150000\n", "100000\n", 1.5), ("-1\n", "100000\n", None), ("", "", None)],
)
def test_cfs_quota_over_cfs_period(quota: str, period: str, expected: float | None) -> None:
    assert parse_cfs(quota, period) == expected


def test_the_tightest_quota_on_the_way_up_counts(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/slice/app\n")
    write(tmp_path / "sys/fs/cgroup/slice/app/cpu.max", "400000 100000\n")
    write(tmp_path / "sys/fs/cgroup/slice/cpu.max", "300000 100000\n")
    assert cgroup_quota(tmp_path) == 3.0


def test_a_quota_at_the_mount_point_counts_where_the_path_is_the_hosts(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/docker/0123abc\n")
    write(tmp_path / "sys/fs/cgroup/cpu.max", "250000 100000\n")
    assert cgroup_quota(tmp_path) == 2.5


def test_a_path_never_leads_out_of_the_mount_point(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/../../app\n")
    write(tmp_path / "sys/fs/cgroup/app/cpu.max", "200000 100000\n")
    write(tmp_path / "sys/cpu.max", "100000 100000\n")
    assert cgroup_quota(tmp_path) == 2.0


@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
def test_a_quota_of_version_1_counts(tmp_path: Path, mount: str) -> None:
    write(tmp_path / "proc/self/cgroup", "4:cpu,cpuacct:/app\n")
    write(tmp_path / "sys/fs/cgroup" / mount / "app/cpu.cfs_quota_us", "200000\n")
    write(tmp_path / "sys/fs/cgroup" / mount / "app/cpu.cfs_period_us", "50000\n")
    assert cgroup_quota(tmp_path) == 4.0


def test_without_cgroups_there_is_no_quota(tmp_path: Path) -> None:
    assert cgroup_quota(tmp_path) is None


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(
    ("cpu_max", "usable"),
    [("max 100000", 8), ("1600000 100000", 8), ("390000 100000", 3), ("20000 100000", 1)],
)
def test_usable_are_the_cores_of_the_affinity_that_the_quota_leaves(
    tmp_path: Path, cpu_max: str, usable: int
) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/\n")
    write(tmp_path / "sys/fs/cgroup/cpu.max", cpu_max)
    assert usable_cores(tmp_path, environ={}, interpreter_options={}) == usable


@pytest.mark.usefixtures("eight_cores")
def test_what_python_was_told_settles_it(tmp_path: Path) -> None:
    environ = {"PYTHON_CPU_COUNT": "3"}
    assert usable_cores(tmp_path, environ, {}) == 3
    assert usable_cores(tmp_path, environ, {"cpu_count": "5"}) == 5
    assert usable_cores(tmp_path, environ, {"cpu_count": "default"}) == 8


@pytest.mark.parametrize("text", ["", "default", "0", "-2", "many", "²"])
def test_what_is_no_count_is_not_taken_for_one(text: str) -> None:
    assert declared_count({}, {"PYTHON_CPU_COUNT": text}) is None


def test_this_machine_has_a_usable_core() -> None:
    assert usable_cores() >= 1
