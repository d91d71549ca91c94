#include "driver.h"

#include <stdarg.h>
#include <stdlib.h>

/* Every kind there is: the word before the colon, or how it begins; the folder of its library, NULL for the
 * runtime itself; how it is written, for messages. */
static const struct kind {
    const char *scheme;
    bool prefix;
    const char *module, *syntax;
} kinds[] = {
    {"pcap", false, NULL, "pcap:FILE"},
    {"replay", false, NULL, "replay:FILE[,loops=N][,time=SECONDS][,limit=PACKETS]"},
    {"pipe", false, NULL, "pipe:NAME{ID and pipe:NAME}ID"},
    {"netmap", false, "netmap", "netmap:NAME"},
    {"vale", true, "netmap", "valeID:PORT"},
    {"xdp", false, "linux", "xdp:INTERFACE[,rings=N][,queue=N][,copy][,skb][,promisc]"},
    {"packet", false, "linux", "packet:INTERFACE[,rings=N][,promisc]"},
    {"tap", false, "linux", "tap:NAME[,rings=N]"},
    {"tun", false, "linux", "tun:NAME[,rings=N]"},
    {"socket", false, "linux", "socket:NAME"},
    {"null", false, NULL, "null:"},
};

#define N_KINDS (sizeof kinds / sizeof kinds[0])

static const struct nm_port_driver *drivers[N_KINDS]; /* as far as their libraries are loaded */

void nm_port_add_driver(const struct nm_port_driver *driver)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(kinds[i].scheme, driver->scheme) == 0)
            drivers[i] = driver;
}

const char *nm_drop_text(enum nm_drop_reason reason)
{
    static const char *const texts[NM_DROP_REASONS] = {
        [NM_DROP_INDEX] = "the slot names no buffer",
        [NM_DROP_LENGTH] = "offset and length reach past the buffer",
        [NM_DROP_LONG] = "the frame is longer than a buffer",
        [NM_DROP_LINK] = "the frame has another link type",
        [NM_DROP_WRITE] = "it could not be written",
        [NM_DROP_SYSTEM] = "the system refused it",
        [NM_DROP_FULL] = "there was no room in time",
        [NM_DROP_CHAIN] = "its fragments do not fit in a buffer",
    };
    return (unsigned)reason < NM_DROP_REASONS ? texts[reason] : "unknown";
}

void nm_port_error(char *error, size_t size, const char *spec, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = snprintf(error, size, "%s: ", spec);
    if (n >= 0 && (size_t)n < size)
        vsnprintf(error + n, size - (size_t)n, format, arguments);
    va_end(arguments);
}

static void say_unknown(char *error, size_t size, const char *spec, const char *colon)
{
    char known[400] = "";
    for (size_t i = 0; i < N_KINDS; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", kinds[i].syntax);
    }
    if (colon)
        nm_port_error(error, size, spec, "unknown kind of port '%.*s'; there are %s", (int)(colon - spec),
                      spec, known);
    else
        nm_port_error(error, size, spec, "a port is written KIND:WHICH, there are %s", known);
}

static const struct kind *find_kind(const char *spec)
{
    const char *colon = strchr(spec, ':');
    size_t length = colon ? (size_t)(colon - spec) : 0;
    for (size_t i = 0; colon && i < N_KINDS; i++) {
        size_t n = strlen(kinds[i].scheme);
        if ((kinds[i].prefix ? length >= n : length == n) && memcmp(kinds[i].scheme, spec, n) == 0)
            return &kinds[i];
    }
    return NULL;
}

const char *nm_port_module(const char *spec)
{
    const struct kind *kind = find_kind(spec);
    return kind && !drivers[kind - kinds] ? kind->module : NULL;
}

static const struct nm_port_driver *find_driver(const char *spec, const char **rest, char *error, size_t size)
{
    const struct kind *kind = find_kind(spec);
    if (!kind) {
        say_unknown(error, size, spec, strchr(spec, ':'));
        return NULL;
    }
    *rest = strchr(spec, ':') + 1;
    if (!drivers[kind - kinds])
        nm_port_error(error, size, spec, "the library for such ports is not loaded");
    return drivers[kind - kinds];
}

int64_t nm_port_probe(const char *spec, const struct nm_port_options *options, char *error, size_t size)
{
    const char *rest;
    const struct nm_port_driver *driver = find_driver(spec, &rest, error, size);
    if (!driver)
        return -EINVAL;
    return driver->probe ? driver->probe(spec, rest, options, error, size) : 0;
}

