/* Pipes: nothing lost, nothing copied, two threads, ends that come and go. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "check.h"

#define PACKETS 120000u

static struct nm_port_options both(uint32_t slots)
{
    return (struct nm_port_options){.read = true, .write = true, .ring_slots = slots};
}

static uint32_t next(const struct netmap_ring *ring, uint32_t at)
{
    return at + 1 == ring->num_slots ? 0 : at + 1;
}

/* Sends one packet that holds `number` in a buffer of its own choice. */
static bool send_number(struct nm_port *port, uint64_t number, uint16_t flags)
{
    struct netmap_ring *ring = port->tx->ring;
    if (ring->head == ring->tail)
        return false;
    struct netmap_slot *slot = &ring->slot[ring->head];
    uint16_t length = (uint16_t)(9 + number % 1000);
    uint8_t *data = netmap_buffer(ring, slot->buf_idx) + slot->ptr;
    store_u64(data, number);
    data[length - 1] = (uint8_t)length;
    slot->len = length;
    slot->flags = flags;
    port->tx->meta[ring->head] = (struct nm_slot_meta){.timestamp = number * 3, .wire_length = length + 1u};
    ring->head = ring->cur = next(ring, ring->head);
    return true;
}

static void wait_for(struct nm_port *port, short events)
{
    struct pollfd ready = {.fd = port->ops->wait(port, 0, &events)};
    ready.events = events;
    CHECK(poll(&ready, 1, 5000) == 1);
}

static void *send_all(void *argument)
{
    struct nm_port *port = argument;
    for (uint64_t i = 0; i < PACKETS;) {
        unsigned burst = 0;
        while (i < PACKETS && burst++ < i % 40 + 1 && send_number(port, i, 0))
            i++;
        CHECK_EQUAL(nm_port_txsync(port, 0), 0);
        if (port->tx->ring->head == port->tx->ring->tail)
            wait_for(port, POLLOUT);
        CHECK_EQUAL(nm_port_txsync(port, 0), 0);
    }
    nm_port_close(port);
    return NULL;
}

/* Takes each packet's buffer out of the ring and puts another one in. */
static void receive_all(struct nm_port *port, struct nm_region *region)
{
    uint32_t spare[16];
    unsigned n_spare = nm_region_take(region, spare, 16), turn = 0;
    struct netmap_ring *ring = port->rx->ring;
    uint64_t expected = 0;
    while (!port->finished || ring->head != ring->tail) {
        for (uint32_t at = ring->head; at != ring->tail; at = next(ring, at)) {
            struct netmap_slot *slot = &ring->slot[at];
            const uint8_t *data = netmap_buffer(ring, slot->buf_idx) + slot->ptr;
            CHECK_EQUAL(load_u64(data), expected);
            CHECK_EQUAL(slot->len, 9 + expected % 1000);
            CHECK_EQUAL(data[slot->len - 1], slot->len & 0xff);
            CHECK_EQUAL(port->rx->meta[at].timestamp, expected * 3);
            CHECK_EQUAL(port->rx->meta[at].wire_length, slot->len + 1);
            uint32_t mine = spare[turn];
            spare[turn] = slot->buf_idx;
            turn = (turn + 1) % n_spare;
            slot->buf_idx = mine;
            slot->ptr = nm_buffer_offset(mine);
            slot->flags = NS_BUF_CHANGED;
            expected++;
            ring->head = ring->cur = next(ring, at);
        }
        CHECK_EQUAL(nm_port_rxsync(port, 0), 0);
        if (ring->head == ring->tail && !port->finished)
            wait_for(port, POLLIN);
        CHECK_EQUAL(nm_port_rxsync(port, 0), 0);
    }
    CHECK_EQUAL(expected, PACKETS);
    CHECK_EQUAL(port->rx->packets, PACKETS);
    CHECK_EQUAL(nm_region_give(region, spare, n_spare), n_spare);
}

TEST(two_threads_lose_nothing_and_keep_order)
{
    struct nm_region *region = make_region(600);
    struct nm_port *a = make_port("pipe:x{1", region, both(64)), *b = make_port("pipe:x}1", region, both(64));
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, send_all, a), 0);
    receive_all(b, region);
    pthread_join(thread, NULL);
    CHECK_EQUAL(b->rx->drops, 0);
    nm_port_close(b);
    end_region(region);
}

