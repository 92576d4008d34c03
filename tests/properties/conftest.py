from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

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
