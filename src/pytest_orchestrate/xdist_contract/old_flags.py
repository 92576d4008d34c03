"""The flags of pytest-xdist: found among arguments, and added where nobody has.

What they mean: pytest-xdist 3.8 ``plugin.py`` and ``looponfail.py``.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import pytest

from pytest_orchestrate.options import flags_of_conftests, is_taken

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
    "--px": "px",
    "--rsyncdir": "rsyncdir",
    "--rsyncignore": "rsyncignore",
    "--testrunuid": "testrunuid",
    "--maxschedchunk": "maxschedchunk",
}
#: A flag without one -> the same.
_SWITCHES = {
    "-d": "distload",
    "--loadscope-reorder": "loadscopereorder",
    "--no-loadscope-reorder": "loadscopereorder",
    "-f": "looponfail",
    "--looponfail": "looponfail",
}


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
        return "load" if "distload" in self.values else None if given is None else given[1]


def find(arguments: Sequence[str], but: Collection[str] = ()) -> Given:
    """Find the old flags among arguments, as argparse would.

    A value never begins with a hyphen, so what does is a flag, unless ``--`` stands before it.

    :param but: Flags that are somebody else's.
    """
    values: dict[str, list[tuple[str, str]]] = {}
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
            break
        flag, equals, value = word.partition("=")
        if flag in but or (word.startswith("-n") and "-n" in but):
            rest.append(word)
            continue
        if word in _SWITCHES:
            values.setdefault(_SWITCHES[word], []).append((word, ""))
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


def written_in(config: pytest.Config, flags: Collection[str]) -> str:
    """Where one of these flags is written, the last that counts: in a few words."""
    ini = f"addopts in {config.inipath}" if config.inipath else "addopts"
    for place, words in (
        ("the command line", config.invocation_params.args),
        ("PYTEST_ADDOPTS", shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))),
        (ini, config.getini("addopts")),
    ):
        for word in map(str, words):
            if word.partition("=")[0] in flags or ("-n" in flags and word.startswith("-n")):
                return place
    return "the arguments"


def of_others(config: pytest.Config, parser: pytest.Parser, given: Given) -> set[str]:
    """Return those of these flags that belong to a plugin, or to a conftest that will be loaded.

    To be called before conftests are loaded, where pytest-xdist is not there.
    """
    found = {flag for values in given.values.values() for flag, _ in values}
    theirs = {flag for flag in found if is_taken(parser, flag)}
    # pytest lets nobody but its own plugins have a short flag in lower case
    long = {flag for flag in found - theirs if flag.startswith("--")}
    return theirs | (flags_of_conftests(config, given.rest, long) if long else set())


def add_flags(parser: pytest.Parser) -> None:
    """Add those of the old flags that nobody has added.

    To be called when all conftests are loaded that may still add options.
    """
    group: Any = parser.getgroup("orchestrate-old", "pytest-xdist's flags, for pytest-orchestrate")
    for names, more in _FLAGS:
        free = [name for name in names if not is_taken(parser, name)]
        if free:
            group._addoption(*free, **more)  # noqa: SLF001  # the public way refuses -n and -d


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
        {
            "dest": "loadscopereorder",
            "action": "store_false",
            "help": _ours("--orchestrate-order=declared, with --dist=loadscope and the like"),
        },
    ),
    (
        ("--px",),
        {
            "dest": "px",
            "action": "append",
            "default": [],
            "metavar": "SPEC",
            "help": "No effect, unless --tx names it: then it is refused",
        },
    ),
    (
        ("--rsyncdir",),
        {
            "dest": "rsyncdir",
            "action": "append",
            "default": [],
            "metavar": "DIR",
            "help": "No effect; refused for workers on other machines",
        },
    ),
    (
        ("--rsyncignore",),
        {
            "dest": "rsyncignore",
            "action": "append",
            "default": [],
            "metavar": "GLOB",
            "help": "No effect; refused for workers on other machines",
        },
    ),
    (
        ("--testrunuid",),
        {
            "dest": "testrunuid",
            "metavar": "ID",
            "help": "What the fixture testrun_uid gives; by default a new id for each run",
        },
    ),
    (
        ("--maxschedchunk",),
        {"dest": "maxschedchunk", "type": int, "metavar": "N", "help": "No effect"},
    ),
)
