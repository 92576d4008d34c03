"""One module a format; each renders a :class:`~pytest_orchestrate.report.document.Report`."""
