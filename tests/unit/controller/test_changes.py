"""Which files git says have changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from pytest_orchestrate.controller import changes as module
from pytest_orchestrate.controller.changes import Changes


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine git may need more than its second."""
    monkeypatch.setattr(module, "PATIENCE", 30.0)


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")


def git(root: Path, *words: str) -> None:
    identity = [f"user.{key}=nobody@example.org" for key in ("name", "email")]
    options = [word for value in (*identity, "commit.gpgsign=false") for word in ("-c", value)]
    subprocess.run(["git", *options, *words], cwd=root, check=True, capture_output=True)


def write(root: Path, *names: str, text: str = "one\n") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init")
    write(tmp_path, "a.py", "b.py", "pkg/c.py", "d e ü.py", "gone.py")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    return tmp_path


@needs_git
class TestInARepository:
    def test_the_first_commit_has_changed_nothing(self, repository: Path) -> None:
        changes = Changes(repository)
        assert changes.files() == frozenset()
        assert changes.trouble is None

    def test_of_a_shallow_clone_no_more_is_known(self, repository: Path, tmp_path: Path) -> None:
        write(repository, "a.py", text="two\n")
        git(repository, "commit", "-am", "second")
        git(repository, "clone", "--depth=1", repository.as_uri(), str(tmp_path / "clone"))
        assert Changes(tmp_path / "clone").files() == frozenset()

    def test_changed_staged_removed_and_untracked_files(self, repository: Path) -> None:
        write(repository, ".gitignore", text="ignored.py\n.gitignore\n")
        write(repository, "a.py", "d e ü.py", text="two\n")
        write(repository, "staged.py", "new/untracked.py", "ignored.py")
        git(repository, "add", "staged.py")
        (repository / "gone.py").unlink()
        assert Changes(repository).files() == {
            "a.py",
            "d e ü.py",
            "staged.py",
            "new/untracked.py",
            "gone.py",
        }

    def test_what_the_last_commit_changed(self, repository: Path) -> None:
        write(repository, "a.py", text="two\n")
        git(repository, "commit", "-am", "second")
        git(repository, "mv", "b.py", "moved.py")
        git(repository, "commit", "-m", "third")
        assert Changes(repository).files() == {"b.py", "moved.py"}

    def test_what_a_merge_has_brought_in(self, repository: Path) -> None:
        git(repository, "checkout", "-b", "feature")
        write(repository, "a.py", text="two\n")
        git(repository, "commit", "-am", "second")
        git(repository, "checkout", "-")
        write(repository, "b.py", text="two\n")
        git(repository, "commit", "-am", "third")
        git(repository, "merge", "feature")
        assert Changes(repository).files() == {"a.py"}

    def test_paths_are_those_of_node_ids(self, repository: Path) -> None:
        write(repository, "a.py", "pkg/c.py", "pkg2/f.py", text="two\n")
        assert Changes(repository / "pkg").files() == {"../a.py", "c.py", "../pkg2/f.py"}

    def test_a_repository_without_a_commit(self, tmp_path: Path) -> None:
        git(tmp_path, "init")
        write(tmp_path, "a.py")
        changes = Changes(tmp_path)
        assert changes.files() == {"a.py"}
        assert changes.trouble is None

    def test_variables_of_a_git_hook_do_not_lead_astray(
        self, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(repository, "a.py", text="two\n")
        monkeypatch.setenv("GIT_DIR", str(repository / "elsewhere"))
        assert Changes(repository).files() == {"a.py"}

    def test_a_damaged_repository_is_no_error(self, repository: Path) -> None:
        (repository / ".git" / "HEAD").write_text("nonsense", encoding="utf-8")
        changes = Changes(repository)
        assert changes.files() == frozenset()
        assert changes.trouble == "git cannot read this repository"


def test_without_a_repository_nothing_is_asked(tmp_path: Path) -> None:
    changes = Changes(tmp_path)
    assert changes.trouble == "not a git repository"
    assert changes.files() == frozenset()


def test_without_git_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    changes = Changes(tmp_path)
    assert changes.files() == frozenset()
    assert changes.trouble is not None
    assert changes.trouble.startswith("git cannot be run")


@pytest.mark.skipif(os.name == "nt", reason="a script stands in for git")
def test_a_git_that_takes_its_time_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    script = tmp_path / "git"
    script.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(module, "PATIENCE", 1.0)
    began = time.monotonic()
    changes = Changes(tmp_path)
    assert changes.files() == frozenset()
    assert 1 <= time.monotonic() - began < 50
    assert changes.trouble == "git has not answered within 1 s"
