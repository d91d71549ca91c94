"""Where the parser's tables are kept between runs: making them anew costs more than parsing a usual file."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path


def tables_path(grammar: str) -> Path | None:
    """The file for the tables of `grammar`, or None if there is no folder that is the user's alone."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(base) / "nmclick" / "tables"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    # Tables are unpickled, so nobody else may have had a chance to write them.
    private = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077
    if not private or not os.access(folder, os.W_OK):
        return None
    return folder / f"click-{hashlib.sha256(grammar.encode()).hexdigest()[:16]}"
