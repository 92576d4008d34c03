"""Changes, in the syntax of the configuration file that the project has."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import PurePath

from pytest_orchestrate.cli.doctor.diagnosis import Change, Finding, Proposal

#: File name -> the heading of pytest's part of it, where that is not ``[pytest]``.
_HEADINGS = {
    "setup.cfg": "[tool:pytest]",
    "pyproject.toml": "[tool.pytest.ini_options]",
}


def proposal(
    findings: Iterable[Finding], *, file: str | None, is_native_toml: bool
) -> Proposal | None:
    """What to paste; None if there is nothing to change.

    :param file: The configuration file that pytest reads; None: there is none.
    """
    merged: dict[str, str | tuple[str, ...]] = {}
    for finding in findings:
        for change in finding.changes:
            merged[change.key] = _joined(merged.get(change.key), change.value)
    if not merged:
        return None
    shown = file or "pytest.ini"
    name = PurePath(shown).name
    heading = _HEADINGS.get(name, "[pytest]")
    is_toml = name.endswith(".toml")
    if name == "pyproject.toml" and is_native_toml:
        heading = "[tool.pytest]"
    lines = [heading]
    for key, value in merged.items():
        lines.append(_toml(key, value) if is_toml else _ini(key, value))
    return Proposal(shown, file is not None, "\n".join(lines) + "\n")


def _joined(
    before: str | tuple[str, ...] | None, value: str | tuple[str, ...]
) -> str | tuple[str, ...]:
    """Lists are joined; of two texts the first counts, which the weightier finding has said."""
    if before is None:
        return value
    if isinstance(before, tuple) and isinstance(value, tuple):
        return tuple(dict.fromkeys((*before, *value)))
    return before


def _ini(key: str, value: str | tuple[str, ...]) -> str:
    if isinstance(value, str):
        return f"{key} = {value}"
    return "\n".join((f"{key} =", *(f"    {line}" for line in value)))


def _toml(key: str, value: str | tuple[str, ...]) -> str:
    if not isinstance(value, str):
        return f"{key} = [{', '.join(json.dumps(line) for line in value)}]"
    return f"{key} = {value if value in ('true', 'false') else json.dumps(value)}"


def changes_of(setting: str) -> tuple[Change, ...]:
    """Read lines that were written for ``pytest.ini``."""
    key, _, value = setting.partition("=")
    first, *lines = value.splitlines() or [""]
    if lines:
        return (Change(key.strip(), tuple(line.strip() for line in lines)),)
    return (Change(key.strip(), first.strip()),) if key.strip() else ()
