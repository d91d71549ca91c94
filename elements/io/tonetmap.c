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
    if (unlikely(self->out.failed))
        return DROP(write);
    if (unlikely(!ring_room(port, args->queue)))
        return DROP(full);
    transmitter_send(&self->out, port, args->queue, p, c);
    return KEPT;
}

static inline void ToNetmap_flush(struct ToNetmap *self, const struct ToNetmap_args *args, struct context *c)
{
    transmitter_flush(&self->out, c->worker->ports[args->port], args->queue, DROP(write), c);
}

/* Where the input is pull. */
static inline unsigned ToNetmap_task(struct ToNetmap *self, const struct ToNetmap_args *args,
                                     struct packet *packets, unsigned max, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    if (args->burst > 0 && max > (unsigned)args->burst)
        max = (unsigned)args->burst;
    unsigned n = transmitter_draw(&self->out, port, args->queue, packets, max, c);
    for (unsigned i = 0; i < n; i++)
        transmitter_send(&self->out, port, args->queue, &packets[i], c);
    if (n) {
        transmitter_sync(&self->out, port, args->queue, DROP(write), c);
        c->worker->busy = true;
    }
    return 0;
}