TEST(packets_change_sides_without_being_copied)
{
    struct nm_region *region = make_region(100);
    struct nm_port *a = make_port("pipe:x{1", region, both(8)), *b = make_port("pipe:x}1", region, both(8));
    uint32_t buffer = a->tx->ring->slot[0].buf_idx;
    CHECK_EQUAL(b->rx->ring->slot[0].buf_idx, buffer);
    send_number(a, 7, NS_REPORT);
    nm_port_txsync(a, 0);
    nm_port_rxsync(b, 0);
    CHECK_EQUAL(b->rx->ring->slot[0].buf_idx, buffer);
    CHECK_EQUAL(b->rx->ring->slot[0].flags, NS_REPORT);
    CHECK_EQUAL(b->rx->ring->tail, 1);
    nm_port_close(a);
    nm_port_close(b);
    end_region(region);
}

TEST(buffers_that_the_receiver_swapped_in_come_back_to_the_sender)
{
    struct nm_region *region = make_region(100);
    struct nm_port *a = make_port("pipe:x{1", region, both(4)), *b = make_port("pipe:x}1", region, both(4));
    uint32_t mine;
    nm_region_take(region, &mine, 1);
    send_number(a, 7, 0);
    nm_port_txsync(a, 0);
    nm_port_rxsync(b, 0);
    uint32_t theirs = b->rx->ring->slot[0].buf_idx;
    b->rx->ring->slot[0].buf_idx = mine;
    b->rx->ring->head = b->rx->ring->cur = 1;
    nm_port_rxsync(b, 0);
    nm_port_txsync(a, 0);
    CHECK_EQUAL(a->tx->ring->slot[0].buf_idx, mine);
    CHECK_EQUAL(a->tx->ring->slot[0].flags, NS_BUF_CHANGED);
    CHECK_EQUAL(a->tx->ring->tail, 0);
    nm_region_give(region, &theirs, 1);
    nm_port_close(a);
    nm_port_close(b);
    end_region(region);
}

TEST(a_full_ring_waits_for_the_reader_in_both_directions)
{
    struct nm_region *region = make_region(100);
    struct nm_port *a = make_port("pipe:x{1", region, both(8)), *b = make_port("pipe:x}1", region, both(8));
    struct nm_port *ends[2] = {a, b};
    for (unsigned i = 0; i < 2; i++) {
        struct nm_port *from = ends[i], *to = ends[!i];
        unsigned sent = 0;
        for (unsigned turn = 0; turn < 3; turn++) {
            while (send_number(from, sent, 0))
                sent++;
            nm_port_txsync(from, 0);
        }
        CHECK_EQUAL(sent, 7);
        nm_port_rxsync(to, 0);
        CHECK_EQUAL(to->rx->ring->tail, 7);
        to->rx->ring->head = to->rx->ring->cur = 3;
        nm_port_rxsync(to, 0);
        nm_port_txsync(from, 0);
        CHECK_EQUAL(from->tx->ring->tail, 2);
    }
    nm_port_close(b);
    nm_port_close(a);
    end_region(region);
}

TEST(fragments_are_published_when_the_packet_is_complete)
{
    struct nm_region *region = make_region(100);
    struct nm_port *a = make_port("pipe:x{1", region, both(8)), *b = make_port("pipe:x}1", region, both(8));
    send_number(a, 1, 0);
    send_number(a, 2, NS_MOREFRAG);
    nm_port_txsync(a, 0);
    nm_port_rxsync(b, 0);
    CHECK_EQUAL(b->rx->ring->tail, 1);
    send_number(a, 3, NS_MOREFRAG);
    send_number(a, 4, 0);
    nm_port_txsync(a, 0);
    nm_port_rxsync(b, 0);
    CHECK_EQUAL(b->rx->ring->tail, 4);
    CHECK_EQUAL(b->rx->ring->slot[1].flags, NS_MOREFRAG);
    CHECK_EQUAL(b->rx->packets, 2);
    nm_port_close(a);
    nm_port_close(b);
    end_region(region);
}

