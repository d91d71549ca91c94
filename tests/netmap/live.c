/* The netmap ports over a real netmap: the kernel's (NM_PROVIDER=kernel) or the user-space provider
 * (NM_PROVIDER=user). Network interfaces are tried where NM_VETH names a veth pair "A,B", both up, offloads
 * off, A with the address 10.99.0.1/24. */
#include <poll.h>
#include <time.h>

#include "../../native/ports/netmap/bridge.h"
#include "../../native/ports/netmap/netmap.h"
#include "../native/check.h"
#include "pipeline.h"

#define SKIPPED 77

static const struct nm_port_options both = {.read = true, .write = true, .buffers = 512};

static const struct nm_netmap_calls *calls(void)
{
    const char *wanted = getenv("NM_PROVIDER");
    return wanted && strcmp(wanted, "user") == 0 ? &nm_user_calls : &nm_kernel_calls;
}

static bool is_kernel(void)
{
    return calls() == &nm_kernel_calls;
}

static const char *spec_of(char *spec, size_t size, const char *format)
{
    snprintf(spec, size, format, (unsigned)getpid() % 100000);
    return spec;
}

/* A name of this process alone: %u is its number. */
#define NAMED(format) spec_of((char[96]){0}, 96, format)

static struct nm_port *try_open(const char *spec, struct nm_region *region, char *error)
{
    return nm_netmap_open(calls(), spec, region, &both, error, 512);
}

static struct nm_port *open_in(const char *spec, struct nm_region *region)
{
    char error[512] = "";
    struct nm_port *port = try_open(spec, region, error);
    if (!port)
        fprintf(stderr, "%s\n", error);
    CHECK(port);
    printf("%s: %s%s\n", spec, port->note, nm_bridge_inner(port) == port ? "" : ", bridged");
    if (port->advice)
        printf("%s\n", port->advice);
    return port;
}

struct pipeline {
    struct nm_region *region;
    struct worker w;
};

static struct pipeline start_in(struct nm_region *region)
{
    nm_region_hold(region);
    return (struct pipeline){region, make_worker(region)};
}

static void end(struct pipeline *p)
{
    end_worker(&p->w, p->region);
    CHECK_EQUAL(nm_region_in_use(p->region), 0);
    nm_region_destroy(p->region);
}

/* An Ethernet frame from station `from` to `to` (255: broadcast) with a number in it. */
static struct packet make_frame(struct worker *w, uint8_t from, uint8_t to, uint32_t number, uint32_t length)
{
    struct packet p;
    CHECK(packet_new(w, NM_HEADROOM, length, &p));
    for (uint32_t i = 0; i < length; i++)
        p.data[i] = (uint8_t)(number + i);
    memset(p.data, to == 255 ? 255 : 2, 12);
    if (to != 255)
        p.data[5] = to;
    memset(p.data + 6, 2, 6);
    p.data[11] = from;
    p.data[12] = 0x88; /* local experiment: no stack answers it */
    p.data[13] = 0xb5;
    store_u32(p.data + 14, number);
    return p;
}

static bool is_frame(const struct packet *p)
{
    return p->length >= 18 && p->data[12] == 0x88 && p->data[13] == 0xb5;
}

static void check_frame(const struct packet *p, uint32_t number, uint32_t length)
{
    CHECK_EQUAL(p->length, length);
    CHECK_EQUAL(load_u32(p->data + 14), number);
    for (uint32_t i = 18; i < length; i++)
        CHECK_EQUAL(p->data[i], (uint8_t)(number + i));
}

static bool send_frame(struct worker *w, struct nm_port *port, unsigned ring, struct packet p)
{
    if (!ring_room(port, ring)) {
        packet_free(w, &p);
        return false;
    }
    ring_send(w, &port->tx[ring], &p);
    CHECK_EQUAL(nm_port_txsync(port, ring), 0);
    return true;
}

static int64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Sleeps until there is something, as workers do. */
static int wait_for(struct nm_port *port, unsigned ring, short events, int timeout)
{
    int fd = port->ops->wait(port, ring, &events);
    CHECK(fd >= 0);
    struct pollfd polled = {.fd = fd, .events = events};
    return poll(&polled, 1, timeout);
}

/* The next of our frames on any ring; false after `timeout` ms. */
static bool next_frame(struct worker *w, struct nm_port *port, struct packet *p, int timeout)
{
    struct ring_losses losses = {0};
    for (int64_t until = milliseconds() + timeout;;) {
        for (unsigned ring = 0; ring < port->n_rx_rings; ring++)
            while (ring_available(port, ring)) {
                CHECK_EQUAL(ring_receive(w, port, ring, p, 1, false, &losses), 1);
                if (is_frame(p))
                    return true;
                packet_free(w, p);
            }
        if (milliseconds() >= until)
            return false;
        wait_for(port, 0, POLLIN, 10);
    }
}

