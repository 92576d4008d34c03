"""What looks like a secret is not written down.

It is told by the name that it has (``--password=...``, ``API_TOKEN=...``), by its place (the
password of an address), and by its own shape where the services that issue it have given it one
(https://docs.github.com/authentication/keeping-your-account-and-data-secure, RFC 7519 and others).
A secret that looks like any other word is not recognised.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

#: Stands where something was left out.
HIDDEN = "***"
#: Characters of the shortest secret that is told by its shape alone.
SHORTEST = 15

# What tells a secret takes some milliseconds to compile, at the start of each run, and most command
# lines have nothing like one. So it is compiled where a text has a part that all secrets have.

# fmt: off
#: One of them is in every name of a secret.
_NAMED = (
    "token", "secret", "pass", "credential", "key", "auth", "bearer", "cookie", "dsn", "jwt", "pat",
    "pw", "sig", "webhook",
)
#: One of them is in every secret that is told by its shape.
_BEGINNINGS = (
    "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "glptt-", "glrt-", "gldt-",
    "glcbt-", "glft-", "glsoat-", "glagent-", "AKIA", "ASIA", "ABIA", "ACCA", "eyJ", "xox",
    "k_live_", "k_test_", "pypi-", "npm_", "AIza", "sk-", "hf_", "dop_v1_", "SG.",
    "hooks.slack.com", "-----BEGIN",
)
# fmt: on


@functools.cache
def _secret_name() -> re.Pattern[str]:
    return re.compile(
        # anywhere in a name
        r"token|secret|passw|passphrase|credential|api_?key"
        # words of their own, so that neither --keyword nor AUTHOR nor PASSED is one
        r"|(?<!mon)keys?(?![a-z])"
        r"|(?<![a-z])(?:auth|authorization|bearer|cookies?|dsn|jwt|pass|pat|pw|pwd|sig|signature|webhook)(?![a-z])",
        re.IGNORECASE,
    )


@functools.cache
def _shapes() -> re.Pattern[str]:
    return re.compile(
        r"""
        \bgh[pousr]_[A-Za-z0-9]{16,}                                  # GitHub
        | \bgithub_pat_\w{20,}
        | \bgl(?:pat|ptt|rt|dt|cbt|ft|soat|agent)-[\w.-]{16,}          # GitLab
        | \b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b                     # AWS
        | \beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*                           # JSON Web Token
        | \bxox[abeoprs]-[\w-]{10,}                                   # Slack
        | \b[srp]k_(?:live|test)_[A-Za-z0-9]{10,}                     # Stripe
        | \bpypi-[\w-]{16,}
        | \bnpm_[A-Za-z0-9]{20,}
        | \bAIza[\w-]{30,}                                            # Google
        | \bsk-[\w-]{20,}                                             # OpenAI, Anthropic
        | \bhf_[A-Za-z0-9]{20,}                                       # Hugging Face
        | \bdop_v1_[0-9a-f]{20,}                                      # DigitalOcean
        | \bSG\.[\w-]{16,}\.[\w-]{16,}                                # SendGrid
        | hooks\.slack\.com/services/[\w/]{10,}
        | -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY-----[\s\S]*?
          (?:-----END\ [A-Z\ ]*PRIVATE\ KEY-----|\Z)
        """,
        re.VERBOSE,
    )


#: ``scheme://user:password@host``: everything before the last @ of the authority.
_ADDRESS = r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#]*@"
#: ``Bearer value``, as in a header of HTTP.
_HEADER = r"\b(Bearer|Basic)[ ]+[\w+/=.~-]{6,}"
_VALUE = r"""(?P<value>"[^"]*"|'[^']*'|{})"""
#: ``NAME=value`` and ``Name: value``; a value in quotes may have spaces.
_ASSIGNED = r"(?P<name>[A-Za-z][\w.-]*)(?P<sign>\s*=\s*|:[ ]+)" + _VALUE.format(r"""[^\s"'&;,]+""")
#: ``--token value``.
_FOLLOWED = r"(?P<name>(?<!\S)--[A-Za-z][\w-]*)(?P<sign>[ ]+)" + _VALUE.format(r"""[^\s"'-]\S*""")


def is_secret_name(name: str) -> bool:
    """Whether a variable or option of this name is likely to hold a secret."""
    lower = name.lower()
    if name.isascii() and not any(part in lower for part in _NAMED):
        return False
    # in camelCase a word begins with its capital
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return _secret_name().search(words) is not None


def _is_plain(text: str) -> bool:
    """Whether a text is too short and simple for a secret: most of a command line is."""
    return len(text) < SHORTEST and not any(sign in text for sign in "=:@ \n")


def redacted_text(text: str) -> str:
    """A text without what looks like a secret in it."""
    if _is_plain(text):
        return text
    if any(beginning in text for beginning in _BEGINNINGS):
        text = _shapes().sub(HIDDEN, text)
    if "@" in text:
        text = re.sub(_ADDRESS, rf"\g<scheme>{HIDDEN}@", text)
    if "Bearer" in text or "Basic" in text:
        text = re.sub(_HEADER, rf"\1 {HIDDEN}", text)
    if "=" in text or ": " in text:
        text = re.sub(_ASSIGNED, _without_value, text)
    if "--" in text and " " in text:
        text = re.sub(_FOLLOWED, _without_value, text)
    return text


def _without_value(found: re.Match[str]) -> str:
    value = HIDDEN
    if not is_secret_name(found["name"]):
        # such as an address with a query
        value = re.sub(_ASSIGNED, _without_value, found["value"])
    return f"{found['name']}{found['sign']}{value}"


def redacted_arguments(arguments: Iterable[str]) -> list[str]:
    """A command line without what looks like a secret in it, or after an option that is so named.

    Applied again, it changes nothing.
    """
    found = []
    is_value = False
    for argument in arguments:
        if is_value and not (argument.startswith("-") and len(argument) > 1):
            found.append(HIDDEN)
            is_value = False
            continue
        name, sign, value = argument.partition("=")
        is_option = argument.startswith("-")
        if sign and is_option and value and is_secret_name(name):
            found.append(f"{name}={HIDDEN}")
        elif sign and is_option and _is_plain(value) and name[2:].replace("-", "").isalpha():
            found.append(argument)
        else:
            found.append(redacted_text(argument))
        is_value = argument.startswith("--") and not sign and is_secret_name(name)
    return found


def redacted_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables with their values, without what looks like a secret."""
    return {
        name: HIDDEN if value and is_secret_name(name) else redacted_text(value)
        for name, value in variables.items()
    }
