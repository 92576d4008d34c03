"""Reports that runs write when they are over, and that are written later from their logs."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import msgspec
import pytest

from pytest_orchestrate.report.document import Report
from tests.acceptance.support import Ran, run_orchestrated, write_files
from tests.repo.documents import DOCS
from tests.support.runs import latest_log
from tests.support.schemas import ctrf_violations, junit_violations

Pytester = pytest.Pytester
Json = dict[str, Any]

SUITE = {
    "pytest.ini": "[pytest]\nmarkers = slow\n",
    "shop.py": "def pay(sum):\n    if sum < 0:\n        raise ValueError(f'{sum} is too little')\n",
    "tests/test_a.py": """\
import json, sys, warnings, pytest
from shop import pay

@pytest.fixture(scope="module")
def db():
    yield "db"
    if "late" in sys.argv:
        raise RuntimeError("the db is gone")

@pytest.mark.slow
def test_good(db, record_property):
    record_property("orders", 3)
    print("said by test_good")

def test_bad():
    print("said by test_bad")
    assert 1 == 2

def test_in_the_project():
    pay(-1)

def test_in_a_library():
    json.loads("{")

def test_on_purpose():
    pytest.fail("on purpose")

@pytest.mark.skip(reason="not today")
def test_skipped(): pass

@pytest.mark.xfail(reason="known bug")
def test_xfailed():
    assert False

@pytest.fixture
def broken():
    raise LookupError

def test_error(broken): pass

def test_without_fixture(no_such_fixture): pass

@pytest.mark.requires("test_bad")
def test_blocked(): pass
""",
    "tests/test_b.py": """\
import pytest, unittest

@pytest.mark.parametrize("x", ["a", "<b>"])
@pytest.mark.resource("db")
def test_each(x): pass

class TestOld(unittest.TestCase):
    def test_old(self):
        self.assertEqual("a", "b", "not\\nalike")
