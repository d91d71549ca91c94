/* replay: from a file of the test's own making. */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define PACKETS 37u

static char path[512];

static uint32_t length_of(uint32_t packet)
{
    return packet * 29 % 300 +
           (packet % 5 == 0 ? 0 : 1); /* one empty, some of 64, most not multiples of it */
}

static uint8_t byte_of(uint32_t packet, uint32_t at)
{
    return (uint8_t)(packet * 7 + at * 13);
}

static void write_file(uint32_t packets)
{
    snprintf(path, sizeof path, "%s/replay-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    const uint32_t header[6] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 65535, 1};
    fwrite(header, sizeof header, 1, file);
    for (uint32_t i = 0; i < packets; i++) {
        const uint32_t record[4] = {1000 + i, i, length_of(i), length_of(i) + 5};
        fwrite(record, sizeof record, 1, file);
        for (uint32_t at = 0; at < length_of(i); at++)
            fputc(byte_of(i, at), file);
    }
    fclose(file);
}

static struct nm_port *open_replay(struct nm_region *region, const char *options, uint32_t slots)
{
    char spec[600];
    snprintf(spec, sizeof spec, "replay:%s%s", path, options);
    struct nm_port *port =
        make_port(spec, region, (struct nm_port_options){.read = true, .ring_slots = slots});
    unlink(path);
    return port;
}

/* Checks each packet, then destroys it and everything behind it in its buffer; returns how many came. */
static uint64_t consume(struct nm_port *port, struct nm_region *region, uint64_t stop_after)
{
    struct netmap_ring *ring = port->rx->ring;
    uint32_t spare[8];
    unsigned n_spare = nm_region_take(region, spare, 8), turn = 0;
    uint64_t n = 0;
    while (n < stop_after) {
        CHECK_EQUAL(nm_port_rxsync(port, 0), 0);
        if (ring->head == ring->tail) {
            CHECK(port->finished);
            break;
        }
        uint32_t burst = (uint32_t)(n % 11) + 1;
        for (; burst > 0 && ring->head != ring->tail; burst--, n++) {
            struct netmap_slot *slot = &ring->slot[ring->head];
            uint8_t *data = netmap_buffer(ring, slot->buf_idx) + slot->ptr;
            uint32_t packet = (uint32_t)(n % PACKETS);
            CHECK_EQUAL(slot->len, length_of(packet));
            CHECK_EQUAL(slot->flags, 0);
            for (uint32_t at = 0; at < slot->len; at++)
                CHECK_EQUAL(data[at], byte_of(packet, at));
            memset(netmap_buffer(ring, slot->buf_idx), 0xee, ring->nr_buf_size);
            uint32_t other = spare[turn];
            spare[turn] = slot->buf_idx;
            turn = (turn + 1) % n_spare;
            slot->buf_idx = other;
            slot->ptr = nm_buffer_offset(other);
            slot->flags = NS_BUF_CHANGED;
            ring->head = ring->cur = ring->head + 1 == ring->num_slots ? 0 : ring->head + 1;
        }
    }
    CHECK_EQUAL(nm_region_give(region, spare, n_spare), n_spare);
    return n;
}

static uint64_t replay(const char *options, uint32_t slots, uint64_t stop_after)
{
    write_file(PACKETS);
    struct nm_region *region = make_region(500);
    struct nm_port *port = open_replay(region, options, slots);
    uint64_t n = consume(port, region, stop_after);
    CHECK(port->rx->packets >= n);
    nm_port_close(port);
    end_region(region);
    return n;
}

TEST(every_packet_is_restored_before_it_is_sent_again)
{
    CHECK(replay("", 0, 20000) >= 20000);
    CHECK(replay("", 3, 2000) >= 2000);
    CHECK(replay("", 64, 5000) >= 5000);
}

TEST(loops_and_limit_end_it_exactly)
{
    CHECK_EQUAL(replay(",loops=1", 0, 1000000), PACKETS);
    CHECK_EQUAL(replay(",loops=7", 16, 1000000), 7 * PACKETS);
    CHECK_EQUAL(replay(",loops=0", 16, 1000000), 0);
    CHECK_EQUAL(replay(",limit=1", 16, 1000000), 1);
    CHECK_EQUAL(replay(",limit=1000", 16, 1000000), 1000);
    CHECK_EQUAL(replay(",limit=74", 0, 1000000), 74);
    CHECK_EQUAL(replay(",loops=3,limit=1000", 16, 1000000), 3 * PACKETS);
    CHECK_EQUAL(replay(",limit=50,loops=3", 16, 1000000), 50);
    CHECK_EQUAL(replay(",limit=18446744073709551615,loops=2", 16, 1000000), 2 * PACKETS);
}

TEST(time_ends_it)
{
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    uint64_t n = replay(",time=0.05", 0, UINT64_MAX);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    CHECK(n > PACKETS);
    CHECK(seconds >= 0.05);
}

TEST(an_empty_file_is_finished_at_once)
{
    write_file(0);
    struct nm_region *region = make_region(500);
    struct nm_port *port = open_replay(region, "", 0);
    CHECK(port->finished);
    CHECK_EQUAL(nm_port_rxsync(port, 0), 0);
    CHECK_EQUAL(port->rx->ring->tail, 0);
    CHECK(port->finished);
    nm_port_close(port);
    end_region(region);
}

TEST(slots_without_a_buffer_lose_no_packet)
{
    write_file(PACKETS);
    struct nm_region *region = make_region(500);
    struct nm_port *port = open_replay(region, ",loops=1", 64);
    struct netmap_ring *ring = port->rx->ring;
    uint32_t mine[3] = {ring->slot[1].buf_idx, ring->slot[2].buf_idx, ring->slot[3].buf_idx};
    ring->slot[1].buf_idx = 1;
    ring->slot[2].buf_idx = region->n_buffers;
    ring->slot[3].ptr = NM_HEADROOM + 1;
    CHECK_EQUAL(nm_port_rxsync(port, 0), 0);
    CHECK_EQUAL(ring->tail, PACKETS + 3);
    CHECK_EQUAL(port->rx->packets, PACKETS);
    CHECK_EQUAL(port->rx->drops_by[NM_DROP_INDEX], 2);
    CHECK_EQUAL(port->rx->drops_by[NM_DROP_LENGTH], 1);
    CHECK_EQUAL(ring->slot[2].len, 0);
    CHECK_EQUAL(ring->slot[4].len, length_of(1));
    ring->slot[1].buf_idx = mine[0];
    ring->slot[2].buf_idx = mine[1];
    nm_port_close(port);
    end_region(region);
}

TEST(bad_options_are_told)
{
    struct nm_region *region = make_region(500);
    struct nm_port_options options = {.read = true};
    char error[256];
    CHECK(!nm_port_open("replay:f,loops=x", region, &options, error, sizeof error));
    CHECK(strcmp(error, "replay:f,loops=x: 'x' is no number of loops or packets") == 0);
    CHECK(!nm_port_open("replay:f,time=1s,loops=3", region, &options, error, sizeof error));
    CHECK(strcmp(error, "replay:f,time=1s,loops=3: '1s' is no number of seconds") == 0);
    CHECK(!nm_port_open("replay:f,limit=-1", region, &options, error, sizeof error));
    CHECK(strcmp(error, "replay:f,limit=-1: '-1' is no number of loops or packets") == 0);
    CHECK(!nm_port_open("replay:f,limit=99999999999999999999", region, &options, error, sizeof error));
    CHECK(!nm_port_open("replay:/nowhere/x,speed=3", region, &options, error, sizeof error));
    CHECK(strcmp(error, "replay:/nowhere/x,speed=3: No such file or directory") == 0);
    options = (struct nm_port_options){.write = true};
    CHECK(!nm_port_open("replay:f", region, &options, error, sizeof error));
    CHECK(strcmp(error, "replay:f: a replayed file cannot be written; 'pcap:FILE' can") == 0);
    end_region(region);
}
