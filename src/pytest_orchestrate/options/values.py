"""From the text of a setting to its value. No pytest, no files, nothing of the environment.

Every function here takes the :class:`Place` where its text was written, and raises
:class:`~pytest_orchestrate.errors.SettingError` with a message that names the setting as
the user wrote it, the value, and what is accepted.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from pytest_orchestrate.errors import SettingError

#: Bytes per unit, by its lower-case name. Decimal prefixes are powers of 1000, binary
#: ones of 1024 (IEC 80000-13).
SIZE_UNITS = {
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}

#: What ``orchestrate`` and other switches may be in a string: the words that pytest takes.
TRUE_WORDS = frozenset({"1", "on", "t", "true", "y", "yes"})
FALSE_WORDS = frozenset({"0", "f", "false", "n", "no", "off"})

#: The keys of an execnet specification. execnet takes any other key without a word, so
#: that a mistyped one would have no effect.
SPEC_KEYS = (
    "popen",
    "ssh",
    "socket",
    "vagrant_ssh",
    "python",
    "chdir",
    "nice",
    "id",
    "via",
    "execmodel",
    "ssh_config",
    "installvia",
    "dont_write_bytecode",
)
_GATEWAY_KEYS = ("popen", "ssh", "socket", "vagrant_ssh")
_KEYS_WITHOUT_VALUE = frozenset({"popen", "dont_write_bytecode"})

#: Resources of the machine itself, which are always there.
MACHINE = ("cpu", "memory")

#: The flag of a resource that all runs on the machine share, and how much there may be of it.
HOST = "host"
MOST_HOSTED = 1024


class Place(msgspec.Struct, frozen=True):
    """Where a value was written, for messages about it."""

    #: The setting as the user wrote it: a flag, or an ini key and its file.
    setting: str
    #: What the setting accepts, in words.
    accepted: str

    def refusal(
        self, value: str, why: str = "", known: Iterable[str] = (), *, typo: str = ""
    ) -> SettingError:
        """The error for ``value``, or for the word ``typo`` in it.

        ``known`` are the words that may have been meant.
        """
        reason = f": {why}" if why else ""
        text = f"{self.setting}: {value!r} is not accepted{reason}. Accepted: {self.accepted}."
        return SettingError(text + _did_you_mean(typo or value, known))


class Line(msgspec.Struct, frozen=True):
    """One line ``NAME = VALUE [FLAG ...]`` of a line list."""

    name: str
    value: str
    flags: tuple[str, ...] = ()


class WorkerSpec(msgspec.Struct, frozen=True):
    """So many workers of one execnet specification."""

    workers: int
    spec: str


class Capacity(msgspec.Struct, frozen=True):
    """How much there is of a resource."""

    #: None: as much as the machine has (``cpu`` and ``memory`` only).
    amount: int | None
    #: All runs of this user on this machine share it.
    host: bool = False


class CrashLimit(msgspec.Struct, frozen=True):
    """How many crashed workers are replaced."""

    number: int
    #: Or in the whole run.
    per_worker: bool = True

    def in_all(self, workers: int) -> int:
        """How many that are in a run with so many workers."""
        return self.number * workers if self.per_worker else self.number


class Keep(msgspec.Struct, frozen=True):
    """How much of the past is kept; the older runs go first."""

    runs: int
    #: Bytes.
    size: int
    #: What tests have left: of so many runs, so many days, so many bytes.
    artifact_runs: int = 10
    artifact_days: int = 30
    artifact_size: int = 10**9


def parse_workers(place: Place, text: str) -> int | Literal["auto"]:
    """``"auto"``, or a number of workers; 0 is in-process."""
    if text.strip().lower() == "auto":
        return "auto"
    return _whole_number(place, text, known=("auto",))


def parse_count(place: Place, text: str) -> int:
    """A whole number, at least 0."""
    return _whole_number(place, text)


def parse_crash_limit(place: Place, text: str) -> CrashLimit:
    """A whole number, at least 0; ``in all`` behind it."""
    number, *more = text.split(maxsplit=1) or [""]
    if more and " ".join(more[0].split()) != "in all":
        raise place.refusal(text, known=(f"{number} in all",))
    return CrashLimit(_whole_number(place, number, shown=text), per_worker=not more)


def parse_seconds(place: Place, text: str, *, zero: bool) -> float:
    """A finite number of seconds above 0, or also 0 if ``zero``."""
    try:
        seconds = float(text)
    except ValueError:
        raise place.refusal(text, "it is not a number") from None
    if not math.isfinite(seconds):
        raise place.refusal(text, "it is not a finite number")
    if seconds < 0 or (seconds == 0 and not zero):
        raise place.refusal(text)
    return seconds


def parse_choice(place: Place, text: str, choices: Sequence[str]) -> str:
    """One of ``choices``."""
    if text not in choices:
        raise place.refusal(text, known=choices)
    return text


def parse_modules(place: Place, text: str) -> tuple[str, ...]:
    """Names of modules, separated by white space, each once."""
    names = text.split()
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise place.refusal(name)
    return tuple(dict.fromkeys(names))


def parse_switch(place: Place, text: str) -> bool:
    """True or false, in the words that pytest takes for its own settings."""
    word = text.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise place.refusal(text, known=("true", "false"))


def parse_size(place: Place, text: str) -> int:
    """Bytes in a size such as ``200MB``, ``1.5 GB`` or ``64KiB``, at least 1.

    A unit is a must: whoever writes ``200`` hardly means two hundred bytes.
    """
    stripped = text.strip()
    number = stripped.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = stripped[len(number) :].lower()
    number = number.strip()
    if not unit:
        raise place.refusal(text, "it has no unit (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)")
    if unit not in SIZE_UNITS:
        raise place.refusal(text, f"{unit!r} is not a unit (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)")
    whole, point, fraction = number.partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit() and (fraction or not point)):
        raise place.refusal(text, f"{number!r} is not a number")
    # In integers: a float would lose bytes above 2**53.
    size = int(digits) * SIZE_UNITS[unit] // int("1" + "0" * len(fraction))
    if size < 1:
        raise place.refusal(text, "it is less than a byte")
    return size


def parse_lines(place: Place, lines: Iterable[str]) -> tuple[Line, ...]:
    """Lines ``NAME = VALUE [FLAG ...]``; empty ones are left out.

    VALUE and FLAG end at white space; in quotes they may contain it.
    """
    return tuple(_parse_line(place, line.strip()) for line in lines if line.strip())


def _parse_line(place: Place, line: str) -> Line:
    name, equals, rest = line.partition("=")
    name = name.strip()
    if not equals:
        raise place.refusal(line, "a line is NAME = VALUE [FLAG ...], and there is no '='")
    if not name or len(name.split()) > 1:
        raise place.refusal(line, "a line is NAME = VALUE [FLAG ...], with one word before the '='")
    lexer = shlex.shlex(rest, posix=True)
    lexer.whitespace_split = True
    # Back-slashes and hashes are ordinary characters in paths and patterns.
    lexer.escape = ""
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        raise place.refusal(line, "a quotation mark is not closed") from None
    if not words:
        raise place.refusal(line, "there is no value after the '='")
    return Line(name, words[0], tuple(words[1:]))


def parse_keep(places: Iterable[tuple[Place, Sequence[str]]]) -> Keep:
    """What several line lists say together; a later list overrides single lines of earlier ones.

    Together they must have all; the defaults do.
    """
    found: dict[str, int] = {}
    for place, texts in places:
        for line, shown in _named_lines(place, texts):
            if line.name not in Keep.__struct_fields__:
                why = f"there is no {line.name!r} to set"
                raise place.refusal(shown, why, Keep.__struct_fields__, typo=line.name)
            if line.name.endswith("size"):
                found[line.name] = parse_size(place, line.value)
            else:
                found[line.name] = _whole_number(place, line.value, shown=shown, least=1)
    return Keep(**found)


def parse_resources(place: Place, texts: Sequence[str]) -> dict[str, Capacity]:
    """Capacities by name."""
    found: dict[str, Capacity] = {}
    for line, shown in _named_lines(place, texts, flags=(HOST,)):
        if line.value.lower() == "auto":
            if line.name not in MACHINE:
                raise place.refusal(shown, f"'auto' is for {' and '.join(MACHINE)} only")
            amount = None
        elif line.name == "memory" and not line.value.isdigit():
            amount = parse_size(place, line.value)
        else:
            amount = _whole_number(place, line.value, shown=shown, least=1)
        host = HOST in line.flags
        if host and line.name in MACHINE:
            raise place.refusal(shown, f"{HOST!r} is not for {' and '.join(MACHINE)}")
        if host and (amount or 0) > MOST_HOSTED:
            raise place.refusal(shown, f"with {HOST!r} there are at most {MOST_HOSTED}")
        found[line.name] = Capacity(amount, host)
    return found


def parse_priorities(place: Place, texts: Sequence[str]) -> dict[str, int]:
    """Priorities by the name of a mark."""
    found: dict[str, int] = {}
    for line, shown in _named_lines(place, texts):
        digits = line.value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            raise place.refusal(shown, f"{line.value!r} is not a whole number")
        found[line.name] = int(line.value)
    return found


def parse_markers(place: Place, texts: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """New names by marker."""
    found: dict[str, str] = {}
    for line, shown in _named_lines(place, texts):
        if line.name not in known:
            raise place.refusal(shown, f"there is no marker {line.name!r}", known, typo=line.name)
        if not line.value.isidentifier():
            raise place.refusal(shown, f"{line.value!r} cannot be the name of a marker")
        if line.value != "off" and line.value in found.values():
            raise place.refusal(shown, f"two markers would be called {line.value!r}")
        found[line.name] = line.value
    return found


def _named_lines(
    place: Place, texts: Sequence[str], flags: Sequence[str] = ()
) -> Iterator[tuple[Line, str]]:
    """Lines of different names, with no other flags, each with how it is shown in messages."""
    seen: set[str] = set()
    for line in parse_lines(place, texts):
        shown = " ".join((f"{line.name} = {line.value}", *line.flags))
        strange = [flag for flag in line.flags if flag not in flags]
        if strange:
            raise place.refusal(shown, f"{strange[0]!r} is too much", flags, typo=strange[0])
        twice = [flag for flag in line.flags if line.flags.count(flag) > 1]
        if twice:
            raise place.refusal(shown, f"{twice[0]!r} is there twice")
        if line.name in seen:
            raise place.refusal(shown, f"{line.name!r} is there twice")
        seen.add(line.name)
        yield line, shown


def parse_worker_specs(place: Place, texts: Iterable[str]) -> tuple[WorkerSpec, ...]:
    """Specifications of execnet, each with an optional multiplier: ``2*popen//nice=5``."""
    return tuple(_parse_worker_spec(place, text.strip()) for text in texts if text.strip())


