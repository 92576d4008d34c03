"""The command line of pytest-xdist, read as settings of ours.

``-n 4`` is ``--workers=4``, and so on. Where pytest-xdist has not added these flags, we do: but
only when all conftests are loaded, so that whoever wants one of the names has it already. What the
flags say is needed before conftests are loaded, so it is read from the arguments themselves:
pytest-xdist 3.8 ``plugin.py`` says what they mean.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from pytest_orchestrate.errors import SettingError
from pytest_orchestrate.options.values import Place, parse_worker_specs
from pytest_orchestrate.xdist_contract import forget_options, is_loaded
from pytest_orchestrate.xdist_contract.old_flags import MODES, Given, find, of_others, written_in

#: How many workers there are, where ``-n auto`` or ``-n logical`` is given.
AUTO_VARIABLE = "PYTEST_XDIST_AUTO_NUM_WORKERS"

#: Flags that say the same.
_SAME: dict[str, Collection[str]] = {
    "-n": {"-n", "--numprocesses"},
    "--numprocesses": {"-n", "--numprocesses"},
    "--dist": {"--dist", "-d"},
}

_notes_key = pytest.StashKey[list[str]]()


def given_to(config: pytest.Config, parser: pytest.Parser, arguments: list[str]) -> Given:
    """Find the old flags among arguments, without those of the same name that are others'."""
    given = find(arguments)
    if not given.values or is_loaded(config):
        return given
    theirs = of_others(config, parser, given)
    return find(arguments, theirs) if theirs else given


def is_installed() -> bool:
    """Whether pytest-xdist could be a plugin, here or in another run."""
    spec = importlib.util.find_spec("xdist")
    places = (spec and spec.submodule_search_locations) or ()
    return any(Path(place, "plugin.py").is_file() for place in places)


def ask_for_us(config: pytest.Config, given: Given) -> bool:
    """Whether the old flags are meant for us though nothing else asks for us.

    So it is where there is no pytest-xdist that could be meant.
    """
    return given.asks_to_distribute and not is_loaded(config) and not is_installed()


def translate(config: pytest.Config, parser: pytest.Parser, given: Given) -> None:
    """Make settings of ours of the old flags, before anybody reads those.

    :raises pytest.UsageError: a value is not accepted, a flag of ours says the same, or there is
        nothing like it here.
    """
    known = config.known_args_namespace
    # the values of flags that nobody has added yet were taken for paths
    known.file_or_dir = parser.parse_known_args(
        given.rest, namespace=copy.copy(config.option)
    ).file_or_dir
    if is_loaded(config):
        forget_options(known)
    try:
        _Translation(config, known, given).do()
    except SettingError as error:
        raise pytest.UsageError(str(error)) from None


