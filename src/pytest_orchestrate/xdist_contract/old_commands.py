"""The command line of pytest-xdist, read as settings of ours.

``-n 4`` is ``--workers=4``, and so on (:data:`NEW_NAMES`). Where pytest-xdist has not added these
flags, we do: but only when all conftests are loaded, so that whoever wants one of the names has it
already. What the flags say is needed before conftests are loaded, so it is read from the arguments
themselves: pytest-xdist 3.8 ``plugin.py`` says what they mean.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pytest_orchestrate.errors import SettingError
from pytest_orchestrate.options.values import Place, parse_worker_specs
from pytest_orchestrate.xdist_contract import forget_options, is_loaded

#: What pytest-xdist calls its ways to distribute -> what is to be kept together here.
MODES = {
    "load": "off",
    "worksteal": "off",
    "loadfile": "file",
    "loadscope": "class",
    "loadgroup": "group",
    "no": "off",
    "each": "off",
}

#: A flag that takes a value -> its name in ``config.option``.
_DESTINATIONS = {
    "-n": "numprocesses",
    "--numprocesses": "numprocesses",
    "--maxprocesses": "maxprocesses",
    "--max-worker-restart": "maxworkerrestart",
    "--dist": "dist",
    "--tx": "tx",
    "--maxschedchunk": "maxschedchunk",
}
_SWITCHES = {"-d", "--loadscope-reorder", "--no-loadscope-reorder"}

#: How many workers there are, where ``-n auto`` or ``-n logical`` is given.
AUTO_VARIABLE = "PYTEST_XDIST_AUTO_NUM_WORKERS"

_notes_key = pytest.StashKey[list[str]]()


class Given(NamedTuple):
    """The old flags among the arguments."""

    #: Name in ``config.option`` -> each value with the flag as it was written, in order.
    values: dict[str, list[tuple[str, str]]]
    #: The arguments without them.
    rest: list[str]

    def last(self, name: str) -> tuple[str, str] | None:
        """The value that counts, with its flag."""
        return self.values[name][-1] if name in self.values else None

    @property
    def asks_to_distribute(self) -> bool:
        """Whether pytest-xdist would start workers for this."""
        number = self.last("numprocesses")
        if number is not None:
            return number[1] != "0"
        # a conftest may have a --tx of its own
        specs = [text for _, text in self.values.get("tx", ())]
        return (
            bool(specs)
            and all("popen" in spec or "=" in spec for spec in specs)
            and self.mode not in (None, "no")
        )

    @property
    def mode(self) -> str | None:
        """How pytest-xdist would distribute, as far as the arguments say."""
        given = self.last("dist")
        return "load" if "-d" in self.values else None if given is None else given[1]


def find(arguments: Sequence[str]) -> Given:
    """Find the old flags among arguments, as argparse would.

    A value never begins with a hyphen, so what does is a flag, unless ``--`` stands before it.
    """
    values: dict[str, list[tuple[str, str]]] = {}
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
            break
        flag, equals, value = word.partition("=")
        if word in _SWITCHES:
            values.setdefault(word, []).append((word, ""))
            continue
        if word.startswith("-n"):  # pytest itself refuses -vn4
            flag, equals = "-n", word[2:]
            value = equals.removeprefix("=")
        elif flag not in _DESTINATIONS:
            rest.append(word)
            continue
        if not equals:
            value = next(words, "")
        values.setdefault(_DESTINATIONS[flag], []).append((flag, value))
    return Given(values, rest)


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
        self._known = known
        self._given = given
        self._notes = config.stash.setdefault(_notes_key, [])

    def do(self) -> None:
        given = self._given
        number = given.last("numprocesses")
        if number is not None:
            self._number(*number)
        limit = given.last("maxprocesses")
        if limit is not None:
            self._set("max_workers", *limit, _whole(*limit))
        restarts = given.last("maxworkerrestart")
        if restarts is not None:
            self._set("max_crashes", *restarts, f"{_whole(*restarts)} in all")
        if given.mode in MODES and (number is None or number[1] != "0"):
            self._mode(given.mode)
        if "tx" in given.values and number is None:
            self._specs(given.values["tx"])
        for name, flag in (
            ("tx", "--tx"),
            ("maxschedchunk", "--maxschedchunk"),
            ("--loadscope-reorder", "--loadscope-reorder"),
            ("--no-loadscope-reorder", "--no-loadscope-reorder"),
        ):
            if name in given.values and (name != "tx" or number is not None):
                self._notes.append(f"{flag} has no effect")

    def _number(self, flag: str, text: str) -> None:
        number = text.strip()
        if number not in ("auto", "logical"):
            number = _whole(flag, text, "a number of workers, auto or logical")
        else:
            asked = os.environ.get(AUTO_VARIABLE, "")
            number = asked if asked.isdigit() else "auto"
        self._set("workers", flag, text, number, short="--workers")

    def _mode(self, mode: str) -> None:
        together = MODES[mode]
        if mode == "each":
            self._set("run_on", "--dist", mode, "each")
        elif together != "off":
            self._set("keep_together", "--dist", mode, together)

    def _specs(self, written: list[tuple[str, str]]) -> None:
        if self._given.mode in (None, "no"):
            self._notes.append("--tx has no effect without --dist")
            return
        specs = [text for _, text in written]
        parse_worker_specs(Place("--tx", "[COUNT*]SPEC of execnet"), specs)
        self._refuse_both("worker_spec", "--tx")
        self._known.orchestrate_worker_spec = specs
        if self._known.orchestrate_workers is None:
            self._known.orchestrate_workers = "auto"  # as many as are specified
        self._notes.append("--tx is --orchestrate-worker-spec")

    def _set(self, name: str, flag: str, text: str, value: str, *, short: str = "") -> None:
        self._refuse_both(name, flag, short)
        setattr(self._known, f"orchestrate_{name}", value)
        joint = "=" if flag.startswith("--") else " "
        ours = short or f"--orchestrate-{name.replace('_', '-')}"
        shown = f'"{value}"' if " " in value else value
        self._notes.append(f"{flag}{joint}{text} is {ours}={shown}")

    def _refuse_both(self, name: str, flag: str, short: str = "") -> None:
        if getattr(self._known, f"orchestrate_{name}", None) is not None:
            ours = short or f"--orchestrate-{name.replace('_', '-')}"
            raise pytest.UsageError(f"{flag} and {ours} say the same: leave one of them out")


def _whole(flag: str, text: str, accepted: str = "a whole number from 0 on") -> str:
    number = text.strip()
    if not (number.isascii() and number.isdigit()):
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


def add_flags(parser: pytest.Parser) -> None:
    """Add those of the old flags that nobody has added.

    To be called when all conftests are loaded that may still add options.
    """
    group: Any = parser.getgroup("orchestrate-old", "pytest-xdist's flags, for pytest-orchestrate")
    for names, more in _FLAGS:
        free = [name for name in names if not _is_taken(parser, name)]
        if free:
            group._addoption(*free, **more)  # noqa: SLF001  # the public way refuses -n and -d


def _is_taken(parser: pytest.Parser, flag: str) -> bool:
    try:
        _, unknown = parser.parse_known_and_unknown_args([flag])
    except pytest.UsageError:  # it lacks a value
        return True
    return flag not in unknown


def _number(text: str) -> int | str:
    return text if text in ("auto", "logical") else int(text)


def _ours(text: str) -> str:
    return f"The same as {text}"


_FLAGS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("-n", "--numprocesses"),
        {
            "dest": "numprocesses",
            "type": _number,
            "metavar": "N",
            "help": _ours("--orchestrate-workers=N; auto and logical are its auto"),
        },
    ),
    (
        ("--maxprocesses",),
        {
            "dest": "maxprocesses",
            "type": int,
            "metavar": "N",
            "help": _ours("--orchestrate-max-workers=N"),
        },
    ),
    (
        ("--max-worker-restart",),
        {
            "dest": "maxworkerrestart",
            "metavar": "N",
            "help": _ours("--orchestrate-max-crashes='N in all'"),
        },
    ),
    (
        ("--dist",),
        {
            "dest": "dist",
            "choices": list(MODES),
            "default": "no",
            "metavar": "MODE",
            "help": "loadfile, loadscope, loadgroup: "
            + _ours("--orchestrate-keep-together=file, class, group").lower(),
        },
    ),
    (
        ("--tx",),
        {
            "dest": "tx",
            "action": "append",
            "default": [],
            "metavar": "SPEC",
            "help": _ours("--orchestrate-worker-spec=SPEC, where --dist is given"),
        },
    ),
    (("-d",), {"dest": "distload", "action": "store_true", "help": _ours("--dist=load")}),
    (
        ("--loadscope-reorder",),
        {
            "dest": "loadscopereorder",
            "action": "store_true",
            "default": True,
            "help": "No effect",
        },
    ),
    (
        ("--no-loadscope-reorder",),
        {"dest": "loadscopereorder", "action": "store_false", "help": "No effect"},
    ),
    (
        ("--maxschedchunk",),
        {"dest": "maxschedchunk", "type": int, "metavar": "N", "help": "No effect"},
    ),
)
