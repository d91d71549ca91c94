from __future__ import annotations

import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ANNO_DST_IP,
    ANNO_EXTRA_LENGTH,
    MAC_HEADER,
    NETWORK_HEADER,
    TIMESTAMP,
    TRANSPORT_HEADER,
    Arguments,
    Bool,
    CValue,
    DeviceUse,
    Field,
    Filename,
    FixedPoint,
    HandlerCall,
    HandlerError,
    Keyword,
    Notice,
    Optional,
    Positional,
    TimeSpan,
    TimeStamp,
    Unsigned,
    link_type_name,
    parse_written,
    read_handler,
    write_handler,
)
from nmclick.source import Source

from ._capture import capture_spec
from ._receive import RECEIVE_DROPS

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

_SAMPLE_BITS = 28
_CERTAIN = 1 << _SAMPLE_BITS


class FromDump(Source):
    """Read packets from a capture file (pcap or pcapng), each once.

    Arguments:
      FILENAME     the file, ``-`` for standard input, or a port such as ``replay:in.pcap``; ``nmclick run --port
                   NAME=SPEC`` puts another in its place
      TIMING       keep the times between packets: the first is sent at once (default false)
      STOP         send the driver a stop event when the file, or END, is reached (default false)
      ACTIVE       send packets at all (default true)
      SAMPLE       the probability to send each packet with (default 1)
      FORCE_IP     send only IP packets, with network and transport header and destination annotation set behind
                   whatever link header there is (default false; always so where the file holds raw IP)
      START, START_AFTER
                   begin with the first packet stamped at or after this time, or this long after the file's first
      END, END_AFTER, INTERVAL
                   end before the first packet stamped at or after this time, or this long after the file's first
                   packet, or after the first one sent
      END_CALL     write handler to call when the file, or END, is reached; with END it replaces ``active false``:
                   packets after END follow unless the handler prevents it. Not together with STOP
      FILEPOS      position in the file to begin at, in bytes; must be that of a packet
      MMAP         accepted and of no effect

    Output 0: the packets, with MAC header, timestamp and, where only a part was captured, extra length annotation.
    Output 1: with FORCE_IP, packets that are not IP; they are dropped where it is not connected.

    Handlers: ``count`` (read) packets sent by output 0; ``active`` (read, write); ``encap`` (read) the file's link
    type, such as ``ETHER``; ``filename``, ``filesize`` (read); ``filepos`` (read, write) where in the file the next
    packet comes from; ``packet_filepos`` (read) where the last one came from; ``sampling_prob`` (read);
    ``extend_interval`` (write) put END off by a time and go on; ``stop`` (write) go inactive and send the driver a
    stop event; ``reset_counts`` (write); ``reset_timing`` (write) take the next packet for the first as to TIMING.
    """

    ports = "0/1-2"
    processing = "a/ah"
    example = "in.pcap"
    arguments = Arguments(
        Positional("FILENAME", Filename()),
        Optional("TIMING", Bool(), False),
        Keyword("STOP", Bool(), False),
        Keyword("ACTIVE", Bool(), True),
        Keyword("SAMPLE", FixedPoint(_SAMPLE_BITS), _CERTAIN),
        Keyword("FORCE_IP", Bool(), False),
        Keyword("START", TimeStamp(), 0),
        Keyword("START_AFTER", TimeStamp(), 0),
        Keyword("END", TimeStamp(), 0),
        Keyword("END_AFTER", TimeStamp(), 0),
        Keyword("INTERVAL", TimeStamp(), 0),
        Keyword("END_CALL", HandlerCall()),
        Keyword("FILEPOS", Unsigned(64), 0),
        Keyword("MMAP", Bool(), False),
    )
    drops: ClassVar = {
        "not_ip": "FORCE_IP, and the packet is not IP",
        "skipped": "before START, not before END, or not in the SAMPLE",
        **RECEIVE_DROPS,
    }
    reject_output = 1
    writes = frozenset({MAC_HEADER, NETWORK_HEADER, TRANSPORT_HEADER, TIMESTAMP, ANNO_EXTRA_LENGTH, ANNO_DST_IP})
    handlers: ClassVar = {
        "count": Field("in.count"),
        "active": Field("in.active", Bool()),
        "packet_filepos": Field("position"),
    }
    fields = (
        *("in.active", "in.ended", "link_type", "last_time", "have_last"),
        *("first_relative", "last_relative", "last_interval", "times_known"),
    )

    def configure(self, environment: Environment) -> Iterable[str | Notice]:
        args = self.args
        if args.SAMPLE > _CERTAIN:
            yield Notice("SAMPLE probability reduced to 1", is_warning=True)
            args.SAMPLE = _CERTAIN
        elif args.SAMPLE == 0:
            yield Notice("SAMPLE probability is 0; emitting no packets", is_warning=True)
        if args.START and args.START_AFTER:
            yield "START and START_AFTER are mutually exclusive"
        if sum(map(bool, (args.END, args.END_AFTER, args.INTERVAL))) > 1:
            yield "END, END_AFTER, and INTERVAL are mutually exclusive"
        yield from super().configure(environment)

    def devices(self) -> Sequence[DeviceUse]:
        return (DeviceUse(capture_spec(self.args.FILENAME), read=True),)

    def c_arguments(self) -> dict[str, CValue]:
        args = self.args
        return {
            "timing": bool(args.TIMING),
            "active": bool(args.ACTIVE),
            "sample": args.SAMPLE,
            "force_ip": bool(args.FORCE_IP),
            "filepos": args.FILEPOS,
            "first_time": args.START or args.START_AFTER,
            "first_relative": not args.START,
            "last_time": args.END or args.END_AFTER or args.INTERVAL,
            "last_relative": bool(args.END_AFTER),
            "last_interval": bool(args.INTERVAL),
        }

    @property
    def _has_end(self) -> bool:
        args = self.args
        return bool(args.STOP or args.END_CALL is not None or args.END or args.END_AFTER or args.INTERVAL)

    def ended(self) -> None:
        if self.args.STOP:
            self.stop("")
        elif self.args.END_CALL is None and self._has_end:
            self.live.write("in.active", 0)
        else:
            super().ended()

    def _activate(self, active: bool) -> None:
        self.live.write("in.active", active)
        if active:
            self.live.write("in.ended", 0)

    @write_handler("active")
    def write_active(self, text: str) -> None:
        self._activate(parse_written(Bool(), text, "type mismatch"))

    @write_handler("stop")
    def stop(self, text: str) -> None:
        self._activate(False)
        self.router.stop(self)

    @read_handler("encap")
    def encap(self) -> str:
        return link_type_name(self.live.read("link_type"))

    @read_handler("sampling_prob")
    def sampling_probability(self) -> str:
        return FixedPoint(_SAMPLE_BITS).unparse(self.args.SAMPLE)

    @read_handler("filename")
    def filename(self) -> str:
        return "<stdin>" if self.args.FILENAME == "-" else str(self.args.FILENAME)

    @read_handler("filesize")
    def filesize(self) -> str:
        try:
            status = Path(self.port_spec().partition(":")[2]).stat()
        except (OSError, ValueError):
            return "-"
        return str(status.st_size) if stat.S_ISREG(status.st_mode) else "-"

    @read_handler("filepos")
    def file_position(self) -> str:
        position, _ = self.call("position")
        return str(position) if position >= 0 else "-"

    @write_handler("filepos")
    def seek(self, text: str) -> None:
        position: int = parse_written(Unsigned(64, max=2**63 - 1), text, "argument must be file offset")
        error, _ = self.call("seek", position.to_bytes(8, "little"))
        if error:
            raise HandlerError("FILEPOS out of range")

    @write_handler("extend_interval")
    def extend_interval(self, text: str) -> None:
        more: int = parse_written(TimeSpan(), text, "'extend_interval' takes a time interval")
        self.live.write("last_time", self.live.read("last_time") + more)
        if self._has_end:
            self.live.write("have_last", True)
            self._activate(True)

    @write_handler("reset_counts")
    def reset_counts(self, text: str) -> None:
        self.call("reset_counts")

    @write_handler("reset_timing")
    def reset_timing(self, text: str) -> None:
        for field in ("first_relative", "last_relative", "last_interval", "times_known"):
            self.live.write(field, 0)
