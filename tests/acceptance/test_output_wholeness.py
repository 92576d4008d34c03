"""However much, however fast and whatever tests print: no line is lost, torn or broken."""

from __future__ import annotations

import sys

import pytest

from tests.acceptance.support import LIMIT, run_orchestrated


def test_nothing_is_lost_of_ten_thousand_lines(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys
        import pytest

        @pytest.mark.parametrize("test", range(20))
        def test_much(test):
            for n in range(500):
                print(f"line {test} {n} of much text that is printed")
                if n % 5 == 0:
                    print(f"line {test} {n} on stderr", file=sys.stderr)
        """
    )
    ran = run_orchestrated(pytester, "-s", "-q")
    out = [line for line in ran.out.splitlines() if line.startswith("line ")]
    err = [line for line in ran.err.splitlines() if line.startswith("line ")]
    for test in range(20):
        expected = [f"line {test} {n} of much text that is printed" for n in range(500)]
        assert [line for line in out if line.startswith(f"line {test} ")] == expected
        expected = [f"line {test} {n} on stderr" for n in range(0, 500, 5)]
        assert [line for line in err if line.startswith(f"line {test} ")] == expected
    assert len(out) == 10_000
    assert len(err) == 2_000


def test_lines_that_two_workers_write_in_pieces_are_kept_whole(
    pytester: pytest.Pytester,
) -> None:
    # each waits for the other before each piece, so that pieces of both always alternate
    source = """
import os
import sys
from pathlib import Path
import time

def meet(step):
    own = os.environ["PYTEST_XDIST_WORKER"]
    other = {"gw0": "gw1", "gw1": "gw0"}[own]
    Path(f"{own}-{step}").touch()
    deadline = time.monotonic() + 20
    while not Path(f"{other}-{step}").exists():
        assert time.monotonic() < deadline, "the other worker does not come"

def test_pieces():
    own = os.environ["PYTEST_XDIST_WORKER"]
    for step in range(10):
        meet(2 * step)
        sys.stdout.write(f"{own} begins {step}, ")
        sys.stdout.flush()
        meet(2 * step + 1)
        sys.stdout.write(f"{own} ends {step}\\n")
        sys.stdout.flush()
"""
    pytester.makepyfile(test_a=source, test_b=source)
    ran = run_orchestrated(pytester, "-s")
    assert ran.counts == {"passed": 2}, ran.out
    lines = [line for line in ran.out.splitlines() if "begins" in line]
    assert sorted(lines) == sorted(
        f"{own} begins {step}, {own} ends {step}" for own in ("gw0", "gw1") for step in range(10)
    )


def test_progress_and_printed_lines_do_not_mix(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(30))
        def test_says(n):
            print(f"said {n}")
        """
    )
    ran = run_orchestrated(pytester, "-s")
    lines = [line for line in ran.out.splitlines() if "said" in line]
    assert sorted(lines) == sorted(f"said {n}" for n in range(30))


def test_a_line_of_a_megabyte_is_shown(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_long():
            print("<" + "x" * 1_000_000 + ">")

        def test_other():
            pass
        """
    )
    ran = run_orchestrated(pytester, "-s")
    assert "<" + "x" * 1_000_000 + ">" in ran.out.splitlines()
    assert ran.counts == {"passed": 2}


def test_a_last_line_without_an_end_is_shown(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_endless():
            sys.stdout.write("no end of out")
            sys.stderr.write("no end of err")

        def test_other():
            pass
        """
    )
    ran = run_orchestrated(pytester, "-s")
    assert "no end of out" in ran.out.splitlines()
    assert "no end of err" in ran.err.splitlines()
    assert ran.counts == {"passed": 2}


def test_bytes_that_are_no_utf8_are_shown_as_well_as_can_be(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os

        def test_bytes():
            os.write(1, b"before \\xff\\xfe after\\n")
            print("gr\\u00fc\\u00dfe")

        def test_in_report():
            os.write(1, b"broken \\xff bytes\\n")
            assert 0
        """
    )
    ran = run_orchestrated(pytester, "-s")
    assert any(
        line.startswith("before ") and line.endswith(" after") for line in ran.out.splitlines()
    )
    assert "gr\u00fc\u00dfe" in ran.out.splitlines()
    assert ran.counts == {"passed": 1, "failed": 1}
    ran = run_orchestrated(pytester)
    assert "broken " in ran.out
    assert ran.counts == {"passed": 1, "failed": 1}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_cannot_show_a_character_ends_no_run(
    pytester: pytest.Pytester, encoding: str
) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_says():
            print("snow \\u2603 man\\nand another")
            print("snow \\u2603 man\\nand another", file=sys.stderr)

        def test_other():
            pass
        """
    )
    ran = run_orchestrated(pytester, "-s", environ={"PYTHONIOENCODING": encoding})
    assert ran.counts == {"passed": 2}, ran.out + ran.err
    for text in (ran.out, ran.err):
        assert {"snow \\u2603 man", "and another"} <= set(text.splitlines())


def test_output_goes_on_when_the_reader_is_slow(pytester: pytest.Pytester) -> None:
    # more than any pipe holds, into a pipe that is read only when all is over
    pytester.makepyfile(
        """
        def test_flood():
            for n in range(20_000):
                print(f"flood {n} " + "x" * 100)

        def test_other():
            pass
        """
    )
    result = pytester.runpytest_subprocess(
        "-p", "orchestrate", "--workers=2", "-s", "-p", "no:randomly", timeout=LIMIT
    )
    lines = [line.split()[1] for line in result.outlines if line.startswith("flood ")]
    assert lines == [str(n) for n in range(20_000)]


def test_a_worker_that_writes_after_its_stream_was_closed_ends_as_in_plain(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import atexit
        import os

        def test_late():
            atexit.register(os.write, 1, b"from an exit handler\\n")

        def test_other():
            pass
        """
    )
    ran = run_orchestrated(pytester)
    assert "from an exit handler" in ran.out.splitlines()
    assert ran.counts == {"passed": 2}


def test_without_a_terminal_reporter_output_is_shown_all_the_same(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("def test_a(): print('shown')\ndef test_b(): pass")
    result = pytester.run(
        sys.executable, "-m", "pytest", "-p", "orchestrate", "--workers=2", "-s",
        "-p", "no:terminal", "-p", "no:randomly", timeout=LIMIT,
    )  # fmt: skip
    assert result.ret == 0, result.stderr.str()
    assert "shown" in result.outlines
