"""Names that stand for numbers or addresses, with Click's scoping, and the names that the protocols bring
along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any


def scopes(element_name: str) -> Iterator[str]:
    """The compounds around an element as prefixes, innermost first: "a/b/c" gives "a/b/", "a/", ""."""
    scope = element_name
    while scope:
        scope = scope.rpartition("/")[0]
        yield scope + "/" if scope else ""
    if not element_name:
        yield ""


class NameTable:
    """Names defined by information elements. A name is visible in the compound that defines it and inside."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], dict[str, Any]] = {}

    def define(self, kind: str, element_name: str, name: str, value: Any) -> None:
        """Let `name` mean `value` in the compound that `element_name` stands in. A later definition wins."""
        self._values.setdefault((kind, next(scopes(element_name))), {})[name] = value

    def lookup(self, kind: str, element_name: str, name: str) -> Any:
        """What `name` means to `element_name`; None if nothing."""
        if self._values:
            for scope in scopes(element_name):
                value = self._values.get((kind, scope), {}).get(name)
                if value is not None:
                    return value
        return None


#: TCP and UDP ports by the names that Click knows without /etc/services.
PORTS: Mapping[str, int] = MappingProxyType(
    {
        "echo": 7,
        "discard": 9,
        "daytime": 13,
        "chargen": 19,
        "ftp-data": 20,
        "ftp": 21,
        "ssh": 22,
        "telnet": 23,
        "smtp": 25,
        "dns": 53,
        "domain": 53,
        "bootps": 67,
        "bootpc": 68,
        "tftp": 69,
        "finger": 79,
        "www": 80,
        "http": 80,
        "pop3": 110,
        "sunrpc": 111,
        "auth": 113,
        "nntp": 119,
        "ntp": 123,
        "netbios-ns": 137,
        "netbios-dgm": 138,
        "netbios-ssn": 139,
        "imap": 143,
        "snmp": 161,
        "snmp-trap": 162,
        "irc": 194,
        "imap3": 220,
        "https": 443,
        "rip": 520,
        "route": 520,
        "imaps": 993,
        "pop3s": 995,
        "pptp": 1723,
    }
)

#: IP protocol numbers (IANA "Protocol Numbers").
PROTOCOLS: Mapping[str, int] = MappingProxyType(
    {
        "icmp": 1,
        "igmp": 2,
        "ipip": 4,
        "tcp": 6,
        "udp": 17,
        "dccp": 33,
        "gre": 47,
        "esp": 50,
        "ah": 51,
        "icmp6": 58,
        "ospf": 89,
        "sctp": 132,
    }
)

#: ICMP message types (RFC 792, 950, 1256).
ICMP_TYPES: Mapping[str, int] = MappingProxyType(
    {
        "echo-reply": 0,
        "unreachable": 3,
        "sourcequench": 4,
        "redirect": 5,
        "echo": 8,
        "routeradvert": 9,
        "routersolicit": 10,
        "timeexceeded": 11,
        "parameterproblem": 12,
        "timestamp": 13,
        "timestamp-reply": 14,
        "inforeq": 15,
        "inforeq-reply": 16,
        "maskreq": 17,
        "maskreq-reply": 18,
    }
)

#: ICMP codes by type.
ICMP_CODES: Mapping[int, Mapping[str, int]] = MappingProxyType(
    {
        3: MappingProxyType(
            {
                "net": 0,
                "host": 1,
                "protocol": 2,
                "port": 3,
                "needfrag": 4,
                "srcroutefail": 5,
                "netunknown": 6,
                "hostunknown": 7,
                "isolated": 8,
                "netprohibited": 9,
                "hostprohibited": 10,
                "tosnet": 11,
                "toshost": 12,
                "filterprohibited": 13,
                "hostprecedence": 14,
                "precedencecutoff": 15,
            }
        ),
        5: MappingProxyType({"net": 0, "host": 1, "tosnet": 2, "toshost": 3}),
        11: MappingProxyType({"transit": 0, "reassembly": 1}),
        12: MappingProxyType({"erroratptr": 0, "missingopt": 1, "length": 2}),
    }
)

#: Byte ranges (offset, size) of the named annotations in the 48-byte area.
ANNOTATIONS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "DST_IP": (0, 4),
        "DST_IP6": (0, 16),
        "WIFI_EXTRA": (16, 24),
        "PAINT": (16, 1),
        "ICMP_PARAMPROB": (17, 1),
        "FIX_IP_SRC": (19, 1),
        "VLAN": (20, 2),
        "VLAN_TCI": (20, 2),
        "AGGREGATE": (20, 4),
        "FWD_RATE": (20, 4),
        "MISC_IP": (20, 4),
        "EXTRA_PACKETS": (24, 4),
        "REV_RATE": (24, 4),
        "GRID_ROUTE_CB": (27, 1),
        "IPREASSEMBLER": (28, 4),
        "EXTRA_LENGTH": (28, 4),
        "FIRST_TIMESTAMP": (32, 8),
        "PACKET_NUMBER": (32, 4),
        "IPSEC_SPI": (32, 4),
        "SEQUENCE_NUMBER": (36, 4),
        "PERFCTR": (40, 8),
        "IPSEC_SA_DATA_REFERENCE": (40, 8),
    }
)

ANNOTATION_AREA = 48
