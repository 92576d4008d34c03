"""From what happened to what is shown."""
