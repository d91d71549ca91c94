/* An ARP table: IPv4 to Ethernet addresses, with their ages and the packets that wait for an answer.
 *
 * A lookup touches one 16-byte slot of an open-addressed table. While the slot is fresh nothing else matters;
 * the owner calls arp_age() when the oldest entry is due, which makes slots stale, to be looked at again
 * before use. Ages, queues and polls live in a pool of entries beside the slots. Times are whole ms, as in
 * Click. */
#ifndef NMCLICK_ARP_TABLE_H
#define NMCLICK_ARP_TABLE_H

#include "nmclick/element.h"

#define ARP_NONE UINT32_MAX
enum { ARP_FAST_POLLS = 10 }; /* after so many unanswered queries, ask less often */
enum { ARP_POLL_INTERVAL = 100, ARP_SLOW_POLL_INTERVAL = 2000 };
#define ARP_TICK 1000000u /* ns */

struct arp_slot {
    _Alignas(8) be32 ip;
    uint8_t ether[6];
    uint16_t fresh;
    uint32_t entry; /* number + 1; 0: the slot is free */
};

struct arp_entry {
    be32 ip;
    uint8_t ether[6];
    bool known, fresh;
    uint8_t polls;
    uint64_t live_at, polled_at;
    uint32_t head, tail, packets; /* waiting, in arp_table.waiting */
    uint32_t older, newer;
};

struct arp_waiting {
    struct packet packet;
    uint32_t next;
};

struct arp_table {
    struct arp_slot *slots;
    uint32_t mask; /* slots - 1 */
    /* With several workers: one at a time changes the table; the others look up meanwhile, and again if they
     * see another number of changes, or an odd one, after than before. What they may be reading is not freed.
     */
    uint32_t changes;
    struct spin_lock lock;
    struct arp_slot *outgrown[32];
    uint32_t n_outgrown;
    struct arp_entry *entries;
    uint32_t entry_room, free_entry; /* free entries are chained by `newer` */
    struct arp_waiting *waiting;
    uint32_t waiting_room, free_waiting;
    uint32_t oldest, newest;
    uint64_t entry_count, packet_count;
    uint64_t unanswered, overflow; /* packets dropped with their entry, or because too many waited */
    uint64_t unanswered_told, overflow_told; /* as far as elements have counted them */
    uint32_t capacity, entry_capacity, entry_packet_capacity, slim_factor;
    uint64_t timeout, poll_timeout; /* 0: never */
};

/* Fibonacci hashing (Knuth, vol. 3, section 6.4): addresses in a row, as a network's are, hardly ever
 * collide. */
static always_inline uint32_t arp_hash(be32 ip, uint32_t mask)
{
    return (uint32_t)((BE32(ip) * 0x9e3779b97f4a7c15ull) >> (32 + __builtin_clz(mask)));
}

static inline struct arp_slot *arp_make_slots(size_t n)
{
    struct arp_slot *slots = aligned_alloc(64, n * sizeof *slots);
    return slots ? memset(slots, 0, n * sizeof *slots) : NULL;
}

/* The slot of an address; one with entry 0 if it is not in the table. */
static always_inline struct arp_slot *arp_find(const struct arp_table *t, be32 ip)
{
    uint32_t at = arp_hash(ip, t->mask);
    while (t->slots[at].entry && t->slots[at].ip != ip)
        at = (at + 1) & t->mask;
    return &t->slots[at];
}

static inline void arp_store(struct arp_slot *slot, struct arp_slot value)
{
    uint64_t words[2];
    memcpy(words, &value, sizeof words);
    __atomic_store_n((uint64_t *)slot, words[0], __ATOMIC_RELAXED);
    __atomic_store_n((uint64_t *)slot + 1, words[1], __ATOMIC_RELAXED);
}

/* A slot in two words, as it lies in memory. */
struct arp_words {
    uint64_t first, second;
};

