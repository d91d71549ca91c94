/* What the sinks over a port's transmit ring share. Their drop reasons include "full" and "write". */
#ifndef ELEMENTS_IO_TRANSMIT_H
#define ELEMENTS_IO_TRANSMIT_H

#include "nmclick/rings.h"

struct transmitter {
    struct nm_port *port;
    struct nm_ring *tx; /* the ring that is used */
    uint64_t count;     /* packets sent */
    uint64_t refused;   /* packets the port did not send, as far as they were taken notice of */
    bool active;
    bool failed;     /* nothing can be sent any more */
    bool pending;    /* slots were filled since the last txsync */
    bool shared;     /* with other workers: each packet is sent under the ring's lock */
    uint16_t number; /* of the ring */
};

static always_inline void transmitter_lock(const struct transmitter *self)
{
    if (NM_WORKERS > 1 && self->shared)
        spin_lock(&self->tx->lock);
}

static always_inline void transmitter_unlock(const struct transmitter *self)
{
    if (NM_WORKERS > 1 && self->shared)
        spin_unlock(&self->tx->lock);
}

static inline int transmitter_init(struct transmitter *self, struct nm_port *port, unsigned number,
                                   struct context *c)
{
    if (!port->n_tx_rings)
        return init_error(c, "%s cannot be written", port->name);
    if (number >= port->n_tx_rings)
        return init_error(c, "%s has no transmit ring %u, only %u", port->name, number, port->n_tx_rings);
    self->active = true;
    self->port = port;
    self->tx = &port->tx[number];
    self->number = (uint16_t)number;
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
static always_inline void transmitter_sync(struct transmitter *self, int code, struct context *c)
{
    self->pending = false;
    nm_port_txsync(self->port, self->number);
    const uint64_t *by = self->tx->drops_by;
    uint64_t lost = by[NM_DROP_WRITE] + by[NM_DROP_SYSTEM] - self->refused;
    if (unlikely(lost)) {
        self->failed = by[NM_DROP_WRITE] != 0;
        transmitter_lose(self, self->port, lost, &c->drops[-2 - code], c->worker, c->instance->number);
    }
}

static always_inline void transmitter_flush(struct transmitter *self, int code, struct context *c)
{
    if (self->pending)
        transmitter_sync(self, code, c);
}

/* Whether one more packet can be sent, pushing out what fills the ring when it cannot. */
static always_inline bool transmitter_has_room(const struct transmitter *self)
{
    return likely(!ring_is_full(self->tx)) || ring_room(self->port, self->number);
}

/* Draw up to `max` packets from the input, no more than the ring has room for: what waits upstream is not
 * lost. */
static always_inline unsigned transmitter_draw(const struct transmitter *self, struct packet *packets,
                                               unsigned max, struct context *c)
{
    uint32_t room = self->active && !self->failed ? ring_room(self->port, self->number) : 0;
    if (NM_WORKERS > 1 && unlikely(!room))
        nm_ring_claim(self->tx, c->worker->index);
    return room ? pull_input(c, 0, packets, room < max ? room : max) : 0;
}

static always_inline void transmitter_send(struct transmitter *self, const struct packet *p,
                                           struct context *c)
{
    ring_send(c->worker, self->tx, p);
    self->count++;
    self->pending = true;
}

static cold_path bool transmitter_squeeze(struct transmitter *self, struct packet p, struct context *c)
{
    if (!transmitter_has_room(self))
        return false;
    transmitter_send(self, &p, c);
    return true;
}

/* Send if the ring has room or can be made to have some: KEPT, else the code given, DROP(full). A function of
 * its own makes the room, so that nothing has to be looked up again on the usual way. */
static always_inline int transmitter_put(struct transmitter *self, const struct packet *p, int full,
                                         struct context *c)
{
    if (unlikely(ring_is_full(self->tx)))
        return COLD_CALL(c, transmitter_squeeze(self, *p, cold)) ? KEPT : full;
    transmitter_send(self, p, c);
    return KEPT;
}

/* Send a copy of the packet's first `most` bytes. */
static always_inline void transmitter_copy(struct transmitter *self, const struct packet *p, uint32_t most,
                                           struct context *c)
{
    ring_send_copy(c->worker, self->tx, p, most);
    self->count++;
    self->pending = true;
}

#endif
