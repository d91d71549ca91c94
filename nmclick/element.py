"""What an element declares. Element files import from here and from nothing else of nmclick.

An element is two siblings: ``elements/FAMILY/NAME.py`` with one `Element` subclass, and ``NAME.c`` with its packet
code when it has any (the entry points are listed in ``native/include/nmclick/element.h``). The class body is data:
ports, processing, arguments, drop reasons, annotations, handlers; manual pages, checks, C structures and statistics
are derived from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from nmclick.lang.addressinfo import define_addresses
from nmclick.lang.arguments import (
    AnnotationRef,
    Argument,
    ArgumentError,
    Arguments,
    Bandwidth,
    Bool,
    ByteSize,
    Choice,
    Data,
    Double,
    ElementRef,
    EtherAddress,
    Filename,
    FixedPoint,
    HandlerCall,
    Host,
    IPAddress,
    IPPrefix,
    Keyword,
    Optional,
    PortNumber,
    Positional,
    Problem,
    Rest,
    Signed,
    String,
    Text,
    TimeSpan,
    TimeStamp,
    Unsigned,
    Word,
    Words,
)
from nmclick.lang.linktypes import ETHERNET, RAW_IP, link_type_name, parse_link_type

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment
    from nmclick.lang.source import Span

__all__ = [
    "ANNO_AGGREGATE",
    "ANNO_DST_IP",
    "ANNO_EXTRA_LENGTH",
    "ANNO_EXTRA_PACKETS",
    "ANNO_FIRST_TIMESTAMP",
    "ANNO_FIX_IP_SRC",
    "ANNO_ICMP_PARAMPROB",
    "ANNO_PAINT",
    "ANNO_VLAN_TCI",
    "DEFAULT_TICKETS",
    "ETHERNET",
    "MAC_HEADER",
    "MOST_TICKETS",
    "NETWORK_HEADER",
    "PACKET_TYPE",
    "RAW_IP",
    "TIMESTAMP",
    "TRANSPORT_HEADER",
    "Annotation",
    "AnnotationRef",
    "Argument",
    "ArgumentError",
    "Arguments",
    "Array",
    "Bandwidth",
    "Bool",
    "ByteSize",
    "CValue",
    "Choice",
    "Data",
    "DeviceUse",
    "Double",
    "Element",
    "ElementRef",
    "EtherAddress",
    "Field",
    "Filename",
    "FixedPoint",
    "Handler",
    "HandlerCall",
    "HandlerError",
    "Host",
    "IPAddress",
    "IPPrefix",
    "Keyword",
    "Notice",
    "Optional",
    "OwnHandler",
    "PortNumber",
    "Positional",
    "Problem",
    "Rest",
    "Router",
    "Sharing",
    "Signed",
    "StateOf",
    "String",
    "Text",
    "TimeSpan",
    "TimeStamp",
    "Unsigned",
    "Word",
    "Words",
    "define_addresses",
    "link_type_name",
    "parse_link_type",
    "parse_written",
    "read_handler",
    "write_handler",
]


# Annotations -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something a packet carries besides its bytes: a named field, or `size` bytes at `offset` of Click's area."""

    name: str
    offset: int = -1
    size: int = 0


MAC_HEADER = Annotation("mac_header")
NETWORK_HEADER = Annotation("network_header")
TRANSPORT_HEADER = Annotation("transport_header")
TIMESTAMP = Annotation("timestamp")
PACKET_TYPE = Annotation("packet_type")
ANNO_DST_IP = Annotation("DST_IP", 0, 4)
ANNO_PAINT = Annotation("PAINT", 16, 1)
ANNO_ICMP_PARAMPROB = Annotation("ICMP_PARAMPROB", 17, 1)
ANNO_FIX_IP_SRC = Annotation("FIX_IP_SRC", 19, 1)
ANNO_VLAN_TCI = Annotation("VLAN_TCI", 20, 2)
ANNO_AGGREGATE = Annotation("AGGREGATE", 20, 4)
ANNO_EXTRA_PACKETS = Annotation("EXTRA_PACKETS", 24, 4)
ANNO_EXTRA_LENGTH = Annotation("EXTRA_LENGTH", 28, 4)
ANNO_FIRST_TIMESTAMP = Annotation("FIRST_TIMESTAMP", 32, 8)


