from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.model.annotations import Annotations, Provided
from pytest_orchestrate.model.targets import Targets

SUITE = (
    "conftest_checks.py::test_root",
    "tests/api/test_a.py::test_login",
    "tests/api/test_a.py::test_form[a]",
    "tests/api/test_a.py::test_form[b::c/d]",
    "tests/api/test_a.py::TestOne::test_login",
    "tests/api/test_a.py::TestOne::test_me",
    "tests/api/test_a.py::TestOne::TestInner::test_deep",
    "tests/api/test_a.py::TestTwo::test_login",
    "tests/api/test_b.py::test_other",
    "tests/api/sub/test_c.py::test_sub",
    "tests/db/test_d.py::test_up",
    "tests/db/test_d.py::TestDb::test_x",
    "README.md::README.md",
)
ME = "tests/api/test_a.py::TestOne::test_me"
DEEP = "tests/api/test_a.py::TestOne::TestInner::test_deep"
A, B, D = "tests/api/test_a.py", "tests/api/test_b.py", "tests/db/test_d.py"
NOTHING: dict[str, Annotations] = {}


def provides(*names: str) -> Annotations:
    return Annotations(provides=tuple(map(Provided, names)))


def looked_through(tests: Sequence[str], marked: Mapping[str, Annotations] = NOTHING) -> Targets:
    annotations = {at: marked[nodeid] for at, nodeid in enumerate(tests) if nodeid in marked}
    targets = Targets(tests, annotations)
    targets.refresh()
    return targets


def meaning(
    target: str,
    test: str = ME,
    tests: Sequence[str] = SUITE,
    marked: Mapping[str, Annotations] = NOTHING,
) -> list[str]:
    """Node ids of the tests that ``target`` means to ``test``."""
    found = looked_through(tests, marked).find(target, tests.index(test))
    assert list(found) == sorted(set(found))
    return [tests[each] for each in found]


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        (f"{D}::test_up", [f"{D}::test_up"]),
        (f"./{D}::test_up", [f"{D}::test_up"]),
        (r".\tests\db\test_d.py::test_up", [f"{D}::test_up"]),
        (f"{A}::test_form[a]", [f"{A}::test_form[a]"]),
        (f"{A}::test_form", [f"{A}::test_form[a]", f"{A}::test_form[b::c/d]"]),
        ("README.md::README.md", ["README.md::README.md"]),
    ],
)
def test_a_node_id_means_its_test(target: str, meant: list[str]) -> None:
    assert meaning(target) == meant


@pytest.mark.parametrize(
    ("target", "test", "meant"),
    [
        ("test_login", ME, [f"{A}::TestOne::test_login"]),
        ("test_login", DEEP, [f"{A}::TestOne::test_login"]),
        ("test_login", f"{A}::test_form[a]", [f"{A}::test_login"]),
        ("test_form", ME, [f"{A}::test_form[a]", f"{A}::test_form[b::c/d]"]),
        ("test_form[b::c/d]", ME, [f"{A}::test_form[b::c/d]"]),
        ("TestTwo::test_login", ME, [f"{A}::TestTwo::test_login"]),
        ("TestInner::test_deep", ME, [DEEP]),
        ("test_b.py::test_other", ME, [f"{B}::test_other"]),
        ("sub/test_c.py::test_sub", ME, ["tests/api/sub/test_c.py::test_sub"]),
        (r"sub\test_c.py::test_sub", ME, ["tests/api/sub/test_c.py::test_sub"]),
        ("../db/test_d.py::test_up", ME, [f"{D}::test_up"]),
        ("conftest_checks.py::test_root", "README.md::README.md", [SUITE[0]]),
    ],
)
def test_a_path_is_seen_from_the_class_the_file_and_the_folder(
    target: str, test: str, meant: list[str]
) -> None:
    assert meaning(target, test) == meant


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("TestTwo", [f"{A}::TestTwo::test_login"]),
        ("TestInner", [DEEP]),
        ("TestOne", [f"{A}::TestOne::test_login", ME, DEEP]),
        ("test_b.py", [f"{B}::test_other"]),
        ("sub", ["tests/api/sub/test_c.py::test_sub"]),
        ("README.md", ["README.md::README.md"]),
        (f"{D}::TestDb", [f"{D}::TestDb::test_x"]),
        (D, [f"{D}::test_up", f"{D}::TestDb::test_x"]),
        ("tests/db", [f"{D}::test_up", f"{D}::TestDb::test_x"]),
        ("tests/db/", [f"{D}::test_up", f"{D}::TestDb::test_x"]),
        ("tests\\db\\", [f"{D}::test_up", f"{D}::TestDb::test_x"]),
        ("../db", [f"{D}::test_up", f"{D}::TestDb::test_x"]),
    ],
)
def test_a_container_means_all_tests_in_it(target: str, meant: list[str]) -> None:
    assert meaning(target) == meant


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("test_l*", [f"{A}::TestOne::test_login"]),
        ("test_for?", [f"{A}::test_form[a]", f"{A}::test_form[b::c/d]"]),
        ("test_form[b*]", [f"{A}::test_form[b::c/d]"]),
        ("test_form[?]", [f"{A}::test_form[a]"]),
        ("Test*::test_log??", [f"{A}::TestOne::test_login", f"{A}::TestTwo::test_login"]),
        ("test_b*", [f"{B}::test_other"]),
        ("s?b/*", ["tests/api/sub/test_c.py::test_sub"]),
        ("../d?/*::test_u*", [f"{D}::test_up"]),
        ("*/test_d.py", [f"{D}::test_up", f"{D}::TestDb::test_x"]),
        ("*.md", ["README.md::README.md"]),
        ("[*]", []),
    ],
)
def test_a_pattern_means_what_it_matches_at_the_nearest_place(
    target: str, meant: list[str]
) -> None:
    assert meaning(target) == meant


