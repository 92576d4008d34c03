"""What is to be known of a run's surroundings when its log is read later.

Cheap enough for every run: the revision is read from git's own files, without a process.
Of the environment only the variables named here are looked at.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec
import pytest

_HEADS = "refs/heads/"
#: git allows symbolic refs to nest to this depth.
_MAX_DEPTH = 5


class GitState(msgspec.Struct, frozen=True):
    """Where a work tree stands."""

    #: Commit id in hex; None before the first commit.
    revision: str | None = None
    #: None with a detached head.
    branch: str | None = None
    #: Whether code differs from the revision; None if nobody looked.
    dirty: bool | None = None


class CI(msgspec.Struct, frozen=True):
    """The service that runs us, and the page of this job if it tells."""

    name: str
    url: str | None = None


def run_facts(
    root: Path,
    *,
    environ: Mapping[str, str] | None = None,
    plugins: Mapping[str, str] | None = None,
    dirty_timeout: float | None = None,
) -> dict[str, Any]:
    """The ``facts`` of a run log's first line, of plain JSON types.

    ``root``: a folder of the work tree. ``plugins``: distribution -> version.
    ``dirty_timeout``: seconds to spend at most on whether the work tree is dirty; None does
    not ask. Whatever cannot be found out is None, never an error.
    """
    git = git_state(root)
    dirty = None
    if git is not None and dirty_timeout is not None:
        dirty = git_is_dirty(root, timeout=dirty_timeout)
    environ = os.environ if environ is None else environ
    ci = detect_ci(environ)
    branch = None if git is None else git.branch or branch_of_job(environ)
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": f"{platform.system()}-{platform.release()}-{platform.machine()}",
        "hostname": platform.node(),
        "cpus": os.cpu_count(),
        "pytest": pytest.__version__,
        "plugins": dict(sorted((plugins or {}).items())),
        "revision": None if git is None else git.revision,
        "branch": _unicode(branch),
        "dirty": dirty,
        "ci": None if ci is None else {"name": ci.name, "url": _unicode(ci.url)},
    }


def _unicode(text: str | None) -> str | None:
    """Without the lone surrogates that stand for undecodable bytes: JSON takes none."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")


# -- git: reading ---------------------------------------------------------------------


def git_state(root: Path) -> GitState | None:
    """Revision and branch of the work tree that ``root`` is in, or None if it is in none."""
    try:
        folder = find_git_folder(root)
        if folder is None:
            return None
        common = _common_folder(folder)
        if (common / "reftable").is_dir():
            # Refs in a binary format: the one case in which git itself has to be asked.
            return _ask_for_head(root, timeout=1.0)
        head = _read(folder / "HEAD")
        if head is None:
            return None
        return resolve_head(head, lambda ref: _read_ref(folder, common, ref))
    except (OSError, ValueError):
        return None


def git_is_dirty(root: Path, *, timeout: float = 0.5) -> bool | None:
    """Whether code differs from the revision; None if git did not say in time.

    Counted are tracked files, and Python files that are neither tracked nor ignored: tests, or
    what they import.
    """
    state = _status(root, timeout=timeout)
    return None if state is None else state.dirty


def find_git_folder(root: Path) -> Path | None:
    """The git folder of the work tree around ``root``, itself a folder in or below it."""
    for folder in (root, *root.parents):
        candidate = folder / ".git"
        if candidate.is_dir():
            return candidate
        if candidate.is_file():
            target = parse_git_file(_read(candidate) or "")
            return None if target is None else (folder / target)
    return None


def _common_folder(folder: Path) -> Path:
    """Where refs are kept: for a linked work tree the folder of the main one."""
    common = _read(folder / "commondir")
    return folder if common is None else folder / common.strip()


def _read_ref(folder: Path, common: Path, ref: str) -> str | None:
    if ".." in ref.split("/") or ref.startswith("/"):
        return None
    for place in dict.fromkeys((folder, common)):
        text = _read(place / ref)
        if text is not None:
            return text
    return parse_packed_refs(_read(common / "packed-refs") or "", ref)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def _ask_for_head(root: Path, *, timeout: float) -> GitState | None:
    """Revision and branch alone: no file of the work tree is looked at."""
    answer = ask_git(root, "rev-parse", "HEAD", "--symbolic-full-name", "HEAD", timeout=timeout)
    if answer is None:  # before the first commit
        branch = ask_git(root, "symbolic-ref", "HEAD", timeout=timeout)
        return None if branch is None else GitState(None, branch.strip().removeprefix(_HEADS))
    revision, _, ref = answer.strip().partition("\n")
    return GitState(revision, ref.removeprefix(_HEADS) if ref.startswith(_HEADS) else None)


def _status(root: Path, *, timeout: float) -> GitState | None:
    command = ("status", "--porcelain=v2", "--branch", "--untracked-files=all")
    answer = ask_git(root, *command, timeout=timeout)
    return None if answer is None else parse_status(answer)


