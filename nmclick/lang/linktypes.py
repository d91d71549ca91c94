"""Link types of captures, by the names that Click gives them (tcpdump's DLT values, www.tcpdump.org/linktypes)."""

from __future__ import annotations

import re

__all__ = ["ETHERNET", "RAW_IP", "link_type_name", "parse_link_type"]

ETHERNET = 1
RAW_IP = 101

#: The first name of a number is the one that is printed.
_NAMES = {
    "NULL": 0,
    "IP": RAW_IP,
    "ETHER": ETHERNET,
    "FDDI": 10,
    "ATM": 100,
    "RFC1483": 100,
    "ATM_RFC1483": 100,
    "802_11": 105,
    "802.11": 105,
    "802_11_RADIO": 127,
    "802.11_RADIO": 127,
    "SLL": 113,
    "AIRONET": 120,
    "HDLC": 104,
    "PPP_HDLC": 50,
    "PPP": 9,
    "SUNATM": 123,
    "PRISM": 119,
}
_NUMBER = re.compile(r"#(\d+)")
_BOUND = 2**31 - 1


def parse_link_type(text: str) -> int | None:
    """The link type that a name ("ETHER") or a number ("#195") stands for; None if neither."""
    if text in _NAMES:
        return _NAMES[text]
    match = _NUMBER.fullmatch(text)
    return int(match[1]) if match and int(match[1]) < _BOUND else None


def link_type_name(link_type: int) -> str:
    """The name of a link type, "#195" for one that has none."""
    names = (name for name, number in _NAMES.items() if number == link_type)
    return next(names, f"#{link_type}")
