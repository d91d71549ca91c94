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

/* xorshift64* (S. Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016) */
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
    if (args->timing && (int64_t)(timestamp + self->time_offset - w->now) > 0) {
        wake_at(w, timestamp + self->time_offset);
        return FROMDUMP_WAIT;
    }
    return args->sample < FROMDUMP_CERTAIN && !FromDump_chosen(self, args->sample) ? FROMDUMP_SKIP : FROMDUMP_SEND;
}

/* Look at `n` slots from the ring's head on: refused ones are given back until a packet is to be sent, then the number
 * of those that are to be sent in a row is returned. */
static inline unsigned FromDump_select(struct FromDump *self, const struct FromDump_args *args, const struct nm_ring *rx,
                                       unsigned n, enum FromDump_choice *end, struct worker *w)
{
    struct netmap_ring *ring = rx->ring;
    unsigned run = 0;
    for (uint32_t at = ring->head; run < n; at = at + 1 == rx->n_slots ? 0 : at + 1) {
        *end = FromDump_choose(self, args, rx->meta ? rx->meta[at].timestamp : w->now, w);
        if (*end == FROMDUMP_SEND) {
            run++;
        } else if (run || *end != FROMDUMP_SKIP) {
            break; /* a skipped packet behind others is chosen anew: let it not be sent then */
        } else {
            ring->head = ring->cur = at + 1 == rx->n_slots ? 0 : at + 1;
            n--;
        }
    }
    return run;
}
