"""Whether the tests can be collected, and what their marks mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_orchestrate.cli.doctor.diagnosis import Change, Finding
from pytest_orchestrate.cli.doctor.facts import Collected, Configured, MarkUse
from pytest_orchestrate.options import FOREIGN_READ
from pytest_orchestrate.report.words import count_of

#: So many errors of collection are shown, and so many lines of each.
ERRORS, LINES = 3, 3


def of_tests(configured: Configured, found: Collected, *, is_told: bool) -> Iterator[Finding]:
    """Say it.

    :param is_told: Why pytest did not come to its end is told already.
    """
    yield from _errors(found, is_told=is_told)
    yield from _refused(configured, found)
    yield from _marks(configured, found)


def _errors(found: Collected, *, is_told: bool) -> Iterator[Finding]:
    for nodeid, text in found.errors[:ERRORS]:
        lines = [line for line in text.splitlines() if line.strip()]
        telling = [line for line in lines if line.startswith("E ")] or lines
        said = "\n".join(line.removeprefix("E").strip() for line in telling[-LINES:])
        shown = f"{nodeid or 'the session'} cannot be collected:\n{said}"
        yield Finding("conflict", "pytest", shown, "pytest --collect-only shows all of it")
    if found.ended is not None and not is_told:
        yield Finding("conflict", "pytest", f"collection was ended by {found.ended}")
    more = len(found.errors) - ERRORS
    if more > 0:
        yield Finding("conflict", "pytest", f"{count_of(more, 'more error')} in collection")


def _refused(configured: Configured, found: Collected) -> Iterator[Finding]:
    for text in found.refused:
        names = [mark.name for mark in found.marks if mark.meaning and mark.name in text]
        if not names:
            yield Finding("conflict", "markers", f"a run ends before its first test: {text}")
            continue
        is_ours = configured.activated is not None
        advice = f"if the mark {names[0]} is meant for something else, switch ours off"
        advice += " or mend it" if is_ours else ""
        yield Finding(
            "conflict",
            "markers",
            f"a run ends before its first test: {text}",
            advice,
            changes=() if is_ours else (_switched_off(names[:1]),),
        )


def _switched_off(names: Iterable[str]) -> Change:
    return Change("orchestrate_markers", tuple(f"{name} = off" for name in names))


def _marks(configured: Configured, found: Collected) -> Iterator[Finding]:
    ours: list[MarkUse] = []
    for mark in found.marks:
        shown = f"{count_of(mark.tests, 'test')} marked {mark.name}"
        if not mark.meaning:
            continue
        if mark.name == "xdist_group":
            if configured.settings.get("orchestrate_keep_together") != "group":
                text = f"{shown} ({mark.example}): that counts only with --dist=loadgroup, here"
                text += " orchestrate_keep_together = group"
                yield Finding("note", "markers", text)
        elif mark.meaning in FOREIGN_READ:
            text = f"{shown} ({mark.example}): its plugin is not there, so the mark is read as"
            text += " ours; docs/how-to/from-xdist.md says how"
            yield Finding("note", "markers", text)
        elif configured.activated is None and not found.refused:
            yield Finding(
                "note",
                "markers",
                f"{shown} ({mark.example}): that will be read as the marker {mark.meaning} of this"
                " plugin",
                f"if it is meant for something else: orchestrate_markers = {mark.meaning} = off,"
                f" or declare {mark.name} among the project's own markers",
            )
        else:
            ours.append(mark)
    if ours and not found.refused:
        said = ", ".join(f"{mark.name} ({count_of(mark.tests, 'test')})" for mark in ours)
        yield Finding("fine", "markers", f"markers of this plugin: {said}")
    used = {mark.name for mark in found.marks}
    for name in found.yielded:
        if name in used:
            text = f"the mark {name} is the project's own, as its markers declare it"
            advice = f"orchestrate_markers = {name} = NAME gives ours another name"
            yield Finding("note", "markers", text, advice)
