/* Binding descriptors to netmap's rings. */
#define _GNU_SOURCE
#include "netmap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define OFFSET_BITS 16
#define MOST_OFFSET 256u /* packets from which headers were stripped start this late at most */

static uint64_t address(const void *object)
{
    return (uintptr_t)object;
}

struct request {
    struct nmreq_header header;
    struct nmreq_register body;
    struct nmreq_opt_offsets offsets;
    struct nmreq_opt_extmem external;
};

static void push_option(struct request *q, struct nmreq_option *option, enum netmap_option_type type)
{
    option->nro_reqtype = type;
    option->nro_next = q->header.nr_options;
    q->header.nr_options = address(option);
}

static void fill_request(struct request *q, const struct netmap_opening *o, const struct nmreq_register *wish,
                         bool with_offsets, void *file, size_t file_size)
{
    *q = (struct request){
        .header = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_REGISTER, .nr_body = address(&q->body)},
        .body = *wish,
    };
    memcpy(q->header.nr_name, o->name.name, sizeof q->header.nr_name);
    if (with_offsets) {
        const struct nm_netmap_offset *named = &o->name.offset;
        q->offsets.nro_max_offset = named->wanted ? named->initial : MOST_OFFSET;
        q->offsets.nro_initial_offset = named->wanted ? named->initial : NM_HEADROOM;
        q->offsets.nro_offset_bits = named->wanted ? named->bits : OFFSET_BITS;
        push_option(q, &q->offsets.nro_opt, NETMAP_OPT_OFFSETS);
    }
    if (file) {
        const struct nm_netmap_external *e = &o->name.external;
        q->external.nro_usrptr = address(file);
        q->external.nro_info = (struct nmreq_pools_info){
            .nr_memsize = file_size,
            .nr_if_pool_objtotal = e->if_num,
            .nr_if_pool_objsize = e->if_size,
            .nr_ring_pool_objtotal = e->ring_num,
            .nr_ring_pool_objsize = e->ring_size,
            .nr_buf_pool_objtotal = e->buf_num,
            .nr_buf_pool_objsize = e->buf_size,
        };
        push_option(q, &q->external.nro_opt, NETMAP_OPT_EXTMEM);
    }
}

static int control(const struct netmap_opening *o, const struct nmreq_register *wish, bool with_offsets,
                   void *file, size_t file_size, struct netmap_channel *channel)
{
    struct request q;
    fill_request(&q, o, wish, with_offsets, file, file_size);
    if (o->calls->ioctl(channel->fd, NIOCCTRL, &q.header) < 0)
        return -errno;
    channel->request = q.body;
    channel->one_host_ring = false;
    uint64_t most = with_offsets ? q.offsets.nro_max_offset : 0;
    channel->most_offset = most < NM_OFFSET_MASK ? (uint32_t)most : NM_OFFSET_MASK;
    return 0;
}

/* A pipe's mark and number are not part of the legacy name. */
static int legacy_name(const struct nm_netmap_name *name, struct nmreq *q)
{
    const char *mark = strpbrk(name->name, "{}");
    size_t length = mark ? (size_t)(mark - name->name) : strlen(name->name);
    if (length == 0 || length >= sizeof q->nr_name)
        return -ENAMETOOLONG;
    memcpy(q->nr_name, name->name, length);
    if (!mark)
        return 0;
    char *end;
    unsigned long number = strtoul(mark + 1, &end, 10);
    if (*end || number > NETMAP_MOST_RING_ID)
        return -EOPNOTSUPP;
    q->nr_flags = *mark == '{' ? NR_REG_PIPE_MASTER : NR_REG_PIPE_SLAVE;
    q->nr_ringid = (uint16_t)number;
    return 0;
}

