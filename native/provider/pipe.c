/* Pipes. A slot of the tx ring and the slot of the same number of the peer's rx ring share one buffer, which
 * changes its owner with the packet: what an end does not own it cannot send, and cannot give back. */
#include "deliver.h"

#include <stdlib.h>

/* A piece for monitors. */
static void show(struct ring *ring, const struct netmap_slot *slot, uint16_t flags)
{
    struct piece piece;
    if (piece_of(ring, slot, &piece) != NM_DROP_REASONS)
        return;
    for (const struct watch *watch = ring->watchers; watch; watch = watch->next)
        deliver(watch->to, &piece, 1, flags);
}

/* The buffer goes to the receiver with the packet. A slot that cannot be trusted arrives empty, with some
 * buffer of the sender's. */
static always_inline void send_slot(struct ring *tx, uint32_t at)
{
    struct ring *rx = tx->peer;
    struct memory *memory = tx->port->memory;
    struct netmap_slot slot = nm_slot_read(&tx->nm.ring->slot[at]);
    const uint64_t offset = slot.ptr & tx->offset_mask;
    if (unlikely(!memory_owns(memory, slot.buf_idx, tx->port->domain))) {
        nm_ring_drop(&tx->nm, NM_DROP_INDEX);
        slot = (struct netmap_slot){.buf_idx = memory_claim(memory, tx->pair[at], tx->port->domain),
                                    .flags = slot.flags & NS_MOREFRAG};
    } else if (unlikely(offset > BUFFER_SIZE || slot.len > BUFFER_SIZE - offset ||
                        (slot.flags & NS_INDIRECT))) {
        nm_ring_drop(&tx->nm, NM_DROP_LENGTH);
        slot.len = 0;
        slot.ptr = 0;
        slot.flags &= NS_MOREFRAG | NS_BUF_CHANGED;
    } else {
        uint32_t more = slot.flags & NS_MOREFRAG ? 0 : 1;
        tx->nm.packets += more;
        rx->nm.packets += more;
        tx->nm.bytes += slot.len;
        rx->nm.bytes += slot.len;
    }
    if (unlikely(tx->watchers))
        show(tx, &slot, NS_TXMON);
    memory_pass(memory, slot.buf_idx, tx->port->domain, rx->port->domain);
    tx->pair[at] = slot.buf_idx;
    rx->nm.ring->slot[at] = slot;
    if (unlikely(rx->watchers))
        show(rx, &slot, 0);
}

/* The receiver is done with the slot; whatever buffer stands in it is the sender's next one. */
static always_inline void release_slot(struct ring *rx, uint32_t at)
{
    struct ring *tx = rx->peer;
    struct memory *memory = rx->port->memory;
    struct netmap_slot slot = nm_slot_read(&rx->nm.ring->slot[at]);
    uint32_t buffer = slot.buf_idx;
    if (unlikely(!memory_owns(memory, buffer, rx->port->domain))) {
        nm_ring_drop(&rx->nm, NM_DROP_INDEX);
        buffer = memory_claim(memory, tx->pair[at], rx->port->domain);
    }
    memory_pass(memory, buffer, rx->port->domain, tx->port->domain);
    if (buffer == tx->pair[at])
        return;
    tx->pair[at] = buffer;
    slot.buf_idx = buffer;
    slot.flags |= NS_BUF_CHANGED;
    tx->nm.ring->slot[at] = slot;
}

bool pipe_released(const struct ring *tx)
{
    return tx->peer->nm.ring &&
           __atomic_load_n(&tx->peer->mail->head, __ATOMIC_RELAXED) != tx->peer->nm.hwcur;
}

