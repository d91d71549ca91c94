/* xdp:INTERFACE[,rings=N][,queue=N][,copy][,skb][,promisc] takes over receive queues of a network interface
 * by AF_XDP: a small XDP program hands what they receive to us and leaves the rest to the system. Each queue
 * is a ring; the pipeline's buffers are the kernel's as well, so that a packet from one such port to another
 * is never copied by us, and by the kernel only where the driver cannot do without. */
#define _GNU_SOURCE
#include "xdp.h"

#include <poll.h>
#include <stdlib.h>

#include "bpf.h"

#define SLOTS 1024u
#define FLUSH_TRIES 100 /* of a millisecond */

static int xdp_wait(struct nm_port *port, unsigned ring, short *events)
{
    struct xdp_port *xdp = port->priv;
    struct xdp_queue *queue = &xdp->queues[ring];
    xdp_look_after(port, ring);
    if (xdp_unsent(queue))
        *events |= POLLOUT; /* polling makes the kernel go on */
    return queue->fd;
}

static int xdp_flush(struct nm_port *port)
{
    struct xdp_port *xdp = port->priv;
    for (unsigned i = 0; i < xdp->n_queues; i++) {
        struct pollfd ready = {.fd = xdp->queues[i].fd, .events = POLLOUT};
        for (int tries = 0; tries < FLUSH_TRIES && xdp_unsent(&xdp->queues[i]); tries++) {
            xdp_kick(port, i);
            if (xdp_unsent(&xdp->queues[i]))
                poll(&ready, 1, 1);
        }
        xdp_look_after(port, i);
    }
    return 0;
}

