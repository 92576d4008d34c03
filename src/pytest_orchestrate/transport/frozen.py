"""Setting objects aside for the garbage collector, unnoticed by those who ask it for objects.

``gc.get_objects`` and ``gc.get_referrers`` do not see what ``gc.freeze`` has set aside. Tests ask
them who holds an object, or how many there are of a kind; hypothesis asks who holds a random number
generator that is registered, and warns when nobody does. So where something is set aside, these two
are looked up by a function that puts all of it back.

Functions in their places would not do: called from a coroutine, they would make it one that holds
its own variables.
"""

from __future__ import annotations

import gc

#: All that the collector looks at, without what is set aside.
objects_not_frozen = gc.get_objects

_ASKING = {"get_objects": objects_not_frozen, "get_referrers": gc.get_referrers}


def freeze() -> None:
    """Set aside all there is, until somebody is about to ask for objects."""
    gc.freeze()
    names = vars(gc)
    for name in _ASKING:
        names.pop(name, None)
    names["__getattr__"] = _thaw


def _thaw(name: str) -> object:
    """Return one of the functions that ask (called for what ``gc`` lacks)."""
    if name not in _ASKING:
        raise AttributeError(f"module 'gc' has no attribute {name!r}", name=name, obj=gc)
    gc.unfreeze()
    names = vars(gc)
    names.pop("__getattr__", None)
    names.update(_ASKING)
    return _ASKING[name]
