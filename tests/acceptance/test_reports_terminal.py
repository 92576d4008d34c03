"""What pytest prints of tests is what it prints without workers."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.acceptance.printed import blocks, colourless, lines_of, ours, part, percents
from tests.acceptance.support import Ran, run_orchestrated, run_plain, write_files

MIXED = '''
import sys
import pytest

def check(value):
    """Fails two levels deep."""
    inner = {"a": 1, "b": [1, 2, value]}
    assert inner == {"a": 1, "b": [1, 2, 4]}

def test_good():
    print("said by a good one")

@pytest.mark.parametrize("value", [3, 4], ids=["three", "four"])
def test_deep(value):
    print("said before the failure")
    print("and on stderr", file=sys.stderr)
    check(value)

def test_raises():
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError("chained") from error

def test_setup(broken):
    pass

@pytest.fixture
def leaky():
    yield
    raise RuntimeError("no tear-down")

def test_teardown(leaky):
    pass

def test_fails_and_leaks(leaky):
    assert not leaky is None

@pytest.mark.skip(reason="not today")
def test_skipped():
    pass

@pytest.mark.xfail(reason="known")
def test_xfailed():
    assert 0

@pytest.mark.xfail(reason="no longer")
def test_xpassed():
    pass

@pytest.mark.xfail(strict=True, reason="surely")
def test_strict():
    pass

class TestInClass:
    def test_method(self):
        pytest.fail("by hand", pytrace=False)
'''

BROKEN = """
import pytest

@pytest.fixture
def broken():
    print("said in set-up")
    raise RuntimeError("no set-up")
