/* A cable between two ports, moving buffers as the pipeline does, until standard input ends; then slots that
 * no program should leave. Built with the sanitizers. Prints the notes and "ready", at the end what was
 * refused. */
#include <errno.h>
#include <poll.h>

#include "check.h"

static uint32_t next(const struct netmap_ring *ring, uint32_t at)
{
    return at + 1 == ring->num_slots ? 0 : at + 1;
}

static unsigned forward(struct nm_port *in, struct nm_port *out, unsigned number)
{
    struct netmap_ring *rx = in->rx[number].ring, *tx = out->tx[number].ring;
    unsigned n = 0;
    CHECK_EQUAL(nm_port_rxsync(in, number), 0);
    for (; rx->head != rx->tail && tx->head != tx->tail; n++) {
        struct netmap_slot *from = &rx->slot[rx->head], *to = &tx->slot[tx->head], packet = *from;
        CHECK(to->buf_idx >= NETMAP_FIRST_BUFFER);
        CHECK(packet.buf_idx >= NETMAP_FIRST_BUFFER);
        from->buf_idx = to->buf_idx;
        from->ptr = nm_buffer_offset(to->buf_idx);
        *to = packet;
        rx->head = rx->cur = next(rx, rx->head);
        tx->head = tx->cur = next(tx, tx->head);
    }
    CHECK_EQUAL(nm_port_txsync(out, number), 0);
    return n;
}

static bool sleep_for(struct nm_port *a, struct nm_port *b)
{
    struct pollfd wait[9] = {{.fd = 0, .events = POLLIN}};
    nfds_t n = 1;
    for (unsigned i = 0; i < 2 * nm_port_rings(a); i++) {
        short events = POLLIN;
        struct nm_port *port = i % 2 ? a : b;
        int fd = port->ops->wait(port, i / 2, &events);
        CHECK(fd >= 0);
        wait[n++] = (struct pollfd){.fd = fd, .events = events};
    }
    poll(wait, n, 100);
    return !wait[0].revents;
}

/* The program's mistakes: each costs the program, never the port. */
static void misuse(struct nm_port *port, struct nm_region *region)
{
    struct nm_ring *tx = &port->tx[0];
    struct netmap_ring *ring = tx->ring;
    uint32_t kept[2];
    for (uint32_t i = 0, at = ring->head; i < 6; i++, at = next(ring, at)) {
        struct netmap_slot *slot = &ring->slot[at];
        slot->len = 60;
        slot->flags = 0;
        if (i < 2) {
            kept[i] = slot->buf_idx;
            slot->buf_idx = i ? region->n_buffers : 1;
        } else if (i == 2) {
            slot->ptr = region->buffer_size - 59;
        } else if (i == 3) {
            slot->flags = NS_INDIRECT;
        } else if (i == 4) {
            slot->flags = NS_MOREFRAG;
        } else {
            slot->len = 1523; /* longer than the interface takes */
        }
        ring->head = ring->cur = next(ring, at);
    }
    CHECK_EQUAL(nm_port_txsync(port, 0), 0);
    CHECK_EQUAL(nm_region_give(region, kept, 2), 2);
    CHECK_EQUAL(tx->drops_by[NM_DROP_INDEX], 2);
    CHECK_EQUAL(tx->drops_by[NM_DROP_LENGTH], 3);
    CHECK_EQUAL(tx->drops_by[NM_DROP_LONG], 1);
    ring->head = ring->num_slots; /* out of the ring */
    CHECK_EQUAL(nm_port_txsync(port, 0), -EINVAL);
    CHECK_EQUAL(nm_port_txsync(port, 0), 0);
}

TEST(cable)
{
    struct nm_region *region = make_region(8192);
    const struct nm_port_options both = {.read = true, .write = true};
    struct nm_port *a = make_port(getenv("PORT_A"), region, both),
                   *b = make_port(getenv("PORT_B"), region, both);
    printf("%s\n%s\n", a->note, b->note);
    printf("ready\n");
    fflush(stdout);
    for (bool running = true; running;) {
        unsigned moved = 0;
        for (unsigned i = 0; i < nm_port_rings(a); i++)
            moved += forward(a, b, i) + forward(b, a, i);
        if (!moved)
            running = sleep_for(a, b);
    }
    misuse(a, region);
    misuse(b, region);
    printf("%llu %llu\n", (unsigned long long)a->rx->packets, (unsigned long long)b->rx->packets);
    nm_port_flush(a);
    nm_port_close(a);
    nm_port_flush(b);
    nm_port_close(b);
    end_region(region);
}