/* The request of netmaps that do not know NIOCCTRL yet. */
static int control_legacy(const struct netmap_opening *o, const struct nmreq_register *wish,
                          struct netmap_channel *channel)
{
    static const uint32_t versions[] = {14, 13, 12, 11};
    int err = -EINVAL;
    if (wish->nr_mode == NR_REG_ONE_SW)
        return -EOPNOTSUPP;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0] && err == -EINVAL; i++) {
        struct nmreq q = {
            .nr_version = versions[i],
            .nr_tx_slots = wish->nr_tx_slots,
            .nr_rx_slots = wish->nr_rx_slots,
            .nr_tx_rings = wish->nr_tx_rings,
            .nr_rx_rings = wish->nr_rx_rings,
            .nr_ringid = wish->nr_ringid,
            .nr_arg2 = wish->nr_mem_id,
            .nr_arg3 = wish->nr_extra_bufs,
            .nr_flags = wish->nr_mode,
        };
        err = legacy_name(&o->name, &q);
        if (err)
            return err;
        q.nr_flags |= (uint32_t)wish->nr_flags;
        if (o->calls->ioctl(channel->fd, NIOCREGIF, &q) < 0) {
            err = -errno;
            continue;
        }
        channel->request = *wish;
        channel->request.nr_offset = q.nr_offset;
        channel->request.nr_memsize = q.nr_memsize;
        channel->request.nr_tx_slots = q.nr_tx_slots;
        channel->request.nr_rx_slots = q.nr_rx_slots;
        channel->request.nr_tx_rings = q.nr_tx_rings;
        channel->request.nr_rx_rings = q.nr_rx_rings;
        channel->request.nr_host_tx_rings = channel->request.nr_host_rx_rings = 1;
        channel->request.nr_mem_id = q.nr_arg2;
        channel->request.nr_extra_bufs = q.nr_arg3;
        channel->one_host_ring = true;
        channel->most_offset = 0;
    }
    return err;
}

/* Software ports have packets start at an offset without a loss; the drivers of network cards round receive
 * buffers of 2048 bytes down to 1024 then, and cut every larger frame in two. */
static bool offsets_suit(const struct nm_netmap_name *name)
{
    return name->vale || name->pipe;
}

int netmap_register(const struct netmap_opening *o, const struct nmreq_register *wish, void *file,
                    size_t file_size, struct netmap_channel *channel)
{
    int err;
    if (o->name.offset.wanted || offsets_suit(&o->name)) {
        err = control(o, wish, true, file, file_size, channel);
        if (!err || o->name.offset.wanted)
            return err;
    }
    err = control(o, wish, false, file, file_size, channel);
    if ((err == -EOPNOTSUPP || err == -ENOTTY) && !file)
        err = control_legacy(o, wish, channel);
    return err;
}

int netmap_memory_of(const struct nm_netmap_calls *calls, const char *spec)
{
    struct nm_netmap_name name;
    char ignored[128];
    if (!nm_netmap_parse(spec, &name, ignored, sizeof ignored))
        return -EINVAL;
    struct nmreq_port_info_get info = {0};
    struct nmreq_header header = {
        .nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_PORT_INFO_GET, .nr_body = address(&info)};
    memcpy(header.nr_name, name.name, sizeof header.nr_name);
    int fd = calls->open();
    if (fd < 0)
        return -errno;
    int err = calls->ioctl(fd, NIOCCTRL, &header) < 0 ? -errno : info.nr_mem_id;
    calls->close(fd);
    return err;
}

/* One more descriptor, bound as wished. */
static bool add_channel(struct netmap_opening *o, const struct nmreq_register *wish)
{
    struct netmap_channel *channels = realloc(o->channels, (o->n_channels + 1) * sizeof *channels);
    if (!channels) {
        netmap_cannot_register(o, wish, ENOMEM);
        return false;
    }
    o->channels = channels;
    struct netmap_channel *channel = &channels[o->n_channels];
    *channel = (struct netmap_channel){.fd = o->calls->open()};
    if (channel->fd < 0) {
        netmap_cannot_open(o, errno);
        return false;
    }
    bool first = o->n_channels == 0;
    struct nmreq_register request = *wish;
    if (!first)
        request.nr_mem_id = channels[0].request.nr_mem_id;
    bool may_move = first && o->pipeline_memory && !request.nr_mem_id && !o->file;
    if (may_move)
        request.nr_mem_id = o->pipeline_memory;
    request.nr_extra_bufs = first ? o->extra_buffers : 0;
    int err = netmap_register(o, &request, first ? o->file : NULL, o->file_size, channel);
    if (err && may_move) { /* not in the pipeline's memory: in its own, then */
        request.nr_mem_id = 0;
        err = netmap_register(o, &request, NULL, 0, channel);
    }
    for (; err == -ENOMEM && request.nr_extra_bufs > 256;) {
        request.nr_extra_bufs /= 2;
        err = netmap_register(o, &request, first ? o->file : NULL, o->file_size, channel);
    }
    if (err) {
        o->calls->close(channel->fd);
        netmap_cannot_register(o, &request, -err);
        return false;
    }
    o->n_channels++;
    return true;
}

