"""Setting objects aside for the garbage collector, unnoticed by those who ask it for objects.

``gc.get_objects`` and ``gc.get_referrers`` do not see what ``gc.freeze`` has set aside. Tests ask
them who holds an object, or how many there are of a kind; hypothesis asks who holds a random number
generator that is registered, and warns when nobody does. So where something was set aside, these
two put all of it back before they answer.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

#: All that the collector looks at, without what is set aside.
objects_not_frozen = gc.get_objects


def freeze() -> None:
    """Set aside all there is, until somebody asks for objects."""
    gc.freeze()
    if gc.get_objects is objects_not_frozen:
        gc.get_objects = _after_thaw(gc.get_objects)
        gc.get_referrers = _after_thaw(gc.get_referrers)


def _after_thaw(ask: Callable[P, T]) -> Callable[P, T]:
    @functools.wraps(ask)
    def answer(*args: P.args, **kwargs: P.kwargs) -> T:
        gc.unfreeze()
        return ask(*args, **kwargs)

    return answer
