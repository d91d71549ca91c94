#include "nmclick/rings.h"

struct ToNetmap {
    uint64_t count;
    bool pending; /* slots were filled since the last txsync */
    bool active;
};

static inline int ToNetmap_init(struct ToNetmap *self, const struct ToNetmap_args *args, struct context *c)
{
    const struct nm_port *port = c->worker->ports[args->port];
    if (args->queue >= port->n_tx_rings)
        return init_error(c, "%s has no transmit ring %u, only %u", port->name, (unsigned)args->queue, port->n_tx_rings);
    self->active = true;
    return 0;
}

static inline int ToNetmap_packet(struct ToNetmap *self, const struct ToNetmap_args *args, struct packet *p,
                                  struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    if (unlikely(!ring_room(port, args->queue)))
        return DROP(full);
    ring_send(c->worker, port, args->queue, p);
    self->count++;
    self->pending = true;
    return KEPT;
}

static inline void ToNetmap_flush(struct ToNetmap *self, const struct ToNetmap_args *args, struct context *c)
{
    if (!self->pending)
        return;
    self->pending = false;
    nm_port_txsync(c->worker->ports[args->port], args->queue);
}

/* Where the input is pull: no more is drawn than the ring has room for, so what waits upstream is not lost. */
static inline unsigned ToNetmap_task(struct ToNetmap *self, const struct ToNetmap_args *args, struct packet *packets,
                                     unsigned max, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    uint32_t room = self->active ? ring_room(port, args->queue) : 0;
    if (args->burst > 0 && max > (unsigned)args->burst)
        max = (unsigned)args->burst;
    unsigned n = room ? pull_input(c, 0, packets, room < max ? room : max) : 0;
    for (unsigned i = 0; i < n; i++)
        ring_send(c->worker, port, args->queue, &packets[i]);
    self->count += n;
    if (n) {
        nm_port_txsync(port, args->queue);
        c->worker->busy = true;
    }
    return 0;
}

static inline long ToNetmap_call_reset_counts(struct ToNetmap *self, const struct ToNetmap_args *args, const void *in,
                                              size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room, (void)c;
    self->count = 0;
    return 0;
}
