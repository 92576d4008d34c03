from __future__ import annotations

import string
from fractions import Fraction

import pytest
from execnet.xspec import XSpec
from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.errors import SettingError
from pytest_orchestrate.options.values import (
    SIZE_UNITS,
    SPEC_KEYS,
    Capacity,
    CrashLimit,
    Keep,
    Line,
    Place,
    WorkerSpec,
    parse_choice,
    parse_count,
    parse_crash_limit,
    parse_keep,
    parse_lines,
    parse_resources,
    parse_seconds,
    parse_size,
    parse_switch,
    parse_worker_specs,
    parse_workers,
)

HERE = Place("--orchestrate-thing", "this or that")

# No quotation marks, which have a meaning, and nothing that ends a word or the name.
WORDS = st.text(string.ascii_letters + string.digits + "._-:/[]*\\#%", min_size=1)


def test_a_refusal_names_setting_value_reason_what_is_accepted_and_the_close_match() -> None:
    assert str(HERE.refusal("thsi", "it is not a word", ("this", "that"))) == (
        "--orchestrate-thing: 'thsi' is not accepted: it is not a word. "
        "Accepted: this or that. Did you mean 'this'?"
    )


def test_a_refusal_suggests_nothing_where_nothing_is_close() -> None:
    assert str(HERE.refusal("zzz", known=("this",))) == (
        "--orchestrate-thing: 'zzz' is not accepted. Accepted: this or that."
    )


@pytest.mark.parametrize(
    ("text", "value"), [("auto", "auto"), ("AUTO ", "auto"), ("0", 0), (" 12 ", 12)]
)
def test_workers_are_a_number_or_auto(text: str, value: object) -> None:
    assert parse_workers(HERE, text) == value


@pytest.mark.parametrize("text", ["", "-1", "1.5", "two", "1_0", "²", "true"])
def test_other_workers_are_refused(text: str) -> None:
    with pytest.raises(SettingError, match="it is not a whole number from 0 on"):
        parse_workers(HERE, text)


def test_a_mistyped_auto_is_recognised() -> None:
    with pytest.raises(SettingError, match="Did you mean 'auto'"):
        parse_workers(HERE, "atuo")


@given(st.integers(0))
def test_a_count_is_read_back(number: int) -> None:
    assert parse_count(HERE, str(number)) == number


@given(st.floats(0, allow_infinity=False, exclude_min=True))
def test_seconds_are_read_back(seconds: float) -> None:
    assert parse_seconds(HERE, repr(seconds), zero=False) == seconds


def test_zero_seconds_are_accepted_only_where_they_have_a_meaning() -> None:
    assert parse_seconds(HERE, "0", zero=True) == 0
    with pytest.raises(SettingError):
        parse_seconds(HERE, "0", zero=False)


@pytest.mark.parametrize("text", ["", "-1", "nan", "inf", "5s"])
def test_other_seconds_are_refused(text: str) -> None:
    with pytest.raises(SettingError, match="--orchestrate-thing"):
        parse_seconds(HERE, text, zero=True)


def test_a_choice_is_one_of_the_choices() -> None:
    assert parse_choice(HERE, "no-output", ("on", "no-output")) == "no-output"
    with pytest.raises(SettingError, match="Did you mean 'no-output'"):
        parse_choice(HERE, "nooutput", ("on", "no-output"))


@pytest.mark.parametrize(("text", "value"), [("true", True), (" Yes", True), ("0", False)])
def test_a_switch_takes_the_words_that_pytest_takes(text: str, value: bool) -> None:
    assert parse_switch(HERE, text) is value


def test_a_switch_refuses_other_words() -> None:
    with pytest.raises(SettingError, match=r"'ture' .* Did you mean 'true'"):
        parse_switch(HERE, "ture")


@given(st.integers(1, 10**20), st.sampled_from(sorted(SIZE_UNITS)), st.booleans(), st.booleans())
def test_a_size_is_read_back(number: int, unit: str, upper: bool, space: bool) -> None:
    text = f"{number}{' ' if space else ''}{unit.upper() if upper else unit}"
    assert parse_size(HERE, text) == number * SIZE_UNITS[unit]


