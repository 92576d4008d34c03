"""``@pytest.mark.requires``: order, what is blocked, what is refused."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from tests.acceptance.support import Ran, run_orchestrated, run_plain, write_files
from tests.support.runs import latest_log

Pytester = pytest.Pytester

everywhere = pytest.mark.parametrize("workers", [0, 2])

CHAIN = {
    "test_a.py": """
import pytest, time

@pytest.mark.requires("test_create")
def test_read(): pass

@pytest.mark.requires("test_b.py::test_schema")
def test_create(): pass

@pytest.mark.requires("TestAll")
def test_at_last(): pass

class TestAll:
    @pytest.mark.parametrize("n", range(4))
    def test_one(self, n): time.sleep(0.02)
""",
    "test_b.py": "import time\ndef test_schema(): time.sleep(0.2)\n",
}


def position(ran: Ran, name: str) -> int:
    return next(at for at, nodeid in enumerate(ran.order) if nodeid.endswith(name))


@everywhere
def test_a_test_runs_after_what_it_requires(pytester: Pytester, workers: int) -> None:
    write_files(pytester, CHAIN)
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 8}
    assert ran.code == 0
    assert position(ran, "test_schema") < position(ran, "test_create")
    assert position(ran, "test_create") < position(ran, "test_read")
    assert position(ran, "test_at_last") > max(position(ran, f"test_one[{n}]") for n in range(4))


BLOCKED = {
    "test_a.py": """
import pytest

@pytest.fixture
def expensive():
    raise AssertionError("nothing is set up for a blocked test")

def test_fails(): assert 0

@pytest.mark.skip(reason="not today")
def test_skipped(): pass

@pytest.mark.xfail
def test_xfails(): assert 0

@pytest.mark.xfail
def test_xpasses(): pass

@pytest.fixture
def broken(): raise ValueError("broken")

def test_errs(broken): pass

@pytest.mark.requires("test_fails")
def test_after_failed(expensive): pass

@pytest.mark.requires("test_skipped")
def test_after_skipped(expensive): pass

@pytest.mark.requires("test_xfails")
def test_after_xfailed(expensive): pass

@pytest.mark.requires("test_errs")
def test_after_error(expensive): pass

@pytest.mark.requires("test_after_failed")
def test_after_blocked(expensive): pass

@pytest.mark.requires("test_xpasses")
def test_after_xpassed(): pass

@pytest.mark.requires("test_fails", when="ran")
def test_anyway(): pass