static always_inline bool arp_words_fit(struct arp_words w, be32 ip)
{
    return (be32)w.first == ip && (uint16_t)(w.second >> 16);
}

_Static_assert(offsetof(struct arp_slot, ether) == 4 && offsetof(struct arp_slot, fresh) == 10, "arp_words");

/* The Ethernet address of `ip`, in memory's order from the lowest byte up. False: it is not known, or not
 * fresh. */
static always_inline bool arp_lookup(const struct arp_table *t, be32 ip, uint64_t *ether)
{
#if NM_WORKERS == 1
    struct arp_words words;
    uint32_t at = arp_hash(ip, t->mask);
    do {
        const uint8_t *slot = (const uint8_t *)&t->slots[at];
        words = (struct arp_words){load_u64(slot), load_u64(slot + 8)};
        at = (at + 1) & t->mask;
    } while (unlikely((be32)words.first != ip && words.second >> 32));
    bool fits = arp_words_fit(words, ip);
#else
    uint32_t changes = __atomic_load_n(&t->changes, __ATOMIC_ACQUIRE);
    uint32_t mask = __atomic_load_n(&t->mask, __ATOMIC_ACQUIRE); /* before the slots: they may be more */
    struct arp_slot *slots = __atomic_load_n(&t->slots, __ATOMIC_RELAXED);
    struct arp_words words;
    uint32_t at = arp_hash(ip, mask), looks = 0;
    do {
        const uint64_t *slot = (const uint64_t *)&slots[at];
        words = (struct arp_words){__atomic_load_n(slot, __ATOMIC_RELAXED),
                                   __atomic_load_n(slot + 1, __ATOMIC_RELAXED)};
        at = (at + 1) & mask;
    } while (unlikely((be32)words.first != ip && words.second >> 32 && looks++ < mask));
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    bool fits = arp_words_fit(words, ip) && !(changes & 1) &&
                __atomic_load_n(&t->changes, __ATOMIC_RELAXED) == changes;
#endif
    *ether = words.first >> 32 | words.second << 32;
    return likely(fits);
}

/* Around everything that changes the table or looks at more than a slot of it. */
static inline void arp_lock(struct arp_table *t)
{
    if (NM_WORKERS > 1) {
        spin_lock(&t->lock);
        __atomic_store_n(&t->changes, t->changes + 1, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_RELEASE);
    }
}

static inline void arp_unlock(struct arp_table *t)
{
    if (NM_WORKERS > 1) {
        __atomic_store_n(&t->changes, t->changes + 1, __ATOMIC_RELEASE);
        spin_unlock(&t->lock);
    }
}

static inline bool arp_table_init(struct arp_table *t)
{
    t->mask = 63;
    t->slots = arp_make_slots(t->mask + 1);
    t->free_entry = t->free_waiting = t->oldest = t->newest = ARP_NONE;
    return t->slots != NULL;
}

static inline void arp_table_free(struct arp_table *t)
{
    while (t->n_outgrown)
        free(t->outgrown[--t->n_outgrown]);
    free(t->slots);
    free(t->entries);
    free(t->waiting);
}

static inline bool arp_expired(const struct arp_table *t, const struct arp_entry *e, uint64_t now)
{
    return t->timeout && e->live_at + t->timeout < now;
}

static inline bool arp_allow_poll(const struct arp_entry *e, uint64_t now)
{
    return now - e->polled_at >= (e->polls >= ARP_FAST_POLLS ? ARP_SLOW_POLL_INTERVAL : ARP_POLL_INTERVAL);
}

static inline void arp_mark_poll(struct arp_entry *e, uint64_t now)
{
    e->polled_at = now;
    e->polls = (uint8_t)(e->polls + (e->polls < 255));
}

/* How long an entry stays fresh; NM_NEVER: for ever. */
static inline uint64_t arp_least_fresh(const struct arp_table *t)
{
    uint64_t time = t->timeout ? t->timeout : NM_NEVER;
    return t->poll_timeout && t->poll_timeout < time ? t->poll_timeout : time;
}

