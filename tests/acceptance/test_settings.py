"""Activation and settings, as a user meets them: real pytest in a subprocess."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_orchestrate.options import SETTINGS

NATIVE_TOML = pytest.version_tuple >= (9, 0)
STRICT = "strict = true" if NATIVE_TOML else "addopts = --strict-config --strict-markers"
TOML_STRICT = "strict = true" if NATIVE_TOML else "addopts = '--strict-config --strict-markers'"

INI = """
orchestrate_workers = 0
orchestrate_worker_spec =
    popen
    2*popen//nice=1
orchestrate_max_crashes = 7
orchestrate_grace = 1.5
orchestrate_silence = 0
orchestrate_record = no-output
orchestrate_dir = runs
orchestrate_keep =
    runs = 3
    size = 1.5MB
"""

TOML_TEXTS = """
orchestrate_workers = "0"
orchestrate_worker_spec = ["popen", "2*popen//nice=1"]
orchestrate_max_crashes = "7"
orchestrate_grace = "1.5"
orchestrate_silence = "0"
orchestrate_record = "no-output"
orchestrate_dir = "runs"
orchestrate_keep = ["runs = 3", "size = 1.5MB"]
"""

TOML_NUMBERS = """
orchestrate_workers = 0
orchestrate_worker_spec = ["popen", "2*popen//nice=1"]
orchestrate_max_crashes = 7
orchestrate_grace = 1.5
orchestrate_silence = 0
orchestrate_record = "no-output"
orchestrate_dir = "runs"
orchestrate_keep = ["runs = 3", "size = 1.5MB"]
"""

#: Name of the case: file, its text.
HOMES: dict[str, tuple[str, str]] = {
    "pytest.ini": ("pytest.ini", f"[pytest]\n{STRICT}\n{INI}"),
    "tox.ini": ("tox.ini", f"[pytest]\n{STRICT}\n{INI}"),
    "setup.cfg": ("setup.cfg", f"[tool:pytest]\n{STRICT}\n{INI}"),
    "ini_options, texts": (
        "pyproject.toml",
        f"[tool.pytest.ini_options]\n{TOML_STRICT}\n{TOML_TEXTS}",
    ),
    "ini_options, numbers": (
        "pyproject.toml",
        f"[tool.pytest.ini_options]\n{TOML_STRICT}\n{TOML_NUMBERS}",
    ),
}
if NATIVE_TOML:
    HOMES |= {
        "pyproject.toml, texts": ("pyproject.toml", f"[tool.pytest]\nstrict = true\n{TOML_TEXTS}"),
        "pyproject.toml, numbers": (
            "pyproject.toml",
            f"[tool.pytest]\nstrict = true\n{TOML_NUMBERS}",
        ),
        "pytest.toml, numbers": ("pytest.toml", f"[pytest]\nstrict = true\n{TOML_NUMBERS}"),
    }

SHOW_SETTINGS = """
import msgspec

from pytest_orchestrate import options

def pytest_report_header(config):
    read = options.read(config)
    return [f"{name}: {value}" for name, value in msgspec.structs.asdict(read).items()]