@pytest.mark.requires("test_fails", "test_xpasses", any=True)
def test_one_is_enough(): pass
""",
}


@everywhere
def test_what_does_not_end_well_blocks(pytester: Pytester, workers: int) -> None:
    write_files(pytester, BLOCKED)
    ran = run_orchestrated(pytester, "-v", "--junitxml=junit.xml", workers=workers)
    assert ran.counts == {
        "failed": 1,
        "passed": 3,
        "skipped": 1,
        "xfailed": 1,
        "xpassed": 1,
        "errors": 1,
        "blocked": 5,
    }
    assert ran.code == 1
    assert "nothing is set up" not in ran.out
    assert "test_after_failed BLOCKED" in ran.out
    # the root cause, and not only the neighbour
    assert "blocked: 2 tests: by test_a.py::test_fails (failed)" in ran.out
    cases = {
        case.get("name"): case
        for case in ET.parse(pytester.path / "junit.xml").getroot().iter("testcase")
    }
    skipped = cases["test_after_blocked"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == (
        "requires test_a.py::test_after_failed, which is blocked by test_a.py::test_fails (failed)"
    )


@everywhere
def test_a_letter_of_its_own(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import pytest\ndef test_fails(): assert 0\n"
            "@pytest.mark.requires('test_fails')\ndef test_after(): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert any(line.startswith(("Fb", "test_a.py Fb")) for line in ran.out.splitlines()), ran.out


@everywhere
@pytest.mark.parametrize(
    ("choice", "counts", "code"),
    [
        ("skip", {"failed": 1, "blocked": 1}, 1),
        ("fail", {"failed": 1, "errors": 1}, 1),
        ("run", {"failed": 1, "passed": 1}, 1),
    ],
)
def test_what_becomes_of_it_is_a_setting(
    pytester: Pytester, workers: int, choice: str, counts: dict[str, int], code: int
) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": f"[pytest]\norchestrate_on_blocked = {choice}\n",
            "test_a.py": "import pytest\ndef test_fails(): assert 0\n"
            "@pytest.mark.requires('test_fails')\ndef test_after(): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert (ran.counts, ran.code) == (counts, code)


@everywhere
def test_a_cycle_is_a_usage_error_with_every_marker(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import pytest\n"
            "@pytest.mark.requires('test_b.py::test_two')\ndef test_one(): open('ran', 'w')\n",
            "test_b.py": "import pytest\n\n"
            "@pytest.mark.requires('test_a.py::test_one')\ndef test_two(): open('ran', 'w')\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers, log=False)
    assert ran.code == 4
    assert "cycle" in ran.err
    assert "test_a.py::test_one requires test_b.py::test_two (test_a.py:2)" in ran.err
    assert "test_b.py::test_two requires test_a.py::test_one (test_b.py:3)" in ran.err
    assert not (pytester.path / "ran").exists()


@everywhere
def test_a_name_that_nothing_matches_is_an_error_of_that_test(
    pytester: Pytester, workers: int
) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import pytest\ndef test_login(): pass\n"
            "@pytest.mark.requires('test_logn')\ndef test_after(): pass\n"
            "@pytest.mark.requires('test_after')\ndef test_behind(): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 1, "errors": 1, "blocked": 1}
    assert ran.code == 1
    assert "ERROR at setup of test_after" in ran.out
    assert "requires 'test_logn'" in ran.out
    assert "did you mean 'test_login'" in ran.out


@pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="strict is a key of pytest 9")
@everywhere
def test_under_strict_it_is_a_usage_error(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\nstrict = true\n",
            "test_a.py": "import pytest\n"
            "@pytest.mark.requires('test_logn')\ndef test_after(): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers, log=False)
    assert ran.code == 4
    assert "requires 'test_logn'" in ran.err


@everywhere
@pytest.mark.parametrize(
    ("choice", "counts"),
    [("skip", {"blocked": 1}), ("fail", {"errors": 1}), ("run", {"passed": 1})],
)
def test_what_was_not_selected_is_named(
    pytester: Pytester, workers: int, choice: str, counts: dict[str, int]
) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "def test_login(): pass\n",
            "test_b.py": "import pytest\n"
            "@pytest.mark.requires('test_a.py::test_login')\ndef test_after(): pass\n",
        },
    )
    args = ("-k", "after", f"--orchestrate-missing={choice}", "-v")
    ran = run_orchestrated(pytester, *args, workers=workers)
    assert {**counts, "deselected": 1} == ran.counts
    if choice != "run":
        assert "requires test_a.py::test_login, deselected in this run" in ran.out


CHOSEN = {
    "pytest.ini": "[pytest]\nmarkers = chosen\n",
    "test_a.py": "import pytest\ndef test_base(): pass\n"
    "@pytest.mark.requires('test_base')\ndef test_login(): pass\ndef test_other(): pass\n",
    "test_b.py": "import pytest\n@pytest.mark.chosen\n"
    "@pytest.mark.requires('test_a.py::test_login')\ndef test_after(): pass\n"
    "def test_another(): pass\n",
}


@everywhere
@pytest.mark.parametrize("args", [("-k", "after"), ("-m", "chosen")])
def test_what_a_chosen_test_requires_is_run_too(
    pytester: Pytester, workers: int, args: tuple[str, str]
) -> None:
    write_files(pytester, CHOSEN)
    ran = run_orchestrated(pytester, *args, workers=workers)
    assert ran.counts == {"passed": 3, "deselected": 2}, ran.out
    assert "2 tests added because others require them" in ran.out
    assert position(ran, "test_base") < position(ran, "test_login")
    assert position(ran, "test_login") < position(ran, "test_after")


@everywhere
def test_what_must_not_run_is_not_added(pytester: Pytester, workers: int) -> None:
    write_files(pytester, CHOSEN)
    args = ("-k", "after", "--deselect", "test_a.py::test_login", "-v")
    ran = run_orchestrated(pytester, *args, workers=workers)
    assert ran.counts == {"blocked": 1, "deselected": 4}, ran.out
    assert "requires test_a.py::test_login, deselected in this run" in ran.out


PROVIDING = {
    "pytest.ini": "[pytest]\nmarkers = chosen\n",
    "test_a.py": "import pytest\ndef test_base(): pass\n"
    "@pytest.mark.provides('login')\n@pytest.mark.requires('test_base')\n"
    "def test_logs_in(): pass\ndef test_other(): pass\n",
    "test_b.py": "import pytest\n@pytest.mark.chosen\n"
    "@pytest.mark.requires('login')\ndef test_after(): pass\n",
}


@everywhere
@pytest.mark.parametrize("args", [("-k", "after"), ("-m", "chosen")])
def test_what_provides_a_required_name_is_run_too(
    pytester: Pytester, workers: int, args: tuple[str, str]
) -> None:
    write_files(pytester, PROVIDING)
    ran = run_orchestrated(pytester, *args, workers=workers)
    assert ran.counts == {"passed": 3, "deselected": 1}, ran.out
    assert position(ran, "test_logs_in") < position(ran, "test_after")


@everywhere
@pytest.mark.parametrize(
    ("args", "counts"),
    [
        (("--deselect", "test_a.py::test_logs_in"), {"passed": 2, "blocked": 1, "deselected": 1}),
        (("-k", "after", "--orchestrate-missing=skip"), {"blocked": 1, "deselected": 3}),
        (("-k", "after", "--orchestrate-missing=fail"), {"errors": 1, "deselected": 3}),
        (("-k", "after", "--orchestrate-missing=run"), {"passed": 1, "deselected": 3}),
        (("--deselect=test_a.py", "-k", "after"), {"blocked": 1, "deselected": 3}),
    ],
)
def test_a_name_whose_provider_was_left_out_is_known(
    pytester: Pytester, workers: int, args: tuple[str, ...], counts: dict[str, int]
) -> None:
    write_files(pytester, PROVIDING)
    ran = run_orchestrated(pytester, *args, "-v", workers=workers)
    assert ran.counts == counts, ran.out
    if "passed" not in counts or "blocked" in counts:
        assert "requires test_a.py::test_logs_in, deselected in this run" in ran.out
    assert "no such test" not in ran.out


@everywhere
def test_of_what_last_failed_the_provider_in_its_class_is_added(
    pytester: Pytester, workers: int
) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import pytest\nclass TestAll:\n"
            "    @pytest.mark.provides('base')\n    def test_first(self): pass\n"
            "    @pytest.mark.requires('base')\n    def test_fails(self): assert 0\n"
            "    def test_other(self): pass\n",
        },
    )
    run_orchestrated(pytester, workers=workers)
    ran = run_orchestrated(pytester, "--lf", workers=workers)
    assert ran.counts == {"failed": 1, "passed": 1, "deselected": 1}, ran.out


INHERITED = {
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "base.py": """
import pytest
class Base:
    def test_create(self): assert self.good
    @pytest.mark.requires.with_args(test_create)
    def test_read(self): pass
