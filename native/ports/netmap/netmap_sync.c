/* What moves packets through netmap's rings: system calls, and packets that span several slots. */
#include "netmap.h"

#include <poll.h>
#include <stdlib.h>

/* Positions that the pipeline may use come from here, after a check; the ring's own tail moves at every
 * poll(). */
static bool read_tail(const struct nm_ring *ring, uint32_t *tail)
{
    *tail = __atomic_load_n(&ring->ring->tail, __ATOMIC_ACQUIRE);
    return *tail < ring->n_slots;
}

static struct netmap_slot read_slot(const struct nm_ring *ring, uint32_t at)
{
    return nm_slot_read(&ring->ring->slot[at]);
}

/* Both slots keep a buffer, other ones than netmap gave them. */
static void exchange_slots(const struct nm_ring *ring, uint32_t a, uint32_t b)
{
    struct netmap_slot *slots = ring->ring->slot, kept = read_slot(ring, a);
    slots[a] = read_slot(ring, b);
    slots[b] = kept;
    slots[a].flags = slots[b].flags = NS_BUF_CHANGED;
}

/* The packet of the `n` slots from `first` on moves into the first one's buffer. False: it does not fit. */
static bool join_chain(struct nm_ring *ring, const struct nm_region *region, uint32_t first, uint32_t n)
{
    struct netmap_slot whole = read_slot(ring, first);
    uint32_t offset = (uint32_t)(whole.ptr & ring->offset_mask), length = 0;
    if (!nm_slot_has_buffer(region, &whole) || offset > region->buffer_size)
        return false;
    uint8_t *to = nm_region_buffer(region, whole.buf_idx) + offset;
    for (uint32_t at = first, i = 0; i < n; i++, at = nm_ring_next(ring, at)) {
        struct netmap_slot slot = i ? read_slot(ring, at) : whole;
        uint32_t from = (uint32_t)(slot.ptr & ring->offset_mask),
                 room = region->buffer_size - offset - length;
        if (!nm_slot_has_buffer(region, &slot) || from > region->buffer_size ||
            slot.len > region->buffer_size - from || slot.len > room || length + slot.len > UINT16_MAX)
            return false;
        if (i)
            memcpy(to + length, nm_region_buffer(region, slot.buf_idx) + from, slot.len);
        length += slot.len;
    }
    ring->ring->slot[first].len = (uint16_t)length;
    ring->ring->slot[first].flags = 0;
    return true;
}

/* Slots of the chain that begins at `from`; 0: its end has not come yet. */
static uint32_t chain_slots(const struct nm_ring *ring, uint32_t from, uint32_t tail)
{
    uint32_t n = 1;
    for (uint32_t at = from; at != tail; at = nm_ring_next(ring, at), n++)
        if (!(read_slot(ring, at).flags & NS_MOREFRAG))
            return n;
    return 0;
}

/* A chain becomes one slot. What it leaves over gathers between the whole packets and what was not looked at,
 * and goes back to netmap when the packets in front have been read. */
static cold_path void take_chains(struct nm_ring *ring, struct netmap_rx *state,
                                  const struct nm_region *region, uint32_t tail)
{
    while (state->seen != tail) {
        uint32_t first = state->seen, n = chain_slots(ring, first, tail);
        state->unfinished = n == 0;
        if (n == 0) {
            if (nm_ring_distance(ring, first, tail) + 1 < ring->n_slots)
                return;
            n = ring->n_slots - 1; /* the ring cannot take its end */
        }
        bool whole =
            !state->unfinished && (n == 1 || (n <= NETMAP_MAX_FRAGS && join_chain(ring, region, first, n)));
        for (uint32_t i = 0; i < n; i++)
            state->seen = nm_ring_next(ring, state->seen);
        if (!whole && !state->skipping)
            nm_ring_drop(ring, NM_DROP_CHAIN);
        if (!whole || state->skipping) {
            state->skipping = state->unfinished;
            state->unfinished = false;
            continue;
        }
        if (ring->hwtail != first)
            exchange_slots(ring, ring->hwtail, first);
        ring->packets++;
        ring->bytes += read_slot(ring, ring->hwtail).len;
        ring->hwtail = nm_ring_next(ring, ring->hwtail);
    }
}

void netmap_take_slots(struct nm_ring *ring, struct netmap_rx *state, const struct nm_region *region,
                       uint32_t tail)
{
    uint32_t at = state->seen;
    uint64_t packets = 0, bytes = 0;
    if (likely(at == ring->hwtail && !state->skipping))
        for (; at != tail; at = nm_ring_next(ring, at)) {
            struct netmap_slot slot = read_slot(ring, at);
            if (unlikely(slot.flags & NS_MOREFRAG))
                break;
            packets++;
            bytes += slot.len;
        }
    if (likely(at != state->seen)) {
        state->seen = ring->hwtail = at;
        ring->packets += packets;
        ring->bytes += bytes;
    }
    state->unfinished = false;
    if (unlikely(at != tail))
        take_chains(ring, state, region, tail);
}

