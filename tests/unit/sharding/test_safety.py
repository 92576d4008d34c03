from __future__ import annotations

import functools
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pytest_orchestrate.sharding.reviewed import REVIEWED, is_reviewed
from pytest_orchestrate.sharding.safety import HOOKS, Obstacle, first_obstacle
from pytest_orchestrate.sharding.selection import selection_obstacle

ITEM_LOCAL = """
    import pytest

    def pytest_collection_modifyitems(items):
        for item in items:
            item.add_marker(pytest.mark.all)
"""
SORTING = """
    def pytest_collection_modifyitems(items):
        items.sort()
"""

#: Without the neighbours that may be installed.
ALONE = ("-pno:asyncio", "-pno:django", "-pno:randomly", "-pno:xdist")

Load = Callable[..., ModuleType]


@pytest.fixture
def manager() -> pytest.PytestPluginManager:
    return pytest.PytestPluginManager()


@pytest.fixture
def load(
    tmp_path: Path, manager: pytest.PytestPluginManager, monkeypatch: pytest.MonkeyPatch
) -> Load:
    """Write a module and register it."""
    monkeypatch.chdir(tmp_path)

    def load(source: str, name: str = "conftest", folder: str = "tests") -> ModuleType:
        path = tmp_path / folder / f"{name}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(textwrap.dedent(source).lstrip("\n"), encoding="utf-8")
        module = ModuleType(name)
        module.__file__ = str(path)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), vars(module))
        manager.register(module, str(path))
        return module

    return load


def test_without_plugins_nothing_is_in_the_way(manager: pytest.PytestPluginManager) -> None:
    assert first_obstacle(manager) is None


