"""Where the parser's tables are kept between runs: making them anew costs more than parsing a usual file."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path


def tables_path(grammar: str) -> Path | None:
    """The file for the tables of `grammar` in the folder $NMCLICK_CACHE, else `nmclick` below $XDG_CACHE_HOME or
    ~/.cache; None if that cannot be the user's alone."""
    named = os.environ.get("NMCLICK_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(named or os.path.join(base, "nmclick"))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return None
    # Tables are unpickled, so nobody else may have had a chance to write them.
    private = status.st_uid == os.geteuid() and not stat.S_IMODE(status.st_mode) & 0o022
    if not private or not os.access(folder, os.W_OK):
        return None
    return folder / f"grammar-{hashlib.sha256(grammar.encode()).hexdigest()[:16]}"
