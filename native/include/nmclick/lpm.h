/* Longest-prefix match on IPv4: a table on the first 16 or 24 bits, then tables on 8 bits each.
 * 24 bits: DIR-24-8 (Gupta, Lin, McKeown, INFOCOM 1998). With 16 bits the first table stays in the
 * second-level cache. `root_bits` is a constant at every call, so each user gets its own code. Updates are
 * for the control plane. */
#ifndef NMCLICK_LPM_H
#define NMCLICK_LPM_H

#include <stdlib.h>
#include <sys/mman.h>

#include "nmclick/bytes.h"

struct lpm_route {
    be32 gateway;   /* 0: directly connected */
    uint16_t port;  /* output, or LPM_NO_ROUTE */
    uint8_t length; /* of the prefix */
};

#define LPM_NO_ROUTE UINT16_MAX

struct lpm {
    uint32_t *root; /* 2^root_bits entries: a route's number, or LPM_NODE | a node's number */
    uint32_t (*nodes)[256];
    uint32_t n_nodes, node_room;
    uint32_t free_node; /* number + 1; the next one stands in the node's first entry */
    /* Route 0 is the one to 0.0.0.0/0, or says that there is none: changing it leaves the tables alone, and
     * memory that no other route has touched stays untouched. */
    struct lpm_route *routes;
    uint32_t route_room;
};

#define LPM_NODE 0x80000000u

/* The number of the route for `address` (host order). */
static always_inline uint32_t lpm_lookup(const struct lpm *t, unsigned root_bits, uint32_t address)
{
    uint32_t entry = t->root[address >> (32 - root_bits)];
    for (int shift = 32 - (int)root_bits - 8; unlikely(entry & LPM_NODE) && shift >= 0; shift -= 8)
        entry = t->nodes[entry & ~LPM_NODE][address >> shift & 255];
    return entry;
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

static inline bool lpm_init(struct lpm *t, unsigned root_bits)
{
    size_t size = sizeof *t->root << root_bits;
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    madvise(memory, size, MADV_HUGEPAGE);
    t->root = memory;
    if (!lpm_reserve(t, 0))
        return false;
    t->routes[0] = (struct lpm_route){.port = LPM_NO_ROUTE};
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

/* Forget every route; the memory goes back to the system. */
static inline void lpm_clear(struct lpm *t, unsigned root_bits)
{
    madvise(t->root, sizeof *t->root << root_bits, MADV_DONTNEED); /* private and anonymous: reads as zero */
    free(t->nodes);
    t->nodes = NULL;
    t->n_nodes = t->node_room = t->free_node = 0;
    t->routes[0] = (struct lpm_route){.port = LPM_NO_ROUTE};
}

/* A node whose 256 entries all say what `entry` said; 0 when there is no memory. */
static inline uint32_t lpm_node(struct lpm *t, uint32_t entry)
{
    uint32_t node = t->free_node - 1;
    if (t->free_node) {
        t->free_node = t->nodes[node][0];
    } else {
        if (t->n_nodes == t->node_room) {
            uint32_t room = t->node_room ? 2 * t->node_room : 16;
            void *nodes = realloc(t->nodes, room * sizeof *t->nodes);
            if (!nodes)
                return 0;
            t->nodes = nodes;
            t->node_room = room;
        }
        node = t->n_nodes++;
    }
    for (unsigned i = 0; i < 256; i++)
        t->nodes[node][i] = entry;
    return LPM_NODE | node;
}

/* Write `route` over one entry and all below it: where no longer prefix stands, or only where `only` stands.
 */
static inline void lpm_paint(struct lpm *t, uint32_t *entry, uint32_t route, uint8_t length, uint32_t only)
{
    if (*entry & LPM_NODE) {
        uint32_t *children = t->nodes[*entry & ~LPM_NODE];
        for (unsigned i = 0; i < 256; i++)
            lpm_paint(t, &children[i], route, length, only);
    } else if (only ? *entry == only : t->routes[*entry].length <= length) {
        *entry = route;
    }
}

/* A node whose entries are all the same route is not needed any more. */
static inline void lpm_merge(struct lpm *t, uint32_t *entry)
{
    uint32_t node = *entry & ~LPM_NODE, *children = t->nodes[node];
    for (unsigned i = 0; i < 256; i++)
        if (children[i] != children[0] || children[i] & LPM_NODE)
            return;
    *entry = children[0];
    children[0] = t->free_node;
    t->free_node = node + 1;
}

/* Give `route` to the prefix below `entry`, which stands for the `shift` last bits of the address. With
 * `only`, just to the part of it that route `only` has (removal: the route of the covering prefix takes its
 * place). False: no memory, never when removing. `entry` may lie in a node, and nodes move, so it is named by
 * `table` and `index`. */
static inline bool lpm_set(struct lpm *t, uint32_t table, unsigned shift, unsigned bits, uint32_t address,
                           uint8_t length, uint32_t route, uint32_t only)
{
    uint32_t index = address >> shift & ((1u << bits) - 1);
#define LPM_TABLE (table & LPM_NODE ? t->nodes[table & ~LPM_NODE] : t->root)
    if (length <= 32 - shift) {
        uint32_t *entries = LPM_TABLE, count = 1u << (32 - shift - length);
        for (uint32_t i = index; i < index + count; i++)
            lpm_paint(t, &entries[i], route, length, only);
        return true;
    }
    uint32_t entry = LPM_TABLE[index];
    if (!(entry & LPM_NODE)) {
        if (only)
            return true;
        uint32_t node = lpm_node(t, entry);
        if (!node)
            return false;
        LPM_TABLE[index] = entry = node;
    }
    bool done = lpm_set(t, entry, shift - 8, 8, address, length, route, only);
    if (only || !done)
        lpm_merge(t, &LPM_TABLE[index]);
#undef LPM_TABLE
    return done;
}

/* What the control plane sends: a change of one prefix. */
struct lpm_change {
    uint32_t address; /* host order */
    be32 gateway;
    uint32_t route, only;
    uint16_t port;
    uint8_t length, pad;
};

/* Apply `n` bytes of changes. 0, or -1 minus the number of the change for which there was no memory: it and
 * what comes behind it were not done. */
static inline long lpm_apply(struct lpm *t, unsigned root_bits, const void *changes, size_t n)
{
    const uint8_t *at = changes;
    for (size_t i = 0; (i + 1) * sizeof(struct lpm_change) <= n; i++, at += sizeof(struct lpm_change)) {
        struct lpm_change change;
        memcpy(&change, at, sizeof change);
        if (!change.length) {
            t->routes[0] = (struct lpm_route){change.gateway, change.port, 0};
            continue;
        }
        if (!lpm_reserve(t, change.route))
            return -1 - (long)i;
        if (!change.only)
            t->routes[change.route] = (struct lpm_route){change.gateway, change.port, change.length};
        if (!lpm_set(t, 0, 32 - root_bits, root_bits, change.address, change.length, change.route,
                     change.only))
            return -1 - (long)i;
    }
    return 0;
}

#endif
