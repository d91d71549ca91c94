/* netmap:NAME and valeID:PORT: netmap's own ports, of the kernel or of the user-space provider. */
#include "netmap.h"

#include <stdlib.h>

#include "bridge.h"

static void release_memory(const struct nm_memory *shared, const uint32_t *free_list, uint32_t count)
{
    const struct netmap_memory *m = (const struct netmap_memory *)shared;
    uint32_t next = 0;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(shared->buffers + (size_t)free_list[i] * shared->buffer_size, &next, sizeof next);
        next = free_list[i];
    }
    m->nifp->ni_bufs_head = next;
    m->calls->unmap(shared->base, shared->size);
    m->calls->close(m->fd);
    free((void *)(uintptr_t)m);
}

const struct netmap_memory *netmap_memory(const struct nm_region *region)
{
    const struct nm_memory *memory = region ? region->pools->memory : NULL;
    return memory && memory->release == release_memory ? (const struct netmap_memory *)memory : NULL;
}

static struct netmap_if *interface_at(const struct nm_memory *memory, const struct netmap_channel *channel)
{
    uint64_t offset = channel->request.nr_offset;
    if (offset % 8 || offset > memory->size || memory->size - offset < sizeof(struct netmap_if))
        return NULL;
    return (struct netmap_if *)(memory->base + offset);
}

/* Where the offset of a ring stands: hardware and host rings of one direction follow each other. */
struct ring_table {
    struct netmap_if *nifp;
    uint32_t n_tx, host_tx, n_rx, host_rx;
};

static bool ring_table(const struct nm_memory *memory, const struct netmap_channel *channel,
                       struct ring_table *table)
{
    struct netmap_if *nifp = interface_at(memory, channel);
    if (!nifp)
        return false;
    uint32_t host = channel->one_host_ring ? 1 : 0; /* old ones have zeros there */
    *table = (struct ring_table){
        .nifp = nifp,
        .n_tx = nifp->ni_tx_rings,
        .n_rx = nifp->ni_rx_rings,
        .host_tx = nifp->ni_host_tx_rings ? nifp->ni_host_tx_rings : host,
        .host_rx = nifp->ni_host_rx_rings ? nifp->ni_host_rx_rings : host,
    };
    uint64_t n = (uint64_t)table->n_tx + table->host_tx + table->n_rx + table->host_rx;
    return n * sizeof(int64_t) <= memory->size - channel->request.nr_offset - sizeof *nifp;
}

/* The ring if the descriptor was bound to it, and it lies in the memory with all of its slots. Whatever can
 * change under our eyes is read once. */
static struct netmap_ring *bound_ring(const struct nm_memory *memory, const struct ring_table *table,
                                      uint32_t position, uint32_t *n_slots)
{
    int64_t at = table->nifp->ring_ofs[position];
    if (!at)
        return NULL;
    uint64_t offset = (uint64_t)((uint8_t *)table->nifp - memory->base) + (uint64_t)at;
    if (offset % 128 || offset > memory->size || memory->size - offset < sizeof(struct netmap_ring))
        return NULL;
    struct netmap_ring *ring = (struct netmap_ring *)(memory->base + offset);
    *n_slots = __atomic_load_n(&ring->num_slots, __ATOMIC_RELAXED);
    if (*n_slots < 2 || *n_slots > (memory->size - offset - sizeof *ring) / sizeof(struct netmap_slot))
        return NULL;
    return ring;
}

/* The positions of a direction that this descriptor was bound to. */
static void bound_range(const struct netmap_channel *channel, uint32_t n, uint32_t host, uint32_t *from,
                        uint32_t *to)
{
    *from = 0;
    *to = n + host;
    if (channel->request.nr_mode == NR_REG_ONE_NIC || channel->request.nr_mode == NR_REG_ONE_SW) {
        *from = channel->request.nr_ringid + (channel->request.nr_mode == NR_REG_ONE_SW ? n : 0);
        *to = *from + 1 < *to ? *from + 1 : *to;
    } else if (channel->request.nr_mode == NR_REG_SW) {
        *from = n;
    }
}

