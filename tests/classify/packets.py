"""Packets for the tests, built field by field."""

from __future__ import annotations

from nmclick.classify.evaluate import Headers
from nmclick.classify.patterns import Base

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47}
FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32}


def ip(
    proto: str = "udp",
    src: str = "10.0.0.1",
    dst: str = "10.0.0.2",
    sport: int = 1000,
    dport: int = 2000,
    **more: int | str,
) -> Headers:
    """Headers of an IP packet. Fields in `more`: tos, ttl, id, frag, vers, hl, len, flags (a string of names), win,
    type, code, payload (length), cut (bytes kept of the packet)."""
    hl = int(more.get("hl", 5))
    header = bytearray(4 * hl)
    header[0] = int(more.get("vers", 4)) << 4 | hl
    header[1] = int(more.get("tos", 0))
    header[2:4] = int(more.get("len", 100)).to_bytes(2, "big")
    header[4:6] = int(more.get("id", 7)).to_bytes(2, "big")
    header[6:8] = int(more.get("frag", 0)).to_bytes(2, "big")
    header[8] = int(more.get("ttl", 64))
    header[9] = PROTOCOLS[proto]
    header[12:16] = bytes(map(int, src.split(".")))
    header[16:20] = bytes(map(int, dst.split(".")))
    transport = bytearray(20)
    transport[0:2], transport[2:4] = sport.to_bytes(2, "big"), dport.to_bytes(2, "big")
    if proto == "icmp":
        transport[0], transport[1] = int(more.get("type", 8)), int(more.get("code", 0))
    if proto == "tcp":
        transport[13] = sum(FLAGS[flag] for flag in str(more.get("flags", "ack")).split())
        transport[14:16] = int(more.get("win", 500)).to_bytes(2, "big")
    data = bytes(header + transport)[: int(more.get("cut", 1000))]
    mac = bytes.fromhex("02005e000002 02005e000001 0800".replace(" ", ""))
    return {Base.NETWORK: data, Base.TRANSPORT: data[4 * hl :], Base.MAC: mac + data}
