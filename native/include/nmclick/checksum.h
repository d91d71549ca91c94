/* The Internet checksum (RFC 1071) and its incremental update (RFC 1624). */
#ifndef NMCLICK_CHECKSUM_H
#define NMCLICK_CHECKSUM_H

#include "nmclick/bytes.h"

/* Fold a sum of 32-bit words to 16 bits. */
static always_inline uint16_t checksum_fold(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* Sum of `length` bytes as they lie in memory (one's complement arithmetic does not mind the byte order). */
static always_inline uint64_t checksum_add(uint64_t sum, const void *data, uint32_t length)
{
    const uint8_t *at = data;
    for (; length >= 8; length -= 8, at += 8) {
        uint64_t word = load_u64(at);
        sum += (word & 0xffffffff) + (word >> 32);
    }
    if (length >= 4) {
        sum += load_u32(at);
        at += 4, length -= 4;
    }
    if (length >= 2) {
        sum += load_u16(at);
        at += 2, length -= 2;
    }
    if (length) {
        uint8_t last[2] = {*at, 0};
        sum += load_u16(last);
    }
    return sum;
}

/* Checksum field value for `length` bytes whose field holds zero. */
static always_inline uint16_t checksum(const void *data, uint32_t length)
{
    return (uint16_t)~checksum_fold(checksum_add(0, data, length));
}

/* Whether a sum of 32-bit words, not all zero, folds to 0xffff: whether it is a multiple of 65535, since 2^16
 * is 1 modulo that. An exact multiple is known by multiplying with the inverse modulo 2^64 (Warren, Hacker's
 * Delight, section 10-17). */
static always_inline bool checksum_folds_to_ones(uint64_t sum)
{
    return sum * 0xfffefffefffeffffull <= UINT64_MAX / 65535;
}

/* Whether the checksum of an IP header of `length` bytes is right. The header without options is by far the
 * most frequent and costs five loads. */
static always_inline bool ip_header_is_intact(const void *header, uint32_t length)
{
    const uint8_t *at = header;
    uint64_t sum =
        (uint64_t)load_u32(at) + load_u32(at + 4) + load_u32(at + 8) + load_u32(at + 12) + load_u32(at + 16);
    if (unlikely(length > 20))
        sum = checksum_add(sum, at + 20, length - 20);
    return checksum_folds_to_ones(sum);
}

/* The checksum after a 16-bit word that it covers changed (RFC 1624, equation 3). */
static always_inline uint16_t checksum_update16(uint16_t old_checksum, uint16_t old_word, uint16_t new_word)
{
    uint32_t sum = (uint32_t)(uint16_t)~old_checksum + (uint16_t)~old_word + new_word;
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~(sum + (sum >> 16));
}

static always_inline uint16_t checksum_update32(uint16_t old_checksum, uint32_t old_word, uint32_t new_word)
{
    uint64_t sum = (uint64_t)(uint16_t)~old_checksum + (uint32_t)~old_word + new_word;
    return (uint16_t)~checksum_fold(sum);
}

#endif
