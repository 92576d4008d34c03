"""The docs agree with the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from _pytest.config import ExitCode

import pytest_orchestrate
from pytest_orchestrate import cli, hookspecs, options
from pytest_orchestrate.history import log
from pytest_orchestrate.model import commands, events
from pytest_orchestrate.sharding import safety
from tests.repo.documents import DOCS, ROOT, SOURCES, pages, text

HOOKS = [name for name in vars(hookspecs) if name.startswith("pytest_orchestrate_")]
#: Kinds of lines, as the code that writes them names them.
RECORD = re.compile(r"""["']record["']: ["'](\w+)["']""")


def names(union: object) -> list[str]:
    return [member.__name__ for member in getattr(union, "__args__")]  # noqa: B009 - no type has it


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented(name: str) -> None:
    page = text("docs/reference/hooks.md")
    assert f".. autofunction:: {name}\n" in page
    assert f"| `{name}` |" in page


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_says_what_it_is_for(name: str) -> None:
    assert getattr(hookspecs, name).__doc__


def test_the_table_of_hooks_says_which_stop_at_the_first_result() -> None:
    page = text("docs/reference/hooks.md")
    documented = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| ?(\w*) ?\|$", page, re.MULTILINE))
    assert documented == {
        name: "yes" if getattr(hookspecs, name).pytest_spec["firstresult"] else "" for name in HOOKS
    }


def test_every_public_name_is_documented() -> None:
    reference = "".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    public = getattr(pytest_orchestrate, "__all__", ())
    missing = [name for name in public if not re.search(rf"\b{name}\b", reference)]
    assert not missing


@pytest.mark.parametrize("code", list(ExitCode), ids=lambda code: code.name)
def test_every_exit_code_is_documented(code: ExitCode) -> None:
    assert f"\n| {code.value} | " in text("docs/reference/exit-codes.md")


def test_every_kind_of_record_is_documented() -> None:
    written = {
        kind
        for source in (SOURCES / "controller").rglob("*.py")
        for kind in RECORD.findall(source.read_text(encoding="utf-8"))
    }
    page = text("docs/reference/run-log.md")
    rows = page.partition("|---")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE)) == written | {"event", "command"}
    assert f"version {log.VERSION}." in page


@pytest.mark.parametrize("name", [*names(events.AnyEvent), *names(commands.AnyCommand)])
def test_every_event_and_command_is_documented(name: str) -> None:
    assert f"`{name}`" in text("docs/design/engine.md")


def test_every_part_of_the_command_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    page = text("docs/reference/command.md")
    for command in (
        "doctor",
        "history show",
        "history export",
        "history import",
        "history prune",
        "explain",
        "report show",
        "report convert",
        "report failed",
        "simulate",
    ):
        assert f"| `{command} " in page
        with pytest.raises(SystemExit, match="0"):
            cli.main([*command.split(), "--help"])
        for flag in set(re.findall(r"--[\w-]+", capsys.readouterr().out)) - {"--help"}:
            assert f"{flag} " in page or f"{flag}`" in page


def test_every_module_has_its_place_in_the_design() -> None:
    tree = text("docs/design/index.md").split("```text")[1].split("```")[0]
    named = {name.rstrip("/") for name in re.findall(r"^  ([\w./]+)", tree, re.MULTILINE)}
    there = {
        path.name
        for path in SOURCES.iterdir()
        if path.suffix == ".py" or (path.is_dir() and not path.name.startswith((".", "__")))
    }
    assert named == there - {"__init__.py"}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    content = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", content):
        if "://" not in target and not target.startswith("#"):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_settings_that_pages_name_exist() -> None:
    known = {setting.key for setting in options.SETTINGS} | {options.ACTIVATION}
    hooks = {*HOOKS, "pytest_orchestrate", safety.DECLARATION}
    for page in pages():
        for name in re.findall(r"`(orchestrate_[a-z_]+)", page.read_text(encoding="utf-8")):
            assert name in known | hooks, f"{name} in {page.name}"


def test_python_examples_are_valid() -> None:
    block = re.compile(r"^```(?:\{code-block\} )?python\n((?:.*\n)*?)```$", re.MULTILINE)
    for page in pages():
        for example in block.findall(page.read_text(encoding="utf-8")):
            ast.parse(re.sub(r"^:.*\n", "", example, flags=re.MULTILINE))
