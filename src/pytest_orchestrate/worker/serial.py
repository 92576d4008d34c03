"""Reports and warnings as bytes that any controller can read."""

from __future__ import annotations

import os
from typing import Any

import execnet
import pytest

from pytest_orchestrate import wire
from pytest_orchestrate.model.escaping import printable

_EXACT = (str, int, float, bool, bytes, type(None))


def report_bytes(config: pytest.Config, report: pytest.TestReport | pytest.CollectReport) -> bytes:
    """Return a report as bytes; what cannot be serialised is replaced by its repr."""
    data = config.hook.pytest_report_to_serializable(config=config, report=report)
    if isinstance(data.get("longrepr"), str) and not isinstance(report.longrepr, str):
        data[wire.TEXT_ONLY] = True
    return dumped(data)


def dumped(value: Any) -> bytes:
    """Return a value as bytes for ``execnet.loads``, made :func:`plain` where it has to be."""
    try:
        return bytes(execnet.dumps(value))
    except (execnet.DumpError, UnicodeError, OverflowError, ValueError, RecursionError):
        return bytes(execnet.dumps(plain(value)))


def plain(value: Any, inside: tuple[int, ...] = ()) -> Any:
    """Return ``value`` made of exact built-in types only.

    Lone surrogates are escaped, integers beyond 64 bits and everything unknown become text.

    :param inside: Identities of the containers around it: what contains itself is cut off.
    """
    if len(inside) > _DEEPEST or id(value) in inside:
        return "..."
    within = (*inside, id(value))
    if isinstance(value, dict):
        return {plain(key, within): plain(item, within) for key, item in value.items()}
    for container in (list, tuple, set, frozenset):
        if isinstance(value, container):
            return container(plain(item, within) for item in value)
    return _plain_scalar(value)


#: How deep nested values are followed; beyond it they are cut off.
_DEEPEST = 50


def _plain_scalar(value: Any) -> str | int | float | bytes | bool | None:
    if type(value) in _EXACT and not isinstance(value, str | int):
        return value  # type: ignore[no-any-return]  # one of the exact types
    try:
        if isinstance(value, bool):
            return bool(value)
        if isinstance(value, int):
            return int(value) if -(2**63) <= value < 2**63 else str(int(value))
        if isinstance(value, float):
            return float(value)
        if isinstance(value, bytes):
            return bytes(value)
        text = str(value) if isinstance(value, str | os.PathLike) else repr(value)
        return printable(text)
    except Exception as error:  # noqa: BLE001  # whatever a foreign class may raise
        return f"<{type(value).__name__} whose repr() raised {type(error).__name__}>"


def warning_record(
    message: Any, when: str, nodeid: str, location: tuple[str, int, str] | None
) -> wire.WarningRecord:
    """Return a recorded warning in the form in which it travels."""
    try:
        text = str(message.message)
    except Exception as error:  # noqa: BLE001  # whatever a foreign class may raise
        text = f"<warning whose str() raised {type(error).__name__}>"
    category = message.category
    return wire.WarningRecord(
        text=text,
        category=(category.__module__, category.__qualname__),
        filename=str(message.filename),
        lineno=int(message.lineno),
        line=message.line,
        when=when,
        nodeid=nodeid,
        location=(str(location[0]), int(location[1]), str(location[2])) if location else None,
    )
