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
    uint16_t number; /* of the ring */
};

/* Workers that share a ring have no file descriptor each to wait at: they look again after this time, in ns.
 */
#define TRANSMITTER_NAP 100000u

static always_inline bool transmitter_is_shared(const struct transmitter *self)
{
    return NM_WORKERS > 1 && unlikely(self->tx->shared);
}

static always_inline void transmitter_lock(const struct transmitter *self)
{
    if (transmitter_is_shared(self))
        spin_lock(&self->tx->lock);
}

static always_inline void transmitter_unlock(const struct transmitter *self)
{
    if (transmitter_is_shared(self))
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
    for (unsigned worker = 0; worker < c->worker->n_workers; worker++) {
        if (!used_by(c, worker))
            continue;
        self->tx->shared |= self->tx->sender && self->tx->sender != worker + 1;
        self->tx->sender = (uint16_t)(worker + 1);
    }
    return 0;
}

/* The port lost packets that it had taken: they count as dropped, not as sent. */
static cold_path void transmitter_lose(struct transmitter *self, struct nm_port *port, uint64_t lost,
                                       uint64_t *drops, struct worker *w, unsigned element)
{
    self->refused += lost;
    self->count -= lost < self->count ? lost : self->count;
    *drops += lost;
    port_warn(port, w, element);
}

/* Under the lock. `code`: DROP(write) */
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
    if (!self->pending)
        return;
    transmitter_lock(self);
    transmitter_sync(self, code, c);
    transmitter_unlock(self);
}

/* Slots that may be filled, pushing out what fills the ring when there are none. Under the lock. */
static inline uint32_t transmitter_room(const struct transmitter *self)
{
    uint32_t room = ring_room(self->port, self->number);
    if (!transmitter_is_shared(self))
        return room;
    return room > self->tx->promised ? room - self->tx->promised : 0;
}

/* Whether one more packet can be sent. Under the lock. */
static always_inline bool transmitter_has_room(const struct transmitter *self)
{
    return (!transmitter_is_shared(self) && likely(!ring_is_full(self->tx))) || transmitter_room(self);
}

/* Draw up to `max` packets from the input, no more than the ring has room for: what waits upstream is not
 * lost. Of a shared ring the room is promised until transmitter_keep_promise. */
static inline unsigned transmitter_draw(const struct transmitter *self, struct packet *packets, unsigned max,
                                        struct context *c)
{
    if (!self->active || self->failed)
        return 0;
    transmitter_lock(self);
    const uint32_t room = transmitter_room(self), wanted = room < max ? room : max;
    self->tx->promised += transmitter_is_shared(self) ? wanted : 0;
    transmitter_unlock(self);
    if (!wanted) {
        nm_ring_claim(self->tx, c->worker->index);
        if (transmitter_is_shared(self))
            wake_at(c->worker, now(c) + TRANSMITTER_NAP);
        return 0;
    }
    /* Not under the lock: what is upstream has locks of its own. */
    unsigned n = pull_input(c, 0, packets, wanted);
    if (transmitter_is_shared(self) && n < wanted) {
        spin_lock(&self->tx->lock);
        self->tx->promised -= wanted - n;
        spin_unlock(&self->tx->lock);
    }
    return n;
}

/* What was drawn is about to be sent. Under the lock, and before it is let go. */
static always_inline void transmitter_keep_promise(struct transmitter *self, unsigned n)
{
    if (transmitter_is_shared(self))
        self->tx->promised -= n;
}

static always_inline void transmitter_send(struct transmitter *self, const struct packet *p,
                                           struct context *c)
{
    ring_send(c->worker, self->tx, p);
    self->count++;
    self->pending = true;
}

/* Send a copy of the packet's first `most` bytes. */
static always_inline void transmitter_copy(struct transmitter *self, const struct packet *p, uint32_t most,
                                           struct context *c)
{
    ring_send_copy(c->worker, self->tx, p, most);
    self->count++;
    self->pending = true;
}

static cold_path bool transmitter_squeeze(struct transmitter *self, struct packet p, struct context *c)
{
    transmitter_lock(self);
    const bool fits = transmitter_has_room(self);
    if (fits)
        transmitter_send(self, &p, c);
    transmitter_unlock(self);
    return fits;
}

/* Send if the ring has room or can be made to have some: KEPT, else the code given, DROP(full). A function of
 * its own makes the room or takes the lock, so that nothing has to be looked up again on the usual way. */
static always_inline int transmitter_put(struct transmitter *self, const struct packet *p, int full,
                                         struct context *c)
{
    if (transmitter_is_shared(self) || unlikely(ring_is_full(self->tx)))
        return COLD_CALL(c, transmitter_squeeze(self, *p, cold)) ? KEPT : full;
    transmitter_send(self, p, c);
    return KEPT;
}

#endif
