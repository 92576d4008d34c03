"""Secrets in the forms in which they are given are not written down, and other words are."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.report.redaction import (
    HIDDEN,
    redacted_arguments,
    redacted_text,
    redacted_variables,
)

ALPHANUMERIC = string.ascii_letters + string.digits
#: Not part of any name that stands around it.
SECRETS = st.text(ALPHANUMERIC, min_size=12, max_size=40).map(lambda text: f"Zq9{text}")
STEMS = st.sampled_from(["", "API_", "my_", "DB-", "aws", "GITHUB_", "service.", "X_Y_"])
ENDS = st.sampled_from(
    ["TOKEN", "Secret", "password", "PASSWD", "api_key", "KEY", "credentials", "apiKey", "TOKENS"]
)
SECRET_NAMES = st.builds("".join, st.tuples(STEMS, ENDS))
OPTIONS = SECRET_NAMES.map(lambda name: "--" + name.lower().replace("_", "-").replace(".", "-"))
#: Of pytest and of some of its plugins.
ORDINARY = st.sampled_from(
    [
        "-q",
        "-x",
        "--lf",
        "--tb=short",
        "--maxfail=2",
        "--keep-duplicates",
        "--session-timeout=30",
        "--cov=src/auth",
        "--strict-markers",
        "--import-mode=importlib",
        "-ktoken and not password",
        "-m",
        "not secret",
        "tests/test_keys.py::test_passes[secret-a@b]",
        "tests/test_auth.py",
        "--orchestrate-worker-spec=2*ssh=user@host//python=python3.12",
        "http://localhost:8000/a?page=3",
        "--orchestrate-report=json:out/report.json",
        "a@b.example",
    ]
)


def addresses(secret: str) -> list[str]:
    return [
        f"https://user:{secret}@host.example/path",
        f"postgresql+psycopg://{secret}@localhost:5432/db?x=1",
        f"https://host.example/?token={secret}&page=2",
        f"redis://:{secret}@cache/0",
    ]


def shapes(secret: str) -> list[str]:
    long = (secret + ALPHANUMERIC)[:40]
    return [
        f"ghp_{long}",
        f"github_pat_{long}",
        f"glpat-{long}",
        "AKIA" + long[:16].upper(),
        f"eyJhbGciOi.{long}.{long}",
        f"xoxb-{long}",
        f"sk_live_{long}",
        f"pypi-{long}",
        *(f"gh{kind}_{long}" for kind in "ousr"),
        *(f"gl{kind}-{long}" for kind in ("ptt", "rt", "dt", "cbt", "ft", "soat", "agent")),
        *(f"{kind}{long[:16].upper()}" for kind in ("ASIA", "ABIA", "ACCA")),
        *(f"{kind}k_test_{long}" for kind in "srp"),
        f"npm_{long}",
        f"AIza{long}",
        f"sk-{long}",
        f"hf_{long}",
        f"SG.{long}.{long}",
        f"hooks.slack.com/services/{long}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{long}\n-----END RSA PRIVATE KEY-----",
    ]


def assert_hidden(secret: str, text: str) -> None:
    assert secret not in text
    assert secret[:16].upper() not in text
    assert HIDDEN in text


@given(SECRET_NAMES, SECRETS)
def test_the_value_of_a_variable_with_a_telling_name_is_hidden(name: str, secret: str) -> None:
    assert redacted_variables({name: secret}) == {name: HIDDEN}


@given(st.lists(ORDINARY, max_size=3), OPTIONS, SECRETS, st.booleans(), st.lists(ORDINARY))
def test_the_value_of_an_option_with_a_telling_name_is_hidden(
    before: list[str], option: str, secret: str, is_apart: bool, after: list[str]
) -> None:
    given_there = [option, secret] if is_apart else [f"{option}={secret}"]
    hidden = [option, HIDDEN] if is_apart else [f"{option}={HIDDEN}"]
    assert redacted_arguments([*before, *given_there, *after]) == [*before, *hidden, *after]


@given(OPTIONS, SECRETS, st.sampled_from(["", "'", '"']), st.sampled_from([" ", "="]))
def test_a_command_line_in_a_variable_is_redacted_too(
    option: str, secret: str, quote: str, sign: str
) -> None:
    text = f"-p orchestrate {option}{sign}{quote}{secret}{quote} -k token --lf"
    expected = f"-p orchestrate {option}{sign}{HIDDEN} -k token --lf"
    assert redacted_variables({"PYTEST_ADDOPTS": text}) == {"PYTEST_ADDOPTS": expected}


@given(SECRETS, st.data())
def test_secrets_in_addresses_and_of_known_shapes_are_hidden_wherever_they_stand(
    secret: str, data: st.DataObject
) -> None:
    found = data.draw(st.sampled_from([*addresses(secret), *shapes(secret)]))
    assert_hidden(secret, redacted_text(f"before {found} after"))
    assert_hidden(secret, " ".join(redacted_arguments(["-q", f"--base={found}", "--lf"])))
    assert_hidden(secret, redacted_variables({"PLACE": found})["PLACE"])


@given(st.lists(ORDINARY))
def test_what_is_no_secret_stays(arguments: list[str]) -> None:
    assert redacted_arguments(arguments) == arguments


@given(st.lists(st.text(max_size=30) | OPTIONS | ORDINARY | SECRETS, max_size=8))
def test_what_is_redacted_does_not_change_when_it_is_redacted_again(arguments: list[str]) -> None:
    once = redacted_arguments(arguments)
    assert redacted_arguments(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2hunter2",
        "Basic hunter2hunter2",
        "api_key = hunter2",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nhunter2 is cut off",
    ],
)
def test_secrets_in_other_forms_are_hidden(text: str) -> None:
    assert "hunter2" not in redacted_text(text)