class _Translation:
    def __init__(self, config: pytest.Config, known: argparse.Namespace, given: Given) -> None:
        self._config = config
        self._known = known
        self._given = given
        self._notes = config.stash.setdefault(_notes_key, [])

    def do(self) -> None:
        given = self._given
        if given.last("looponfail") is not None:
            refuse_loop()
        number = given.last("numprocesses")
        if number is not None:
            self._number(*number)
        limit = given.last("maxprocesses")
        if limit is not None:
            self._set("max_workers", *limit, _whole(*limit))
        restarts = given.last("maxworkerrestart")
        if restarts is not None:
            self._set("max_crashes", *restarts, f"{_whole(*restarts)} in all")
        mode = given.mode if number is None or number[1] != "0" else "no"
        if mode in MODES:
            self._mode(mode)
        if "tx" in given.values:
            if number is None:
                self._specs(given.values["tx"])
            else:
                self._no_effect("--tx", f"{number[0]} goes before it")
        self._elsewhere(given.values.get("tx", []) if number is None else [])
        self._reorder(mode)
        if "maxschedchunk" in given.values:
            self._no_effect("--maxschedchunk", "durations say how much is sent ahead")

    def _number(self, flag: str, text: str) -> None:
        number = text.strip()
        if number not in ("auto", "logical"):
            number = _whole(flag, text, "a number of workers, auto or logical")
        else:
            asked = os.environ.get(AUTO_VARIABLE, "").strip()
            if asked and not _is_whole(asked):
                text_of_warning = f"{AUTO_VARIABLE} is not a number: {asked!r}. Ignoring it."
                self._config.issue_config_time_warning(
                    pytest.PytestWarning(text_of_warning), stacklevel=2
                )
            number = asked if _is_whole(asked) else "auto"
        self._set("workers", flag, text, number, short="--workers")

    def _mode(self, mode: str) -> None:
        together = MODES[mode]
        if mode == "each":
            self._set("run_on", "--dist", mode, "each")
        elif together != "off":
            self._set("keep_together", "--dist", mode, together)

    def _specs(self, written: list[tuple[str, str]]) -> None:
        if self._given.mode in (None, "no"):
            self._no_effect("--tx", "there is no --dist")
            return
        specs = [text for _, text in written]
        parse_worker_specs(Place("--tx", "[COUNT*]SPEC of execnet"), specs)
        self._refuse_both("worker_spec", "--tx")
        self._known.orchestrate_worker_spec = specs
        if self._known.orchestrate_workers is None:
            self._known.orchestrate_workers = "auto"  # as many as are specified
        self._notes.append("--tx is --orchestrate-worker-spec")

    def _elsewhere(self, specs: list[tuple[str, str]]) -> None:
        """What is there for workers on other machines."""
        given = self._given.values
        keys = [_keys(text) for _, text in specs]
        if "px" in given:
            if any("via" in each for each in keys):
                raise pytest.UsageError(
                    "--px: pytest-orchestrate starts no workers through another machine. Say in "
                    "--tx how to get to each directly (ssh=HOST, where ssh's own ProxyJump may "
                    "help), or run with pytest-xdist (-p no:orchestrate)"
                )
            self._no_effect("--px", "no worker is started through it")
        for flag in ("--rsyncdir", "--rsyncignore"):
            if flag.removeprefix("--") not in given:
                continue
            if any("popen" not in each or "chdir" in each for each in keys):
                raise pytest.UsageError(
                    f"{flag}: pytest-orchestrate copies nothing to other machines. Copy the "
                    "project there first, name its folder in --tx (ssh=HOST//chdir=FOLDER), and "
                    f"leave out {flag}"
                )
            self._no_effect(flag, "workers on this machine need no copy")

    def _reorder(self, mode: str | None) -> None:
        """By default pytest-xdist begins with the scopes that have most tests."""
        said = self._given.last("loadscopereorder")
        if said is None:
            return
        flag, _ = said
        if mode not in ("loadscope", "loadfile", "loadgroup"):
            self._no_effect(flag, "there is no --dist=loadscope")
        elif flag == "--no-loadscope-reorder":
            self._set("order", flag, "", "declared")
        else:
            self._no_effect(flag, "what takes longest is begun first anyway")

    def _no_effect(self, flag: str, why: str) -> None:
        self._notes.append(f"{flag} has no effect ({why})")

    def _set(self, name: str, flag: str, text: str, value: str, *, short: str = "") -> None:
        self._refuse_both(name, flag, short)
        setattr(self._known, f"orchestrate_{name}", value)
        joint = "" if not text else "=" if flag.startswith("--") else " "
        ours = short or f"--orchestrate-{name.replace('_', '-')}"
        shown = f'"{value}"' if " " in value else value
        self._notes.append(f"{flag}{joint}{text} is {ours}={shown}")

    def _refuse_both(self, name: str, flag: str, short: str = "") -> None:
        if getattr(self._known, f"orchestrate_{name}", None) is None:
            return
        full = f"--orchestrate-{name.replace('_', '-')}"
        place = written_in(self._config, _SAME.get(flag, {flag}))
        other = written_in(self._config, {full, short} - {""})
        advice = (
            "" if place == "the command line" else f" ({flag} on the command line goes before that)"
        )
        raise pytest.UsageError(
            f"{flag} ({place}) and {short or full} ({other}) say the same: leave one of them out"
            f"{advice}"
        )


def refuse_loop() -> None:
    """Refuse ``-f``: pytest-xdist starts a pytest of its own for it, again and again.

    :raises pytest.UsageError: always.
    """
    raise pytest.UsageError(
        "-f (--looponfail) is a loop of pytest-xdist around a pytest of its own, and "
        "pytest-orchestrate has none. Run it by pytest-xdist alone (pytest -p no:orchestrate -f), "
        "or leave it out and run what has failed with --lf"
    )


def _keys(spec: str) -> Collection[str]:
    """What is said in a specification of execnet: ``popen``, ``ssh``, ``chdir`` ..."""
    return {part.partition("=")[0] for part in spec.rpartition("*")[2].split("//")}


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _whole(flag: str, text: str, accepted: str = "a whole number from 0 on") -> str:
    number = text.strip()
    if not _is_whole(number):
        raise Place(flag, accepted).refusal(text)
    return number


def notes(config: pytest.Config) -> str | None:
    """What old flags are called here, in a line for the head of the run; None without any."""
    found = config.stash.get(_notes_key, None)
    return "orchestrate: " + "; ".join(found) if found else None


class StandsDown:
    """A plugin that keeps pytest-xdist from acting on its options, which are read as ours."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> Any:
        """Forget what was asked of it; it looks now, and when it is configured.

        So do other plugins, where no workers are started.
        """
        if is_loaded(config) or not config.pluginmanager.hasplugin("dsession"):
            forget_options(config.option)
        return (yield)
