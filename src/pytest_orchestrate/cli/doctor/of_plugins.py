"""What there is to know of the other plugins, and of hooks that conftests implement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_orchestrate.cli.doctor import neighbours
from pytest_orchestrate.cli.doctor.diagnosis import Finding
from pytest_orchestrate.cli.doctor.facts import Collected, HookUse, Plugin

_OWN = "pytest-orchestrate"
#: It stands down; what its flags mean is told with these.
_XDIST = "pytest-xdist"
_LOOP = "pytest_runtestloop"
_SCHEDULER = "pytest_xdist_make_scheduler"
#: What untried plugins may do that does no more harm than to be done by each worker.
_TWICE = ("pytest_sessionfinish", "pytest_terminal_summary")


def of_plugins(found: Collected) -> Iterator[Finding]:
    """Say it."""
    plugins = [each for each in found.plugins if neighbours.canonical(each.name) != _OWN]
    fine: list[str] = []
    for plugin in plugins:
        known = neighbours.find(plugin.name)
        shown = f"{plugin.name} {plugin.version}"
        if known is not None:
            finding = None if known.name == _XDIST else _tried(plugin, known)
        else:
            finding = _untried(plugin)
        if finding is not None:
            yield finding
        else:
            fine.append(shown if known is not None else f"{shown} (not tried)")
    if fine:
        yield Finding("fine", "plugins", f"nothing to know of {', '.join(fine)}")
    yield from _clashes(plugins)
    for hook in found.hooks:
        yield _hook(hook)


def _tried(plugin: Plugin, known: neighbours.Neighbour) -> Finding | None:
    shown = f"{plugin.name} {plugin.version}"
    tried = "" if _major(plugin.version) == _major(known.version) else f" (tried: {known.version})"
    if known.verdict == "conflicts":
        return Finding("conflict", "plugins", f"{shown}{tried}: {neighbours.plain(known.note)}")
    if known.verdict == "works with a note":
        text = f"{shown} works{tried}, with a note: {neighbours.plain(known.note)}"
        return Finding("note", "plugins", text)
    if tried:
        return Finding("note", "plugins", f"{shown}: another version works, {known.version}")
    return None


def _untried(plugin: Plugin) -> Finding | None:
    shown = f"{plugin.name} {plugin.version}"
    if _LOOP in plugin.hooks:
        text = f"{shown} runs the tests itself ({_LOOP}), as this plugin does"
        return Finding("conflict", "plugins", text, "use one of the two")
    said = []
    twice = [hook for hook in _TWICE if hook in plugin.hooks]
    if twice:
        said.append(f"its {' and '.join(twice)} will be called in each worker, too")
    if "pytest_runtest_protocol" in plugin.hooks:
        said.append("it takes part in running each test")
    if not said:
        return None
    return Finding(
        "note",
        "plugins",
        f"{shown} was not tried beside this plugin: {'; '.join(said)}",
        "compare a run with one of plain pytest",
    )


def _clashes(plugins: Sequence[Plugin]) -> Iterator[Finding]:
    there = {neighbours.canonical(plugin.name) for plugin in plugins}
    for mark, names in neighbours.SHARED_MARKS.items():
        found = [name for name in names if name in there]
        if len(found) > 1:
            text = f"{' and '.join(found)} read the mark {mark}, each in a way of its own"
            yield Finding("conflict", "plugins", text, "keep one of them")


def _hook(use: HookUse) -> Finding:
    if use.hook == _LOOP:
        text = f"{_LOOP} in {use.place} runs the tests itself, as this plugin does"
        advice = "make it a wrapper (pytest.hookimpl(wrapper=True)), or leave it out"
        return Finding("conflict", "hooks", text, advice)
    text = f"{use.hook} in {use.place} is not called"
    if use.hook == _SCHEDULER:
        advice = "the hook pytest_orchestrate_group_item says which tests stay on one worker"
        return Finding("conflict", "hooks", text, advice)
    return Finding("note", "hooks", text)


def _major(version: str) -> str:
    return version.partition(".")[0]
