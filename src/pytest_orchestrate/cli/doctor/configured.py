"""What is configured, asked of a pytest that is about to load its first conftest."""

from __future__ import annotations

import os
import platform
import re
import shlex
from collections.abc import Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_orchestrate import options
from pytest_orchestrate.cli.doctor.facts import Configured, Misspelt, OldFlag, Source
from pytest_orchestrate.controller import one_process
from pytest_orchestrate.controller.cores import usable_cores
from pytest_orchestrate.controller.deciding import decide
from pytest_orchestrate.controller.planned import PlanContext
from pytest_orchestrate.controller.run_identity import new_run_id
from pytest_orchestrate.controller.start_choice import expected_start
from pytest_orchestrate.history.overview import session_fixtures
from pytest_orchestrate.history.store import History
from pytest_orchestrate.options.activation import ini_asks, names_us
from pytest_orchestrate.xdist_contract import old_commands, old_flags

#: Where the words of the user are.
ARGUMENTS = "the arguments"


class Looking(PlanContext):
    """A plan's context that reads the history, and never begins one."""

    def open_history(self) -> History | None:
        """Open the store, if there is one."""
        return super().open_history() if self.options.dir.is_dir() else None


def configured(config: pytest.Config, given: Sequence[str]) -> Configured:
    """Ask it.

    :param given: Arguments that the user gave the command.
    """
    root = config.rootpath
    inipath = config.inipath
    sources = _sources(config, given)
    found = Configured(
        root=os.fspath(root),
        file=None if inipath is None else _shown(inipath, root),
        is_native_toml=_is_native_toml(inipath),
        versions={
            "pytest-orchestrate": metadata.version("pytest-orchestrate"),
            "pytest": pytest.__version__,
            "Python": platform.python_version(),
        },
        sources=sources,
        activated=_activated(config, sources),
        blocked=_blocked(sources),
        has_xdist=old_commands.is_installed(),
        old_flags=tuple(_old_flags(sources)),
        old_flags_mean=old_commands.notes(config),
        misspelt=tuple(_misspelt(config)),
        cores=usable_cores(),
    )
    try:
        settings = options.read(config)
    except pytest.UsageError as error:
        return replace(found, refused=(str(error),))
    forced = one_process.reason(config)
    return replace(
        found,
        settings=options.written(config),
        one_process=None if forced is None else (forced, _place_of(forced, sources)),
        history=_shown(settings.dir, root),
        **_decided(config, settings, forced),
    )


def _decided(
    config: pytest.Config, settings: options.Options, forced: str | None
) -> dict[str, Any]:
    """What a run would decide before its first conftest."""
    context = Looking(config, settings, new_run_id())
    try:
        workers = decide(config, settings, lambda: context, forced=forced)
        undecided = replace(settings, workers="auto", worker_spec=())
        automatic = decide(config, undecided, lambda: context, forced=forced)
        history = context.history
        known = 0 if history is None else history.known_tests()
        fixtures = {} if history is None else session_fixtures(history)
    finally:
        context.let_go_of_history()
    return {
        "workers": (workers.workers, workers.reason),
        "automatic": (automatic.workers, automatic.reason),
        "start": expected_start(settings),
        "known_tests": known,
        "fixtures": fixtures,
    }


def _sources(config: pytest.Config, given: Sequence[str]) -> tuple[Source, ...]:
    """The arguments of a run, the weakest first."""
    where = f"addopts in {config.inipath.name}" if config.inipath else "addopts"
    environment: list[str] = []
    with suppress(ValueError):  # pytest has refused it before
        environment = shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    found = (
        (where, [str(word) for word in config.getini("addopts")]),
        ("PYTEST_ADDOPTS", environment),
        (ARGUMENTS, list(given)),
    )
    return tuple(Source(place, tuple(words)) for place, words in found if words)


def _activated(config: pytest.Config, sources: Iterable[Source]) -> str | None:
    for source in sources:
        if names_us(_plugins(source.words)):
            return f"-p orchestrate in {source.place}"
        for flag in ("--orchestrate-workers", "--orchestrate-plan"):
            if _has(source.words, flag):
                return f"{flag} in {source.place}"
        if not old_commands.is_installed() and old_flags.find(source.words).asks_to_distribute:
            return f"{_first_old_flag(source)} in {source.place}, as pytest-xdist is not installed"
    if ini_asks(config):
        where = "-o" if config.inipath is None else config.inipath.name
        return f"{options.ACTIVATION} = true in {where}"
    return None


def _first_old_flag(source: Source) -> str:
    return str(next(iter(_old_flags([source]))))


def _blocked(sources: Iterable[Source]) -> str | None:
    for source in sources:
        plugins = {plugin.strip() for plugin in _plugins(source.words)}
        if "no:orchestrate" in plugins:
            return f"-p no:orchestrate in {source.place}"
    return None


def _plugins(words: Sequence[str]) -> list[str]:
    """What ``-p`` is given."""
    found: list[str] = []
    for position, word in enumerate(words):
        if word == "-p":
            found += words[position + 1 : position + 2]
        elif word.startswith("-p"):
            found.append(word[2:])
    return found


def _has(words: Iterable[str], flag: str) -> bool:
    return any(word == flag or word.startswith(f"{flag}=") for word in words)


def _place_of(flag: str, sources: Iterable[Source]) -> str:
    """Where a flag is written; the strongest source counts."""
    places = [source.place for source in sources if _has(source.words, flag)]
    return places[-1] if places else "the configuration"


def _old_flags(sources: Iterable[Source]) -> Iterable[OldFlag]:
    for source in sources:
        for written in old_flags.find(source.words).values.values():
            for flag, value in written:
                yield OldFlag(flag, value, source.place)


def _misspelt(config: pytest.Config) -> Iterable[Misspelt]:
    known = {setting.key for setting in options.SETTINGS if setting.has_ini_key}
    known.add(options.ACTIVATION)
    for key in getattr(config, "inicfg", ()):
        if key.startswith("orchestrate") and key not in known:
            close = get_close_matches(key, known, n=1)
            value = getattr(config.inicfg[key], "value", config.inicfg[key])
            text = "\n".join(map(str, value)) if isinstance(value, list) else str(value)
            yield Misspelt(key, close[0] if close else None, text)


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else os.fspath(path)


def _is_native_toml(path: Path | None) -> bool:
    """Whether the configuration is in the table ``[tool.pytest]``."""
    if path is None or path.name != "pyproject.toml":
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return not re.search(r"^\s*\[\s*tool\s*\.\s*pytest\s*\.\s*ini_options\s*\]", text, re.MULTILINE)