TEST(an_end_is_opened_once_and_can_come_back)
{
    struct nm_region *region = make_region(100);
    struct nm_port *a = make_port("pipe:x{1", region, both(8)), *b = make_port("pipe:x}1", region, both(8));
    char error[256];
    struct nm_port_options options = both(8);
    CHECK(!nm_port_open("pipe:x{1", region, &options, error, sizeof error));
    CHECK(strcmp(error, "pipe:x{1: this end of the pipe is open already") == 0);
    send_number(a, 5, 0);
    nm_port_txsync(a, 0);
    send_number(a, 6, 0); /* never synced */
    nm_port_close(a);
    nm_port_rxsync(b, 0);
    CHECK(b->finished);
    CHECK_EQUAL(b->rx->ring->tail, 1);
    a = make_port("pipe:x{1", region, both(8));
    nm_port_rxsync(b, 0);
    CHECK(!b->finished);
    send_number(a, 7, 0);
    nm_port_txsync(a, 0);
    nm_port_rxsync(b, 0);
    CHECK_EQUAL(b->rx->ring->tail, 2);
    CHECK_EQUAL(load_u64(netmap_buffer(b->rx->ring, b->rx->ring->slot[1].buf_idx) + NM_HEADROOM), 7);
    nm_port_close(b);
    nm_port_close(a);
    end_region(region);
}

TEST(pipes_of_other_names_are_other_pipes)
{
    struct nm_region *region = make_region(300);
    struct nm_port *ends[6] = {
        make_port("pipe:x{1", region, both(8)), make_port("pipe:x}2", region, both(8)),
        make_port("pipe:y}1", region, both(8)), make_port("pipe:x}1", region, both(8)),
        make_port("pipe:x{2", region, both(8)), make_port("pipe:y{1", region, both(8)),
    };
    for (unsigned i = 0; i < 6; i++)
        send_number(ends[i], i, 0);
    for (unsigned i = 0; i < 6; i++)
        nm_port_txsync(ends[i], 0);
    const unsigned peer[6] = {3, 4, 5, 0, 1, 2};
    for (unsigned i = 0; i < 6; i++) {
        nm_port_rxsync(ends[i], 0);
        CHECK_EQUAL(ends[i]->rx->ring->tail, 1);
        struct netmap_slot *slot = &ends[i]->rx->ring->slot[0];
        CHECK_EQUAL(load_u64(netmap_buffer(ends[i]->rx->ring, slot->buf_idx) + slot->ptr), peer[i]);
    }
    for (unsigned i = 0; i < 6; i++)
        nm_port_close(ends[i]);
    end_region(region);
}

TEST(every_way_to_close_gives_all_buffers_back)
{
    for (unsigned way = 0; way < 24; way++) {
        struct nm_region *region = make_region(100);
        struct nm_port *a = make_port("pipe:x{1", region, both(8)),
                       *b = make_port("pipe:x}1", region, both(8));
        for (unsigned i = 0; i < 5; i++)
            send_number(a, i, 0);
        if (way & 1)
            nm_port_txsync(a, 0);
        if (way & 2)
            nm_port_rxsync(b, 0);
        uint32_t theirs = 0;
        if ((way & 3) == 3 && (way & 4)) {
            struct netmap_slot *slot = &b->rx->ring->slot[0];
            uint32_t mine;
            nm_region_take(region, &mine, 1);
            theirs = slot->buf_idx;
            slot->buf_idx = mine;
            b->rx->ring->head = b->rx->ring->cur = 1;
            if (way & 8)
                nm_port_rxsync(b, 0);
        }
        nm_port_close(way & 16 ? b : a);
        nm_port_close(way & 16 ? a : b);
        if (theirs)
            CHECK_EQUAL(nm_region_give(region, &theirs, 1), 1);
        end_region(region);
    }
}

TEST(wait_returns_at_once_when_something_came_before_it)
{
    struct nm_region *region = make_region(100);
    struct nm_port *a = make_port("pipe:x{1", region, both(8)), *b = make_port("pipe:x}1", region, both(8));
    short events = POLLIN;
    struct pollfd ready = {.fd = b->ops->wait(b, 0, &events), .events = POLLIN};
    CHECK_EQUAL(poll(&ready, 1, 0), 0);
    send_number(a, 1, 0);
    nm_port_txsync(a, 0);
    CHECK_EQUAL(poll(&ready, 1, 0), 1);
    nm_port_rxsync(b, 0);
    events = POLLIN;
    b->ops->wait(b, 0, &events);
    CHECK_EQUAL(poll(&ready, 1, 0), 0);
    send_number(a, 2, 0);
    nm_port_txsync(a, 0);
    events = POLLIN;
    b->ops->wait(b, 0, &events);
    CHECK_EQUAL(poll(&ready, 1, 0), 1);
    nm_port_rxsync(b, 0);
    events = POLLIN;
    b->ops->wait(b, 0, &events);
    nm_port_close(a);
    CHECK_EQUAL(poll(&ready, 1, 0), 1);
    nm_port_close(b);
    end_region(region);
}
