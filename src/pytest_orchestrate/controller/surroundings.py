"""What a run was given beside its tests: settings, seeds, environment; without any secrets.

And with what ``facts`` finds out beside that, all of it for the first line of a run log.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_orchestrate import options
from pytest_orchestrate.controller.facts import run_facts
from pytest_orchestrate.controller.versions import plugin_versions
from pytest_orchestrate.options import Options
from pytest_orchestrate.report.redaction import (
    redacted_arguments,
    redacted_text,
    redacted_variables,
)

#: Seconds that git may take to say whether files differ from the revision.
DIRTY_TIMEOUT = 0.5
#: Plugin -> its option that says what random numbers begin with.
_SEEDS = {"pytest-randomly": "randomly_seed", "hypothesis": "hypothesis_seed"}


def facts_of(config: pytest.Config, settings: Options, *, look_for_changes: bool) -> dict[str, Any]:
    """Return ``folder``, ``args`` and ``facts`` of a run log's first line, of plain JSON types.

    :param look_for_changes: Ask git whether files differ from the revision.
    """
    facts = run_facts(
        config.rootpath,
        plugins=plugin_versions(config),
        dirty_timeout=DIRTY_TIMEOUT if look_for_changes else None,
    )
    facts["settings"] = {
        key: redacted_text(value) for key, value in options.written(config).items()
    }
    facts["seeds"] = seeds(config)
    facts["environment"] = environment(os.environ, settings.report_environment)
    return {
        "folder": folder_of(config),
        "args": redacted_arguments(map(str, config.invocation_params.args)),
        "facts": facts,
    }


def folder_of(config: pytest.Config) -> str:
    """Return where pytest was started, relative to its root directory, with ``/``."""
    folder, root = config.invocation_params.dir, config.rootpath
    try:
        return Path(os.path.relpath(folder, root)).as_posix()
    except ValueError:  # on another drive
        return folder.as_posix()


def seeds(config: pytest.Config) -> dict[str, str]:
    """Return the seeds of plugins that have one in this run."""
    found = {}
    for plugin, option in _SEEDS.items():
        seed = getattr(config.option, option, None)
        # "default" and the like stand for a seed that is not known
        if seed is not None and str(seed).lstrip("-").isdigit():
            found[plugin] = str(seed)
    return found


def environment(environ: Mapping[str, str], variables: Iterable[str]) -> dict[str, str]:
    """Return those of the variables that are set."""
    there = {name: environ[name] for name in variables if name in environ}
    # the bytes of a variable need not be text
    texts = {name: value.encode("utf-8", "replace").decode() for name, value in there.items()}
    return redacted_variables(texts)
