#include "ethernet/arp.h"
#include "nmclick/headers.h"

struct ARPQuerier {
    struct arp_table table; /* first, as in ARPTable; not used with another's */
    be32 ip, broadcast;
    uint8_t ether[6];
    bool warned;
    uint64_t queries, responses, killed;
    uint64_t slim_at;
    uint64_t unanswered, overflow; /* drops of the table that are in this element's counters */
};

static always_inline struct arp_table *ARPQuerier_table(struct ARPQuerier *self,
                                                        const struct ARPQuerier_args *args)
{
    return state_of(self, args->table, struct arp_table);
}

static inline int ARPQuerier_init(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                  struct context *c)
{
    struct arp_table *t = ARPQuerier_table(self, args);
    if (args->own_table && !arp_configure(t, args))
        return init_error(c, "out of memory");
    if (args->poll_timeout && (!t->poll_timeout || args->poll_timeout < t->poll_timeout))
        t->poll_timeout = args->poll_timeout;
    self->ip = args->ip;
    self->broadcast = args->broadcast;
    memcpy(self->ether, args->eth, 6);
    return 0;
}

static inline void ARPQuerier_cleanup(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                      struct context *c)
{
    if (args->own_table) {
        arp_clear(&self->table, c->worker);
        arp_table_free(&self->table);
    }
}

/* After the table changed; `refused` of the drops are counted by who makes them. */
static inline void ARPQuerier_count(struct ARPQuerier *self, struct arp_table *t, uint64_t refused,
                                    struct context *c)
{
    uint64_t unanswered = 0, overflow = 0;
    arp_count(t, refused, &unanswered, &overflow);
    c->drops[-2 - DROP(unanswered)] += unanswered;
    c->drops[-2 - DROP(full)] += overflow;
    self->unanswered += unanswered;
    self->overflow += overflow + refused;
}

/* Ask for `ip`; at `to`, or of everybody (NULL). */
static void ARPQuerier_ask(struct ARPQuerier *self, be32 ip, const uint8_t *to, const struct packet *about,
                           struct context *c)
{
    struct packet q;
    if (!packet_new(c->worker, NM_HEADROOM, sizeof(struct ether_header) + sizeof(struct arp_header), &q))
        return;
    struct ether_header *e = (struct ether_header *)q.data;
    struct arp_header *arp = (struct arp_header *)(e + 1);
    if (to)
        memcpy(e->dst, to, 6);
    else
        memset(e->dst, 0xff, 6);
    memcpy(e->src, self->ether, 6);
    e->type = BE16(ETHER_TYPE_ARP);
    *arp = (struct arp_header){.hardware = BE16(1),
                               .protocol = BE16(ETHER_TYPE_IP),
                               .hardware_length = 6,
                               .protocol_length = 4,
                               .operation = BE16(ARP_REQUEST),
                               .sender_ip = self->ip,
                               .target_ip = ip};
    memcpy(arp->sender_ether, self->ether, 6);
    packet_set_mac_header(&q, q.data);
    packet_set_timestamp(&q, packet_timestamp(about));
    set_anno_u16(&q, ANNO_VLAN_TCI, anno_u16(about, ANNO_VLAN_TCI));
    count_shared(&self->queries);
    emit(c, c->instance->n_outputs - 1u, q);
}

/* An address that is in the table, but may want a look: asked for again if it is old. */
static bool ARPQuerier_known(struct ARPQuerier *self, const struct ARPQuerier_args *args, struct arp_table *t,
                             be32 ip, const struct packet *about, uint8_t *ether, struct context *c)
{
    const uint64_t time = now(c) / ARP_TICK;
    bool ask = false;
    arp_lock(t);
    struct arp_slot *slot = arp_find(t, ip);
    struct arp_entry *e = slot->entry ? &t->entries[slot->entry - 1] : NULL;
    bool known = e && e->known && !arp_expired(t, e, time);
    if (known) {
        memcpy(ether, e->ether, 6);
        ask = args->poll_timeout && time >= e->live_at + args->poll_timeout && arp_allow_poll(e, time);
        if (ask)
            arp_mark_poll(e, time);
    }
    arp_unlock(t);
    if (ask)
        ARPQuerier_ask(self, ip, args->broadcast_poll ? NULL : ether, about, c);
    return known;
}

/* Addresses that are not in the table, or whose entry wants a look: 0 (`ether` is set), KEPT or a drop code.
 */
