/* The netmap ports over a netmap that records its calls and whose rings the test plays. */
#include "../../native/ports/netmap/bridge.h"
#include "../../native/ports/netmap/netmap.h"
#include "../native/check.h"
#include "fake.h"

#include "pipeline.h"

static const struct nm_port_options both = {.read = true, .write = true, .buffers = 64};

static struct nm_port *open_in(const char *spec, struct nm_region *region, struct nm_port_options options)
{
    char error[512] = "";
    struct nm_port *port = nm_netmap_open(&fake_calls, spec, region, &options, error, sizeof error);
    if (!port)
        fprintf(stderr, "%s\n", error);
    CHECK(port);
    return port;
}

/* A port whose memory becomes the pipeline's. */
static struct nm_port *open_first(const char *spec)
{
    struct nm_port *port = open_in(spec, NULL, both);
    nm_region_hold(port->region);
    return port;
}

static void end_first(struct nm_port *port)
{
    struct nm_region *region = port->region;
    nm_port_close(port);
    CHECK_EQUAL(nm_region_in_use(region), 0);
    nm_region_destroy(region);
    CHECK_EQUAL(fake_in_use(), 0);
    for (int i = 0; i < FAKE_FDS; i++)
        CHECK(!fake.fds[i].open);
    for (unsigned i = 0; i < fake.n_regions; i++)
        CHECK_EQUAL(fake.regions[i].mappings, 0);
}

static void check_log(const char *want)
{
    if (strcmp(fake.log, want) != 0) {
        fprintf(stderr, "calls were\n%sinstead of\n%s", fake.log, want);
        exit(1);
    }
    *fake.log = '\0';
}

static void check_refused(const char *spec, struct nm_region *region, const char *want)
{
    char error[512] = "";
    struct nm_port *port = nm_netmap_open(&fake_calls, spec, region, &both, error, sizeof error);
    CHECK(!port);
    if (strcmp(error, want) != 0) {
        fprintf(stderr, "%s\ninstead of\n%s\n", error, want);
        exit(1);
    }
    CHECK_EQUAL(fake_in_use(), 0);
    for (int i = 0; i < FAKE_FDS; i++)
        CHECK(!fake.fds[i].open);
}

/* Takes everything that waits on receive ring `ring`; the first bytes of the packets. */
static unsigned take(struct worker *w, struct nm_port *port, unsigned ring, char *bytes)
{
    struct packet packets[64];
    struct ring_losses losses = {0};
    unsigned n = ring_receive(w, port, ring, packets, 64, false, &losses);
    for (unsigned i = 0; i < n; i++) {
        bytes[i] = packets[i].length ? (char)packets[i].data[0] : '-';
        for (uint32_t k = 0; k < packets[i].length; k++)
            CHECK_EQUAL(packets[i].data[k], packets[i].data[0]);
        packet_free(w, &packets[i]);
    }
    bytes[n] = '\0';
    CHECK_EQUAL(losses.invalid + losses.no_buffer, 0);
    return n;
}

TEST(one_ring_pair_takes_one_descriptor_and_brings_its_memory)
{
    struct nm_port *port = open_first("netmap:nmfake0");
    check_log("register nmfake0 mode=4 ring=0 flags=20000 mem=0 extra=64 slots=0/0 rings=0/0\n"
              "map 3407872\n");
    CHECK_EQUAL(port->n_tx_rings, 1);
    CHECK_EQUAL(port->n_rx_rings, 1);
    CHECK_EQUAL(port->tx->n_slots, 8);
    CHECK_EQUAL(port->region->buffer_size, 2048);
    CHECK_EQUAL(port->region->n_buffers, 1024);
    CHECK_EQUAL(nm_region_owned(port->region), 64);
    CHECK_EQUAL(fake_fd(0)->nifp->ni_bufs_head, 0); /* a killed program's packets are not taken for a list */
    CHECK(port->tx->ring == netmap_tx_ring(port->nifp, 0));
    CHECK(strcmp(port->note, "the fake, rings: 1 to transmit, 1 to receive, of 8 slots; memory 1") == 0);
    end_first(port);
    check_log("unmap 3407872\nclose 0\n");
}

TEST(each_ring_pair_has_a_descriptor_of_its_own)
{
    fake.tx_rings = fake.rx_rings = 3;
    struct nm_port *port = open_first("netmap:nmfake0/x");
    check_log("register nmfake0 mode=4 ring=0 flags=20800 mem=0 extra=64 slots=0/0 rings=0/0\n"
              "register nmfake0 mode=4 ring=1 flags=20800 mem=1 extra=0 slots=0/0 rings=0/0\n"
              "register nmfake0 mode=4 ring=2 flags=20800 mem=1 extra=0 slots=0/0 rings=0/0\n"
              "map 3407872\n");
    CHECK_EQUAL(port->n_tx_rings, 3);
    CHECK_EQUAL(port->n_rx_rings, 3);
    for (unsigned i = 0; i < 3; i++) {
        short events = POLLIN;
        CHECK(port->rx[i].ring == fake_fd(i)->rx && port->tx[i].ring == fake_fd(i)->tx);
        CHECK_EQUAL(port->ops->wait(port, i, &events), FAKE_FIRST + i);
        CHECK_EQUAL(nm_port_rxsync(port, i), 0);
        CHECK_EQUAL(nm_port_txsync(port, i), 0);
        CHECK_EQUAL(fake_fd(i)->rxsyncs, 1);
        CHECK_EQUAL(fake_fd(i)->txsyncs, 1);
    }
    end_first(port);
}

