"""What the configuration means: versions, activation, flags of pytest-xdist, settings."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata

from pytest_orchestrate.cli.doctor import neighbours
from pytest_orchestrate.cli.doctor.diagnosis import Change, Finding, Level
from pytest_orchestrate.cli.doctor.facts import Configured
from pytest_orchestrate.cli.doctor.overriding import OLD_FLAGS
from pytest_orchestrate.report.words import count_of


def of_configuration(found: Configured) -> Iterator[Finding]:
    """Say it."""
    yield from _versions(found.versions)
    yield from _activation(found)
    yield from _old_flags(found)
    yield from _settings(found)
    if found.one_process is not None:
        flag, place = found.one_process
        yield Finding(
            "speed",
            "workers",
            f"{flag} ({place}) keeps every run in one process, whatever number of workers is"
            " asked for",
            "leave it out, or give it to a second run that is for nothing else",
        )


def _versions(versions: dict[str, str]) -> Iterator[Finding]:
    least = _least_pytest()
    here = versions["pytest"]
    shown = f"pytest {here} on Python {versions['Python']}"
    if _number(here) < _number(least):
        yield Finding(
            "conflict",
            "versions",
            f"{shown}: pytest-orchestrate needs pytest {least} or later",
            f'python -m pip install "pytest>={least}"',
        )
    elif _number(here) > _number(neighbours.PYTEST):
        yield Finding(
            "note", "versions", f"{shown}: no later pytest than {neighbours.PYTEST} was tried"
        )
    else:
        yield Finding("fine", "versions", f"{shown}: supported")


def _least_pytest() -> str:
    for requirement in metadata.requires("pytest-orchestrate") or ():
        name, _, version = requirement.partition(">=")
        if name.strip() == "pytest":
            return version.strip()
    return "8.4"


def _number(version: str) -> tuple[int, int]:
    major, minor, *_ = [*version.split("."), "0"]
    digits = "".join(filter(str.isdigit, minor)) or "0"
    return int(major), int(digits)


def _activation(found: Configured) -> Iterator[Finding]:
    on, off = found.activated, found.blocked
    if off is not None:
        level: Level = "note" if on is None else "conflict"
        also = "" if on is None else f", though there is {on}"
        yield Finding(
            level,
            "activation",
            f"{off} keeps the plugin from being loaded{also}",
            "leave one of them out" if on else "leave it out to use the plugin",
        )
    elif on is not None:
        yield Finding("fine", "activation", f"switched on by {on}")
    else:
        yield Finding(
            "setting",
            "activation",
            "not switched on: runs are as if it were not installed",
            "-p orchestrate switches it on for one run, orchestrate = true for all",
            changes=(Change("orchestrate", "true"),),
        )
    told = frozenset(OLD_FLAGS.values()) if found.old_flags else frozenset()
    names = ", ".join(key for key in found.settings if key not in told)
    if names and on is None:
        yield Finding("note", "activation", f"without effect until it is switched on: {names}")


def _old_flags(found: Configured) -> Iterator[Finding]:
    flags = found.old_flags
    if flags:
        means = (found.old_flags_mean or "").removeprefix("orchestrate: ")
        until = ""
        if found.activated is None and found.has_xdist:
            until = "; until the plugin is switched on, pytest-xdist acts on them"
        places = " and in ".join(dict.fromkeys(flag.place for flag in flags))
        text = f"flags of pytest-xdist in {places} are read as ours: {means}{until}"
        if not means:  # it has refused them, in words of its own
            text = f"flags of pytest-xdist in {places}: {', '.join(map(str, flags))}"
        level: Level = "note" if "has no effect" in means else "setting"
        yield Finding(level, "xdist", text)


def _settings(found: Configured) -> Iterator[Finding]:
    for text in found.refused:
        yield Finding("conflict", "settings", text)
    for each in found.misspelt:
        where = f" in {found.file}" if found.file else ""
        advice = "pytest --help lists all of them"
        changes: tuple[Change, ...] = ()
        if each.close is not None:
            advice = f"meant is probably {each.close}"
            changes = (Change(each.close, _value(each.value)),)
        text = f"there is no setting {each.key}{where}: it has no effect"
        yield Finding("conflict", "settings", text, advice, changes=changes)
    if found.settings and found.activated is not None:
        names = ", ".join(
            f"{key} = {' / '.join(value.splitlines())}" for key, value in found.settings.items()
        )
        count = count_of(len(found.settings), "setting")
        yield Finding("fine", "settings", f"{count} not at the default: {names}")


def _value(text: str) -> str | tuple[str, ...]:
    lines = tuple(line.strip() for line in text.strip().splitlines())
    return lines if len(lines) > 1 else "".join(lines)