def test_an_inherited_test_finds_what_is_in_its_own_class() -> None:
    tests = [f"t.py::{name}::{test}" for name in ("Base", "Sub") for test in ("test_a", "test_b")]
    for name in ("Base", "Sub"):
        assert meaning("test_a", f"t.py::{name}::test_b", tests) == [f"t.py::{name}::test_a"]


PROVIDERS = (
    f"{A}::TestOne::test_login",
    f"{A}::test_login",
    f"{B}::test_other",
    "tests/api/sub/test_c.py::test_sub",
    f"{D}::test_up",
    "conftest_checks.py::test_root",
)


@pytest.mark.parametrize(
    ("given", "meant"),
    [(PROVIDERS[start:], meant) for start, meant in enumerate([[0], [1], [2, 3], [3], [4], [5]])],
)
def test_the_nearest_providers_of_a_name_count(given: tuple[str, ...], meant: list[int]) -> None:
    marked = dict.fromkeys(given, provides("ready"))
    assert meaning("ready", marked=marked) == [PROVIDERS[each] for each in meant]


def test_node_ids_come_before_names_and_names_before_paths() -> None:
    tests = ["t.py::a", "t.py::b", "t.py::c"]
    marked = {"t.py::c": provides("a", "t.py::b")}
    assert meaning("a", "t.py::b", tests, marked) == ["t.py::c"]
    assert meaning("t.py::b", "t.py::a", tests, marked) == ["t.py::b"]


def test_tests_added_later_are_found_after_a_refresh() -> None:
    nodeids = ["t.py::a"]
    targets = Targets(nodeids, {})
    targets.refresh()
    assert targets.find("b", 0) == ()
    assert targets.find("t*", 0) == (0,)
    nodeids += ["t.py::b", "t.py::b"]
    targets.refresh()
    assert targets.find("b", 0) == (1, 2)
    assert targets.find("t*", 0) == (0, 1, 2)
    assert targets.occurrences(2) == (1, 2)


def test_who_asks_for_the_same_tests_gets_the_same_tuple() -> None:
    targets = looked_through(SUITE)
    parts = [targets.find("tests/db", test) for test in (1, 8, 10)]
    unions = [targets.union([part, targets.find(B, 1)]) for part in parts]
    assert unions[0] == (8, 10, 11)
    assert len(set(map(id, parts))) == len(set(map(id, unions))) == 1


@pytest.mark.parametrize(
    ("target", "close"),
    [
        ("test_logim", ("test_login",)),
        ("test_formm[a]", ("test_form",)),
        ("TestTow", ("TestTwo",)),
        ("test_up", (f"{D}::test_up",)),
        ("tests/bd/test_d.py::test_up", (f"{D}::test_up",)),
        ("tests/db/test_d.py::test_upp", (f"{D}::test_up",)),
        ("tests/dbs", ("tests/db",)),
        ("databse", ("database",)),
        ("test_mee", ()),
        ("", ()),
        ("/tests/db", ("tests/db",)),
    ],
)
def test_a_mistyped_target_has_close_matches(target: str, close: tuple[str, ...]) -> None:
    targets = looked_through(SUITE, {f"{D}::test_up": provides("database")})
    found = targets.close(target, SUITE.index(ME))
    assert found[: len(close)] == close
    assert len(found) <= 3
    assert "test_me" not in found