"""

PARTS = ("FAILURES", "ERRORS")


@pytest.fixture
def mixed(pytester: pytest.Pytester) -> pytest.Pytester:
    # pytest cuts a traceback at the test's own file, if it gets there
    there, elsewhere = {"test_a.py": BROKEN + MIXED}, {"sub/conftest.py": BROKEN}
    write_files(pytester, {**there, **elsewhere, "sub/test_b.py": MIXED})
    return pytester


def both(pytester: pytest.Pytester, *args: str) -> tuple[Ran, Ran]:
    plain, ran = run_plain(pytester, *args), run_orchestrated(pytester, *args)
    assert ran.code == plain.code
    return plain, ran


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--tb=long", "--showlocals"],
        ["--tb=short", "--show-capture=stdout"],
        ["--tb=line"],
        ["--tb=no"],
    ],
    ids=" ".join,
)
def test_failures_are_told_as_in_plain(mixed: pytest.Pytester, args: list[str]) -> None:
    plain, ran = both(mixed, *args)
    assert ran.counts == plain.counts
    if args == ["--tb=line"]:
        assert lines_of(ran.out, "FAILURES") == lines_of(plain.out, "FAILURES")
        return
    for title in PARTS:
        assert blocks(ran.out, title) == blocks(plain.out, title)
        assert bool(part(ran.out, title)) == (args != ["--tb=no"])


@pytest.mark.parametrize("flag", ["--tb=native", "--full-trace"])
def test_complete_tracebacks_end_as_in_plain(mixed: pytest.Pytester, flag: str) -> None:
    # they begin in the loop that runs tests, which is another one
    def ends(text: str) -> Counter[str]:
        found = (block.partition("\n---")[0] for block in blocks(text, "FAILURES").elements())
        return Counter(block.strip().rpartition("\n")[2] for block in found)

    plain, ran = both(mixed, flag)
    assert ends(ran.out) == ends(plain.out)
    assert sum(ends(ran.out).values()) == 10


def test_the_report_of_a_failure_names_its_worker(mixed: pytest.Pytester) -> None:
    ran = run_orchestrated(mixed)
    telling = [line for line in part(ran.out, "FAILURES") if line.startswith("[gw")]
    assert len(telling) == 10  # one for each failed test
    assert all(re.match(r"\[gw[01]\] \w+ -- Python 3", line) for line in telling)


def test_the_short_summary_is_complete(mixed: pytest.Pytester) -> None:
    plain, ran = both(mixed, "-rA")
    title = "short test summary info"
    assert lines_of(ran.out, title) == lines_of(plain.out, title)
    assert sum(lines_of(ran.out, title).values()) == 28  # 24 tests, 4 of them also with errors
    assert blocks(ran.out, "PASSES") == blocks(plain.out, "PASSES")
    assert blocks(ran.out, "XFAILURES") == blocks(plain.out, "XFAILURES")
    assert blocks(ran.out, "XPASSES") == blocks(plain.out, "XPASSES")


@pytest.mark.parametrize("flag", ["-v", "-vv"])
def test_verbose_names_each_outcome_once(mixed: pytest.Pytester, flag: str) -> None:
    def words(out: str, pattern: str) -> list[tuple[str, ...]]:
        head = re.split(r"^=+ (?:ERRORS|FAILURES) =+$", out, flags=re.MULTILINE)[0]
        return sorted(
            tuple(match.group("nodeid", "word"))
            for match in re.finditer(pattern, head, re.MULTILINE)
        )

    plain, ran = both(mixed, flag)
    expected = words(plain.out, r"^(?P<nodeid>\S+::\S+) (?P<word>[A-Z]+)\b")
    nodeid = r"(?P<nodeid>\S+::\S+)"
    found = words(ran.out, rf"^\[gw\d\] \[ *\d+%\] (?P<word>[A-Z]+) {nodeid}")
    # plain pytest does not repeat the node id before a tear-down error
    missing = [(nodeid, "ERROR") for nodeid, word in found if word == "ERROR"]
    assert set(expected) <= set(found)
    assert set(found) <= {*expected, *missing}
    assert len(found) == 28
    assert percents(ran.out)[-1] == 100


@pytest.mark.parametrize("flag", ["--durations=0", "--durations=3"])
def test_durations_are_those_of_the_workers(mixed: pytest.Pytester, flag: str) -> None:
    args = (flag, "--durations-min=0", "-vv")
    plain, ran = both(mixed, *args)
    title = "slowest durations" if flag == "--durations=0" else "slowest 3 durations"
    if flag == "--durations=0":
        assert lines_of(ran.out, title) == lines_of(plain.out, title)
    else:
        assert sum(lines_of(ran.out, title).values()) == 3


def test_colours_are_those_of_plain(mixed: pytest.Pytester) -> None:
    plain, ran = both(mixed, "--color=yes")
    for title in PARTS:
        assert blocks(ran.out, title) == blocks(plain.out, title)
        assert any("\x1b[" in block for block in blocks(ran.out, title))
    title = "short test summary info"
    assert lines_of(ran.out, title) == lines_of(plain.out, title)


def test_no_codes_of_colours_unless_asked_for(mixed: pytest.Pytester) -> None:
    assert "\x1b" not in run_orchestrated(mixed, "--color=no").out


@pytest.mark.parametrize("style", ["progress", "count", "times", "classic"])
def test_progress_reaches_its_end_and_never_more(mixed: pytest.Pytester, style: str) -> None:
    plain, ran = both(mixed, "-o", f"console_output_style={style}", "--tb=no")
    letters = re.compile(r"^([.FEsxX]{2,})(?:\s.*)?$", re.MULTILINE)
    shown = "".join(letters.findall(ran.out))
    shown_in_plain = re.findall(r"^\S+\.py ([.FEsxX]+)", plain.out, re.MULTILINE)
    assert sorted(shown) == sorted("".join(shown_in_plain))
    if style == "progress":
        assert percents(ran.out)[-1] == 100
        assert max(percents(ran.out)) == 100
    elif style == "count":
        counts = [(int(a), int(b)) for a, b in re.findall(r"\[ *(\d+)/(\d+)\]", ran.out)]
        assert counts[-1] == (24, 24)
        assert all(done <= total for done, total in counts)
    elif style == "classic":
        assert not percents(ran.out)


@pytest.mark.parametrize("count", [1, 7, 173])
def test_progress_is_right_for_any_number_of_tests(pytester: pytest.Pytester, count: int) -> None:
    for name in ("test_a", "test_b"):
        pytester.makepyfile(
            **{
                name: f"""
                import pytest
                @pytest.mark.parametrize("n", range({count}))
                def test_it(n): pass
                """
            }
        )
    ran = run_orchestrated(pytester)
    assert percents(ran.out)[-1] == 100
    assert percents(ran.out) == sorted(percents(ran.out))
    letters = [line.split()[0] for line in ran.out.splitlines() if re.match(r"\.+( |$)", line)]
    assert sum(map(len, letters)) == 2 * count


def test_quiet_runs_say_less(mixed: pytest.Pytester) -> None:
    plain, ran = both(mixed, "-q", "--tb=no")
    assert _last(ran.out) == _last(plain.out)
    assert "platform" not in ran.out
    assert len(ours(ran.out)) == 1
    plain, ran = both(mixed, "-qq", "--tb=no")
    assert not ours(ran.out)
    assert lines_of(ran.out, "short test summary info") == lines_of(
        plain.out, "short test summary info"
    )


def _last(text: str) -> str:
    return re.sub(r" in [\d.]+s.*", "", colourless(text).strip().splitlines()[-1]).strip("= ")
