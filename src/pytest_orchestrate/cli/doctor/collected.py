"""What was collected, asked of a pytest that has just done so."""

from __future__ import annotations

import dis
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import CodeType
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_orchestrate import options
from pytest_orchestrate.cli.doctor.configured import Looking
from pytest_orchestrate.cli.doctor.expected import forecasts
from pytest_orchestrate.cli.doctor.facts import (
    Collected,
    CollectedFile,
    Configured,
    HeavyImport,
    HookUse,
    MarkUse,
    Plugin,
)
from pytest_orchestrate.controller.collect_mode import collect_mode
from pytest_orchestrate.controller.run_identity import new_run_id
from pytest_orchestrate.sharding import safety
from pytest_orchestrate.sharding.sources import module_of, shown

#: Hooks that show where tests are distributed: what an untried plugin may do.
TELLING = (
    "pytest_runtestloop",
    "pytest_runtest_protocol",
    "pytest_collection_modifyitems",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
)
#: Hooks that are never called, or that keep us from running tests.
UNHEARD = (
    "pytest_xdist_make_scheduler",
    "pytest_xdist_newgateway",
    "pytest_xdist_getremotemodule",
    "pytest_xdist_rsyncstart",
    "pytest_xdist_rsyncfinish",
)
_ALONE = "pytest_runtestloop"
#: Packages whose hooks are nobody's plugin, or ours.
_OWN = {"_pytest", "pytest", "pytest_orchestrate", "xdist", "pluggy"}


def collected(
    session: pytest.Session,
    known: Configured,
    *,
    seconds: Mapping[str, float],
    imports: Mapping[str, float],
    errors: Sequence[tuple[str, str]],
    deselected: Sequence[pytest.Item],
    ended: str | None,
) -> Collected:
    """Ask it.

    :param seconds: To collect each file.
    :param imports: Seconds of each installed module that was imported meanwhile.
    :param errors: Node ids of what could not be collected, and how.
    :param ended: What collection was ended by, if it did not come to its end.
    """
    config, items = session.config, session.items
    in_file = Counter(item.nodeid.partition("::")[0] for item in items)
    plugins, hooks = _plugins(config)
    full_because: str | None = None
    refused: list[str] = []
    expected: dict[str, Any] = {}
    if not known.refused:
        context = Looking(config, options.read(config), new_run_id())
        workers = known.usual_workers
        mode = collect_mode(config, context, workers)
        if mode.mode == "full" and safety.OVERRIDE not in (mode.reason or ""):
            full_because = mode.reason
        try:
            if not errors and ended is None:
                expected = forecasts(config, context.options, items, deselected, workers)
        except pytest.UsageError as error:
            refused.append(str(error))
    return Collected(
        plugins=plugins,
        hooks=hooks,
        tests=len(items),
        files=tuple(
            CollectedFile(path, in_file[path], seconds.get(path, 0.0))
            for path in dict.fromkeys((*in_file, *seconds))
        ),
        errors=tuple(errors),
        ended=ended,
        refused=tuple(refused),
        marks=tuple(_marks(config, items)),
        yielded=options.yielded_markers(config),
        full_because=full_because,
        obstacles=tuple(dict.fromkeys(safety.obstacles(config.pluginmanager))),
        imports=tuple(
            HeavyImport(module, spent)
            for module, spent in sorted(imports.items(), key=lambda each: -each[1])
        ),
        **expected,
    )


def _marks(config: pytest.Config, items: Iterable[pytest.Item]) -> Iterator[MarkUse]:
    meanings = dict(options.marker_names(config))
    meanings["xdist_group"] = "xdist_group"
    for name in options.yielded_markers(config):
        meanings.setdefault(name, "")
    tests: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for item in items:
        for name in {mark.name for mark in item.iter_markers()}.intersection(meanings):
            tests[name] += 1
            examples.setdefault(name, item.nodeid)
    for name in sorted(tests):
        yield MarkUse(name, meanings[name], tests[name], examples[name])


def _plugins(config: pytest.Config) -> tuple[tuple[Plugin, ...], tuple[HookUse, ...]]:
    """Return the distributions, and what conftests and plugins of none of them implement."""
    packages: dict[str, str] = {}
    loaded: dict[str, Plugin] = {}
    for plugin, distribution in config.pluginmanager.list_plugin_distinfo():
        name = str(distribution.project_name)
        packages[package := _package(plugin)] = name
        registered = config.pluginmanager.get_name(plugin) or ""
        loaded.setdefault(name, Plugin(name, str(distribution.version), registered, package))
    used: dict[str, list[str]] = {}
    others = []
    for hook in (*TELLING, *UNHEARD):
        caller = getattr(config.hook, hook, None)
        for implementation in caller.get_hookimpls() if caller is not None else ():
            package = _package(implementation.plugin)
            is_alone = hook in UNHEARD or (hook == _ALONE and _may_answer(implementation))
            if package in _OWN or (hook == _ALONE and not is_alone):
                continue
            if package in packages:
                used.setdefault(packages[package], []).append(hook)
            elif is_alone:
                others.append(HookUse(hook, _place(config, implementation)))
    plugins = (
        replace(plugin, hooks=tuple(dict.fromkeys(used.get(plugin.name, ()))))
        for plugin in sorted(loaded.values(), key=lambda each: each.name.lower())
    )
    return tuple(plugins), tuple(others)


def _package(plugin: object) -> str:
    module = module_of(plugin)
    return "" if module is None else module.__name__.partition(".")[0]


def _may_answer(implementation: Any) -> bool:
    """Whether an implementation may return anything but None, which nobody else is asked then."""
    if implementation.wrapper or implementation.hookwrapper:
        return False
    code = _code(implementation.function)
    if code is None:
        return True
    before = None
    for step in dis.get_instructions(code):
        if step.opname == "RETURN_CONST" and step.argval is not None:
            return True
        if step.opname == "RETURN_VALUE" and (before is None or before != ("LOAD_CONST", None)):
            return True
        before = (step.opname, step.argval)
    return False


def _code(function: Any) -> CodeType | None:
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return code if isinstance(code, CodeType) else None


def _place(config: pytest.Config, implementation: Any) -> str:
    function = implementation.function
    code = _code(function)
    if code is None:
        return str(implementation.plugin_name)
    module = str(getattr(function, "__module__", ""))
    return f"{shown(code.co_filename, module, config.rootpath)}:{code.co_firstlineno}"
