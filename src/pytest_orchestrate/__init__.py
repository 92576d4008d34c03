"""Public names of pytest-orchestrate."""
