/* Regions, fresh rings, and what the provider makes of bad ones. */
#include <errno.h>
#include <pthread.h>

#include "check.h"
#include "ring.h"

/* A program that owns its slots: puts `n` packets of `length` bytes into the tx ring. */
static void put_packets(struct nm_port *port, uint32_t n, uint16_t length)
{
    struct netmap_ring *ring = netmap_tx_ring(port->nifp, 0);
    for (uint32_t i = 0; i < n; i++) {
        CHECK(ring->head != ring->tail);
        ring->slot[ring->head].len = length;
        ring->head = ring->head + 1 == ring->num_slots ? 0 : ring->head + 1;
    }
    ring->cur = ring->head;
}

struct link {
    struct nm_region *region;
    struct nm_port *a, *b;
};

static struct link make_link(uint32_t slots)
{
    struct link link = {.region = make_region(8 * slots)};
    struct nm_port_options options = {.read = true, .write = true, .ring_slots = slots};
    link.a = make_port("pipe:ring{1", link.region, options);
    link.b = make_port("pipe:ring}1", link.region, options);
    return link;
}

static void end_link(struct link link)
{
    nm_port_close(link.a);
    nm_port_close(link.b);
    end_region(link.region);
}

TEST(buffers_are_an_odd_number_of_lines_apart_and_whole)
{
    char error[256];
    const uint32_t sizes[] = {128, 1536, 2048, 2112, 9000, 66000};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct nm_region *region = nm_region_create(16, sizes[i], error, sizeof error);
        CHECK(region);
        CHECK_EQUAL(region->buffer_size % 128, 64);
        CHECK(region->buffer_size >= sizes[i] && region->buffer_size < sizes[i] + 192);
        CHECK_EQUAL((uintptr_t)region->buffers % 64, 0);
        memset(nm_region_buffer(region, 0), 0xab, (size_t)16 * region->buffer_size);
        CHECK(region->buffers + (size_t)16 * region->buffer_size <= region->base + region->size);
        end_region(region);
    }
}

TEST(impossible_regions_are_refused)
{
    char error[256];
    CHECK(!nm_region_create(2, 2048, error, sizeof error));
    CHECK(strcmp(error, "cannot make 2 packet buffers of 2048 bytes") == 0);
    CHECK(!nm_region_create(100, 64, error, sizeof error));
    CHECK(!nm_region_create(100, 2u << 20, error, sizeof error));
}

TEST(buffers_0_and_1_are_reserved_and_each_other_is_handed_out_once)
{
    struct nm_region *region = make_region(100);
    uint32_t taken[200], seen[100] = {0};
    CHECK_EQUAL(nm_region_take(region, taken, 200), 98);
    for (unsigned i = 0; i < 98; i++) {
        CHECK(taken[i] >= 2 && taken[i] < 100);
        seen[taken[i]]++;
    }
    for (unsigned i = 2; i < 100; i++)
        CHECK_EQUAL(seen[i], 1);
    CHECK_EQUAL(nm_region_in_use(region), 98);
    CHECK_EQUAL(nm_region_take(region, taken + 98, 1), 0);
    CHECK_EQUAL(nm_region_give(region, taken, 98), 98);
    end_region(region);
}

TEST(what_is_no_buffer_or_free_already_is_not_taken_back)
{
    struct nm_region *region = make_region(100);
    uint32_t taken[2];
    CHECK_EQUAL(nm_region_take(region, taken, 2), 2);
    const uint32_t given[] = {0, 1, 100, UINT32_MAX, taken[0], taken[0], taken[1] + 1};
    CHECK_EQUAL(nm_region_give(region, given, 7), 1);
    CHECK_EQUAL(nm_region_in_use(region), 1);
    CHECK_EQUAL(nm_region_give(region, &taken[1], 1), 1);
    end_region(region);
}

