"""What holds for every test."""

from __future__ import annotations

import pytest

#: Variables by which pytest and hypothesis recognise a CI service; there they print other things.
CI_VARIABLES = (
    "BUILDKITE",
    "BUILD_NUMBER",
    "CI",
    "CIRCLECI",
    "CIRRUS_CI",
    "CODEBUILD_BUILD_ID",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "HEROKU_TEST_RUN_ID",
    "TEAMCITY_VERSION",
    "TF_BUILD",
    "__TOX_ENVIRONMENT_VARIABLE_ORIGINAL_CI",
)

#: Variables of the worker that the test runs on.
WORKER_VARIABLES = ("PYTEST_XDIST_TESTRUNUID", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT")


@pytest.fixture(autouse=True)
def inner_runs_are_on_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that a test starts behave alike wherever the test runs."""
    for name in CI_VARIABLES + WORKER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
