/* Buffers to and from the kernel, by address: nothing is copied here. */
#define _GNU_SOURCE
#include "xdp.h"

#include <sys/socket.h>

#include "offload.h"

#ifndef SOL_XDP
#define SOL_XDP 283
#endif
#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD 1u /* the frame goes on in the next descriptor; never asked for */
#endif

#define SHORTEST 14u /* an Ethernet header */
#define LOOK_AFTER 1024u

/* Marks the buffer as the kernel's. False: it was that already. */
static always_inline bool lend(struct xdp_loan *loan, uint32_t buffer)
{
    uint64_t bit = UINT64_C(1) << (buffer % 64), *word = &loan->bits[buffer / 64];
    bool fine = !(*word & bit);
    *word |= bit;
    return fine;
}

/* False: the kernel did not have it. */
static always_inline bool take_back(struct xdp_loan *loan, uint32_t buffer)
{
    uint64_t bit = UINT64_C(1) << (buffer % 64), *word = &loan->bits[buffer / 64];
    bool fine = *word & bit;
    *word &= ~bit;
    return fine;
}

static always_inline uint64_t address_of(const struct xdp_port *xdp, uint32_t buffer)
{
    return (uint64_t)buffer * xdp->region->buffer_size;
}

/* The buffer that begins at an address, or one out of range: an exact division by the odd part of their
 * distance is a multiplication by its inverse. */
static always_inline uint32_t buffer_at(const struct xdp_port *xdp, uint64_t address)
{
    uint64_t buffer = (address >> xdp->stride_shift) * xdp->inverse;
    return likely(buffer < xdp->region->n_buffers && buffer * xdp->region->buffer_size == address)
               ? (uint32_t)buffer
               : UINT32_MAX;
}

static always_inline uint32_t waiting(const struct xdp_ring *ring)
{
    return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) - ring->at;
}

