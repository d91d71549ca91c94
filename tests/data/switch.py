#!/usr/bin/env python3
"""A switch with an access port and a trunk: frames go onto the trunk with an IEEE 802.1Q tag and come off it without.

usage: switch.py ACCESS TRUNK VLAN
"""

from __future__ import annotations

import selectors
import socket
import struct
import sys

EVERY_PROTOCOL = 3  # ETH_P_ALL
TAG = 0x8100
FRAME = 65536
ADDRESSES = 12  # bytes in front of the tag


def open_port(device: str) -> socket.socket:
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PROTOCOL))
    port.bind((device, EVERY_PROTOCOL))
    return port


def received(port: socket.socket) -> bytes | None:
    """The next frame, None for one that this program sent. Linux takes the tag off before a packet socket sees it."""
    frame, (_, _, kind, *_) = port.recvfrom(FRAME)
    return None if kind == socket.PACKET_OUTGOING else frame


def main() -> None:
    access, trunk, vlan = open_port(sys.argv[1]), open_port(sys.argv[2]), int(sys.argv[3])
    tag = struct.pack("!HH", TAG, vlan)
    selector = selectors.DefaultSelector()
    selector.register(access, selectors.EVENT_READ)
    selector.register(trunk, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            from_access = key.fileobj is access
            frame = received(access if from_access else trunk)
            if frame is not None and from_access:
                trunk.send(frame[:ADDRESSES] + tag + frame[ADDRESSES:])
            elif frame is not None:
                access.send(frame)


if __name__ == "__main__":
    main()
