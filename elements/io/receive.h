/* What the sources over a port's receive rings share. */
#ifndef ELEMENTS_IO_RECEIVE_H
#define ELEMENTS_IO_RECEIVE_H

#include "nmclick/rings.h"

struct receiver {
    uint64_t count;
    struct ring_losses losses;
    bool active, ended;
    uint16_t ring;        /* the next to look at */
    uint16_t first, step; /* of the rings that are this worker's */
};

/* One worker alone may read a ring. */
static inline int receiver_claim(struct nm_port *port, unsigned ring, struct context *c)
{
    unsigned worker = 0;
    while (!used_by(c, worker))
        worker++;
    uint16_t reader = port->rx[ring].reader;
    if (reader && reader != worker + 1)
        return init_error(c, "ring %u of %s is read on thread %u, too", ring, port->name, reader - 1u);
    port->rx[ring].reader = (uint16_t)(worker + 1);
    return 0;
}

static inline int receiver_init(struct receiver *self, struct nm_port *port, bool active, int queue,
                                struct context *c)
{
    if (!port->n_rx_rings)
        return init_error(c, "%s cannot be read", port->name);
    if (queue >= port->n_rx_rings)
        return init_error(c, "%s has no receive ring %d, only %u", port->name, queue, port->n_rx_rings);
    self->active = active;
    if (!c->instance->n_runners || (c->instance->per_worker && runner(c) == NM_NOBODY))
        return 0;
    if (queue >= 0)
        return receiver_claim(port, (unsigned)queue, c);
    self->ring = self->first = port_share(c->worker, port, runner(c), c->instance->n_runners);
    self->step = c->instance->n_runners;
    int claimed = 0;
    for (unsigned ring = self->first; ring < port->n_rx_rings && claimed == 0; ring += self->step)
        claimed = receiver_claim(port, ring, c);
    return claimed;
}

/* Nothing came: look at the next ring in the next turn, and tell whom it concerns when nothing will come any
 * more. */
static cold_path void receiver_idle(struct receiver *self, struct nm_port *port, unsigned ring, bool all,
                                    struct worker *w, unsigned element)
{
    nm_ring_claim(&port->rx[ring], w->index);
    if (all && (self->ring += self->step) < port->n_rx_rings)
        w->busy = true;
    else if (all)
        self->ring = self->first;
    port_warn(port, w, element);
    if (port->finished && !self->ended) {
        self->ended = true;
        self->active = false;
        if (!all || ring == 0) /* of several workers one tells */
            worker_upcall(w, element, 0, 0);
    }
}

/* Opens up to `limit` slots (0: as many as `max`) of ring `queue`, or of all the rings in turn if that is
 * negative. */
static always_inline unsigned receiver_burst(struct receiver *self, struct nm_port *port, int queue,
                                             uint32_t limit, struct ring_burst *burst, unsigned max,
                                             struct context *c)
{
    if (unlikely(!self->active))
        return 0;
    if (limit && max > limit)
        max = limit;
    unsigned ring = queue < 0 ? self->ring : (unsigned)queue;
    if (NM_WORKERS > 1 && unlikely(ring >= port->n_rx_rings))
        return 0; /* fewer rings than workers */
    unsigned n = ring_open(burst, c->worker, port, ring, max);
    if (unlikely(!n))
        receiver_idle(self, port, ring, queue < 0, c->worker, c->instance->number);
    return n;
}

/* What was lost of a burst: also in the element's drops, by the codes DROP(invalid) and DROP(no_buffer). */
static cold_path void receiver_lose(struct receiver *self, const struct ring_losses *lost, int invalid,
                                    int no_buffer, uint64_t *drops)
{
    self->losses.invalid += lost->invalid;
    self->losses.no_buffer += lost->no_buffer;
    drops[-2 - invalid] += lost->invalid;
    drops[-2 - no_buffer] += lost->no_buffer;
}

static always_inline void receiver_done(struct receiver *self, struct nm_port *port, int queue,
                                        struct ring_burst *burst, int invalid, int no_buffer,
                                        struct context *c)
{
    self->count += ring_close(burst, c->worker, port, queue < 0 ? self->ring : (unsigned)queue);
    if (unlikely(burst->losses.invalid | burst->losses.no_buffer))
        receiver_lose(self, &burst->losses, invalid, no_buffer, c->drops);
    if (queue < 0 && (self->ring += NM_WORKERS > 1 ? self->step : 1) >= port->n_rx_rings)
        self->ring = self->first;
}

static inline void receiver_reset(struct receiver *self)
{
    self->count = self->losses.invalid = self->losses.no_buffer = 0;
}

#endif
