"""What markers may say."""

from __future__ import annotations

import pytest

from pytest_orchestrate.annotating import read_annotations


@pytest.mark.parametrize(
    ("mark", "accepted"),
    [
        ("resource('')", "a name that is not empty"),
        ("resource(' ')", "a name that is not empty"),
        ("exclusive(1)", "no arguments: write @pytest.mark.exclusive"),
        ("critical(1)", "no arguments: write @pytest.mark.critical"),
        ("low(level=1)", "no arguments: write @pytest.mark.low"),
        ("priority()", "one whole number"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(
    pytester: pytest.Pytester, mark: str, accepted: str
) -> None:
    (item,) = pytester.getitems(f"import pytest\n\n@pytest.mark.{mark}\ndef test_it(): pass")
    with pytest.raises(pytest.UsageError) as refused:
        read_annotations(item.config, [item])
    text = str(refused.value)
    assert f"{item.nodeid}: @pytest.mark.{mark} at {item.nodeid.partition('::')[0]}:3 " in text
    assert f"Accepted: {accepted}" in text
    assert "= off' in orchestrate_markers" in text