int nm_port_memory(const char *spec)
{
    const char *rest;
    char ignored[256];
    const struct nm_port_driver *driver = find_driver(spec, &rest, ignored, sizeof ignored);
    return driver && driver->memory ? driver->memory(spec) : 0;
}

struct nm_port *nm_port_open(const char *spec, struct nm_region *region,
                             const struct nm_port_options *options, char *error, size_t size)
{
    const char *rest;
    const struct nm_port_driver *driver = find_driver(spec, &rest, error, size);
    return driver ? driver->open(spec, rest, region, options, error, size) : NULL;
}

void nm_port_rings_error(char *error, size_t size, const char *spec, int err, const struct nm_region *region,
                         uint32_t n_slots, unsigned n_rings)
{
    if (err == EINVAL)
        nm_port_error(error, size, spec, "a ring of %u slots: there must be %u to %u", n_slots, NM_MIN_SLOTS,
                      NM_MAX_SLOTS);
    else if (err == ENOBUFS)
        nm_port_error(error, size, spec,
                      "%u ring slots need as many packet buffers, %u are left; make more buffers",
                      n_slots * n_rings, region->free_count);
    else
        nm_port_error(error, size, spec, "no room for %u rings of %u slots: %s", n_rings, n_slots,
                      strerror(err));
}

struct nm_port *nm_port_create_bare(const struct nm_port_ops *ops, const char *spec, struct nm_region *region)
{
    struct nm_port *port = alloc_lines(1, sizeof *port);
    if (!port)
        return NULL;
    port->ops = ops;
    port->region = region;
    port->link_type = NM_LINK_ETHERNET;
    snprintf(port->name, sizeof port->name, "%s", spec);
    return port;
}

static int make_rings(struct nm_port *port, uint32_t slots, const struct nm_port_shape *shape)
{
    port->tx = alloc_lines(shape->n_tx + 1u, sizeof *port->tx);
    port->rx = alloc_lines(shape->n_rx + 1u, sizeof *port->rx);
    if (!port->tx || !port->rx)
        return -ENOMEM;
    int err = 0;
    for (; port->n_rx_rings < shape->n_rx && !err; port->n_rx_rings += !err)
        err = nm_ring_create(&port->rx[port->n_rx_rings], port->region, NETMAP_DIR_RX, port->n_rx_rings,
                             slots, shape->rx_meta);
    for (; port->n_tx_rings < shape->n_tx && !err; port->n_tx_rings += !err)
        err = nm_ring_create(&port->tx[port->n_tx_rings], port->region, NETMAP_DIR_TX, port->n_tx_rings,
                             slots, shape->tx_meta);
    if (err)
        return err;
    const char *colon = strchr(port->name, ':');
    port->nifp = nm_if_create(port->region, colon ? colon + 1 : port->name, port->tx, port->n_tx_rings,
                              port->rx, port->n_rx_rings);
    return port->nifp ? 0 : -ENOMEM;
}

struct nm_port *nm_port_create(const struct nm_port_ops *ops, const char *spec, struct nm_region *region,
                               const struct nm_port_options *options, const struct nm_port_shape *shape,
                               char *error, size_t size)
{
    struct nm_port *port = nm_port_create_bare(ops, spec, region);
    if (!port) {
        nm_port_error(error, size, spec, "out of memory");
        return NULL;
    }
    uint32_t slots = options->ring_slots ? options->ring_slots : shape->default_slots;
    int err = make_rings(port, slots, shape);
    if (!err)
        return port;
    nm_port_rings_error(error, size, spec, -err, region, slots, shape->n_tx + shape->n_rx);
    nm_port_release(port);
    return NULL;
}

void nm_port_release(struct nm_port *port)
{
    for (unsigned i = 0; i < port->n_rx_rings; i++)
        nm_ring_destroy(&port->rx[i], port->region, true);
    for (unsigned i = 0; i < port->n_tx_rings; i++)
        nm_ring_destroy(&port->tx[i], port->region, true);
    free(port->rx);
    free(port->tx);
    if (port->nifp)
        nm_if_destroy(port->region, port->nifp);
    free(port);
}

int nm_port_no_sync(struct nm_port *port, unsigned ring)
{
    (void)port;
    (void)ring;
    return -EOPNOTSUPP;
}

int nm_port_no_wait(struct nm_port *port, unsigned ring, short *events)
{
    (void)port;
    (void)ring;
    (void)events;
    return -1;
}