def test_pytest_itself_is_not_in_the_way(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(ITEM_LOCAL)
    config = pytester.parseconfigure(*ALONE)
    assert first_obstacle(config.pluginmanager) is None


def test_a_conftest_is_named_relative_to_the_root(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]")
    pytester.makepyfile(**{"tests/conftest": SORTING, "tests/test_it": ""})
    config = pytester.parseconfigure(*ALONE, "tests")
    assert str(first_obstacle(config.pluginmanager)) == (
        "pytest_collection_modifyitems in tests/conftest.py:1 may depend on seeing all tests"
    )


def test_a_hook_that_needs_all_tests_is_named_with_its_line(
    load: Load, manager: pytest.PytestPluginManager
) -> None:
    load(SORTING)
    assert first_obstacle(manager) == Obstacle(
        "pytest_collection_modifyitems", "conftest", "tests/conftest.py", 1
    )


def test_a_hook_that_walks_items_one_by_one_is_recognised(
    load: Load, manager: pytest.PytestPluginManager
) -> None:
    load(ITEM_LOCAL)
    assert first_obstacle(manager) is None


@pytest.mark.parametrize("hook", set(HOOKS) - {"pytest_collection_modifyitems"})
def test_other_hooks_are_never_recognised_by_their_source(
    hook: str, load: Load, manager: pytest.PytestPluginManager
) -> None:
    load(f"\n\ndef {hook}(): pass")
    assert first_obstacle(manager) == Obstacle(hook, "conftest", "tests/conftest.py", 1)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_module_may_declare_itself_safe(
    hook: str, load: Load, manager: pytest.PytestPluginManager
) -> None:
    load(f"orchestrate_item_local = True\ndef {hook}(): session.items")
    assert first_obstacle(manager) is None


@pytest.mark.parametrize("value", ["1", "'yes'", "False", "None"])
def test_only_true_is_a_declaration(
    value: str, load: Load, manager: pytest.PytestPluginManager
) -> None:
    load(f"orchestrate_item_local = {value}\n{textwrap.dedent(SORTING)}")
    assert first_obstacle(manager) is not None


def test_a_declaration_does_not_speak_for_other_plugins_with_the_same_function(
    load: Load, manager: pytest.PytestPluginManager
) -> None:
    helper = load(SORTING, "helper")
    manager.unregister(helper)
    declared = load("from helper import *; orchestrate_item_local = True", "declared")
    assert first_obstacle(manager) is None
    manager.unregister(declared)
    load("from helper import *", "undeclared")
    assert first_obstacle(manager) is not None


def test_an_instance_counts_by_the_module_of_its_class(
    load: Load, manager: pytest.PytestPluginManager
) -> None:
    module = load("class Plugin:\n    def pytest_deselected(self, items): pass", "mine")
    plugin = module.Plugin()
    manager.register(plugin, "instance")
    assert first_obstacle(manager) == Obstacle("pytest_deselected", "mine", "tests/mine.py", 2)
    plugin.orchestrate_item_local = True
    assert first_obstacle(manager) is None
    del plugin.orchestrate_item_local
    vars(module)["orchestrate_item_local"] = True
    assert first_obstacle(manager) is None


def test_a_static_method_is_a_function(load: Load, manager: pytest.PytestPluginManager) -> None:
    module = load(
        """
        import pytest

        class Plugin:
            @staticmethod
            @pytest.hookimpl(trylast=True)
            def pytest_collection_modifyitems(items):
                for item in items:
                    item.add_marker("x")
        """,
        "mine",
    )
    manager.register(module.Plugin(), "instance")
    assert first_obstacle(manager) is None


def test_a_wrapped_function_is_named_but_not_trusted(
    load: Load, manager: pytest.PytestPluginManager
) -> None:
    load(
        """
        import functools

        def once(function):
            @functools.wraps(function)
            def wrapper(items):
                items.pop()
                return function(items)
            return wrapper

        @once
        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker("x")
        """
    )
    assert first_obstacle(manager) == Obstacle(
        "pytest_collection_modifyitems", "conftest", "tests/conftest.py", 10
    )


def test_a_wrapper_does_not_pass_for_what_it_wraps(
    load: Load, manager: pytest.PytestPluginManager
) -> None:
    load(
        """
        import functools
        from _pytest.mark import pytest_collection_modifyitems as original

        @functools.wraps(original)
        def pytest_collection_modifyitems(items, config):
            items.reverse()
        """
    )
    assert first_obstacle(manager) is not None


@pytest.mark.parametrize(
    "function", [functools.partial(print), [].sort, print], ids=["partial", "method", "builtin"]
)
def test_what_has_no_code_is_an_obstacle_without_a_line(
    function: Any, manager: pytest.PytestPluginManager
) -> None:
    caller = SimpleNamespace(
        get_hookimpls=lambda: [
            SimpleNamespace(plugin=SimpleNamespace(), function=function, plugin_name="odd")
        ]
    )
    fake: Any = SimpleNamespace(
        hook=SimpleNamespace(pytest_deselected=caller),
        get_plugin=manager.get_plugin,
        list_name_plugin=list,
    )
    obstacle = first_obstacle(fake)
    assert obstacle is not None
    assert obstacle.line is None
    assert str(obstacle) == "pytest_deselected in types.py may depend on seeing all tests"


def test_a_source_that_is_gone_is_an_obstacle(
    manager: pytest.PytestPluginManager,
) -> None:
    module = ModuleType("generated")
    exec(compile(textwrap.dedent(ITEM_LOCAL), "<generated>", "exec"), vars(module))
    manager.register(module)
    assert first_obstacle(manager) is not None


def test_reading_session_items_is_an_obstacle(
    load: Load, manager: pytest.PytestPluginManager
) -> None:
    load(
        '''
        import pytest

        @pytest.fixture(scope="session")
        def tables(request):
            """All of request.session.items are looked at."""
            # session.items
            return {item.name for item in request.session.items}
        '''
    )
    obstacle = first_obstacle(manager)
    assert str(obstacle) == "tests/conftest.py:7 reads session.items"


def test_items_of_other_sessions_are_not_meant(
    load: Load, manager: pytest.PytestPluginManager
) -> None:
    load("'session.items'\n# session.items\ndef values(session): return session.items()")
    assert first_obstacle(manager) is None


def test_an_unreadable_source_is_not_said_to_read_session_items(
    load: Load, manager: pytest.PytestPluginManager
) -> None:
    module = load("pass")
    Path(module.__file__ or "").unlink()
    assert first_obstacle(manager) is None


def test_a_conftest_that_is_loaded_later_counts(
    load: Load, manager: pytest.PytestPluginManager
) -> None:
    load(ITEM_LOCAL)
    assert first_obstacle(manager) is None
    load(SORTING, "late")
    assert first_obstacle(manager) is not None


def test_installed_plugins_are_named_by_their_module(
    load: Load, manager: pytest.PytestPluginManager
) -> None:
    load(SORTING, "sorter", folder=".venv/lib/python3/site-packages")
    obstacle = first_obstacle(manager)
    assert obstacle is not None
    assert obstacle.file == "sorter.py"


def test_hypothesis_is_reviewed(manager: pytest.PytestPluginManager) -> None:
    plugin = pytest.importorskip("_hypothesis_pytestplugin")
    manager.register(plugin)
    assert first_obstacle(manager) is None


@pytest.mark.parametrize("module", ["pytest_randomly", "pytest_django.plugin", "pytest_order"])
def test_plugins_that_reorder_are_not_reviewed(module: str) -> None:
    assert not is_reviewed(module, "pytest_collection_modifyitems")


@pytest.mark.parametrize("review", REVIEWED, ids=lambda review: f"{review.module} {review.hook}")
def test_a_review_says_what_was_read_and_why_it_is_right(review: Any) -> None:
    assert review.hook in {*HOOKS, "session.items"}
    assert review.versions.rpartition(" ")[2][0].isdigit()
    assert review.reason


def test_asking_again_is_cheap(load: Load, manager: pytest.PytestPluginManager) -> None:
    for number in range(40):
        load(ITEM_LOCAL, f"plugin_{number}")
    assert first_obstacle(manager) is None
    calls = 0

    def count(frame: Any, kind: str, _argument: Any) -> None:
        nonlocal calls
        calls += kind == "call" and "item_local" in frame.f_code.co_filename

    sys.setprofile(count)
    try:
        assert first_obstacle(manager) is None
    finally:
        sys.setprofile(None)
    assert calls == 0


@pytest.mark.parametrize(
    "flag", ["--lf", "--ff", "--nf", "--sw", "--sw-skip", "--sw-reset", "--keep-duplicates"]
)
def test_options_that_choose_among_all_tests_forbid_it(
    flag: str, pytester: pytest.Pytester
) -> None:
    config = pytester.parseconfig(*ALONE, flag)
    assert selection_obstacle(config) == flag
    config._do_configure()
    try:
        # here the other flags of stepwise switch on the plain one
        assert selection_obstacle(config) == flag
    finally:
        config._ensure_unconfigure()


@pytest.mark.parametrize("arguments", [(), ("-pno:cacheprovider",), ("-k", "x"), ("-x",)])
def test_other_options_do_not(arguments: tuple[str, ...], pytester: pytest.Pytester) -> None:
    assert selection_obstacle(pytester.parseconfig(*ALONE, *arguments)) is None