TEST(more_rings_in_one_direction_are_bound_alone)
{
    fake.tx_rings = 3;
    struct nm_port *port = open_first("netmap:nmfake0");
    check_log("register nmfake0 mode=4 ring=0 flags=20000 mem=0 extra=64 slots=0/0 rings=0/0\n"
              "register nmfake0 mode=4 ring=1 flags=24000 mem=1 extra=0 slots=0/0 rings=0/0\n"
              "register nmfake0 mode=4 ring=2 flags=24000 mem=1 extra=0 slots=0/0 rings=0/0\n"
              "map 3407872\n");
    CHECK_EQUAL(port->n_tx_rings, 3);
    CHECK_EQUAL(port->n_rx_rings, 1);
    short events = POLLOUT;
    CHECK_EQUAL(port->ops->wait(port, 2, &events), FAKE_FIRST + 2);
    end_first(port);
}

TEST(marks_select_rings)
{
    static const struct {
        const char *spec, *log;
        unsigned n_tx, n_rx, ring_id;
    } table[] = {
        {"netmap:nmfake0-1", "mode=4 ring=1 flags=20000", 1, 1, 1},
        {"netmap:nmfake0-1/R", "mode=4 ring=1 flags=22000", 0, 1, 1},
        {"netmap:nmfake0-0/T", "mode=4 ring=0 flags=24000", 1, 0, 0},
        {"netmap:nmfake0^", "mode=2 ring=0 flags=20000", 1, 1, 2},
        {"netmap:nmfake0^0", "mode=8 ring=0 flags=20000", 1, 1, 2},
    };
    fake.tx_rings = fake.rx_rings = 2;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        *fake.log = '\0';
        struct nm_port *port = open_first(table[i].spec);
        char want[256];
        snprintf(want, sizeof want, "register nmfake0 %s mem=0 extra=64 slots=0/0 rings=0/0\nmap 3407872\n",
                 table[i].log);
        check_log(want);
        CHECK_EQUAL(port->n_tx_rings, table[i].n_tx);
        CHECK_EQUAL(port->n_rx_rings, table[i].n_rx);
        CHECK_EQUAL((port->n_rx_rings ? port->rx : port->tx)->ring_id, table[i].ring_id);
        end_first(port);
    }
}

TEST(hardware_and_host_rings_are_one_port)
{
    fake.tx_rings = fake.rx_rings = 2;
    struct nm_port *port = open_first("netmap:nmfake0*");
    check_log("register nmfake0 mode=4 ring=0 flags=20000 mem=0 extra=64 slots=0/0 rings=0/0\n"
              "register nmfake0 mode=4 ring=1 flags=20000 mem=1 extra=0 slots=0/0 rings=0/0\n"
              "register nmfake0 mode=2 ring=0 flags=20000 mem=1 extra=0 slots=0/0 rings=0/0\n"
              "map 3407872\n");
    CHECK_EQUAL(port->n_rx_rings, 3);
    CHECK_EQUAL(port->rx[2].ring_id, 2);
    CHECK_EQUAL(port->tx[2].ring_id, 2);
    end_first(port);
}

TEST(several_host_rings_have_a_descriptor_each)
{
    fake.host_rings = 2;
    struct nm_port *port = open_first("netmap:nmfake0^");
    check_log("register nmfake0 mode=2 ring=0 flags=20000 mem=0 extra=64 slots=0/0 rings=0/0\n"
              "close 0\n"
              "register nmfake0 mode=8 ring=0 flags=20000 mem=0 extra=64 slots=0/0 rings=0/0\n"
              "register nmfake0 mode=8 ring=1 flags=20000 mem=1 extra=0 slots=0/0 rings=0/0\n"
              "map 3407872\n");
    CHECK_EQUAL(port->n_rx_rings, 2);
    end_first(port);
}

TEST(software_ports_have_packets_start_at_an_offset)
{
    struct nm_port *port = open_first("vale0:a");
    check_log("register vale0:a mode=4 ring=0 flags=20000 mem=0 extra=64 slots=0/0 rings=0/0 "
              "offsets=64..256/16\nmap 3407872\n");
    CHECK_EQUAL(port->rx->offset_mask, 0xffff);
    CHECK_EQUAL(port->tx->most_offset, 256);
    end_first(port);
}

TEST(without_offsets_ports_are_opened_again)
{
    fake.no_offsets = true;
    struct nm_port *port = open_first("vale0:a@conf:rings=1,slots=16");
    check_log("register vale0:a mode=4 ring=0 flags=20000 mem=0 extra=64 slots=16/16 rings=1/1 "
              "offsets=64..256/16\n"
              "register vale0:a mode=4 ring=0 flags=20000 mem=0 extra=64 slots=16/16 rings=1/1\n"
              "map 3407872\n");
    CHECK_EQUAL(port->tx->most_offset, 0);
    CHECK(strcmp(port->advice,
                 "this netmap knows no packet offsets: elements that add headers have to move packets; "
                 "versions from 2021 on know them") == 0);
    end_first(port);
    check_refused("vale0:a@offset=32", NULL,
                  "vale0:a@offset=32: the fake does not offer offsets (@offset) here");
}

