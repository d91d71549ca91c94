from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import (
    TIMESTAMP,
    Annotation,
    ArgumentError,
    Arguments,
    Array,
    Bool,
    CValue,
    Data,
    Element,
    Field,
    Keyword,
    Optional,
    Signed,
    Word,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

CONTENTS = {"NONE": 0, "HEX": 1, "ASCII": 2}


class Print(Element):
    """Print a line for every packet to standard error.

    The line has the label, the packet's length in bytes, and its first bytes: ``label:   60 | 00112233
    44556677``.

    Arguments:
      LABEL      text in front of the line (default none)
      MAXLENGTH  number of bytes to print (default 24); negative: all of them
      LENGTH     the old name of MAXLENGTH, as is NBYTES
      CONTENTS   ``HEX`` (the default), ``ASCII``, or ``NONE``: how to print the bytes
      TIMESTAMP  print the packet's timestamp annotation, in seconds since 1970 (default false)
      PRINTANNO  print the packet's annotation area, 48 bytes in hexadecimal (default false)
      ACTIVE     print at all (default true)
      HEADROOM   print the bytes free in front of the packet and behind it, as ``(h64 t1924)`` (default false)
      CPU        print the number of the worker (default false)

    Handlers: ``active`` (read, write) ACTIVE.
    """

    ports = "1/1"
    processing = "a/a"
    arguments = Arguments(
        Optional("LABEL", Data(), b""),
        Optional("MAXLENGTH", Signed(32), 24),
        Keyword("LENGTH", Signed(32)),
        Keyword("NBYTES", Signed(32)),
        Keyword("CONTENTS", Word(), "HEX"),
        Keyword("TIMESTAMP", Bool(), False),
        Keyword("PRINTANNO", Bool(), False),
        Keyword("ACTIVE", Bool(), True),
        Keyword("HEADROOM", Bool(), False),
        Keyword("CPU", Bool(), False),
    )
    handlers = {"active": Field("active", Bool(), write=True)}

    def configure(self, environment: Environment) -> Iterable[str]:
        contents: str = self.args.CONTENTS
        try:
            self._contents = int(Bool().parse(contents))
        except ArgumentError:
            self._contents = CONTENTS.get(contents.upper(), -1)
        if self._contents < 0:
            yield f"bad contents value '{contents.upper()}'; should be 'NONE', 'HEX', or 'ASCII'"

    def annotations_read(self) -> frozenset[Annotation]:
        read = {TIMESTAMP} if self.args.TIMESTAMP else set()
        return frozenset(read | {Annotation("all", 0, 48)} if self.args.PRINTANNO else read)

    def c_arguments(self) -> dict[str, CValue]:
        given = [value for value in (self.args.NBYTES, self.args.LENGTH) if value is not None]
        return super().c_arguments() | {
            "label": Array("uint8_t", tuple(self.args.LABEL)),
            "contents": self._contents,
            "maxlength": given[0] if given else self.args.MAXLENGTH,
        }
