from __future__ import annotations

import textwrap
from types import CodeType, FunctionType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from pytest_orchestrate.sharding.guarding import Guarded, guarded
from pytest_orchestrate.sharding.item_local import changes_items_one_by_one
from tests.unit.sharding.test_item_local import NAME, Node, hooks, indented, source_of

#: By what they show: the hook, and the lines at which guarded branches begin.
WITH_BRANCHES = {
    "items are handed on in a branch": (
        """
        if config.backend:
            start(items)
        for item in items:
            item.add_marker("x")
        """,
        [5],
    ),
    "what goes before in the branch does something": (
        """
        if config.backend:
            name = config.backend
            if name != "none":
                backends.is_testing = True
                if hasattr(backends, "start"):
                    getattr(backends, "start")(items)
        if config.getoption("--runslow"):
            return
        for item in items:
            item.add_marker("x")
        """,
        [7],
    ),
    "shuffling on demand": (
        """
        import random, pytest

        def pytest_collection_modifyitems(config, items):
            if config.getoption("--shuffle"):
                random.shuffle(items)
        """,
        [5],
    ),
    "the other branch": (
        """
        if config.getoption("--plain"):
            pass
        elif config.getoption("--sorted"):
            items.sort()
        else:
            items.reverse()
        """,
        [7, 9],
    ),
    "a name of the hook's own, bound only there": (
        """
        if config.limit:
            limit = len(items)
        for item in items:
            item.add_marker("x")
        """,
        [5],
    ),
    "a loop of its own kind": (
        """
        if config.count:
            count = 0
            for item in items:
                count += 1
        """,
        [5],
    ),
    "a nested function": (
        """
        if config.order:
            def key(item):
                return item.name, len(items)
            items.sort(key=key)
        """,
        [5],
    ),
}

NOT_GUARDED = {
    "item by item without a guard": "for item in items:\n    item.add_marker('x')",
    "no branch": "items.sort()",
    "the rest after a return": "if config.plain:\n    return\nitems.sort()",
    "in a loop": "for item in items:\n    if item.name == 'x':\n        items.remove(item)",
    "in another loop": "for name in config.names:\n    if name:\n        items.sort()",
    "in what catches all": """
        try:
            if config.order:
                items.sort()
        except BaseException:
            pass
    """,
    "in what cleans up": """
        try:
            if config.order:
                items.sort()
        finally:
            return
    """,
    "in a context": "with config.quietly:\n    if config.order:\n        items.sort()",
    "in the condition itself": "if len(items) > 3:\n    items.sort()",
    "in a condition's second part": "if config.order and items:\n    items.sort()",
    "in a conditional expression": "items.sort() if config.order else None",
    "in a lambda": "config.add_cleanup(lambda: print(items))",
    "captured by a function": """
        def later():
            if config.order:
                items.sort()
        config.add_cleanup(later)
    """,
    "stored": "config.items = items",
    "another name": "tests = items\nif config.order:\n    tests.sort()",
    "locals": "if config.order:\n    pass\nhand_on(locals())",
    "exec": "exec('items.sort()')",
    "a generator": "if config.order:\n    yield items",
    "a wrapper": """
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_collection_modifyitems(config, items):
            if config.order:
                items.sort()
            return (yield)
    """,
    "a name of the module": """
        def pytest_collection_modifyitems(config, items):
            if config.order:
                global tests
                tests = items
    """,
    "an unknown decorator": """
        @twice
        def pytest_collection_modifyitems(config, items):
            if config.order:
                items.sort()
    """,
    "an argument with a value": """
        def pytest_collection_modifyitems(config, items, order=False):
            if order:
                items.sort()
    """,
}


def compiled(text: str) -> tuple[bytes, CodeType]:
    """Return the source and the code of a hook."""
    source, line = source_of(text)
    return source.encode(), code_of(source, line)


def code_of(source: str, line: int) -> CodeType:
    module = compile(source, "conftest.py", "exec", dont_inherit=True)
    (code,) = (
        constant
        for constant in module.co_consts
        if isinstance(constant, CodeType) and constant.co_firstlineno == line
    )
    return code


class Reached(BaseException):
    pass


def lines_of(version: Guarded) -> list[int]:
    lines: list[int] = []

    def alarm(line: int) -> type[BaseException]:
        lines.append(line)
        return Reached

    version.armed(alarm)
    return sorted(lines)


@pytest.mark.parametrize(("text", "lines"), WITH_BRANCHES.values(), ids=WITH_BRANCHES)
def test_a_hook_is_guarded_where_branches_are_in_the_way(text: str, lines: list[int]) -> None:
    source, code = compiled(text)
    assert not changes_items_one_by_one(source, NAME, code.co_firstlineno)
    version = guarded(source, code)
    assert version is not None
    assert lines_of(version) == lines
    assert len(version.branches) == len(lines)