# Values that reach C -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Array:
    """A constant array in the arguments of an element's C code.

    In ``struct NAME_args`` it becomes ``const CTYPE *field`` and ``uint32_t n_field``. For a structure, `ctype` is
    the ``struct NAME_...`` that the element's C file defines, and each item is a tuple of its members in order.
    """

    ctype: str
    items: tuple[int | bytes | StateOf | tuple[int | bytes, ...], ...]


@dataclass(frozen=True, slots=True)
class StateOf:
    """Where the C state of another element (by index) lies: its distance in bytes from this element's own state, a
    constant. C says ``state_of(self, args->field, struct OTHER)``. Its own index: 0."""

    element: int


#: int (int64_t unless the argument's type says better), bool, bytes (uint8_t[len]), an Array or a StateOf. Never text.
CValue = int | bool | bytes | Array | StateOf


# Several workers ----------------------------------------------------------------------------------------------------


class Sharing(Enum):
    """What workers that run the code of one element share."""

    #: One state, and one worker at a time runs the code.
    LOCKED = "locked"
    #: A state each. What is read is the sum, except for fields that can be written; what is written is written to all.
    PER_WORKER = "per worker"
    #: One state that packets do not change, or that the class guards itself.
    UNLOCKED = "unlocked"


#: Shares of a worker that a task has unless it is told, and that it can have at most. Source: Click's Task.
DEFAULT_TICKETS, MOST_TICKETS = 1 << 10, 1 << 15


# Handlers ----------------------------------------------------------------------------------------------------------


class HandlerError(Exception):
    """A handler refused: the text is shown to the user as it is. `status` is what a Script sees in ``$?``."""

    def __init__(self, message: str, status: int = -22) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class OwnHandler:
    """A handler that an instance has besides those of its class (Script's exported variables)."""

    name: str
    #: Called with the text of the parameters ("" unless `parameters`).
    read: Callable[[str], str] | None = None
    #: Returns None or the status for ``$?``.
    write: Callable[[str], int | None] | None = None
    parameters: bool = False
    raw: bool = False
    #: Hidden from the command line and from ControlSocket.
    private: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A handler that shows a field of the element's C state, converted by an argument type; `write` lets it be set."""

    field: str
    type: Argument = Unsigned(64)
    write: bool = False


def read_handler(
    name: str, *, raw: bool = False, parameters: bool = False
) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Mark a method as the read handler `name`: ``def method(self) -> str``, with the text of its parameters as
    second argument if `parameters`. `raw`: no newline is added where the driver prints it."""

    def mark(method: Callable[..., str]) -> Callable[..., str]:
        method.__dict__["read_handler"] = (name, raw, parameters)
        return method

    return mark


def write_handler(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a method as write handler(s): ``def method(self, text: str) -> None``; raises HandlerError to refuse."""

    def mark(method: Callable[..., None]) -> Callable[..., None]:
        method.__dict__["write_handlers"] = names
        return method

    return mark


def parse_written(type: Argument, text: str, message: str = "syntax error") -> Any:
    """What was written to a handler, as a value of `type`; HandlerError with Click's message for the handler if it is
    none. For handlers that do more than set a field."""
    try:
        return type.parse(text)
    except ArgumentError:
        raise HandlerError(message) from None


# The running element -----------------------------------------------------------------------------------------------


class Live(Protocol):
    """The compiled side of a running element, given to it by nmclick.run."""

    def read(self, field: str) -> int: ...
    def write(self, field: str, value: int) -> None: ...
    def read_bytes(self, field: str) -> bytes: ...
    def write_bytes(self, field: str, value: bytes) -> None: ...
    def call(self, what: str, data: bytes, room: int) -> list[tuple[int, bytes]]: ...
    def drops(self) -> Mapping[str, int]: ...


class Handler(Protocol):
    """A handler of the running router, as Router.handler finds it."""

    @property
    def name(self) -> str: ...  # "c.count"; a global one: "stop"
    @property
    def element(self) -> Element | None: ...
    @property
    def readable(self) -> bool: ...
    @property
    def writable(self) -> bool: ...
    @property
    def parameters(self) -> bool: ...  # the read handler takes parameters
    def read(self, parameters: str = "") -> str: ...
    def write(self, value: str = "") -> int: ...  # status; both raise HandlerError


