"""Every use of pytest's internals that are not public, each in one place.

Checked by reading and by tests against pytest 8.4.2 and 9.2.0. Each function says what it
relies on; when pytest changes, these are the files to read.
"""
