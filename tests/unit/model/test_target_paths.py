from __future__ import annotations

import pytest

from pytest_orchestrate.model.target_paths import names_of, paths_of, words_of

ME = "tests/api/test_a.py::TestOne::test_me[a::b/c]"


@pytest.mark.parametrize(
    ("target", "paths", "names", "words"),
    [
        ("test_login", ["tests/api/test_login", "test_login"], [], ["test_login"]),
        ("db/", ["tests/api/db", "db"], [], ["db"]),
        (r"..\db\test_d.py", ["tests/db/test_d.py", "../db/test_d.py"], [], None),
        ("test_b.py::T::test_x[a::b]", ["tests/api/test_b.py", "test_b.py"], ["T", "test_x"], None),
        ("T::test_x", ["tests/api/T", "T"], ["test_x"], ["test_x"]),
        ("login[mysql]", ["tests/api/login", "login"], [], ["login"]),
        ("::test_x", [], ["test_x"], ["test_x"]),
        ("a schema", ["tests/api/a schema", "a schema"], [], ["a schema"]),
        ("test_*_*", ["tests/api/test_*_*", "test_*_*"], [], ["test_", "_"]),
        ("*", ["tests/api/*", "*"], [], []),
        (".", [], [], ["."]),
    ],
)
def test_what_a_target_says_of_where_it_is(
    target: str, paths: list[str], names: list[str], words: list[str] | None
) -> None:
    assert list(paths_of(target, ME)) == paths
    assert list(names_of(target)) == names
    if words is not None:
        assert list(words_of(target)) == words
