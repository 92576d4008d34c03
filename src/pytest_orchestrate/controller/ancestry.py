"""Where the branch of a run has come from, as far as git and the CI service tell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pytest_orchestrate.controller.facts import ask_git, detect_ci
from pytest_orchestrate.history.lineage import Forebears

#: Seconds that git may take for one answer.
TIMEOUT = 2.0
#: So many revisions are looked back at.
REVISIONS = 10_000

#: Variables with the branch that a merge request is for, or with the default branch.
_TARGETS = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "CHANGE_TARGET",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
    "CI_DEFAULT_BRANCH",
    "BUILDKITE_PIPELINE_DEFAULT_BRANCH",
)


def forebears(
    folder: Path, revision: str | None, *, environ: Mapping[str, str] | None = None
) -> Forebears:
    """What the revision is based on, and what the default branch may be called.

    Of a shallow clone git knows the last revisions only; then, and without git, it is the names
    that count. What cannot be found out is left out.

    :param folder: In the work tree.
    """
    named = [*_targets(os.environ if environ is None else environ), *_remote_default(folder)]
    branches = tuple(dict.fromkeys([*named, *Forebears().branches]))
    return Forebears(frozenset(_ancestors(folder, revision)), branches)


def _targets(environ: Mapping[str, str]) -> list[str]:
    if detect_ci(environ) is None:
        return []
    return [environ[name].removeprefix("refs/heads/") for name in _TARGETS if environ.get(name)]


def _remote_default(folder: Path) -> list[str]:
    """The branch that a clone began with."""
    name = ask_git(folder, "rev-parse", "--abbrev-ref", "origin/HEAD", timeout=TIMEOUT)
    found = (name or "").strip().removeprefix("origin/")
    return [found] if found and found != "HEAD" else []


def _ancestors(folder: Path, revision: str | None) -> list[str]:
    if revision is None:
        return []
    limit = f"--max-count={REVISIONS}"
    told = ask_git(folder, "rev-list", limit, revision, "--", timeout=TIMEOUT)
    # a clone that does not have it can still tell of the run's own revision
    return [revision, *(told or "").split()]