static inline void arp_unlink(struct arp_table *t, uint32_t i)
{
    struct arp_entry *e = &t->entries[i];
    *(e->older == ARP_NONE ? &t->oldest : &t->entries[e->older].newer) = e->newer;
    *(e->newer == ARP_NONE ? &t->newest : &t->entries[e->newer].older) = e->older;
}

static inline void arp_link_newest(struct arp_table *t, uint32_t i)
{
    struct arp_entry *e = &t->entries[i];
    e->older = t->newest;
    e->newer = ARP_NONE;
    *(t->newest == ARP_NONE ? &t->oldest : &t->entries[t->newest].newer) = i;
    t->newest = i;
}

/* Take the first waiting packet off an entry. */
static inline struct packet arp_dequeue(struct arp_table *t, struct arp_entry *e)
{
    uint32_t i = e->head;
    struct arp_waiting *item = &t->waiting[i];
    e->head = item->next;
    if (e->head == ARP_NONE)
        e->tail = ARP_NONE;
    item->next = t->free_waiting;
    t->free_waiting = i;
    e->packets--;
    t->packet_count--;
    return item->packet;
}

static inline void arp_drop_first(struct arp_table *t, struct arp_entry *e, struct worker *w)
{
    struct packet p = arp_dequeue(t, e);
    packet_free(w, &p);
}

/* Empty a slot, moving back what was displaced past it. */
static inline void arp_erase_slot(struct arp_table *t, struct arp_slot *slot)
{
    uint32_t hole = (uint32_t)(slot - t->slots);
    for (uint32_t at = (hole + 1) & t->mask; t->slots[at].entry; at = (at + 1) & t->mask) {
        uint32_t home = arp_hash(t->slots[at].ip, t->mask);
        if (((at - home) & t->mask) >= ((at - hole) & t->mask)) {
            arp_store(&t->slots[hole], t->slots[at]);
            hole = at;
        }
    }
    arp_store(&t->slots[hole], (struct arp_slot){0}); /* nor may it look fresh */
}

static inline void arp_remove(struct arp_table *t, uint32_t i, struct worker *w)
{
    struct arp_entry *e = &t->entries[i];
    for (; e->head != ARP_NONE; t->unanswered++)
        arp_drop_first(t, e, w);
    arp_erase_slot(t, arp_find(t, e->ip));
    arp_unlink(t, i);
    e->newer = t->free_entry;
    t->free_entry = i;
    t->entry_count--;
}

/* Forget expired and surplus entries, and packets beyond the capacity, the oldest first. */
static inline void arp_slim(struct arp_table *t, uint64_t now, struct worker *w)
{
    while (t->oldest != ARP_NONE && (arp_expired(t, &t->entries[t->oldest], now) ||
                                     (t->entry_capacity && t->entry_count > t->entry_capacity)))
        arp_remove(t, t->oldest, w);
    if (!t->capacity || t->packet_count <= t->capacity)
        return;
    uint64_t keep = t->capacity - t->capacity / t->slim_factor;
    keep += !keep; /* the packet that is about to be added counts already */
    for (uint32_t i = t->oldest; i != ARP_NONE && t->packet_count > keep; i = t->entries[i].newer)
        for (; t->entries[i].head != ARP_NONE && t->packet_count > keep; t->overflow++)
            arp_drop_first(t, &t->entries[i], w);
}

static inline bool arp_grow_slots(struct arp_table *t)
{
    struct arp_table bigger = *t;
    bigger.mask = 2 * t->mask + 1;
    bigger.slots = arp_make_slots((size_t)bigger.mask + 1);
    if (!bigger.slots)
        return false;
    for (uint32_t i = 0; i <= t->mask; i++)
        if (t->slots[i].entry)
            *arp_find(&bigger, t->slots[i].ip) = t->slots[i];
    if (NM_WORKERS > 1)
        t->outgrown[t->n_outgrown++] = t->slots;
    else
        free(t->slots);
    __atomic_store_n(&t->slots, bigger.slots, __ATOMIC_RELAXED);
    __atomic_store_n(&t->mask, bigger.mask, __ATOMIC_RELEASE);
    return true;
}

