"""Live logs and log files hold what plain pytest's would."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.acceptance.support import run_orchestrated, run_plain, write_files

LOGGING = """
import logging
import pytest

log = logging.getLogger(__name__)

@pytest.fixture
def resource(n):
    log.info("set up %s", n)
    yield
    log.info("torn down %s", n)

@pytest.mark.parametrize("n", range(3))
def test_logs(n, resource):
    log.info("informed %s", n)
    log.warning("warned %s", n)
    log.debug("debugged %s", n)
"""


@pytest.fixture(autouse=True)
def logging_suite(pytester: pytest.Pytester) -> None:
    write_files(pytester, {"test_a.py": LOGGING, "test_b.py": LOGGING})


def records(text: str) -> Counter[str]:
    """Level, logger, place and message of each log record."""
    pattern = r"^(?:\[gw\d\] )?(?:[\d:-]+ )?((?:DEBUG|INFO|WARNING) +.*)$"
    return Counter(
        re.sub(r" +", " ", match[1]).strip() for match in re.finditer(pattern, text, re.MULTILINE)
    )


@pytest.mark.parametrize("args", [["--log-cli-level=INFO"], ["-o", "log_cli=true"]])
def test_live_logs_are_shown_as_in_plain(pytester: pytest.Pytester, args: list[str]) -> None:
    plain, ran = run_plain(pytester, *args), run_orchestrated(pytester, *args)
    assert records(plain.out)
    assert records(ran.out) == records(plain.out)
    assert not records(ran.err)


def test_verbose_live_logs_name_the_worker(pytester: pytest.Pytester) -> None:
    ran = run_orchestrated(pytester, "--log-cli-level=INFO", "-v")
    said = [line for line in ran.out.splitlines() if "informed" in line]
    assert len(said) == 6
    assert all(re.match(r"\[gw\d\] INFO", line) for line in said)


def test_live_logs_say_which_part_of_a_test_they_come_from(pytester: pytest.Pytester) -> None:
    ran = run_orchestrated(pytester, "--log-cli-level=INFO")
    for title in ("live log setup", "live log call", "live log teardown"):
        assert title in ran.out


@pytest.mark.parametrize("home", ["option", "ini", "option over ini"])
def test_log_file_holds_the_records_of_all_workers(pytester: pytest.Pytester, home: str) -> None:
    args = ["--log-file-level=DEBUG"]
    if home != "option":
        pytester.makeini("[pytest]\nlog_file = run.log\n")
    if home == "option over ini":
        pytester.makeini("[pytest]\nlog_file = other.log\n")
    if home != "ini":
        args.append("--log-file=run.log")
    file = pytester.path / "run.log"
    run_plain(pytester, *args)
    plain = file.read_text()
    file.unlink()
    run_orchestrated(pytester, *args)
    assert records(plain)
    assert records(file.read_text()) == records(plain)
    assert not (pytester.path / "other.log").exists()


def test_log_file_in_a_folder_is_made_and_written(pytester: pytest.Pytester) -> None:
    run_orchestrated(pytester, "--log-file=logs/deep/run.log", "--log-file-level=INFO")
    text = (pytester.path / "logs/deep/run.log").read_text()
    assert sum(records(text).values()) == 24


def test_a_second_run_overwrites_the_log_file_unless_told_to_append(
    pytester: pytest.Pytester,
) -> None:
    args = ["--log-file=run.log", "--log-file-level=INFO"]
    file = pytester.path / "run.log"
    run_orchestrated(pytester, *args)
    run_orchestrated(pytester, *args)
    assert sum(records(file.read_text()).values()) == 24
    run_orchestrated(pytester, *args, "--log-file-mode=a")
    assert sum(records(file.read_text()).values()) == 48


def test_log_records_of_one_test_stay_in_their_order(pytester: pytest.Pytester) -> None:
    run_orchestrated(pytester, "--log-file=run.log", "--log-file-level=INFO")
    text = (pytester.path / "run.log").read_text()
    for module in ("test_a", "test_b"):
        for n in range(3):
            said = re.findall(rf"^\w+ +{module}:\S+ (.* {n})$", text, re.MULTILINE)
            assert said == [f"set up {n}", f"informed {n}", f"warned {n}", f"torn down {n}"]


def test_captured_logs_are_in_the_report_of_a_failed_test(pytester: pytest.Pytester) -> None:
    source = LOGGING + "\ndef test_bad():\n    log.warning('so it was')\n    assert 0\n"
    write_files(pytester, {"test_c.py": source})
    plain, ran = run_plain(pytester), run_orchestrated(pytester)
    assert "Captured log call" in ran.out
    assert records(plain.out) == records(ran.out)


def test_log_file_survives_a_crash_of_its_worker(pytester: pytest.Pytester) -> None:
    source = LOGGING + "\nimport os\ndef test_dies():\n    log.warning('last')\n    os._exit(3)\n"
    write_files(pytester, {"test_c.py": source})
    ran = run_orchestrated(pytester, "--log-file=run.log", "--log-file-level=INFO")
    assert ran.counts["failed"] == 1
    text = (pytester.path / "run.log").read_text()
    assert sum(count for record, count in records(text).items() if "informed" in record) == 9
    assert sum(count for record, count in records(text).items() if "last" in record) == 1
