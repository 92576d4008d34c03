"""``python -m pytest_orchestrate.cli``: the command where its script is not on the path."""

from __future__ import annotations

import sys

from pytest_orchestrate.cli import main

sys.exit(main())
