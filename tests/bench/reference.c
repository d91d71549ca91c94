/* Hand-written loops that do the work of the benchmark configurations over the same rings: what a C
 * programmer would write who knew the one configuration by heart. The measure for generated code. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nmclick/checksum.h"
#include "nmclick/headers.h"
#include "nmclick/netmap_abi.h"
#include "nmclick/port.h"
#include "nmclick/region.h"

enum { BUFFERS = 8192, BUFFER_SIZE = 2048, BURST = 64, MAX_PORTS = 4 };

struct arp {
    be32 ip;
    uint8_t ether[6];
    uint8_t used, pad;
};

enum { ARP_SLOTS = 4096 };

struct bench {
    struct nm_region *region;
    struct nm_port *ports[MAX_PORTS];
    uint32_t n_ports;
    uint32_t *free_list;
    uint32_t free_count;
    struct arp *arp[MAX_PORTS];
    uint64_t packets, bytes, dropped, sent[MAX_PORTS];
};

static uint64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct arp *arp_slot(struct arp *table, be32 ip)
{
    uint32_t at = (uint32_t)((ip * 0x9e3779b97f4a7c15ull) >> 32) & (ARP_SLOTS - 1);
    while (table[at].used && table[at].ip != ip)
        at = (at + 1) & (ARP_SLOTS - 1);
    return &table[at];
}

/* The output of a router with n interfaces, k.0.0.1/8 each (k from 1); -1 to itself, -2 nowhere. */
static always_inline int route(uint32_t dst, uint32_t n)
{
    uint32_t net = dst >> 24, host = dst & 0xffffff;
    if (unlikely(net - 1 >= n))
        return 0;
    if (unlikely(host == 0 || host == 1 || host == 0xffffff))
        return -1;
    return (int)net - 1;
}

/* The one's complement sum over an IP header without options (RFC 1071). */
static always_inline uint16_t header_sum(const uint8_t *at)
{
    return checksum_fold((uint64_t)load_u32(at) + load_u32(at + 4) + load_u32(at + 8) + load_u32(at + 12) +
                         load_u32(at + 16));
}

/* One packet through the router; true: it may be sent by *out. */
static always_inline bool router(struct bench *b, uint8_t *data, uint32_t length, uint32_t in, uint32_t n,
                                 int *out)
{
    struct ether_header *e = (struct ether_header *)data;
    if (unlikely(length < 14 + 20 || e->type != BE16(ETHER_TYPE_IP)))
        return false;
    struct ip_header *ip = (struct ip_header *)(data + 14);
    uint32_t total = BE16(ip->total_length);
    if (unlikely(ip->version_length != 0x45 || total > length - 14 || total < 20))
        return false;
    if (unlikely(header_sum((const uint8_t *)ip) != 0xffff))
        return false;
    uint32_t src = BE32(ip->src), dst = BE32(ip->dst);
    if (unlikely(src == 0 || src == 0xffffffff || ((src & 0xffffff) == 0xffffff && (src >> 24) - 1 < n)))
        return false;
    int to = route(dst, n);
    if (unlikely(to < 0 || (data[0] & 1) || (uint32_t)to == in || ip->ttl <= 1 || total > 1500))
        return false;
    ip->ttl--;
    uint32_t sum = BE16(ip->checksum) + 0x0100u;
    ip->checksum = BE16((sum & 0xffff) + (sum >> 16));
    const struct arp *a = arp_slot(b->arp[to], ip->dst);
    if (unlikely(!a->used))
        return false;
    memcpy(e->dst, a->ether, 6);
    const uint8_t own[6] = {0, 0, 0xc0, 0, 0, (uint8_t)(to + 1)};
    memcpy(e->src, own, 6);
    *out = to;
    return true;
}

static always_inline void mirror(uint8_t *data)
{
    uint8_t other[6];
    memcpy(other, data, 6);
    memcpy(data, data + 6, 6);
    memcpy(data + 6, other, 6);
}

enum work { SOURCE, COUNT, MIRROR, ROUTE };

