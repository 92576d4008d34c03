"""Which plugins there are, as the record of a run has it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pytest_orchestrate.controller.versions import plugin_versions


class Dist:
    """A distribution as pluggy hands it out."""

    def __init__(self, text: str | None, name: str | None = None, version: str = "9") -> None:
        self.text, self.project_name, self.version = text, name, version

    def read_text(self, _name: str) -> str | None:
        return self.text


def versions(*dists: Dist) -> dict[str, str]:
    manager = SimpleNamespace(list_plugin_distinfo=lambda: [(object(), dist) for dist in dists])
    config: Any = SimpleNamespace(pluginmanager=manager)
    return plugin_versions(config)


def test_the_head_of_the_metadata_says_it() -> None:
    assert versions(Dist("Name: one\nVersion: 1.2\n\nName: no\n")) == {"one": "1.2"}


def test_a_distribution_without_metadata_says_it_itself() -> None:
    assert versions(Dist(None, "two", "2")) == {"two": "2"}


def test_one_that_is_being_removed_is_passed_over() -> None:
    assert versions(Dist(None), Dist("Name: one\nVersion: 1\n")) == {"one": "1"}