static bool describe_memory(const struct netmap_opening *o, struct netmap_memory *m)
{
    const struct netmap_channel *channel = &o->channels[0];
    struct ring_table table;
    if (!ring_table(&m->memory, channel, &table))
        return false;
    m->nifp = table.nifp;
    struct netmap_ring *ring = NULL;
    uint32_t n = table.n_tx + table.host_tx + table.n_rx + table.host_rx, n_slots;
    for (uint32_t i = 0; i < n && !ring; i++)
        ring = bound_ring(&m->memory, &table, i, &n_slots);
    uint32_t buffer_size = ring ? __atomic_load_n(&ring->nr_buf_size, __ATOMIC_RELAXED) : 0;
    if (buffer_size < 64)
        return false;
    uint64_t buffers = (uint64_t)((uint8_t *)ring - m->memory.base) + (uint64_t)ring->buf_ofs;
    if (buffers >= m->memory.size)
        return false;
    m->memory.buffers = m->memory.base + buffers;
    m->memory.buffer_size = buffer_size;
    uint64_t count = (m->memory.size - buffers) / buffer_size;
    m->memory.n_buffers = count < 1u << 28 ? (uint32_t)count : 1u << 28;
    return m->memory.n_buffers > NETMAP_FIRST_BUFFER;
}

/* Takes the list of extra buffers; while the program runs netmap's list is empty, so that what a killed one
 * leaves behind is never read as one. */
static void take_extra_buffers(struct nm_region *region, const struct netmap_memory *m, uint32_t n)
{
    uint32_t buffer = m->nifp->ni_bufs_head;
    for (; n && buffer >= NETMAP_FIRST_BUFFER && buffer < region->n_buffers; n--) {
        uint32_t next;
        memcpy(&next, nm_region_buffer(region, buffer), sizeof next);
        if (!nm_region_add(region, &buffer, 1))
            break;
        buffer = next;
    }
    m->nifp->ni_bufs_head = 0;
}

struct nm_region *netmap_make_region(struct netmap_opening *o)
{
    const struct netmap_channel *channel = &o->channels[0];
    struct netmap_memory *m = calloc(1, sizeof *m);
    size_t length = channel->request.nr_memsize;
    void *mapping = NULL;
    if (m && !(mapping = o->file) && length) {
        mapping = o->calls->map(channel->fd, length);
        mapping = mapping == (void *)-1 ? NULL : mapping;
    }
    if (!mapping) {
        nm_port_error(o->error, o->size, o->spec, "cannot map netmap's memory (%zu MB): %s", length >> 20,
                      strerror(m ? errno : ENOMEM));
        free(m);
        return NULL;
    }
    *m = (struct netmap_memory){
        .memory = {.base = mapping, .size = o->file ? o->file_size : length},
        .calls = o->calls,
        .id = channel->request.nr_mem_id,
        .fd = channel->fd,
    };
    struct nm_region *region = describe_memory(o, m) ? nm_region_adopt(&m->memory) : NULL;
    if (!region) {
        nm_port_error(o->error, o->size, o->spec, "netmap's memory is not laid out as it should be");
        if (!o->file)
            o->calls->unmap(mapping, length);
        free(m);
        return NULL;
    }
    o->file = NULL; /* the region's now, as the first descriptor is */
    m->memory.release = release_memory;
    take_extra_buffers(region, m, channel->request.nr_extra_bufs);
    return region;
}

static bool add_ring(struct nm_ring *ring, struct netmap_ring *shared, uint32_t n_slots,
                     const struct netmap_channel *channel, const struct nm_region *region)
{
    uint64_t mask = shared->offset_mask;
    *ring = (struct nm_ring){
        .ring = shared,
        .hwcur = shared->head,
        .hwtail = shared->tail,
        .n_slots = n_slots,
        .ring_id = shared->ringid,
        .offset_mask = mask,
        .most_offset = mask < channel->most_offset ? (uint32_t)mask : channel->most_offset,
    };
    return shared->nr_buf_size == region->buffer_size &&
           (uint8_t *)shared + shared->buf_ofs == region->buffers && ring->hwcur < ring->n_slots &&
           ring->hwtail < ring->n_slots;
}

