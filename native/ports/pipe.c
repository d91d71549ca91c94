/* pipe:NAME{ID and pipe:NAME}ID: the two ends of a lossless pipe inside this process. Packets change sides by
 * their buffer's index. One thread at a time may use an end; the two ends may be in two threads. */
#include <ctype.h>
#include <poll.h>
#include <stdlib.h>

#include "pipe_link.h"

struct pipe_port {
    struct pipe_link *link;
    unsigned number; /* of the end: 0 master, 1 slave */
};

static struct pipe_end *own_end(const struct nm_port *port)
{
    const struct pipe_port *pipe = port->priv;
    return &pipe->link->end[pipe->number];
}

static struct pipe_end *peer_end(const struct nm_port *port)
{
    const struct pipe_port *pipe = port->priv;
    return &pipe->link->end[!pipe->number];
}

static struct pipe_lane *lane_from(const struct nm_port *port, bool own)
{
    const struct pipe_port *pipe = port->priv;
    return &pipe->link->lane[own ? pipe->number : !pipe->number];
}

/* Copies the slot to the other side; one that cannot be trusted arrives there empty, with the buffer that the
 * pair had before. */
static void send_slot(struct nm_port *port, struct pipe_lane *lane, const struct nm_ring *to, uint32_t at)
{
    struct netmap_slot slot = nm_slot_read(&port->tx->ring->slot[at]);
    enum nm_drop_reason bad = nm_slot_check(port->region, &slot);
    if (likely(bad == NM_DROP_REASONS)) {
        lane->buffers[at] = slot.buf_idx;
        port->tx->packets += !(slot.flags & NS_MOREFRAG);
        port->tx->bytes += slot.len;
    } else {
        nm_ring_drop(port->tx, bad);
        slot.buf_idx = lane->buffers[at];
        slot.len = 0;
        slot.flags &= NS_MOREFRAG;
        slot.ptr = nm_buffer_offset(slot.buf_idx);
    }
    to->ring->slot[at] = slot;
    to->meta[at] = port->tx->meta[at];
}

static int pipe_txsync(struct nm_port *port, unsigned index)
{
    struct nm_ring *ring = &port->tx[index];
    struct pipe_lane *lane = lane_from(port, true);
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    uint32_t whole = nm_ring_whole_packets(ring, ring->hwcur, head);
    bool sent = whole != ring->hwcur;
    for (uint32_t at = ring->hwcur; at != whole; at = nm_ring_next(ring, at))
        send_slot(port, lane, &peer_end(port)->rx, at);
    ring->hwcur = whole;
    __atomic_store_n(&lane->sent, whole, __ATOMIC_RELEASE);
    ring->hwtail = nm_ring_prev(ring, __atomic_load_n(&lane->released, __ATOMIC_ACQUIRE));
    nm_ring_leave(ring);
    if (sent)
        pipe_link_wake(peer_end(port), POLLIN);
    return 0;
}

/* The receiver is done with the slot: whatever buffer stands in it is the sender's next one. */
static void release_slot(struct nm_port *port, struct pipe_lane *lane, const struct nm_ring *to, uint32_t at)
{
    struct netmap_slot slot = nm_slot_read(&port->rx->ring->slot[at]);
    uint16_t changed = slot.buf_idx != lane->buffers[at] ? NS_BUF_CHANGED : 0;
    if (likely(nm_slot_has_buffer(port->region, &slot)))
        lane->buffers[at] = slot.buf_idx;
    else
        nm_ring_drop(port->rx, NM_DROP_INDEX);
    to->ring->slot[at] = (struct netmap_slot){
        .buf_idx = lane->buffers[at],
        .flags = changed,
        .ptr = nm_buffer_offset(lane->buffers[at]),
    };
    to->meta[at] = (struct nm_slot_meta){0};
}