TEST(fresh_rings_are_as_netmap_leaves_them)
{
    struct nm_region *region = make_region(64);
    struct nm_port *port =
        make_port("null:", region, (struct nm_port_options){.read = true, .write = true, .ring_slots = 16});
    struct netmap_if *nifp = port->nifp;
    struct netmap_ring *tx = netmap_tx_ring(nifp, 0), *rx = netmap_rx_ring(nifp, 0);
    CHECK_EQUAL(nifp->ni_tx_rings, 1);
    CHECK_EQUAL(nifp->ni_rx_rings, 1);
    CHECK_EQUAL(nifp->ni_host_tx_rings, 1);
    CHECK_EQUAL(nifp->ni_host_rx_rings, 1);
    CHECK_EQUAL(nifp->ring_ofs[1], 0);
    CHECK_EQUAL(nifp->ring_ofs[3], 0);
    CHECK_EQUAL(tx->dir, 1);
    CHECK_EQUAL(rx->dir, 0);
    CHECK_EQUAL(tx->head, 0);
    CHECK_EQUAL(tx->cur, 0);
    CHECK_EQUAL(tx->tail, 15);
    CHECK_EQUAL(rx->head, 0);
    CHECK_EQUAL(rx->cur, 0);
    CHECK_EQUAL(rx->tail, 0);
    for (uint32_t i = 0; i < 16; i++) {
        CHECK_EQUAL(rx->slot[i].buf_idx, 2 + i);
        CHECK_EQUAL(tx->slot[i].buf_idx, 18 + i);
        CHECK_EQUAL(rx->slot[i].len, rx->nr_buf_size);
        CHECK_EQUAL(rx->slot[i].ptr & rx->offset_mask, nm_buffer_offset(2 + i));
        CHECK(netmap_buffer(tx, tx->slot[i].buf_idx) == nm_region_buffer(region, 18 + i));
    }
    CHECK_EQUAL((uintptr_t)tx % 128, 0);
    CHECK_EQUAL(nm_region_in_use(region), 32);
    nm_port_close(port);
    end_region(region);
}

TEST(ring_sizes_and_missing_buffers_are_told)
{
    struct nm_region *region = make_region(300);
    char error[256];
    struct nm_port_options options = {.read = true, .write = true};
    CHECK(!nm_port_open("null:", region, &options, error, sizeof error));
    CHECK(strcmp(error,
                 "null:: 512 ring slots need as many packet buffers, 42 are left; make more buffers") == 0);
    options.ring_slots = 2;
    CHECK(!nm_port_open("null:", region, &options, error, sizeof error));
    CHECK(strcmp(error, "null:: a ring of 2 slots: there must be 3 to 65536") == 0);
    options.ring_slots = 1000;
    CHECK(!nm_port_open("pipe:x{1", region, &options, error, sizeof error));
    CHECK(strcmp(error,
                 "pipe:x{1: 2000 ring slots need as many packet buffers, 298 are left; make more buffers") ==
          0);
    end_region(region);
}

TEST(unknown_ports_name_the_known_ones)
{
    struct nm_region *region = make_region(10);
    struct nm_port_options options = {.read = true};
    char error[512];
    const char *begin =
        "pcapx:f: unknown kind of port 'pcapx'; there are pcap:FILE, "
        "replay:FILE[,loops=N][,time=SECONDS][,limit=PACKETS], pipe:NAME{ID and pipe:NAME}ID, "
        "netmap:NAME, valeID:PORT, ";
    CHECK(!nm_port_open("pcapx:f", region, &options, error, sizeof error));
    CHECK(strncmp(error, begin, strlen(begin)) == 0);
    CHECK(strcmp(error + strlen(error) - 7, ", null:") == 0);
    CHECK(!nm_port_open("vale", region, &options, error, sizeof error));
    CHECK(!nm_port_open("netmap0:x", region, &options, error, sizeof error));
    CHECK(!nm_port_open("eth0", region, &options, error, sizeof error));
    CHECK_EQUAL(nm_port_probe("eth0", &options, error, sizeof error), -22);
    CHECK(!nm_port_open("null:x", region, &options, error, sizeof error));
    CHECK(!nm_port_open("pipe:x", region, &options, error, sizeof error));
    CHECK(!nm_port_open("pipe:x{a-b", region, &options, error, sizeof error));
    CHECK(!nm_port_open("pipe:{1", region, &options, error, sizeof error));
    CHECK(strcmp(error, "pipe:{1: a pipe is written pipe:NAME{ID at one end and pipe:NAME}ID at the other") ==
          0);
    end_region(region);
}

