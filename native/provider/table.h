/* Which port a station was last heard on: sets of eight entries, a cache line each. */
#ifndef NMCLICK_PROVIDER_TABLE_H
#define NMCLICK_PROVIDER_TABLE_H

#include "nmclick/bytes.h"

#define TABLE_SETS 1024u
#define TABLE_WAYS 8u
#define TABLE_MAC UINT64_C(0xffffffffffff)
#define TABLE_NO_PORT UINT32_MAX

/* An entry is the address, in the order of its bytes in memory, and above it the port's number + 1. */
struct table {
    uint64_t entry[TABLE_SETS][TABLE_WAYS] __attribute__((aligned(64)));
    uint32_t generation; /* changes with every entry */
    uint32_t next;       /* which of a full set is replaced */
};

static always_inline uint64_t *table_set(struct table *table, uint64_t mac)
{
    return table->entry[(mac * UINT64_C(0x9e3779b97f4a7c15)) >> 54];
}

static always_inline uint32_t table_find(struct table *table, uint64_t mac)
{
    const uint64_t *set = table_set(table, mac);
    for (unsigned i = 0; i < TABLE_WAYS; i++)
        if ((set[i] & TABLE_MAC) == mac && set[i] >> 48)
            return (uint32_t)(set[i] >> 48) - 1;
    return TABLE_NO_PORT;
}

static inline void table_learn(struct table *table, uint64_t mac, uint32_t port)
{
    uint64_t *set = table_set(table, mac), entry = mac | ((uint64_t)port + 1) << 48;
    unsigned at = TABLE_WAYS;
    for (unsigned i = 0; i < TABLE_WAYS; i++) {
        if (set[i] == entry)
            return;
        if ((set[i] & TABLE_MAC) == mac || (at == TABLE_WAYS && !(set[i] >> 48)))
            at = i;
        if ((set[i] & TABLE_MAC) == mac && set[i] >> 48)
            break;
    }
    set[at < TABLE_WAYS ? at : table->next++ % TABLE_WAYS] = entry;
    table->generation++;
}

static inline void table_forget(struct table *table, uint32_t port)
{
    for (unsigned s = 0; s < TABLE_SETS; s++)
        for (unsigned i = 0; i < TABLE_WAYS; i++)
            if (table->entry[s][i] >> 48 == port + 1)
                table->entry[s][i] = 0;
    table->generation++;
}

#endif
