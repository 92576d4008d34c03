"""Reports of a suite whose names, outputs and messages try to break out of them."""

from __future__ import annotations

import json
import re
from xml.etree.ElementTree import fromstring

import msgspec
import pytest

from pytest_orchestrate import cli
from pytest_orchestrate.report.document import Report
from tests.acceptance.support import run_orchestrated, write_files

#: What ends elements and lines, moves a cursor, turns the direction of writing, or is no XML.
HOSTILE = "</script><b>|`]]>\x1b[2J\x00\x07\x85\u202e\u2066\u200b\ufffe"
SHAPELESS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")

#: pytest escapes ids of parameters, but not names that plugins give to their items.
SUITE = {
    "conftest.py": f"""\
import pytest

HOSTILE = {HOSTILE!r}

class Odd(pytest.Item):
    def runtest(self):
        print(HOSTILE)
        raise AssertionError(HOSTILE)

    def reportinfo(self):
        return self.path, 0, HOSTILE

class OddFile(pytest.File):
    def collect(self):
        yield Odd.from_parent(self, name=HOSTILE)

def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".odd":
        return OddFile.from_parent(parent, path=file_path)
""",
    "some.odd": "",
    "test_it.py": f"""\
import pytest

HOSTILE = {HOSTILE!r}

def test_bad(record_property):
    record_property(HOSTILE, HOSTILE)
    assert HOSTILE == "", HOSTILE

@pytest.mark.skip(reason=HOSTILE)
def test_skipped(): pass
""",
}


def test_a_hostile_suite_breaks_no_format(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(pytester, SUITE)
    formats = ("json", "junit", "markdown", "ctrf", "html", "events")
    flags = (f"--orchestrate-report={name}:r.{name}" for name in formats)
    ran = run_orchestrated(pytester, *flags, "-v")
    assert ran.code == 1, ran.out
    assert "orchestrate: warning" not in ran.out
    written = {name: (pytester.path / f"r.{name}").read_bytes() for name in formats}

    tests = msgspec.json.decode(written["json"], type=Report).tests
    assert tests[0].nodeid == f"some.odd::{HOSTILE}"
    assert tests[0].attempts[0].sections[0][1] == f"{HOSTILE}\n"
    cases = fromstring(written["junit"]).findall(".//testcase")
    assert [case.get("name", "")[:8] for case in cases] == ["</script", "test_bad", "test_ski"]
    assert len(json.loads(written["ctrf"])["results"]["tests"]) == 3
    assert SHAPELESS.search(written["markdown"].decode()) is None
    page = written["html"].decode()
    assert "<b>" not in page
    # what is in the data of the scripts, these make visible (tests/browser)
    plain = re.sub("(?s)<script.*?</script>", "", page)
    assert "</script" not in plain
    assert SHAPELESS.search(plain) is None

    ours = "\n".join(ran.out.partition("orchestrate: json report")[2].splitlines()[:-1])
    assert SHAPELESS.search(ours) is None
    capsys.readouterr()
    for command in (["report", "show"], ["report", "failed"], ["explain", tests[0].nodeid]):
        assert cli.main([*command, f"--dir={pytester.path / '.pytest_orchestrate'}"]) == 0
        shown = capsys.readouterr().out
        assert SHAPELESS.search(shown) is None or command[1] == "failed"
        assert "</script><b>|`]]>" in shown