TEST(old_netmaps_take_the_old_request)
{
    fake.no_control = true;
    fake.legacy_version = 12;
    struct nm_port *port = open_first("netmap:nmfake0/x");
    check_log("unknown request\n"
              "legacy nmfake0 version=14 ring=0 flags=20804 mem=0 extra=64\n"
              "legacy nmfake0 version=13 ring=0 flags=20804 mem=0 extra=64\n"
              "legacy nmfake0 version=12 ring=0 flags=20804 mem=0 extra=64\n"
              "map 3407872\n");
    CHECK_EQUAL(nm_region_owned(port->region), 64);
    CHECK(port->rx->ring == fake_fd(0)->rx);
    end_first(port);
    *fake.log = '\0';
    fake.legacy_version = 14;
    struct nm_region *region = make_region(64);
    struct nm_port *pipe = open_in("netmap:nmfake0}3", region, both);
    check_log("unknown request\nunknown request\nlegacy nmfake0 version=14 ring=3 flags=20006 mem=0 extra=0\n"
              "map 3407872\n");
    nm_port_close(pipe);
    end_region(region);
    check_refused("netmap:nmfake0}x", NULL, "netmap:nmfake0}x: the fake does not offer such ports here");
    check_refused("netmap:a234567890123456", NULL,
                  "netmap:a234567890123456: this netmap takes names up to 15 characters");
}

TEST(a_second_port_lies_in_the_same_memory_and_copies_nothing)
{
    struct nm_port *a = open_first("netmap:nmfake0");
    *fake.log = '\0';
    struct nm_port *b = open_in("netmap:nmfake1", a->region, both);
    check_log("register nmfake1 mode=4 ring=0 flags=20000 mem=1 extra=0 slots=0/0 rings=0/0\n");
    CHECK(b->region == a->region && b->ops == &nm_netmap_ops);
    struct worker w = make_worker(a->region);
    struct ring_losses losses = {0};
    struct packet p;
    uint32_t moved = fake_fd(0)->rx->slot[0].buf_idx;
    fake_deliver(fake_fd(0)->rx, 60, 'a', 0);
    CHECK_EQUAL(ring_receive(&w, a, 0, &p, 1, false, &losses), 1);
    CHECK(ring_room(b, 0));
    ring_send(&w, &b->tx[0], &p);
    nm_port_txsync(b, 0);
    CHECK_EQUAL(fake_fd(1)->tx->slot[0].buf_idx, moved);
    CHECK_EQUAL(fake_fd(1)->tx->slot[0].len, 60);
    CHECK_EQUAL(fake_fd(1)->tx->slot[0].flags, NS_BUF_CHANGED);
    CHECK_EQUAL(fake_fd(0)->rx->slot[0].flags, NS_BUF_CHANGED);
    CHECK_EQUAL(fake_fd(1)->sent, 1);
    CHECK_EQUAL(a->rx->packets, 1);
    CHECK_EQUAL(a->rx->bytes, 60);
    CHECK_EQUAL(b->tx->packets, 1);
    CHECK_EQUAL(b->tx->bytes, 60);
    end_worker(&w, a->region);
    nm_port_close(b);
    end_first(a);
}

TEST(memory_that_cannot_be_shared_is_bridged)
{
    struct nm_port *a = open_first("vale0:a");
    fake.memory_error = ENOMEM;
    fake.private_memory = true;
    *fake.log = '\0';
    struct nm_port *b = open_in("vale0:b", a->region, both);
    check_log("register vale0:b mode=4 ring=0 flags=20000 mem=1 extra=0 slots=0/0 rings=0/0 "
              "offsets=64..256/16\n"
              "register vale0:b mode=4 ring=0 flags=20000 mem=1 extra=0 slots=0/0 rings=0/0\n"
              "register vale0:b mode=4 ring=0 flags=20000 mem=0 extra=0 slots=0/0 rings=0/0 "
              "offsets=64..256/16\n"
              "map 3407872\n");
    CHECK(b->region == a->region && nm_bridge_inner(b)->ops == &nm_netmap_ops);
    nm_port_close(b);
    end_first(a);
}

TEST(pipes_are_bridged_unless_their_memory_is_the_pipelines)
{
    CHECK(nm_port_memory("netmap:eth0") > nm_port_memory("vale0:a"));
    CHECK(nm_port_memory("vale0:a") > 0);
    CHECK_EQUAL(nm_port_memory("netmap:x{1"), 0);
    CHECK_EQUAL(nm_port_memory("vale0:a}1"), 0);
    CHECK_EQUAL(nm_port_memory("netmap:eth0/r"), 0);
    CHECK_EQUAL(nm_port_memory("pcap:x"), 0);
    struct nm_port *a = open_first("netmap:nmfake0");
    struct nm_port *under = open_in("netmap:nmfake0{1", a->region, both);
    CHECK(under->ops == &nm_netmap_ops);
    fake.private_memory = true;
    struct nm_port *apart = open_in("netmap:x{1", a->region, both);
    CHECK(apart->region == a->region && nm_bridge_inner(apart) != apart);
    CHECK(nm_bridge_inner(apart)->region != a->region);
    nm_port_close(apart);
    nm_port_close(under);
    end_first(a);
}

