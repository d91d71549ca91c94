#include "nmclick/rings.h"

struct FromNetmap {
    uint64_t count;
    struct ring_losses losses;
    bool active, ended;
    uint16_t ring; /* the next to look at */
};

static inline int FromNetmap_init(struct FromNetmap *self, const struct FromNetmap_args *args, struct context *c)
{
    const struct nm_port *port = c->worker->ports[args->port];
    if (args->queue >= port->n_rx_rings)
        return init_error(c, "%s has no receive ring %d, only %u", port->name, (int)args->queue, port->n_rx_rings);
    self->active = args->active;
    return 0;
}

/* RFC 826 and 1112: the first bit of the destination tells broadcast and multicast frames. */
static always_inline void FromNetmap_classify(struct packet *p)
{
    if (p->length >= 6 && (p->data[0] & 1))
        packet_set_type(p, load_u32(p->data) == 0xffffffff && load_u16(p->data + 4) == 0xffff ? PACKET_BROADCAST
                                                                                             : PACKET_MULTICAST);
}

static inline unsigned FromNetmap_task(struct FromNetmap *self, const struct FromNetmap_args *args, struct packet *out,
                                       unsigned max, struct context *c)
{
    if (unlikely(!self->active))
        return 0;
    struct nm_port *port = c->worker->ports[args->port];
    if (args->burst > 0 && max > (unsigned)args->burst)
        max = (unsigned)args->burst;
    unsigned n = 0, rings = args->queue < 0 ? port->n_rx_rings : 1;
    for (unsigned i = 0; i < rings && !n; i++) {
        unsigned ring = args->queue < 0 ? self->ring : (unsigned)args->queue;
        n = ring_receive(c->worker, port, ring, out, max, &self->losses);
        if (args->queue < 0 && ++self->ring >= port->n_rx_rings)
            self->ring = 0;
    }
    if (NM_KEEP_packet_type)
        for (unsigned i = 0; i < n; i++)
            FromNetmap_classify(&out[i]);
    self->count += n;
    if (unlikely(!n && port->finished && !self->ended)) {
        self->ended = true;
        self->active = false;
        worker_upcall(c->worker, c->element, 0, 0);
    }
    return n;
}

static inline unsigned FromNetmap_pull(struct FromNetmap *self, const struct FromNetmap_args *args, struct packet *out,
                                       unsigned max, struct context *c)
{
    return FromNetmap_task(self, args, out, max, c);
}

static inline long FromNetmap_call_reset_counts(struct FromNetmap *self, const struct FromNetmap_args *args,
                                                const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room, (void)c;
    self->count = self->losses.invalid = self->losses.no_buffer = 0;
    return 0;
}
