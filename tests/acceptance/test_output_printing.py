"""What tests print past pytest's capture reaches the user, whole and once."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.acceptance.support import run_orchestrated, run_plain, write_files

#: Two files, so that both workers print.
TALKING = """
import os
import sys
import pytest

@pytest.mark.parametrize("n", range(3))
def test_says(n):
    print(f"out {__name__} {n}")
    print(f"err {__name__} {n}", file=sys.stderr)
"""


def told(text: str, prefix: str) -> Counter[str]:
    """Lines that begin so, whatever the name of a worker before them."""
    lines = (re.sub(r"^\[gw\d+\] ", "", line) for line in text.splitlines())
    return Counter(line for line in lines if line.startswith(prefix))


@pytest.fixture
def talking(pytester: pytest.Pytester) -> Counter[str]:
    """What each of the tests says, without the name of the stream."""
    write_files(pytester, {"test_a.py": TALKING, "test_b.py": TALKING})
    return Counter(f"{module} {n}" for module in ("test_a", "test_b") for n in range(3))


@pytest.mark.parametrize("flag", ["-s", "--capture=no"])
def test_output_is_shown_once_and_on_its_own_stream(
    pytester: pytest.Pytester, talking: Counter[str], flag: str
) -> None:
    ran = run_orchestrated(pytester, flag)
    assert ran.counts == {"passed": 6}
    assert told(ran.out, "out ") == Counter(f"out {what}" for what in talking)
    assert told(ran.err, "err ") == Counter(f"err {what}" for what in talking)
    assert not told(ran.err, "out ")
    assert not told(ran.out, "err ")


def test_verbose_output_names_the_worker_that_printed_it(
    pytester: pytest.Pytester, talking: Counter[str]
) -> None:
    write_files(
        pytester,
        {
            "test_who.py": """
            import pytest

            @pytest.mark.parametrize("n", range(6))
            def test_who(n, worker_id):
                print(f"I am {worker_id}")
            """.replace("\n            ", "\n")
        },
    )
    ran = run_orchestrated(pytester, "-s", "-v")
    said = [line for line in ran.out.splitlines() if "I am" in line]
    assert len(said) == 6
    for line in said:
        match = re.fullmatch(r"\[(gw\d)\] I am (gw\d)", line)
        assert match, line
        assert match[1] == match[2], line
    assert all(re.match(r"\[gw\d\] ", line) for line in ran.err.splitlines() if "err " in line)


def test_captured_output_is_not_shown(pytester: pytest.Pytester, talking: Counter[str]) -> None:
    ran = run_orchestrated(pytester)
    assert not told(ran.out, "out ")
    assert not told(ran.err, "err ")


@pytest.mark.parametrize("fixture", ["capsys", "capfd"])
def test_output_of_disabled_capture_is_shown(pytester: pytest.Pytester, fixture: str) -> None:
    source = f"""
import pytest

@pytest.mark.parametrize("n", range(4))
def test_says(n, {fixture}):
    print("hidden")
    with {fixture}.disabled():
        print(f"shown {{n}}")
    print("hidden")
"""
    pytester.makepyfile(test_a=source)
    ran = run_orchestrated(pytester)
    assert told(ran.out, "shown ") == Counter(f"shown {n}" for n in range(4))
    assert "hidden" not in ran.out


def test_conftests_are_heard_at_import_and_in_hooks(pytester: pytest.Pytester) -> None:
    hooks = (
        "pytest_configure",
        "pytest_sessionstart",
        "pytest_collection_finish",
        "pytest_sessionfinish",
        "pytest_unconfigure",
    )
    defined = "".join(f"def {hook}():\n    say('{hook}')\n" for hook in hooks)
    files = {
        "conftest.py": f"""
import os

def say(what):
    print(f"heard {{what}} in {{os.environ.get('PYTEST_XDIST_WORKER', 'the controller')}}")

say("import")
{defined}
""",
        "test_a.py": "def test_a(): pass\n",
        "test_b.py": "def test_b(): pass\n",
    }
    write_files(pytester, files)
    ran = run_orchestrated(pytester, "-s")
    expected = Counter(
        f"heard {what} in {where}"
        for what in ("import", *hooks)
        for where in ("gw0", "gw1", "the controller")
    )
    del expected["heard pytest_collection_finish in the controller"]
    assert told(ran.out, "heard ") == expected


def test_prints_at_the_end_of_a_session_are_shown_under_capture(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(
        """
        import os

        def pytest_sessionfinish():
            print("end of", os.environ.get("PYTEST_XDIST_WORKER", "all"))
        """
    )
    pytester.makepyfile("def test_a(): pass\ndef test_b(): pass")
    plain = run_plain(pytester)
    ran = run_orchestrated(pytester)
    assert plain.out.count("end of all") == 1
    for who in ("all", "gw0", "gw1"):
        assert ran.out.count(f"end of {who}") == 1


def test_children_of_tests_are_heard(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os
        import subprocess
        import sys

        def test_child():
            code = "import sys; print('child out'); print('child err', file=sys.stderr)"
            subprocess.run([sys.executable, "-c", code], check=True)

        def test_descriptor():
            os.write(1, b"raw out\\n")
            os.write(2, b"raw err\\n")
        """
    )
    ran = run_orchestrated(pytester, "-s")
    assert {"child out", "raw out"} <= set(ran.out.splitlines())
    assert {"child err", "raw err"} <= set(ran.err.splitlines())
    quiet = run_orchestrated(pytester)
    assert "child out" not in quiet.out
    assert "child err" not in quiet.err


def test_capture_of_sys_lets_descriptors_through(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os

        def test_both():
            print("by print")
            os.write(1, b"by write\\n")
            assert 0

        def test_other():
            print("by print, passed")
        """
    )
    ran = run_orchestrated(pytester, "--capture=sys")
    assert ran.out.splitlines().count("by write") == 1
    assert ran.out.splitlines().count("by print") == 1
    assert "by print, passed" not in ran.out
    head, _, report = ran.out.partition("Captured stdout call")
    assert "by write" in head
    assert "by print" in report


def test_tee_shows_output_at_once_and_in_the_report(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_bad():
            print("said twice")
            assert 0

        def test_good():
            print("said once")
        """
    )
    ran = run_orchestrated(pytester, "--capture=tee-sys")
    head, _, report = ran.out.partition("Captured stdout call")
    assert "said twice" in head
    assert "said twice" in report
    assert ran.out.splitlines().count("said once") == 1


def test_output_of_a_failed_test_is_in_its_report(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import logging
        import os
        import sys

        import pytest

        @pytest.fixture
        def noisy():
            print("in set-up")
            yield
            print("in tear-down")

        def test_bad(noisy):
            print("in call")
            os.write(2, b"in call, error\\n")
            logging.getLogger().warning("logged")
            assert 0
        """
    )
    plain, ran = run_plain(pytester), run_orchestrated(pytester)
    wanted = ("in set-up", "in call", "in call, error", "in tear-down")
    for text in (plain.out, ran.out):
        assert [line for line in text.splitlines() if line in wanted] == list(wanted)
        assert text.count("WARNING  root:test_output_of_a_failed_test_is_in_its_report.py:") == 1
