"""The side of pytest that runs in a worker process."""
