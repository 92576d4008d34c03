"""Whatever a run is like, its status region fits into the window."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.report.progress import Progress, Running, failure, lines
from pytest_orchestrate.report.tally import Tally

seconds = st.floats(0, 1e5)
names = st.text(max_size=60) | st.from_regex(
    r"(\w{1,9}/){0,4}test_\w+\.py::test_\w+", fullmatch=True
)
files = st.lists(
    st.sampled_from(["a/x.py", "a/b/x.py", "a/c/x.py", "d/x.py", "x.py", "a/b/y.py"]),
    min_size=1,
    max_size=30,
)


@st.composite
def tallies(draw: st.DrawFn) -> tuple[Tally, list[int]]:
    """A tally, and tests that have not ended."""
    of = draw(files)
    expected = draw(st.lists(st.none() | seconds, min_size=len(of), max_size=len(of)))
    tally = Tally(of, expected, draw(st.integers(1, 8)))
    order = draw(st.permutations(range(len(of))))
    some = draw(st.integers(0, len(of)))
    tally.end(order[:some])
    return tally, list(order[some:])


@given(
    tallies(),
    seconds,
    st.lists(st.tuples(names, names, seconds, st.booleans()), max_size=20),
    st.dictionaries(
        st.sampled_from(["passed", "failed", "error", "rerun", ""]), st.integers(0, 999)
    ),
    st.integers(1, 200),
    st.integers(1, 60),
    st.booleans(),
)
def test_lines_are_narrower_than_the_window_and_fewer_than_it_has(
    given_tally: tuple[Tally, list[int]],
    elapsed: float,
    running: list[tuple[str, str, float, bool]],
    counts: dict[str, int],
    columns: int,
    rows: int,
    blocks: bool,
) -> None:
    tally, _ = given_tally
    shown = lines(
        Progress(
            ended=tally.ended,
            total=tally.total,
            elapsed=elapsed,
            left=tally.left(elapsed, {}),
            counts=counts,
            running=tuple(Running(*each) for each in running),
            folders=tuple(tally.folders()),
        ),
        columns=columns,
        rows=rows,
        blocks=blocks,
    )
    assert 1 <= len(shown) <= max(1, rows - 1)
    for line in shown:
        assert line.cell_len <= max(1, columns - 1)
        assert not any(unicodedata.category(char) == "Cc" for char in line.plain)


@given(tallies())
def test_what_has_ended_adds_up(given_tally: tuple[Tally, list[int]]) -> None:
    tally, rest = given_tally
    assert tally.ended + len(rest) == tally.total
    folders = tally.folders()
    if folders:
        assert sum(folder.ended for folder in folders) == tally.ended
        assert sum(folder.total for folder in folders) == tally.total


@given(tallies(), seconds, st.data())
def test_a_test_that_ends_never_makes_the_rest_longer(
    given_tally: tuple[Tally, list[int]], elapsed: float, data: st.DataObject
) -> None:
    tally, rest = given_tally
    of_running = st.floats(0, elapsed)
    running = {test: data.draw(of_running) for test in rest[:4]}
    before = tally.left(elapsed, running)
    if before is not None:
        assert before > 0
        for test in rest[:2]:
            tally.end([test])
            after = tally.left(elapsed, running)
            assert after is None or after <= before * (1 + 1e-9)


@given(names, names, st.integers(1, 120))
def test_a_failure_is_cut_to_the_window_and_its_node_id_never(
    nodeid: str, message: str, columns: int
) -> None:
    bare = failure("FAILED", nodeid, "", columns)
    line = failure("FAILED", nodeid, message, columns)
    assert line.plain.startswith(bare.plain)
    assert line.cell_len <= max(columns, bare.cell_len)
    whole = failure("FAILED", nodeid, message, 10_000)
    if whole.cell_len <= columns and line.plain != bare.plain:
        assert line.plain == whole.plain


@given(names, st.integers(1, 80))
def test_the_name_of_a_test_is_cut_only_where_it_does_not_fit(name: str, columns: int) -> None:
    run = Progress(0, 1, 1.0, running=(Running("gw0", name, 3.0),))
    (_, whole), (_, line) = (lines(run, columns=width, rows=9) for width in (10_000, columns))
    if whole.cell_len < columns:
        assert line.plain.endswith(whole.plain[len("       3 s  gw0  ") :])
