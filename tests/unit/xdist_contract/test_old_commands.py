from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_orchestrate.options import may_hold_old_flags
from pytest_orchestrate.xdist_contract import old_commands
from pytest_orchestrate.xdist_contract.old_commands import given_to, notes, translate
from pytest_orchestrate.xdist_contract.old_flags import Given, find


def translated(
    *arguments: str, warn: Any = None, **ours: str | None
) -> tuple[argparse.Namespace, pytest.Config, Given]:
    """The settings that arguments of pytest-xdist amount to, beside flags of ours."""
    known = argparse.Namespace(file_or_dir=["4", "tests"])
    names = ["workers", "max_workers", "max_crashes", "keep_together", "run_on", "order"]
    names += ["worker_spec"]
    for name in names:
        setattr(known, f"orchestrate_{name}", ours.get(name))
    parser: Any = SimpleNamespace(
        parse_known_args=lambda rest, namespace: argparse.Namespace(
            file_or_dir=[word for word in rest if not word.startswith("-")]
        )
    )
    config: Any = SimpleNamespace(
        known_args_namespace=known,
        option=argparse.Namespace(),
        stash=pytest.Stash(),
        invocation_params=SimpleNamespace(args=arguments, dir=Path.cwd()),
        getini=lambda _: [],
        inipath=None,
        issue_config_time_warning=warn,
        pluginmanager=SimpleNamespace(is_registered=lambda _: False),
    )
    given = find(arguments)
    translate(cast("pytest.Config", config), parser, given)
    return known, config, given


def refusal(*arguments: str, **ours: str) -> str:
    with pytest.raises(pytest.UsageError) as caught:
        translated(*arguments, **ours)
    return str(caught.value)


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(old_commands.AUTO_VARIABLE, raising=False)


@pytest.mark.parametrize(
    "arguments",
    [["-n", "4"], ["-n4"], ["-n=4"], ["--numprocesses", "4"], ["--numprocesses=4"]],
    ids=" ".join,
)
def test_each_way_to_write_a_flag_is_found_and_the_rest_is_left(arguments: list[str]) -> None:
    given = find(["-x", *arguments, "tests", "-k", "a"])
    assert [value for _, value in given.values["numprocesses"]] == ["4"]
    assert given.rest == ["-x", "tests", "-k", "a"]
    assert may_hold_old_flags(arguments)


def test_what_stands_behind_two_hyphens_is_no_flag() -> None:
    assert find(["--", "-n", "4"]) == Given({}, ["--", "-n", "4"])


def test_arguments_of_an_ordinary_run_are_not_looked_at() -> None:
    assert not may_hold_old_flags(["-vx", "--tb=short", "--no-header", "tests", "-k", "not n"])


def test_values_of_flags_are_no_paths() -> None:
    known, _, _ = translated("-n", "4", "tests")
    assert known.file_or_dir == ["tests"]


@pytest.mark.parametrize(
    ("given", "workers"), [("4", "4"), ("0", "0"), ("auto", "auto"), ("logical", "auto")]
)
def test_the_number_of_processes_is_that_of_workers(given: str, workers: str) -> None:
    assert translated("-n", given)[0].orchestrate_workers == workers


def test_the_last_number_counts() -> None:
    assert translated("-n", "4", "-n0")[0].orchestrate_workers == "0"


def test_the_variable_says_what_auto_is_and_only_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(old_commands.AUTO_VARIABLE, "3")
    assert translated("-n", "auto")[0].orchestrate_workers == "3"
    assert translated("-n", "2")[0].orchestrate_workers == "2"


@pytest.mark.parametrize(
    ("mode", "together"),
    [
        *(("load", None), ("worksteal", None), ("no", None)),
        *(("loadfile", "file"), ("loadscope", "class"), ("loadgroup", "group")),
    ],
)
def test_a_way_to_distribute_says_what_stays_together(mode: str, together: str | None) -> None:
    assert translated("-n2", "--dist", mode)[0].orchestrate_keep_together == together


