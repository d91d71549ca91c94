"""Runs generated classifiers: many programs are compiled into one executable that reads packets from its input."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from nmclick.classify import Program
from nmclick.classify.evaluate import Headers
from nmclick.classify.patterns import Base

INCLUDE = Path(__file__).parents[2] / "native" / "include"
ABSENT = 0xFFFFFFFF

PRELUDE = """
#include <stdio.h>
#include <stdlib.h>
#include "nmclick/bytes.h"

struct packet {
    uint8_t *header[4];
    uint32_t length[4];
};
#define ACCESSORS(NAME, BASE)                                          \\
    static inline const uint8_t *packet_##NAME##_header(const struct packet *p) \\
    {                                                                  \\
        return p->header[BASE];                                        \\
    }                                                                  \\
    static inline uint32_t packet_##NAME##_length(const struct packet *p) \\
    {                                                                  \\
        return p->length[BASE];                                        \\
    }
ACCESSORS(mac, 1)
ACCESSORS(network, 2)
ACCESSORS(transport, 3)
"""

MAIN = """
int main(void)
{
    uint32_t head[5];
    while (fread(head, sizeof head, 1, stdin) == 1) {
        struct packet p = {0};
        int output = -2;
        for (int base = 0; base < 4; base++) {
            if (head[base + 1] == 0xffffffff)
                continue;
            /* A block of exactly this size: the sanitizer sees every byte read behind the packet. */
            p.length[base] = head[base + 1];
            p.header[base] = malloc(p.length[base]);
            if (fread(p.header[base], 1, p.length[base], stdin) != p.length[base])
                return 1;
        }
        switch (head[0]) {
CASES
        }
        printf("%d\\n", output);
        for (int base = 0; base < 4; base++)
            free(p.header[base]);
    }
    return 0;
}
"""


def compiler() -> str | None:
    """A C compiler, if there is one."""
    return shutil.which("gcc") or shutil.which("clang") or shutil.which("cc")


class Executable:
    """Programs compiled together, with warnings as errors."""

    def __init__(self, programs: Sequence[Program], directory: Path, *flags: str) -> None:
        cases = []
        functions = []
        for number, program in enumerate(programs):
            functions.append(program.emit_c(f"classify_{number}"))
            argument = "&p" if program.packet else "p.header[0], p.length[0]"
            cases.append(
                f"        case {number}:\n            output = classify_{number}({argument});\n            break;"
            )
        source = directory / "classifiers.c"
        source.write_text(PRELUDE + "\n".join(functions) + MAIN.replace("CASES", "\n".join(cases)))
        self._path = directory / "classifiers"
        command = [compiler() or "cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{INCLUDE}", *flags]
        subprocess.run([*command, "-o", str(self._path), str(source)], check=True)

    def outputs(self, packets: Sequence[tuple[int, Headers]]) -> list[int]:
        """The output that program number N gives for each packet (N, headers)."""
        blob = bytearray()
        for number, headers in packets:
            lengths = [len(headers[base]) if base in headers else ABSENT for base in Base]
            blob += struct.pack("=5I", number, *lengths)
            for base in Base:
                blob += headers.get(base, b"")
        done = subprocess.run([self._path], input=bytes(blob), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return [int(line) for line in done.stdout.split()]
