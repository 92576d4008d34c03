from __future__ import annotations

import textwrap
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from pytest_orchestrate.sharding.item_local import changes_items_one_by_one, why_not
from tests.unit.sharding.recognised import ONE_BY_ONE
from tests.unit.sharding.refused import NOT_ONE_BY_ONE

NAME = "pytest_collection_modifyitems"


def source_of(text: str) -> tuple[str, int]:
    """Return a conftest's source and the first line of its hook; a bare body gets a head."""
    text = textwrap.dedent(text).strip("\n")
    if f"def {NAME}" not in text:
        text = (
            f"import pytest, os, re, sys\n\ndef {NAME}(session, config, items):\n"
            f"{textwrap.indent(text, '    ')}"
        )
    lines = text.splitlines()
    first = next(n for n, line in enumerate(lines) if f"def {NAME}" in line)
    while first and lines[first - 1].strip().startswith("@"):
        first -= 1
    return text + "\n", first + 1


@pytest.mark.parametrize("text", ONE_BY_ONE.values(), ids=ONE_BY_ONE)
def test_hooks_that_treat_each_item_by_itself_are_recognised(text: str) -> None:
    source, line = source_of(text)
    assert why_not(source, NAME, line) is None


@pytest.mark.parametrize("text", NOT_ONE_BY_ONE.values(), ids=NOT_ONE_BY_ONE)
def test_hooks_that_may_carry_something_over_are_not(text: str) -> None:
    source, line = source_of(text)
    compile(source, "conftest.py", "exec")
    assert not changes_items_one_by_one(source, NAME, line)


@pytest.mark.parametrize("source", ["def (", "", "x = 1\n", "\0", f"async def {NAME}(items): ..."])
def test_what_cannot_be_read_is_not_believed(source: str) -> None:
    assert not changes_items_one_by_one(source, NAME, 1)


def test_the_line_tells_which_of_two_is_meant() -> None:
    source = f"if x:\n    def {NAME}(items): pass\nelse:\n    def {NAME}(items): items.clear()\n"
    assert changes_items_one_by_one(source, NAME, 2)
    assert not changes_items_one_by_one(source, NAME, 4)


# A small language of hook bodies, in which one can be wrong in many ways.

CONDITIONS = st.sampled_from(
    [
        "'a' in item.name",
        "item.name in TABLE",
        "item.name in seen",
        "seen",
        "item.get_closest_marker('x')",
        "mark in item.name",
        "config.getoption('flag')",
        "len(items) > 2",
        "(mark := item.name) == 'a'",
        "any(letter in item.name for letter in LETTERS)",
        "any(letter in item.name for letter in ONCE)",
        "TABLE.get(item.name)",
        "item.parent.get_closest_marker('p')",
    ]
)
SIMPLE = st.sampled_from(
    [
        "item.add_marker('x')",
        "item.add_marker(mark)",
        "item.add_marker(other)",
        "other = item.name",
        "mark = 'y'",
        "mark = item.name",
        "other = []",
        "other.append(item.name); item.add_marker(str(other))",
        "seen.append(item.name)",
        "TABLE['c'] = 1",
        "item.parent.add_marker('p')",
        "item.user_properties = seen",
        "item.user_properties.append(item.name); item.add_marker(str(item.user_properties))",
        "last = item",
        "last.add_marker('z')",
        "continue",
        "break",
        "return",
        "pass",
    ]
)


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


@st.composite
def statements(draw: st.DrawFn, depth: int = 2) -> list[str]:
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 4 if depth else 2))
        if kind <= 2:
            lines.append(draw(SIMPLE))
        elif kind == 3:
            lines += [f"if {draw(CONDITIONS)}:", *indented(draw(statements(depth - 1)))]
            if draw(st.booleans()):
                lines += ["else:", *indented(draw(statements(depth - 1)))]
        else:
            lines += ["for mark in LETTERS:", *indented(draw(statements(depth - 1)))]
    return lines


