/* The copying port. Its own rings lie in the pipeline's region. Of the inner port's rings, which another
 * process may write to, every slot is read once into a copy, and the copy is checked and used: nothing that
 * changes afterwards reaches the pipeline. */
#include "bridge.h"

#include <stdlib.h>

struct bridge {
    struct nm_port *inner;
    uint32_t *tx_at; /* the inner slot that each transmit ring fills next */
};

static struct nm_port *inner_of(const struct nm_port *port)
{
    return ((const struct bridge *)port->priv)->inner;
}

/* What goes wrong inside is told outside. */
static void take_news(struct nm_port *port)
{
    struct nm_port *inner = inner_of(port);
    port->advice = inner->advice;
    if (unlikely(inner->warning)) {
        port->warning = inner->warning;
        inner->warning = NULL;
    }
}

/* Copies the packet of a slot of `from` to a free slot. Why that cannot be, or NM_DROP_REASONS. */
static enum nm_drop_reason receive_one(const struct nm_port *port, const struct nm_ring *from, uint32_t at,
                                       struct netmap_slot *to)
{
    const struct nm_region *region = port->region, *foreign = inner_of(port)->region;
    struct netmap_slot slot = nm_slot_read(&from->ring->slot[at]), room = nm_slot_read(to);
    uint32_t offset = (uint32_t)(slot.ptr & from->offset_mask);
    if (unlikely(!nm_slot_has_buffer(foreign, &slot)))
        return NM_DROP_INDEX;
    if (unlikely(offset > foreign->buffer_size || slot.len > foreign->buffer_size - offset))
        return NM_DROP_LENGTH;
    enum nm_drop_reason bad = nm_slot_check_free(region, &room);
    if (unlikely(bad != NM_DROP_REASONS))
        return bad;
    if (unlikely(slot.len > nm_longest_frame(region)))
        return NM_DROP_LONG;
    memcpy(nm_slot_data(region, &room), nm_region_buffer(foreign, slot.buf_idx) + offset, slot.len);
    nm_slot_fill(to, slot.len);
    return NM_DROP_REASONS;
}

/* The bridge's place in an inner receive ring is the ring's hwcur. */
static void receive(struct nm_port *port, struct nm_ring *ring, struct nm_ring *from)
{
    const uint32_t stop = nm_ring_prev(ring, ring->hwcur);
    while (ring->hwtail != stop && from->hwcur != from->hwtail) {
        struct netmap_slot *to = &ring->ring->slot[ring->hwtail];
        enum nm_drop_reason bad = receive_one(port, from, from->hwcur, to);
        from->hwcur = nm_ring_next(from, from->hwcur);
        if (unlikely(bad != NM_DROP_REASONS)) {
            nm_ring_drop(ring, bad);
            continue;
        }
        ring->packets++;
        ring->bytes += to->len;
        ring->hwtail = nm_ring_next(ring, ring->hwtail);
    }
    from->ring->head = from->ring->cur = from->hwcur;
}

static int bridge_rxsync(struct nm_port *port, unsigned index)
{
    struct nm_port *inner = inner_of(port);
    struct nm_ring *ring = &port->rx[index], *from = &inner->rx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    ring->hwcur = head;
    receive(port, ring, from);
    if (ring->hwtail == head) { /* nothing was left over from the last time */
        err = inner->ops->rxsync(inner, index);
        receive(port, ring, from);
    }
    nm_port_set_finished(port, inner->finished && from->hwcur == from->hwtail);
    take_news(port);
    nm_ring_leave(ring);
    return err;
}

static enum nm_drop_reason send_one(const struct nm_port *port, const struct netmap_slot *from,
                                    const struct nm_ring *ring, struct netmap_slot *to)
{
    const struct nm_region *foreign = inner_of(port)->region;
    struct netmap_slot slot = nm_slot_read(from), room = nm_slot_read(to);
    enum nm_drop_reason bad = nm_slot_check(port->region, &slot);
    if (unlikely(bad != NM_DROP_REASONS))
        return bad;
    if (unlikely(!nm_slot_has_buffer(foreign, &room)))
        return NM_DROP_INDEX;
    if (unlikely(slot.len > foreign->buffer_size))
        return NM_DROP_LONG;
    uint32_t offset = ring->most_offset < NM_HEADROOM ? ring->most_offset : NM_HEADROOM;
    if (unlikely(offset > foreign->buffer_size - slot.len))
        offset = 0;
    memcpy(nm_region_buffer(foreign, room.buf_idx) + offset, nm_slot_data(port->region, &slot), slot.len);
    nm_slot_fill(to, slot.len);
    to->ptr = offset;
    return NM_DROP_REASONS;
}