""",
    "test_a.py": "import base\nclass TestOne(base.Base): good = True\n",
    "test_b.py": "import base\nclass TestTwo(base.Base): good = False\n",
    "test_c.py": """
import pytest
from base import Base
@pytest.mark.requires(Base, when="ran")
def test_after_all(): pass
@pytest.mark.requires(Base, "test_after_all")
def test_if_all_are_good(): pass
@pytest.mark.requires("base.py::Base::test_create", when="ran")
def test_after_what_creates(): pass
""",
}


@everywhere
@pytest.mark.parametrize("collect", ["full", "sharded"])
def test_a_base_class_means_the_tests_of_those_that_inherit_it(
    pytester: Pytester, workers: int, collect: str
) -> None:
    write_files(pytester, INHERITED)
    ran = run_orchestrated(pytester, "-v", f"--orchestrate-collect={collect}", workers=workers)
    # in each class its own tests are meant
    assert ran.counts == {"passed": 4, "failed": 1, "blocked": 2}, ran.out
    assert "TestTwo::test_read BLOCKED" in ran.out
    assert "test_if_all_are_good BLOCKED" in ran.out
    for name in ("TestOne::test_create", "TestTwo::test_create"):
        assert position(ran, name) < position(ran, "test_after_what_creates")
    for name in ("TestOne::test_read", "TestTwo::test_read"):
        assert position(ran, name) < position(ran, "test_after_all")


@everywhere
def test_what_inherits_a_required_base_is_run_too(pytester: Pytester, workers: int) -> None:
    write_files(pytester, INHERITED)
    ran = run_orchestrated(pytester, "-k", "after_all", workers=workers)
    assert ran.counts == {"passed": 3, "failed": 1, "blocked": 1, "deselected": 2}, ran.out


@everywhere
def test_a_base_that_nobody_inherits_is_an_error_of_the_test(
    pytester: Pytester, workers: int
) -> None:
    write_files(pytester, {"pytest.ini": INHERITED["pytest.ini"], "base.py": INHERITED["base.py"]})
    write_files(pytester, {"test_c.py": INHERITED["test_c.py"]})
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"errors": 3}, ran.out
    assert "'base.py::Base'" in ran.out
    assert "there is no such test, provided name, class, file or folder" in ran.out


@everywhere
def test_of_a_class_what_last_failed_requires_is_added(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import pytest\nclass TestAll:\n    def test_base(self): pass\n"
            "    @pytest.mark.requires('test_base')\n    def test_fails(self): assert 0\n"
            "    def test_other(self): pass\n",
        },
    )
    run_orchestrated(pytester, workers=workers)
    for _ in range(2):
        ran = run_orchestrated(pytester, "--lf", workers=workers)
        assert ran.counts == {"failed": 1, "passed": 1, "deselected": 1}, ran.out
        assert ran.code == 1


@everywhere
def test_a_module_requires_a_class_of_its_own(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import pytest\npytestmark = pytest.mark.requires('TestBase')\n"
            "def test_first(): pass\n"
            "class TestBase:\n    def test_one(self): pass\n    def test_two(self): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 3}
    assert position(ran, "test_first") == 2


@everywhere
def test_the_same_parameters_whatever_the_ids_are(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import pytest\n"
            "@pytest.mark.parametrize('db', ['my', 'pg'])\n"
            "def test_create(db): assert db == 'pg'\n"
            "@pytest.mark.parametrize('n', [1, 2])\n"
            "@pytest.mark.parametrize('db', ['my', 'pg'], ids=['one', 'two'])\n"
            "@pytest.mark.requires('test_create', same_params=True)\n"
            "def test_use(db, n): assert db == 'pg'\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"failed": 1, "passed": 3, "blocked": 2}


def test_one_worker_whose_state_is_gone(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "state.py": "full = False\n",
            "test_a.py": "import os, pytest, state\n"
            "def test_fills(): state.full = True\n"
            "def test_dies(): os._exit(3)\n"
            "@pytest.mark.requires('test_fills', colocate=True)\n"
            "@pytest.mark.requires('test_dies', when='ran')\n"
            "def test_uses(): assert state.full\n",
        },
    )
    ran = run_orchestrated(pytester, workers=1)
    assert ran.counts == {"passed": 1, "failed": 1, "blocked": 1}


@everywhere
@pytest.mark.parametrize(
    "mark", ["requires({len, print})", "requires(int, 'test_b')", "requires('x', when='never')"]
)
def test_strange_arguments_are_refused(pytester: Pytester, workers: int, mark: str) -> None:
    write_files(
        pytester,
        {"test_a.py": f"import pytest\n@pytest.mark.{mark}\ndef test_a(): pass\n"},
    )
    ran = run_orchestrated(pytester, workers=workers, log=False)
    assert ran.code == 4
    assert "is not accepted" in ran.err


@everywhere
def test_one_test_by_its_name_without_what_it_requires(pytester: Pytester, workers: int) -> None:
    write_files(pytester, CHOSEN)
    args = ("test_b.py::test_after", "-v", "--orchestrate-missing=run")
    ran = run_orchestrated(pytester, *args, workers=workers)
    assert ran.counts == {"passed": 1}
    args = ("test_b.py::test_after", "-v", "--orchestrate-missing=skip")
    ran = run_orchestrated(pytester, *args, workers=workers)
    assert ran.counts == {"blocked": 1}
    assert "requires 'test_a.py::test_login', which was not collected in this run" in ran.out


@everywhere
def test_every_way_to_name_a_target(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "tests/test_base.py": """
import pytest
def test_plain(): pass
@pytest.mark.provides("schema")
def test_named(): pass
@pytest.mark.parametrize("n", [1, 2])
def test_many(n): pass
class TestGroup:
    def test_inner(self): pass