static void close_descriptor(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* First the program: what comes from then on is the system's. */
static void free_xdp(struct xdp_port *xdp)
{
    xdp_withdraw(xdp);
    close_descriptor(xdp->link);
    close_descriptor(xdp->map);
    close_descriptor(xdp->promiscuous);
    for (unsigned i = 0; i < xdp->n_queues; i++)
        xdp_close_queue(xdp, &xdp->queues[i]);
    free(xdp->queues);
    free(xdp);
}

static void xdp_close(struct nm_port *port)
{
    free_xdp(port->priv);
    nm_port_release(port);
}

static const struct nm_port_ops xdp_ops = {
    .scheme = "xdp",
    .rxsync = xdp_rxsync,
    .txsync = xdp_txsync,
    .wait = xdp_wait,
    .flush = xdp_flush,
    .close = xdp_close,
};

static bool open_queues(struct nm_port *port, struct xdp_port *xdp, const struct xdp_wish *wish, char *error,
                        size_t size)
{
    for (unsigned i = 0; i < xdp->n_queues; i++) {
        struct xdp_queue *queue = &xdp->queues[i];
        if (xdp_open_queue(xdp, queue, wish, port->name, error, size))
            return false;
        xdp_start_queue(port, i);
    }
    for (unsigned i = 0; wish->read && i < xdp->n_queues; i++) {
        if (nm_bpf_set_socket(xdp->map, xdp->queues[i].number, xdp->queues[i].fd) < 0) {
            nm_device_error(error, size, port->name, "cannot hand the queue to a socket",
                            "CAP_NET_ADMIN and CAP_BPF", errno);
            return false;
        }
    }
    return true;
}

/* How the configuration wants it, and what the port's name says behind the interface's. */
struct request {
    struct nm_device device;
    uint32_t n_rings, queue;
    bool copy, generic, promiscuous;
};

static bool parse(struct request *request, const char *spec, const char *rest, char *error, size_t size)
{
    bool some = false, one = false;
    *request = (struct request){.n_rings = 1};
    const struct nm_device_option known[] = {{"rings", &request->n_rings, &some},
                                             {"queue", &request->queue, &one},
                                             {"copy", NULL, &request->copy},
                                             {"skb", NULL, &request->generic},
                                             {"promisc", NULL, &request->promiscuous}};
    if (!nm_device_parse(&request->device, known, sizeof known / sizeof *known, spec, rest, error, size))
        return false;
    uint32_t queues = request->device.queues;
    if (!some && !one) /* however many workers: what other queues receive would be the system's */
        request->n_rings = queues;
    if (request->n_rings >= 1 && request->queue < queues && request->n_rings <= queues - request->queue)
        return true;
    nm_port_error(error, size, spec, "%s has %u receive queue%s, numbered from 0", request->device.name,
                  queues, queues == 1 ? "" : "s");
    return false;
}

/* May be negative. */
static int64_t largest_mtu(uint32_t buffer)
{
    return (int64_t)(buffer < XDP_LARGEST_CHUNK ? buffer : XDP_LARGEST_CHUNK) - XDP_HEADROOM - 14 - 2 * 4;
}

static bool fits(const struct request *request, const struct nm_region *region, const char *spec, char *error,
                 size_t size)
{
    int64_t most = largest_mtu(region->buffer_size);
    if (region->buffer_size < XDP_SMALLEST_CHUNK)
        nm_port_error(error, size, spec, "AF_XDP takes no buffers below %u bytes: --buffer-size %u",
                      XDP_SMALLEST_CHUNK, XDP_SMALLEST_CHUNK);
    else if (request->device.mtu > most)
        nm_port_error(
            error, size, spec,
            "packets of %u bytes are too long for AF_XDP with buffers of %u bytes: `ip link set dev %s "
            "mtu %lld`",
            request->device.mtu, region->buffer_size, request->device.name, (long long)most);
    else
        return true;
    return false;
}

/* Newton's iteration doubles the bits that are right. */
static uint64_t inverse_of(uint64_t odd)
{
    uint64_t inverse = odd;
    for (int i = 0; i < 6; i++)
        inverse *= 2 - odd * inverse;
    return inverse;
}

static struct xdp_port *make_xdp(const struct request *request, struct nm_region *region)
{
    struct xdp_port *xdp = calloc(1, sizeof *xdp);
    if (!xdp || !(xdp->queues = aligned_alloc(64, request->n_rings * sizeof *xdp->queues))) {
        free(xdp);
        return NULL;
    }
    xdp->region = region;
    xdp->device = request->device;
    xdp->n_queues = request->n_rings;
    xdp->promiscuous = xdp->map = xdp->link = -1;
    for (unsigned i = 0; i < xdp->n_queues; i++)
        xdp->queues[i] = (struct xdp_queue){.fd = -1, .number = request->queue + i};
    xdp->chunk = region->buffer_size < XDP_LARGEST_CHUNK ? region->buffer_size : XDP_LARGEST_CHUNK;
    /* A veth device hands frames on as the stack at its other end made them. */
    xdp->local = strcmp(request->device.driver, "veth") == 0;
    xdp->longest = nm_device_longest_frame(&request->device);
    xdp->stride_shift = (unsigned)__builtin_ctz(region->buffer_size);
    xdp->inverse = inverse_of(region->buffer_size >> xdp->stride_shift);
    return xdp;
}

static void describe(struct nm_port *port, struct xdp_port *xdp, bool reads)
{
    const char *mode = xdp->queues->zero_copy ? "driver mode, zero-copy"
                       : xdp->generic         ? "SKB mode (the slowest)"
                       : reads                ? "driver mode, copying"
                                              : "copying";
    unsigned first = xdp->queues->number;
    if (xdp->n_queues == 1)
        snprintf(xdp->note, sizeof xdp->note, "AF_XDP, %s, queue %u", mode, first);
    else
        snprintf(xdp->note, sizeof xdp->note, "AF_XDP, %s, queues %u to %u", mode, first,
                 first + xdp->n_queues - 1);
    port->note = xdp->note;
    if (!xdp->device.up)
        snprintf(xdp->advice, sizeof xdp->advice, "the interface is down: `ip link set dev %s up`",
                 xdp->device.name);
    else if (xdp->generic && nm_device_merges(&xdp->device))
        snprintf(xdp->advice, sizeof xdp->advice,
                 "the interface merges the frames it receives, and what gets longer than a buffer is lost: "
                 "`ethtool -K %s gro off lro off`",
                 xdp->device.name);
    if (xdp->advice[0])
        port->advice = xdp->advice;
}

static bool open_xdp(struct nm_port *port, const struct request *request,
                     const struct nm_port_options *options, char *error, size_t size)
{
    struct xdp_port *xdp = port->priv;
    if (options->read && !xdp_attach(xdp, request->generic, port->name, error, size))
        return false;
    const struct xdp_wish wish = {.n_slots = (options->read ? port->rx : port->tx)->n_slots,
                                  .read = options->read,
                                  .write = options->write,
                                  .copy = request->copy || xdp->generic};
    if (!open_queues(port, xdp, &wish, error, size))
        return false;
    if ((request->promiscuous || options->promiscuous) &&
        (xdp->promiscuous = nm_device_promiscuous(&xdp->device)) < 0) {
        nm_device_error(error, size, port->name, "cannot receive frames for all stations", "CAP_NET_RAW",
                        errno);
        return false;
    }
    xdp_publish(xdp);
    describe(port, xdp, options->read);
    return true;
}

static struct nm_port *xdp_open(const char *spec, const char *rest, struct nm_region *region,
                                const struct nm_port_options *options, char *error, size_t size)
{
    struct request request;
    if (!parse(&request, spec, rest, error, size) || !fits(&request, region, spec, error, size))
        return NULL;
    const struct nm_port_shape shape = {.n_rx = options->read ? (uint16_t)request.n_rings : 0,
                                        .n_tx = options->write ? (uint16_t)request.n_rings : 0,
                                        .default_slots = SLOTS};
    struct nm_port *port = nm_port_create(&xdp_ops, spec, region, options, &shape, error, size);
    if (!port)
        return NULL;
    port->priv = make_xdp(&request, region);
    if (!port->priv) {
        nm_port_error(error, size, spec, "out of memory");
        nm_port_release(port);
        return NULL;
    }
    if (!open_xdp(port, &request, options, error, size)) {
        xdp_close(port);
        return NULL;
    }
    return port;
}

/* Frames begin further back in a buffer than elsewhere. */
static int64_t xdp_probe(const char *spec, const char *rest, const struct nm_port_options *options,
                         char *error, size_t size)
{
    (void)options;
    struct request request;
    if (!parse(&request, spec, rest, error, size))
        return -EINVAL;
    uint32_t mtu = request.device.mtu, most = (uint32_t)largest_mtu(XDP_LARGEST_CHUNK);
    return (mtu < most ? mtu : most) + 14 + 2 * 4 + XDP_HEADROOM - NM_HEADROOM;
}

/* The UMEM cannot be memory that a netmap made. */
static int xdp_memory(const char *spec)
{
    (void)spec;
    return -1;
}

NM_PORT_DRIVER(xdp) = {.scheme = "xdp", .open = xdp_open, .probe = xdp_probe, .memory = xdp_memory};