/* The rings of one direction that a descriptor was bound to go to the port's. */
static bool add_rings(struct nm_port *port, const struct netmap_channel *channel, bool tx)
{
    struct netmap_port *netmap = port->priv;
    const struct nm_memory *memory = port->region->pools->memory;
    struct ring_table table;
    if (!ring_table(memory, channel, &table))
        return false;
    uint32_t from, to, base = tx ? 0 : table.n_tx + table.host_tx;
    bound_range(channel, tx ? table.n_tx : table.n_rx, tx ? table.host_tx : table.host_rx, &from, &to);
    uint16_t *n = tx ? &port->n_tx_rings : &port->n_rx_rings;
    for (uint32_t i = from; i < to; i++) {
        uint32_t n_slots;
        struct netmap_ring *shared = bound_ring(memory, &table, base + i, &n_slots);
        if (!shared)
            continue;
        struct nm_ring **rings = tx ? &port->tx : &port->rx;
        int **fds = tx ? &netmap->tx_fds : &netmap->rx_fds;
        struct nm_ring *more = realloc(*rings, (*n + 1u) * sizeof *more);
        *rings = more ? more : *rings;
        int *more_fds = more ? realloc(*fds, (*n + 1u) * sizeof *more_fds) : NULL;
        *fds = more_fds ? more_fds : *fds;
        if (!more_fds || !add_ring(&more[*n], shared, n_slots, channel, port->region))
            return false;
        more_fds[(*n)++] = channel->fd;
    }
    return true;
}

static void describe(struct nm_port *port)
{
    struct netmap_port *netmap = port->priv;
    const struct netmap_memory *memory = netmap_memory(port->region);
    const struct nm_ring *ring = port->n_rx_rings ? port->rx : port->tx;
    snprintf(netmap->note, sizeof netmap->note,
             "%s, rings: %u to transmit, %u to receive, of %u slots; memory %u", netmap->calls->provider,
             port->n_tx_rings, port->n_rx_rings, ring ? ring->n_slots : 0, memory->id);
    port->note = netmap->note;
}

/* The port over what was bound, in `region`, which it then holds. */
static struct nm_port *make_port(struct netmap_opening *o, struct nm_region *region, bool owns_first,
                                 const struct nm_port_options *options)
{
    struct nm_port *port = nm_port_create_bare(&nm_netmap_ops, o->spec, region);
    struct netmap_port *netmap = calloc(1, sizeof *netmap);
    if (!port || !netmap) {
        free(port);
        free(netmap);
        nm_region_destroy(region);
        if (owns_first) /* went with the region */
            o->channels[0] = o->channels[--o->n_channels];
        nm_port_error(o->error, o->size, o->spec, "out of memory");
        return NULL;
    }
    port->priv = netmap;
    *netmap = (struct netmap_port){
        .calls = o->calls,
        .channels = o->channels,
        .n_channels = o->n_channels,
        .name = o->name,
        .region_is_shared = owns_first,
    };
    o->channels = NULL;
    o->n_channels = 0;
    bool good = true;
    for (unsigned i = 0; i < netmap->n_channels && good; i++)
        good = add_rings(port, &netmap->channels[i], true) && add_rings(port, &netmap->channels[i], false);
    netmap->rx = calloc(port->n_rx_rings + 1u, sizeof *netmap->rx);
    if (!good || !netmap->rx) {
        nm_port_error(o->error, o->size, o->spec, "netmap's rings are not what they should be");
        nm_netmap_ops.close(port);
        return NULL;
    }
    for (unsigned i = 0; i < port->n_rx_rings; i++) {
        netmap->rx[i].seen = port->rx[i].hwtail = port->rx[i].hwcur;
    }
    port->nifp = interface_at(region->pools->memory, &netmap->channels[0]);
    describe(port);
    if (!options->write)
        port->n_tx_rings = 0;
    if (!options->read)
        port->n_rx_rings = 0;
    netmap_look_at_interface(port);
    if ((o->name.vale || o->name.pipe) && netmap->channels[0].most_offset == 0)
        netmap_advise(port,
                      "this netmap knows no packet offsets: elements that add headers have to move packets; "
                      "versions from 2021 on know them");
    return port;
}

