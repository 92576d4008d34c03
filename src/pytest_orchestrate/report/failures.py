"""Why an attempt did not end well, from the record of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_orchestrate.report.attempts import Failure, Place


def failure_of(record: Mapping[str, Any], late: Sequence[Mapping[str, Any]] = ()) -> Failure:
    """What the record of an attempt, and of what was found later, say of its failure.

    Logs of before the place was recorded have the text alone; so has a worker's death.
    """
    texts = [record.get("longrepr"), *(each.get("longrepr") for each in late)]
    text = "\n".join(each for each in texts if each)
    crash = record.get("crash") or next((e["crash"] for e in late if e.get("crash")), None)
    if crash is None:
        return Failure("", telling_line(text), None, text)
    exception = record.get("exception") or next(
        (e["exception"] for e in late if e.get("exception")), ""
    )
    message = without_class(crash["message"], exception)
    return Failure(exception, message, Place(crash["path"], crash["line"]), text)


def without_class(message: str, exception: str) -> str:
    """The first line of what pytest says of an exception, without the name of its class."""
    name, colon, rest = message.partition(":")
    if exception and name.rpartition(".")[2] == exception:
        return rest.strip() if colon else ""
    return message


def telling_line(text: str) -> str:
    """The line of a traceback that tells most: of those that pytest marks, else the first.

    Of the marked ones the first that is indented least: before it stand the line of a syntax error
    and where that was.
    """
    lines = text.splitlines()
    marked = [line[2:] for line in lines if line.startswith("E  ") and line[2:].strip()]
    if marked:
        return min(marked, key=lambda line: len(line) - len(line.lstrip())).strip()
    return next(filter(None, (line.strip() for line in lines)), "")