TEST(vale_ports_of_one_pipeline_share_their_memory)
{
    struct nm_port *a = open_in(NAMED("valet%u:a"), NULL);
    struct pipeline p = start_in(a->region);
    struct nm_port *b = open_in(NAMED("valet%u:b"), a->region);
    CHECK(b->ops == &nm_netmap_ops && b->region == a->region);
    struct packet packet;
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t length = 60 + i % 1400;
        CHECK(send_frame(&p.w, a, 0, make_frame(&p.w, 1, i % 2 ? 2 : 255, i, length)));
        CHECK(next_frame(&p.w, b, &packet, 2000));
        check_frame(&packet, i, length);
        CHECK(send_frame(&p.w, b, 0, make_frame(&p.w, 2, 1, i, 60)));
        packet_free(&p.w, &packet);
        CHECK(next_frame(&p.w, a, &packet, 2000));
        check_frame(&packet, i, 60);
        packet_free(&p.w, &packet);
    }
    CHECK_EQUAL(a->tx->packets, 3000);
    CHECK_EQUAL(a->rx->packets, 3000);
    CHECK_EQUAL(a->rx->bytes, 180000);
    CHECK_EQUAL(b->rx->packets, 3000);
    nm_port_close(b);
    nm_port_close(a);
    end(&p);
}

TEST(a_vale_port_of_other_memory_is_bridged)
{
    struct nm_region *region = make_region(8192);
    struct nm_port *a = open_in(NAMED("valet%u:a"), region), *b = open_in(NAMED("valet%u:b"), region);
    CHECK(nm_bridge_inner(a) != a && nm_bridge_inner(b) != b);
    struct packet packet;
    struct pipeline p = start_in(region);
    nm_region_destroy(region);
    for (uint32_t i = 0; i < 3000; i++) {
        CHECK(send_frame(&p.w, a, 0, make_frame(&p.w, 1, 255, i, 60 + i % 1400)));
        CHECK(next_frame(&p.w, b, &packet, 2000));
        check_frame(&packet, i, 60 + i % 1400);
        packet_free(&p.w, &packet);
    }
    nm_port_close(b);
    nm_port_close(a);
    end(&p);
}

static void fill_and_drain(struct pipeline *p, struct nm_port *master, struct nm_port *slave)
{
    struct packet packet;
    uint32_t sent = 0, got = 0;
    for (unsigned round = 0; round < 3; round++) {
        while (send_frame(&p->w, master, 0, make_frame(&p->w, 1, 2, sent, 60 + sent % 1400)))
            sent++;
        CHECK_EQUAL(wait_for(master, 0, POLLOUT, 0), 0);
        CHECK(sent >= got + 16);
        for (uint32_t half = (sent - got) / 2; half; half--, got++) {
            CHECK(next_frame(&p->w, slave, &packet, 2000));
            check_frame(&packet, got, 60 + got % 1400);
            packet_free(&p->w, &packet);
        }
        nm_port_rxsync(nm_bridge_inner(slave), 0);
        CHECK_EQUAL(wait_for(master, 0, POLLOUT, 2000), 1);
    }
    while (got < sent && next_frame(&p->w, slave, &packet, 2000)) {
        check_frame(&packet, got, 60 + got % 1400);
        got++;
        packet_free(&p->w, &packet);
    }
    CHECK_EQUAL(got, sent);
}

TEST(pipes_lose_nothing_and_push_back)
{
    struct nm_region *region = make_region(8192);
    struct nm_port *master = open_in(NAMED("netmap:nmt%u{1@conf:slots=64"), region);
    struct nm_port *slave = open_in(NAMED("netmap:nmt%u}1"), region);
    struct pipeline p = start_in(region);
    nm_region_destroy(region);
    fill_and_drain(&p, master, slave);
    fill_and_drain(&p, slave, master);
    nm_port_close(slave);
    nm_port_close(master);
    end(&p);
}

