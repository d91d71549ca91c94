/* A netmap for tests: its calls are recorded, its rings are played by the test. */
#ifndef FAKE_NETMAP_H
#define FAKE_NETMAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "nmclick/netmap_request.h"

#define FAKE_FDS 64
#define FAKE_FIRST 100 /* descriptors are numbered from here */
#define FAKE_IF_AT 0
#define FAKE_IF_SIZE 4096
#define FAKE_RING_SIZE 16384
#define FAKE_RINGS 64
#define FAKE_BUFFERS_AT (FAKE_FDS * FAKE_IF_SIZE + FAKE_RINGS * FAKE_RING_SIZE)

struct fake_region {
    uint8_t *base;
    size_t size;
    uint32_t n_buffers, next; /* buffers are handed out in order */
    uint32_t n_rings;
    uint16_t id;
    unsigned mappings;
    uint8_t *given; /* by buffer: somebody has it */
};

struct fake_fd {
    bool open, bound;
    char name[NETMAP_REQUEST_NAME_SIZE];
    struct fake_region *region;
    struct netmap_if *nifp;
    struct netmap_ring *tx, *rx; /* the first that were bound */
    uint32_t n_tx, n_rx;
    uint32_t sent; /* slots that were taken out of tx */
    unsigned txsyncs, rxsyncs;
};

/* What the fake is like; a test sets it before it opens ports. */
struct fake {
    uint32_t tx_rings, rx_rings, host_rings, slots, buffer_size, n_buffers, most_extra;
    bool no_control, no_offsets, private_memory, stalled;
    uint32_t legacy_version; /* the only one the old request takes */
    int open_error, register_error, register_error_but_first, sync_error, memory_error;
    struct fake_fd fds[FAKE_FDS];
    struct fake_region regions[FAKE_FDS];
    unsigned n_regions;
    char log[8192];
    unsigned registers;
};

static struct fake fake = {
    .tx_rings = 1,
    .rx_rings = 1,
    .host_rings = 1,
    .slots = 8,
    .buffer_size = 2048,
    .n_buffers = 1024,
    .most_extra = 512,
    .legacy_version = 14,
};

__attribute__((format(printf, 1, 2))) static void fake_log(const char *format, ...)
{
    size_t used = strlen(fake.log);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fake.log + used, sizeof fake.log - used, format, arguments);
    va_end(arguments);
}

static struct fake_fd *fake_of(int fd)
{
    if (fd < FAKE_FIRST || fd >= FAKE_FIRST + FAKE_FDS || !fake.fds[fd - FAKE_FIRST].open) {
        fprintf(stderr, "descriptor %d is not open\n", fd);
        exit(1);
    }
    return &fake.fds[fd - FAKE_FIRST];
}

/* The one that was opened n-th. */
static inline struct fake_fd *fake_fd(unsigned n)
{
    return &fake.fds[n];
}

static int fake_open(void)
{
    if (fake.open_error) {
        errno = fake.open_error;
        return -1;
    }
    for (int i = 0; i < FAKE_FDS; i++)
        if (!fake.fds[i].open && !fake.fds[i].name[0]) { /* never twice the same */
            fake.fds[i].open = true;
            return FAKE_FIRST + i;
        }
    errno = EMFILE;
    return -1;
}

static struct fake_region *fake_region(uint16_t id)
{
    for (unsigned i = 0; i < fake.n_regions; i++)
        if (fake.regions[i].id == id)
            return &fake.regions[i];
    struct fake_region *region = &fake.regions[fake.n_regions++];
    region->size = FAKE_BUFFERS_AT + (size_t)fake.n_buffers * fake.buffer_size;
    region->base =
        mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    region->n_buffers = fake.n_buffers;
    region->next = NETMAP_FIRST_BUFFER;
    region->id = id;
    region->given = calloc(fake.n_buffers, 1);
    return region;
}

static uint32_t fake_take(struct fake_region *region)
{
    for (uint32_t i = NETMAP_FIRST_BUFFER; i < region->n_buffers; i++)
        if (!region->given[i]) {
            region->given[i] = 1;
            return i;
        }
    return 0;
}

/* A buffer comes back; one that nobody had is a mistake of the port's. */
static void fake_give(struct fake_region *region, uint32_t buffer)
{
    if (buffer < NETMAP_FIRST_BUFFER || buffer >= region->n_buffers || !region->given[buffer]) {
        fprintf(stderr, "buffer %u of region %u was given back twice\n", buffer, region->id);
        exit(1);
    }
    region->given[buffer] = 0;
}