TEST(less_memory_is_asked_for_when_there_is_not_enough)
{
    fake.register_error = ENOMEM;
    check_refused("netmap:nmfake0", NULL,
                  "netmap:nmfake0: netmap's memory is used up: wish for fewer slots (@conf:slots=256), fewer "
                  "--buffers, or make it larger (parameters buf_num and ring_num)");
    *fake.log = '\0';
    char error[512];
    struct nm_port_options many = both;
    many.buffers = 1024;
    CHECK(!nm_netmap_open(&fake_calls, "netmap:nmfake0", NULL, &many, error, sizeof error));
    check_log("register nmfake0 mode=4 ring=0 flags=20000 mem=0 extra=1024 slots=0/0 rings=0/0\n"
              "register nmfake0 mode=4 ring=0 flags=20000 mem=0 extra=512 slots=0/0 rings=0/0\n"
              "register nmfake0 mode=4 ring=0 flags=20000 mem=0 extra=256 slots=0/0 rings=0/0\n"
              "close 1\n");
}

TEST(what_netmap_refuses_is_told_with_its_cure)
{
    fake.no_offsets = true;
    fake.register_error = ENXIO;
    check_refused(
        "netmap:nmfake0", NULL,
        "netmap:nmfake0: there is no network interface 'nmfake0'; without a kernel netmap there are VALE "
        "ports and pipes");
    fake.register_error = EBUSY;
    check_refused("netmap:nmfake0", NULL, "netmap:nmfake0: another program has it open for itself alone");
    check_refused("netmap:nmfake0/x", NULL,
                  "netmap:nmfake0/x: another program has it open; '/x' wants it alone");
    fake.register_error = EINVAL;
    check_refused("netmap:nmfake0-9", NULL, "netmap:nmfake0-9: there is no ring 9");
    check_refused("netmap:nmfake0^9", NULL, "netmap:nmfake0^9: there is no host ring 9");
    check_refused("netmap:nmfake0@9", NULL, "netmap:nmfake0@9: netmap cannot put it in memory region 9");
    check_refused("vale0:a^", NULL,
                  "vale0:a^: host rings belong to network interfaces; this is a port in software");
    check_refused("netmap:nmfake0", NULL, "netmap:nmfake0: netmap refuses such a port");
    check_refused("netmap:eth0-x", NULL, "netmap:eth0-x: the number of a ring is expected at 'x'");
    fake.register_error = EPERM;
    check_refused("netmap:nmfake0", NULL, "netmap:nmfake0: the fake: Operation not permitted");
    fake.register_error = 0;
    fake.most_extra = 0;
    check_refused(
        "netmap:nmfake0", NULL,
        "netmap:nmfake0: netmap has no buffers to spare for packets on their way; make its memory larger "
        "(parameter buf_num), or wish for fewer slots: @conf:slots=256");
    fake.register_error_but_first = EBUSY;
    fake.registers = 0;
    fake.tx_rings = fake.rx_rings = 2;
    check_refused("netmap:nmfake0", NULL, "netmap:nmfake0: another program has it open for itself alone");
    fake.open_error = EMFILE;
    check_refused("netmap:nmfake0", NULL, "netmap:nmfake0: the fake: Too many open files");
}

TEST(a_kernel_without_netmap_is_told)
{
    char error[512] = "";
    if (nm_kernel_present())
        return;
    CHECK(!nm_netmap_open(&nm_kernel_calls, "netmap:lo", NULL, &both, error, sizeof error));
    CHECK(strcmp(error,
                 "netmap:lo: the kernel has no netmap (No such file or directory): load it with 'modprobe "
                 "netmap' (github.com/luigirizzo/netmap)") == 0);
}

TEST(memory_is_shared_with_the_port_that_share_names)
{
    struct nm_port *port = open_first("vale0:a@share=netmap:eth7");
    check_log("info eth7\nclose 0\n"
              "register vale0:a mode=4 ring=0 flags=20000 mem=7 extra=64 slots=0/0 rings=0/0 "
              "offsets=64..256/16\nmap 3407872\n");
    end_first(port);
    check_refused("vale0:a@9@share=netmap:eth7", NULL,
                  "vale0:a@9@share=netmap:eth7: 'netmap:eth7' lies in memory region 7, not in 9");
}