""",
}

#: Format -> name of its file.
NAMES = {
    "json": "report.json",
    "events": "events.jsonl",
    "junit": "junit.xml",
    "markdown": "report.md",
    "ctrf": "ctrf.json",
    "html": "report.html",
}

#: node id -> outcome, line, and of the failure: exception, message, path and line.
EXPECTED = {
    "tests/test_a.py::test_good": ("passed", 10, None),
    "tests/test_a.py::test_bad": (
        "failed",
        15,
        ("AssertionError", "assert 1 == 2", "tests/test_a.py", 17),
    ),
    "tests/test_a.py::test_in_the_project": (
        "failed",
        19,
        ("ValueError", "-1 is too little", "shop.py", 3),
    ),
    "tests/test_a.py::test_in_a_library": (
        "failed",
        22,
        ("JSONDecodeError", ..., "tests/test_a.py", 23),
    ),
    "tests/test_a.py::test_on_purpose": (
        "failed",
        25,
        ("", "Failed: on purpose", "tests/test_a.py", 26),
    ),
    "tests/test_a.py::test_skipped": ("skipped", 28, None),
    "tests/test_a.py::test_xfailed": ("xfailed", 31, None),
    "tests/test_a.py::test_error": ("error", 39, ("LookupError", "", "tests/test_a.py", 37)),
    "tests/test_a.py::test_without_fixture": (
        "error",
        41,
        ("", "fixture 'no_such_fixture' not found", "tests/test_a.py", 41),
    ),
    "tests/test_a.py::test_blocked": ("blocked", None, None),
    "tests/test_b.py::test_each[a]": ("passed", 3, None),
    "tests/test_b.py::test_each[<b>]": ("passed", 3, None),
    "tests/test_b.py::TestOld::test_old": (
        "failed",
        8,
        ("AssertionError", ..., "tests/test_b.py", 9),
    ),
}


@pytest.fixture
def suite(pytester: Pytester) -> Pytester:
    write_files(pytester, SUITE)
    return pytester


@pytest.fixture
def small(pytester: Pytester) -> Pytester:
    write_files(pytester, {"test_it.py": "def test_bad(): assert 0\ndef test_good(): pass\n"})
    return pytester


def report(path: Path) -> Json:
    loaded: Json = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def told(test: Json) -> tuple[str, int | None, tuple[object, ...] | None]:
    """What EXPECTED has of a test."""
    failure = test["attempts"][-1]["failure"] if test["attempts"] else None
    if failure is not None:
        place = failure["place"] or {"path": None, "line": None}
        failure = (failure["exception"], failure["message"], place["path"], place["line"])
    return test["outcome"], test["line"], failure


def assert_told(found: Json) -> None:
    tests = {test["nodeid"]: test for test in found["tests"]}
    assert tests.keys() == EXPECTED.keys()
    for nodeid, (outcome, line, failure) in EXPECTED.items():
        found_outcome, found_line, found_failure = told(tests[nodeid])
        assert (found_outcome, found_line) == (outcome, line), nodeid
        if failure is None or found_failure is None:
            assert found_failure == failure, nodeid
        else:
            pairs = zip(found_failure, failure, strict=True)
            assert all(wanted in (..., there) for there, wanted in pairs), (nodeid, found_failure)
    good = tests["tests/test_a.py::test_good"]
    assert good["properties"] == [["orders", "3"]]
    assert good["markers"] == ["slow"]
    assert good["attempts"][0]["sections"] == [["Captured stdout call", "said by test_good\n"]]
    assert tests["tests/test_a.py::test_skipped"]["attempts"][0]["reason"] == "not today"
    assert tests["tests/test_a.py::test_xfailed"]["attempts"][0]["reason"] == "known bug"
    blocked, bad = tests["tests/test_a.py::test_blocked"], tests["tests/test_a.py::test_bad"]
    assert found["tests"][blocked["cause"]] == bad
    assert "requires tests/test_a.py::test_bad" in blocked["reason"]
    assert "E       assert 1 == 2" in bad["attempts"][0]["failure"]["text"]


def strictly(schema: Any) -> Any:
    """The same schema, where every key that is not in it is one too many."""
    if isinstance(schema, dict):
        closed = {name: strictly(part) for name, part in schema.items()}
        return {**closed, "additionalProperties": False} if "properties" in schema else closed
    return [strictly(part) for part in schema] if isinstance(schema, list) else schema


def assert_valid(records: list[Json], name: str) -> None:
    schema = strictly(report(DOCS / "reference" / name))
    validator = jsonschema.Draft202012Validator(schema)
    for record in records:
        validator.validate(record)


def orchestrate(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest_orchestrate.cli", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("workers", [2, 0])
def test_a_run_writes_the_reports_that_it_is_asked_for(suite: Pytester, workers: int) -> None:
    ran = run_orchestrated(
        suite,
        *(f"--orchestrate-report={kind}:out/{name}" for kind, name in NAMES.items()),
        workers=workers,
    )
    assert ran.code == 1
    assert "orchestrate: json report: out/report.json" in ran.out
    assert "orchestrate: warning" not in ran.out
    out = suite.path / "out"
    found = report(out / "report.json")
    assert_told(found)
    assert found["run"]["settings"]["orchestrate_workers"] == str(workers)
    assert found["summary"]["exitstatus"] == 1
    log = latest_log(suite.path)
    assert (out / "events.jsonl").read_bytes() == log.read_bytes()
    assert "<h1>" in (out / "report.html").read_text(encoding="utf-8")
    assert "### What failed" in (out / "report.md").read_text(encoding="utf-8")
    junit = ET.parse(out / "junit.xml").getroot()
    assert len(junit.findall(".//testcase")) == len(EXPECTED)
    assert junit_violations(junit) == []
    ctrf = report(out / "ctrf.json")
    assert len(ctrf["results"]["tests"]) == len(EXPECTED)
    assert ctrf_violations(ctrf) == []
    assert_valid([found], "report.schema.json")
    lines = [json.loads(line) for line in log.read_bytes().splitlines()]
    assert_valid(lines, "run-log.schema.json")

    (out / "later").mkdir()
    later = {kind: out / "later" / name for kind, name in NAMES.items()}
    wanted = [f"{kind}:{path}" for kind, path in later.items()]
    converted = orchestrate("report", "convert", log.stem[:17], *wanted, cwd=suite.path)
    assert "json report: " in converted.stdout, converted.stderr
    for kind, path in later.items():
        assert path.read_bytes() == (out / path.name).read_bytes(), kind
    both = orchestrate("report", "convert", "json:-", "junit:later.xml", cwd=suite.path)
    assert json.loads(both.stdout) == found
    assert both.stderr == "junit report: later.xml\n"
    assert not (suite.path / "-").exists()
    shown = orchestrate("report", "show", cwd=suite.path).stdout
    assert "ValueError: -1 is too little in shop.py:3\n" in shown
    assert "orchestrate: 13 tests" in shown
    as_json = orchestrate("report", "show", "--format=json", cwd=suite.path).stdout
    assert json.loads(as_json) == found


def test_each_kind_of_line_in_a_log_is_as_the_schema_has_it(pytester: Pytester) -> None:
    late = """\
