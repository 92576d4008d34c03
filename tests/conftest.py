"""What holds for every test."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# No example has a deadline of its own: on a busy machine any may take long.
settings.register_profile(
    "dev",
    max_examples=60,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "ci",
    parent=settings.get_profile("dev"),
    max_examples=100,
    derandomize=True,
    print_blob=True,
)
#: For a change of the engine: many times as many, others each time (``tox -e thorough``).
settings.register_profile(
    "thorough",
    parent=settings.get_profile("dev"),
    max_examples=1000,
    stateful_step_count=80,
    print_blob=True,
)
chosen = os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
settings.load_profile(chosen)

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