TEST(the_region_outlives_its_creator_while_a_port_is_open)
{
    struct nm_region *region = make_region(64);
    struct nm_port *port =
        make_port("null:", region, (struct nm_port_options){.write = true, .ring_slots = 8});
    nm_region_destroy(region);
    put_packets(port, 7, 60);
    CHECK_EQUAL(nm_port_txsync(port, 0), 0);
    CHECK_EQUAL(port->tx->packets, 7);
    nm_port_close(port);
}

TEST(null_swallows_what_is_written_and_delivers_nothing)
{
    struct nm_region *region = make_region(64);
    struct nm_port *port =
        make_port("null:", region, (struct nm_port_options){.read = true, .write = true, .ring_slots = 8});
    for (unsigned i = 0; i < 100; i++) {
        put_packets(port, i % 8, 100);
        CHECK_EQUAL(nm_port_txsync(port, 0), 0);
        struct netmap_ring *ring = port->tx->ring;
        CHECK_EQUAL((ring->tail + 1) % 8, ring->head);
        CHECK_EQUAL(nm_port_rxsync(port, 0), 0);
        CHECK_EQUAL(port->rx->ring->tail, 0);
    }
    CHECK_EQUAL(port->tx->packets, 12 * 28 + 6);
    CHECK_EQUAL(port->tx->bytes, port->tx->packets * 100);
    CHECK(port->finished);
    nm_port_close(port);
    end_region(region);
}

/* Every head and cur a program can leave, against the rule: head in [hwcur, hwtail], cur in [head, hwtail].
 */
TEST(tx_windows_are_checked_as_the_kernel_does)
{
    struct link link = make_link(8);
    struct netmap_ring *ring = link.a->tx->ring;
    for (unsigned turn = 0; turn < 8; turn++) {
        for (uint32_t head = 0; head < 10; head++) {
            for (uint32_t cur = 0; cur < 10; cur++) {
                struct nm_ring before = *link.a->tx;
                uint32_t n = before.n_slots, first = before.hwcur, space = (before.hwtail + n - first) % n;
                bool good = head < n && cur < n && (head + n - first) % n <= space &&
                            (cur + n - head) % n <= space - (head + n - first) % n;
                if (good && head != first)
                    continue; /* would send; below */
                ring->head = head;
                ring->cur = cur;
                CHECK_EQUAL(nm_port_txsync(link.a, 0), good ? 0 : -EINVAL);
                CHECK_EQUAL(link.a->tx->hwcur, before.hwcur);
                CHECK_EQUAL(link.a->tx->hwtail, before.hwtail);
                CHECK_EQUAL(link.a->tx->packets, before.packets);
                bool outside = head >= n || cur >= n;
                CHECK_EQUAL(ring->head, outside ? first : head);
                CHECK_EQUAL(ring->cur, outside ? first : cur);
                CHECK_EQUAL(ring->tail, before.hwtail);
            }
        }
        ring->head = ring->cur = link.a->tx->hwcur;
        put_packets(link.a, 3, 60);
        CHECK_EQUAL(nm_port_txsync(link.a, 0), 0);
        CHECK_EQUAL(nm_port_rxsync(link.b, 0), 0);
        link.b->rx->ring->head = link.b->rx->ring->cur = link.b->rx->ring->tail;
        CHECK_EQUAL(nm_port_rxsync(link.b, 0), 0);
        CHECK_EQUAL(nm_port_txsync(link.a, 0), 0);
    }
    end_link(link);
}