def _parse_worker_spec(place: Place, text: str) -> WorkerSpec:
    count, spec = 1, text
    head, star, tail = text.partition("*")
    # An asterisk after the first key belongs to a value.
    if star and not set(head) & set("=/"):
        count, spec = _multiplier(place, text, head.strip()), tail.strip()
    keys = _spec_keys(place, text, spec)
    if not any(key in keys for key in _GATEWAY_KEYS):
        raise place.refusal(text, f"one of the keys {', '.join(_GATEWAY_KEYS)} is needed")
    if "nice" in keys and not keys["nice"].lstrip("-").isdigit():
        raise place.refusal(text, "'nice' is not a whole number")
    if "id" in keys and count > 1:
        raise place.refusal(text, f"{count} workers cannot have one id")
    return WorkerSpec(count, spec)


def _multiplier(place: Place, text: str, head: str) -> int:
    if not (head.isascii() and head.isdigit() and int(head) >= 1):
        raise place.refusal(text, f"the multiplier {head!r} is not a number from 1 on")
    return int(head)


def _spec_keys(place: Place, text: str, spec: str) -> dict[str, str]:
    """The keys of an execnet specification and their values, by execnet's own rules."""
    found: dict[str, str] = {}
    for part in spec.split("//"):
        key, equals, value = part.partition("=")
        if not key:
            raise place.refusal(text, "a key between '//' is empty")
        if key in found:
            raise place.refusal(text, f"the key {key!r} is there twice")
        if key not in SPEC_KEYS and not (key.startswith("env:") and len(key) > len("env:")):
            why = f"execnet knows no key {key!r}"
            raise place.refusal(text, why, (*SPEC_KEYS, "env:NAME"), typo=key)
        if not value and (equals or key not in _KEYS_WITHOUT_VALUE):
            raise place.refusal(text, f"the key {key!r} has no value")
        found[key] = value
    return found


def _whole_number(
    place: Place, text: str, *, shown: str = "", least: int = 0, known: Iterable[str] = ()
) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and int(digits) >= least):
        raise place.refusal(shown or text, f"it is not a whole number from {least} on", known)
    return int(digits)


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
