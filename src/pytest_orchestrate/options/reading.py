"""Reading the settings of a run: the flag beats the ini key, which beats the default."""

from __future__ import annotations

import argparse
import os
import shlex
import warnings
from pathlib import Path
from typing import Literal, cast, get_args

import msgspec
import pytest

from pytest_orchestrate.errors import SettingError
from pytest_orchestrate.options.choices import (
    Collect,
    Failures,
    KeepArtifacts,
    KeepTogether,
    Live,
    Missing,
    OnBlocked,
    Order,
    Record,
    RunOn,
    Start,
    StopOn,
    TellCI,
)
from pytest_orchestrate.options.destinations import (
    Destination,
    parse_destinations,
    parse_variables,
)
from pytest_orchestrate.options.markers import FOREIGN_READ, MARKERS
from pytest_orchestrate.options.paths import parse_path
from pytest_orchestrate.options.table import ACTIVATION, SETTINGS, Kind, Setting
from pytest_orchestrate.options.values import (
    Capacity,
    CrashLimit,
    Keep,
    Place,
    WorkerSpec,
    parse_choice,
    parse_count,
    parse_crash_limit,
    parse_keep,
    parse_markers,
    parse_modules,
    parse_priorities,
    parse_resources,
    parse_seconds,
    parse_switch,
    parse_worker_specs,
    parse_workers,
)


class Options(msgspec.Struct, frozen=True):
    """The settings of one run. Fields have the names of the settings."""

    workers: int | Literal["auto"]
    #: 0: no limit.
    max_workers: int
    worker_spec: tuple[WorkerSpec, ...]
    start: Start
    #: Names of modules.
    preload: tuple[str, ...]
    collect: Collect
    #: Resource -> how much there is. Empty: 1 of each.
    resources: dict[str, Capacity]
    #: Mark -> priority.
    priorities: dict[str, int]
    order: Order
    keep_together: KeepTogether
    run_on: RunOn
    stop_on: StopOn
    on_blocked: OnBlocked
    missing: Missing
    #: Marker -> its name here, or ``off``.
    markers: dict[str, str]
    max_crashes: CrashLimit
    #: Seconds.
    grace: float
    #: Seconds; 0 is never.
    silence: float
    live: Live
    failures: Failures
    record: Record
    #: With absolute paths.
    report: tuple[Destination, ...]
    #: Names of variables.
    report_environment: tuple[str, ...]
    ci: TellCI
    #: Absolute.
    dir: Path
    keep: Keep
    artifacts: KeepArtifacts

    @property
    def spec_workers(self) -> int:
        """How many workers the specifications ask for; 0 without any."""
        return sum(spec.workers for spec in self.worker_spec)


#: What pytest had parsed, and what was read then.
_read_key = pytest.StashKey[tuple[argparse.Namespace, Options]]()


def read_activation(config: pytest.Config) -> bool:
    """The ini key that switches the plugin on, which was found to be set.

    :raises pytest.UsageError: it is neither true nor false.
    """
    place = Place(_ini_name(config, ACTIVATION), "true or false")
    try:
        return parse_switch(place, _as_text(_ini_value(config, "switch", ACTIVATION, place)))
    except SettingError as error:
        raise pytest.UsageError(str(error)) from None


def read_options(config: pytest.Config) -> Options:
    """The settings of this run; read anew once pytest has parsed its arguments anew.

    :raises pytest.UsageError: a value is not accepted; the message names the setting as the
        user wrote it, the value, and what is accepted.
    """
    given = config.known_args_namespace
    known = config.stash.get(_read_key, None)
    if known is None or known[0] is not given:
        known = config.stash[_read_key] = (given, _read(config))
    return known[1]


def _read(config: pytest.Config) -> Options:
    try:
        written = {
            setting.name: _written(config, setting) for setting in SETTINGS if setting.has_ini_key
        }
        return _options(config, written)
    except SettingError as error:
        raise pytest.UsageError(str(error)) from None


def written_settings(config: pytest.Config) -> dict[str, str]:
    """The settings that are not at their default: key -> value as one would write it."""
    found = {}
    for setting in SETTINGS:
        if setting.has_ini_key:
            written = _written(config, setting)
            default, chosen = written[0][1], written[-1][1]
            if chosen != default:
                found[setting.key] = "\n".join(chosen)
    return found


#: Texts of one setting with the places where they stand, the weakest first.
_Written = list[tuple[Place, tuple[str, ...]]]