/* The pipeline sees as many free slots as the inner ring has: what it was allowed to put there always fits.
 */
static void show_room(struct nm_ring *ring, const struct nm_ring *to, uint32_t to_at)
{
    uint32_t tail = ring->hwcur + nm_ring_distance(to, to_at, to->hwtail);
    ring->hwtail = tail < ring->n_slots ? tail : tail - ring->n_slots;
    nm_ring_leave(ring);
}

static int bridge_txsync(struct nm_port *port, unsigned index)
{
    struct bridge *bridge = port->priv;
    struct nm_port *inner = bridge->inner;
    struct nm_ring *ring = &port->tx[index], *to = &inner->tx[index];
    uint32_t head, *to_at = &bridge->tx_at[index];
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    for (uint32_t at = ring->hwcur; at != head; at = nm_ring_next(ring, at)) {
        const struct netmap_slot *from = &ring->ring->slot[at];
        enum nm_drop_reason bad = send_one(port, from, to, &to->ring->slot[*to_at]);
        if (unlikely(bad != NM_DROP_REASONS)) {
            nm_ring_drop(ring, bad);
            continue;
        }
        ring->packets++;
        ring->bytes += from->len;
        *to_at = nm_ring_next(to, *to_at);
    }
    ring->hwcur = head;
    __atomic_store_n(&to->ring->head, *to_at, __ATOMIC_RELEASE);
    to->ring->cur = *to_at;
    uint64_t lost = to->drops_by[NM_DROP_WRITE];
    err = inner->ops->txsync(inner, index);
    for (lost = to->drops_by[NM_DROP_WRITE] - lost; unlikely(lost); lost--)
        nm_ring_drop(ring, NM_DROP_WRITE);
    take_news(port);
    show_room(ring, to, *to_at);
    return err;
}

static int bridge_wait(struct nm_port *port, unsigned ring, short *events)
{
    struct nm_port *inner = inner_of(port);
    return inner->ops->wait ? inner->ops->wait(inner, ring, events) : -1;
}

static int bridge_flush(struct nm_port *port)
{
    int err = nm_port_flush(inner_of(port));
    take_news(port);
    return err;
}

static void bridge_review(struct nm_port *port, struct nm_port *const *all, unsigned n)
{
    struct nm_port *inner = inner_of(port);
    if (inner->ops->review)
        inner->ops->review(inner, all, n);
    take_news(port);
}

static void bridge_close(struct nm_port *port)
{
    struct bridge *bridge = port->priv;
    nm_port_close(bridge->inner);
    free(bridge->tx_at);
    free(bridge);
    nm_port_release(port);
}

static const struct nm_port_ops bridge_ops = {
    .scheme = "bridge",
    .rxsync = bridge_rxsync,
    .txsync = bridge_txsync,
    .wait = bridge_wait,
    .flush = bridge_flush,
    .review = bridge_review,
    .close = bridge_close,
};

struct nm_port *nm_bridge(struct nm_port *inner, struct nm_region *region,
                          const struct nm_port_options *options, char *error, size_t size)
{
    struct bridge *bridge = calloc(1, sizeof *bridge);
    uint32_t *tx_at = calloc(inner->n_tx_rings + 1u, sizeof *tx_at);
    struct nm_port_options own = *options;
    own.ring_slots = 0;
    const struct nm_port_shape shape = {
        .n_tx = inner->n_tx_rings,
        .n_rx = inner->n_rx_rings,
        .default_slots = inner->n_tx_rings   ? inner->tx->n_slots
                         : inner->n_rx_rings ? inner->rx->n_slots
                                             : 0,
    };
    struct nm_port *port = NULL;
    if (bridge && tx_at)
        port = nm_port_create(&bridge_ops, inner->name, region, &own, &shape, error, size);
    else
        nm_port_error(error, size, inner->name, "out of memory");
    if (!port) {
        free(bridge);
        free(tx_at);
        nm_port_close(inner);
        return NULL;
    }
    *bridge = (struct bridge){inner, tx_at};
    port->priv = bridge;
    port->link_type = inner->link_type;
    port->note = inner->note;
    for (unsigned i = 0; i < port->n_tx_rings; i++) {
        tx_at[i] = inner->tx[i].ring->head;
        tx_at[i] = tx_at[i] < inner->tx[i].n_slots ? tx_at[i] : 0;
        show_room(&port->tx[i], &inner->tx[i], tx_at[i]);
    }
    take_news(port);
    return port;
}

struct nm_port *nm_bridge_inner(struct nm_port *port)
{
    return port->ops == &bridge_ops ? inner_of(port) : port;
}