static int pipe_rxsync(struct nm_port *port, unsigned index)
{
    struct nm_ring *ring = &port->rx[index];
    struct pipe_lane *lane = lane_from(port, false);
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    bool released = head != ring->hwcur;
    for (uint32_t at = ring->hwcur; at != head; at = nm_ring_next(ring, at))
        release_slot(port, lane, &peer_end(port)->tx, at);
    ring->hwcur = head;
    __atomic_store_n(&lane->released, head, __ATOMIC_RELEASE);
    bool left =
        __atomic_load_n(&peer_end(port)->left, __ATOMIC_ACQUIRE); /* before `sent`: nothing follows it */
    uint32_t sent = __atomic_load_n(&lane->sent, __ATOMIC_ACQUIRE);
    for (uint32_t at = ring->hwtail; at != sent; at = nm_ring_next(ring, at)) {
        struct netmap_slot slot = nm_slot_read(&ring->ring->slot[at]);
        ring->packets += !(slot.flags & NS_MOREFRAG);
        ring->bytes += slot.len;
    }
    ring->hwtail = sent;
    nm_port_set_finished(port, left);
    nm_ring_leave(ring);
    if (released)
        pipe_link_wake(peer_end(port), POLLOUT);
    return 0;
}

static bool something_to_do(const struct nm_port *port, short events)
{
    const struct pipe_lane *out = lane_from(port, true), *in = lane_from(port, false);
    const struct nm_ring *tx = port->tx, *rx = port->rx;
    if ((events & POLLIN) && (__atomic_load_n(&in->sent, __ATOMIC_ACQUIRE) != rx->hwtail ||
                              __atomic_load_n(&peer_end(port)->left, __ATOMIC_ACQUIRE) != port->finished))
        return true;
    return (events & POLLOUT) &&
           nm_ring_prev(tx, __atomic_load_n(&out->released, __ATOMIC_ACQUIRE)) != tx->hwtail;
}

/* Clear, announce, look: a peer that published before the look is seen, one that publishes after it sees
 * `waiting`. */
static int pipe_wait(struct nm_port *port, unsigned ring, short *events)
{
    (void)ring;
    struct pipe_end *end = own_end(port);
    uint64_t count;
    (void)!read(end->event, &count, sizeof count);
    __atomic_store_n(&end->waiting, *events, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (something_to_do(port, *events))
        pipe_link_wake(end, *events);
    *events = POLLIN;
    return end->event;
}

static void pipe_close(struct nm_port *port)
{
    struct pipe_port *pipe = port->priv;
    pipe_link_close(pipe->link, pipe->number);
    free(pipe);
    free(port);
}

static const struct nm_port_ops pipe_ops = {
    .scheme = "pipe",
    .rxsync = pipe_rxsync,
    .txsync = pipe_txsync,
    .wait = pipe_wait,
    .close = pipe_close,
};

/* NAME{ID or NAME}ID: netmap's own spelling, with an ID of letters, digits and _. */
static bool parse(const char *rest, char *name, size_t size, unsigned *number)
{
    const char *mark = strpbrk(rest, "{}");
    if (!mark || mark == rest || !mark[1] || strlen(rest) >= size)
        return false;
    for (const char *at = mark + 1; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '_')
            return false;
    *number = *mark == '}';
    snprintf(name, size, "%s", rest);
    name[mark - rest] = '{';
    return true;
}

static struct nm_port *pipe_open(const char *spec, const char *rest, struct nm_region *region,
                                 const struct nm_port_options *options, char *error, size_t size)
{
    char name[PIPE_NAME_SIZE];
    unsigned number;
    if (!parse(rest, name, sizeof name, &number)) {
        nm_port_error(error, size, spec,
                      "a pipe is written pipe:NAME{ID at one end and pipe:NAME}ID at the other");
        return NULL;
    }
    struct pipe_port *pipe = calloc(1, sizeof *pipe);
    struct nm_port *port = nm_port_create_bare(&pipe_ops, spec, region);
    uint32_t slots = options->ring_slots ? options->ring_slots : NM_DEFAULT_SLOTS;
    if (pipe && port && (pipe->link = pipe_link_open(name, number, region, slots))) {
        pipe->number = number;
        port->priv = pipe;
        port->region = pipe->link->region;
        port->nifp = own_end(port)->nifp;
        port->n_tx_rings = port->n_rx_rings = 1;
        port->tx = &own_end(port)->tx;
        port->rx = &own_end(port)->rx;
        return port;
    }
    int err = pipe && port ? errno : ENOMEM;
    if (err == EBUSY)
        nm_port_error(error, size, spec, "this end of the pipe is open already");
    else
        nm_port_rings_error(error, size, spec, err, region, slots, 2);
    free(pipe);
    free(port);
    return NULL;
}

NM_PORT_DRIVER(pipe) = {.scheme = "pipe", .open = pipe_open};