class Router(Protocol):
    """What an element may ask of the running router. Text that is not UTF-8 is kept with surrogateescape."""

    def read(self, handler: str, parameters: str = "") -> str: ...
    def write(self, handler: str, value: str = "") -> None: ...
    def stop(self, element: Element) -> None: ...
    def now(self) -> int: ...
    def error(self, element: Element, message: str) -> None: ...
    def find(self, name: str, base: Element) -> Element | None: ...
    def handler(self, element: Element | None, name: str) -> Handler | None: ...  # None: a global one
    def call_later(self, when: int, callback: Callable[[], None]) -> object: ...  # ns; in the main thread
    def cancel(self, call: object) -> None: ...  # what call_later returned
    def print(self, text: str) -> None: ...  # standard output, flushed
    def report(self, text: str) -> None: ...  # standard error, whole lines
    def catch_signal(self, number: int, callback: Callable[[], None]) -> None: ...  # the next one only
    @property
    def elements(self) -> Sequence[Element]: ...
    @property
    def workers(self) -> int: ...
    def set_tickets(self, element: Element, tickets: int) -> None: ...  # of its task, if it has one; 0: no turn at all


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """A port that the element opens: `spec` such as "eth0" or "pcap:in.pcap", or "host:eth0" for the system's own end
    of a device. The number that the runtime gives it reaches C as the argument `field`."""

    spec: str
    read: bool = False
    write: bool = False
    field: str = "port"
    options: tuple[tuple[str, int], ...] = ()
    #: Elements whose ports must have one link type, which becomes the option link_type.
    link_type_from: tuple[str, ...] = ()
    #: Kinds of port that suit, best first, where `spec` is the bare name of a network device; (): any.
    kinds: tuple[str, ...] = ()


# The element -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Notice:
    """What an element has to say when it is configured, without being an error."""

    text: str
    is_warning: bool = False


