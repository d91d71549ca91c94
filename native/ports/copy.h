/* Copying packets in whole cache lines. */
#ifndef NMCLICK_PORTS_COPY_H
#define NMCLICK_PORTS_COPY_H

#include "nmclick/bytes.h"

#define NM_LINE 64u

static always_inline uint32_t nm_round_line(uint32_t length)
{
    return (length + NM_LINE - 1) & ~(NM_LINE - 1);
}

/* Half a line at a time: what the compiler would pick for a memcpy of 64 bytes are twice as many moves. */
typedef uint8_t nm_half_line __attribute__((vector_size(32), aligned(1), may_alias));

static always_inline void nm_copy_line(uint8_t *to, const uint8_t *from)
{
    nm_half_line first = *(const nm_half_line *)from, second = *(const nm_half_line *)(from + 32);
    *(nm_half_line *)to = first;
    *(nm_half_line *)(to + 32) = second;
}

/* Copies `length` bytes and what is missing to the next multiple of 64 (64 bytes at least): both sides must
 * have that room. */
static always_inline void nm_copy_lines(uint8_t *restrict to, const uint8_t *restrict from, uint32_t length)
{
    nm_copy_line(to, from);
    for (uint32_t at = NM_LINE; unlikely(at < length); at += NM_LINE)
        nm_copy_line(to + at, from + at);
}

#endif
