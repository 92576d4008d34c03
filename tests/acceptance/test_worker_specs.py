"""Which workers are started, with what interpreter, where, and with whose circumstances."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.interpreters import environment, ssh_server, why_no_ssh_server
from tests.acceptance.printed import ours
from tests.acceptance.support import LIMIT, NO_NEIGHBOURS, Ran, run_orchestrated, write_files
from tests.support.runs import assert_log_is_sound

#: Each worker waits until all have come, so that each is known to have run a test.
TELLING = """
import json
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
WHO = os.environ.get("PYTEST_XDIST_WORKER", "controller")

def tell(**facts):
    (HERE / f"told-{WHO}.json").write_text(json.dumps(facts, default=str))

def pytest_sessionstart(session):
    config = session.config
    tell(
        executable=sys.executable, version=sys.version_info[:2], cwd=os.getcwd(),
        path=[entry for entry in sys.path], environ=dict(os.environ), pid=os.getpid(),
        rootdir=config.rootpath, inifile=config.inipath, optimize=sys.flags.optimize,
        dev=sys.flags.dev_mode, warnings=sys.warnoptions, argv=sys.argv,
        invocation=config.invocation_params.dir, args=config.args,
        nice=os.nice(0) if hasattr(os, "nice") else None,
        isolated=sys.flags.isolated, utf8=sys.flags.utf8_mode, xoptions=sys._xoptions,
    )

def pytest_collection(session):
    if WHO == "controller":
        return
    count = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    deadline = time.monotonic() + 30
    while len(list(HERE.glob("told-gw*.json"))) < count:
        assert time.monotonic() < deadline, "the other workers are not started"
        time.sleep(0.01)
"""

SUITE = {
    "conftest.py": TELLING,
    "pytest.ini": "[pytest]\n",
    "test_a.py": "import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_a(n): pass\n",
    "test_b.py": "import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_b(n): pass\n",
}


@pytest.fixture(autouse=True)
def suite(pytester: pytest.Pytester) -> None:
    write_files(pytester, SUITE)


def beside(pytester: pytest.Pytester, name: str) -> Path:
    """A path outside the suite that no other test has."""
    return pytester.path.with_name(f"{pytester.path.name}-{name}")


def told(pytester: pytest.Pytester) -> dict[str, dict[str, Any]]:
    """Process -> what it told of itself."""
    return {
        path.stem.removeprefix("told-"): json.loads(path.read_text())
        for path in sorted(pytester.path.glob("told-*.json"))
    }


def run_specs(pytester: pytest.Pytester, *specs: str, log: bool = True) -> Ran:
    args = [f"--orchestrate-worker-spec={spec}" for spec in specs]
    return run_orchestrated(pytester, *args, workers=None, log=log)


@pytest.mark.parametrize("workers", [1, 3])
def test_as_many_workers_are_started_as_asked_for(pytester: pytest.Pytester, workers: int) -> None:
    # they wait for each other, so they are started side by side
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 8}
    facts = told(pytester)
    assert set(facts) == {"controller", *(f"gw{number}" for number in range(workers))}
    assert len({fact["pid"] for fact in facts.values()}) == workers + 1


def test_specs_say_how_many_workers_there_are(pytester: pytest.Pytester) -> None:
    ran = run_specs(pytester, "popen", "2*popen//env:KIND=second")
    assert ran.counts == {"passed": 8}
    kinds = [told(pytester)[f"gw{n}"]["environ"].get("KIND") for n in range(3)]
    assert kinds == [None, "second", "second"]
    assert ours(ran.out)[0].startswith("orchestrate: 3 workers")


def test_workers_share_the_circumstances_of_the_controller(pytester: pytest.Pytester) -> None:
    ran = run_orchestrated(pytester, "test_a.py", "test_b.py", environ={"OWN_VARIABLE": "kept"})
    assert ran.counts == {"passed": 8}
    facts = told(pytester)
    controller = facts.pop("controller")
    ours_alone = {"PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"}
    # readline sets the size of a terminal where it finds one
    passing = {"PYTEST_CURRENT_TEST", "PYTEST_VERSION", "LINES", "COLUMNS"}
    for worker in facts.values():
        same = ("executable", "version", "cwd", "path", "rootdir", "inifile", "argv")
        for name in (*same, "invocation", "args", "nice", "utf8", "isolated"):
            assert worker[name] == controller[name], name
        environ, theirs = worker["environ"], controller["environ"]
        for name in (set(environ) | set(theirs)) - ours_alone - passing:
            assert environ.get(name) == theirs.get(name), name
        assert environ["OWN_VARIABLE"] == "kept"


@pytest.mark.parametrize(
    "args",
    [
        ["-c", "settings/other.ini", "--rootdir=.", "--confcutdir=."],
        ["-o", "xfail_strict=true", "settings/.."],
    ],
    ids=" ".join,
)
def test_workers_have_the_settings_of_the_controller(
    pytester: pytest.Pytester, args: list[str]
) -> None:
    strict = "import pytest\n@pytest.mark.xfail\ndef test_x(): pass\n"
    other = "[pytest]\nxfail_strict = true\n"
    write_files(pytester, {"settings/other.ini": other, "test_x.py": strict})
    ran = run_orchestrated(pytester, *args)
    assert ran.counts == {"passed": 8, "failed": 1}
    facts = told(pytester)
    for name in ("rootdir", "inifile", "args"):
        assert facts["gw0"][name] == facts["gw1"][name] == facts["controller"][name]


@pytest.mark.parametrize("start", ["-m", "script", "isolated"])
def test_sys_path_is_that_of_the_controller_however_it_was_started(
    pytester: pytest.Pytester, start: str
) -> None:
    script = Path(sys.executable).with_name("pytest")
    command = {
        "-m": [sys.executable, "-m", "pytest"],
        "script": [str(script)],
        "isolated": [sys.executable, "-I", "-m", "pytest"],
    }[start]
    if start == "script":
        assert script.exists(), "pytest is installed without its command"
    result = pytester.run(
        *command, *NO_NEIGHBOURS, "-p", "orchestrate", "--workers=2", timeout=LIMIT
    )
    result.assert_outcomes(passed=8)
    facts = told(pytester)
    assert facts["gw0"]["path"] == facts["gw1"]["path"] == facts["controller"]["path"]


def test_flags_of_the_interpreter_reach_the_workers(pytester: pytest.Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": """
import warnings
import pytest