TEST(rx_heads_past_the_tail_or_moved_back_release_nothing)
{
    struct link link = make_link(8);
    struct netmap_ring *rx = link.b->rx->ring;
    put_packets(link.a, 4, 60);
    nm_port_txsync(link.a, 0);
    nm_port_rxsync(link.b, 0);
    CHECK_EQUAL(rx->tail, 4);
    rx->head = rx->cur = 2;
    CHECK_EQUAL(nm_port_rxsync(link.b, 0), 0);
    const uint32_t bad[] = {0, 1, 5, 6, 7, 8, 0xffffffff};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rx->head = rx->cur = bad[i];
        CHECK_EQUAL(nm_port_rxsync(link.b, 0), -EINVAL);
        CHECK_EQUAL(link.b->rx->hwcur, 2);
        CHECK_EQUAL(link.b->rx->hwtail, 4);
    }
    rx->head = 3;
    rx->cur = 2;
    CHECK_EQUAL(nm_port_rxsync(link.b, 0), -EINVAL);
    rx->cur = 4; /* "wake me on more" is allowed */
    CHECK_EQUAL(nm_port_rxsync(link.b, 0), 0);
    CHECK_EQUAL(link.b->rx->hwcur, 3);
    end_link(link);
}

TEST(an_overwritten_tail_is_put_back)
{
    struct link link = make_link(8);
    link.a->tx->ring->tail = 3;
    CHECK_EQUAL(nm_port_txsync(link.a, 0), 0);
    CHECK_EQUAL(link.a->tx->ring->tail, 7);
    link.b->rx->ring->tail = 0xdeadbeef;
    CHECK_EQUAL(nm_port_rxsync(link.b, 0), 0);
    CHECK_EQUAL(link.b->rx->ring->tail, 0);
    end_link(link);
}

TEST(reinit_clears_slots_that_name_no_buffer_or_are_too_long)
{
    struct link link = make_link(8);
    struct netmap_ring *ring = link.a->tx->ring;
    uint32_t mine[5];
    for (unsigned i = 0; i < 5; i++)
        mine[i] = ring->slot[i].buf_idx;
    ring->slot[0].buf_idx = 0;
    ring->slot[1].buf_idx = 1;
    ring->slot[2].buf_idx = link.region->n_buffers;
    ring->slot[3].len = (uint16_t)(link.region->buffer_size + 1);
    ring->head = 1000;
    CHECK_EQUAL(nm_port_txsync(link.a, 0), -EINVAL);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQUAL(ring->slot[i].buf_idx, 0);
        CHECK_EQUAL(ring->slot[i].len, 0);
    }
    CHECK_EQUAL(ring->slot[3].buf_idx, mine[3]);
    CHECK_EQUAL(ring->slot[3].len, 0);
    CHECK_EQUAL(ring->slot[4].len, link.region->buffer_size);
    CHECK_EQUAL(ring->head, 0);
    for (unsigned i = 0; i < 3; i++)
        ring->slot[i].buf_idx = mine[i];
    end_link(link);
}

TEST(bad_slots_arrive_empty_and_are_counted_by_reason)
{
    struct link link = make_link(16);
    struct netmap_ring *tx = link.a->tx->ring, *rx = link.b->rx->ring;
    uint32_t mine[3] = {tx->slot[0].buf_idx, tx->slot[1].buf_idx, tx->slot[2].buf_idx};
    put_packets(link.a, 8, 60);
    tx->slot[0].buf_idx = 0;
    tx->slot[1].buf_idx = 1;
    tx->slot[2].buf_idx = 0xffffffff;
    tx->slot[3].len = (uint16_t)(link.region->buffer_size - NM_HEADROOM + 1);
    tx->slot[4].ptr = link.region->buffer_size - 59;
    tx->slot[5].flags = NS_INDIRECT;
    tx->slot[6].ptr = UINT64_MAX << 16 | 100; /* only the bits of offset_mask count */
    CHECK_EQUAL(nm_port_txsync(link.a, 0), 0);
    CHECK_EQUAL(link.a->tx->packets, 2);
    CHECK_EQUAL(link.a->tx->drops, 6);
    CHECK_EQUAL(link.a->tx->drops_by[NM_DROP_INDEX], 3);
    CHECK_EQUAL(link.a->tx->drops_by[NM_DROP_LENGTH], 3);
    CHECK_EQUAL(nm_port_rxsync(link.b, 0), 0);
    CHECK_EQUAL(rx->tail, 8);
    for (unsigned i = 0; i < 8; i++) {
        CHECK_EQUAL(rx->slot[i].len, i < 6 ? 0 : 60);
        CHECK(rx->slot[i].buf_idx >= 2 && rx->slot[i].buf_idx < link.region->n_buffers);
    }
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQUAL(rx->slot[i].buf_idx, mine[i]);
    end_link(link);
}

