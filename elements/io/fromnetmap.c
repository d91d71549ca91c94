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

/* The ring to read now. */
static always_inline unsigned FromNetmap_ring(const struct FromNetmap *self, const struct FromNetmap_args *args)
{
    return args->queue < 0 ? self->ring : (unsigned)args->queue;
}

static always_inline unsigned FromNetmap_limit(const struct FromNetmap_args *args, unsigned max)
{
    return args->burst > 0 && max > (unsigned)args->burst ? (unsigned)args->burst : max;
}

/* Nothing came: look at the next ring in the next turn, and tell whom it concerns when nothing will come any more. */
static cold_path void FromNetmap_idle(struct FromNetmap *self, const struct nm_port *port, bool all, struct worker *w,
                                      unsigned element)
{
    if (all && ++self->ring < port->n_rx_rings)
        w->busy = true;
    else if (all)
        self->ring = 0;
    if (port->finished && !self->ended) {
        self->ended = true;
        self->active = false;
        worker_upcall(w, element, 0, 0);
    }
}

static inline unsigned FromNetmap_burst(struct FromNetmap *self, const struct FromNetmap_args *args,
                                        struct ring_burst *burst, unsigned max, struct context *c)
{
    if (unlikely(!self->active))
        return 0;
    struct nm_port *port = c->worker->ports[args->port];
    unsigned ring = FromNetmap_ring(self, args);
    unsigned n = ring_open(burst, c->worker, port, ring, FromNetmap_limit(args, max), &self->losses);
    burst->link_broadcasts = true;
    if (unlikely(!n))
        FromNetmap_idle(self, port, args->queue < 0, c->worker, c->element);
    return n;
}

static inline void FromNetmap_done(struct FromNetmap *self, const struct FromNetmap_args *args,
                                   struct ring_burst *burst, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    self->count += ring_close(burst, c->worker, port, FromNetmap_ring(self, args));
    if (args->queue < 0 && ++self->ring >= port->n_rx_rings)
        self->ring = 0;
}

static inline unsigned FromNetmap_pull(struct FromNetmap *self, const struct FromNetmap_args *args, struct packet *out,
                                       unsigned max, struct context *c)
{
    struct ring_burst burst;
    unsigned n = FromNetmap_burst(self, args, &burst, max, c), taken = 0;
    for (unsigned i = 0; i < n; i++)
        taken += ring_next(&burst, i, &out[taken]);
    if (n)
        FromNetmap_done(self, args, &burst, c);
    return taken;
}

static inline long FromNetmap_call_reset_counts(struct FromNetmap *self, const struct FromNetmap_args *args,
                                                const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room, (void)c;
    self->count = self->losses.invalid = self->losses.no_buffer = 0;
    return 0;
}
