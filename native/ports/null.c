/* null: takes whatever is written and delivers nothing. */
#include "driver.h"

static int null_txsync(struct nm_port *port, unsigned index)
{
    struct nm_ring *ring = &port->tx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    uint64_t bytes = 0, packets = 0; /* counted in registers: what is in the ring's memory waits for itself */
    for (uint32_t i = ring->hwcur; i != head; i = nm_ring_next(ring, i)) {
        struct netmap_slot slot = nm_slot_read(&ring->ring->slot[i]);
        bytes += slot.len;
        packets += !(slot.flags & NS_MOREFRAG);
    }
    ring->bytes += bytes;
    ring->packets += packets;
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
