"""Which worker collects which file: the first that comes to it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


class Claims:
    """A folder that the workers of one machine share, with a file for each claimed one.

    :param folder: Exists, and is private to the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def claim(self, name: str, worker: int) -> bool:
        """Let this worker collect what goes by a name; False if somebody has claimed it."""
        file = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        try:
            claim = os.open(self.folder / file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        os.write(claim, str(worker).encode())
        os.close(claim)
        return True

    def drop(self, worker: int) -> None:
        """Free what this worker, now gone, had claimed."""
        for claim in self.folder.iterdir():
            if claim.read_bytes() == str(worker).encode():
                claim.unlink()
