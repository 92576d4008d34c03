"""What tests leave behind: where it is, and how it is recorded."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_orchestrate.artifacts import Left
    from pytest_orchestrate.controller.run_context import RunContext


def place(context: RunContext) -> tuple[Path, bool]:
    """Return the run's folder for artifacts, which need not exist, and whether all are kept."""
    from pytest_orchestrate.history import artifacts

    options = context.options
    return artifacts.folder(options.dir, context.run_id), options.artifacts == "always"


def keep(context: RunContext, test: int, worker: str, left: Left) -> None:
    """Record what an attempt has left, before the attempt; write what came from elsewhere."""
    import mimetypes

    from pytest_orchestrate.history import directory

    root, _ = place(context)
    context.with_artifacts += 1
    missing = []
    try:
        directory.prepare(context.options.dir)
        missing = _write(root / left.folder, left)
    except OSError as error:
        nodeid = context.tests[test].nodeid
        context.warnings.append(f"artifacts of {nodeid} are lost: {error}")
        return
    for name, size in left.files:
        if name in missing:
            context.note(f"{name}, left by {context.tests[test].nodeid}, is too large to be sent")
            continue
        path = (root / left.folder / name).relative_to(context.options.dir)
        context.write(
            {
                "record": "artifact",
                "test": test,
                "worker": worker,
                "name": name,
                "path": path.as_posix(),
                "bytes": size,
                "media_type": mimetypes.guess_type(name)[0] or "application/octet-stream",
            }
        )


def keep_of_crashed(context: RunContext, test: int, worker: str) -> None:
    """Record what a test has left whose worker died, if that is on this machine."""
    from pytest_orchestrate.artifacts import Left, folder_name, left_in

    root, _ = place(context)
    parent = root / folder_name(context.tests[test].nodeid)
    attempts = sorted(parent.glob("attempt-*"), key=lambda path: (len(path.name), path.name))
    files = left_in(attempts[-1]) if attempts else []
    if files:
        keep(context, test, worker, Left(attempts[-1].relative_to(root).as_posix(), files))


def text(context: RunContext) -> str:
    """Return the line for the end of the run that says where they are."""
    from pytest_orchestrate.report.words import count_of

    root, _ = place(context)
    with contextlib.suppress(ValueError):  # it may not be below the folder where the user is
        root = root.relative_to(context.config.invocation_params.dir)
    return f"  artifacts of {count_of(context.with_artifacts, 'attempt')}: {root}"


def prune(context: RunContext) -> None:
    """Delete the oldest artifacts, as far as the settings want it."""
    from pytest_orchestrate.history import artifacts

    kept = context.options.keep
    artifacts.prune(
        context.options.dir,
        runs=kept.artifact_runs,
        days=kept.artifact_days,
        size=kept.artifact_size,
        now=time.time(),
    )


def _write(folder: Path, left: Left) -> list[str]:
    """Write the files that have travelled; return the names of those that could not."""
    missing = []
    for (name, _), content in zip(left.files, left.contents or (), strict=bool(left.contents)):
        path = folder / name
        if content is None:
            missing.append(name)
        elif path.resolve().is_relative_to(folder.resolve()):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(content)
    return missing