static inline bool arp_grow_entries(struct arp_table *t)
{
    uint32_t room = t->entry_room ? 2 * t->entry_room : 64;
    struct arp_entry *entries = realloc(t->entries, room * sizeof *entries);
    if (!entries)
        return false;
    for (uint32_t i = t->entry_room; i < room; i++) {
        entries[i].newer = t->free_entry;
        t->free_entry = i;
    }
    t->entries = entries;
    t->entry_room = room;
    return true;
}

static inline bool arp_grow_waiting(struct arp_table *t)
{
    uint32_t room = t->waiting_room ? 2 * t->waiting_room : 64;
    struct arp_waiting *waiting = realloc(t->waiting, room * sizeof *waiting);
    if (!waiting)
        return false;
    for (uint32_t i = t->waiting_room; i < room; i++) {
        waiting[i].next = t->free_waiting;
        t->free_waiting = i;
    }
    t->waiting = waiting;
    t->waiting_room = room;
    return true;
}

/* The entry of an address, made if there is none; ARP_NONE: no memory. */
static inline uint32_t arp_ensure(struct arp_table *t, be32 ip, uint64_t now, struct worker *w)
{
    struct arp_slot *slot = arp_find(t, ip);
    if (slot->entry)
        return slot->entry - 1;
    if (3 * (t->entry_count + 1) > 2 * t->mask && !arp_grow_slots(t))
        return ARP_NONE;
    if (t->free_entry == ARP_NONE && !arp_grow_entries(t))
        return ARP_NONE;
    t->entry_count++;
    if (t->entry_capacity && t->entry_count > t->entry_capacity)
        arp_slim(t, now, w);
    uint32_t i = t->free_entry;
    struct arp_entry *e = &t->entries[i];
    t->free_entry = e->newer;
    *e = (struct arp_entry){.ip = ip,
                            .ether = {255, 255, 255, 255, 255, 255},
                            .live_at = now,
                            .polled_at = now - 10 * ARP_POLL_INTERVAL,
                            .head = ARP_NONE,
                            .tail = ARP_NONE};
    arp_link_newest(t, i);
    arp_store(arp_find(t, ip), (struct arp_slot){.ip = ip, .entry = i + 1});
    return i;
}

/* What is known now: `ip` has address `ether`; all ones: it is not known any more. The entry, or ARP_NONE. */
static inline uint32_t arp_insert(struct arp_table *t, be32 ip, const uint8_t *ether, uint64_t now,
                                  struct worker *w)
{
    static const uint8_t broadcast[6] = {255, 255, 255, 255, 255, 255};
    uint32_t i = arp_ensure(t, ip, now, w);
    if (i == ARP_NONE)
        return i;
    struct arp_entry *e = &t->entries[i];
    memcpy(e->ether, ether, 6);
    e->known = memcmp(ether, broadcast, 6) != 0;
    e->live_at = now;
    e->polls = 0;
    e->polled_at = now - 10 * ARP_POLL_INTERVAL;
    arp_unlink(t, i);
    arp_link_newest(t, i);
    struct arp_slot *at = arp_find(t, ip), slot = *at;
    memcpy(slot.ether, ether, 6);
    slot.fresh = e->fresh = e->known;
    arp_store(at, slot);
    return i;
}

/* Make slots stale whose time has come; when the next will be, NM_NEVER if none is fresh. Entries become
 * stale in the order of their ages. */
