"""What the status region shows, line by line."""

from __future__ import annotations

import pytest

from pytest_orchestrate.report.progress import Progress, Running, failure, lines
from pytest_orchestrate.report.tally import Folder

RUN = Progress(
    ended=68,
    total=129,
    elapsed=72.3,
    left=41,
    counts={"passed": 65, "": 130, "failed": 2, "error": 2, "skipped": 1, "deselected": 9},
    running=(
        Running("gw10", "tests/db/migrations/test_up.py::test_up[sqlite]", 2.2),
        Running("gw0", "tests/api/test_users.py::test_create[admin]", 35.4, is_slow=True),
        Running("gw1", "tests/api/test_users.py::test_quick", 0.3),
    ),
    folders=(
        Folder("tests/web", 0, 12),
        Folder("tests/api", 12, 25),
        Folder("tests/done", 5, 5),
        Folder("tests/db", 3, 40),
    ),
)


def texts(progress: Progress, columns: int = 120, rows: int = 24) -> list[str]:
    return [line.plain for line in lines(progress, columns=columns, rows=rows)]


def test_the_whole_in_a_wide_window() -> None:
    assert texts(RUN) == [
        (
            "██████████████▊░░░░░░░░░░░░░  68/129  2 failed  2 errors  65 passed  1 skipped  "
            "1 min 12 s  about 45 s left"
        ),
        "tests/api 12/25  tests/db 3/40  tests/web 0/12",
        "      35 s  gw0   SLOW tests/api/test_users.py::test_create[admin]",
        "       2 s  gw10  tests/db/migrations/test_up.py::test_up[sqlite]",
    ]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (90, "68/129  2 failed  2 errors  65 passed  1 skipped  1 min 12 s  about 45 s left"),
        (80, "68/129  2 failed  2 errors  1 min 12 s  about 45 s left"),
        (61, "68/129  2 failed  2 errors  about 45 s left"),
        (41, "68/129  2 failed  2 errors"),
        (12, "68/129"),
        (5, "68/…"),
    ],
)
def test_a_narrow_window_keeps_what_matters_most(columns: int, expected: str) -> None:
    first = texts(RUN, columns=columns)[0]
    assert first.endswith(expected)
    assert len(first) < columns
    assert ("█" in first) == (columns > 40)


def test_a_low_window_shows_the_bar_alone() -> None:
    assert len(texts(RUN, rows=3)) == 1
    assert len(texts(RUN, rows=1)) == 1


def test_tests_that_do_not_fit_are_counted_and_the_longest_stay() -> None:
    many = tuple(Running(f"gw{n}", f"test_a.py::test_{n}", n + 1.0) for n in range(9))
    shown = texts(Progress(0, 9, 10.0, running=many), rows=10)
    assert [line.split()[-1] for line in shown[1:]] == [
        "test_a.py::test_8",
        "test_a.py::test_7",
        "test_a.py::test_6",
        "more",
    ]
    assert shown[-1].strip() == "and 6 more"


def test_a_long_node_id_loses_its_folders_first_then_its_file_then_its_end() -> None:
    at = "tests/api/deep/test_users.py::test_create[a-very-long-parameter]"
    run = Progress(0, 1, 10.0, running=(Running("gw0", at, 3.0),))
    assert texts(run, columns=74)[1].endswith(
        "gw0  …/deep/test_users.py::test_create[a-very-long-parameter]"
    )
    assert texts(run, columns=60)[1].endswith("gw0  test_create[a-very-long-parameter]")
    assert texts(run, columns=40)[1].endswith("gw0  test_create[a-very-lo…")


def test_without_block_elements_the_bar_is_plain() -> None:
    (line,) = lines(Progress(5, 10, 1.0), columns=60, rows=3, blocks=False)
    assert line.plain == "[=============             ]  5/10  1 s"


def test_an_ending_run_says_so_and_not_how_long_it_takes() -> None:
    (line,) = texts(RUN._replace(ending="ending", folders=(), running=()))
    assert line.endswith("1 min 12 s  ending")


def test_what_would_move_the_cursor_is_not_written() -> None:
    evil = "test_\x1b\x1b[2J.py::test[\r\x07\n\x9b\u202e]"
    shown = texts(Progress(0, 1, 9.0, running=(Running("gw0", evil, 3.0),)))
    assert shown[1].endswith(r"test_\x1b.py::test[\r\x07\n\x9b\u202e]")
    line = failure("FAILED", evil, "a\tb \x1b[31m and more", 80)
    assert line.plain == (r"FAILED test_\x1b.py::test[\r\x07\n\x9b\u202e] - a\tb  and more")


def test_a_failure_names_the_test_in_full_and_as_much_of_why_as_fits() -> None:
    at = "tests/test_a.py::test_it"
    assert failure("FAILED", at, "AssertionError: no", 80).plain == (
        "FAILED tests/test_a.py::test_it - AssertionError: no"
    )
    assert failure("FAILED", at, "AssertionError: " + "x" * 80, 60).plain == (
        "FAILED tests/test_a.py::test_it - AssertionError: xxxxxxxxx…"
    )
    assert failure("FAILED", at, "AssertionError: no", 40).plain == f"FAILED {at}"


def test_names_are_never_markup() -> None:
    named = "test_a.py::test[red][/red][link=x]:smile:"
    shown = lines(Progress(0, 1, 9.0, running=(Running("gw0", named, 3.0),)), columns=80, rows=9)
    assert shown[1].plain.endswith(named)
    assert not shown[1].spans
    assert named in failure("FAILED", named, "[bold]no", 80).plain
    assert failure("FAILED", named, "[bold]no", 80).plain.endswith(" - [bold]no")