static inline unsigned fake_in_use(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < fake.n_regions; i++)
        for (uint32_t b = 0; b < fake.regions[i].n_buffers; b++)
            n += fake.regions[i].given[b];
    return n;
}

static struct netmap_ring *fake_ring(struct fake_region *region, int dir, uint32_t number,
                                     uint64_t offset_mask, uint64_t initial)
{
    uint8_t *at = region->base + FAKE_FDS * FAKE_IF_SIZE + (size_t)region->n_rings++ * FAKE_RING_SIZE;
    struct netmap_ring *ring = (struct netmap_ring *)at;
    ring->buf_ofs = region->base + FAKE_BUFFERS_AT - at;
    ring->num_slots = fake.slots;
    ring->nr_buf_size = fake.buffer_size;
    ring->ringid = (uint16_t)number;
    ring->dir = (uint16_t)dir;
    ring->tail = dir == NETMAP_DIR_TX ? fake.slots - 1 : 0;
    ring->offset_mask = offset_mask;
    for (uint32_t i = 0; i < fake.slots; i++)
        ring->slot[i] = (struct netmap_slot){
            .buf_idx = fake_take(region), .len = (uint16_t)fake.buffer_size, .ptr = initial};
    return ring;
}

static void fake_bind(struct fake_fd *f, struct nmreq_register *r, uint64_t offset_mask, uint64_t initial)
{
    uint32_t n_tx = fake.tx_rings, n_rx = fake.rx_rings, host = fake.host_rings;
    struct fake_region *region = f->region;
    uint8_t *at = region->base + (size_t)(f - fake.fds) * FAKE_IF_SIZE;
    f->nifp = (struct netmap_if *)at;
    f->nifp->ni_tx_rings = n_tx;
    f->nifp->ni_rx_rings = n_rx;
    f->nifp->ni_host_tx_rings = f->nifp->ni_host_rx_rings = fake.no_control ? 0 : host;
    for (uint32_t i = 0; i < 2 * host + n_tx + n_rx; i++) {
        bool tx = i < n_tx + host;
        uint32_t n = tx ? n_tx : n_rx, position = tx ? i : i - n_tx - host;
        bool is_host = position >= n;
        bool wanted = true;
        if (r->nr_mode == NR_REG_ALL_NIC || r->nr_mode == NR_REG_PIPE_MASTER ||
            r->nr_mode == NR_REG_PIPE_SLAVE)
            wanted = !is_host;
        else if (r->nr_mode == NR_REG_SW)
            wanted = is_host;
        else if (r->nr_mode == NR_REG_ONE_NIC)
            wanted = !is_host && position == (r->nr_ringid < n ? r->nr_ringid : 0);
        else if (r->nr_mode == NR_REG_ONE_SW)
            wanted = is_host && position - n == r->nr_ringid;
        if (r->nr_flags & (tx ? NR_RX_RINGS_ONLY : NR_TX_RINGS_ONLY))
            wanted = false;
        if (!wanted)
            continue;
        struct netmap_ring *ring =
            fake_ring(region, tx ? NETMAP_DIR_TX : NETMAP_DIR_RX, position, offset_mask, initial);
        f->nifp->ring_ofs[i] = (uint8_t *)ring - at;
        struct netmap_ring **first = tx ? &f->tx : &f->rx;
        *first = *first ? *first : ring;
        *(tx ? &f->n_tx : &f->n_rx) += 1;
    }
    uint32_t extra = r->nr_extra_bufs < fake.most_extra ? r->nr_extra_bufs : fake.most_extra, head = 0;
    for (uint32_t i = 0; i < extra; i++) {
        uint32_t buffer = fake_take(region);
        memcpy(region->base + FAKE_BUFFERS_AT + (size_t)buffer * fake.buffer_size, &head, sizeof head);
        head = buffer;
    }
    f->nifp->ni_bufs_head = head;
    f->bound = true;
    r->nr_extra_bufs = extra;
    r->nr_offset = (uint64_t)(at - region->base);
    r->nr_memsize = region->size;
    r->nr_tx_rings = (uint16_t)n_tx;
    r->nr_rx_rings = (uint16_t)n_rx;
    r->nr_host_tx_rings = r->nr_host_rx_rings = (uint16_t)host;
    r->nr_tx_slots = r->nr_rx_slots = fake.slots;
    r->nr_mem_id = region->id;
}

