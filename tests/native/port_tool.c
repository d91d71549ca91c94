/* Ports at the command of a Python test: one command a line, fields separated by tabs, answers in lines.
 *   read SPEC SLOTS BUFFER_SIZE            P timestamp wire_length length hex ... then E
 *   copy IN OUT NANOSECONDS SNAP LINK_TYPE UNBUFFERED      E
 *   probe SPEC                             N longest
 * E link_type packets drops(by reason, 6) finished warning; X error. */
#include <poll.h>

#include "check.h"

#define BUFFERS 1200u

static uint32_t next(const struct netmap_ring *ring, uint32_t at)
{
    return at + 1 == ring->num_slots ? 0 : at + 1;
}

static void say_end(const struct nm_port *port, const struct nm_ring *ring, const char *warning)
{
    printf("E\t%u\t%llu", port->link_type, (unsigned long long)ring->packets);
    for (unsigned i = 0; i < NM_DROP_REASONS; i++)
        printf("\t%llu", (unsigned long long)ring->drops_by[i]);
    printf("\t%d\t%s\n", port->finished, warning ? warning : "");
}

/* Waits as a worker would when nothing came. */
static void sleep_for(struct nm_port *port)
{
    short events = POLLIN;
    int fd = port->ops->wait(port, 0, &events);
    CHECK(fd >= 0);
    struct pollfd ready = {.fd = fd, .events = events};
    poll(&ready, 1, 5000);
}

static void print_packet(const struct nm_port *port, uint32_t at)
{
    const struct netmap_ring *ring = port->rx->ring;
    const struct netmap_slot *slot = &ring->slot[at];
    const uint8_t *data = netmap_buffer(ring, slot->buf_idx) + (slot->ptr & ring->offset_mask);
    struct nm_slot_meta meta = {0};
    if (port->rx->meta)
        meta = port->rx->meta[at];
    printf("P\t%llu\t%u\t%u\t", (unsigned long long)meta.timestamp, meta.wire_length, slot->len);
    for (uint32_t i = 0; i < slot->len; i++)
        printf("%02x", data[i]);
    printf("\n");
}

static void read_port(struct nm_region *region, const char *spec, uint32_t slots)
{
    char error[512];
    struct nm_port_options options = {.read = true, .ring_slots = slots};
    struct nm_port *port = nm_port_open(spec, region, &options, error, sizeof error);
    if (!port) {
        printf("X\t%s\n", error);
        return;
    }
    struct netmap_ring *ring = port->rx->ring;
    for (;;) {
        CHECK_EQUAL(nm_port_rxsync(port, 0), 0);
        if (ring->head == ring->tail) {
            if (port->finished)
                break;
            sleep_for(port);
        }
        for (; ring->head != ring->tail; ring->head = ring->cur = next(ring, ring->head))
            print_packet(port, ring->head);
    }
    say_end(port, port->rx, port->warning);
    nm_port_close(port);
}

static void copy_packets(struct nm_port *in, struct nm_port *out)
{
    struct netmap_ring *rx = in->rx->ring, *tx = out->tx->ring;
    while (!in->finished || rx->head != rx->tail) {
        CHECK_EQUAL(nm_port_rxsync(in, 0), 0);
        while (rx->head != rx->tail && tx->head != tx->tail) {
            struct netmap_slot *from = &rx->slot[rx->head], *to = &tx->slot[tx->head], packet = *from;
            from->buf_idx = to->buf_idx;
            from->ptr = nm_buffer_offset(to->buf_idx);
            *to = packet;
            out->tx->meta[tx->head] = in->rx->meta ? in->rx->meta[rx->head] : (struct nm_slot_meta){0};
            rx->head = rx->cur = next(rx, rx->head);
            tx->head = tx->cur = next(tx, tx->head);
        }
        CHECK_EQUAL(nm_port_txsync(out, 0), 0);
    }
}

static void copy_port(struct nm_region *region, char **field)
{
    char error[512];
    struct nm_port_options reading = {.read = true}, writing = {.write = true,
                                                                .nanoseconds = atoi(field[3]),
                                                                .snap_length = (uint32_t)atoi(field[4]),
                                                                .link_type = (uint32_t)atoi(field[5]),
                                                                .unbuffered = atoi(field[6])};
    struct nm_port *in = nm_port_open(field[1], region, &reading, error, sizeof error);
    struct nm_port *out = in ? nm_port_open(field[2], region, &writing, error, sizeof error) : NULL;
    if (out) {
        copy_packets(in, out);
        int err = nm_port_flush(out);
        CHECK_EQUAL(err < 0, out->warning != NULL);
        say_end(out, out->tx, out->warning);
        nm_port_close(out);
    } else {
        printf("X\t%s\n", error);
    }
    if (in)
        nm_port_close(in);
}

static void obey(char **field, unsigned n)
{
    uint32_t buffer_size = n == 4 ? (uint32_t)atoi(field[3]) : 66000;
    char error[512] = "";
    struct nm_region *region = nm_region_create(BUFFERS, buffer_size, error, sizeof error);
    CHECK(region);
    if (strcmp(field[0], "read") == 0) {
        CHECK_EQUAL(n, 4);
        read_port(region, field[1], (uint32_t)atoi(field[2]));
    } else if (strcmp(field[0], "copy") == 0) {
        CHECK_EQUAL(n, 7);
        copy_port(region, field);
    } else {
        int64_t longest =
            nm_port_probe(field[1], &(struct nm_port_options){.read = true}, error, sizeof error);
        if (longest < 0)
            printf("X\t%s\n", error);
        else
            printf("N\t%lld\n", (long long)longest);
    }
    fflush(stdout);
    end_region(region);
}

TEST(serve)
{
    static char line[1 << 16];
    while (fgets(line, sizeof line, stdin)) {
        char *field[8];
        unsigned n = 0;
        line[strcspn(line, "\n")] = '\0';
        for (char *at = strtok(line, "\t"); at && n < 8; at = strtok(NULL, "\t"))
            field[n++] = at;
        CHECK(n >= 2);
        obey(field, n);
    }
}

/* One command given as the second half of the environment, for tests that need standard input or output. */
TEST(once)
{
    char *command = getenv("PORT_TOOL_COMMAND"), *field[8];
    unsigned n = 0;
    CHECK(command);
    for (char *at = strtok(command, "\t"); at && n < 8; at = strtok(NULL, "\t"))
        field[n++] = at;
    obey(field, n);
}
