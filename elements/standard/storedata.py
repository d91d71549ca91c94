from __future__ import annotations

from nmclick.element import Arguments, Array, CValue, Data, Element, Positional, Unsigned


class StoreData(Element):
    r"""Write bytes into every packet.

    What would lie past the end of the packet is left out: the packet's length does not change.

    Arguments:
      OFFSET  where to write, in bytes from the packet's start
      DATA    what to write: a string or ``\<00 01 ff>``
    """

    ports = "1/1"
    example = "0, \\<00>"
    processing = "a/a"
    arguments = Arguments(Positional("OFFSET", Unsigned(32)), Positional("DATA", Data()))

    def c_arguments(self) -> dict[str, CValue]:
        return super().c_arguments() | {"data": Array("uint8_t", tuple(self.args.DATA))}