TEST(trouble_of_the_interface_is_told)
{
    struct nm_port *port = open_first("netmap:lo");
    CHECK(port->advice);
    CHECK(strstr(port->advice,
                 "lo leaves checksums or segmentation to hardware that netmap goes past: ethtool -K "
                 "lo tx off"));
    struct nm_port *all[] = {port};
    port->ops->review(port, all, 1);
    CHECK(strstr(port->advice,
                 "\nlo has the address 127.0.0.1, but nothing reads its host rings: what this machine "
                 "sends there is lost; read netmap:lo^"));
    end_first(port);
    port = open_first("netmap:lo^");
    all[0] = port;
    port->ops->review(port, all, 1);
    CHECK(strstr(port->advice,
                 "\nnothing here opens the hardware rings of lo: unless another program does, its host "
                 "rings carry nothing; open netmap:lo, too"));
    struct nm_port *hardware = open_in("netmap:lo", port->region, both);
    struct nm_port *two[] = {port, hardware};
    hardware->ops->review(hardware, two, 2);
    CHECK(!strstr(hardware->advice, "host rings"));
    nm_port_close(hardware);
    end_first(port);
}

/* Chains */

struct setup {
    struct nm_port *port;
    struct worker w;
    struct netmap_ring *rx;
};

static struct setup make_setup(uint32_t slots)
{
    fake.slots = slots;
    struct nm_port *port = open_first("netmap:nmfake0");
    return (struct setup){port, make_worker(port->region), fake_fd(0)->rx};
}

static void end_setup(struct setup *s)
{
    end_worker(&s->w, s->port->region);
    end_first(s->port);
}

TEST(packets_in_several_slots_become_one)
{
    struct setup s = make_setup(16);
    char bytes[65];
    fake_deliver(s.rx, 60, 'a', 0);
    fake_deliver(s.rx, 1000, 'b', NS_MOREFRAG);
    fake_deliver(s.rx, 1000, 'b', NS_MOREFRAG);
    fake_deliver(s.rx, 48, 'b', 0);
    fake_deliver(s.rx, 61, 'c', 0);
    fake_deliver(s.rx, 100, 'd', NS_MOREFRAG);
    fake_deliver(s.rx, 101, 'd', 0);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 4);
    CHECK(strcmp(bytes, "abcd") == 0);
    CHECK_EQUAL(s.port->rx->packets, 4);
    CHECK_EQUAL(s.port->rx->bytes, 60 + 2048 + 61 + 201);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 0);
    CHECK_EQUAL(s.rx->head, 7); /* what the chains left over went back, too */
    fake_deliver(s.rx, 62, 'e', 0);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 1);
    CHECK(strcmp(bytes, "e") == 0);
    end_setup(&s);
}

TEST(chains_that_fit_in_no_buffer_are_dropped_with_a_reason)
{
    struct setup s = make_setup(128);
    char bytes[65];
    fake_deliver(s.rx, 2048, 'a', NS_MOREFRAG);
    fake_deliver(s.rx, 1, 'a', 0);
    for (unsigned i = 0; i < NETMAP_MAX_FRAGS; i++)
        fake_deliver(s.rx, 1, 'b', NS_MOREFRAG);
    fake_deliver(s.rx, 1, 'b', 0);
    fake_deliver(s.rx, 60, 'c', 0);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 1);
    CHECK(strcmp(bytes, "c") == 0);
    CHECK_EQUAL(s.port->rx->drops_by[NM_DROP_CHAIN], 2);
    CHECK_EQUAL(s.port->rx->drops, 2);
    end_setup(&s);
}

TEST(slots_of_a_chain_that_name_no_buffer_lose_the_packet_alone)
{
    struct setup s = make_setup(16);
    char bytes[65];
    fake_deliver(s.rx, 60, 'a', NS_MOREFRAG);
    fake_deliver(s.rx, 60, 'a', 0);
    fake_deliver(s.rx, 60, 'b', 0);
    uint32_t kept = s.rx->slot[1].buf_idx;
    s.rx->slot[1].buf_idx = 5000;
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 1);
    CHECK(strcmp(bytes, "b") == 0);
    CHECK_EQUAL(s.port->rx->drops_by[NM_DROP_CHAIN], 1);
    for (unsigned i = 0; i < 16; i++)
        if (s.rx->slot[i].buf_idx == 5000)
            s.rx->slot[i].buf_idx = kept;
    end_setup(&s);
}

TEST(an_unfinished_chain_waits_for_its_end)
{
    struct setup s = make_setup(16);
    char bytes[65];
    fake_deliver(s.rx, 60, 'a', 0);
    fake_deliver(s.rx, 60, 'b', NS_MOREFRAG);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 1);
    CHECK_EQUAL(ring_available(s.port, 0), 0);
    CHECK_EQUAL(s.rx->head, 1);
    CHECK_EQUAL(s.rx->cur, 2); /* poll() is to wake us when there is more than that */
    fake_deliver(s.rx, 60, 'b', 0);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 1);
    CHECK(strcmp(bytes, "b") == 0);
    CHECK_EQUAL(s.port->rx->drops, 0);
    end_setup(&s);
}

TEST(a_chain_longer_than_the_ring_is_dropped_to_its_end)
{
    struct setup s = make_setup(4);
    char bytes[65];
    for (unsigned i = 0; i < 3; i++)
        fake_deliver(s.rx, 60, 'a', NS_MOREFRAG);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 0);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 0);
    fake_deliver(s.rx, 60, 'a', NS_MOREFRAG);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 0);
    fake_deliver(s.rx, 60, 'a', 0);
    fake_deliver(s.rx, 60, 'b', 0);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 1);
    CHECK(strcmp(bytes, "b") == 0);
    CHECK_EQUAL(s.port->rx->drops_by[NM_DROP_CHAIN], 1);
    end_setup(&s);
}

