"""Where the parser's tables are kept between runs: making them anew costs more than parsing a usual file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from nmclick.cache import CacheError, cache_folder


def tables_path(grammar: str) -> Path | None:
    """The file for the tables of `grammar` in the cache folder; None if there is none that is the user's alone, since
    tables are unpickled."""
    try:
        folder = cache_folder()
    except CacheError:
        return None
    if not os.access(folder, os.W_OK):
        return None
    return folder / f"grammar-{hashlib.sha256(grammar.encode()).hexdigest()[:16]}"
