#include "nmclick/arp_table.h"
#include "nmclick/element.h"
#include "nmclick/headers.h"

struct ARPQuerier {
    struct arp_table table;
    be32 ip, broadcast;
    uint8_t ether[6];
    bool warned;
    uint64_t queries, responses, killed;
    uint64_t entries, waiting; /* the table's counts, for the handlers */
    uint64_t slim_at;
    uint64_t unanswered, overflow; /* drops of the table that are in this element's counters */
};

static inline int ARPQuerier_init(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                  struct context *c)
{
    if (!arp_table_init(&self->table))
        return init_error(c, "out of memory");
    self->table.capacity = args->capacity;
    self->table.entry_capacity = args->entry_capacity;
    self->table.entry_packet_capacity = args->entry_packet_capacity;
    self->table.slim_factor = args->capacity_slim_factor;
    self->table.timeout = args->timeout;
    self->table.poll_timeout = args->poll_timeout;
    self->ip = args->ip;
    self->broadcast = args->broadcast;
    memcpy(self->ether, args->eth, 6);
    return 0;
}

static inline void ARPQuerier_cleanup(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                      struct context *c)
{
    (void)args;
    arp_clear(&self->table, c->worker);
    arp_table_free(&self->table);
}

/* After the table changed. */
static inline void ARPQuerier_count(struct ARPQuerier *self, struct context *c)
{
    c->drops[-2 - DROP(unanswered)] += self->table.unanswered - self->unanswered;
    c->drops[-2 - DROP(full)] += self->table.overflow - self->overflow;
    self->unanswered = self->table.unanswered;
    self->overflow = self->table.overflow;
    self->entries = self->table.entry_count;
    self->waiting = self->table.packet_count;
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
    self->queries++;
    emit(c, c->n_outputs - 1u, q);
}

/* Addresses that are not in the table, or whose entry wants a look: 0 (`ether` is set), KEPT or a drop code.
 */
static cold_path int ARPQuerier_resolve(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                        struct packet p, uint8_t *ether, struct context context)
{
    struct context *c = &context;
    struct arp_table *t = &self->table;
    uint64_t time = now(c) / ARP_TICK;
    be32 ip = anno_u32(&p, ANNO_DST_IP);
    struct arp_slot *slot = arp_find(t, ip);
    struct arp_entry *e = slot->entry ? &t->entries[slot->entry - 1] : NULL;
    if (e && e->known && !arp_expired(t, e, time)) {
        memcpy(ether, e->ether, 6);
        if (t->poll_timeout && time >= e->live_at + t->poll_timeout && arp_allow_poll(e, time)) {
            arp_mark_poll(e, time);
            ARPQuerier_ask(self, ip, args->broadcast_poll ? NULL : e->ether, &p, c);
        }
        return 0;
    }
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
        if (!self->warned)
            worker_log(c->worker, c->element, "would query for 0.0.0.0; missing dest IP addr annotation?");
        self->warned = true;
        self->killed++;
        return DROP(no_destination);
    }
    enum arp_result held = arp_hold(t, ip, p, time, c->worker);
    if (held == ARP_HELD_ASK)
        ARPQuerier_ask(self, ip, NULL, &p, c);
    self->overflow += held == ARP_REFUSED; /* counted when it is dropped */
    ARPQuerier_count(self, c);
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
static cold_path int ARPQuerier_reply(struct ARPQuerier *self, struct packet p, struct context context)
{
    struct context *c = &context;
    const struct ether_header *e = (const struct ether_header *)p.data;
    const struct arp_header *arp = (const struct arp_header *)(e + 1);
    if (p.length < sizeof *e + sizeof *arp)
        return DROP(no_reply);
    self->responses++;
    if (e->type != BE16(ETHER_TYPE_ARP) || arp->hardware != BE16(1) || arp->protocol != BE16(ETHER_TYPE_IP) ||
        arp->operation != BE16(ARP_REPLY) || (arp->sender_ether[0] & 1))
        return DROP(no_reply);
    uint32_t i = arp_insert(&self->table, arp->sender_ip, arp->sender_ether, now(c) / ARP_TICK, c->worker);
    while (i != ARP_NONE && self->table.entries[i].head != ARP_NONE) {
        struct packet held = arp_dequeue(&self->table, &self->table.entries[i]);
        ARPQuerier_header(self, held.data, self->table.entries[i].ether);
        emit(c, 0, held);
    }
    ARPQuerier_count(self, c);
    packet_free(c->worker, &p);
    return KEPT;
}

static inline int ARPQuerier_packet(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                    struct packet *p, struct context *c)
{
    if (c->input == 1)
        return ARPQuerier_reply(self, *p, *c);
    if (unlikely(!self->ip)) {
        self->killed++;
        return DROP(unconfigured);
    }
    if (unlikely(!packet_push(c->worker, p, sizeof(struct ether_header)))) {
        self->killed++;
        return DROP(no_room);
    }
    packet_set_mac_header(p, p->data);
    be32 ip = anno_u32(p, ANNO_DST_IP);
    const struct arp_slot *slot = arp_find(&self->table, ip);
    if (likely(slot->ip == ip && slot->fresh)) {
        ARPQuerier_header(self, p->data, slot->ether);
        return 0;
    }
    uint8_t ether[6];
    int result = ARPQuerier_resolve(self, args, *p, ether, *c);
    if (result == 0)
        ARPQuerier_header(self, p->data, ether);
    return result;
}

/* Makes stale what is due, and forgets what has expired, as often as Click does. */
static inline uint64_t ARPQuerier_timer(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                        struct context *c)
{
    (void)args;
    const uint64_t second = 1000000000u, period = self->table.timeout * ARP_TICK / second * second;
    if (!self->slim_at)
        self->slim_at = self->table.timeout ? now(c) + period : NM_NEVER;
    if (now(c) >= self->slim_at) {
        arp_slim(&self->table, now(c) / ARP_TICK, c->worker);
        ARPQuerier_count(self, c);
        self->slim_at = now(c) + period + second;
    }
    uint64_t next = arp_age(&self->table, now(c) / ARP_TICK), least = arp_least_fresh(&self->table);
    next = next == NM_NEVER ? next : next * ARP_TICK;
    if (least != NM_NEVER && now(c) + least * ARP_TICK < next)
        next = now(c) +
               least * ARP_TICK; /* an entry that becomes known right after this stays fresh until then */
    return next < self->slim_at ? next : self->slim_at;
}

/* be32 ip, then the Ethernet address. */
static inline long ARPQuerier_call_insert(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                          const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)out, (void)room;
    const uint8_t *bytes = in;
    if (n < 10 ||
        arp_insert(&self->table, load_u32(bytes), bytes + 4, now(c) / ARP_TICK, c->worker) == ARP_NONE)
        return -1;
    ARPQuerier_count(self, c);
    return 0;
}

static inline long ARPQuerier_call_clear(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                         const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room;
    self->queries = self->responses = self->killed = 0;
    arp_clear(&self->table, c->worker);
    ARPQuerier_count(self, c);
    return 0;
}

static inline long ARPQuerier_call_table(struct ARPQuerier *self, const struct ARPQuerier_args *args,
                                         const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)in, (void)n;
    return arp_lines(&self->table, now(c) / ARP_TICK, out, room);
}