TEST(any_mixture_of_chains_keeps_order_and_buffers)
{
    struct setup s = make_setup(32);
    char bytes[65], want[65];
    unsigned random = 1, sent = 0, got = 0;
    for (unsigned round = 0; round < 20000; round++) {
        uint32_t room = ring_distance(s.rx->tail, s.rx->head ? s.rx->head - 1 : 31, 32);
        unsigned n = 0;
        while (room > 6 && (random = random * 1103515245 + 12345) >> 29) {
            unsigned slots = 1 + (random >> 16) % 5;
            for (unsigned i = 0; i < slots; i++)
                fake_deliver(s.rx, (uint16_t)(1 + (random >> 8) % 300), (uint8_t)('a' + sent % 26),
                             i + 1 < slots ? NS_MOREFRAG : 0);
            room -= slots;
            want[n++] = (char)('a' + sent++ % 26);
        }
        want[n] = '\0';
        for (unsigned m = 0; m < n;) {
            unsigned some = take(&s.w, s.port, 0, bytes);
            CHECK(some > 0);
            CHECK(memcmp(want + m, bytes, some) == 0);
            m += some;
            got += some;
        }
        CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 0);
    }
    CHECK_EQUAL(got, sent);
    CHECK_EQUAL(s.port->rx->drops, 0);
    end_setup(&s);
}

TEST(what_poll_brought_is_read_without_another_call)
{
    struct setup s = make_setup(16);
    char bytes[65];
    fake_deliver(s.rx, 60, 'a', 0);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 1);
    CHECK_EQUAL(fake_fd(0)->rxsyncs, 0);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 0);
    CHECK_EQUAL(fake_fd(0)->rxsyncs, 1);
    end_setup(&s);
}

TEST(a_port_that_goes_away_is_told_once_and_is_finished)
{
    struct setup s = make_setup(8);
    struct packet p;
    char bytes[65];
    fake.sync_error = ENXIO;
    CHECK(packet_new(&s.w, 0, 60, &p));
    CHECK(ring_room(s.port, 0));
    ring_send(&s.w, &s.port->tx[0], &p);
    CHECK_EQUAL(nm_port_txsync(s.port, 0), -ENXIO);
    CHECK_EQUAL(s.port->tx->drops_by[NM_DROP_WRITE], 1);
    CHECK_EQUAL(s.port->tx->packets, 0);
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 0);
    CHECK(s.port->finished);
    CHECK(strcmp(s.port->warning, "the port is gone") == 0);
    end_setup(&s);
}

TEST(a_tail_outside_the_ring_is_not_believed)
{
    struct setup s = make_setup(8);
    char bytes[65];
    s.rx->tail = 8;
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 0);
    s.rx->tail = UINT32_MAX;
    CHECK_EQUAL(take(&s.w, s.port, 0, bytes), 0);
    CHECK_EQUAL(nm_port_rxsync(s.port, 0), -EINVAL);
    s.rx->tail = 0;
    end_setup(&s);
}

/* Offsets */

TEST(without_offsets_packets_move_to_the_start_of_their_buffers)
{
    struct setup s = make_setup(16);
    const struct {
        uint32_t head, length;
    } table[] = {{0, 60}, {14, 46}, {64, 1518}, {64, 1984}, {700, 1348}, {2048, 0}, {2047, 1}, {1, 2047}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct packet p;
        CHECK(packet_new(&s.w, table[i].head, table[i].length, &p));
        for (uint32_t k = 0; k < p.length; k++)
            p.data[k] = (uint8_t)(k * 7 + i);
        CHECK(ring_room(s.port, 0));
        ring_send(&s.w, &s.port->tx[0], &p);
        const struct netmap_slot *slot = &fake_fd(0)->tx->slot[i];
        CHECK_EQUAL(slot->buf_idx, p.buffer);
        CHECK_EQUAL(slot->len, table[i].length);
        CHECK_EQUAL(slot->ptr, 0);
        const uint8_t *sent = netmap_buffer(fake_fd(0)->tx, slot->buf_idx);
        for (uint32_t k = 0; k < slot->len; k++)
            CHECK_EQUAL(sent[k], (uint8_t)(k * 7 + i));
    }
    end_setup(&s);
}

