"""The command line of pytest-xdist: it drives our workers where we are on, else its own."""

from __future__ import annotations

import pytest

from tests.downstream.neighbours import PLAIN_OUTPUT, WAIT_FOR_ALL, Bench, Outcome

PLACES = """
    import pytest

    @pytest.mark.parametrize("number", range(6))
    def test_place(number, worker_id, record_property):
        record_property("worker", worker_id)
"""
OURS = "-n 2 is --workers=2"
THEIRS = "2 workers [12 items]"


@pytest.fixture(autouse=True)
def suite(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(WAIT_FOR_ALL)
    pytester.makepyfile(test_a=PLACES, test_b=PLACES)


def assert_ours(run: Outcome) -> None:

    run.result.assert_outcomes(passed=12)
    assert set(run.recorded("worker").values()) == {"gw0", "gw1"}
    assert run.output.count(OURS) == 1
    assert THEIRS not in run.output


@pytest.mark.parametrize("order", [["-p", "orchestrate", "-n", "2"], ["-n2", "-p", "orchestrate"]])
def test_ours_are_the_workers_where_this_plugin_is_on(bench: Bench, order: list[str]) -> None:
    assert_ours(bench.run(*order, "--dist=loadfile", "--maxprocesses=3"))


def test_ours_are_the_workers_where_there_is_no_other_plugin(bench: Bench) -> None:
    run = bench.run("-n", "2", *([] if bench.autoload else ["-p", "pytest_orchestrate.plugin"]))
    run.result.assert_outcomes(passed=12)
    assert set(run.recorded("worker").values()) == {"gw0", "gw1"}
    assert (OURS in run.output, THEIRS in run.output) == (not bench.autoload, bench.autoload)


LOADED = {
    "entry points": ("", [], {}),
    "flags": ("", ["-p", "xdist", "-p", "orchestrate"], {}),
    "flags, the other way round": ("", ["-p", "orchestrate", "-p", "xdist"], {}),
    "the module": ("", ["-p", "xdist.plugin"], {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}),
    "not loaded": ("", [], {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}),
    "blocked": ("", ["-p", "no:xdist"], {}),
    "environment": (
        "",
        [],
        {"PYTEST_PLUGINS": "xdist.plugin", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    ),
    "arguments of the environment": ("", [], {"PYTEST_ADDOPTS": "-p xdist"}),
    "conftest": ("xdist.plugin", [], {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}),
}


@pytest.mark.parametrize("way", LOADED)
def test_flags_never_collide_however_plugins_are_loaded(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    pytest.importorskip("xdist")
    conftest, args, variables = LOADED[way]
    if conftest:
        pytester.makeconftest(f"pytest_plugins = [{conftest!r}]\n")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    args = ["-p", "orchestrate", *args] if "orchestrate" not in args else args
    if "PYTEST_DISABLE_PLUGIN_AUTOLOAD" not in variables:
        args = [*args, *PLAIN_OUTPUT]
    result = pytester.runpytest_subprocess(*args, "-n2", timeout=60)
    result.assert_outcomes(passed=12)
    result.stdout.fnmatch_lines(["*orchestrate: 12 tests on *2 workers*" if not conftest else "*"])
    assert "item]" not in result.stdout.str()
    assert "orchestrate: " + OURS in result.stdout.str()


#: Arguments, variables, what the ini file and a conftest have -> whether the run is ours.
WHOSE: list[tuple[str, str, str, str, bool]] = [
    ("", "", "", "", False),
    ("-p no:orchestrate", "", "orchestrate = true", "", False),
    ("", "PYTEST_PLUGINS=orchestrate", "", "", False),  # loaded, and not asked for
    ("", "", "orchestrate = true", "", True),
    ("-p xdist", "", "orchestrate = true", "xdist", True),
    ("-p no:xdist", "", "orchestrate = true", "xdist", True),
    ("-p pytest_orchestrate -p xdist", "", "", "", True),
    ("-p xdist.looponfail -p orchestrate", "no", "", "", True),
    ("-p orchestrate", "PYTEST_PLUGINS=orchestrate,xdist", "", "", True),
    ("-p orchestrate", "no PYTEST_PLUGINS=xdist,orchestrate", "", "", True),
    ("-p xdist", "no PYTEST_PLUGINS=orchestrate", "", "", False),
    ("-p orchestrate", "no", "", "xdist", True),
]


@pytest.mark.parametrize(("args", "variables", "ini", "conftest", "is_ours"), WHOSE, ids=str)
def test_a_run_is_of_one_plugin_and_never_of_both(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    args: str,
    variables: str,
    ini: str,
    conftest: str,
    is_ours: bool,
) -> None:
    pytest.importorskip("xdist")
    if "PYTEST_PLUGINS" in variables and pytest.version_tuple < (9, 2):
        pytest.skip("names of entry points in PYTEST_PLUGINS are of pytest 9.2")
    for word in variables.split():
        name, _, value = word.replace("no", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1").partition("=")
        monkeypatch.setenv(name, value)
    pytester.makeini(f"[pytest]\n{ini}\n")
    pytester.makeconftest(f"pytest_plugins = [{conftest!r}]\n" if conftest else "")
    # who takes -n shows without a single worker
    result = pytester.runpytest_subprocess("-n2", "--collect-only", *args.split(), timeout=60)
    assert result.ret == 0, result.stderr.str()
    assert (f"orchestrate: {OURS}" in result.stdout.str()) is is_ours
