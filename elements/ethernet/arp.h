/* What ARPQuerier and ARPTable do alike with a table. */
#ifndef ELEMENTS_ETHERNET_ARP_H
#define ELEMENTS_ETHERNET_ARP_H

#include "nmclick/arp_table.h"

/* Memory, and what the arguments of both classes say. */
#define arp_configure(t, args)                                                                               \
    ((t)->capacity = (args)->capacity, (t)->entry_capacity = (args)->entry_capacity,                         \
     (t)->entry_packet_capacity = (args)->entry_packet_capacity,                                             \
     (t)->slim_factor = (args)->capacity_slim_factor, (t)->timeout = (args)->timeout, arp_table_init(t))

/* Drops of the table that nobody has counted go to these counters; `refused` of the overflow are counted when
 * their packets are dropped. */
static inline void arp_count(struct arp_table *t, uint64_t refused, uint64_t *unanswered, uint64_t *overflow)
{
    *unanswered += arp_tell(&t->unanswered_told, t->unanswered);
    *overflow += arp_tell(&t->overflow_told, t->overflow) - refused;
}

/* Makes stale what is due, and forgets what has expired, as often as Click does: `slim_at` is when it does so
 * next. The next time to look, in ns. */
static inline uint64_t arp_upkeep(struct arp_table *t, uint64_t *slim_at, struct worker *w)
{
    const uint64_t second = 1000000000u, period = t->timeout * ARP_TICK / second * second;
    arp_lock(t);
    if (!*slim_at)
        *slim_at = t->timeout ? w->now + period : NM_NEVER;
    if (w->now >= *slim_at) {
        arp_slim(t, w->now / ARP_TICK, w);
        *slim_at = w->now + period + second;
    }
    uint64_t next = arp_age(t, w->now / ARP_TICK), least = arp_least_fresh(t);
    arp_unlock(t);
    next = next == NM_NEVER ? next : next * ARP_TICK;
    if (least != NM_NEVER && w->now + least * ARP_TICK < next)
        next = w->now +
               least * ARP_TICK; /* an entry that becomes known right after this stays fresh until then */
    return next < *slim_at ? next : *slim_at;
}

/* be32 ip, then the Ethernet address; -1: no memory. */
static inline long arp_call_insert(struct arp_table *t, const void *in, size_t n, struct worker *w)
{
    const uint8_t *bytes = in;
    return n < 10 || arp_insert(t, load_u32(bytes), bytes + 4, w->now / ARP_TICK, w) == ARP_NONE ? -1 : 0;
}

#endif