TEST(packets_without_headroom_grow_in_front_and_are_cloned)
{
    struct setup s = make_setup(16);
    struct ring_losses losses = {0};
    struct packet p, copy;
    fake_deliver(s.rx, 2044, 'x', 0);
    CHECK_EQUAL(ring_receive(&s.w, s.port, 0, &p, 1, false, &losses), 1);
    CHECK_EQUAL(p.headroom, 0);
    CHECK(packet_push(&s.w, &p, 4));
    CHECK_EQUAL(p.length, 2048);
    CHECK_EQUAL(p.data[4], 'x');
    CHECK_EQUAL(p.data[2047], 'x');
    CHECK(!packet_push(&s.w, &p, 1));
    CHECK_EQUAL(p.length, 2048);
    CHECK(packet_clone(&s.w, &p, &copy));
    CHECK(memcmp(copy.data, p.data, 2048) == 0);
    packet_pull(&p, 14);
    packet_free(&s.w, &copy);
    CHECK(packet_clone(&s.w, &p, &copy));
    CHECK_EQUAL(copy.headroom, 14);
    CHECK(packet_push(&s.w, &copy, 14));
    CHECK(memcmp(copy.data, p.data - 14, 2048) == 0);
    packet_free(&s.w, &copy);
    packet_free(&s.w, &p);
    end_setup(&s);
}

TEST(offsets_up_to_what_the_ring_takes_are_left_alone)
{
    struct nm_port *port = open_first("vale0:a");
    struct worker w = make_worker(port->region);
    struct packet p;
    const uint32_t heads[] = {0, 64, 256, 257, 1000}, offsets[] = {0, 64, 256, 64, 64};
    for (size_t i = 0; i < 5; i++) {
        CHECK(packet_new(&w, heads[i], 60, &p));
        memset(p.data, 'a' + (int)i, 60);
        CHECK(ring_room(port, 0));
        ring_send(&w, &port->tx[0], &p);
        CHECK_EQUAL(fake_fd(0)->tx->slot[i].ptr, offsets[i]);
        CHECK_EQUAL(fake_buffer(fake_fd(0)->tx, (uint32_t)i)[59], 'a' + i);
    }
    char bytes[65];
    fake_deliver(fake_fd(0)->rx, 60, 'x', 0);
    CHECK_EQUAL(take(&w, port, 0, bytes), 1);
    CHECK_EQUAL(fake_fd(0)->rx->slot[0].ptr, 64);
    end_worker(&w, port->region);
    end_first(port);
}

/* Bridges */

struct far {
    struct nm_region *region;
    struct nm_port *port, *inner;
    struct worker w;
};

static struct far make_far(const char *spec)
{
    struct far f = {.region = make_region(256)};
    f.port = open_in(spec, f.region, both);
    f.inner = nm_bridge_inner(f.port);
    f.w = make_worker(f.region);
    return f;
}

static void end_far(struct far *f)
{
    end_worker(&f->w, f->region);
    nm_port_close(f->port);
    end_region(f->region);
    CHECK_EQUAL(fake_in_use(), 0);
}

TEST(bridges_copy_in_both_directions)
{
    struct far f = make_far("netmap:x{1");
    char bytes[65];
    struct packet p;
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 5; i++)
            fake_deliver(fake_fd(0)->rx, 60, (uint8_t)('a' + round), 0);
        CHECK_EQUAL(take(&f.w, f.port, 0, bytes) + take(&f.w, f.port, 0, bytes + 32), 5);
        CHECK_EQUAL(bytes[0], 'a' + round);
        CHECK_EQUAL(f.inner->rx->ring->head, (5 * (round + 1)) % 8);
        for (unsigned i = 0; i < 3; i++) {
            CHECK(packet_new(&f.w, 100, 70, &p));
            memset(p.data, 'A' + (int)round, 70);
            CHECK(ring_room(f.port, 0));
            ring_send(&f.w, &f.port->tx[0], &p);
        }
        nm_port_txsync(f.port, 0);
        CHECK_EQUAL(fake_fd(0)->sent, (3 * (round + 1)) % 8);
        uint32_t last = (3 * round + 2) % 8;
        CHECK_EQUAL(fake_fd(0)->tx->slot[last].len, 70);
        CHECK_EQUAL(fake_fd(0)->tx->slot[last].ptr, 64);
        CHECK_EQUAL(fake_buffer(fake_fd(0)->tx, last)[69], 'A' + round);
    }
    CHECK_EQUAL(f.port->rx->packets, 100);
    CHECK_EQUAL(f.port->rx->bytes, 6000);
    CHECK_EQUAL(f.port->tx->packets, 60);
    CHECK_EQUAL(f.port->tx->bytes, 4200);
    CHECK_EQUAL(f.port->rx->drops + f.port->tx->drops, 0);
    end_far(&f);
}

TEST(a_bridge_takes_only_what_the_other_side_has_room_for)
{
    struct far f = make_far("netmap:x{1");
    struct packet p;
    fake.stalled = true; /* the other side reads nothing */
    unsigned sent = 0;
    for (; ring_room(f.port, 0); sent++) {
        CHECK(packet_new(&f.w, 64, 60, &p));
        ring_send(&f.w, &f.port->tx[0], &p);
    }
    CHECK_EQUAL(sent, 7);
    CHECK_EQUAL(fake_fd(0)->sent, 7);
    CHECK_EQUAL(ring_room(f.port, 0), 0);
    fake.stalled = false;
    CHECK_EQUAL(ring_room(f.port, 0), 7);
    CHECK_EQUAL(f.port->tx->packets, 7);
    CHECK_EQUAL(f.port->tx->drops, 0);
    end_far(&f);
}

