"""Where a branch has come from, as git tells."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pytest_orchestrate.controller import ancestry
from pytest_orchestrate.controller.ancestry import forebears


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine git may need more than its two seconds."""
    monkeypatch.setattr(ancestry, "TIMEOUT", 30.0)


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    command = ["git", *settings, *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, encoding="utf-8"
    ).stdout.strip()


def commit(folder: Path, message: str = "a change") -> str:
    """A commit; those of one parent with one message, made in one second, are the same."""
    git(folder, "commit", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def test_a_revision_is_based_on_those_before_it_and_no_others(tmp_path: Path) -> None:
    git(tmp_path, "init", "-b", "trunk")
    first, second = commit(tmp_path), commit(tmp_path)
    git(tmp_path, "switch", "-c", "feature", first)
    third = commit(tmp_path, "another")
    assert forebears(tmp_path, third, environ={}).revisions == {first, third}
    assert forebears(tmp_path, second, environ={}).revisions == {first, second}


def test_a_clone_knows_the_default_branch(tmp_path: Path) -> None:
    git(tmp_path, "init", "-b", "trunk", "origin")
    revision = commit(tmp_path / "origin")
    git(tmp_path, "clone", "origin", "clone")
    assert forebears(tmp_path / "clone", revision, environ={}).branches[0] == "trunk"
    assert forebears(tmp_path / "origin", revision, environ={}).branches == ("main", "master")


def test_a_job_for_a_merge_request_names_its_target(tmp_path: Path) -> None:
    job = {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "release"}
    assert forebears(tmp_path, None, environ=job).branches == ("release", "main", "master")
    assert forebears(tmp_path, None, environ={"GITHUB_BASE_REF": "release"}).branches[0] == "main"


def test_outside_of_a_work_tree_the_run_has_its_own_revision_only(tmp_path: Path) -> None:
    assert forebears(tmp_path, "f" * 40, environ={}).revisions == {"f" * 40}
    assert forebears(tmp_path, None, environ={}).revisions == frozenset()