def test_specifications_are_ours_unless_a_number_goes_before_them() -> None:
    known, _, _ = translated("-d", "--tx", "2*popen", "--tx=ssh=me@there")
    assert known.orchestrate_worker_spec == ["2*popen", "ssh=me@there"]
    assert known.orchestrate_workers == "auto"
    known, config, _ = translated("--dist=load", "--tx", "2*popen", "-n", "3")
    assert (known.orchestrate_worker_spec, known.orchestrate_workers) == (None, "3")
    assert "--tx has no effect" in str(notes(config))


def test_a_note_names_what_each_flag_is_called_here() -> None:
    _, config, _ = translated(
        *("-n", "auto", "--maxprocesses=3", "--max-worker-restart", "0", "--dist=loadfile"),
        "--maxschedchunk=1",
    )
    assert notes(config) == (
        "orchestrate: -n auto is --workers=auto; "
        "--maxprocesses=3 is --orchestrate-max-workers=3; "
        '--max-worker-restart=0 is --orchestrate-max-crashes="0 in all"; '
        "--dist=loadfile is --orchestrate-keep-together=file; "
        "--maxschedchunk has no effect (durations say how much is sent ahead)"
    )


@pytest.mark.parametrize(
    ("arguments", "asks"),
    [
        (["-n2"], True),
        (["-n", "auto"], True),
        (["-n0"], False),
        (["-n0", "--dist=load", "--tx=popen"], False),
        (["--dist=load"], False),
        (["--tx=popen"], False),
        (["--tx=popen", "--dist=no"], False),
        (["--tx=popen", "-d"], True),
        (["--tx", "mine", "--dist=load"], False),
    ],
)
def test_workers_are_asked_for_by_what_pytest_xdist_would_start_some_for(
    arguments: list[str], asks: bool
) -> None:
    assert find(arguments).asks_to_distribute is asks


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["-n", "many"], "-n: 'many' is not accepted. Accepted: a number of workers, auto or"),
        (["-n"], "-n: '' is not accepted"),
        (["--maxprocesses=x"], "--maxprocesses: 'x' is not accepted. Accepted: a whole number"),
        (["-d", "--tx=2*poepn"], "--tx: '2*poepn' is not accepted: execnet knows no key 'poepn'"),
    ],
)
def test_what_cannot_be_done_is_refused(arguments: list[str], why: str) -> None:
    assert refusal(*arguments).startswith(why)


@pytest.mark.parametrize(
    ("arguments", "ours"),
    [
        (["-n2"], {"workers": "2"}),
        (["-n2", "--dist=loadfile"], {"keep_together": "file"}),
        (["-d", "--tx=popen"], {"worker_spec": "popen"}),
    ],
)
def test_a_flag_of_ours_beside_it_is_one_too_many(
    arguments: list[str], ours: dict[str, str]
) -> None:
    assert refusal(*arguments, **ours).endswith("say the same: leave one of them out")


def test_it_is_said_where_the_flags_are_that_say_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x --workers=2")
    known = argparse.Namespace(file_or_dir=[], orchestrate_workers="2")
    config: Any = SimpleNamespace(
        known_args_namespace=known,
        option=argparse.Namespace(),
        stash=pytest.Stash(),
        invocation_params=SimpleNamespace(args=["tests"], dir=tmp_path),
        getini=lambda _: ["-n4"],
        inipath=tmp_path / "tox.ini",
        pluginmanager=SimpleNamespace(is_registered=lambda _: False),
    )
    parser: Any = SimpleNamespace(parse_known_args=lambda *_, **__: known)
    with pytest.raises(pytest.UsageError) as caught:
        translate(config, parser, find(["-n4", "-x", "--workers=2", "tests"]))
    assert str(caught.value) == (
        f"-n (addopts in {tmp_path}/tox.ini) and --workers (PYTEST_ADDOPTS) say the same: "
        "leave one of them out (-n on the command line goes before that)"
    )


