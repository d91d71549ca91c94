/* What the tests of the user-space provider share: opening ports through the call table, packets, checks. */
#ifndef CLIENT_H
#define CLIENT_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "nmclick/bytes.h"
#include "nmclick/netmap_request.h"

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno);                \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

#define CHECK_EQUAL(got, want)                                                                               \
    do {                                                                                                     \
        long long got_ = (long long)(got), want_ = (long long)(want);                                        \
        if (got_ != want_) {                                                                                 \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, got_, want_);         \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

/* TEST(name) { ... }: the program runs the test that its argument names. */
struct test {
    const char *name;
    void (*run)(void);
};
static struct test tests[64];
static unsigned n_tests;

#define TEST(name)                                                                                           \
    static void name(void);                                                                                  \
    __attribute__((constructor)) static void add_##name(void)                                                \
    {                                                                                                        \
        tests[n_tests++] = (struct test){#name, name};                                                       \
    }                                                                                                        \
    static void name(void)

static inline int run_test(int argc, char **argv)
{
    for (unsigned i = 0; argc == 2 && i < n_tests; i++) {
        if (strcmp(argv[1], tests[i].name) == 0) {
            tests[i].run();
            return 0;
        }
    }
    return 2;
}

/* An open port. */
struct client {
    int fd;
    struct nmreq_register reg;
    uint8_t *memory;
    struct netmap_if *nifp;
    struct netmap_ring *tx, *rx; /* the first bound ones */
};

/* 0 or an errno. */
static inline int try_register(int fd, const char *name, struct nmreq_register *reg, void *options)
{
    struct nmreq_header header = {.nr_version = NETMAP_API,
                                  .nr_reqtype = NETMAP_REQ_REGISTER,
                                  .nr_options = (uintptr_t)options,
                                  .nr_body = (uintptr_t)reg};
    snprintf(header.nr_name, sizeof header.nr_name, "%s", name);
    if (!reg->nr_mode)
        reg->nr_mode = NR_REG_ALL_NIC;
    return nm_user_calls.ioctl(fd, NIOCCTRL, &header) == 0 ? 0 : errno;
}

static inline int open_netmap(void)
{
    int fd = nm_user_calls.open();
    CHECK(fd >= 0);
    return fd;
}

static inline struct client open_wished(const char *name, struct nmreq_register reg)
{
    struct client client = {.fd = open_netmap(), .reg = reg};
    int err = try_register(client.fd, name, &client.reg, NULL);
    if (err)
        fprintf(stderr, "%s: errno %d\n", name, err);
    CHECK_EQUAL(err, 0);
    client.memory = nm_user_calls.map(client.fd, client.reg.nr_memsize);
    CHECK(client.memory != MAP_FAILED);
    client.nifp = (struct netmap_if *)(client.memory + client.reg.nr_offset);
    const struct netmap_if *nifp = client.nifp;
    for (uint32_t i = nifp->ni_tx_rings; i-- > 0;)
        if (nifp->ring_ofs[i])
            client.tx = netmap_tx_ring(client.nifp, i);
    for (uint32_t i = nifp->ni_rx_rings; i-- > 0;)
        if (nifp->ring_ofs[nifp->ni_tx_rings + nifp->ni_host_tx_rings + i])
            client.rx = netmap_rx_ring(client.nifp, i);
    return client;
}

static inline struct client open_client(const char *name)
{
    return open_wished(name, (struct nmreq_register){0});
}

static inline struct client open_sized(const char *name, uint32_t slots)
{
    return open_wished(name, (struct nmreq_register){.nr_tx_slots = slots, .nr_rx_slots = slots});
}

static inline void close_client(struct client *client)
{
    CHECK_EQUAL(nm_user_calls.unmap(client->memory, client->reg.nr_memsize), 0);
    CHECK_EQUAL(nm_user_calls.close(client->fd), 0);
}

static inline void txsync(const struct client *client)
{
    CHECK_EQUAL(nm_user_calls.ioctl(client->fd, NIOCTXSYNC, NULL), 0);
}

static inline void rxsync(const struct client *client)
{
    CHECK_EQUAL(nm_user_calls.ioctl(client->fd, NIOCRXSYNC, NULL), 0);
}

static inline uint32_t ring_next(const struct netmap_ring *ring, uint32_t at)
{
    return at + 1 == ring->num_slots ? 0 : at + 1;
}

static inline uint32_t ring_space(const struct netmap_ring *ring)
{
    uint32_t n = ring->num_slots;
    return (ring->tail + n - ring->head) % n;
}

static inline uint8_t *slot_data(const struct netmap_ring *ring, const struct netmap_slot *slot)
{
    return netmap_buffer(ring, slot->buf_idx) + (slot->ptr & ring->offset_mask);
}

static inline void advance(struct netmap_ring *ring)
{
    ring->head = ring->cur = ring_next(ring, ring->head);
}

/* Stations are told by one byte. 0xff: everybody. */
static inline void put_macs(uint8_t *data, uint8_t to, uint8_t from)
{
    memset(data, to == 0xff ? 0xff : 0, 12);
    if (to != 0xff)
        memcpy(data, (uint8_t[]){2, 0, 0, 0, 0, to}, 6);
    memcpy(data + 6, (uint8_t[]){2, 0, 0, 0, 0, from}, 6);
}

/* Fills the next slot; the caller syncs. */
static inline void put_frame(const struct client *client, uint8_t to, uint8_t from, uint64_t number,
                             uint16_t length, uint16_t flags)
{
    struct netmap_ring *ring = client->tx;
    CHECK(ring_space(ring) > 0);
    struct netmap_slot *slot = &ring->slot[ring->head];
    uint8_t *data = slot_data(ring, slot);
    put_macs(data, to, from);
    memset(data + 12, (int)number, length > 12 ? length - 12 : 0);
    if (length >= 24)
        store_u64(data + 16, number);
    slot->len = length;
    slot->flags = flags;
    advance(ring);
}

static inline void send_frame(const struct client *client, uint8_t to, uint8_t from, uint64_t number)
{
    put_frame(client, to, from, number, 60, 0);
    txsync(client);
}

/* The number of the next packet, which is taken; -1: there is none. */
static inline int64_t receive_frame(const struct client *client)
{
    struct netmap_ring *ring = client->rx;
    if (ring->head == ring->tail)
        rxsync(client);
    if (ring->head == ring->tail)
        return -1;
    uint64_t number = load_u64(slot_data(ring, &ring->slot[ring->head]) + 16);
    advance(ring);
    return (int64_t)number;
}

static inline uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
