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
from pytest_orchestrate.transport.own_program import started_as

#: Seconds that git may take to say whether files differ from the revision.
DIRTY_TIMEOUT = 0.5
#: Plugin -> its option that says what random numbers begin with.
_SEEDS = {"pytest-randomly": "randomly_seed", "hypothesis": "hypothesis_seed"}


def facts_of(config: pytest.Config, settings: Options, *, look_for_changes: bool) -> dict[str, Any]:
    """Return what a run log's first line has of this, of plain JSON types.

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
        **start_of(config),
        "program": started_as(),
        "args": redacted_arguments(map(str, config.invocation_params.args)),
        "facts": facts,
    }


def start_of(config: pytest.Config) -> dict[str, str | None]:
    """Return where pytest was started, and from there what node ids are relative to; with ``/``.

    The paths of node ids are relative to the root directory, or to the path that was given if that
    is outside of it. Of several such paths it cannot be told to which one a node id belongs.
    """
    folder, root = config.invocation_params.dir, config.rootpath
    given = [] if config.option.pyargs else [each.partition("::")[0] for each in config.args]
    places = list(dict.fromkeys(Path(os.path.normpath(folder / path)) for path in given))
    outside = [place for place in places if not place.is_relative_to(root)]
    base: str | None = _relative(root, folder)
    if outside:
        base = _relative(outside[0], folder) if len(places) == 1 else None
    return {"folder": _relative(folder, root), "root": _relative(root, folder), "base": base}


def _relative(path: Path, start: Path) -> str:
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:  # on another drive
        return path.as_posix()


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
