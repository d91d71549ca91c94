/* Longest-prefix match on IPv4: a table on the first 16 or 24 bits, then tables on 8 bits each.
 * 24 bits: DIR-24-8 (Gupta, Lin, McKeown, INFOCOM 1998). With 16 bits the first table stays in the second-level cache.
 * `root_bits` is a constant at every call, so each user gets its own code. Updates are for the control plane. */
#ifndef NMCLICK_LPM_H
#define NMCLICK_LPM_H

#include <stdlib.h>
#include <sys/mman.h>

#include "nmclick/bytes.h"

struct lpm_route {
    be32 gateway;   /* 0: directly connected */
    uint16_t port;  /* output */
    uint8_t length; /* of the prefix */
};

struct lpm {
    uint32_t *root; /* 2^root_bits entries: 0 none, else a route's number, or LPM_NODE | a node's number */
    uint32_t (*nodes)[256];
    uint32_t n_nodes, node_room;
    struct lpm_route *routes; /* from 1 on */
    uint32_t route_room;
};

#define LPM_NODE 0x80000000u

/* The number of the route for `address` (host order); 0: none. */
static always_inline uint32_t lpm_lookup(const struct lpm *t, unsigned root_bits, uint32_t address)
{
    uint32_t entry = t->root[address >> (32 - root_bits)];
    for (int shift = 32 - (int)root_bits - 8; unlikely(entry & LPM_NODE) && shift >= 0; shift -= 8)
        entry = t->nodes[entry & ~LPM_NODE][address >> shift & 255];
    return entry;
}

static inline bool lpm_init(struct lpm *t, unsigned root_bits)
{
    void *memory = mmap(NULL, sizeof *t->root << root_bits, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    madvise(memory, sizeof *t->root << root_bits, MADV_HUGEPAGE);
    t->root = memory;
    return true;
}

static inline void lpm_free(struct lpm *t, unsigned root_bits)
{
    if (t->root)
        munmap(t->root, sizeof *t->root << root_bits);
    free(t->nodes);
    free(t->routes);
    *t = (struct lpm){0};
}

/* A node whose 256 entries all say what `entry` said; 0 when there is no memory. */
static inline uint32_t lpm_node(struct lpm *t, uint32_t entry)
{
    if (t->n_nodes == t->node_room) {
        uint32_t room = t->node_room ? 2 * t->node_room : 16;
        void *nodes = realloc(t->nodes, room * sizeof *t->nodes);
        if (!nodes)
            return 0;
        t->nodes = nodes;
        t->node_room = room;
    }
    for (unsigned i = 0; i < 256; i++)
        t->nodes[t->n_nodes][i] = entry;
    return LPM_NODE | t->n_nodes++;
}

/* Write `route` over one entry and all below it: where no longer prefix stands, or only where `only` stands. */
static inline void lpm_paint(struct lpm *t, uint32_t *entry, uint32_t route, uint8_t length, uint32_t only)
{
    if (*entry & LPM_NODE) {
        uint32_t *children = t->nodes[*entry & ~LPM_NODE];
        for (unsigned i = 0; i < 256; i++)
            lpm_paint(t, &children[i], route, length, only);
    } else if (only ? *entry == only : !*entry || t->routes[*entry].length <= length) {
        *entry = route;
    }
}

/* Give `route` to the prefix; with `only`, just to the part of it that route `only` has (removal: the route of the
 * covering prefix takes its place). False: no memory. */
static inline bool lpm_set(struct lpm *t, unsigned root_bits, uint32_t address, uint8_t length, uint32_t route,
                           uint32_t only)
{
    uint32_t *table = t->root, at_node = 0;
    unsigned shift = 32 - root_bits, bits = root_bits;
    bool in_node = false;
    while (length > 32 - shift) {
        uint32_t index = address >> shift & ((1u << bits) - 1);
        uint32_t entry = in_node ? t->nodes[at_node][index] : table[index];
        if (!(entry & LPM_NODE)) {
            uint32_t node = lpm_node(t, entry); /* may move t->nodes */
            if (!node)
                return false;
            *(in_node ? &t->nodes[at_node][index] : &table[index]) = entry = node;
        }
        at_node = entry & ~LPM_NODE;
        in_node = true;
        shift -= 8;
        bits = 8;
    }
    uint32_t first = address >> shift & ((1u << bits) - 1), count = 1u << (32 - shift - length);
    for (uint32_t i = first; i < first + count; i++)
        lpm_paint(t, in_node ? &t->nodes[at_node][i] : &table[i], route, length, only);
    return true;
}

/* Room for route number `route`. */
static inline bool lpm_reserve(struct lpm *t, uint32_t route)
{
    if (route < t->route_room)
        return true;
    uint32_t room = t->route_room ? t->route_room : 64;
    while (room <= route)
        room *= 2;
    struct lpm_route *routes = realloc(t->routes, room * sizeof *routes);
    if (!routes)
        return false;
    t->routes = routes;
    t->route_room = room;
    return true;
}

/* What the control plane sends: a change of one prefix. */
struct lpm_change {
    uint32_t address; /* host order */
    be32 gateway;
    uint32_t route, only;
    uint16_t port;
    uint8_t length, pad;
};

/* Apply `n` bytes of changes; -1: no memory. */
static inline long lpm_apply(struct lpm *t, unsigned root_bits, const void *changes, size_t n)
{
    for (size_t at = 0; at + sizeof(struct lpm_change) <= n; at += sizeof(struct lpm_change)) {
        struct lpm_change change;
        memcpy(&change, (const uint8_t *)changes + at, sizeof change);
        if (!lpm_reserve(t, change.route))
            return -1;
        if (change.route && !change.only)
            t->routes[change.route] = (struct lpm_route){change.gateway, change.port, change.length};
        if (!lpm_set(t, root_bits, change.address, change.length, change.route, change.only))
            return -1;
    }
    return 0;
}

#endif
