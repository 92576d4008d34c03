"""Fixtures of the acceptance tests."""

from __future__ import annotations

import pytest

from tests.acceptance import support


@pytest.fixture
def default_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test is about the modes themselves: what the environment asks for is passed over."""
    monkeypatch.setattr(support, "MODES", ())
