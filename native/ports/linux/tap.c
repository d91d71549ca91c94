/* tap:NAME and tun:NAME: network interfaces whose other end is this process. What the kernel sends there is
 * received, what is transmitted arrives at the kernel. They are made up, and go away when the port is closed.
 */
#define _GNU_SOURCE
#include "tap.h"

#include <poll.h>

#include "gather.h"

#define TAP_BURST 64u /* frames one sync reads at most: others want their turn */
#define TAP_DEFAULT_MTU 1500u
#define TAP_LINK_ROOM 18u /* Ethernet header and a VLAN tag */

static cold_path void tap_warn(struct nm_port *port, const char *what, int err)
{
    struct tap *tap = port->priv;
    snprintf(tap->warning, sizeof tap->warning, "%s failed: %s", what,
             err == EBADFD ? "the interface is gone" : strerror(err));
    port->warning = tap->warning;
}

/* The length of the frame that was read, one more than `room` if it is longer; or -errno. */
static ssize_t tap_read(int fd, uint8_t *to, uint32_t room)
{
    uint8_t more;
    struct iovec parts[] = {{to, room}, {&more, 1}};
    ssize_t n;
    do
        n = readv(fd, parts, 2);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

static void tap_cannot_read(struct nm_port *port, int err)
{
    if (err == EAGAIN || port->finished)
        return;
    tap_warn(port, "read", err);
    port->finished = err == EBADFD;
}

static int tap_rxsync(struct nm_port *port, unsigned index)
{
    const struct tap *tap = port->priv;
    const struct nm_region *region = port->region;
    struct nm_ring *ring = &port->rx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, region, &head);
    if (err)
        return err;
    ring->hwcur = head;
    const uint32_t longest = nm_longest_frame(region), stop = nm_ring_prev(ring, head);
    uint32_t at = ring->hwtail;
    for (unsigned n = 0; n < TAP_BURST && at != stop; n++, at = nm_ring_next(ring, at)) {
        struct netmap_slot *slot = &ring->ring->slot[at];
        struct netmap_slot copy = nm_slot_read(slot);
        enum nm_drop_reason bad = nm_slot_check_free(region, &copy);
        if (unlikely(bad != NM_DROP_REASONS)) {
            nm_ring_drop(ring, bad);
            nm_slot_fill(slot, 0);
            continue;
        }
        ssize_t length = tap_read(tap->queue[index], nm_slot_data(region, &copy), longest);
        while (length > (ssize_t)longest) {
            nm_ring_drop(ring, NM_DROP_LONG);
            length = tap_read(tap->queue[index], nm_slot_data(region, &copy), longest);
        }
        if (length < 0) {
            tap_cannot_read(port, (int)-length);
            break;
        }
        nm_slot_fill(slot, (uint32_t)length);
        ring->packets++;
        ring->bytes += (uint64_t)length;
    }
    ring->hwtail = at;
    nm_ring_leave(ring);
    return 0;
}

/* False: the kernel takes no more now. */
static bool tap_write(struct nm_port *port, struct nm_ring *ring, int fd, const struct nm_frame *frame)
{
    ssize_t n;
    do
        n = writev(fd, frame->parts, (int)frame->n_parts);
    while (n < 0 && errno == EINTR);
    if (likely(n >= 0)) {
        ring->packets++;
        ring->bytes += (uint64_t)n;
        return true;
    }
    int err = errno;
    if (err == EAGAIN)
        return false;
    if (!ring->drops_by[NM_DROP_SYSTEM] && !ring->drops_by[NM_DROP_WRITE])
        tap_warn(port, "write", err);
    nm_ring_drop(ring, err == EBADFD ? NM_DROP_WRITE : NM_DROP_SYSTEM);
    return true;
}

static int tap_txsync(struct nm_port *port, unsigned index)
{
    const struct tap *tap = port->priv;
    struct nm_ring *ring = &port->tx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    head = nm_ring_whole_packets(ring, ring->hwcur, head);
    while (ring->hwcur != head) {
        struct nm_frame frame;
        enum nm_drop_reason bad = nm_ring_gather(ring, port->region, ring->hwcur, &frame);
        if (unlikely(bad != NM_DROP_REASONS))
            nm_ring_drop(ring, bad);
        else if (!tap_write(port, ring, tap->queue[index], &frame))
            break;
        ring->hwcur = frame.next;
    }
    ring->hwtail = nm_ring_prev(ring, ring->hwcur);
    nm_ring_leave(ring);
    return 0;
}

static int tap_wait(struct nm_port *port, unsigned ring, short *events)
{
    const struct tap *tap = port->priv;
    if (ring < port->n_tx_rings && port->tx[ring].hwcur != port->tx[ring].ring->head)
        *events |= POLLOUT;
    return port->finished ? -1 : tap->queue[ring];
}

static void tap_close(struct nm_port *port)
{
    tap_free(port->priv);
    nm_port_release(port);
}

static const struct nm_port_ops tap_ops = {
    .scheme = "tap", .rxsync = tap_rxsync, .txsync = tap_txsync, .wait = tap_wait, .close = tap_close};
static const struct nm_port_ops tun_ops = {
    .scheme = "tun", .rxsync = tap_rxsync, .txsync = tap_txsync, .wait = tap_wait, .close = tap_close};

static struct nm_port *open_kind(const char *spec, const char *rest, bool is_tap, struct nm_region *region,
                                 const struct nm_port_options *options, char *error, size_t size)
{
    struct tap *tap = tap_make(spec, rest, is_tap, options, error, size);
    if (!tap)
        return NULL;
    uint16_t rings = (uint16_t)tap->n_queues;
    const struct nm_port_shape shape = {options->write ? rings : 0, options->read ? rings : 0,
                                        NM_DEFAULT_SLOTS, false, false};
    char name[64];
    snprintf(name, sizeof name, "%s:%s", is_tap ? "tap" : "tun", tap->name);
    struct nm_port *port =
        nm_port_create(is_tap ? &tap_ops : &tun_ops, name, region, options, &shape, error, size);
    if (!port) {
        tap_free(tap);
        return NULL;
    }
    port->link_type = is_tap ? NM_LINK_ETHERNET : NM_LINK_RAW_IP;
    port->priv = tap;
    return port;
}

static struct nm_port *tap_open(const char *spec, const char *rest, struct nm_region *region,
                                const struct nm_port_options *options, char *error, size_t size)
{
    return open_kind(spec, rest, true, region, options, error, size);
}

static struct nm_port *tun_open(const char *spec, const char *rest, struct nm_region *region,
                                const struct nm_port_options *options, char *error, size_t size)
{
    return open_kind(spec, rest, false, region, options, error, size);
}

static int64_t tap_probe(const char *spec, const char *rest, const struct nm_port_options *options,
                         char *error, size_t size)
{
    (void)spec, (void)rest, (void)error, (void)size;
    return options->read ? (options->mtu ? options->mtu : TAP_DEFAULT_MTU) + TAP_LINK_ROOM : 0;
}

NM_PORT_DRIVER(tap) = {.scheme = "tap", .open = tap_open, .probe = tap_probe};
NM_PORT_DRIVER(tun) = {.scheme = "tun", .open = tun_open, .probe = tap_probe};