static cold_path int ARPQuerier_resolve(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                        struct packet p, uint8_t *ether, struct context *c)
{
    struct arp_table *t = ARPQuerier_table(self, args);
    be32 ip = anno_u32(&p, ANNO_DST_IP);
    if (ARPQuerier_known(self, args, t, ip, &p, ether, c))
        return 0;
    if (ip == 0xffffffff || ip == self->broadcast) {
        memset(ether, 0xff, 6);
        return 0;
    }
    if ((BE32(ip) & 0xf0000000) == 0xe0000000) { /* RFC 1112, section 6.4 */
        uint32_t group = BE32(ip);
        memcpy(ether, (uint8_t[]){1, 0, 0x5e, group >> 16 & 0x7f, (uint8_t)(group >> 8), (uint8_t)group}, 6);
        return 0;
    }
    if (!ip) {
        if (!__atomic_exchange_n(&self->warned, true, __ATOMIC_RELAXED))
            worker_log(c->worker, c->instance->number,
                       "would query for 0.0.0.0; missing dest IP addr annotation?");
        count_shared(&self->killed);
        return DROP(no_destination);
    }
    arp_lock(t);
    enum arp_result held = arp_hold(t, ip, p, now(c) / ARP_TICK, c->worker);
    ARPQuerier_count(self, t, held == ARP_REFUSED, c);
    arp_unlock(t);
    if (held == ARP_HELD_ASK)
        ARPQuerier_ask(self, ip, NULL, &p, c);
    return held == ARP_REFUSED ? DROP(full) : KEPT;
}

static always_inline void ARPQuerier_header(const struct ARPQuerier *self, uint8_t *data,
                                            const uint8_t *ether)
{
    struct ether_header *header = (struct ether_header *)data;
    memcpy(header->dst, ether, 6);
    memcpy(header->src, self->ether, 6);
    header->type = BE16(ETHER_TYPE_IP);
}

/* Learn from a reply and let go what waited for it. */
static cold_path int ARPQuerier_reply(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                      struct packet p, struct context *c)
{
    struct arp_table *t = ARPQuerier_table(self, args);
    const struct ether_header *e = (const struct ether_header *)p.data;
    const struct arp_header *arp = (const struct arp_header *)(e + 1);
    if (p.length < sizeof *e + sizeof *arp)
        return DROP(no_reply);
    count_shared(&self->responses);
    if (e->type != BE16(ETHER_TYPE_ARP) || arp->hardware != BE16(1) || arp->protocol != BE16(ETHER_TYPE_IP) ||
        arp->operation != BE16(ARP_REPLY) || (arp->sender_ether[0] & 1))
        return DROP(no_reply);
    arp_lock(t);
    uint32_t i = arp_insert(t, arp->sender_ip, arp->sender_ether, now(c) / ARP_TICK, c->worker);
    while (i != ARP_NONE && t->entries[i].head != ARP_NONE) {
        struct packet held = arp_dequeue(t, &t->entries[i]);
        ARPQuerier_header(self, held.data, t->entries[i].ether);
        emit(c, 0, held);
    }
    ARPQuerier_count(self, t, 0, c);
    arp_unlock(t);
    packet_free(c->worker, &p);
    return KEPT;
}

static inline int ARPQuerier_packet(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                    struct packet *p, struct context *c)
{
    if (c->input == 1)
        return COLD_CALL(c, ARPQuerier_reply(self, args, *p, cold));
    if (unlikely(!self->ip)) {
        count_shared(&self->killed);
        return DROP(unconfigured);
    }
    if (unlikely(!packet_push(c->worker, p, sizeof(struct ether_header)))) {
        count_shared(&self->killed);
        return DROP(no_room);
    }
    packet_set_mac_header(p, p->data);
    uint64_t known;
    if (arp_lookup(ARPQuerier_table(self, args), anno_u32(p, ANNO_DST_IP), &known)) {
        ARPQuerier_header(self, p->data, (const uint8_t *)&known);
        return 0;
    }
    uint8_t ether[6];
    int result = COLD_CALL(c, ARPQuerier_resolve(self, args, *p, ether, cold));
    if (result == 0)
        ARPQuerier_header(self, p->data, ether);
    return result;
}

static inline uint64_t ARPQuerier_timer(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                        struct context *c)
{
    if (!args->own_table)
        return NM_NEVER;
    uint64_t next = arp_upkeep(&self->table, &self->slim_at, c->worker);
    arp_lock(&self->table);
    ARPQuerier_count(self, &self->table, 0, c);
    arp_unlock(&self->table);
    return next;
}

static inline long ARPQuerier_call_insert(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                          const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)out, (void)room;
    struct arp_table *t = ARPQuerier_table(self, args);
    long result = arp_call_insert(t, in, n, c->worker);
    ARPQuerier_count(self, t, 0, c);
    return result;
}

static inline long ARPQuerier_call_clear(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                         const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)in, (void)n, (void)out, (void)room;
    struct arp_table *t = ARPQuerier_table(self, args);
    self->queries = self->responses = self->killed = 0;
    arp_clear(t, c->worker);
    ARPQuerier_count(self, t, 0, c);
    return 0;
}

static inline long ARPQuerier_call_table(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                         const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)in, (void)n;
    return arp_lines(ARPQuerier_table(self, args), now(c) / ARP_TICK, out, room);
}
