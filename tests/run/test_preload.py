"""What is imported before the files can no longer be read."""

from __future__ import annotations

from pathlib import Path

from nmclick.run.preload import late_imports, open_to_all

SOURCE = """
import os
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import numpy

class A:
    def m(self):
        from json import dumps
        def inner():
            import email.mime, csv as c
        from . import sibling

async def f():
    import socket
"""


def test_only_what_functions_import_is_late() -> None:
    assert late_imports(SOURCE) == ["csv", "email.mime", "json", "socket"]


def test_a_folder_is_open_if_all_above_it_are(tmp_path: Path) -> None:
    # pytest's own folder is closed to others.
    inner = tmp_path / "inner"
    inner.mkdir(mode=0o755)
    assert not open_to_all(inner)
    assert open_to_all(Path("/usr/lib"))