TEST(a_receiver_cannot_give_the_sender_a_bad_buffer)
{
    struct link link = make_link(8);
    struct netmap_ring *tx = link.a->tx->ring, *rx = link.b->rx->ring;
    put_packets(link.a, 3, 60);
    nm_port_txsync(link.a, 0);
    nm_port_rxsync(link.b, 0);
    rx->slot[0].buf_idx = 0xffffffff;
    rx->slot[1].ptr = UINT64_MAX;
    rx->slot[2].buf_idx = 1;
    rx->head = rx->cur = 3;
    CHECK_EQUAL(nm_port_rxsync(link.b, 0), 0);
    CHECK_EQUAL(link.b->rx->drops_by[NM_DROP_INDEX], 2);
    CHECK_EQUAL(nm_port_txsync(link.a, 0), 0);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(tx->slot[i].buf_idx >= 2 && tx->slot[i].buf_idx < link.region->n_buffers);
        CHECK_EQUAL(tx->slot[i].ptr, NM_HEADROOM);
    }
    end_link(link);
}

/* A program that scribbles over both rings while the provider works: random words, everywhere. */
struct scribbler {
    struct netmap_ring *rings[2];
    uint64_t random;
    bool stop;
};

__attribute__((no_sanitize("address", "undefined"))) static void scribble_once(struct scribbler *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    struct netmap_ring *ring = s->rings[s->random & 1];
    uint32_t value = (s->random >> 60) < 8 ? (uint32_t)(s->random >> 8) % 40 : (uint32_t)(s->random >> 8);
    unsigned which = (unsigned)(s->random >> 40) % 80;
    if (which >= 70)
        ring->cur = ring->head = ring->tail; /* now and then what a program should do */
    else if (which < 6)
        __atomic_store_n((uint32_t *)ring + 2 + which, value, __ATOMIC_RELAXED);
    else
        __atomic_store_n((uint32_t *)&ring->slot[0] + (which - 6) % 64, value, __ATOMIC_RELAXED);
}

static void *scribble(void *argument)
{
    struct scribbler *s = argument;
    while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED))
        scribble_once(s);
    return NULL;
}

static void sync_both(struct link link)
{
    int sent = nm_port_txsync(link.a, 0), received = nm_port_rxsync(link.b, 0);
    CHECK(sent == 0 || sent == -EINVAL);
    CHECK(received == 0 || received == -EINVAL);
    for (unsigned end = 0; end < 2; end++) {
        struct nm_ring *ring = end ? link.b->rx : link.a->tx;
        CHECK(ring->hwcur < 16 && ring->hwtail < 16 && ring->n_slots == 16);
    }
}

TEST(a_scribbling_program_harms_nobody_else)
{
    struct link link = make_link(16);
    struct netmap_ring *tx = link.a->tx->ring, *rx = link.b->rx->ring;
    struct scribbler between = {.rings = {tx, rx}, .random = 1}, beside = {.rings = {tx, rx}, .random = 2};
    uint32_t in_use = nm_region_in_use(link.region);
    for (unsigned i = 0; i < 200000; i++) {
        scribble_once(&between);
        sync_both(link);
    }
    CHECK(link.a->tx->packets > 1000);
    CHECK(link.a->tx->drops > 1000);
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, scribble, &beside), 0);
    for (unsigned i = 0; i < 200000; i++)
        sync_both(link);
    __atomic_store_n(&beside.stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    CHECK_EQUAL(nm_region_in_use(link.region), in_use);
    nm_port_close(link.a);
    nm_port_close(link.b);
    CHECK(nm_region_in_use(link.region) <=
          in_use); /* the scribbler's own buffers may be lost, never made twice */
    nm_region_destroy(link.region);
}