/* The interface went away, or netmap stopped the ring for good. */
static cold_path int stop(struct nm_port *port, int err)
{
    struct netmap_port *netmap = port->priv;
    snprintf(netmap->warning, sizeof netmap->warning, "%s",
             err == ENXIO ? "the port is gone" : strerror(err));
    port->warning = netmap->warning;
    return -err;
}

static int netmap_rxsync(struct nm_port *port, unsigned index)
{
    struct netmap_port *netmap = port->priv;
    struct nm_ring *ring = &port->rx[index];
    struct netmap_rx *state = &netmap->rx[index];
    struct netmap_ring *shared = ring->ring;
    uint32_t tail;
    if (unlikely(state->seen != ring->hwtail)) {
        if (shared->head != ring->hwtail)
            return 0; /* there is still something to read */
        shared->head = shared->cur = ring->hwcur = ring->hwtail = state->seen;
    }
    if (unlikely(!read_tail(ring, &tail)))
        return -EINVAL;
    if (tail == state->seen || state->unfinished) {
        if (unlikely(netmap->calls->ioctl(netmap->rx_fds[index], NIOCRXSYNC, NULL) < 0)) {
            port->finished = true;
            return stop(port, errno);
        }
        if (unlikely(!read_tail(ring, &tail)))
            return -EINVAL;
    }
    netmap_take_slots(ring, state, port->region, tail);
    if (unlikely(state->unfinished && ring->hwtail == shared->head))
        shared->cur = tail; /* wake me when there is more than that */
    return 0;
}

/* What the pipeline put there since the last time. */
static bool count_sent(struct nm_ring *ring)
{
    uint32_t head = __atomic_load_n(&ring->ring->head, __ATOMIC_RELAXED);
    if (unlikely(head >= ring->n_slots))
        return false;
    for (uint32_t at = ring->hwcur; at != head; at = nm_ring_next(ring, at)) {
        ring->packets++;
        ring->bytes += ring->ring->slot[at].len;
    }
    ring->hwcur = head;
    return true;
}

static cold_path int cannot_send(struct nm_port *port, struct nm_ring *ring, int err)
{
    uint32_t head = ring->ring->head;
    for (uint32_t at = ring->hwcur; head < ring->n_slots && at != head; at = nm_ring_next(ring, at))
        nm_ring_drop(ring, NM_DROP_WRITE);
    ring->hwcur = head < ring->n_slots ? head : ring->hwcur;
    return stop(port, err);
}

static int netmap_txsync(struct nm_port *port, unsigned index)
{
    struct netmap_port *netmap = port->priv;
    struct nm_ring *ring = &port->tx[index];
    if (unlikely(netmap->calls->ioctl(netmap->tx_fds[index], NIOCTXSYNC, NULL) < 0))
        return cannot_send(port, ring, errno);
    uint32_t tail;
    if (unlikely(!count_sent(ring) || !read_tail(ring, &tail)))
        return -EINVAL;
    ring->hwtail = tail;
    return 0;
}

static int netmap_wait(struct nm_port *port, unsigned ring, short *events)
{
    struct netmap_port *netmap = port->priv;
    bool reads = ring < port->n_rx_rings && (*events & POLLIN);
    return netmap->calls->wait(
        reads || ring >= port->n_tx_rings ? netmap->rx_fds[ring] : netmap->tx_fds[ring], events);
}

/* A card's ring goes out before it is torn down. */
#define FLUSH_MILLISECONDS 100

static int netmap_flush(struct nm_port *port)
{
    const struct netmap_port *netmap = port->priv;
    for (unsigned i = 0; i < port->n_tx_rings; i++) {
        struct nm_ring *ring = &port->tx[i];
        int err = port->warning ? 0 : netmap_txsync(port, i);
        for (int ms = 0; !err && *netmap->interface && ms < FLUSH_MILLISECONDS; ms++) {
            if (nm_ring_next(ring, ring->hwtail) == ring->hwcur)
                break;
            usleep(1000);
            err = netmap_txsync(port, i);
        }
        if (err)
            return err;
    }
    return 0;
}

static void netmap_close(struct nm_port *port)
{
    struct netmap_port *netmap = port->priv;
    for (unsigned i = netmap->region_is_shared; i < netmap->n_channels; i++)
        netmap->calls->close(netmap->channels[i].fd);
    nm_region_destroy(port->region);
    free(netmap->channels);
    free(netmap->rx_fds);
    free(netmap->tx_fds);
    free(netmap->rx);
    free(netmap);
    free(port->rx);
    free(port->tx);
    free(port);
}

const struct nm_port_ops nm_netmap_ops = {
    .scheme = "netmap",
    .rxsync = netmap_rxsync,
    .txsync = netmap_txsync,
    .wait = netmap_wait,
    .flush = netmap_flush,
    .review = netmap_review,
    .close = netmap_close,
};
