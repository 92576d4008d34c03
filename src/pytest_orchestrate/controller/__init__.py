"""The side of pytest that runs in the main process."""
