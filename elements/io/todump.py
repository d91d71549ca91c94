from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ETHERNET,
    Arguments,
    Bool,
    CValue,
    DeviceUse,
    Element,
    Field,
    Filename,
    HandlerError,
    Keyword,
    Optional,
    Positional,
    Unsigned,
    Word,
    Words,
    parse_link_type,
    read_handler,
    write_handler,
)

from ._capture import capture_spec
from ._sink import PortSink

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment
    from nmclick.lang.source import Span


class ToDump(PortSink):
    """Write packets to a capture file (pcap).

    Where the input is pull and there is no output, packets are drawn whenever there are any.

    Arguments:
      FILENAME        the file, ``-`` for standard output, or a port such as ``null:``; ``nmclick run --port NAME=SPEC``
                      puts another in its place
      SNAPLEN         longest part of a packet to write, in bytes; 0: all of it (default 2000)
      ENCAP           the link type of the packets, ``ETHER`` (the default), ``IP``, ``FDDI``, ``ATM``, ``802_11``,
                      ``802_11_RADIO``, ``SLL``, ``AIRONET``, ``HDLC``, ``PPP_HDLC``, ``PPP``, ``SUNATM``, ``PRISM``,
                      ``NULL``, or a number such as ``#195`` (tcpdump's LINKTYPE values)
      USE_ENCAP_FROM  instead of ENCAP: elements whose link type it is, such as FromDumps; they must agree
      EXTRA_LENGTH    add the extra length annotation to the length on the wire (default true)
      UNBUFFERED      let each batch of packets reach the file at once (default false)
      NANO            store times to the nanosecond rather than to the microsecond (default true)

    Output 0, if there is one: all the packets.

    Packets without a timestamp are stamped with the current time. After an error such as a full disk, which is
    reported once, nothing more is written.

    Handlers: ``filename`` (read); ``count`` (read) packets written; ``reset_counts`` (write); ``flush`` (write) let
    everything written so far reach the file.
    """

    ports = "1/0-1"
    processing = "a/a"
    example = "out.pcap"
    configure_phase = 200
    arguments = Arguments(
        Positional("FILENAME", Filename()),
        Optional("SNAPLEN", Unsigned(32), 2000),
        Optional("ENCAP", Word()),
        Keyword("USE_ENCAP_FROM", Words()),
        Keyword("EXTRA_LENGTH", Bool(), True),
        Keyword("UNBUFFERED", Bool(), False),
        Keyword("NANO", Bool(), True),
    )
    handlers: ClassVar = {"count": Field("out.count")}

    def __init__(self, name: str, index: int, config: str, span: Span) -> None:
        super().__init__(name, index, config, span)
        self._link_type = ETHERNET
        self._sources: list[Element] = []

    def configure(self, environment: Environment) -> Iterable[str]:
        args = self.args
        if args.USE_ENCAP_FROM is not None and args.ENCAP is not None:
            yield "specify at most one of 'ENCAP' and 'USE_ENCAP_FROM'"
        elif args.USE_ENCAP_FROM is not None:
            if not args.USE_ENCAP_FROM:
                yield "element names missing after 'USE_ENCAP_FROM'"
            for name in args.USE_ENCAP_FROM:
                element = environment.element(name)
                if isinstance(element, Element):
                    self._sources.append(element)
                else:
                    yield f"no element named '{name}'"
        elif args.ENCAP is not None:
            link_type = parse_link_type(args.ENCAP)
            if link_type is None:
                yield "bad encapsulation type"
            else:
                self._link_type = link_type

    def initialize(self, environment: Environment) -> Iterable[str]:
        for element in self._sources:
            if not any(device.read for device in element.devices()):
                yield f"'{element.name} :: {type(element).__name__}' has no 'encap' read handler"

    def devices(self) -> Sequence[DeviceUse]:
        options = {
            "snap_length": self.args.SNAPLEN,
            "nanoseconds": self.args.NANO,
            "unbuffered": self.args.UNBUFFERED,
            "link_type": self._link_type,
        }
        sources = tuple(element.name for element in self._sources)
        spec = capture_spec(self.args.FILENAME)
        return (DeviceUse(spec, write=True, options=tuple(options.items()), link_type_from=sources),)

    def c_arguments(self) -> dict[str, CValue]:
        return {"extra_length": bool(self.args.EXTRA_LENGTH), "most": self.args.SNAPLEN or 2**32 - 1}

    @read_handler("filename")
    def filename(self) -> str:
        return "<stdout>" if self.args.FILENAME == "-" else str(self.args.FILENAME)

    @write_handler("flush")
    def flush(self, text: str) -> None:
        error, _ = self.call("flush")
        if error:
            raise HandlerError(f"{self.filename()}: {os.strerror(-error)}")