""",
            "tests/test_use.py": """
import pytest
from test_base import test_plain, TestGroup

def test_local(): pass

@pytest.mark.requires.with_args(test_local)
def test_by_function(): pass
@pytest.mark.requires(TestGroup, when="ran")
def test_by_class(): pass
@pytest.mark.requires("schema")
def test_by_name(): pass
@pytest.mark.requires("tests/test_base.py::test_plain")
def test_by_node_id(): pass
@pytest.mark.requires("test_base.py::TestGroup")
def test_by_path(): pass
@pytest.mark.requires("test_base.py")
def test_by_file(): pass
@pytest.mark.requires("*::test_ma*")
def test_by_glob(): pass
@pytest.mark.requires("test_base.py::test_many[2]")
def test_by_instance(): pass
@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.requires("test_base.py::test_many", same_params=True)
def test_by_params(n): pass
""",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert set(ran.counts) == {"passed"}, ran.out
    records = [json.loads(line) for line in latest_log(pytester.path).read_text().splitlines()]
    collected = [r["event"] for r in records if r.get("event", {}).get("event") == "TestsCollected"]
    names = [test["nodeid"].partition("::")[2] for test in collected[0]["tests"]]
    required = {
        names[each["test"]]: {names[t] for need in each["needs"] for t in need["targets"]}
        for each in collected[0]["constraints"]
    }
    many = {"test_many[1]", "test_many[2]"}
    assert required == {
        "test_by_function": {"test_local"},
        "test_by_class": {"TestGroup::test_inner"},
        "test_by_name": {"test_named"},
        "test_by_node_id": {"test_plain"},
        "test_by_path": {"TestGroup::test_inner"},
        "test_by_file": {"test_plain", "test_named", "TestGroup::test_inner", *many},
        "test_by_glob": many,
        "test_by_instance": {"test_many[2]"},
        "test_by_params[1]": {"test_many[1]"},
        "test_by_params[2]": {"test_many[2]"},
    }


def test_colocated_tests_share_a_process(pytester: Pytester) -> None:
    use = (
        "import pytest, state\n"
        "@pytest.mark.requires('test_base.py::test_fills', colocate=True)\n"
        "def test_uses(): assert state.full\n"
    )
    write_files(
        pytester,
        {
            "state.py": "full = False\n",
            "test_base.py": "import state, time\n"
            "def test_fills():\n    time.sleep(0.2)\n    state.full = True\n",
            **{f"test_{name}.py": use for name in "abcd"},
        },
    )
    ran = run_orchestrated(pytester)
    assert ran.counts == {"passed": 5}


def test_what_one_test_has_to_run_beside_runs_together(pytester: Pytester) -> None:
    fills = "import state, time\ndef test_fills():\n    time.sleep(0.1)\n    state.full += 1\n"
    write_files(
        pytester,
        {
            "state.py": "full = 0\n",
            "test_a.py": fills,
            "test_b.py": fills,
            "test_c.py": "import pytest, state\n"
            "@pytest.mark.requires('test_a.py', 'test_b.py', colocate=True)\n"
            "def test_uses(): assert state.full == 2\n",
        },
    )
    ran = run_orchestrated(pytester)
    assert ran.counts == {"passed": 3}


def test_a_crash_blocks_too(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import os, pytest\ndef test_dies(): os._exit(3)\n"
            "@pytest.mark.requires('test_dies')\ndef test_after(): pass\n",
            "test_b.py": "def test_other(): pass\n",
        },
    )
    ran = run_orchestrated(pytester)
    assert ran.counts == {"failed": 1, "passed": 1, "blocked": 1}
    assert "blocked: 1 test: by test_a.py::test_dies (crashed)" in ran.out


def test_the_worker_of_the_state_is_gone(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": """
import os, pytest
def test_fills(): pass
@pytest.mark.requires("test_fills", colocate=True)
def test_dies(): os._exit(3)
@pytest.mark.requires("test_fills", colocate=True)
@pytest.mark.requires("test_dies", when="ran")
def test_after(): pass
""",
            "test_b.py": "def test_other(): pass\n",
        },
    )
    ran = run_orchestrated(pytester)
    assert ran.counts == {"failed": 1, "passed": 2, "blocked": 1}
    assert "is gone" in ran.out


@everywhere
def test_fixtures_stay_up_while_the_next_test_is_not_known(
    pytester: Pytester, workers: int
) -> None:
    write_files(
        pytester,
        {
            "conftest.py": "import pytest\n"
            "@pytest.fixture(scope='session', autouse=True)\n"
            "def house():\n    open('set_up', 'a').write('x')\n    yield\n"
            "    open('torn_down', 'a').write('x')\n",
            "test_a.py": "import pytest\n"
            "@pytest.mark.requires('test_last')\ndef test_first(): pass\n"
            "def test_last(): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 2}
    assert (pytester.path / "set_up").read_text() == "x"
    assert (pytester.path / "torn_down").read_text() == "x"


def test_a_project_has_its_own_marker_of_this_name(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\nmarkers =\n    requires(module): of this project\n",
            "test_a.py": "import pytest\n@pytest.mark.requires('numpy')\ndef test_a(): pass\n",
        },
    )
    ran = run_orchestrated(pytester)
    assert ran.counts == {"passed": 1}


@everywhere
def test_markers_have_other_names(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\naddopts = --strict-markers\n"
            "orchestrate_markers =\n    requires = needs\n    low = off\n",
            "test_a.py": "import pytest\n"
            "@pytest.mark.needs('test_last')\ndef test_first(): pass\ndef test_last(): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 2}
    assert position(ran, "test_last") < position(ran, "test_first")
    low = "import pytest\n@pytest.mark.low\ndef test_a(): pass\n"
    write_files(pytester, {"test_b.py": low})
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.code != 0
    assert "'low' not found in `markers`" in ran.out


@everywhere
def test_a_marker_that_is_not_understood_is_a_usage_error(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {"test_a.py": "import pytest\n@pytest.mark.requires(42)\ndef test_a(): pass\n"},
    )
    ran = run_orchestrated(pytester, workers=workers, log=False)
    assert ran.code == 4
    marker = "@pytest.mark.requires(42) at test_a.py:2"
    assert f"test_a.py::test_a: {marker} is not accepted" in ran.err


def test_without_orchestration_the_markers_are_known(pytester: Pytester) -> None:
    write_files(pytester, BLOCKED)
    ran = run_plain(pytester, "--strict-markers", "--co", "-q")
    assert ran.code != 0  # plain pytest without the plugin does not know them
    result = pytester.runpytest_subprocess("--strict-markers", "--co", "-q")
    assert result.ret == 0


@everywhere
def test_a_hook_adds_marks(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "conftest.py": "import pytest\n"
            "def pytest_orchestrate_annotate_item(item):\n"
            "    if item.name == 'test_first':\n"
            "        return [pytest.mark.requires('test_last')]\n"
            "    return []\n",
            "test_a.py": "def test_first(): pass\ndef test_last(): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert position(ran, "test_last") < position(ran, "test_first")