def test_flags():
    assert not __debug__
    with pytest.raises(RuntimeWarning):
        warnings.warn("x", RuntimeWarning)
""",
            "pytest.ini": "[pytest]\naddopts = -p no:warnings\n",
        },
    )
    flags = ["-O", "-W", "error::RuntimeWarning", "-X", "dev", "-X", "own=given"]
    result = pytester.run(
        sys.executable, *flags, "-m", "pytest", *NO_NEIGHBOURS,
        "-p", "orchestrate", "--workers=2", timeout=LIMIT,
    )  # fmt: skip
    result.assert_outcomes(passed=5)
    facts = told(pytester)
    for who in ("controller", "gw0", "gw1"):
        assert facts[who]["optimize"] == 1
        assert facts[who]["dev"] is True
        assert "error::RuntimeWarning" in facts[who]["warnings"]
        assert facts[who]["xoptions"]["own"] == "given"


def test_workers_of_another_interpreter_run_tests(pytester: pytest.Pytester) -> None:
    python = environment(beside(pytester, "other"))
    ran = run_specs(pytester, "popen", f"popen//python={python}")
    assert ran.counts == {"passed": 8}
    facts = told(pytester)
    assert facts["gw0"]["executable"] == sys.executable
    assert facts["gw1"]["executable"] == str(python)
    assert facts["gw1"]["rootdir"] == facts["controller"]["rootdir"]
    assert facts["gw1"]["cwd"] == facts["controller"]["cwd"]


@pytest.mark.parametrize("lacking", ["pytest", "plugin", "version"])
def test_an_interpreter_that_lacks_something_is_refused_with_what_to_install(
    pytester: pytest.Pytester, lacking: str
) -> None:
    python = environment(
        beside(pytester, "lacking"),
        pytest=lacking != "pytest",
        plugin=lacking == "version",
        version="0.0.7" if lacking == "version" else None,
    )
    ran = run_specs(pytester, "popen", f"popen//python={python}", log=False)
    assert ran.code == 4
    package = "pytest" if lacking == "pytest" else "pytest-orchestrate"
    assert f"{python} -m pip install {package}==" in ran.err
    assert "gw1" in ran.err
    if lacking == "version":
        assert "0.0.7" in ran.err
    assert "INTERNALERROR" not in ran.out + ran.err
    assert "Traceback" not in ran.out + ran.err


@pytest.mark.parametrize("spec", ["popen//python=/no/such/python", "ssh=nobody@localhost:1"])
def test_a_worker_that_cannot_be_started_ends_the_run_with_its_spec(
    pytester: pytest.Pytester, spec: str
) -> None:
    ran = run_specs(pytester, spec, log=False)
    assert ran.code == 4
    assert spec in ran.err
    assert "could not be started" in ran.err
    assert "INTERNALERROR" not in ran.out + ran.err


@pytest.mark.parametrize("spec", ["nothing", "popen//popen", "0*popen", "popen//no_such_key=1"])
def test_a_spec_that_is_none_is_a_usage_error(pytester: pytest.Pytester, spec: str) -> None:
    ran = run_specs(pytester, spec, log=False)
    assert ran.code == 4
    assert spec in ran.err
    assert "worker_spec" in ran.err or "worker-spec" in ran.err


def test_a_worker_may_work_in_another_folder(pytester: pytest.Pytester) -> None:
    copy = beside(pytester, "copy")
    copy.mkdir()
    for name, text in SUITE.items():
        (copy / name).write_text(
            text.replace("HERE = Path(__file__).parent", f"HERE = Path({str(pytester.path)!r})")
        )
    ran = run_specs(pytester, f"2*popen//chdir={copy}")
    assert ran.counts == {"passed": 8}, ran.out + ran.err
    facts = told(pytester)
    assert facts["gw0"]["cwd"] == facts["gw1"]["cwd"] == str(copy)
    assert facts["gw0"]["rootdir"] == str(copy)
    assert facts["controller"]["rootdir"] == str(pytester.path)


@pytest.mark.skipif(not hasattr(os, "nice"), reason="there is no niceness on this system")
def test_a_worker_may_be_nice(pytester: pytest.Pytester) -> None:
    run_specs(pytester, "popen//nice=3", "popen")
    facts = told(pytester)
    assert facts["gw0"]["nice"] == facts["controller"]["nice"] + 3
    assert facts["gw1"]["nice"] == facts["controller"]["nice"]


@pytest.mark.skipif(why_no_ssh_server() is not None, reason=f"{why_no_ssh_server()}")
class TestOverSsh:
    def run(self, pytester: pytest.Pytester, config: Path, *args: str) -> pytest.RunResult:
        # without the recorder of other tests: PYTHONPATH does not travel
        spec = f"2*ssh=orchestrate-test//ssh_config={config}//python={sys.executable}"
        spec += f"//chdir={pytester.path}"
        ours_given = ("-p", "orchestrate", f"--orchestrate-worker-spec={spec}")
        return pytester.run(
            sys.executable, "-m", "pytest", *NO_NEIGHBOURS, *ours_given, *args, timeout=LIMIT
        )  # fmt: skip

    def test_workers_run_tests(self, pytester: pytest.Pytester) -> None:
        source = "def test_c(artifacts):\n    (artifacts / 'left.txt').write_text('there')\n"
        source += "    print('said there')\n    assert 0, 'so it is'\n"
        write_files(pytester, {"test_c.py": source})
        with ssh_server(beside(pytester, "ssh")) as config:
            result = self.run(pytester, config, "-v", "--junitxml=out.xml")
            shown = self.run(pytester, config, "-s")
        result.assert_outcomes(passed=8, failed=1)
        out = result.stdout.str()
        assert "so it is" in out
        assert "said there" in out.partition("Captured stdout call")[2]
        facts = told(pytester)
        assert facts["gw0"]["cwd"] == facts["gw1"]["cwd"] == str(pytester.path)
        assert "SSH_CONNECTION" in facts["gw0"]["environ"]
        assert "said there" in shown.outlines
        left = pytester.path.glob(".pytest_orchestrate/artifacts/**/left.txt")
        assert [path.read_text() for path in left] == ["there", "there"]
        assert_log_is_sound(pytester.path)

    def test_a_crash_there_is_told(self, pytester: pytest.Pytester) -> None:
        write_files(pytester, {"test_dies.py": "import os\ndef test_dies(): os._exit(7)\n"})
        with ssh_server(beside(pytester, "ssh")) as config:
            result = self.run(pytester, config)
        result.assert_outcomes(passed=8, failed=1)
        result.stdout.fnmatch_lines(["*crashed while it ran this test*"])
        assert_log_is_sound(pytester.path)

    def test_a_host_that_lets_nobody_in_ends_the_run(self, pytester: pytest.Pytester) -> None:
        with ssh_server(beside(pytester, "ssh")) as config:
            config.write_text(config.read_text().replace("/user\n", "/host\n"))
            result = self.run(pytester, config)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*ssh=orchestrate-test*could not be started*"])
