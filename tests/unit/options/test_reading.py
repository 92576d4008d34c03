from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_orchestrate.options import SETTINGS, Options, read
from pytest_orchestrate.options.values import CrashLimit, Keep, WorkerSpec


def config_with(
    *,
    flags: dict[str, Any] | None = None,
    ini: dict[str, Any] | None = None,
    arguments: Sequence[str] = (),
    overrides: Sequence[str] = (),
) -> pytest.Config:
    """What is asked of a configuration, with these flags and this ini file."""
    values: dict[str, Any] = {"addopts": [], **(ini or {})}
    config = SimpleNamespace(
        known_args_namespace=argparse.Namespace(override_ini=list(overrides), **(flags or {})),
        invocation_params=SimpleNamespace(args=tuple(arguments), plugins=None),
        rootpath=Path("/root"),
        inipath=Path("/root/pytest.ini") if ini else None,
        getini=values.get,
        stash=pytest.Stash(),
    )
    return cast("pytest.Config", config)


def refusal(config: pytest.Config) -> str:
    with pytest.raises(pytest.UsageError) as caught:
        read(config)
    return str(caught.value)


VARIABLES = next(tuple(each.default) for each in SETTINGS if each.name == "report_environment")


@pytest.fixture(autouse=True)
def no_addopts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


def test_every_setting_that_is_no_action_is_a_field_of_the_options() -> None:
    names = [setting.name for setting in SETTINGS if setting.has_ini_key]
    assert list(Options.__struct_fields__) == names


def test_without_flags_and_ini_file_the_defaults_hold() -> None:
    assert read(config_with()) == Options(
        workers="auto",
        max_workers=0,
        worker_spec=(),
        start="auto",
        preload=(),
        collect="auto",
        max_crashes=CrashLimit(4),
        grace=5.0,
        silence=60.0,
        live="auto",
        failures="end",
        record="on",
        report=(),
        report_environment=VARIABLES,
        ci="auto",
        dir=Path("/root/.pytest_orchestrate"),
        keep=Keep(runs=20, size=200_000_000),
        artifacts="on-failure",
        resources={},
        priorities={},
        order="fastest",
        keep_together="off",
        run_on="one",
        stop_on="nothing",
        on_blocked="skip",
        missing="select",
        markers={},
    )


def test_the_flag_beats_the_ini_key_which_beats_the_default() -> None:
    options = read(
        config_with(
            flags={"orchestrate_workers": "2"},
            ini={"orchestrate_workers": "3", "orchestrate_grace": "9"},
        )
    )
    assert (options.workers, options.grace, options.silence) == (2, 9.0, 60.0)


def test_numbers_of_a_typed_ini_file_are_read_like_text() -> None:
    options = read(
        config_with(
            ini={"orchestrate_workers": 3, "orchestrate_grace": 0.5, "orchestrate_silence": 0}
        )
    )
    assert (options.workers, options.grace, options.silence) == (3, 0.5, 0.0)


def test_worker_specs_of_the_flag_replace_those_of_the_ini_file() -> None:
    ini = {"orchestrate_worker_spec": ["popen", "2*popen//nice=1"]}
    options = read(config_with(ini=ini))
    assert options.worker_spec == (WorkerSpec(1, "popen"), WorkerSpec(2, "popen//nice=1"))
    assert options.spec_workers == 3
    flags = {"orchestrate_worker_spec": ["popen//nice=2"]}
    assert read(config_with(ini=ini, flags=flags)).worker_spec == (WorkerSpec(1, "popen//nice=2"),)


def test_a_line_of_the_flag_overrides_that_line_alone() -> None:
    ini = {"orchestrate_keep": ["runs = 3", "size = 1MB"]}
    flags = {"orchestrate_keep": ["runs = 9"]}
    assert read(config_with(ini=ini, flags=flags)).keep == Keep(9, 1_000_000)


def test_an_absolute_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    assert read(config_with(flags={"orchestrate_dir": str(tmp_path)})).dir == tmp_path


def test_a_wrong_flag_is_named_as_the_flag() -> None:
    message = refusal(config_with(flags={"orchestrate_record": "of"}))
    assert message == (
        "--orchestrate-record: 'of' is not accepted. Accepted: on, no-output, off. "
        "Did you mean 'off'?"
    )


@pytest.mark.parametrize("arguments", [("--workers=x",), ("--workers", "x"), ("-q", "--workers=x")])
def test_a_wrong_short_flag_is_named_in_its_short_form(arguments: Sequence[str]) -> None:
    config = config_with(flags={"orchestrate_workers": "x"}, arguments=arguments)
    assert refusal(config).startswith("--workers: 'x' is not accepted")


def test_the_short_form_is_recognised_in_addopts(monkeypatch: pytest.MonkeyPatch) -> None:
    flags = {"orchestrate_workers": "x"}
    ini = {"addopts": ["--workers=x"]}
    assert refusal(config_with(flags=flags, ini=ini)).startswith("--workers: ")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-v --workers=x")
    assert refusal(config_with(flags=flags)).startswith("--workers: ")


def test_a_wrong_ini_value_is_named_with_its_key_and_file() -> None:
    message = refusal(config_with(ini={"orchestrate_max_workers": "few"}))
    assert message.startswith(f"orchestrate_max_workers in {Path('/root/pytest.ini')}: 'few' is")
    assert message.endswith("or 0 for no limit.")


def test_a_wrong_override_is_named_as_the_override() -> None:
    config = config_with(
        ini={"orchestrate_grace": "soon"}, overrides=["xfail_strict=1", "orchestrate_grace=soon"]
    )
    assert refusal(config).startswith("-o orchestrate_grace: 'soon' is not accepted")


def test_a_truth_value_of_a_typed_ini_file_is_shown_as_written_there() -> None:
    assert "'false' is not accepted" in refusal(config_with(ini={"orchestrate_record": False}))


def test_a_list_where_text_is_expected_is_refused() -> None:
    assert "\"['on']\" is not accepted" in refusal(config_with(ini={"orchestrate_record": ["on"]}))


def test_what_the_ini_file_cannot_hold_is_refused_with_what_is_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def getini(key: str) -> object:
        if key == "orchestrate_keep":
            raise TypeError("expects a list")
        return None

    config = config_with(ini={"orchestrate_keep": "x"})
    monkeypatch.setattr(config, "getini", getini)
    message = refusal(config)
    assert message.startswith(f"orchestrate_keep in {Path('/root/pytest.ini')}: expects a list.")
    assert message.endswith(
        "Accepted: " + next(s.accepted for s in SETTINGS if s.name == "keep") + "."
    )
