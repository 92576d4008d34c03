"""Execute the examples of the documentation, as ``tox -e docs`` does.

A page's code blocks with a caption are files, written to an empty folder; its console blocks
are commands (after ``$``) with the output that is expected. In that output ``...`` stands for
anything, within a line or as lines. Commands end with exit code 0, or, in a block of the class
``exits-with-N``, with that one. Blocks of other kinds, such as ``shell``, are only shown.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PAGES = ("tutorial.md",)
SECONDS = 120

BLOCK = re.compile(
    r"^```\{code-block\} *(?P<kind>\w+)\n(?P<options>(?::.*\n)*)\n?(?P<body>(?:.*\n)*?)```$",
    re.MULTILINE,
)
COMMAND = re.compile(r"^\$ (?P<command>.*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One code block of a page."""

    kind: str
    caption: str | None
    exit_code: int
    body: str


def blocks(page: str) -> Iterator[Block]:
    """Find the code blocks of a page, in order."""
    for found in BLOCK.finditer(page):
        options = dict(re.findall(r"^:(\w+): *(.*)$", found["options"], re.MULTILINE))
        code = re.search(r"exits-with-(\d+)", options.get("class", ""))
        yield Block(
            found["kind"], options.get("caption"), int(code[1]) if code else 0, found["body"]
        )


def expected(output: str) -> re.Pattern[str]:
    """Turn an expected output into a pattern."""
    lines = [re.escape(line).replace(r"\.\.\.", ".*") + r"\n" for line in output.splitlines()]
    anything = r"(?:.*\n)*?"
    return re.compile("".join(anything if line == r".*\n" else line for line in lines))


def run(command: str, block: Block, folder: Path) -> str | None:
    """Run one command of a block in a shell; return what is wrong, or None."""
    pattern = expected(next(o for c, o in COMMAND.findall(block.body) if c == command))
    programs = sysconfig.get_path("scripts")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "COV_"))
    }
    environment["PATH"] = os.pathsep.join((programs, environment.get("PATH", "")))
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != block.exit_code:
        return f"exit code {done.returncode} instead of {block.exit_code}\n{done.stdout}"
    printed = "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())
    if not pattern.fullmatch(printed):
        return f"it printed\n{done.stdout}\ninstead of\n{block.body}"
    return None


def examine(page: Path) -> list[str]:
    """Execute one page; return what is wrong with it."""
    wrong = []
    with tempfile.TemporaryDirectory(prefix="example-") as name:
        folder = Path(name)
        for block in blocks(page.read_text(encoding="utf-8")):
            if block.caption is not None:
                (folder / block.caption).write_text(block.body, encoding="utf-8")
            elif block.kind == "console":
                for command, _ in COMMAND.findall(block.body):
                    problem = run(command, block, folder)
                    print(f"{'FAILED' if problem else 'ok'}: {page.name}: $ {command}", flush=True)
                    wrong += [problem] if problem else []
    return wrong


def main() -> int:
    """Return 0 when every example does what its page says."""
    problems = [problem for page in PAGES for problem in examine(HERE / page)]
    for problem in problems:
        print(f"\n{problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
