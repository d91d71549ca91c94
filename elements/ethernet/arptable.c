#include "ethernet/arp.h"

struct ARPTable {
    struct arp_table table; /* first: where ARPQueriers look for it */
    uint64_t slim_at;
};

static inline int ARPTable_init(struct ARPTable *self, const struct ARPTable_args *args, struct context *c)
{
    return arp_configure(&self->table, args) ? 0 : init_error(c, "out of memory");
}

static inline void ARPTable_cleanup(struct ARPTable *self, const struct ARPTable_args *args,
                                    struct context *c)
{
    (void)args;
    arp_clear(&self->table, c->worker);
    arp_table_free(&self->table);
}

static inline void ARPTable_count(struct ARPTable *self, struct context *c)
{
    arp_count(&self->table, 0, &c->drops[-2 - DROP(unanswered)], &c->drops[-2 - DROP(full)]);
}

static inline uint64_t ARPTable_timer(struct ARPTable *self, const struct ARPTable_args *args,
                                      struct context *c)
{
    (void)args;
    uint64_t next = arp_upkeep(&self->table, &self->slim_at, c->worker);
    ARPTable_count(self, c);
    return next;
}

static inline long ARPTable_call_insert(struct ARPTable *self, const struct ARPTable_args *args,
                                        const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)out, (void)room;
    long result = arp_call_insert(&self->table, in, n, c->worker);
    ARPTable_count(self, c);
    return result;
}

static inline long ARPTable_call_clear(struct ARPTable *self, const struct ARPTable_args *args,
                                       const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room;
    arp_clear(&self->table, c->worker);
    ARPTable_count(self, c);
    return 0;
}

static inline long ARPTable_call_table(struct ARPTable *self, const struct ARPTable_args *args,
                                       const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)in, (void)n;
    return arp_lines(&self->table, now(c) / ARP_TICK, out, room);
}