TEST(a_hostile_peer_loses_its_own_packets_only)
{
    struct far f = make_far("netmap:x{1");
    struct netmap_ring *rx = fake_fd(0)->rx;
    char bytes[65];
    const uint32_t kept = rx->slot[0].buf_idx, kept_tx = fake_fd(0)->tx->slot[0].buf_idx;
    fake_deliver(rx, 60, 'a', 0);
    fake_deliver(rx, 60, 'b', 0);
    fake_deliver(rx, 60, 'c', 0);
    fake_deliver(rx, 60, 'd', 0);
    rx->slot[0].buf_idx = UINT32_MAX;
    rx->slot[1].len = UINT16_MAX;
    rx->slot[2].ptr = UINT64_MAX;
    CHECK_EQUAL(take(&f.w, f.port, 0, bytes), 1);
    CHECK(strcmp(bytes, "d") == 0);
    CHECK_EQUAL(f.port->rx->drops_by[NM_DROP_INDEX], 1);
    CHECK_EQUAL(f.port->rx->drops_by[NM_DROP_LENGTH], 2);
    rx->slot[0].buf_idx = kept;
    rx->num_slots = 1u << 30; /* what was trusted at opening is not read again */
    rx->nr_buf_size = 1u << 30;
    rx->buf_ofs = INT64_MIN;
    rx->offset_mask = UINT64_MAX;
    rx->head = 1u << 20;
    CHECK_EQUAL(take(&f.w, f.port, 0, bytes), 0);
    struct netmap_ring *tx = fake_fd(0)->tx;
    tx->slot[0].buf_idx = 99999;
    struct packet p;
    CHECK(packet_new(&f.w, 64, 60, &p));
    CHECK(ring_room(f.port, 0));
    ring_send(&f.w, &f.port->tx[0], &p);
    nm_port_txsync(f.port, 0);
    CHECK_EQUAL(f.port->tx->drops_by[NM_DROP_INDEX], 1);
    tx->slot[0].buf_idx = kept_tx;
    rx->num_slots = 8;
    rx->head = 0;
    end_far(&f);
}

TEST(frames_too_long_for_the_other_side_are_dropped)
{
    fake.buffer_size = 512;
    struct far f = make_far("netmap:x{1");
    struct packet p;
    char bytes[65];
    const uint32_t lengths[] = {512, 513, 449};
    for (size_t i = 0; i < 3; i++) {
        CHECK(packet_new(&f.w, 64, lengths[i], &p));
        CHECK(ring_room(f.port, 0));
        ring_send(&f.w, &f.port->tx[0], &p);
    }
    nm_port_txsync(f.port, 0);
    CHECK_EQUAL(f.port->tx->drops_by[NM_DROP_LONG], 1);
    CHECK_EQUAL(f.port->tx->packets, 2);
    CHECK_EQUAL(fake_fd(0)->tx->slot[0].ptr, 0);
    fake_deliver(fake_fd(0)->rx, 100, 'a', NS_MOREFRAG);
    fake_deliver(fake_fd(0)->rx, 100, 'a', 0);
    CHECK_EQUAL(take(&f.w, f.port, 0, bytes), 1);
    CHECK_EQUAL(f.port->rx->bytes, 200);
    end_far(&f);
}

TEST(other_ports_work_in_netmaps_memory)
{
    struct nm_port *port = open_first("netmap:nmfake0");
    struct nm_port *null =
        make_port("null:", port->region, (struct nm_port_options){.write = true, .ring_slots = 16});
    CHECK_EQUAL(null->tx->ring->nr_buf_size, 2048);
    struct worker w = make_worker(port->region);
    struct ring_losses losses = {0};
    struct packet p;
    for (unsigned i = 0; i < 40; i++) {
        fake_deliver(fake_fd(0)->rx, 60, 'a', 0);
        CHECK_EQUAL(ring_receive(&w, port, 0, &p, 1, false, &losses), 1);
        CHECK(ring_room(null, 0));
        ring_send(&w, &null->tx[0], &p);
        CHECK(netmap_buffer(null->tx->ring, p.buffer) == nm_region_buffer(port->region, p.buffer));
    }
    nm_port_txsync(null, 0);
    CHECK_EQUAL(null->tx->packets, 40);
    end_worker(&w, port->region);
    nm_port_close(null);
    end_first(port);
}

TEST(directions_that_nobody_wants_are_not_shown)
{
    struct nm_port *port =
        open_in("netmap:nmfake0", NULL, (struct nm_port_options){.read = true, .buffers = 8});
    CHECK_EQUAL(port->n_rx_rings, 1);
    CHECK_EQUAL(port->n_tx_rings, 0);
    nm_port_close(port);
    CHECK_EQUAL(fake_in_use(), 0);
}

TEST(rings_and_slots_are_wished_as_the_run_asks_for_them)
{
    struct nm_port_options options = both;
    options.rings = 2;
    options.ring_slots = 512;
    struct nm_port *port = open_in("vale0:a", NULL, options);
    check_log("register vale0:a mode=4 ring=0 flags=20000 mem=0 extra=64 slots=512/512 rings=2/2 "
              "offsets=64..256/16\nmap 3407872\n");
    nm_port_close(port);
}
