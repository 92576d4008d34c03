"""Where to look for a test that is required and was not collected: what is near comes first."""

from __future__ import annotations

import contextlib
import fnmatch
import glob
import itertools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from pytest_orchestrate.internals.tree import CollectorTree
from pytest_orchestrate.model.target_paths import (
    has_wildcard,
    names_of,
    paths_of,
    split_target,
    wildcards,
    words_of,
)

#: Node id of a test, and what it requires.
Wanted = tuple[str, str]


def default_paths(config: pytest.Config) -> list[Path]:
    """Return what pytest collects without arguments, if it is started in the root directory."""
    root = config.rootpath
    patterns: list[str] = config.getini("testpaths")
    found = (
        sorted(glob.glob(pattern, root_dir=root, recursive=True))  # noqa: PTH207  # as pytest does
        for pattern in patterns
    )
    return [root / path for paths in found for path in paths] or [root]


def is_partial(config: pytest.Config) -> bool:
    """Whether there may be tests that only a run without arguments collects."""
    if getattr(config.option, "lf", False) or config.getoption("pyargs"):
        return True
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        return False
    start = config.invocation_params.dir
    given = [Path(os.path.normpath(start / argument)) for argument in config.args]
    return not all(
        any(path == each or each in path.parents for each in given)
        for path in default_paths(config)
    )


class Surroundings:
    """The files that a run without arguments would collect, as they are seen from a test.

    :param suffixes: Of the files that are test files in this project.
    """

    def __init__(self, config: pytest.Config, tree: CollectorTree, suffixes: Iterable[str]) -> None:
        self._root = config.rootpath
        self._tree = tree
        self._suffixes = frozenset(suffixes)
        self._left_out: list[str] = config.getini("norecursedirs")
        names: list[str] = config.getini("python_files")
        has_any_name = config.getoption("doctestmodules", False) or "/" in "".join(names)
        #: What modules with tests are called.
        self._names = ["*"] if has_any_name else names
        self._roots = default_paths(config)
        self._texts: dict[Path, bytes] = {}
        #: Files that were handed out, or that pytest would not collect.
        self._looked_at: set[Path] = set()

    def named(self, wanted: Wanted) -> Iterator[Path]:
        """Yield the files and folders that a target may name."""
        nodeid, target = wanted
        for path in paths_of(target, nodeid):
            if os.path.exists(self._root / path):  # noqa: PTH110  # Path raises for odd names
                yield self._root / path

    def matching(self, wanted: Wanted) -> Iterator[Path]:
        """Yield the files whose paths a target with wildcards matches."""
        nodeid, target = wanted
        for pattern in paths_of(target, nodeid):
            literal = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
            if literal == pattern:
                continue
            matches = wildcards(pattern).fullmatch
            for path in self._files_below(self._root / literal.rpartition("/")[0]):
                if matches(self._relative(path)):
                    yield path

    def further(self, wanted: Sequence[Wanted]) -> list[pytest.File]:
        """Return the next files to look into, the nearest that were not returned yet.

        First those that contain a word of the targets, from folder to folder, each with all
        below it; then all others in the same way. An empty list: there is no file left.
        """
        likely = [_mention(words_of(target), target) for _, target in wanted]
        for folder in self._folders(wanted):
            paths = (path for path in self._files_below(folder) if self._has_any(path, likely))
            files = self._fresh(file for path in paths for file in self._tree.files_at(path))
            if files:
                return files
        for folder in self._folders([each for each in wanted if not self._is_hopeless(each)]):
            files = self._fresh(self._tree.files_below(folder))
            if files:
                return files
        return []

    def _fresh(self, files: Iterable[pytest.File]) -> list[pytest.File]:
        fresh = [file for file in files if file.path not in self._looked_at]
        self._looked_at.update(file.path for file in fresh)
        return fresh

    def _is_hopeless(self, wanted: Wanted) -> bool:
        """Whether a target names a file that is not there, or that has nothing of this name."""
        path, _ = split_target(wanted[1])
        names = names_of(wanted[1])
        is_path = ("/" in path or "." in path) if names else path.endswith(".py")
        files = [path for path in self.named(wanted) if path.is_file()]
        mention = _mention(names[:1], "")
        return is_path and not any(self._has_any(file, [mention]) for file in files)

    def _folders(self, wanted: Sequence[Wanted]) -> Iterator[Path]:
        """Yield folders, the nearest first."""
        files = dict.fromkeys(nodeid.partition("::")[0] for nodeid, _ in wanted)
        homes = dict.fromkeys((self._root / file).parent for file in files)
        if homes:
            steps = itertools.zip_longest(*map(self._upwards, homes))
            yield from dict.fromkeys(filter(None, itertools.chain(*steps, self._roots)))

    def _upwards(self, folder: Path) -> Iterator[Path]:
        """Yield a folder and those around it, of the same package or of what is run by default."""
        yield folder
        while folder not in (self._root, folder.parent):
            folder = folder.parent
            if not (
                (folder / "__init__.py").is_file()
                or any(root == folder or root in folder.parents for root in self._roots)
            ):
                return
            yield folder

    def _files_below(self, folder: Path) -> Iterator[Path]:
        """Yield the files on the disk that may be test files."""
        if folder.is_file():
            yield folder
        for top, folders, files in os.walk(folder):
            folders[:] = sorted(name for name in folders if self._is_entered(Path(top, name)))
            for name in sorted(files):
                if self._may_have_tests(name):
                    yield Path(top, name)

    def _may_have_tests(self, name: str) -> bool:
        suffix = Path(name).suffix
        return suffix in self._suffixes and (
            suffix != ".py" or any(fnmatch.fnmatch(name, each) for each in self._names)
        )

    def _is_entered(self, folder: Path) -> bool:
        name = folder.name
        if name == "__pycache__" or any(fnmatch.fnmatch(name, each) for each in self._left_out):
            return False
        return not (folder / "pyvenv.cfg").is_file()

    def _has_any(self, path: Path, mentions: Iterable[re.Pattern[bytes]]) -> bool:
        text = self._text(path)
        return any(mention.search(text) for mention in mentions)

    def _text(self, path: Path) -> bytes:
        text = self._texts.get(path)
        if text is None:
            text = b""
            with contextlib.suppress(OSError):
                text = path.read_bytes()
            self._texts[path] = text
        return text

    def _relative(self, path: Path) -> str:
        try:
            return path.relative_to(self._root).as_posix()
        except ValueError:
            return path.as_posix()


def _mention(words: Iterable[str], target: str) -> re.Pattern[bytes]:
    """What one of these words of a target matches, parts of words only if there are wildcards."""
    found = b"|".join(re.escape(word.encode("utf-8", "surrogatepass")) for word in words)
    return re.compile(found if has_wildcard(target) else rb"(?<!\w)(?:" + found + rb")(?!\w)")
