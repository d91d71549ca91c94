/* null: takes whatever is written and delivers nothing. */
#include "driver.h"

/* The slots from `at` up to `end`, in registers: what is in the ring's memory would wait for itself. */
static void count(struct nm_ring *ring, uint32_t at, uint32_t end)
{
    const struct netmap_slot *slots = ring->ring->slot;
    uint64_t bytes = 0, packets = 0;
    for (; at < end; at++) {
        /* Length and flags are in the first word. */
        uint64_t word = __atomic_load_n((const nm_word *)&slots[at], __ATOMIC_RELAXED);
        bytes += (uint16_t)(word >> 32);
        packets += !(word >> 48 & NS_MOREFRAG);
    }
    ring->bytes += bytes;
    ring->packets += packets;
}

static int null_txsync(struct nm_port *port, unsigned index)
{
    struct nm_ring *ring = &port->tx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    if (head < ring->hwcur) {
        count(ring, ring->hwcur, ring->n_slots);
        count(ring, 0, head);
    } else {
        count(ring, ring->hwcur, head);
    }
    ring->hwcur = head;
    ring->hwtail = nm_ring_prev(ring, head);
    nm_ring_leave(ring);
    return 0;
}

static int null_rxsync(struct nm_port *port, unsigned index)
{
    struct nm_ring *ring = &port->rx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    ring->hwcur = head;
    nm_ring_leave(ring);
    return 0;
}

static const struct nm_port_ops null_ops = {
    .scheme = "null",
    .rxsync = null_rxsync,
    .txsync = null_txsync,
    .wait = nm_port_no_wait,
    .close = nm_port_release,
};

static struct nm_port *null_open(const char *spec, const char *rest, struct nm_region *region,
                                 const struct nm_port_options *options, char *error, size_t size)
{
    if (*rest) {
        nm_port_error(error, size, spec, "write 'null:' alone, nothing follows it");
        return NULL;
    }
    const uint16_t rings = options->rings ? options->rings : 1;
    const struct nm_port_shape shape = {options->write ? rings : 0, options->read ? rings : 0,
                                        NM_DEFAULT_SLOTS, false, false};
    struct nm_port *port = nm_port_create(&null_ops, spec, region, options, &shape, error, size);
    if (port) {
        port->link_type = nm_port_link_type(options);
        port->finished = true;
    }
    return port;
}

NM_PORT_DRIVER(null) = {.scheme = "null", .open = null_open};