@pytest.mark.parametrize("text", NOT_GUARDED.values(), ids=NOT_GUARDED)
def test_a_hook_is_not_guarded_where_that_would_prove_nothing(text: str) -> None:
    source, code = compiled(text)
    version = guarded(source, code)
    assert version is None or not version.branches


def test_code_that_is_not_what_the_source_says_is_not_replaced() -> None:
    text = "if config.order:\n    items.sort()"
    source, code = compiled(text)
    assert guarded(source, code) is not None
    assert guarded(source.replace(b"config.order", b"config.other"), code) is None
    assert guarded(source.replace(b"config.order", b"not config.order"), code) is None
    assert guarded(b"\n" + source, code) is None
    assert guarded(b"def (", code) is None


def test_a_method_is_guarded_too() -> None:
    source = textwrap.dedent(f"""
        class Plugin:
            def {NAME}(self, config, items):
                if config.order:
                    items.sort()
    """)
    namespace: dict[str, Any] = {}
    exec(compile(source, "plugin.py", "exec", dont_inherit=True), namespace)
    function = getattr(namespace["Plugin"], NAME)
    version = guarded(source.encode(), function.__code__)
    assert version is not None
    function.__code__ = version.armed(lambda _: Reached)
    items = [3, 1, 2]
    getattr(namespace["Plugin"](), NAME)(SimpleNamespace(order=False), items)
    assert items == [3, 1, 2]
    with pytest.raises(Reached):
        getattr(namespace["Plugin"](), NAME)(SimpleNamespace(order=True), items)
    assert items == [3, 1, 2]


def test_the_branch_says_what_leads_to_it() -> None:
    source, code = compiled(WITH_BRANCHES["the other branch"][0])
    version = guarded(source, code)
    assert version is not None
    assert sorted([wanted for _, wanted in branch] for branch in version.branches) == [
        [False, False],
        [False, True],
    ]


WHOLE = st.sampled_from(
    [
        "items.reverse()",
        "items[:] = items[1:]",
        "items[0].add_marker('first')",
        "limit = len(items)",
        "seen = [item.name for item in items]",
        "for item in items:\n    item.add_marker(str(len(items)))",
        "TABLE['a'] = 0",
    ]
)
BRANCHES = st.sampled_from(
    [
        "if config.getoption('flag'):",
        "if not config.getoption('flag'):",
        "if TABLE['b']:",
        "if LETTERS and config.getoption('other'):",
    ]
)


@st.composite
def branching_hooks(draw: st.DrawFn) -> str:
    *lines, head = [line for line in draw(hooks()).splitlines() if not line.startswith(" ")]
    body = [line[4:] for line in draw(hooks()).splitlines() if line.startswith(" ")]
    for _ in range(draw(st.integers(1, 2))):
        inner = "\n".join(draw(st.lists(WHOLE, min_size=1, max_size=2))).splitlines()
        if draw(st.booleans()):
            inner = [draw(BRANCHES), *indented(inner)]
        body[:0] = [draw(BRANCHES), *indented(inner)]
    return "\n".join([*lines, head, *indented(body)]) + "\n"


def marked(source: str, names: list[str], flag: bool, version: Guarded | None) -> list[object]:
    namespace: dict[str, Any] = {}
    exec(compile(source, "conftest.py", "exec", dont_inherit=True), namespace)
    function: FunctionType = namespace[NAME]
    if version is not None:
        function.__code__ = version.armed(lambda _: Reached)
    folder = Node("folder")
    items = [Node(name, folder) for name in names]
    hook = SimpleNamespace(pytest_deselected=lambda items: None)
    config = SimpleNamespace(getoption=lambda name: flag and name == "flag", hook=hook)
    function(config, items)
    return [(item.name, item.markers, str(item.user_properties)) for item in items]


@given(
    branching_hooks(),
    st.lists(st.sampled_from(["a", "b", "ab", "c"]), min_size=1, max_size=5),
    st.booleans(),
    st.data(),
)
def test_a_guarded_hook_does_the_same_to_any_partition_or_says_that_it_cannot(
    source: str, names: list[str], flag: bool, data: st.DataObject
) -> None:
    line = next(n for n, text in enumerate(source.splitlines(), 1) if NAME in text)
    if changes_items_one_by_one(source, NAME, line):
        return
    version = guarded(source.encode(), code_of(source, line))
    event(f"guarded: {version is not None}")
    if version is None:
        return
    cut = data.draw(st.integers(0, len(names)))
    try:
        whole = marked(source, names, flag, None)
    except (NameError, TypeError, AttributeError, IndexError):
        return
    try:
        parts = [
            *marked(source, names[:cut], flag, version),
            *marked(source, names[cut:], flag, version),
        ]
    except Reached:
        event("reached")
        return
    event("not reached")
    assert parts == whole, source