/* Forward until every port has finished. */
static always_inline void forward(struct bench *b, enum work work)
{
    for (uint32_t live = b->n_ports; live;) {
        live = 0;
        for (uint32_t k = 0; k < b->n_ports; k++) {
            struct nm_port *port = b->ports[k];
            struct nm_ring *rx = &port->rx[0];
            struct netmap_ring *ring = rx->ring;
            if (ring->head == ring->tail)
                nm_port_rxsync(port, 0);
            uint32_t head = ring->head, n = 0, slots = rx->n_slots;
            for (; head != ring->tail && n < BURST; n++) {
                struct netmap_slot *slot = &ring->slot[head];
                uint32_t buffer = slot->buf_idx, length = slot->len;
                uint32_t offset = (uint32_t)(slot->ptr & ring->offset_mask);
                if (unlikely(buffer - 2 >= b->region->n_buffers - 2 || offset > b->region->buffer_size ||
                             length > b->region->buffer_size - offset || !b->free_count)) {
                    b->dropped++;
                    head = head + 1 == slots ? 0 : head + 1;
                    continue;
                }
                uint8_t *data = nm_region_buffer(b->region, buffer) + offset;
                uint32_t fresh = b->free_list[--b->free_count];
                slot->buf_idx = fresh;
                slot->ptr = nm_buffer_offset(fresh);
                slot->flags = NS_BUF_CHANGED;
                head = head + 1 == slots ? 0 : head + 1;
                int out = 0;
                if (work == MIRROR && length >= 12)
                    mirror(data);
                if (work == ROUTE && !router(b, data, length, k, b->n_ports, &out))
                    b->dropped++;
                else if (work != SOURCE)
                    b->sent[out]++, b->bytes += length;
                b->free_list[b->free_count++] = buffer;
            }
            ring->head = ring->cur = head;
            b->packets += n;
            live += n || !port->finished;
        }
    }
}

/* Run `work` over replay ports; ns for all packets, their number in *packets; negative: failed, see error. */
__attribute__((visibility("default"))) long reference_run(int work, const char *const *specs, uint32_t n,
                                                          uint32_t hosts, uint64_t *packets, uint64_t *sent,
                                                          char *error, size_t size)
{
    struct bench b = {.n_ports = n};
    struct nm_port_options options = {.read = true};
    b.region = nm_region_create(BUFFERS, BUFFER_SIZE, error, size);
    if (!b.region)
        return -1;
    for (uint32_t i = 0; i < n; i++)
        if (!(b.ports[i] = nm_port_open(specs[i], b.region, &options, error, size)))
            return -1;
    uint32_t free_list[BUFFERS];
    b.free_list = free_list;
    b.free_count = nm_region_take(b.region, free_list, BUFFERS);
    for (uint32_t i = 0; i < n; i++) {
        b.arp[i] = calloc(ARP_SLOTS, sizeof *b.arp[i]);
        for (uint32_t h = 0; h < hosts; h++) {
            be32 ip = BE32((i + 1) << 24 | (1 + (h >> 8)) << 8 | (h & 255));
            *arp_slot(b.arp[i], ip) =
                (struct arp){ip, {0, 0x20, 0x6f, (uint8_t)(i + 1), (uint8_t)(h >> 8), (uint8_t)h}, 1, 0};
        }
    }
    uint64_t start = nanoseconds();
    switch (work) {
    case SOURCE:
        forward(&b, SOURCE);
        break;
    case COUNT:
        forward(&b, COUNT);
        break;
    case MIRROR:
        forward(&b, MIRROR);
        break;
    default:
        forward(&b, ROUTE);
    }
    uint64_t end = nanoseconds();
    *packets = b.packets;
    for (uint32_t i = 0; i < n; i++) {
        sent[i] = b.sent[i];
        free(b.arp[i]);
    }
    nm_region_give(b.region, free_list, b.free_count);
    for (uint32_t i = 0; i < n; i++)
        nm_port_close(b.ports[i]);
    nm_region_destroy(b.region);
    return (long)(end - start);
}