static int fake_fail(int err)
{
    errno = err;
    return -1;
}

/* The checks of a registration, common to both requests. */
static int fake_register(struct fake_fd *f, const char *name, struct nmreq_register *r, uint64_t offset_mask,
                         uint64_t initial)
{
    fake.registers++;
    if (fake.register_error || (fake.register_error_but_first && fake.registers > 1))
        return fake_fail(fake.register_error ? fake.register_error : fake.register_error_but_first);
    if (r->nr_mem_id && fake.memory_error)
        return fake_fail(fake.memory_error);
    uint16_t id = r->nr_mem_id ? r->nr_mem_id : fake.private_memory ? (uint16_t)(fake.n_regions + 2) : 1;
    snprintf(f->name, sizeof f->name, "%s", name);
    f->region = fake_region(id);
    fake_bind(f, r, offset_mask, initial);
    return 0;
}

static int fake_control(struct fake_fd *f, struct nmreq_header *h)
{
    struct nmreq_register *r = (struct nmreq_register *)(uintptr_t)h->nr_body;
    if (h->nr_reqtype == NETMAP_REQ_PORT_INFO_GET) {
        fake_log("info %s\n", h->nr_name);
        ((struct nmreq_port_info_get *)(uintptr_t)h->nr_body)->nr_mem_id = 7;
        return 0;
    }
    fake_log("register %s mode=%u ring=%u flags=%llx mem=%u extra=%u slots=%u/%u rings=%u/%u", h->nr_name,
             r->nr_mode, r->nr_ringid, (unsigned long long)r->nr_flags, r->nr_mem_id, r->nr_extra_bufs,
             r->nr_tx_slots, r->nr_rx_slots, r->nr_tx_rings, r->nr_rx_rings);
    uint64_t mask = 0, initial = 0;
    bool bad = h->nr_version != 14 || h->nr_reserved;
    for (struct nmreq_option *o = (struct nmreq_option *)(uintptr_t)h->nr_options; o;
         o = (struct nmreq_option *)(uintptr_t)o->nro_next) {
        if (o->nro_reqtype == NETMAP_OPT_OFFSETS) {
            struct nmreq_opt_offsets *offsets = (struct nmreq_opt_offsets *)o;
            fake_log(" offsets=%llu..%llu/%u", (unsigned long long)offsets->nro_initial_offset,
                     (unsigned long long)offsets->nro_max_offset, offsets->nro_offset_bits);
            mask = offsets->nro_offset_bits ? (1ull << offsets->nro_offset_bits) - 1 : UINT64_MAX;
            initial = offsets->nro_initial_offset;
            if (fake.no_offsets)
                o->nro_status = EOPNOTSUPP;
        } else if (o->nro_reqtype == NETMAP_OPT_EXTMEM) {
            struct nmreq_opt_extmem *external = (struct nmreq_opt_extmem *)o;
            fake_log(" extmem=%llu buf-num=%u", (unsigned long long)external->nro_info.nr_memsize,
                     external->nro_info.nr_buf_pool_objtotal);
            o->nro_status = EOPNOTSUPP;
        } else {
            bad = true;
        }
        if (o->nro_status) {
            fake_log("\n");
            return fake_fail((int)o->nro_status);
        }
    }
    fake_log("\n");
    return bad ? fake_fail(EINVAL) : fake_register(f, h->nr_name, r, mask, initial);
}

static int fake_legacy(struct fake_fd *f, struct nmreq *q)
{
    fake_log("legacy %s version=%u ring=%u flags=%x mem=%u extra=%u\n", q->nr_name, q->nr_version,
             q->nr_ringid, q->nr_flags, q->nr_arg2, q->nr_arg3);
    if (q->nr_version != fake.legacy_version)
        return fake_fail(EINVAL);
    struct nmreq_register r = {
        .nr_mode = q->nr_flags & 0xf,
        .nr_flags = q->nr_flags & ~0xfu,
        .nr_ringid = q->nr_ringid,
        .nr_mem_id = q->nr_arg2,
        .nr_extra_bufs = q->nr_arg3,
    };
    if (fake_register(f, q->nr_name, &r, 0, 0) < 0)
        return -1;
    q->nr_offset = (uint32_t)r.nr_offset;
    q->nr_memsize = (uint32_t)r.nr_memsize;
    q->nr_tx_rings = r.nr_tx_rings;
    q->nr_rx_rings = r.nr_rx_rings;
    q->nr_arg2 = r.nr_mem_id;
    q->nr_arg3 = r.nr_extra_bufs;
    return 0;
}

