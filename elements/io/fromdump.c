#include <errno.h>

#include "nmclick/link.h"
#include "nmclick/rings.h"

#include "io/receive.h"

#define FROMDUMP_CERTAIN (1u << 28) /* SAMPLE 1 */

struct FromDump {
    struct receiver in;
    uint64_t first_time, last_time; /* ns since the epoch; until times_known perhaps relative */
    uint64_t time_offset;           /* what to add to a timestamp for the time to send it at; modulo 2^64 */
    uint64_t position;              /* of the record looked at last */
    uint64_t random;
    uint32_t link_type;
    bool have_first, have_last, times_known;
    bool first_relative, last_relative, last_interval;
};

static inline int FromDump_seek(struct FromDump *self, struct nm_port *port, uint64_t position)
{
    struct netmap_ring *ring = port->rx[0].ring;
    if (!port->ops->seek)
        return -ESPIPE;
    int err = port->ops->seek(port, position);
    if (err)
        return err;
    ring->head = ring->cur = ring->tail; /* what was read ahead is not wanted any more */
    self->position = position;
    return 0;
}

static inline int FromDump_init(struct FromDump *self, const struct FromDump_args *args, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    self->first_time = args->first_time;
    self->have_first = args->first_time != 0;
    self->first_relative = args->first_relative;
    self->last_time = args->last_time;
    self->have_last = args->last_time != 0;
    self->last_relative = args->last_relative;
    self->last_interval = args->last_interval;
    self->random = now(c) | 1;
    self->link_type = port->link_type;
    if (args->force_ip && !link_can_hold_ip(port->link_type))
        return init_error(c, "unknown linktype %u; can't force IP packets", port->link_type);
    if (args->filepos && FromDump_seek(self, port, args->filepos) < 0)
        return init_error(c, "FILEPOS out of range");
    return receiver_init(&self->in, port, args->active, 0, c);
}

/* The first packet makes relative times absolute. */
static cold_path void FromDump_fix_times(struct FromDump *self, uint64_t timestamp, uint64_t time)
{
    if (self->first_relative)
        self->first_time += timestamp;
    if (self->last_relative)
        self->last_time += timestamp;
    else if (self->last_interval)
        self->last_time += self->first_time;
    self->time_offset = time - timestamp;
    self->times_known = true;
}

/* xorshift64* (S. Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016)
 */
static inline bool FromDump_chosen(struct FromDump *self, uint32_t probability)
{
    uint64_t x = self->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    self->random = x;
    return (uint32_t)(x * UINT64_C(2685821657736338717) >> 36) < probability;
}

enum FromDump_choice { FROMDUMP_SEND, FROMDUMP_SKIP, FROMDUMP_WAIT, FROMDUMP_END };

static inline enum FromDump_choice FromDump_choose(struct FromDump *self, const struct FromDump_args *args,
                                                   uint64_t timestamp, struct worker *w)
{
    if (unlikely(!self->times_known))
        FromDump_fix_times(self, timestamp, w->now);
    if (self->have_first && timestamp < self->first_time)
        return FROMDUMP_SKIP;
    self->have_first = false;
    if (self->have_last && timestamp >= self->last_time)
        return FROMDUMP_END;
    uint64_t when = timestamp + self->time_offset;
    if (!args->timing || (int64_t)(when - w->now) <= 0)
        return FROMDUMP_SEND;
    wake_at(w, when);
    return FROMDUMP_WAIT;
}

/* The full position of a record of which a slot tells the low half. Positions only grow. */
static inline void FromDump_note(struct FromDump *self, uint32_t position)
{
    self->position += (uint32_t)(position - (uint32_t)self->position);
}

static inline void FromDump_skip(struct FromDump *self, const struct nm_ring *rx, struct context *c)
{
    c->drops[-2 - DROP(skipped)]++;
    struct netmap_ring *ring = rx->ring;
    if (rx->meta)
        FromDump_note(self, rx->meta[ring->head].position);
    ring->head = ring->cur = ring->head + 1 == rx->n_slots ? 0 : ring->head + 1;
}

/* How many of the ring's next `n` packets are to be sent now; those before START are given back. */
static inline unsigned FromDump_select(struct FromDump *self, const struct FromDump_args *args,
                                       const struct nm_ring *rx, unsigned n, enum FromDump_choice *last,
                                       struct context *c)
{
    struct worker *w = c->worker;
    unsigned run = 0;
    for (uint32_t at = rx->ring->head; run < n; at = at + 1 == rx->n_slots ? 0 : at + 1) {
        *last = FromDump_choose(self, args, rx->meta ? rx->meta[at].timestamp : w->now, w);
        if (*last == FROMDUMP_SEND)
            run++;
        else if (*last != FROMDUMP_SKIP)
            break;
        else if (FromDump_skip(self, rx, c), --n == 0)
            w->busy = true;
    }
    return run;
}

