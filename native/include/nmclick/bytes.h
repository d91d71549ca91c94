/* Unaligned loads and stores, byte order, branch hints. Everything folds to one instruction. */
#ifndef NMCLICK_BYTES_H
#define NMCLICK_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define always_inline inline __attribute__((always_inline))
#define cold_path __attribute__((noinline, cold))

/* Network order is what is in memory: be16/be32 name values that were not swapped. */
typedef uint16_t be16;
typedef uint32_t be32;

static always_inline uint8_t load_u8(const void *at)
{
    return *(const uint8_t *)at;
}

static always_inline uint16_t load_u16(const void *at)
{
    uint16_t v;
    memcpy(&v, at, sizeof v);
    return v;
}

static always_inline uint32_t load_u32(const void *at)
{
    uint32_t v;
    memcpy(&v, at, sizeof v);
    return v;
}

static always_inline uint64_t load_u64(const void *at)
{
    uint64_t v;
    memcpy(&v, at, sizeof v);
    return v;
}

static always_inline void store_u8(void *at, uint8_t v)
{
    *(uint8_t *)at = v;
}

static always_inline void store_u16(void *at, uint16_t v)
{
    memcpy(at, &v, sizeof v);
}

static always_inline void store_u32(void *at, uint32_t v)
{
    memcpy(at, &v, sizeof v);
}

static always_inline void store_u64(void *at, uint64_t v)
{
    memcpy(at, &v, sizeof v);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BE16(x) ((be16)__builtin_bswap16((uint16_t)(x)))
#define BE32(x) ((be32)__builtin_bswap32((uint32_t)(x)))
#else
#define BE16(x) ((be16)(x))
#define BE32(x) ((be32)(x))
#endif

/* Big-endian field in memory, value in host order. */
static always_inline uint16_t load_be16(const void *at)
{
    return BE16(load_u16(at));
}

static always_inline uint32_t load_be32(const void *at)
{
    return BE32(load_u32(at));
}

static always_inline void store_be16(void *at, uint16_t v)
{
    store_u16(at, BE16(v));
}

static always_inline void store_be32(void *at, uint32_t v)
{
    store_u32(at, BE32(v));
}

#endif
