"""What is remembered: the log of each run, and the history that is folded from the logs."""
