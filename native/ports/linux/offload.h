/* What a local sender leaves to its network card, done for a frame that never meets one. */
#ifndef NMCLICK_PORTS_OFFLOAD_H
#define NMCLICK_PORTS_OFFLOAD_H

#include "nmclick/checksum.h"

/* Makes the checksum over [start, length) whole, whose field holds the sum over the pseudo-header. Zero is
 * written as its other representation, because for UDP it would mean that there is none (RFC 768). */
static inline void nm_finish_checksum(uint8_t *frame, uint32_t length, uint32_t start, uint32_t field)
{
    if (start > length || length - start < 2 || field > length - start - 2)
        return;
    uint16_t sum = (uint16_t)~checksum_fold(checksum_add(0, frame + start, length - start));
    store_u16(frame + start + field, sum ? sum : 0xffff);
}

/* The same where nobody tells whether it has to be done: a TCP or UDP checksum field that holds exactly the
 * sum over its pseudo-header is not finished. Should a finished one hold that by chance, then it is also what
 * comes out, so that nothing is spoilt. */
static inline void nm_finish_unknown_checksum(uint8_t *frame, uint32_t length)
{
    uint32_t type_at = 12;
    for (unsigned tags = 0; tags < 2 && length >= type_at + 6; tags++, type_at += 4)
        if (load_be16(frame + type_at) != 0x8100 && load_be16(frame + type_at) != 0x88a8)
            break;
    uint32_t ip = type_at + 2, start, end;
    uint8_t protocol;
    uint64_t sum;
    if (length >= ip + 20 && load_be16(frame + type_at) == 0x0800 && frame[ip] >> 4 == 4) {
        if (load_be16(frame + ip + 6) & 0x3fff) /* a fragment: those are made of finished packets */
            return;
        start = ip + (frame[ip] & 15) * 4u;
        end = ip + load_be16(frame + ip + 2);
        protocol = frame[ip + 9];
        sum = checksum_add(0, frame + ip + 12, 8);
    } else if (length >= ip + 40 && load_be16(frame + type_at) == 0x86dd) {
        start = ip + 40;
        end = start + load_be16(frame + ip + 4);
        protocol = frame[ip + 6];
        sum = checksum_add(0, frame + ip + 8, 32);
    } else {
        return;
    }
    uint32_t field = protocol == 6 ? 16 : 6;
    if ((protocol != 6 && protocol != 17) || end > length || start > end || end - start < field + 2)
        return;
    uint8_t rest[4] = {0, protocol, (uint8_t)((end - start) >> 8), (uint8_t)(end - start)};
    if (load_u16(frame + start + field) == checksum_fold(checksum_add(sum, rest, sizeof rest)))
        nm_finish_checksum(frame, end, start, field);
}

#endif