# --- properties ------------------------------------------------------------------------------

PIECES = ["a", "b", "[", "]", "::", "/", ".", "\\", "\n", " ", "-"]
NAMES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join)
WILD_NAMES = st.lists(st.sampled_from([*PIECES, "*", "?"]), min_size=1, max_size=8).map("".join)


@given(st.lists(WILD_NAMES, min_size=1, max_size=8))
def test_any_node_id_means_exactly_its_tests(names: list[str]) -> None:
    targets = looked_through([*names, "asking.py::test"])
    for name in names:
        expected = [at for at, each in enumerate(names) if each == name]
        assert targets.find(name, len(names)) == tuple(expected)


@given(st.lists(NAMES, min_size=1, max_size=8), WILD_NAMES)
def test_a_pattern_means_what_it_matches_from_end_to_end(names: list[str], target: str) -> None:
    tests = [f"t.py::{name}" for name in names]
    pattern = f"t.py::{target}*"
    wildcards = {"*": ".*", "?": "."}
    shape = "".join(wildcards.get(each) or re.escape(each) for each in pattern)
    expected = [each for each in tests if re.fullmatch(shape, each, re.DOTALL)]
    assert meaning(pattern, "u.py::asking", [*tests, "u.py::asking"]) == expected


class TestInheritance:
    TESTS = (
        "t.py::TestOne::test_a",
        "t.py::TestOne::test_b[1]",
        "t.py::TestOne::test_b[2]",
        "t.py::TestTwo::test_a",
        "t.py::TestTwo::test_b[1]",
        "u.py::TestThree::test_a",
        "u.py::test_other",
    )
    BASES: Mapping[str, Sequence[str]] = {
        "t.py::TestOne": ["base.py::Base"],
        "t.py::TestTwo": ["base.py::Base", "t.py::Mixin"],
        "u.py::TestThree": ["t.py::TestOne", "base.py::Base"],
    }

    def meaning(self, target: str, test: str) -> list[str]:
        targets = looked_through(self.TESTS)
        targets.inherit(self.BASES)
        return [self.TESTS[each] for each in targets.find(target, self.TESTS.index(test))]

    def test_of_a_base_all_classes_that_inherit_are_meant(self) -> None:
        assert self.meaning("base.py::Base", self.TESTS[6]) == list(self.TESTS[:6])

    def test_what_is_inherited_is_meant_in_each_of_them(self) -> None:
        assert self.meaning("base.py::Base::test_a", self.TESTS[6]) == [
            "t.py::TestOne::test_a",
            "t.py::TestTwo::test_a",
            "u.py::TestThree::test_a",
        ]

    def test_the_own_class_comes_first(self) -> None:
        assert self.meaning("base.py::Base::test_b", self.TESTS[0]) == list(self.TESTS[1:3])
        assert self.meaning("base.py::Base", self.TESTS[4]) == list(self.TESTS[3:5])

    def test_others_do_where_the_own_class_has_no_such_test(self) -> None:
        found = self.meaning("base.py::Base::test_b", "u.py::TestThree::test_a")
        assert found == ["t.py::TestOne::test_b[1]", "t.py::TestOne::test_b[2]", self.TESTS[4]]

    def test_a_base_is_named_as_other_things_are(self) -> None:
        assert self.meaning("Mixin", self.TESTS[0]) == list(self.TESTS[3:5])
        assert self.meaning("./base.py::Base::test_a", self.TESTS[0]) == [self.TESTS[0]]

    def test_without_its_file_a_base_is_one_of_the_same_module(self) -> None:
        assert self.meaning("Mixin::test_a", self.TESTS[3]) == [self.TESTS[3]]
        assert self.meaning("Base::test_a", self.TESTS[0]) == []
        assert self.meaning("Mixin::test_a", self.TESTS[6]) == []

    def test_a_class_that_has_tests_itself_means_these(self) -> None:
        assert self.meaning("t.py::TestOne", "u.py::TestThree::test_a") == list(self.TESTS[:3])

    def test_what_nobody_has_inherited_means_nothing(self) -> None:
        assert self.meaning("base.py::Base::test_z", self.TESTS[0]) == []