@pytest.mark.parametrize("value", ["many", "-1", "1.5"])
def test_a_variable_that_is_no_number_is_ignored_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(old_commands.AUTO_VARIABLE, value)
    heard: list[str] = []

    def issue_config_time_warning(warning: Warning, stacklevel: int) -> None:
        heard.append(str(warning))
        assert stacklevel

    known, _, _ = translated("-n", "auto", warn=issue_config_time_warning)
    assert known.orchestrate_workers == "auto"
    assert heard == [f"PYTEST_XDIST_AUTO_NUM_WORKERS is not a number: {value!r}. Ignoring it."]


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (["-n2", "--px=id=p//ssh=h"], "--px has no effect (no worker is started through it)"),
        (["-n2", "--rsyncdir", "src"], "--rsyncdir has no effect (workers on this machine need no"),
        (["-n2", "--tx=ssh=h"], "--tx has no effect (-n goes before it)"),
        (["-n2", "--loadscope-reorder"], "has no effect (there is no --dist=loadscope)"),
        (["-n2", "--dist=loadfile", "--loadscope-reorder"], "is begun first anyway"),
        (
            ["-n2", "--dist=loadscope", "--loadscope-reorder", "--no-loadscope-reorder"],
            "--no-loadscope-reorder is --orchestrate-order=declared",
        ),
    ],
)
def test_what_has_no_effect_says_why(arguments: list[str], note: str) -> None:
    assert note in str(notes(translated(*arguments)[1]))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["-d", "--tx=popen//via=p", "--px=id=p//ssh=h"], "--px: pytest-orchestrate starts no"),
        (["-d", "--tx=2*ssh=h", "--rsyncdir=src"], "--rsyncdir: pytest-orchestrate copies nothing"),
        (["-d", "--tx=popen//chdir=x", "--rsyncignore=*.o"], "--rsyncignore: pytest-orchestrate"),
        (["-f"], "-f (--looponfail) is a loop of pytest-xdist"),
    ],
)
def test_what_is_not_there_is_refused(arguments: list[str], why: str) -> None:
    assert refusal(*arguments).startswith(why)


class TestOthersFlags:
    """A plugin or a conftest may have a flag of the same name."""

    @staticmethod
    def found(
        folder: Path, *arguments: str, taken: tuple[str, ...] = (), noconftest: bool = False
    ) -> Given:
        config: Any = SimpleNamespace(
            known_args_namespace=SimpleNamespace(noconftest=noconftest),
            invocation_params=SimpleNamespace(args=arguments, dir=folder),
            rootpath=folder,
            getini=lambda _: [],
            pluginmanager=SimpleNamespace(is_registered=lambda _: False),
        )
        parser: Any = SimpleNamespace(
            parse_known_and_unknown_args=lambda flags: (
                None,
                [flag for flag in flags if flag not in taken],
            )
        )
        return given_to(config, parser, list(arguments))

    def test_that_of_a_plugin_is_left_to_it(self, tmp_path: Path) -> None:
        given = self.found(tmp_path, "--numprocesses=4", "--dist=x", taken=("--numprocesses",))
        assert set(given.values) == {"dist"}
        assert given.rest == ["--numprocesses=4"]

    @pytest.mark.parametrize("place", ["conftest.py", "tests/conftest.py"])
    def test_that_of_a_conftest_is_left_to_it(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "tests").mkdir()
        (tmp_path / place).write_text("def pytest_addoption(parser):\n    add('--numprocesses')")
        given = self.found(tmp_path, "--numprocesses", "4", "-n", "2")
        assert given.values == {"numprocesses": [("-n", "2")]}
        assert given.rest == ["--numprocesses", "4"]

    def test_that_of_a_conftest_elsewhere_does_not_matter(self, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        (tmp_path / "other/conftest.py").write_text("add('--numprocesses')")
        assert self.found(tmp_path, "--numprocesses=4").asks_to_distribute

    def test_that_of_a_conftest_that_is_not_loaded_does_not_matter(self, tmp_path: Path) -> None:
        (tmp_path / "conftest.py").write_text("add('--numprocesses')")
        assert self.found(tmp_path, "--numprocesses=4", noconftest=True).asks_to_distribute

    def test_one_that_a_conftest_only_asks_for_is_ours(self, tmp_path: Path) -> None:
        (tmp_path / "conftest.py").write_text("number = getoption('--numprocesses')")
        assert self.found(tmp_path, "--numprocesses=4").asks_to_distribute
