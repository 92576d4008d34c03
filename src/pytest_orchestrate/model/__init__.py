"""Frozen facts: what was collected, what happened, what is to be done."""
