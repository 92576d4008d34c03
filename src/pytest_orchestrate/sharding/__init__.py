"""Whether the test files of a run may be shared out, each worker importing only its own."""
