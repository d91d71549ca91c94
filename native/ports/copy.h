/* Copying packets in whole cache lines. */
#ifndef NMCLICK_PORTS_COPY_H
#define NMCLICK_PORTS_COPY_H

#include "nmclick/bytes.h"

#define NM_LINE 64u

static always_inline uint32_t nm_round_line(uint32_t length)
{
    return (length + NM_LINE - 1) & ~(NM_LINE - 1);
}

/* Copies `length` bytes and what is missing to the next multiple of 64 (64 bytes at least): both sides must have
 * that room. A fixed-size memcpy becomes vector moves. */
static always_inline void nm_copy_lines(uint8_t *restrict to, const uint8_t *restrict from, uint32_t length)
{
    memcpy(to, from, NM_LINE);
    for (uint32_t at = NM_LINE; unlikely(at < length); at += NM_LINE)
        memcpy(to + at, from + at, NM_LINE);
}

#endif