/* No packets, or none before END. Whoever is told may set the element going again. */
static cold_path void FromDump_end(struct FromDump *self, struct nm_port *port, struct worker *w,
                                   unsigned element)
{
    self->in.ended = true;
    if (port->ops->tell)
        self->position = port->ops->tell(port);
    port_warn(port, w, element);
    worker_upcall(w, element, 0, 0);
}

static inline unsigned FromDump_burst(struct FromDump *self, const struct FromDump_args *args,
                                      struct ring_burst *burst, unsigned max, struct context *c)
{
    struct worker *w = c->worker;
    struct nm_port *port = w->ports[args->port];
    if (unlikely(!self->in.active || self->in.ended))
        return 0;
    while (unlikely(self->have_first || self->have_last || args->timing)) {
        unsigned available = ring_available(port, 0);
        enum FromDump_choice last = FROMDUMP_SEND;
        unsigned n =
            available ? FromDump_select(self, args, &port->rx[0], available < max ? available : max, &last, c)
                      : 0;
        if (n) {
            max = n;
            break;
        }
        if (last == FROMDUMP_WAIT || last == FROMDUMP_SKIP)
            return 0;
        if (last == FROMDUMP_SEND)
            break; /* there are none */
        self->have_last = false;
        worker_upcall(w, c->instance->number, 0, 0);
        if (!self->in.active) {
            FromDump_skip(self, &port->rx[0], c);
            worker_upcall(w, c->instance->number, 0, 0);
            return 0;
        }
    }
    unsigned n = ring_open(burst, w, port, 0, max);
    burst->cursor.link_broadcasts = false;
    if (unlikely(!n) && port->finished)
        FromDump_end(self, port, w, c->instance->number);
    return n;
}

static inline void FromDump_done(struct FromDump *self, const struct FromDump_args *args,
                                 struct ring_burst *burst, struct context *c)
{
    if (burst->cursor.meta)
        FromDump_note(self, burst->cursor.meta[burst->cursor.n - 1].position);
    receiver_done(&self->in, c->worker->ports[args->port], 0, burst, DROP(invalid), DROP(no_buffer), c);
}

static inline unsigned FromDump_pull(struct FromDump *self, const struct FromDump_args *args,
                                     struct packet *out, unsigned max, struct context *c)
{
    struct ring_burst burst;
    unsigned n = FromDump_burst(self, args, &burst, max, c), taken = 0;
    for (unsigned i = 0; i < n; i++)
        taken += ring_next(&burst, i, &out[taken]);
    if (n)
        FromDump_done(self, args, &burst, c);
    return taken;
}

/* Captures of raw IP are always checked. */
static inline int FromDump_packet(struct FromDump *self, const struct FromDump_args *args, struct packet *p,
                                  struct context *c)
{
    if (args->sample < FROMDUMP_CERTAIN && !FromDump_chosen(self, args->sample)) {
        self->in.count--;
        drop(c, p, DROP(skipped));
        return KEPT;
    }
    if ((args->force_ip || self->link_type == NM_LINK_RAW_IP) &&
        unlikely(!link_mark_ip(p, self->link_type))) {
        self->in.count--;
        return DROP(not_ip);
    }
    return 0;
}

/* Where the next packet comes from. */
static inline long FromDump_call_position(struct FromDump *self, const struct FromDump_args *args,
                                          const void *in, size_t n, void *out, size_t room, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    const struct netmap_ring *ring = port->rx[0].ring;
    (void)in, (void)n, (void)out, (void)room;
    if (!port->ops->tell)
        return -ESPIPE;
    if (ring->head == ring->tail || !port->rx[0].meta)
        return (long)port->ops->tell(port);
    return (long)(self->position +
                  (uint32_t)(port->rx[0].meta[ring->head].position - (uint32_t)self->position));
}

static inline long FromDump_call_seek(struct FromDump *self, const struct FromDump_args *args, const void *in,
                                      size_t n, void *out, size_t room, struct context *c)
{
    (void)out, (void)room;
    return n == sizeof(uint64_t) ? FromDump_seek(self, c->worker->ports[args->port], load_u64(in)) : -EINVAL;
}

static inline long FromDump_call_reset_counts(struct FromDump *self, const struct FromDump_args *args,
                                              const void *in, size_t n, void *out, size_t room,
                                              struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room, (void)c;
    receiver_reset(&self->in);
    return 0;
}