static void take_released(struct ring *rx)
{
    struct nm_ring *nm = &rx->nm;
    uint32_t head = __atomic_load_n(&rx->mail->head, __ATOMIC_ACQUIRE);
    if (head == nm->hwcur)
        return;
    if (head >= nm->n_slots ||
        nm_ring_distance(nm, nm->hwcur, head) > nm_ring_distance(nm, nm->hwcur, nm->hwtail)) {
        __atomic_store_n(&rx->mail->head, nm->hwcur,
                         __ATOMIC_RELAXED); /* or it would look like work for ever */
        return;
    }
    for (uint32_t at = nm->hwcur; at != head; at = nm_ring_next(nm, at)) {
        __builtin_prefetch(&nm->ring->slot[at + 16]);
        release_slot(rx, at);
    }
    nm->hwcur = head;
}

/* Packets are shown only when they are complete. */
static bool send_new(struct ring *tx)
{
    struct nm_ring *nm = &tx->nm;
    uint32_t head = __atomic_load_n(&tx->mail->head, __ATOMIC_RELAXED);
    if (!tx->users || head >= nm->n_slots ||
        nm_ring_distance(nm, nm->hwcur, head) > nm_ring_distance(nm, nm->hwcur, nm->hwtail))
        return false;
    uint32_t whole = nm_ring_whole_packets(nm, nm->hwcur, head), at = nm->hwcur;
    if (at == whole)
        return false;
    for (; at != whole; at = nm_ring_next(nm, at)) {
        __builtin_prefetch(&nm->ring->slot[at + 16]);
        __builtin_prefetch(&tx->peer->nm.ring->slot[at + 16], 1);
        send_slot(tx, at);
    }
    nm->hwcur = whole;
    tx->peer->nm.hwtail = whole;
    __atomic_store_n(&tx->peer->mail->hwtail, whole, __ATOMIC_RELEASE);
    deliver_end();
    return true;
}

static bool waits_for_room(const struct ring *tx)
{
    const struct port *port = tx->port;
    if (nm_ring_distance(&tx->nm, tx->nm.hwcur, tx->nm.hwtail) == 0)
        return true;
    for (const struct binding *b = port->bindings; b; b = b->next)
        if (__atomic_load_n(&port->mail->waiter[b->waiter].events, __ATOMIC_RELAXED) & POLLOUT)
            return true;
    return false;
}