@given(st.decimals(1, 10**12, places=6), st.sampled_from(["kB", "MB", "GB", "TB", "MiB"]))
def test_a_fraction_of_a_unit_is_rounded_down_to_bytes(number: object, unit: str) -> None:
    assert parse_size(HERE, f"{number}{unit}") == int(
        Fraction(str(number)) * SIZE_UNITS[unit.lower()]
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("200", "no unit"),
        ("", "no unit"),
        ("200MX", "'mx' is not a unit"),
        ("MB", "'' is not a number"),
        ("1.MB", "'1.' is not a number"),
        ("-1MB", "'-1' is not a number"),
        ("1e3MB", "'1e3' is not a number"),
        ("0GB", "less than a byte"),
        ("0.0001kB", "less than a byte"),
    ],
)
def test_other_sizes_are_refused(text: str, why: str) -> None:
    with pytest.raises(SettingError, match=why):
        parse_size(HERE, text)


@given(st.lists(st.builds(Line, WORDS, WORDS, st.lists(WORDS, max_size=3).map(tuple))))
def test_lines_are_read_back(lines: list[Line]) -> None:
    texts = [" ".join([line.name, "=", line.value, *line.flags]) for line in lines]
    assert parse_lines(HERE, texts) == tuple(lines)
    assert parse_lines(HERE, [f"  {text}\t" for text in texts] + ["", " "]) == tuple(lines)


def test_spaces_around_the_equals_sign_may_be_left_out() -> None:
    assert parse_lines(HERE, ["runs=5"]) == (Line("runs", "5"),)


def test_only_the_first_equals_sign_ends_the_name() -> None:
    assert parse_lines(HERE, ["db = postgresql://h/?a=1 shared=no"]) == (
        Line("db", "postgresql://h/?a=1", ("shared=no",)),
    )


def test_a_value_in_quotes_may_hold_spaces() -> None:
    assert parse_lines(HERE, ["db = 'two words' \"and flag\""]) == (
        Line("db", "two words", ("and flag",)),
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("runs", "no '='"),
        ("= 5", "one word before the '='"),
        ("the runs = 5", "one word before the '='"),
        ("runs =", "no value after the '='"),
        ("runs = 'five", "quotation mark is not closed"),
    ],
)
def test_a_line_that_breaks_the_grammar_is_refused_with_setting_and_line(
    line: str, why: str
) -> None:
    with pytest.raises(SettingError) as caught:
        parse_lines(HERE, ["runs = 1", line])
    assert "--orchestrate-thing: " in str(caught.value)
    assert line in str(caught.value)
    assert why in str(caught.value)


def test_a_later_list_overrides_single_lines_of_an_earlier_one() -> None:
    default = (HERE, ("runs = 20", "size = 200MB"))
    assert parse_keep([default, (HERE, ("size = 1kB",))]) == Keep(20, 1000)
    assert parse_keep([default, (HERE, ("runs = 7",)), (HERE, ("runs = 8",))]) == Keep(8, 2 * 10**8)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("run = 5", "Did you mean 'runs'"),
        ("runs = 0", "'runs = 0' is not accepted: it is not a whole number from 1 on"),
        ("runs = many", "'runs = many'"),
        ("size = 200 MB", "'MB' is too much"),
        ("size = 200", "no unit"),
    ],
)
def test_a_wrong_line_of_what_is_kept_is_refused(line: str, why: str) -> None:
    with pytest.raises(SettingError, match=why):
        parse_keep([(HERE, ("runs = 20", "size = 200MB")), (HERE, (line,))])