import pytest

@pytest.fixture(scope="module", autouse=True)
def house():
    yield
    assert not "gone"

def test_first(artifacts):
    (artifacts / "left.txt").write_text("left")
"""
    later = """\
import pytest

@pytest.mark.requires("test_a.py::test_first")
def test_second():
    pytest.exit("enough")
"""
    broken = {"test_c.py": "import pytest; pytest.importorskip('nowhere')", "test_d.py": "1 / 0"}
    write_files(pytester, {"test_a.py": late, "test_b.py": later, **broken})
    arguments = ("--continue-on-collection-errors", "--orchestrate-artifacts=always")
    run_orchestrated(pytester, *arguments, workers=0)
    lines = [json.loads(line) for line in latest_log(pytester.path).read_bytes().splitlines()]
    assert_valid(lines, "run-log.schema.json")
    kinds = report(DOCS / "reference" / "run-log.schema.json")["discriminator"]["mapping"]
    # a note tells of workers
    assert {line["record"] for line in lines} | {"note"} == set(kinds)


def test_what_is_proposed_to_run_failures_again_does_so(suite: Pytester) -> None:
    first = run_orchestrated(suite, "--orchestrate-report=json:r.json", "-p", "no:cacheprovider")
    proposed = report(suite.path / "r.json")["commands"]["rerun_failed"]
    listing, again = (shlex.split(each) for each in proposed.split(" && "))
    run_orchestrated(suite, "tests/test_a.py::test_good")  # by now another run is the last one
    nothing = orchestrate("report", "failed", "--output", "none", cwd=suite.path)
    assert (nothing.returncode, "no test failed in run" in nothing.stderr) == (1, True)
    assert not (suite.path / "none").exists()
    listed = listing[listing.index("report") :]
    assert orchestrate(*listed, cwd=suite.path).returncode == 0
    written = (suite.path / listed[-1]).read_text()
    assert orchestrate(*listed[:-1], "-", cwd=suite.path).stdout == written
    assert not (suite.path / "-").exists()
    start = again.index("pytest") + 1
    assert again[start : start + 2] == ["-p", "orchestrate"]
    second = run_orchestrated(suite, *again[start + 2 :])
    # test_blocked is not among them, so nothing requires test_bad
    for key in ("failed", "errors"):
        assert second.counts[key] == first.counts[key]
    assert "passed" not in second.counts


def test_without_being_asked_nothing_is_written(small: Pytester) -> None:
    run_orchestrated(small)
    names = {path.name for path in small.path.iterdir() if not path.name.startswith(".")}
    assert names - {"__pycache__"} == {"test_it.py", "stdout", "stderr"}


def test_a_run_that_is_not_recorded_leaves_nothing_but_its_reports(
    small: Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    small.makeini("[pytest]\norchestrate_record = off\norchestrate_report =\n    json:r.json\n")
    ran = run_orchestrated(small, log=False)
    assert ran.counts == {"passed": 1, "failed": 1}
    assert len(report(small.path / "r.json")["tests"]) == 2
    assert not (small.path / ".pytest_orchestrate").exists()
    assert not [*(tmp_path / "tmp").glob("pytest-orchestrate-*")]
    assert "--orchestrate-replay" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "workers"), [("-pno:terminal", 2), ("-x", 2), ("-x", 0)], ids=str
)
def test_reports_are_written_however_the_run_ends(
    small: Pytester, arguments: str, workers: int
) -> None:
    args = ["--orchestrate-order=declared", "--orchestrate-report=json:r.json", arguments]
    ran = run_orchestrated(small, *args, workers=workers)
    assert ran.code == 1
    assert report(small.path / "r.json")["tests"][0]["outcome"] == "failed"


@pytest.mark.parametrize("workers", [2, 0])
def test_reports_are_written_of_a_run_that_was_interrupted(
    pytester: Pytester, workers: int
) -> None:
    source = "import os, signal\ndef test_stop(): os.kill(int(os.environ['MAIN']), signal.SIGINT)"
    source += "; __import__('time').sleep(30)\ndef test_other(): pass\n"
    conftest = "import os\nos.environ.setdefault('MAIN', str(os.getpid()))\n"
    write_files(pytester, {"test_it.py": source, "conftest.py": conftest})
    args = ["--orchestrate-report=json:r.json", "--orchestrate-grace=0.1"]
    ran = run_orchestrated(pytester, *args, workers=workers)
    assert ran.code == 2, ran.out
    found = report(pytester.path / "r.json")
    assert found["summary"]["exitstatus"] == 2
    assert "interrupted" in {test["outcome"] for test in found["tests"]}


def test_a_report_that_cannot_be_written_warns_and_changes_no_verdict(small: Pytester) -> None:
    # what is in the way before the run is told then
    small.makeconftest(
        """
        from pathlib import Path
        from pytest_orchestrate.report import formats

        def pytest_configure(config):
            if not hasattr(config, "workerinput"):
                Path("folder").mkdir()
                Path("file").write_text("")
            formats.RENDERERS["json"] = lambda report: report.no_such_attribute
        """
    )
    reports = ("events:folder", "json:r.json", "events:file/r.jsonl", "events:good.jsonl")
    ran = run_orchestrated(small, *(f"--orchestrate-report={each}" for each in reports))
    assert ran.code == 1
    assert ran.counts == {"passed": 1, "failed": 1}
    warnings = [line for line in ran.out.splitlines() if "orchestrate: warning:" in line]
    assert len(warnings) == 3, ran.out
    assert "the report events:" in warnings[0]
    assert "could not be written: Is a directory" in warnings[0]
    assert "AttributeError: 'Report' object has no attribute 'no_such_attribute'" in warnings[1]
    assert (small.path / "good.jsonl").is_file()


def test_a_report_that_has_no_place_is_told_before_the_run(small: Pytester) -> None:
    (small.path / "folder").mkdir()
    ran = run_orchestrated(small, "--orchestrate-report=html:folder", log=False)
    assert ran.code == 4
    assert f"'html:{small.path / 'folder'}' cannot be written" in ran.err
    ran = run_orchestrated(
        small, "--orchestrate-report=html:r", "--orchestrate-report=json:./r", log=False
    )
    assert ran.code == 4
    assert f"'json:./r' is not accepted: 'html:{small.path / 'r'}' is a report to" in ran.err
    # where nothing is written, nothing is in the way
    ran = run_orchestrated(
        small, "--orchestrate-report=html:folder", "--orchestrate-plan", log=False
    )
    assert ran.code == 0


@pytest.mark.parametrize("flag", ["--collect-only", "--orchestrate-plan"])
def test_where_no_test_is_run_no_report_is_written(small: Pytester, flag: str) -> None:
    ran = run_orchestrated(small, "--orchestrate-report=json:r.json", flag, log=False)
    assert ran.code == 0
    assert not (small.path / "r.json").exists()


@pytest.mark.parametrize("workers", [2, 0])
def test_a_tear_down_that_fails_when_all_has_ended_is_in_the_report(
    pytester: Pytester, workers: int
) -> None:
    source = """\
        import pytest

        @pytest.fixture(scope="module")
        def db():
            yield
            raise RuntimeError("gone")

        @pytest.mark.resource("db")
        def test_a(db): pass
        """
    pytester.makepyfile(test_a=source, test_b="def test_b(): pass")
    args = ["--orchestrate-report=json:r.json", "-p", "no:cacheprovider"]
    ran: Ran = run_orchestrated(pytester, *args, workers=workers)
    assert ran.code == 1
    found = report(pytester.path / "r.json")
    (test,) = (test for test in found["tests"] if test["nodeid"] == "test_a.py::test_a")
    assert told(test) == ("error", 8, ("RuntimeError", "gone", "test_a.py", 6))
    assert found["summary"]["outcomes"] == {"error": 1, "passed": 1}


def test_secrets_are_neither_recorded_nor_reported(
    small: Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.makeconftest("def pytest_addoption(parser): parser.addoption('--api-token')")
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2")
    monkeypatch.setenv("SHOP_URL", "https://me:hunter2@host/")
    monkeypatch.setenv("NOT_NAMED", "hunter3")
    names = [f"--orchestrate-report-environment={name}" for name in ("SHOP_PASSWORD", "SHOP_URL")]
    run_orchestrated(small, "--api-token=hunter2", "--orchestrate-report=json:r.json", *names)
    found = report(small.path / "r.json")
    assert found["run"]["environment"] == {"SHOP_PASSWORD": "***", "SHOP_URL": "https://***@host/"}
    assert "--api-token=***" in found["run"]["args"]
    for path in (small.path / "r.json", latest_log(small.path)):
        assert "hunter" not in path.read_text(encoding="utf-8")


#: What the plugin that annotates, too, is called where it is installed.
ANNOTATING = "pytest_github_actions_annotate_failures-1.0.dist-info"


@pytest.fixture
def github(small: Pytester, monkeypatch: pytest.MonkeyPatch) -> Pytester:
    """A step of a job, of which another command has written a summary."""
    (small.path / "summary.md").write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(small.path / "summary.md"))
    return small


def annotated(ran: Ran) -> list[str]:
    return [line for line in ran.out.splitlines() if line.startswith("::")]


def test_a_job_of_github_gets_a_summary_and_annotations(github: Pytester) -> None:
    ran = run_orchestrated(github, "--orchestrate-record=off", log=False)
    (line,) = annotated(ran)
    assert line.startswith("::error file=test_it.py,line=1,title=test_it.py%3A%3Atest_bad::")
    summary = (github.path / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("before\n\n## ")
    assert "1 of 2 tests failed" in summary


def test_a_job_of_github_is_told_nothing_if_that_is_off(github: Pytester) -> None:
    ran = run_orchestrated(github, "--orchestrate-ci=off")
    assert annotated(ran) == []
    assert (github.path / "summary.md").read_text(encoding="utf-8") == "before\n"


def test_annotations_are_left_to_the_plugin_that_makes_them(github: Pytester) -> None:
    installed = github.path.with_name(github.path.name + "-beside") / ANNOTATING
    installed.mkdir(parents=True)
    name = "pytest-github-actions-annotate-failures"
    (installed / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[pytest11]\nannotating = annotating\n")
    (installed.parent / "annotating.py").write_text("")
    full = "x" * (1 << 20)
    (github.path / "summary.md").write_text(full)
    ran = run_orchestrated(github, workers=0)
    assert annotated(ran) == []
    # and nothing is added to a summary that has no room
    assert (github.path / "summary.md").read_text(encoding="utf-8") == full


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("more", [[], ["--continue-on-collection-errors"]], ids=["ends", "goes on"])
def test_what_cannot_be_collected_is_in_the_report(
    pytester: Pytester, workers: int, more: list[str]
) -> None:
    write_files(
        pytester, {"test_a.py": "def test_a(): pass\n", "test_b.py": "import nothing_here\n"}
    )
    run_orchestrated(
        pytester, "--orchestrate-report=json:r.json", *more, workers=workers, log=False
    )
    report = msgspec.json.decode((pytester.path / "r.json").read_bytes(), type=Report)
    (broken,) = [test for test in report.tests if test.is_collection]
    assert (broken.nodeid, broken.outcome) == ("test_b.py", "error")
    assert report.summary.outcomes == {"passed" if more else "not run": 1}
    assert report.summary.uncollected == 1
    assert "No module named 'nothing_here'" in report.groups[0].title


@pytest.mark.parametrize(
    ("workers", "collect"), [(0, "auto"), (2, "sharded"), (2, "full")], ids=str
)
def test_a_file_that_skips_itself_is_told_once_as_in_the_last_line(
    pytester: Pytester, workers: int, collect: str
) -> None:
    passing = {f"test_{name}.py": "def test_a(): pass\n" for name in "ad"}
    write_files(
        pytester,
        {
            **passing,
            "sub/test_b.py": "import pytest\npytest.importorskip('no_such_module')\n",
            "test_c.py": "import pytest\npytest.skip('not now', allow_module_level=True)\n",
        },
    )
    arguments = ["--orchestrate-report=json:r.json", "--junitxml=theirs.xml"]
    ran = run_orchestrated(
        pytester, *arguments, f"--orchestrate-collect={collect}", workers=workers
    )
    assert "2 passed, 2 skipped" in ran.out
    converted = [sys.executable, "-m", "pytest_orchestrate.cli", "report", "convert"]
    subprocess.run([*converted, "json:later.json", "junit:ours.xml"], cwd=pytester.path, check=True)
    for name in ("r.json", "later.json"):
        report = msgspec.json.decode((pytester.path / name).read_bytes(), type=Report)
        assert report.summary.outcomes == {"passed": 2}
        assert report.summary.skipped_files == 2
        assert (report.summary.collected, report.summary.ran) == (2, 2)
        told = {t.nodeid: t.attempts[-1].reason for t in report.tests if t.is_collection}
        assert told["test_c.py"] == "not now"
        assert "no_such_module" in told["sub/test_b.py"]
        assert len(report.tests) == 4
    ours, theirs = (
        ET.parse(pytester.path / f"{name}.xml").getroot() for name in ("ours", "theirs")
    )
    for root in (ours, theirs):
        (suite,) = root.findall("testsuite")
        assert (suite.get("tests"), suite.get("skipped")) == ("4", "2")
    assert skipped_cases(ours) == skipped_cases(theirs)


def skipped_cases(root: ET.Element) -> set[tuple[str | None, ...]]:
    return {
        (case.get("classname"), case.get("name"), skipped.get("message"))
        for case in root.iter("testcase")
        for skipped in case.findall("skipped")
    }


def test_the_secret_value_of_a_conftests_option_is_not_what_was_selected(
    pytester: Pytester,
) -> None:
    option = "def pytest_addoption(parser): parser.addoption('--api-key')"
    write_files(pytester, {"conftest.py": option, "test_a.py": "def test_a(): assert 0\n"})
    ran = run_orchestrated(
        pytester, "--api-key", "hunter2000", "--orchestrate-report=json:r.json", workers=2
    )
    assert "hunter2000" not in ran.out
    for path in [pytester.path / "r.json", *pytester.path.glob(".pytest_orchestrate/**/*")]:
        assert path.is_dir() or b"hunter2000" not in path.read_bytes()


def test_who_asks_for_a_report_without_switching_us_on_is_told(pytester: Pytester) -> None:
    pytester.makepyfile("def test_a(): pass")
    result = pytester.runpytest_subprocess("--orchestrate-report=json:r.json")
    result.stdout.fnmatch_lines(
        ["orchestrate: not switched on, so --orchestrate-report is ignored*"]
    )
    assert not (pytester.path / "r.json").exists()
