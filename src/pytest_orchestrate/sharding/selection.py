"""Options that choose among all tests, and so need to see them all."""

from __future__ import annotations

import pytest

#: The attribute of ``config.option``, and the flag to name. Several belong to plugins that
#: ``-p no:...`` switches off.
_FLAGS = (
    ("lf", "--lf"),
    ("failedfirst", "--ff"),
    ("newfirst", "--nf"),
    # before --sw, which they switch on
    ("stepwise_skip", "--sw-skip"),
    ("stepwise_reset", "--sw-reset"),
    ("stepwise", "--sw"),
    ("keepduplicates", "--keep-duplicates"),
)


def selection_obstacle(config: pytest.Config) -> str | None:
    """Return the flag that needs to see all tests, or None."""
    for name, flag in _FLAGS:
        if getattr(config.option, name, None):
            return flag
    return None