TEST(packets_in_several_slots_arrive_as_one)
{
    struct nm_port *a = open_in(NAMED("valet%u:a"), NULL);
    struct pipeline p = start_in(a->region);
    struct nm_port *b = open_in(NAMED("valet%u:b"), a->region);
    struct packet packet;
    for (uint32_t i = 0; i < 1000; i++) {
        struct netmap_ring *ring = a->tx->ring;
        uint8_t *parts[3];
        CHECK(ring_room(a, 0) >= 3);
        struct packet whole = make_frame(&p.w, 1, 255, i, 1500);
        for (unsigned k = 0; k < 3; k++) {
            struct netmap_slot *slot = &ring->slot[ring->head];
            slot->ptr = 0;
            parts[k] = netmap_buffer(ring, slot->buf_idx);
            memcpy(parts[k], whole.data + 500 * k, 500);
            slot->len = 500;
            slot->flags = k < 2 ? NS_MOREFRAG : 0;
            ring->head = ring->cur = ring->head + 1 == a->tx->n_slots ? 0 : ring->head + 1;
        }
        packet_free(&p.w, &whole);
        CHECK_EQUAL(nm_port_txsync(a, 0), 0);
        CHECK(send_frame(&p.w, a, 0, make_frame(&p.w, 1, 255, i, 99)));
        CHECK(next_frame(&p.w, b, &packet, 2000));
        check_frame(&packet, i, 1500);
        packet_free(&p.w, &packet);
        CHECK(next_frame(&p.w, b, &packet, 2000));
        check_frame(&packet, i, 99);
        packet_free(&p.w, &packet);
    }
    CHECK_EQUAL(b->rx->drops, 0);
    nm_port_close(b);
    nm_port_close(a);
    end(&p);
}

TEST(waiting_ends_when_a_packet_comes)
{
    struct nm_port *a = open_in(NAMED("valet%u:a"), NULL);
    struct pipeline p = start_in(a->region);
    struct nm_port *b = open_in(NAMED("valet%u:b"), a->region);
    struct packet packet;
    CHECK_EQUAL(wait_for(b, 0, POLLIN, 20), 0);
    for (uint32_t i = 0; i < 50; i++) {
        CHECK(send_frame(&p.w, a, 0, make_frame(&p.w, 1, 255, i, 60)));
        CHECK_EQUAL(wait_for(b, 0, POLLIN, 2000), 1);
        CHECK(next_frame(&p.w, b, &packet, 0));
        check_frame(&packet, i, 60);
        packet_free(&p.w, &packet);
        CHECK(!ring_available(b, 0));
        CHECK_EQUAL(wait_for(b, 0, POLLIN, 0), 0);
    }
    nm_port_close(b);
    nm_port_close(a);
    end(&p);
}

TEST(each_of_several_rings_works_alone)
{
    struct nm_port *a = open_in(NAMED("valet%u:a@conf:rings=3"), NULL);
    struct pipeline p = start_in(a->region);
    CHECK_EQUAL(a->n_rx_rings, 3);
    CHECK_EQUAL(a->n_tx_rings, 3);
    struct nm_port *one = open_in(NAMED("valet%u:a-1"), a->region);
    CHECK_EQUAL(one->n_rx_rings, 1);
    CHECK_EQUAL(one->rx->ring_id, 1);
    nm_port_close(one);
    struct nm_port *b = open_in(NAMED("valet%u:b@conf:rings=3"), a->region);
    struct packet packet;
    for (uint32_t i = 0; i < 300; i++) {
        CHECK(send_frame(&p.w, a, i % 3, make_frame(&p.w, 1, 255, i, 60)));
        CHECK(next_frame(&p.w, b, &packet, 2000));
        check_frame(&packet, i, 60);
        packet_free(&p.w, &packet);
    }
    nm_port_close(b);
    nm_port_close(a);
    end(&p);
}

TEST(a_port_that_is_open_is_not_opened_alone)
{
    char error[512], want[512];
    struct nm_port *a = open_in(NAMED("valet%u:a"), NULL);
    struct pipeline p = start_in(a->region);
    const char *spec = NAMED("valet%u:a/x");
    CHECK(!try_open(spec, a->region, error));
    snprintf(want, sizeof want, "%s: another program has it open; '/x' wants it alone", spec);
    CHECK(strcmp(error, want) == 0);
    spec = NAMED("valet%u:a^");
    CHECK(!try_open(spec, a->region, error));
    snprintf(want, sizeof want, "%s: host rings belong to network interfaces; this is a port in software",
             spec);
    CHECK(strcmp(error, want) == 0);
    spec = NAMED("valet%u:a-7");
    CHECK(!try_open(spec, a->region, error));
    snprintf(want, sizeof want, "%s: there is no ring 7", spec);
    CHECK(strcmp(error, want) == 0);
    nm_port_close(a);
    end(&p);
}

TEST(an_interface_that_does_not_exist_is_told)
{
    char error[512];
    CHECK(!try_open("netmap:nothere7", NULL, error));
    const char *want = "netmap:nothere7: there is no network interface 'nothere7'";
    printf("%s\n", error);
    CHECK(strncmp(error, want, strlen(want)) == 0);
}

