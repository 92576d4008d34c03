"""Which files git says have changed, asked early and read late.

Changed is what differs from the last commit, staged or not, what is untracked and not ignored,
and what the last commit has changed (of a merge: all that it has brought in). The first commit of
all has changed nothing; in a shallow clone, as CI services make them, it is often the only one.
Where there is no repository, no git, or no answer in time, nothing is known, and that is no error.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

#: Seconds that are waited for git at most when its answer is needed; it has had the time of
#: collection before.
PATIENCE = 1.0
#: A longer answer says nothing: whoever has changed so much has changed everything.
MOST_BYTES = 1_000_000

_STATUS = ("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all")
_LAST_COMMIT = (
    *("log", "-1", "--min-parents=1", "-m", "--first-parent"),
    *("--no-renames", "--name-only", "--format=", "-z"),
)


class Changes:
    """Asks git about the work tree that a folder is in."""

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.realpath(root))
        self._top = next(
            (at for at in (self._root, *self._root.parents) if (at / ".git").exists()), None
        )
        self._prefix = ""  #: of paths in the root directory
        self._asked: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []
        #: Why nothing is known, in a few words; None if git has answered.
        self.trouble: str | None = None
        if self._top is None:
            self.trouble = "not a git repository"
            return
        if self._top != self._root:
            self._prefix = self._root.relative_to(self._top).as_posix() + "/"
        try:
            for question in (_STATUS, _LAST_COMMIT):
                self._asked.append(self._ask(question))
        except OSError as error:
            self.trouble = f"git cannot be run: {error.strerror}"
            self.close()

    def _ask(self, question: Sequence[str]) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        # A hook may have set GIT_DIR and the like for a repository that is not the tests' own.
        environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environ["GIT_OPTIONAL_LOCKS"] = "0"
        answer = tempfile.TemporaryFile()  # noqa: SIM115  # a pipe would fill up while nobody reads
        try:
            process = subprocess.Popen(
                ["git", *question],
                cwd=self._root,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=subprocess.DEVNULL,
            )
        except BaseException:
            answer.close()
            raise
        return process, answer

    def files(self) -> frozenset[str]:
        """The changed files, relative to the root directory, with slashes.

        Those outside begin with ``../``. Waits for git, but not longer than :data:`PATIENCE`.
        """
        found: set[str] = set()
        deadline = time.monotonic() + PATIENCE
        try:
            for (process, answer), read in zip(self._asked, (_of_status, _of_log), strict=False):
                process.wait(max(0.0, deadline - time.monotonic()))
                answer.seek(0)
                data = answer.read(MOST_BYTES)
                if process.returncode == 0 and len(data) < MOST_BYTES:
                    entries = os.fsdecode(data).split("\0")[:-1]
                    found.update(map(self._from_root, read(entries)))
                elif process.returncode and read is _of_status:
                    # a repository without a commit has no log, but a status
                    self.trouble = "git cannot read this repository"
        except subprocess.TimeoutExpired:
            self.trouble = f"git has not answered within {PATIENCE:g} s"
        finally:
            self.close()
        return frozenset(found)

    def close(self) -> None:
        """Let go of what git has not answered."""
        asked, self._asked = self._asked, []
        for process, answer in asked:
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()
            answer.close()

    def _from_root(self, path: str) -> str:
        assert self._top is not None
        if path.startswith(self._prefix):
            return path[len(self._prefix) :]
        return os.path.relpath(self._top / path, self._root).replace(os.sep, "/")


def _of_status(entries: Sequence[str]) -> Iterator[str]:
    """Two letters, a space and a path each."""
    return (entry[3:] for entry in entries)


def _of_log(entries: Sequence[str]) -> Iterator[str]:
    """A path each; git may begin the list on a new line."""
    return (entry.lstrip("\n") for entry in entries if entry.strip("\n"))
