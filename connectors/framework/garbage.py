"""How often Python looks for garbage that keeps itself alive."""

import gc
from typing import Final

_YOUNG: Final = 20_000


def collect_seldom() -> None:
    """Look for cycles less often, and never among what is there already: for a process that has been loaded and begins its work.

    A command's objects go by themselves when it ends. By Python's own thresholds it looks for cycles after every 700 objects that are made,
    several times for each batch of commands; about a tenth of the processor time went into that (docs/performance.md).
    """
    gc.collect()
    gc.freeze()
    _, middle, old = gc.get_threshold()
    gc.set_threshold(_YOUNG, middle, old)