SIFTING = st.sampled_from(
    [
        "kept.append(item)",
        "others.append(item)",
        "(kept if 'a' in item.name else others).append(item)",
        "if 'a' in item.name:\n    kept.append(item)\nelse:\n    others.append(item)",
        "if item.name in TABLE:\n    others.append(item)\n    continue\nkept.append(item)",
    ]
)
KEEPING = st.sampled_from(
    [
        "items[:] = kept",
        "config.hook.pytest_deselected(items=others)",
        "if others:\n    config.hook.pytest_deselected(items=others)\n    items[:] = kept",
        "if others:\n    items[:] = kept",
        "if kept:\n    items[:] = kept",
        "items[:] = [item for item in items if 'b' in item.name]",
        "items[:] = others",
    ]
)


@st.composite
def siftings(draw: st.DrawFn) -> list[str]:
    loop = "\n".join(draw(st.lists(st.one_of(SIFTING, SIMPLE), min_size=1, max_size=3)))
    uses = "\n".join(draw(st.lists(KEEPING, min_size=1, max_size=2)))
    return ["kept, others = [], []", "for item in items:", *indented(loop.splitlines()), uses]


HEADS = st.sampled_from(["", "seen = []", "mark = 'm'", "other = 'o'", "last = None"])


@st.composite
def hooks(draw: st.DrawFn) -> str:
    body = [head for head in draw(st.lists(HEADS, max_size=2)) if head]
    if draw(st.booleans()):
        body += "\n".join(draw(siftings())).splitlines()
    for _ in range(draw(st.integers(1, 2))):
        body += ["for item in items:", *indented(draw(statements()))]
    module = [
        "TABLE = {'a': 1, 'b': 0}",
        "LETTERS = ('a', 'b')",
        "ONCE = iter(LETTERS * 2)",
        *draw(st.sampled_from([[], ["seen = []"]])),
        f"def {NAME}(config, items):",
    ]
    return "\n".join([*module, *indented(body)]) + "\n"


class Node:
    def __init__(self, name: str, parent: Node | None = None) -> None:
        self.name = name
        self.parent = parent
        self.markers: list[str] = []
        self.user_properties: list[str] = []

    def add_marker(self, marker: str) -> None:
        self.markers.append(marker)

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.markers else None


def effects(source: str, names: list[str], cuts: list[int]) -> list[object]:
    """Run a hook on a list of items that was cut into slices, each in a process of its own."""
    nodes: list[Node] = []
    left_out: list[str] = []
    hook = SimpleNamespace(
        pytest_deselected=lambda items: left_out.extend(item.name for item in items)
    )
    config = SimpleNamespace(getoption=lambda _name: False, hook=hook)
    slices = zip([0, *cuts], [*cuts, len(names)], strict=True)
    for start, end in slices:
        namespace: dict[str, Any] = {}
        exec(compile(source, "conftest.py", "exec"), namespace)
        folder = Node("folder")
        part = [Node(name, folder) for name in names[start:end]]
        try:
            namespace[NAME](config, part)
        except (NameError, TypeError, AttributeError) as error:
            return [type(error)]
        nodes += part
    return [
        *((node.name, node.markers, [str(p) for p in node.user_properties]) for node in nodes),
        ("left out", sorted(left_out)),  # counted, not told in their order
    ]


@given(
    hooks(),
    st.lists(st.sampled_from(["a", "b", "ab", "c"]), min_size=1, max_size=5),
    st.data(),
)
def test_what_is_recognised_does_the_same_to_any_partition(
    source: str, names: list[str], data: st.DataObject
) -> None:
    line = next(n for n, text in enumerate(source.splitlines(), 1) if NAME in text)
    recognised = changes_items_one_by_one(source, NAME, line)
    event(f"recognised: {recognised}")
    if recognised:
        cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(names) - 1)))))
        whole = effects(source, names, [])
        if isinstance(whole[0], tuple):  # it does not fail
            assert effects(source, names, cuts) == whole, source
