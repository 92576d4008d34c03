"""What is recorded of a run's surroundings."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path

import pytest

from pytest_orchestrate.controller.facts import (
    CI,
    GitState,
    branch_of_job,
    detect_ci,
    find_git_folder,
    git_is_dirty,
    git_state,
    parse_git_file,
    parse_packed_refs,
    parse_status,
    resolve_head,
    run_facts,
)

ONE, TWO = "1" * 40, "2" * 40


def no_refs(ref: str) -> None:
    return None


# -- parsing ----------------------------------------------------------------------------


def test_a_branch_is_followed_to_its_revision() -> None:
    refs = {"refs/heads/feature/cart": ONE + "\n"}
    assert resolve_head("ref: refs/heads/feature/cart\n", refs.get) == GitState(ONE, "feature/cart")


def test_a_detached_head_has_no_branch() -> None:
    assert resolve_head(ONE + "\n", no_refs) == GitState(ONE, None)


def test_revisions_may_be_of_either_hash() -> None:
    assert resolve_head("a" * 64, no_refs).revision == "a" * 64
    assert resolve_head("a" * 50, no_refs).revision is None


def test_a_branch_without_a_commit_has_no_revision() -> None:
    assert resolve_head("ref: refs/heads/main\n", no_refs) == GitState(None, "main")


def test_refs_that_go_in_circles_end_somewhere() -> None:
    refs = {"refs/heads/a": "ref: refs/heads/b", "refs/heads/b": "ref: refs/heads/a"}
    assert resolve_head("ref: refs/heads/a", refs.get) == GitState(None, "a")


def test_packed_refs_are_found_by_their_full_name() -> None:
    text = (
        "# pack-refs with: peeled fully-peeled sorted\n"
        f"{ONE} refs/heads/main\n{TWO} refs/tags/v1\n^{ONE}\n"
    )
    assert parse_packed_refs(text, "refs/heads/main") == ONE
    assert parse_packed_refs(text, "refs/tags/v1") == TWO
    assert parse_packed_refs(text, "main") is None
    assert parse_packed_refs("", "refs/heads/main") is None


def test_a_git_file_points_to_its_folder() -> None:
    assert parse_git_file("gitdir: ../.git/worktrees/w\n") == "../.git/worktrees/w"
    assert parse_git_file("something else") is None


def test_a_status_tells_revision_branch_and_whether_it_is_dirty() -> None:
    head = f"# branch.oid {ONE}\n# branch.head main\n"
    assert parse_status(head) == GitState(ONE, "main", False)
    assert parse_status(head + "1 .M N... 100644 100644 100644 1 1 a.py\n").dirty is True
    assert parse_status(f"# branch.oid {ONE}\n# branch.head (detached)\n").branch is None
    assert parse_status("# branch.oid (initial)\n# branch.head main\n").revision is None


# -- real repositories --------------------------------------------------------------------


def git(folder: Path, *args: str) -> str:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *who, *args]
    done = subprocess.run(
        command, cwd=folder, env=environ, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "--quiet")
    git(folder, "symbolic-ref", "HEAD", "refs/heads/trunk")
    (folder / "a.py").write_text("pass\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


def test_revision_and_branch_of_a_repository(repository: Path) -> None:
    revision = git(repository, "rev-parse", "HEAD")
    assert git_state(repository) == GitState(revision, "trunk")


def test_a_folder_below_belongs_to_the_repository(repository: Path) -> None:
    below = repository / "tests" / "unit"
    below.mkdir(parents=True)
    assert git_state(below) == git_state(repository)


def test_a_repository_before_its_first_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "symbolic-ref", "HEAD", "refs/heads/new")
    assert git_state(tmp_path) == GitState(None, "new")


def test_a_detached_head_of_a_repository(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "--detach")
    assert git_state(repository) == GitState(git(repository, "rev-parse", "HEAD"), None)


def test_packed_refs_of_a_repository(repository: Path) -> None:
    git(repository, "pack-refs", "--all", "--prune")
    assert not (repository / ".git/refs/heads/trunk").exists()
    assert git_state(repository) == GitState(git(repository, "rev-parse", "HEAD"), "trunk")


@pytest.mark.parametrize("packed", [False, True])
def test_a_linked_work_tree_has_its_own_head(repository: Path, packed: bool) -> None:
    linked = repository.parent / "linked"
    git(repository, "worktree", "add", "--quiet", "-b", "side/track", str(linked))
    (linked / "b.py").write_text("pass\n")
    git(linked, "add", ".")
    git(linked, "commit", "--quiet", "-m", "second")
    if packed:
        git(linked, "pack-refs", "--all", "--prune")
    revision = git(linked, "rev-parse", "HEAD")
    assert git_state(linked) == GitState(revision, "side/track")
    state = git_state(repository)
    assert state is not None
    assert state.branch == "trunk"
    assert state.revision != revision


def test_a_relative_git_file_is_followed(repository: Path) -> None:
    moved = repository.parent / "moved.git"
    expected = git_state(repository)
    (repository / ".git").rename(moved)
    (repository / ".git").write_text("gitdir: ../moved.git\n")
    assert find_git_folder(repository) == repository / "../moved.git"
    assert git_state(repository) == expected


def test_outside_of_a_repository_there_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_orchestrate.controller.facts.find_git_folder", lambda root: None)
    assert git_state(tmp_path) is None


@pytest.mark.parametrize(
    "damage", ["", "ref: ../../../etc/passwd", "\udcff\x00", "ref: /etc/hosts"]
)
def test_a_damaged_head_is_no_error(repository: Path, damage: str) -> None:
    (repository / ".git/HEAD").write_text(damage, errors="surrogateescape")
    state = git_state(repository)
    assert state is None or state.revision is None


def test_changed_tracked_files_and_new_code_make_it_dirty(repository: Path) -> None:
    assert git_is_dirty(repository, timeout=20) is False
    (repository / "report.html").write_text("<html>\n")
    assert git_is_dirty(repository, timeout=20) is False
    new = repository / "new" / "test_ü.py"
    new.parent.mkdir()
    new.write_text("pass\n")
    assert git_is_dirty(repository, timeout=20) is True
    new.unlink()
    (repository / "a.py").write_text("changed = True\n")
    assert git_is_dirty(repository, timeout=20) is True


def test_a_hook_s_git_dir_does_not_mislead(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository.parent / "nowhere"))
    assert git_is_dirty(repository, timeout=20) is False


def test_without_git_nobody_knows_whether_it_is_dirty(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert git_is_dirty(repository) is None
    assert git_state(repository) is not None


def test_a_git_that_takes_too_long_is_not_waited_for(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(command: list[str], *, timeout: float, **_: object) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", slow)
    assert git_is_dirty(repository) is None


def test_refs_in_a_binary_format_are_asked_of_git(repository: Path) -> None:
    (repository / ".git/reftable").mkdir()
    revision = git(repository, "rev-parse", "HEAD")
    # nobody has looked at the files
    assert git_state(repository) == GitState(revision, "trunk", dirty=None)
    git(repository, "checkout", "--quiet", "--detach")
    assert git_state(repository) == GitState(revision, None)
    git(repository, "checkout", "--quiet", "--orphan", "shop/new")
    assert git_state(repository) == GitState(None, "shop/new")


# -- continuous integration -----------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "shop/cart",
                "GITHUB_RUN_ID": "17",
                "GITHUB_RUN_ATTEMPT": "2",
            },
            CI("GitHub Actions", "https://github.com/shop/cart/actions/runs/17/attempts/2"),
        ),
        ({"GITHUB_ACTIONS": "true"}, CI("GitHub Actions")),
        (
            {"CI": "true", "GITLAB_CI": "true", "CI_JOB_URL": "https://gitlab.com/s/c/-/jobs/1"},
            CI("GitLab CI", "https://gitlab.com/s/c/-/jobs/1"),
        ),
        (
            {
                "TF_BUILD": "True",
                "SYSTEM_COLLECTIONURI": "https://dev.azure.com/shop/",
                "SYSTEM_TEAMPROJECT": "the cart",
                "BUILD_BUILDID": "8",
                "SYSTEM_JOBID": "ab-12",
            },
            CI(
                "Azure Pipelines",
                "https://dev.azure.com/shop/the%20cart/_build/results?buildId=8&view=logs&j=ab-12",
            ),
        ),
        (
            {"CI": "true", "CIRCLECI": "true", "CIRCLE_BUILD_URL": "https://circleci.com/gh/s/c/3"},
            CI("CircleCI", "https://circleci.com/gh/s/c/3"),
        ),
        (
            {
                "CI": "true",
                "BUILDKITE": "true",
                "BUILDKITE_BUILD_URL": "https://buildkite.com/s/c/builds/4",
                "BUILDKITE_JOB_ID": "0a-1b",
            },
            CI("Buildkite", "https://buildkite.com/s/c/builds/4#0a-1b"),
        ),
        (
            {"JENKINS_URL": "https://ci.example.org/", "BUILD_URL": "https://ci.example.org/5/"},
            CI("Jenkins", "https://ci.example.org/5/"),
        ),
        ({"CI": "1"}, CI("other")),
        ({"CI": "false"}, None),
        ({}, None),
    ],
)
def test_services_are_told_by_their_own_variables(
    environ: dict[str, str], expected: CI | None
) -> None:
    assert detect_ci(environ) == expected


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://ada:secret@ci.example.org:8080/5/", "https://ci.example.org:8080/5/"),
        ("javascript:alert(1)", None),
        ("http://[half", None),
        ("", None),
    ],
)
def test_an_address_is_kept_without_credentials(url: str, kept: str | None) -> None:
    assert detect_ci({"JENKINS_URL": "x", "BUILD_URL": url}) == CI("Jenkins", kept)


# -- together -----------------------------------------------------------------------------


def test_facts_are_plain_json(repository: Path) -> None:
    facts = run_facts(
        repository,
        environ={"JENKINS_URL": "x", "BUILD_URL": "https://ci/\udcff"},
        plugins={"pytest-cov": "7.0", "anyio": "4.1"},
        dirty_timeout=20,
    )
    assert json.loads(json.dumps(facts)) == facts
    json.dumps(facts, ensure_ascii=False).encode("utf-8")
    assert facts["python"] == platform.python_version()
    assert facts["pytest"] == pytest.__version__
    assert list(facts["plugins"]) == ["anyio", "pytest-cov"]
    assert facts["revision"] == git(repository, "rev-parse", "HEAD")
    assert facts["branch"] == "trunk"
    assert facts["dirty"] is False
    assert facts["ci"] == {"name": "Jenkins", "url": "https://ci/?"}


def test_whether_it_is_dirty_is_only_found_out_on_demand(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object, **kwargs: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", never)
    facts = run_facts(repository, environ={})
    assert facts["revision"] is not None
    assert facts["dirty"] is None


def test_the_environment_is_not_recorded(repository: Path) -> None:
    environ = {"CI": "1", "TOKEN": "s3cret", "GITHUB_TOKEN": "s3cret", "PASSWORD": "s3cret"}
    assert "s3cret" not in json.dumps(run_facts(repository, environ=environ))


@pytest.mark.parametrize(
    ("environ", "branch"),
    [
        ({"GITHUB_ACTIONS": "true", "GITHUB_HEAD_REF": "fix", "GITHUB_REF_NAME": "7/merge"}, "fix"),
        ({"GITHUB_ACTIONS": "true", "GITHUB_HEAD_REF": "", "GITHUB_REF_NAME": "main"}, "main"),
        ({"GITLAB_CI": "true", "CI_COMMIT_REF_NAME": "a/b"}, "a/b"),
        ({"TF_BUILD": "True", "BUILD_SOURCEBRANCH": "refs/heads/main"}, "main"),
        ({"JENKINS_URL": "x", "GIT_BRANCH": "origin/main"}, "main"),
        ({"GIT_BRANCH": "of somebody's shell"}, None),
        ({"CI": "true"}, None),
    ],
)
def test_a_job_tells_its_branch(environ: dict[str, str], branch: str | None) -> None:
    assert branch_of_job(environ) == branch
