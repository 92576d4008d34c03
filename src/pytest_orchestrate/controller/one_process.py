"""What needs the tests to run in pytest's own process, whatever number of workers is asked for."""

from __future__ import annotations

import msgspec
import pytest


class Need(msgspec.Struct, frozen=True):
    """An option of pytest or of a plugin that does not do its work where workers run the tests."""

    #: Where the option's value is, once arguments are parsed.
    destination: str
    flag: str
    #: The destination of an option that takes the need away.
    unless: str | None = None


#: Each was tried with the version that docs/reference/compatibility.md names.
NEEDS = (
    Need("usepdb", "--pdb"),
    Need("trace", "--trace"),
    Need("setupshow", "--setup-show"),
    Need("stepwise", "--stepwise"),
    Need("stepwise_skip", "--stepwise-skip"),
    Need("stepwise_reset", "--stepwise-reset"),
    # pytest-bdd keeps the steps of a scenario beside its report, in the process that made it
    Need("cucumber_json_path", "--cucumberjson"),
    Need("gherkin_terminal_reporter", "--gherkin-terminal-reporter"),
    # pytest-benchmark measures nothing in workers
    Need("benchmark_only", "--benchmark-only", unless="benchmark_disable"),
    Need("benchmark_autosave", "--benchmark-autosave", unless="benchmark_disable"),
    Need("benchmark_save", "--benchmark-save", unless="benchmark_disable"),
    Need("benchmark_json", "--benchmark-json", unless="benchmark_disable"),
    Need("benchmark_compare", "--benchmark-compare", unless="benchmark_disable"),
)


def reason(config: pytest.Config) -> str | None:
    """Return what needs this run to stay in this process, or None."""
    given = config.known_args_namespace
    for need in NEEDS:
        if getattr(given, need.destination, None) and not (
            need.unless is not None and getattr(given, need.unless, None)
        ):
            return need.flag
    objects = [p for p in config.invocation_params.plugins or () if not isinstance(p, str)]
    if objects:
        return "pytest.main(plugins=[...]) was given an object"
    return None