/* Into the pipeline's memory, if it is the same one; otherwise with a copy at the boundary. */
static struct nm_port *place(struct netmap_opening *o, struct nm_region *pipeline,
                             const struct nm_port_options *options)
{
    const struct netmap_memory *memory = netmap_memory(pipeline);
    if (memory && memory->calls == o->calls && memory->id == o->channels[0].request.nr_mem_id && !o->file) {
        nm_region_hold(pipeline);
        return make_port(o, pipeline, false, options);
    }
    struct nm_region *region = netmap_make_region(o);
    if (!region)
        return NULL;
    if (!pipeline && nm_region_owned(region) == 0) {
        nm_port_error(o->error, o->size, o->spec,
                      "netmap has no buffers to spare for packets on their way; make its memory larger "
                      "(parameter buf_num), or wish for fewer slots: @conf:slots=256");
        nm_region_destroy(region);
        o->channels[0] = o->channels[--o->n_channels];
        return NULL;
    }
    struct nm_port *port = make_port(o, region, true, options);
    return port && pipeline ? nm_bridge(port, pipeline, options, o->error, o->size) : port;
}

struct nm_port *nm_netmap_open(const struct nm_netmap_calls *calls, const char *spec,
                               struct nm_region *region, const struct nm_port_options *options, char *error,
                               size_t size)
{
    struct netmap_opening o = {.calls = calls, .spec = spec, .error = error, .size = size};
    char reason[256];
    if (!nm_netmap_parse(spec, &o.name, reason, sizeof reason)) {
        nm_port_error(error, size, spec, "%s", reason);
        return NULL;
    }
    const struct netmap_memory *memory = netmap_memory(region);
    if (memory && memory->calls == calls && !o.name.pipe)
        o.pipeline_memory = memory->id;
    if (!region)
        o.extra_buffers = options->buffers;
    uint32_t slots = options->ring_slots;
    struct nmreq_register *wish = &o.name.request;
    wish->nr_tx_slots = wish->nr_tx_slots ? wish->nr_tx_slots : slots;
    wish->nr_rx_slots = wish->nr_rx_slots ? wish->nr_rx_slots : slots;
    if (o.name.vale && !o.name.pipe && options->rings > 1) { /* one a worker */
        wish->nr_tx_rings = wish->nr_tx_rings ? wish->nr_tx_rings : options->rings;
        wish->nr_rx_rings = wish->nr_rx_rings ? wish->nr_rx_rings : options->rings;
    }
    struct nm_port *port = netmap_bind(&o) ? place(&o, region, options) : NULL;
    netmap_unbind(&o);
    return port;
}

static struct nm_port *netmap_open(const char *spec, const char *rest, struct nm_region *region,
                                   const struct nm_port_options *options, char *error, size_t size)
{
    (void)rest;
    const struct nm_netmap_calls *calls = nm_kernel_present() ? &nm_kernel_calls : &nm_user_calls;
    return nm_netmap_open(calls, spec, region, options, error, size);
}

static int64_t netmap_probe(const char *spec, const char *rest, const struct nm_port_options *options,
                            char *error, size_t size)
{
    (void)rest, (void)options;
    struct nm_netmap_name name;
    char reason[256];
    if (nm_netmap_parse(spec, &name, reason, sizeof reason))
        return 0;
    nm_port_error(error, size, spec, "%s", reason);
    return -EINVAL;
}

/* Other processes may write to a pipe's memory, and what a monitor sees is another's. */
static int netmap_memory_rank(const char *spec)
{
    struct nm_netmap_name name;
    char ignored[256];
    if (!nm_netmap_parse(spec, &name, ignored, sizeof ignored) || name.pipe || nm_netmap_is_monitor(&name))
        return 0;
    return name.vale ? 1 : 2; /* all cards share theirs */
}

NM_PORT_DRIVER(netmap) = {
    .scheme = "netmap",
    .open = netmap_open,
    .probe = netmap_probe,
    .memory = netmap_memory_rank,
};

NM_PORT_DRIVER(vale) = {
    .scheme = "vale",
    .open = netmap_open,
    .probe = netmap_probe,
    .memory = netmap_memory_rank,
};
