/* What the sinks over a port's transmit ring share. Their drop reasons include "full" and "write". */
#ifndef ELEMENTS_IO_TRANSMIT_H
#define ELEMENTS_IO_TRANSMIT_H

#include "nmclick/rings.h"

struct transmitter {
    uint64_t count;   /* packets sent */
    uint64_t refused; /* packets the port did not send, as far as they were taken notice of */
    bool active;
    bool failed;   /* nothing can be sent any more */
    bool pending;  /* slots were filled since the last txsync */
    bool shared;   /* with other workers: each packet is sent under the ring's lock */
    uint16_t ring; /* of several workers: this one's */
};

/* The ring to use; the first one, asked for, is the worker's own where there are several. */
static always_inline unsigned transmitter_ring(const struct transmitter *self, unsigned queue)
{
    return NM_WORKERS > 1 ? self->ring : queue;
}

static always_inline void transmitter_lock(const struct transmitter *self, struct nm_port *port)
{
    if (NM_WORKERS > 1 && self->shared)
        spin_lock(&port->tx[self->ring].lock);
}

static always_inline void transmitter_unlock(const struct transmitter *self, struct nm_port *port)
{
    if (NM_WORKERS > 1 && self->shared)
        spin_unlock(&port->tx[self->ring].lock);
}

static inline int transmitter_init(struct transmitter *self, const struct nm_port *port, unsigned queue,
                                   struct context *c)
{
    const struct worker *w = c->worker;
    if (!port->n_tx_rings)
        return init_error(c, "%s cannot be written", port->name);
    if (queue >= port->n_tx_rings)
        return init_error(c, "%s has no transmit ring %u, only %u", port->name, queue, port->n_tx_rings);
    self->active = true;
    self->shared = queue || port->n_tx_rings < w->n_workers;
    self->ring = (uint16_t)(queue ? queue : port_share(w, port, w->index, w->n_workers) % port->n_tx_rings);
    return 0;
}

/* The port lost packets that it had taken: they count as dropped, not as sent. */
static cold_path void transmitter_lose(struct transmitter *self, struct nm_port *port, uint64_t lost,
                                       uint64_t *drops, struct worker *w, unsigned element)
{
    self->refused += lost;
    self->count -= lost < self->count ? lost : self->count;
    *drops += lost;
    if (port->warning)
        worker_log(w, element, "%s: %s", port->name, port->warning);
    port->warning = NULL;
}

/* `code`: DROP(write) */
static always_inline void transmitter_sync(struct transmitter *self, struct nm_port *port, unsigned queue,
                                           int code, struct context *c)
{
    self->pending = false;
    nm_port_txsync(port, queue);
    const uint64_t *by = port->tx[queue].drops_by;
    uint64_t lost = by[NM_DROP_WRITE] + by[NM_DROP_SYSTEM] - self->refused;
    if (unlikely(lost)) {
        self->failed = by[NM_DROP_WRITE] != 0;
        transmitter_lose(self, port, lost, &c->drops[-2 - code], c->worker, c->element);
    }
}

static always_inline void transmitter_flush(struct transmitter *self, struct nm_port *port, unsigned queue,
                                            int code, struct context *c)
{
    if (self->pending)
        transmitter_sync(self, port, queue, code, c);
}

/* Draw up to `max` packets from the input, no more than the ring has room for: what waits upstream is not
 * lost. */
static always_inline unsigned transmitter_draw(const struct transmitter *self, struct nm_port *port,
                                               unsigned queue, struct packet *packets, unsigned max,
                                               struct context *c)
{
    uint32_t room = self->active && !self->failed ? ring_room(port, queue) : 0;
    if (NM_WORKERS > 1 && unlikely(!room))
        nm_ring_claim(&port->tx[queue], c->worker->index);
    return room ? pull_input(c, 0, packets, room < max ? room : max) : 0;
}

static always_inline void transmitter_send(struct transmitter *self, struct nm_port *port, unsigned queue,
                                           const struct packet *p, struct context *c)
{
    ring_send(c->worker, port, queue, p);
    self->count++;
    self->pending = true;
}

static always_inline void transmitter_copy(struct transmitter *self, struct nm_port *port, unsigned queue,
                                           const struct packet *p, uint32_t most, struct context *c)
{
    ring_send_copy(c->worker, port, queue, p, most);
    self->count++;
    self->pending = true;
}

#endif
