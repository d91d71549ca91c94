#include "io/transmit.h"

struct ToNetmap {
    struct transmitter out;
};

static inline int ToNetmap_init(struct ToNetmap *self, const struct ToNetmap_args *args, struct context *c)
{
    const struct worker *w = c->worker;
    struct nm_port *port = w->ports[args->port];
    unsigned ring = args->queue;
    if (w->n_workers > 1 && !ring && port->n_tx_rings)
        ring = port_share(w, port, w->index, w->n_workers) % port->n_tx_rings;
    return transmitter_init(&self->out, port, ring, c);
}

static inline int ToNetmap_packet(struct ToNetmap *self, const struct ToNetmap_args *args, struct packet *p,
                                  struct context *c)
{
    (void)args;
    if (unlikely(self->out.failed))
        return DROP(write);
    return transmitter_put(&self->out, p, DROP(full), c);
}

static inline void ToNetmap_flush(struct ToNetmap *self, const struct ToNetmap_args *args, struct context *c)
{
    (void)args;
    transmitter_flush(&self->out, DROP(write), c);
}

/* Where the input is pull. */
static inline unsigned ToNetmap_task(struct ToNetmap *self, const struct ToNetmap_args *args,
                                     struct packet *packets, unsigned max, struct context *c)
{
    if (args->burst > 0 && max > (unsigned)args->burst)
        max = (unsigned)args->burst;
    unsigned n = transmitter_draw(&self->out, packets, max, c);
    if (!n)
        return 0;
    transmitter_lock(&self->out);
    transmitter_keep_promise(&self->out, n);
    for (unsigned i = 0; i < n; i++)
        transmitter_send(&self->out, &packets[i], c);
    transmitter_sync(&self->out, DROP(write), c);
    transmitter_unlock(&self->out);
    c->worker->busy = true;
    return 0;
}