class Element:
    """Base of all element classes. Subclasses override class attributes, rarely methods."""

    ports: ClassVar[str] = "0/0"
    processing: ClassVar[str] = "a/a"
    flow: ClassVar[str] = "x/x"
    arguments: ClassVar[Arguments] = Arguments()
    #: reason -> one sentence. C says DROP(reason). When the output after the last regular one exists ("1/1-2" with
    #: both connected), the packet goes there instead and the count shows it.
    drops: ClassVar[Mapping[str, str]] = {}
    #: Output that refused packets leave by where it is connected (Click's "x/xh" elements); None: always dropped.
    reject_output: ClassVar[int | None] = None
    reads: ClassVar[frozenset[Annotation]] = frozenset()
    writes: ClassVar[frozenset[Annotation]] = frozenset()
    #: Handler name -> field of the C state. Computed ones are methods marked with read_handler / write_handler.
    handlers: ClassVar[Mapping[str, Field]] = {}
    #: C state fields that Python code reads or writes besides those in `handlers`.
    fields: ClassVar[Sequence[str]] = ()
    #: A smallest configuration, for the manual page and for checks that need an instance; "" if none is needed.
    example: ClassVar[str] = ""
    #: Further Click names of the same class.
    aliases: ClassVar[Sequence[str]] = ()
    #: Elements are configured and initialised in this order, then in that of the file. Lower for those that define
    #: names for others (AddressInfo: 0), higher for those that need others initialised (ToDump: 200).
    configure_phase: ClassVar[int] = 100
    #: Packets start here; a run that ends lets the others finish what is under way.
    is_source: ClassVar[bool] = False
    #: Others wait while it is full (Click's full notifiers): its C state begins with a ``struct fifo``.
    is_storage: ClassVar[bool] = False
    #: Makes no packets that the storages it pushes into have no room for: `storages` tells which these are.
    heeds_storages: ClassVar[bool] = False
    storages: Sequence[int] = ()
    #: What several workers do with its state. An instance may say otherwise once it is configured.
    sharing: Sharing = Sharing.LOCKED
    #: With several workers the task runs on every one of them, each for its own share of a port's rings.
    spread: bool = False
    #: Bytes of the longest packet that it makes by itself: buffers are at least so large.
    longest_packet: int = 0
    #: Receive rings of its port that it needs where it does not read all there are.
    rings_read: int = 1

    def __init__(self, name: str, index: int, config: str, span: Span) -> None:
        self.name = name
        self.index = index
        self.config = config
        self.span = span
        self.n_inputs = 0
        self.n_outputs = 0
        self.args: Any = None
        #: The specification of each of devices() once --port has had its say; empty until then.
        self.port_specs: Sequence[str] = ()
        self._live: Live | None = None
        self._router: Router | None = None

    # Before the run

    def configure(self, environment: Environment) -> Iterable[str | Notice | Problem]:
        """Checks that the schema cannot express; yields error messages, or Notices. Runs after the arguments were
        parsed and the port counts are known."""
        return ()

    def initialize(self, environment: Environment) -> Iterable[str]:
        """As configure, but once every element is configured (references to other elements, files)."""
        return ()

    def annotations_read(self) -> frozenset[Annotation]:
        """Annotations this instance reads; override when arguments choose them."""
        return self.reads

    def annotations_written(self) -> frozenset[Annotation]:
        """As annotations_read, for what this instance may set to something else than it was. What nobody writes keeps
        its initial value (no header, 0, PACKET_HOST), so packets need not carry it."""
        return self.writes

    def c_arguments(self) -> dict[str, CValue]:
        """Constants for ``struct NAME_args`` (lower-case names): every argument whose type has a C form. Override to
        add computed ones: ``return super().c_arguments() | {"n_routes": ...}``. The same fields for every instance."""
        return self.arguments.c_values(self.args)

    def c_code(self, symbol: str) -> str | None:
        """C that this instance needs for itself (classifiers, static tables): a complete function ``symbol`` or
        functions and tables whose names start with it. The generated code defines ``NM_CODE_symbol`` ... see
        nmclick.compile.emit; the instance's entry point is ``static inline int SYMBOL_packet(struct NAME *,
        const struct NAME_args *, struct packet *, struct context *)`` and replaces NAME_packet."""
        return None

    def constant_output(self) -> int | None:
        """The only output that packets ever take, unchanged (a StaticSwitch); -1: all are dropped. The plan then
        leaves the element out."""
        return None

    def devices(self) -> Sequence[DeviceUse]:
        """Ports that this element opens."""
        return ()

    def thread_wishes(self) -> Mapping[int, int]:
        """The workers, by number, that are to run the tasks of these elements, by index."""
        return {}

    def port_spec(self, number: int = 0) -> str:
        """The port that devices()[number] comes to: what --port puts in its place, else what it says itself."""
        return self.port_specs[number] if self.port_specs else self.devices()[number].spec

    # While running

    @property
    def live(self) -> Live:
        if self._live is None:
            raise HandlerError("the router is not running")
        return self._live

    @property
    def router(self) -> Router:
        if self._router is None:
            raise HandlerError("the router is not running")
        return self._router

    def call(self, what: str, data: bytes = b"", room: int = 0) -> tuple[int, bytes]:
        """Run ``NAME_call_WHAT`` of the C file between two batches: its result and the bytes it wrote. Where every
        worker has a state of its own, it runs for each, and the result is the first one's."""
        return self.live.call(what, data, room)[0]

    def call_each(self, what: str, data: bytes = b"", room: int = 0) -> list[tuple[int, bytes]]:
        """As call, with the results of all workers that have a state of their own."""
        return self.live.call(what, data, room)

    def started(self) -> None:
        """The router has been loaded and initialised; packets have not moved yet."""

    def upcall(self, kind: int, argument: int) -> int:
        """Answer worker_upcall() of the C half; the worker waits."""
        raise NotImplementedError(f"{type(self).__name__} makes no upcalls")

    def own_handlers(self) -> Sequence[OwnHandler]:
        """Handlers of this instance; asked once the element is configured."""
        return ()

    def default_handler(self, name: str) -> OwnHandler | None:
        """A handler for a name that nobody declares (Script TYPE PROXY)."""
        return None

    def driver_event(self) -> bool | None:
        """One stop event is pending. True: it is answered and the run goes on; False: the run ends; None: this
        element does not manage stop events. Called in the main thread."""
        return None

    def stopped(self) -> None:
        """The run is over; flush what Python keeps open."""