def ask_git(root: Path, *arguments: str, timeout: float) -> str | None:
    """What a command of git prints; None if it fails, or takes longer."""
    # A hook may have set GIT_DIR and the like for a repository that is not the tests' own.
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environ["GIT_OPTIONAL_LOCKS"] = "0"
    try:
        answer = subprocess.run(
            ["git", *arguments],
            cwd=root,
            env=environ,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout


# -- git: parsing ---------------------------------------------------------------------


def resolve_head(head: str, read_ref: Callable[[str], str | None]) -> GitState:
    """Follows the text of ``HEAD``; ``read_ref`` gives the text behind a ref, if any."""
    text, branch = head.strip(), None
    for _ in range(_MAX_DEPTH):
        if not text.startswith("ref:"):
            break
        ref = text.removeprefix("ref:").strip()
        if branch is None:
            branch = ref.removeprefix(_HEADS)
        text = (read_ref(ref) or "").strip()
    return GitState(text if _is_revision(text) else None, branch)


def _is_revision(text: str) -> bool:
    """Whether it is a hash of SHA-1 or SHA-256."""
    return len(text) in {40, 64} and not text.strip("0123456789abcdef")


def parse_git_file(text: str) -> str | None:
    """The path in a ``.git`` file, as linked work trees and submodules have one."""
    first = text.partition("\n")[0]
    return first.removeprefix("gitdir:").strip() if first.startswith("gitdir:") else None


def parse_packed_refs(text: str, ref: str) -> str | None:
    """The revision that a ``packed-refs`` file has for a full ref name."""
    for line in text.splitlines():
        # "#" opens the header, "^" the commit behind the tag of the line above.
        if not line.startswith(("#", "^")):
            revision, _, name = line.partition(" ")
            if name == ref:
                return revision
    return None


def parse_status(text: str) -> GitState:
    """What ``git status --porcelain=v2 --branch`` printed."""
    revision = branch = None
    dirty = False
    for line in text.splitlines():
        if line.startswith("# branch.oid "):
            word = line.removeprefix("# branch.oid ")
            revision = word if _is_revision(word) else None
        elif line.startswith("# branch.head "):
            word = line.removeprefix("# branch.head ")
            branch = None if word == "(detached)" else word
        elif line[:1] in ("1", "2", "u"):
            dirty = True
        elif line.startswith("? "):
            # a name with strange characters is in quotation marks
            dirty = dirty or line.rstrip('"').endswith(".py")
    return GitState(revision, branch, dirty)


# -- continuous integration -----------------------------------------------------------


def detect_ci(environ: Mapping[str, str]) -> CI | None:
    """The service, by the variables that each documents as set in all its jobs."""
    for flag, name, url in _SERVICES:
        if _is_set(environ.get(flag)):
            return CI(name, _clean_url(url(environ)))
    return CI("other") if _is_set(environ.get("CI")) else None


def _github(environ: Mapping[str, str]) -> str | None:
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environ.get(name) for name in names)
    if not (server and repository and run):
        return None
    attempt = environ.get("GITHUB_RUN_ATTEMPT")
    url = f"{server}/{quote(repository)}/actions/runs/{quote(run)}"
    return f"{url}/attempts/{quote(attempt)}" if attempt else url


def _azure(environ: Mapping[str, str]) -> str | None:
    names = ("SYSTEM_COLLECTIONURI", "SYSTEM_TEAMPROJECT", "BUILD_BUILDID")
    collection, project, build = (environ.get(name) for name in names)
    if not (collection and project and build):
        return None
    url = f"{collection.rstrip('/')}/{quote(project)}/_build/results?buildId={quote(build)}"
    job = environ.get("SYSTEM_JOBID")
    return f"{url}&view=logs&j={quote(job)}" if job else url


def _buildkite(environ: Mapping[str, str]) -> str | None:
    url, job = environ.get("BUILDKITE_BUILD_URL"), environ.get("BUILDKITE_JOB_ID")
    return f"{url}#{quote(job)}" if url and job else url


_SERVICES: tuple[tuple[str, str, Callable[[Mapping[str, str]], str | None]], ...] = (
    ("GITHUB_ACTIONS", "GitHub Actions", _github),
    ("GITLAB_CI", "GitLab CI", lambda environ: environ.get("CI_JOB_URL")),
    ("TF_BUILD", "Azure Pipelines", _azure),
    ("CIRCLECI", "CircleCI", lambda environ: environ.get("CIRCLE_BUILD_URL")),
    ("BUILDKITE", "Buildkite", _buildkite),
    ("JENKINS_URL", "Jenkins", lambda environ: environ.get("BUILD_URL")),
)


#: Variables with the name of the branch, in whose job the work tree mostly is on none; first those
#: of a merge request, whose head is what is tested.
_BRANCHES = (
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "CI_COMMIT_REF_NAME",
    "SYSTEM_PULLREQUEST_SOURCEBRANCH",
    "BUILD_SOURCEBRANCH",
    "CIRCLE_BRANCH",
    "BUILDKITE_BRANCH",
    "CHANGE_BRANCH",
    "BRANCH_NAME",
    "GIT_BRANCH",
)


def branch_of_job(environ: Mapping[str, str]) -> str | None:
    """The branch that a job is for, as its service names it; None outside of one."""
    if detect_ci(environ) is None:
        return None
    name = next((environ[each] for each in _BRANCHES if environ.get(each)), None)
    return None if name is None else name.removeprefix(_HEADS).removeprefix("origin/")


def _is_set(value: str | None) -> bool:
    return bool(value) and str(value).lower() not in ("false", "0", "no")


def _clean_url(url: str | None) -> str | None:
    """The address without user name and password; None unless it is one of the web."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https"):
        return None
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