/* What was put into the tx ring goes away at once. */
static void fake_send(struct fake_fd *f)
{
    struct netmap_ring *ring = f->tx;
    while (ring && f->sent != ring->head)
        f->sent = f->sent + 1 == ring->num_slots ? 0 : f->sent + 1;
    if (ring && !fake.stalled)
        ring->tail = ring->head == 0 ? ring->num_slots - 1 : ring->head - 1;
}

static int fake_ioctl(int fd, unsigned long request, void *argument)
{
    struct fake_fd *f = fake_of(fd);
    switch (request) {
    case NIOCCTRL:
        if (fake.no_control) {
            fake_log("unknown request\n");
            return fake_fail(EOPNOTSUPP);
        }
        return fake_control(f, argument);
    case NIOCREGIF:
        return fake_legacy(f, argument);
    case NIOCTXSYNC:
        f->txsyncs++;
        if (fake.sync_error)
            return fake_fail(fake.sync_error);
        fake_send(f);
        return 0;
    case NIOCRXSYNC:
        f->rxsyncs++;
        return fake.sync_error ? fake_fail(fake.sync_error) : 0;
    default:
        return fake_fail(EOPNOTSUPP);
    }
}

static void *fake_map(int fd, size_t length)
{
    struct fake_fd *f = fake_of(fd);
    fake_log("map %zu\n", length);
    f->region->mappings++;
    return f->region->base;
}

static int fake_unmap(void *memory, size_t length)
{
    fake_log("unmap %zu\n", length);
    for (unsigned i = 0; i < fake.n_regions; i++)
        if (fake.regions[i].base == memory) {
            fake.regions[i].mappings--;
            return 0;
        }
    return fake_fail(EINVAL);
}

/* As the kernel: the buffers in the rings and in the list of extra ones are free again. */
static int fake_close(int fd)
{
    struct fake_fd *f = fake_of(fd);
    fake_log("close %d\n", fd - FAKE_FIRST);
    f->open = false;
    if (!f->bound) {
        snprintf(f->name, sizeof f->name, "closed");
        return 0;
    }
    uint32_t n = 2 * fake.host_rings + fake.tx_rings + fake.rx_rings;
    for (uint32_t i = 0; i < n; i++) {
        struct netmap_ring *ring = (struct netmap_ring *)((uint8_t *)f->nifp + f->nifp->ring_ofs[i]);
        for (uint32_t s = 0; f->nifp->ring_ofs[i] && s < ring->num_slots; s++)
            fake_give(f->region, ring->slot[s].buf_idx);
    }
    for (uint32_t b = f->nifp->ni_bufs_head; b;) {
        uint32_t next;
        memcpy(&next, f->region->base + FAKE_BUFFERS_AT + (size_t)b * fake.buffer_size, sizeof next);
        fake_give(f->region, b);
        b = next;
    }
    return 0;
}

static int fake_wait(int fd, short *events)
{
    (void)events;
    return fd;
}

static const struct nm_netmap_calls fake_calls = {
    .provider = "the fake",
    .open = fake_open,
    .ioctl = fake_ioctl,
    .map = fake_map,
    .unmap = fake_unmap,
    .poll = poll,
    .close = fake_close,
    .wait = fake_wait,
};

static inline uint8_t *fake_buffer(const struct netmap_ring *ring, uint32_t at)
{
    return netmap_buffer(ring, ring->slot[at].buf_idx) + (ring->slot[at].ptr & ring->offset_mask);
}

/* A slot arrives in the rx ring: `length` bytes of `byte`. */
static inline void fake_deliver(struct netmap_ring *ring, uint16_t length, uint8_t byte, uint16_t flags)
{
    uint32_t at = ring->tail;
    memset(fake_buffer(ring, at), byte, length);
    ring->slot[at].len = length;
    ring->slot[at].flags = flags;
    ring->tail = at + 1 == ring->num_slots ? 0 : at + 1;
}

#endif