"""

#: One flag of each setting with a value that is not accepted, and what the message has to say.
WRONG = {
    "--orchestrate-workers=-1": ("'-1'", "a number of workers, 'auto', or 0 for none"),
    "--workers=atuo": ("'atuo'", "Did you mean 'auto'?"),
    "--orchestrate-max-workers=-1": ("'-1'", "a whole number from 1 on, or 0 for no limit"),
    "--orchestrate-worker-spec=2*popn": ("'2*popn'", "Did you mean 'popen'?"),
    "--orchestrate-max-crashes=few": ("'few'", "a whole number from 0 on"),
    "--orchestrate-grace=0": ("'0'", "a number of seconds above 0"),
    "--orchestrate-silence=nan": ("'nan'", "a number of seconds, or 0 for never"),
    "--orchestrate-start=frok": ("'frok'", "Accepted: auto, fork, spawn. Did you mean 'fork'?"),
    "--orchestrate-collect=some": ("'some'", "auto, sharded, full"),
    "--orchestrate-preload=numpy, pandas": ("'numpy,'", "names of modules, separated by spaces"),
    "--orchestrate-record=of": ("'of'", "Accepted: on, no-output, off. Did you mean 'off'?"),
    "--orchestrate-report=jsn:a.json": ("'jsn:a.json'", "Did you mean 'json'?"),
    "--orchestrate-report-environment=CI=1": ("'CI=1'", "names of environment variables"),
    "--orchestrate-ci=on": ("'on'", "Accepted: auto, off."),
    "--orchestrate-live=of": ("'of'", "Accepted: auto, on, off. Did you mean 'off'?"),
    "--orchestrate-failures=once": ("'once'", "Accepted: end, at-once."),
    "--orchestrate-dir=": ("''", "a path, relative to the root directory"),
    "--orchestrate-resources=db = lots": ("'db = lots'", "a whole number from 1 on"),
    "--orchestrate-resources=db = auto": ("'db = auto'", "'auto' is for cpu and memory only"),
    "--orchestrate-resources=db = 1 hots": ("'db = 1 hots'", "Did you mean 'host'?"),
    "--orchestrate-priorities=smoke = high": ("'smoke = high'", "is not a whole number"),
    "--orchestrate-order=fast": ("'fast'", "Did you mean 'fastest'?"),
    "--orchestrate-keep-together=flie": ("'flie'", "Did you mean 'file'?"),
    "--orchestrate-run-on=both": ("'both'", "Accepted: one, each."),
    "--orchestrate-stop-on=first": ("'first'", "Accepted: nothing, critical."),
    "--orchestrate-on-blocked=stop": ("'stop'", "Accepted: skip, fail, run."),
    "--orchestrate-missing=slect": ("'slect'", "Did you mean 'select'?"),
    "--orchestrate-markers=require = needs": ("'require = needs'", "Did you mean 'requires'?"),
    "--orchestrate-artifacts=on-failur": ("'on-failur'", "Did you mean 'on-failure'?"),
    "--orchestrate-keep=run = 5": ("'run = 5'", "Did you mean 'runs'?"),
}

Pytester = pytest.Pytester


@pytest.fixture(autouse=True)
def no_addopts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


@pytest.fixture
def passing(pytester: Pytester) -> Pytester:
    """A suite of one test, far from the ini files of this project."""
    pytester.makepyfile(test_it="def test_it(): pass")
    return pytester


def was_active(pytester: Pytester) -> bool:
    """Whether a run left the folder that every orchestrated run leaves."""
    return (pytester.path / ".pytest_orchestrate").exists()


def test_help_lists_every_flag_and_ini_key(pytester: Pytester) -> None:
    text = pytester.runpytest_subprocess("--help").stdout.str()
    for setting in SETTINGS:
        assert (f"{setting.flag}=" if setting.has_ini_key else setting.flag) in text
        assert f"{setting.key} (" in text or not setting.has_ini_key
    assert "orchestrate (" in text
    assert "--workers" not in text


def test_help_lists_the_short_form_where_the_plugin_was_asked_for(pytester: Pytester) -> None:
    text = pytester.runpytest_subprocess("--help", "-p", "orchestrate").stdout.str()
    assert "--orchestrate-workers" in text
    assert "--workers" in text


@pytest.mark.parametrize("flag", WRONG)
def test_a_wrong_flag_ends_the_run_before_it_starts(passing: Pytester, flag: str) -> None:
    result = passing.runpytest_subprocess("-p", "orchestrate", flag)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = result.stderr.str()
    value, accepted = WRONG[flag]
    assert f"ERROR: {flag.partition('=')[0]}: {value} is not accepted" in text
    assert accepted in text
    assert "Traceback" not in text
    assert not was_active(passing)


def test_there_is_a_wrong_flag_for_every_setting() -> None:
    tried = {flag.partition("=")[0] for flag in WRONG}
    assert tried == {setting.flag for setting in SETTINGS if setting.has_ini_key} | {"--workers"}


@pytest.mark.parametrize("home", HOMES)
def test_settings_are_read_from_every_kind_of_ini_file(passing: Pytester, home: str) -> None:
    name, text = HOMES[home]
    passing.path.joinpath(name).write_text(text, encoding="utf-8")
    passing.makeconftest(SHOW_SETTINGS)
    result = passing.runpytest_subprocess()
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "workers: 0",
            "worker_spec: (*workers=1, spec='popen'*workers=2, spec='popen//nice=1'*)",
            "max_crashes: CrashLimit(number=7, per_worker=True)",
            "grace: 1.5",
            "silence: 0.0",
            "record: no-output",
            f"dir: {passing.path / 'runs'}",
            "keep: Keep(runs=3, size=1500000, *)",
            f"configfile: {name}*",
        ]
    )
    assert "PytestConfigWarning" not in result.stdout.str()


@pytest.mark.parametrize("home", HOMES)
def test_a_flag_beats_every_kind_of_ini_file(passing: Pytester, home: str) -> None:
    name, text = HOMES[home]
    passing.path.joinpath(name).write_text(text, encoding="utf-8")
    passing.makeconftest(SHOW_SETTINGS)
    result = passing.runpytest_subprocess(
        "-o",
        "orchestrate_silence=8",
        "--orchestrate-max-crashes=1",
        "--orchestrate-worker-spec=popen//nice=3",
        "--orchestrate-worker-spec=popen//nice=4",
        "--orchestrate-keep=runs = 9",
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "worker_spec: (*workers=1, spec='popen//nice=3'*workers=1, spec='popen//nice=4'*)",
            "max_crashes: CrashLimit(number=1, per_worker=True)",
            "grace: 1.5",
            "silence: 8.0",
            "keep: Keep(runs=9, size=1500000, *)",
        ]
    )
    assert "'popen//nice=3'" not in result.stdout.str().partition("nice=4")[2]


def wrong_homes() -> dict[str, tuple[str, str]]:
    homes = {
        "pytest.ini": ("pytest.ini", "[pytest]\norchestrate_{}"),
        "tox.ini": ("tox.ini", "[pytest]\norchestrate_{}"),
        "ini_options": ("pyproject.toml", "[tool.pytest.ini_options]\norchestrate_{}"),
    }
    if NATIVE_TOML:
        homes["native"] = ("pyproject.toml", "[tool.pytest]\norchestrate_{}")
    return homes


@pytest.mark.parametrize("home", wrong_homes())
def test_a_wrong_ini_value_names_key_file_value_and_what_is_accepted(
    passing: Pytester, home: str
) -> None:
    name, text = wrong_homes()[home]
    value = 'record = "of"' if name.endswith(".toml") else "record = of"
    passing.path.joinpath(name).write_text(text.format(value), encoding="utf-8")
    result = passing.runpytest_subprocess("-p", "orchestrate")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert (
        f"ERROR: orchestrate_record in {passing.path / name}: 'of' is not accepted. "
        "Accepted: on, no-output, off. Did you mean 'off'?"
    ) in result.stderr.str()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("workers = true", "rue"),
        ("workers = 1.5", "1.5"),
        ("workers = [2]", "2"),
        ("record = false", "alse"),
        ("keep = 'runs = 3'", "runs = 3"),
        ("keep = [3]", "3"),
    ],
)
@pytest.mark.parametrize("table", ["tool.pytest", "tool.pytest.ini_options"][not NATIVE_TOML :])
def test_a_value_of_a_wrong_type_is_a_usage_error_too(
    passing: Pytester, line: str, shown: str, table: str
) -> None:
    if line == "keep = 'runs = 3'" and table.endswith("ini_options"):
        line = "keep = 'runs'"
        shown = "runs"
    passing.makepyprojecttoml(f"[{table}]\norchestrate_{line}\n")
    result = passing.runpytest_subprocess("-p", "orchestrate")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = result.stderr.str()
    assert f"ERROR: orchestrate_{line.split(' ')[0]} in {passing.path / 'pyproject.toml'}: " in text
    assert shown in text
    assert "Accepted: " in text
    assert "Traceback" not in text


def test_merely_installed_the_plugin_imports_nothing_heavy_and_does_nothing(
    passing: Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Loaded as from its entry point, but without neighbours that import much themselves.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_orchestrate.plugin")
    passing.makeconftest(
        """
        import sys

        def pytest_unconfigure(config):
            ours = sorted(name for name in sys.modules if name.startswith("pytest_orchestrate"))
            print("ours:", *ours)
            heavy = ("execnet", "sqlite3", "psutil", "msgspec", "rich", "jinja2")
            print("heavy:", *(name for name in heavy if name in sys.modules), "END")
        """
    )
    result = passing.runpytest_subprocess("-s")
    result.assert_outcomes(passed=1)
    ours = ["hookspecs", "options", "plugin"]
    ours += [f"options.{name}" for name in ("activation", "choices", "markers")]
    ours += [f"options.{name}" for name in ("registering", "table")]
    expected = ("pytest_orchestrate", *(f"pytest_orchestrate.{name}" for name in sorted(ours)))
    result.stdout.fnmatch_lines([f"ours: {' '.join(expected)}", "heavy: END"])
    assert not was_active(passing)


def test_the_short_form_does_not_exist_where_the_plugin_was_not_asked_for(
    passing: Pytester,
) -> None:
    result = passing.runpytest_subprocess("--workers=2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unrecognized arguments: --workers=2*"])


def test_another_plugin_may_have_the_short_form_where_ours_was_not_asked_for(
    passing: Pytester,
) -> None:
    passing.makepyfile(
        crowd="""
        def pytest_addoption(parser):
            parser.addoption("--workers", action="store")
        """
    )
    passing.syspathinsert()
    result = passing.runpytest_subprocess("-p", "crowd", "--workers=many")
    result.assert_outcomes(passed=1)
    assert not was_active(passing)


@pytest.mark.parametrize(
    "order", [("otherplug", "orchestrate"), ("orchestrate", "otherplug")], ids=" ".join
)
def test_another_plugin_keeps_its_flag_of_the_name_of_the_short_form(
    passing: Pytester, order: tuple[str, str]
) -> None:
    passing.makepyfile(
        otherplug="""
        def pytest_addoption(parser):
            parser.addoption("--workers", dest="other")

        def pytest_report_header(config):
            return f"other = {config.option.other}"
        """
    )
    passing.syspathinsert()
    plugins = [word for name in order for word in ("-p", name)]
    ran = passing.runpytest_subprocess(*plugins, "--workers", "7", "--orchestrate-workers=0")
    assert ran.ret == 0
    ran.stdout.fnmatch_lines_random(["other = 7", "orchestrate: *0 workers asked for*"])


def test_a_conftest_keeps_its_flag_of_the_name_of_the_short_form(passing: Pytester) -> None:
    passing.makeconftest(
        """
        def pytest_addoption(parser):
            parser.addoption("--workers", dest="other")

        def pytest_report_header(config):
            return f"other = {config.getoption('--workers')}"
        """
    )
    arguments = ("-p", "orchestrate", "--orchestrate-workers=1", "--orchestrate-start=spawn")
    ran = passing.runpytest_subprocess(*arguments, "--workers", "7")
    ran.assert_outcomes(passed=1)
    ran.stdout.fnmatch_lines_random(["other = 7", "orchestrate: 1 worker *"])


def ask_by_addopts(pytester: Pytester) -> None:
    pytester.makeini("[pytest]\naddopts = -p orchestrate --workers=0")


def ask_by_ini_key(pytester: Pytester) -> None:
    pytester.makeini("[pytest]\norchestrate = true\naddopts = --workers=0")


def ask_by_toml_key(pytester: Pytester) -> None:
    table = "tool.pytest" if NATIVE_TOML else "tool.pytest.ini_options"
    pytester.makepyprojecttoml(f"[{table}]\norchestrate = true\norchestrate_workers = 0\n")


def ask_by_toml_text(pytester: Pytester) -> None:
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\norchestrate = 'yes'\n")


@pytest.mark.parametrize("ask", [ask_by_addopts, ask_by_ini_key, ask_by_toml_key, ask_by_toml_text])
def test_the_ini_file_can_ask_for_the_plugin(
    passing: Pytester, ask: Callable[[Pytester], None]
) -> None:
    ask(passing)
    passing.runpytest_subprocess().assert_outcomes(passed=1)
    assert was_active(passing)


@pytest.mark.parametrize(
    "arguments",
    [
        ("-p", "orchestrate"),
        ("-porchestrate", "--workers", "0"),
        ("--orchestrate-workers=0",),
        ("-o", "orchestrate=true", "--workers=0"),
    ],
    ids=" ".join,
)
def test_the_command_line_can_ask_for_the_plugin(
    passing: Pytester, arguments: tuple[str, ...]
) -> None:
    passing.runpytest_subprocess(*arguments).assert_outcomes(passed=1)
    assert was_active(passing)


def test_pytest_addopts_can_ask_for_the_plugin(
    passing: Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p orchestrate --workers=0")
    passing.runpytest_subprocess().assert_outcomes(passed=1)
    assert was_active(passing)


@pytest.mark.parametrize("name", ["orchestrate", "pytest_orchestrate.plugin"])
def test_the_plugin_can_be_asked_for_where_no_plugin_is_loaded_by_itself(
    passing: Pytester, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    passing.runpytest_subprocess("-p", name, "--workers=0").assert_outcomes(passed=1)
    assert was_active(passing)


@pytest.mark.parametrize("ask", ["addopts = -p orchestrate", "orchestrate = true"])
def test_no_orchestrate_switches_the_plugin_off(passing: Pytester, ask: str) -> None:
    passing.makeini(f"[pytest]\n{ask}\n")
    passing.runpytest_subprocess("-p", "no:orchestrate").assert_outcomes(passed=1)
    assert not was_active(passing)


def test_the_ini_key_can_say_no(passing: Pytester) -> None:
    passing.makeini("[pytest]\norchestrate = off\n")
    passing.runpytest_subprocess().assert_outcomes(passed=1)
    assert not was_active(passing)


def test_the_ini_key_can_be_overridden(passing: Pytester) -> None:
    passing.makeini("[pytest]\norchestrate = true\n")
    passing.runpytest_subprocess("-o", "orchestrate=false").assert_outcomes(passed=1)
    assert not was_active(passing)


def test_a_wrong_activation_key_is_a_usage_error(passing: Pytester) -> None:
    passing.makeini("[pytest]\norchestrate = maybe\n")
    result = passing.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    file = passing.path / "tox.ini"
    assert (
        f"ERROR: orchestrate in {file}: 'maybe' is not accepted. Accepted: true or false."
    ) in result.stderr.str()