def test_a_line_that_is_there_twice_is_refused() -> None:
    with pytest.raises(SettingError, match="'runs' is there twice"):
        parse_keep([(HERE, ("runs = 1", "runs = 2"))])


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("popen", WorkerSpec(1, "popen")),
        ("2*popen", WorkerSpec(2, "popen")),
        (" 3 * popen//python=python3.12 ", WorkerSpec(3, "popen//python=python3.12")),
        ("popen//env:GLOB=*.py", WorkerSpec(1, "popen//env:GLOB=*.py")),
        (
            "popen//env:EMPTY_IS_NOT=x=y//nice=-5",
            WorkerSpec(1, "popen//env:EMPTY_IS_NOT=x=y//nice=-5"),
        ),
        ("ssh=-p 2200 me@host//chdir=/tmp", WorkerSpec(1, "ssh=-p 2200 me@host//chdir=/tmp")),
        ("socket=host:8888//id=far", WorkerSpec(1, "socket=host:8888//id=far")),
        ("popen//dont_write_bytecode", WorkerSpec(1, "popen//dont_write_bytecode")),
    ],
)
def test_a_worker_spec_is_a_multiplier_and_a_specification_of_execnet(
    text: str, spec: WorkerSpec
) -> None:
    assert parse_worker_specs(HERE, [text]) == (spec,)


def test_empty_worker_specs_are_left_out() -> None:
    assert parse_worker_specs(HERE, ["", "popen", "  "]) == (WorkerSpec(1, "popen"),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0*popen", "multiplier '0'"),
        ("-1*popen", "multiplier '-1'"),
        ("x*popen", "multiplier 'x'"),
        ("*popen", "multiplier ''"),
        ("2*", "a key between '//' is empty"),
        ("popen//", "a key between '//' is empty"),
        ("popn", "no key 'popn'.*Did you mean 'popen'"),
        ("popen//pyhton=python3.12", "no key 'pyhton'.*Did you mean 'python'"),
        ("popen//env:=1", "no key 'env:'"),
        ("popen//nice=1//nice=2", "'nice' is there twice"),
        ("popen//nice=high", "'nice' is not a whole number"),
        ("popen//python", "'python' has no value"),
        ("popen//chdir=", "'chdir' has no value"),
        ("python=python3.12", "one of the keys popen, ssh, socket, vagrant_ssh is needed"),
        ("2*popen//id=one", "2 workers cannot have one id"),
    ],
)
def test_other_worker_specs_are_refused(text: str, why: str) -> None:
    with pytest.raises(SettingError, match=why) as caught:
        parse_worker_specs(HERE, ["popen", text])
    assert repr(text) in str(caught.value)


def test_every_key_that_execnet_declares_is_known() -> None:
    assert set(XSpec.__annotations__) == set(SPEC_KEYS)


def test_resources_are_capacities_and_some_are_the_machines() -> None:
    lines = ["db = 1 host", "port = 8", "cpu = auto", "memory = 2GiB"]
    assert parse_resources(HERE, lines) == {
        "db": Capacity(1, host=True),
        "port": Capacity(8),
        "cpu": Capacity(None),
        "memory": Capacity(2 * 2**30),
    }


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("db = 1 hots", "'hots' is too much.*Did you mean 'host'"),
        ("db = 1 host now", "'now' is too much"),
        ("db = 1 host host", "'host' is there twice"),
        ("cpu = 2 host", "'host' is not for cpu and memory"),
        ("memory = 2GiB host", "'host' is not for cpu and memory"),
        ("db = 1025 host", "with 'host' there are at most 1024"),
        ("db = 0 host", "not a whole number from 1 on"),
    ],
)
def test_other_flags_of_resources_are_refused(line: str, why: str) -> None:
    with pytest.raises(SettingError, match=why) as caught:
        parse_resources(HERE, [line])
    assert repr(line) in str(caught.value)


def test_crashes_are_limited_per_worker_or_in_all() -> None:
    assert parse_crash_limit(HERE, "4") == CrashLimit(4)
    assert parse_crash_limit(HERE, "4  in all") == CrashLimit(4, per_worker=False)
    assert CrashLimit(4).in_all(3) == 12
    assert CrashLimit(4, per_worker=False).in_all(3) == 4
    for text in ("", "x", "4 in al", "in all"):
        with pytest.raises(SettingError, match=r"--orchestrate-thing: '.*' is not accepted"):
            parse_crash_limit(HERE, text)