static unsigned most(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* A descriptor a ring pair, so that workers can sync and wait for their own. */
static bool bind_pairs(struct netmap_opening *o, struct nmreq_register wish)
{
    wish.nr_mode = NR_REG_ONE_NIC;
    wish.nr_ringid = 0;
    if (!add_channel(o, &wish))
        return false;
    const struct nmreq_register got = o->channels[0].request;
    const unsigned n_tx = wish.nr_flags & NR_RX_RINGS_ONLY ? 0 : got.nr_tx_rings;
    const unsigned n_rx = wish.nr_flags & NR_TX_RINGS_ONLY ? 0 : got.nr_rx_rings;
    if (n_tx != n_rx && o->name.request.nr_mode == NR_REG_NIC_SW &&
        !(wish.nr_flags & (NR_RX_RINGS_ONLY | NR_TX_RINGS_ONLY))) {
        nm_port_error(o->error, o->size, o->spec,
                      "%u transmit and %u receive rings do not pair up with the host's; open netmap:%s and "
                      "netmap:%s^ as two ports",
                      n_tx, n_rx, o->name.name, o->name.name);
        return false;
    }
    const uint64_t flags = wish.nr_flags;
    for (unsigned i = 1; i < most(n_tx, n_rx); i++) {
        wish.nr_ringid = (uint16_t)i;
        wish.nr_flags = flags | (i >= n_tx ? NR_RX_RINGS_ONLY : 0) | (i >= n_rx ? NR_TX_RINGS_ONLY : 0);
        if (!add_channel(o, &wish))
            return false;
    }
    return true;
}

static bool bind_host(struct netmap_opening *o, struct nmreq_register wish)
{
    wish.nr_mode = NR_REG_SW;
    wish.nr_ringid = 0;
    if (!add_channel(o, &wish))
        return false;
    const struct netmap_channel *all = &o->channels[o->n_channels - 1];
    unsigned n = most(all->request.nr_host_tx_rings, all->request.nr_host_rx_rings);
    if (n <= 1)
        return true;
    o->calls->close(o->channels[--o->n_channels].fd);
    wish.nr_mode = NR_REG_ONE_SW;
    for (unsigned i = 0; i < n; i++) {
        wish.nr_ringid = (uint16_t)i;
        if (!add_channel(o, &wish))
            return false;
    }
    return true;
}

/* @extmem's file. */
static bool map_file(struct netmap_opening *o)
{
    const char *path = o->name.external.file;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat status = {0};
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0) {
        o->file_size = (size_t)status.st_size;
        o->file = mmap(NULL, o->file_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        o->file = o->file == MAP_FAILED ? NULL : o->file;
    } else if (fd >= 0 && status.st_size == 0) {
        errno = ENODATA;
    }
    if (!o->file)
        nm_port_error(o->error, o->size, o->spec, "the memory in %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return o->file;
}

static bool share_memory(struct netmap_opening *o)
{
    int id = netmap_memory_of(o->calls, o->name.share);
    uint16_t *wish = &o->name.request.nr_mem_id;
    if (id < 0)
        nm_port_error(o->error, o->size, o->spec, "cannot share the memory of '%s': %s", o->name.share,
                      strerror(-id));
    else if (*wish && *wish != id)
        nm_port_error(o->error, o->size, o->spec, "'%s' lies in memory region %d, not in %u", o->name.share,
                      id, *wish);
    else
        *wish = (uint16_t)id;
    return id >= 0 && *wish == id;
}

bool netmap_bind(struct netmap_opening *o)
{
    if (o->name.share[0] && !share_memory(o))
        return false;
    if (o->name.external.file[0] && !map_file(o))
        return false;
    struct nmreq_register wish = o->name.request;
    wish.nr_flags |= NR_NO_TX_POLL | o->calls->register_flags;
    switch (nm_netmap_is_monitor(&o->name) ? NR_REG_DEFAULT : wish.nr_mode) {
    case NR_REG_ALL_NIC:
        return bind_pairs(o, wish);
    case NR_REG_NIC_SW:
        return bind_pairs(o, wish) && bind_host(o, wish);
    case NR_REG_SW:
        return bind_host(o, wish);
    default:
        return add_channel(o, &wish);
    }
}

void netmap_unbind(struct netmap_opening *o)
{
    while (o->n_channels)
        o->calls->close(o->channels[--o->n_channels].fd);
    free(o->channels);
    o->channels = NULL;
    if (o->file)
        munmap(o->file, o->file_size);
    o->file = NULL;
}