static always_inline bool wants_wakeup(const struct xdp_ring *ring)
{
    return __atomic_load_n(ring->flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP;
}

static always_inline struct netmap_slot *slot_of(const struct nm_ring *ring, uint32_t at)
{
    return &ring->ring->slot[at];
}

/* The buffer of a slot that the program is done with goes to the kernel. */
static always_inline void refill(struct xdp_port *xdp, struct xdp_queue *queue, struct nm_ring *ring,
                                 uint32_t at)
{
    struct netmap_slot slot = nm_slot_read(slot_of(ring, at));
    slot_of(ring, at)->buf_idx = 0;
    if (unlikely(!nm_slot_has_buffer(xdp->region, &slot) || !lend(&queue->receiving, slot.buf_idx))) {
        nm_ring_drop(ring, NM_DROP_INDEX);
        return;
    }
    uint64_t *entries = queue->fill.entries;
    entries[queue->fill.at++ & queue->fill.mask] = address_of(xdp, slot.buf_idx);
}

static void publish_fill(struct xdp_queue *queue)
{
    __atomic_store_n(queue->fill.producer, queue->fill.at, __ATOMIC_RELEASE);
    if (unlikely(wants_wakeup(&queue->fill)))
        (void)recvfrom(queue->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

void xdp_start_queue(struct nm_port *port, unsigned index)
{
    struct xdp_port *xdp = port->priv;
    struct xdp_queue *queue = &xdp->queues[index];
    if (index < port->n_rx_rings) {
        for (uint32_t at = 0; at < port->rx[index].n_slots; at++)
            refill(xdp, queue, &port->rx[index], at);
        publish_fill(queue);
    }
    if (index < port->n_tx_rings) {
        struct netmap_slot *last = slot_of(&port->tx[index], port->tx[index].hwtail);
        queue->spare[queue->n_spare++] = last->buf_idx;
        last->buf_idx = 0;
    }
}

/* A frame as the kernel describes it; checked. Returns false when it is no packet in a buffer it was given.
 */
static always_inline bool receive(struct xdp_port *xdp, struct xdp_queue *queue, struct nm_ring *ring,
                                  const struct xdp_desc *shared, uint32_t at)
{
    struct xdp_desc frame;
    memcpy(&frame, shared, sizeof frame);
    uint32_t buffer = buffer_at(xdp, frame.addr & XSK_UNALIGNED_BUF_ADDR_MASK);
    uint32_t offset = (uint32_t)(frame.addr >> XSK_UNALIGNED_BUF_OFFSET_SHIFT);
    if (unlikely(buffer == UINT32_MAX || !take_back(&queue->receiving, buffer))) {
        nm_ring_drop(ring, NM_DROP_INDEX);
        return false;
    }
    bool bad = offset > xdp->region->buffer_size || frame.len > xdp->region->buffer_size - offset ||
               (frame.options & XDP_PKT_CONTD);
    if (unlikely(bad)) {
        nm_ring_drop(ring, NM_DROP_LENGTH);
        offset = frame.len = 0;
    } else {
        ring->packets++;
        ring->bytes += frame.len;
        if (xdp->local)
            nm_finish_unknown_checksum(nm_region_buffer(xdp->region, buffer) + offset, frame.len);
    }
    *slot_of(ring, at) = (struct netmap_slot){.buf_idx = buffer, .len = (uint16_t)frame.len, .ptr = offset};
    return true;
}

int xdp_rxsync(struct nm_port *port, unsigned index)
{
    struct xdp_port *xdp = port->priv;
    struct xdp_queue *queue = &xdp->queues[index];
    struct nm_ring *ring = &port->rx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    for (; ring->hwcur != head; ring->hwcur = nm_ring_next(ring, ring->hwcur))
        refill(xdp, queue, ring, ring->hwcur);
    publish_fill(queue);
    const uint32_t stop = nm_ring_prev(ring, head);
    const struct xdp_desc *frames = queue->rx.entries;
    for (uint32_t n = waiting(&queue->rx); n && ring->hwtail != stop; n--)
        if (likely(receive(xdp, queue, ring, &frames[queue->rx.at++ & queue->rx.mask], ring->hwtail)))
            ring->hwtail = nm_ring_next(ring, ring->hwtail);
    __atomic_store_n(queue->rx.consumer, queue->rx.at, __ATOMIC_RELEASE);
    nm_ring_leave(ring);
    if (unlikely(++queue->syncs % LOOK_AFTER == 0))
        xdp_look_after(port, index);
    return 0;
}

bool xdp_unsent(const struct xdp_queue *queue)
{
    return queue->tx.consumer && __atomic_load_n(queue->tx.consumer, __ATOMIC_ACQUIRE) != queue->tx.at;
}

void xdp_say_down(struct nm_port *port)
{
    struct xdp_port *xdp = port->priv;
    if (xdp->said_down)
        return;
    xdp->said_down = true;
    snprintf(xdp->warning, sizeof xdp->warning, "the interface is down: `ip link set dev %s up`",
             xdp->device.name);
    port->warning = xdp->warning;
}

/* One call takes some frames, not all. */
void xdp_kick(struct nm_port *port, unsigned index)
{
    struct xdp_port *xdp = port->priv;
    struct xdp_queue *queue = &xdp->queues[index];
    uint32_t before;
    while (xdp_unsent(queue) && wants_wakeup(&queue->tx)) {
        before = __atomic_load_n(queue->tx.consumer, __ATOMIC_ACQUIRE);
        int err = sendto(queue->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 ? errno : 0;
        if (err == ENETDOWN)
            xdp_say_down(port);
        if ((err && err != EAGAIN && err != EBUSY && err != ENOBUFS) || queue->zero_copy ||
            __atomic_load_n(queue->tx.consumer, __ATOMIC_ACQUIRE) == before)
            break;
    }
}

/* Gives the slot's buffer to the kernel to send. */
static always_inline void send_slot(struct xdp_port *xdp, struct xdp_queue *queue, struct nm_ring *ring,
                                    uint32_t at)
{
    struct netmap_slot slot = nm_slot_read(slot_of(ring, at));
    enum nm_drop_reason bad = nm_slot_check(xdp->region, &slot);
    slot_of(ring, at)->buf_idx = 0;
    if (unlikely(bad == NM_DROP_INDEX || !lend(&queue->sending, slot.buf_idx))) {
        nm_ring_drop(ring, NM_DROP_INDEX);
        return;
    }
    if (unlikely(bad == NM_DROP_REASONS && slot.len > xdp->longest))
        bad = NM_DROP_LONG;
    if (unlikely(bad == NM_DROP_REASONS && (slot.len < SHORTEST || (slot.flags & NS_MOREFRAG))))
        bad = NM_DROP_LENGTH;
    if (unlikely(bad != NM_DROP_REASONS)) {
        nm_ring_drop(ring, bad);
        take_back(&queue->sending, slot.buf_idx);
        queue->spare[queue->n_spare++] = slot.buf_idx;
        return;
    }
    struct xdp_desc *frames = queue->tx.entries;
    frames[queue->tx.at++ & queue->tx.mask] =
        (struct xdp_desc){.addr = address_of(xdp, slot.buf_idx) | (uint64_t)nm_slot_offset(&slot)
                                                                      << XSK_UNALIGNED_BUF_OFFSET_SHIFT,
                          .len = slot.len};
    ring->packets++;
    ring->bytes += slot.len;
}

/* What has left comes back, and fills slots for the program. */
static always_inline void reclaim(struct xdp_port *xdp, struct xdp_queue *queue, struct nm_ring *ring)
{
    const uint64_t *sent = queue->completion.entries;
    for (uint32_t n = waiting(&queue->completion); n; n--) {
        uint64_t address = sent[queue->completion.at++ & queue->completion.mask];
        uint32_t buffer = buffer_at(xdp, address & XSK_UNALIGNED_BUF_ADDR_MASK);
        if (likely(buffer != UINT32_MAX && take_back(&queue->sending, buffer)))
            queue->spare[queue->n_spare++] = buffer;
    }
    __atomic_store_n(queue->completion.consumer, queue->completion.at, __ATOMIC_RELEASE);
    const uint32_t stop = nm_ring_prev(ring, ring->hwcur);
    for (; queue->n_spare && ring->hwtail != stop; ring->hwtail = nm_ring_next(ring, ring->hwtail)) {
        uint32_t buffer = queue->spare[--queue->n_spare];
        *slot_of(ring, ring->hwtail) =
            (struct netmap_slot){.buf_idx = buffer, .ptr = nm_buffer_offset(buffer)};
    }
}

int xdp_txsync(struct nm_port *port, unsigned index)
{
    struct xdp_port *xdp = port->priv;
    struct xdp_queue *queue = &xdp->queues[index];
    struct nm_ring *ring = &port->tx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    for (; ring->hwcur != head; ring->hwcur = nm_ring_next(ring, ring->hwcur))
        send_slot(xdp, queue, ring, ring->hwcur);
    __atomic_store_n(queue->tx.producer, queue->tx.at, __ATOMIC_RELEASE);
    xdp_kick(port, index);
    reclaim(xdp, queue, ring);
    nm_ring_leave(ring);
    return 0;
}

void xdp_look_after(struct nm_port *port, unsigned index)
{
    struct xdp_port *xdp = port->priv;
    struct xdp_queue *queue = &xdp->queues[index];
    struct xdp_statistics counted = {0};
    socklen_t length = sizeof counted, error_length = sizeof(int);
    int err = 0;
    if (getsockopt(queue->fd, SOL_XDP, XDP_STATISTICS, &counted, &length) == 0 && index < port->n_rx_rings) {
        /* Where the fill ring was empty, rx_dropped counts as well. */
        uint64_t lost = counted.rx_dropped + counted.rx_invalid_descs + counted.rx_ring_full;
        port->rx[index].drops += lost - queue->lost;
        port->rx[index].drops_by[NM_DROP_FULL] += lost - queue->lost;
        queue->lost = lost;
    }
    if (getsockopt(queue->fd, SOL_SOCKET, SO_ERROR, &err, &error_length) == 0 && err) {
        port->warning = "the interface is gone";
        port->finished = true;
    }
}
