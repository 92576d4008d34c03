"""Whether every plugin and conftest of a run treats tests one by one.

Where test files are shared out among workers, a hook that is given "all" items is given a share of
them. That is right for hooks that treat every item by itself, and for no others. An implementation
is trusted if it is pytest's or ours, was reviewed, is declared (``orchestrate_item_local = True``
in its module or on the plugin), or is recognised by its source. One of which only some branches
stand in the way is guarded, and trusted as long as none of them is expected to be reached.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import msgspec
import pytest

from pytest_orchestrate.sharding.reviewed import is_reviewed
from pytest_orchestrate.sharding.sources import (
    line_reading_session_items,
    module_of,
    shown,
    source_of,
)

if TYPE_CHECKING:
    from pytest_orchestrate.sharding.guarding import Guarded

#: By which a plugin or a conftest says that it treats every test by itself.
DECLARATION = "orchestrate_item_local"

#: What to set where hooks stand in the way and are known to do no harm.
OVERRIDE = "orchestrate_collect = sharded overrides"

#: Hooks whose implementations may look at all items or at all files.
HOOKS = (
    "pytest_collection",
    "pytest_collection_modifyitems",
    "pytest_collection_finish",
    "pytest_itemcollected",
    "pytest_make_collect_report",
    "pytest_deselected",
)
MODIFYING = "pytest_collection_modifyitems"
READING = "session.items"


class Obstacle(msgspec.Struct, frozen=True):
    """Why test files must not be shared out: something that may need to see all tests."""

    #: Name of the hook, or ``session.items`` if the source reads that.
    hook: str
    #: Name of the plugin's module.
    plugin: str
    #: Relative to the root directory, or to where packages are installed. None: unknown.
    file: str | None = None
    line: int | None = None

    @property
    def place(self) -> str:
        """File and line, as far as they are known."""
        place = self.file or self.plugin
        return place if self.line is None else f"{place}:{self.line}"

    def __str__(self) -> str:
        if self.hook == READING:
            return f"{self.place} reads session.items"
        return f"{self.hook} in {self.place} may depend on seeing all tests"


#: Whether an implementation is trusted, or the version of it that is.
Verdict = Union[bool, "Guarded"]

#: Implementations that were looked at; they live as long as pytest's plugins do.
_trusted: weakref.WeakKeyDictionary[Any, dict[str, Verdict]] = weakref.WeakKeyDictionary()


def first_obstacle(pluginmanager: pytest.PytestPluginManager) -> Obstacle | None:
    """Return the first thing known so far that may need to see all tests; None if none does.

    Conftests below the arguments are loaded while pytest collects: ask again after that. Answers
    about single implementations and files are kept, so asking again costs next to nothing.
    """
    return next(obstacles(pluginmanager), None)


class GuardedHook(msgspec.Struct, frozen=True):
    """An implementation that is trusted in a guarded version."""

    function: Any
    guarded: Guarded
    #: How to name it.
    obstacle: Obstacle


def guarded_hooks(pluginmanager: pytest.PytestPluginManager) -> Iterator[GuardedHook]:
    """Give the implementations that may run only in their guarded versions."""
    root = _root(pluginmanager)
    for implementation in pluginmanager.hook.pytest_collection_modifyitems.get_hookimpls():
        plugin, function = implementation.plugin, implementation.function
        verdict = _verdict(MODIFYING, plugin, function)
        if not isinstance(verdict, bool):
            obstacle = _obstacle(MODIFYING, plugin, function, implementation.plugin_name, root)
            yield GuardedHook(_plain(function), verdict, obstacle)


def obstacles(pluginmanager: pytest.PytestPluginManager) -> Iterator[Obstacle]:
    """Give all that :func:`first_obstacle` gives the first of."""
    root = _root(pluginmanager)
    for hook in HOOKS:
        caller = getattr(pluginmanager.hook, hook, None)
        for implementation in caller.get_hookimpls() if caller is not None else ():
            plugin, function = implementation.plugin, implementation.function
            verdict = _verdict(hook, plugin, function)
            if verdict is True or (verdict and _is_expected(verdict, function, pluginmanager)):
                continue
            yield _obstacle(hook, plugin, function, implementation.plugin_name, root)
    for _, plugin in pluginmanager.list_name_plugin():
        module = None if plugin is None else module_of(plugin)
        path = getattr(module, "__file__", None)
        if module is None or not isinstance(path, str) or _is_ours(module.__name__):
            continue
        if _is_declared(plugin) or _is_declared(module) or is_reviewed(module.__name__, READING):
            continue
        line = line_reading_session_items(path)
        if line is not None:
            yield Obstacle(READING, module.__name__, shown(path, module.__name__, root), line)


def _root(pluginmanager: pytest.PytestPluginManager) -> Path:
    config = pluginmanager.get_plugin("pytestconfig")
    return config.rootpath if isinstance(config, pytest.Config) else Path.cwd()


def _is_expected(
    guarded: Guarded, function: Any, pluginmanager: pytest.PytestPluginManager
) -> bool:
    """Whether a guarded hook will probably not come to where it needs all items."""
    from pytest_orchestrate.sharding.expecting import is_expected_to_hold  # seldom needed

    config = pluginmanager.get_plugin("pytestconfig")
    names = _globals(function)
    return (
        isinstance(config, pytest.Config)
        and names is not None
        and is_expected_to_hold(guarded, config, names)
    )


def _verdict(hook: str, plugin: object, function: Any) -> Verdict:
    """Whether one implementation needs no more than one item at a time."""
    if _is_declared(plugin) or _is_declared(module_of(plugin)):
        return True
    try:
        verdicts = _trusted.setdefault(function, {})
    except TypeError:  # cannot be weakly referenced, or has no hash
        return _examine(hook, function)
    if hook not in verdicts:
        verdicts[hook] = _examine(hook, function)
    return verdicts[hook]


def _examine(hook: str, function: Any) -> Verdict:
    names = _globals(function)
    if names is None:
        return False
    module = names.get("__name__", "")
    if not isinstance(module, str):
        return False
    if names.get(DECLARATION) is True or _is_ours(module) or is_reviewed(module, hook):
        return True
    code = _code(function)
    if hook != MODIFYING or code is None or hasattr(function, "__wrapped__"):
        return False
    source = source_of(code.co_filename)
    if source is None:
        return False
    from pytest_orchestrate.sharding.item_local import changes_items_one_by_one  # seldom needed

    if changes_items_one_by_one(source, code.co_name, code.co_firstlineno):
        return True
    from pytest_orchestrate.sharding.guarding import guarded

    return guarded(source, code) or False


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in {"_pytest", "pytest", "pytest_orchestrate"}


def _is_declared(holder: object) -> bool:
    return getattr(holder, DECLARATION, None) is True


def _plain(function: Any) -> Any:
    """Return the function of a method; what merely wraps a function stays."""
    return getattr(function, "__func__", function)


def _globals(function: Any) -> dict[str, Any] | None:
    # of the function that is called, whatever name functools.wraps has given it
    names = getattr(_plain(function), "__globals__", None)
    return names if isinstance(names, dict) else None


def _code(function: Any) -> Any:
    code = getattr(_plain(function), "__code__", None)
    return code if isinstance(getattr(code, "co_filename", None), str) else None


def _obstacle(hook: str, plugin: object, function: Any, name: str, root: Path) -> Obstacle:
    module = module_of(plugin)
    called = module.__name__ if module is not None else name
    seen: set[int] = set()
    while hasattr(function, "__wrapped__") and id(function) not in seen:
        seen.add(id(function))
        function = function.__wrapped__
    code = _code(function)
    if code is None:
        path = getattr(module, "__file__", None)
        return Obstacle(hook, called, shown(path, called, root) if path else None)
    names = _globals(function) or {}
    defined = str(names.get("__name__", called))
    return Obstacle(hook, defined, shown(code.co_filename, defined, root), code.co_firstlineno)
