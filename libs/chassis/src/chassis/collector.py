"""How often Python looks for garbage that only a search finds: cycles.

Records, models and rows are small objects without cycles, freed as soon as nobody holds them. With Python's own limits
a batch of them makes the search run again and again in vain: bulk capture took a fifth longer, decoding a batch of
events three times as long.
"""

import gc

REQUESTS = 50_000
"""More objects than a request holds at once."""
BATCHES = 500_000
"""More objects than a batch of events holds at once."""


def spare_the_collector(objects: int) -> None:
    """Search only after so many new objects stay alive, and never again through those that are there already."""
    gc.freeze()
    gc.set_threshold(objects, 20, 20)