def _options(config: pytest.Config, written: dict[str, _Written]) -> Options:
    def last(name: str) -> tuple[Place, str]:
        place, texts = written[name][-1]
        return place, texts[0]

    return Options(
        workers=parse_workers(*last("workers")),
        max_workers=parse_count(*last("max_workers")),
        worker_spec=parse_worker_specs(*written["worker_spec"][-1]),
        max_crashes=parse_crash_limit(*last("max_crashes")),
        grace=parse_seconds(*last("grace"), zero=False),
        silence=parse_seconds(*last("silence"), zero=True),
        live=cast("Live", parse_choice(*last("live"), get_args(Live))),
        failures=cast("Failures", parse_choice(*last("failures"), get_args(Failures))),
        record=cast("Record", parse_choice(*last("record"), get_args(Record))),
        collect=cast("Collect", parse_choice(*last("collect"), get_args(Collect))),
        start=cast("Start", parse_choice(*last("start"), get_args(Start))),
        preload=parse_modules(*last("preload")),
        report=parse_destinations(*written["report"][-1], config.rootpath),
        report_environment=parse_variables(*written["report_environment"][-1]),
        ci=cast("TellCI", parse_choice(*last("ci"), get_args(TellCI))),
        dir=config.rootpath / parse_path(*last("dir")),
        keep=parse_keep(written["keep"]),
        artifacts=cast("KeepArtifacts", parse_choice(*last("artifacts"), get_args(KeepArtifacts))),
        resources=parse_resources(*written["resources"][-1]),
        priorities=parse_priorities(*written["priorities"][-1]),
        keep_together=cast(
            "KeepTogether", parse_choice(*last("keep_together"), get_args(KeepTogether))
        ),
        order=cast("Order", parse_choice(*last("order"), get_args(Order))),
        run_on=cast("RunOn", parse_choice(*last("run_on"), get_args(RunOn))),
        stop_on=cast("StopOn", parse_choice(*last("stop_on"), get_args(StopOn))),
        on_blocked=cast("OnBlocked", parse_choice(*last("on_blocked"), get_args(OnBlocked))),
        missing=cast("Missing", parse_choice(*last("missing"), get_args(Missing))),
        markers=parse_markers(*written["markers"][-1], known=(*MARKERS, *FOREIGN_READ)),
    )


def _written(config: pytest.Config, setting: Setting) -> _Written:
    """What is written of a setting: its default, the ini file's text, the flag's."""
    default = (setting.default,) if isinstance(setting.default, str) else setting.default
    found: _Written = [(Place(f"the default of {setting.key}", setting.accepted), default)]
    place = Place(_ini_name(config, setting.key), setting.accepted)
    value = _ini_value(config, setting.kind, setting.key, place)
    if value is not None:
        found.append((place, _texts(place, setting, value)))
    # Before pytest_configure only the early parse knows the flags.
    flag = getattr(config.known_args_namespace, setting.key, None)
    if flag is not None:
        place = Place(_flag_name(config, setting), setting.accepted)
        found.append((place, tuple(flag) if setting.repeatable else (flag,)))
    return found


def _texts(place: Place, setting: Setting, value: object) -> tuple[str, ...]:
    if isinstance(value, list) != setting.repeatable:
        raise place.refusal(_as_text(value))
    items = value if isinstance(value, list) else [value]
    # In [tool.pytest.ini_options] the items of a list keep their types.
    return tuple(_as_text(item) for item in items)


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ini_value(config: pytest.Config, kind: Kind, key: str, place: Place) -> object:
    """What the ini file has for a key, or None.

    :raises SettingError: it is of a type that cannot be meant.
    """
    # pytest 9.2 warns about a list where text is expected, which is refused here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return cast("object", config.getini(key))
        except (TypeError, ValueError, pytest.UsageError) as error:
            if (9, 0) <= pytest.version_tuple < (9, 2) and kind not in ("text", "list"):
                # Native TOML, but no union types yet.
                raw = getattr(config, "inicfg", {}).get(key)
                if isinstance(raw, bool | int | float):
                    return raw
            text = f"{place.setting}: {error}. Accepted: {place.accepted}."
            raise SettingError(text) from None


def _ini_name(config: pytest.Config, key: str) -> str:
    overrides = getattr(config.known_args_namespace, "override_ini", None) or ()
    if any(override.partition("=")[0].strip() == key for override in overrides):
        return f"-o {key}"
    return f"{key} in {config.inipath}" if config.inipath else key


def _flag_name(config: pytest.Config, setting: Setting) -> str:
    """The flag as the user wrote it: in full, or in its short form."""
    arguments = [*config.invocation_params.args, *config.getini("addopts")]
    arguments += shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    short = setting.short
    if short and any(arg == short or arg.startswith(short + "=") for arg in map(str, arguments)):
        return short
    return setting.flag
