#include "io/transmit.h"

struct ToNetmap {
    struct transmitter out;
};

static inline int ToNetmap_init(struct ToNetmap *self, const struct ToNetmap_args *args, struct context *c)
{
    return transmitter_init(&self->out, c->worker->ports[args->port], args->queue, c);
}

static inline int ToNetmap_packet(struct ToNetmap *self, const struct ToNetmap_args *args, struct packet *p,
                                  struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    const unsigned ring = transmitter_ring(&self->out, args->queue);
    if (unlikely(self->out.failed))
        return DROP(write);
    transmitter_lock(&self->out, port);
    bool room = ring_has_room(port, ring);
    if (likely(room))
        transmitter_send(&self->out, port, ring, p, c);
    transmitter_unlock(&self->out, port);
    return likely(room) ? KEPT : DROP(full);
}

static inline void ToNetmap_flush(struct ToNetmap *self, const struct ToNetmap_args *args, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    transmitter_lock(&self->out, port);
    transmitter_flush(&self->out, port, transmitter_ring(&self->out, args->queue), DROP(write), c);
    transmitter_unlock(&self->out, port);
}

/* Where the input is pull. */
static inline unsigned ToNetmap_task(struct ToNetmap *self, const struct ToNetmap_args *args,
                                     struct packet *packets, unsigned max, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    const unsigned ring = transmitter_ring(&self->out, args->queue);
    if (args->burst > 0 && max > (unsigned)args->burst)
        max = (unsigned)args->burst;
    unsigned n = transmitter_draw(&self->out, port, ring, packets, max, c);
    for (unsigned i = 0; i < n; i++)
        transmitter_send(&self->out, port, ring, &packets[i], c);
    if (n) {
        transmitter_sync(&self->out, port, ring, DROP(write), c);
        c->worker->busy = true;
    }
    return 0;
}
