"""Print the page `reference/settings.md` from the table of settings.

python docs/generate_settings.py > docs/reference/settings.md
"""

from __future__ import annotations

from pytest_orchestrate.options import ACTIVATION, SETTINGS, Setting

INTRODUCTION = f"""\
# Settings

<!-- Printed by docs/generate_settings.py: change the table in pytest_orchestrate.options. -->

Every setting `NAME` has a flag `--orchestrate-NAME` and a key `orchestrate_NAME` for the ini
file. The flag beats the key, and the key beats the default. A value that is not accepted ends
the run before it starts, with exit code 4 and a message that names the setting, the value, and
what is accepted.

## Switching it on

Installing the plugin changes nothing but `pytest --help`. A run is orchestrated if one of these
asks for it:

- `-p orchestrate` on the command line, in `addopts` or in the environment variable
  `PYTEST_ADDOPTS`;
- `{ACTIVATION} = true` in the ini file;
- the flag `--orchestrate-workers`, with any value;
- where pytest-xdist is not installed, its flag `-n` ([all of them](../how-to/from-xdist.md)).

`-p no:orchestrate` switches the plugin off, whatever else is said.

The short flag `--workers` exists only where `-p orchestrate` or the ini file asks, so that it
is in nobody's way elsewhere.

## In an ini file

The same in each of the files that pytest reads:

```ini
# pytest.ini or tox.ini
[pytest]
{ACTIVATION} = true
orchestrate_workers = 4
orchestrate_keep =
    runs = 50
    size = 1GB
```

```toml
# pyproject.toml, or pytest.toml with the table [pytest] (pytest 9 and later)
[tool.pytest]
{ACTIVATION} = true
orchestrate_workers = 4
orchestrate_keep = ["runs = 50", "size = 1GB"]
```

```toml
# pyproject.toml, for every version of pytest
[tool.pytest.ini_options]
{ACTIVATION} = true
orchestrate_workers = 4
orchestrate_keep = ["runs = 50", "size = 1GB"]
```

In TOML a number may be written as a number or as a string. A setting that is a *list* is written
as indented lines in an ini file, as a list of strings in TOML, and on the command line by
repeating the flag. Where its lines have names, they are of the form

```text
NAME = VALUE [FLAG ...]
```

with quotes around a value that contains spaces, and a line of the flag overrides the line of
that name in the ini file. Other lists are replaced as a whole.

## The settings
"""


def section(setting: Setting) -> str:
    """The part of the page about one setting."""
    names = [setting.flag, *([setting.short] if setting.short else [])]
    if not setting.has_ini_key:
        names += [f"{setting.flag}={choice}" for choice in setting.choices]
    flags = [f"`{name}={setting.metavar}`" if setting.metavar else f"`{name}`" for name in names]
    lines = [f"### {setting.name}", "", escaped(setting.help), ""]
    lines.append(f"- Flag: {' or '.join(flags)}{', repeatable' if setting.repeatable else ''}")
    if setting.has_ini_key:
        kind = "a list" if setting.repeatable else f"a {setting.kind}"
        defaults = [setting.default] if isinstance(setting.default, str) else setting.default
        shown = ", ".join(f"`{default}`" for default in defaults if default) or "none"
        lines.append(f"- Ini key: `{setting.key}`, {kind.replace('a text', 'text')}")
        lines.append(f"- Accepted: {escaped(setting.accepted)}")
        lines.append(f"- Default: {shown}")
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Plain text as Markdown."""
    return "".join(f"\\{character}" if character in "*[]<>`" else character for character in text)


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(section(setting) for setting in SETTINGS)])


if __name__ == "__main__":
    print(page(), end="")
