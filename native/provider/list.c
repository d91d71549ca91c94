/* What there is, as text: a line a thing, words KEY=VALUE. Names have no blanks that were not theirs. */
#define _GNU_SOURCE
#include "provider.h"

#include <sys/mman.h>
#include <unistd.h>

static const char *const kind_names[] = {"vale", "pipe", "null", "monitor"};

struct totals {
    uint64_t packets, bytes, drops, full, waiting;
};

/* Slots that the program has not given back. */
static uint32_t slots_waiting(const struct ring *ring)
{
    const struct nm_ring *nm = &ring->nm;
    const uint32_t filled = nm_ring_distance(nm, nm->hwcur, nm->hwtail),
                   head = __atomic_load_n(&ring->mail->head, __ATOMIC_RELAXED);
    if (head >= nm->n_slots || nm_ring_distance(nm, nm->hwcur, head) > filled)
        return filled;
    return nm_ring_distance(nm, head, nm->hwtail);
}

static void add(struct totals *totals, const struct ring *rings, unsigned n, bool tx)
{
    for (unsigned i = 0; i < n; i++) {
        const struct nm_ring *nm = &rings[i].nm;
        totals->packets += nm->packets;
        totals->bytes += nm->bytes;
        totals->drops += nm->drops;
        totals->full += nm->drops_by[NM_DROP_FULL];
        if (!tx && nm->ring)
            totals->waiting += slots_waiting(&rings[i]);
    }
}

static void print_name(FILE *out, const char *name)
{
    for (; *name; name++)
        fputc(*name > ' ' && *name < 127 ? *name : '?', out);
}

static uint32_t port_buffers(const struct port *port)
{
    return port->memory->domain[port->domain].n_buffers;
}

static void print_port(FILE *out, const struct port *port)
{
    struct totals tx = {0}, rx = {0};
    unsigned descriptors = 0;
    for (const struct binding *binding = port->bindings; binding; binding = binding->next)
        descriptors++;
    add(&tx, port->tx, port->n_tx, true);
    add(&rx, port->rx, port->n_rx, false);
    fputs("port name=", out);
    print_name(out, port->name);
    fprintf(
        out,
        " kind=%s pid=%d descriptors=%u tx_rings=%u rx_rings=%u tx_slots=%u rx_slots=%u region=%u buffers=%u"
        " tx_packets=%lu tx_bytes=%lu tx_drops=%lu rx_packets=%lu rx_bytes=%lu rx_drops=%lu rx_full=%lu"
        " rx_waiting=%lu\n",
        kind_names[port->kind], port->bindings ? port->pid : 0, descriptors, port->n_tx, port->n_rx,
        port->tx_slots, port->rx_slots, port->memory->id, port_buffers(port), tx.packets, tx.bytes, tx.drops,
        rx.packets, rx.bytes, rx.drops, rx.full, rx.waiting);
}

static void print_all(const struct provider *provider, FILE *out)
{
    fprintf(out, "provider version=%u pid=%d\n", NM_USER_VERSION, getpid());
    for (const struct memory *memory = provider->memories; memory; memory = memory->next)
        fprintf(out, "region id=%u pid=%d size=%zu buffers=%u in_use=%u\n", memory->id, memory->pid,
                memory->region.size, memory->region.n_buffers - NETMAP_FIRST_BUFFER, memory_in_use(memory));
    for (const struct port *port = provider->ports; port; port = port->next)
        print_port(out, port);
}

int list_ports(const struct provider *provider)
{
    int fd = memfd_create("netmap-ports", MFD_CLOEXEC);
    int copy = fd < 0 ? -1 : dup(fd);
    FILE *out = copy < 0 ? NULL : fdopen(copy, "w");
    if (!out) {
        if (copy >= 0)
            close(copy);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    print_all(provider, out);
    fclose(out);
    lseek(fd, 0, SEEK_SET);
    return fd;
}