TEST(buffers_come_back_however_often_ports_are_opened)
{
    uint32_t first = 0;
    for (unsigned i = 0; i < 60; i++) {
        struct nm_port *a =
            nm_netmap_open(calls(), NAMED("valet%u:a@conf:slots=64"), NULL, &both, (char[512]){0}, 512);
        CHECK(a);
        struct pipeline p = start_in(a->region);
        struct nm_port *b =
            nm_netmap_open(calls(), NAMED("valet%u:b@conf:slots=64"), a->region, &both, (char[512]){0}, 512);
        CHECK(b);
        first = first ? first : nm_region_owned(a->region);
        CHECK_EQUAL(nm_region_owned(a->region), first);
        struct packet packet;
        for (uint32_t k = 0; k < 200; k++) {
            CHECK(send_frame(&p.w, a, 0, make_frame(&p.w, 1, 255, k, 60)));
            CHECK(next_frame(&p.w, b, &packet, 2000));
            packet_free(&p.w, &packet);
        }
        nm_port_close(i % 2 ? a : b);
        nm_port_close(i % 2 ? b : a);
        end(&p);
    }
}

/* Interfaces */

static void veth_names(char *a, char *b)
{
    const char *names = getenv("NM_VETH"), *comma = names ? strchr(names, ',') : NULL;
    if (!is_kernel() || !comma)
        exit(SKIPPED);
    snprintf(a, 32, "%.*s", (int)(comma - names), names);
    snprintf(b, 32, "%s", comma + 1);
}

static const char *with(char *spec, const char *name, const char *mark)
{
    snprintf(spec, 64, "netmap:%s%s", name, mark);
    return spec;
}

TEST(two_interfaces_forward_without_a_copy)
{
    char a_name[32], b_name[32], spec[64];
    veth_names(a_name, b_name);
    struct nm_port *a = open_in(with(spec, a_name, ""), NULL);
    struct pipeline p = start_in(a->region);
    struct nm_port *b = open_in(with(spec, b_name, ""), a->region);
    CHECK(b->region == a->region && b->ops == &nm_netmap_ops);
    struct packet packet;
    for (uint32_t i = 0; i < 500; i++) {
        CHECK(send_frame(&p.w, a, 0, make_frame(&p.w, 1, 255, i, 60 + i % 1400)));
        CHECK(next_frame(&p.w, b, &packet, 2000));
        check_frame(&packet, i, 60 + i % 1400);
        CHECK(send_frame(&p.w, b, 0, packet)); /* as it came, in its own buffer */
        CHECK(next_frame(&p.w, a, &packet, 2000));
        check_frame(&packet, i, 60 + i % 1400);
        packet_free(&p.w, &packet);
    }
    CHECK_EQUAL(nm_port_flush(a), 0);
    nm_port_close(b);
    nm_port_close(a);
    end(&p);
}

/* Who has 10.99.0.1? */
static struct packet arp_request(struct worker *w)
{
    static const uint8_t request[42] = {255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0,  9,  8, 6,
                                        0,   1,   8,   0,   6,   4,   0, 1, 2, 0, 0,  0,  0, 9,
                                        10,  99,  0,   2,   0,   0,   0, 0, 0, 0, 10, 99, 0, 1};
    struct packet p;
    CHECK(packet_new(w, NM_HEADROOM, 60, &p));
    memset(p.data, 0, 60);
    memcpy(p.data, request, sizeof request);
    return p;
}

TEST(host_rings_reach_the_machine_and_back)
{
    char a_name[32], b_name[32], spec[64];
    veth_names(a_name, b_name);
    struct nm_port *hardware = open_in(with(spec, a_name, ""), NULL);
    struct pipeline p = start_in(hardware->region);
    struct nm_port *host = open_in(with(spec, a_name, "^"), hardware->region);
    CHECK_EQUAL(host->n_rx_rings, 1);
    CHECK(send_frame(&p.w, host, 0, arp_request(&p.w)));
    struct ring_losses losses = {0};
    struct packet packet;
    bool answered = false;
    for (int64_t until = milliseconds() + 5000; !answered && milliseconds() < until;) {
        wait_for(host, 0, POLLIN, 10);
        while (ring_available(host, 0)) {
            CHECK_EQUAL(ring_receive(&p.w, host, 0, &packet, 1, false, &losses), 1);
            answered |=
                packet.length >= 42 && packet.data[12] == 8 && packet.data[13] == 6 && packet.data[21] == 2;
            packet_free(&p.w, &packet);
        }
    }
    CHECK(answered);
    nm_port_close(host);
    nm_port_close(hardware);
    end(&p);
}

TEST(hardware_and_host_rings_are_one_port)
{
    char a_name[32], b_name[32], spec[64];
    veth_names(a_name, b_name);
    struct nm_port *all = open_in(with(spec, a_name, "*"), NULL);
    struct pipeline p = start_in(all->region);
    CHECK(all->n_rx_rings >= 2 && all->n_rx_rings == all->n_tx_rings);
    CHECK_EQUAL(all->rx[all->n_rx_rings - 1].ring_id, all->n_rx_rings - 1);
    CHECK(send_frame(&p.w, all, all->n_tx_rings - 1u, arp_request(&p.w)));
    nm_port_close(all);
    end(&p);
}