void pipe_txsync(struct ring *tx)
{
    struct ring *rx = tx->peer;
    const uint32_t asked = __atomic_load_n(&tx->mail->asked, __ATOMIC_ACQUIRE);
    const uint32_t old_tail = tx->nm.hwtail;
    take_released(rx);
    tx->nm.hwtail = nm_ring_prev(&tx->nm, rx->nm.hwcur);
    const bool sent = send_new(tx);
    __atomic_store_n(&tx->mail->hwtail, tx->nm.hwtail, __ATOMIC_RELEASE);
    __atomic_store_n(&rx->mail->tell_released, waits_for_room(tx), __ATOMIC_RELAXED);
    const bool answers = asked != tx->answered;
    tx->answered = asked;
    __atomic_store_n(&tx->mail->answered, asked, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (sent)
        ring_bells(rx, false, POLLIN);
    if (tx->nm.hwtail != old_tail || answers)
        ring_bells(tx, true, (tx->nm.hwtail != old_tail ? POLLOUT : 0) | NM_WAIT_SYNC);
}

static int make_lane(struct ring *tx, struct ring *rx, uint8_t domain)
{
    tx->peer = rx;
    rx->peer = tx;
    int err = ring_make(tx, NETMAP_DIR_TX, domain);
    return err ? err : ring_make_twin(rx, tx);
}

static void free_lane(struct ring *tx, struct ring *rx)
{
    if (tx->nm.ring)
        for (uint32_t i = 0; i < tx->nm.n_slots; i++) {
            uint32_t buffer = tx->pair ? tx->pair[i] : tx->nm.ring->slot[i].buf_idx;
            if (memory_owns(tx->port->memory, buffer, THE_PIPE))
                memory_free(tx->port->memory, buffer);
        }
    ring_free(tx, NOBODY);
    ring_free(rx, NOBODY);
}

static void free_lanes(struct port *port)
{
    for (unsigned i = 0; i < port->n_tx; i++)
        free_lane(&port->tx[i], &port->peer->rx[i]);
    for (unsigned i = 0; i < port->n_rx; i++)
        free_lane(&port->peer->tx[i], &port->rx[i]);
}

/* The buffers of a lane that belong to this end: the free ones of a sender, the unread ones of a receiver. */
static void change_owner(struct ring *ring, uint32_t from, uint32_t to, uint8_t old, uint8_t new)
{
    struct memory *memory = ring->port->memory;
    uint32_t *pair = ring->pair ? ring->pair : ring->peer->pair;
    for (uint32_t at = from; at != to; at = nm_ring_next(&ring->nm, at)) {
        struct netmap_slot slot = nm_slot_read(&ring->nm.ring->slot[at]);
        uint32_t buffer = memory_claim(memory, slot.buf_idx, old);
        if (!buffer)
            continue;
        memory_pass(memory, buffer, old, new);
        pair[at] = buffer;
        if (buffer != slot.buf_idx)
            ring->nm.ring->slot[at] = (struct netmap_slot){.buf_idx = buffer, .flags = NS_BUF_CHANGED};
    }
}

static void change_owners(struct port *port, uint8_t old, uint8_t new)
{
    for (unsigned i = 0; i < port->n_tx; i++) {
        struct ring *tx = &port->tx[i];
        change_owner(tx, tx->nm.hwcur, nm_ring_prev(&tx->nm, tx->peer->nm.hwcur), old, new);
        /* The slot that a ring keeps back has a buffer, too. */
        uint32_t back = nm_ring_prev(&tx->nm, tx->peer->nm.hwcur);
        change_owner(tx, back, nm_ring_next(&tx->nm, back), old, new);
    }
    for (unsigned i = 0; i < port->n_rx; i++)
        change_owner(&port->rx[i], port->rx[i].nm.hwcur, port->rx[i].nm.hwtail, old, new);
}

static void reset_positions(struct ring *ring)
{
    struct netmap_ring *shared = ring->nm.ring;
    shared->head = shared->cur = ring->nm.hwcur;
    shared->tail = ring->nm.hwtail;
    shared->flags = 0;
    ring->mail->head = ring->nm.hwcur;
    ring->mail->rtail = ring->mail->hwtail = ring->nm.hwtail;
    ring->mail->answered = ring->answered = ring->mail->asked;
}

/* Both ends' rings are made when the first end is opened. What a program that left had not sent is not sent
 * by the next. */
int pipe_bind(struct port *port, uint8_t domain)
{
    int err = 0;
    bool fresh = !port->tx->nm.ring;
    if (fresh) {
        port->peer->domain = THE_PIPE;
        for (unsigned i = 0; i < port->n_tx && !err; i++)
            err = make_lane(&port->tx[i], &port->peer->rx[i], THE_PIPE);
        for (unsigned i = 0; i < port->n_rx && !err; i++)
            err = make_lane(&port->peer->tx[i], &port->rx[i], THE_PIPE);
        if (err) {
            free_lanes(port);
            return err;
        }
    }
    for (unsigned i = 0; i < port->n_tx; i++) {
        take_released(port->tx[i].peer);
        port->tx[i].nm.hwtail = nm_ring_prev(&port->tx[i].nm, port->tx[i].peer->nm.hwcur);
    }
    change_owners(port, THE_PIPE, domain);
    port->domain = domain;
    for (unsigned i = 0; i < port->n_tx; i++)
        reset_positions(&port->tx[i]);
    for (unsigned i = 0; i < port->n_rx; i++)
        reset_positions(&port->rx[i]);
    return 0;
}

void pipe_unbind(struct port *port, uint8_t domain)
{
    for (unsigned i = 0; i < port->n_rx; i++) {
        take_released(&port->rx[i]);
        port->rx[i].mail->head = port->rx[i].nm.hwcur;
    }
    change_owners(port, domain, THE_PIPE);
    port->domain = THE_PIPE;
    if (!port->peer->bindings)
        free_lanes(port);
}