static inline uint64_t arp_age(struct arp_table *t, uint64_t now)
{
    uint64_t time = arp_least_fresh(t);
    for (uint32_t i = t->oldest; i != ARP_NONE && time != NM_NEVER; i = t->entries[i].newer) {
        struct arp_entry *e = &t->entries[i];
        if (!e->fresh)
            continue;
        if (e->live_at + time > now)
            return e->live_at + time;
        e->fresh = false;
        struct arp_slot *at = arp_find(t, e->ip), slot = *at;
        slot.fresh = 0;
        arp_store(at, slot);
    }
    return NM_NEVER;
}

enum arp_result { ARP_HELD, ARP_HELD_ASK, ARP_REFUSED };

/* An expired entry that is wanted again: what it says is forgotten, and it is kept this side of expiring. */
static inline void arp_revive(struct arp_table *t, uint32_t i, uint64_t now)
{
    struct arp_entry *e = &t->entries[i];
    e->known = false;
    e->live_at = now - t->timeout;
    arp_unlink(t, i);
    uint32_t older = e->older, newer = e->newer;
    while (newer != ARP_NONE && t->entries[newer].live_at < e->live_at)
        older = newer, newer = t->entries[newer].newer;
    e->older = older;
    e->newer = newer;
    *(older == ARP_NONE ? &t->oldest : &t->entries[older].newer) = i;
    *(newer == ARP_NONE ? &t->newest : &t->entries[newer].older) = i;
}

/* Keep a packet until its address is known, and whether it is time to ask (again). ARP_REFUSED: the caller
 * drops it. */
static inline enum arp_result arp_hold(struct arp_table *t, be32 ip, struct packet p, uint64_t now,
                                       struct worker *w)
{
    uint32_t i = arp_ensure(t, ip, now, w);
    struct arp_entry *e = &t->entries[i];
    if (i != ARP_NONE && arp_expired(t, e, now))
        arp_revive(t, i, now);
    if (i == ARP_NONE || (t->entry_packet_capacity && e->packets >= t->entry_packet_capacity) ||
        (t->free_waiting == ARP_NONE && !arp_grow_waiting(t))) {
        t->overflow++;
        return ARP_REFUSED;
    }
    t->packet_count++;
    if (t->capacity && t->packet_count > t->capacity)
        arp_slim(t, now, w);
    uint32_t item = t->free_waiting;
    t->free_waiting = t->waiting[item].next;
    t->waiting[item] = (struct arp_waiting){p, ARP_NONE};
    *(e->tail == ARP_NONE ? &e->head : &t->waiting[e->tail].next) = item;
    e->tail = item;
    e->packets++;
    if (!arp_allow_poll(e, now))
        return ARP_HELD;
    arp_mark_poll(e, now);
    return ARP_HELD_ASK;
}

static inline void arp_clear(struct arp_table *t, struct worker *w)
{
    while (t->oldest != ARP_NONE)
        arp_remove(t, t->oldest, w);
}

/* How many packets the table has dropped since somebody last counted them. */
static inline uint64_t arp_tell(uint64_t *told, uint64_t dropped)
{
    uint64_t news = dropped - *told;
    *told = dropped;
    return news;
}

/* One line of the table handler. */
struct arp_line {
    be32 ip;
    uint8_t ether[6];
    uint8_t known, pad;
    uint32_t pad2;
    uint64_t age;
};

/* Write the entries, oldest first, as many as fit; the number of entries. */
static inline long arp_lines(const struct arp_table *t, uint64_t now, void *out, size_t room)
{
    for (uint32_t i = t->oldest; i != ARP_NONE && room >= sizeof(struct arp_line); i = t->entries[i].newer) {
        const struct arp_entry *e = &t->entries[i];
        struct arp_line line = {.ip = e->ip,
                                .known = e->known && !arp_expired(t, e, now),
                                .age = now > e->live_at ? now - e->live_at : 0};
        memcpy(line.ether, e->ether, 6);
        memcpy(out, &line, sizeof line);
        out = (uint8_t *)out + sizeof line;
        room -= sizeof line;
    }
    return (long)t->entry_count;
}

#endif
