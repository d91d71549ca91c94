/* replay:FILE[,loops=N][,time=SECONDS][,limit=PACKETS] sends a capture file from memory again and again,
 * every packet as it was captured. */
#include "replay.h"

#include <stdlib.h>
#include <time.h>

#include "copy.h"

static uint64_t monotonic_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

/* Is there still something to send? */
static bool still_running(struct replay *replay)
{
    if (replay->duration) {
        uint64_t now = monotonic_now();
        if (replay->stop_time == 0)
            replay->stop_time = now + replay->duration;
        if (now >= replay->stop_time)
            return false;
    }
    return replay->packets_left > 0 && replay->loops_left > 0;
}

/* Where the packet of a free slot goes, or NULL. */
static always_inline uint8_t *free_slot_data(const struct nm_region *region, const struct netmap_slot *slot)
{
    struct netmap_slot copy = nm_slot_read(slot);
    return likely(nm_slot_check_free(region, &copy) == NM_DROP_REASONS) ? nm_slot_data(region, &copy) : NULL;
}

/* Puts the next packets into `count` slots that do not wrap, while there are as many packets before the end
 * of the file. */
static void fill(struct replay *replay, const struct nm_region *shared, struct nm_ring *ring, uint32_t from,
                 uint32_t count)
{
    /* A copy stays in registers; through the pointer, each store to a packet would have it read again. */
    const struct nm_region copy = *shared, *region = &copy;
    struct netmap_slot *slot = &ring->ring->slot[from], *end = slot + count;
    const uint16_t *length = replay->lengths + replay->at;
    const uint8_t *data = replay->next;
    uint64_t bytes = 0;
    for (; slot != end; slot++) {
        uint8_t *to = free_slot_data(region, slot);
        if (unlikely(!to)) {
            struct netmap_slot bad = nm_slot_read(slot);
            nm_ring_drop(ring, nm_slot_has_buffer(region, &bad) ? NM_DROP_LENGTH : NM_DROP_INDEX);
            nm_slot_fill(slot, 0);
            continue;
        }
        uint32_t n = *length++;
        nm_copy_lines(to, data, n);
        nm_slot_fill(slot, n);
        data += nm_round_line(n);
        bytes += n;
    }
    size_t sent = (size_t)(length - replay->lengths) - replay->at;
    replay->at += sent;
    replay->packets_left -= sent;
    replay->next = data;
    ring->packets += sent;
    ring->bytes += bytes;
    if (replay->at == replay->n_packets) {
        replay->at = 0;
        replay->next = replay->data;
        replay->loops_left--;
    }
}

static always_inline uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int replay_rxsync(struct nm_port *port, unsigned index)
{
    struct replay *replay = port->priv;
    struct nm_ring *ring = &port->rx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    ring->hwcur = head;
    uint32_t space = nm_ring_distance(ring, ring->hwtail, nm_ring_prev(ring, head));
    bool running = !port->finished && still_running(replay);
    while (running && space > 0) {
        uint32_t count = (uint32_t)least(least(space, ring->n_slots - ring->hwtail),
                                         least(replay->n_packets - replay->at, replay->packets_left));
        fill(replay, port->region, ring, ring->hwtail, count);
        ring->hwtail = ring->hwtail + count == ring->n_slots ? 0 : ring->hwtail + count;
        space -= count;
        running = replay->packets_left > 0 && replay->loops_left > 0;
    }
    nm_port_set_finished(port, !running);
    nm_ring_leave(ring);
    return 0;
}

static void replay_close(struct nm_port *port)
{
    replay_free(port->priv);
    nm_port_release(port);
}

static const struct nm_port_ops replay_ops = {
    .scheme = "replay",
    .rxsync = replay_rxsync,
    .txsync = nm_port_no_sync,
    .wait = nm_port_no_wait,
    .close = replay_close,
};

static struct nm_port *open_file(const char *spec, const char *path, struct replay *replay,
                                 struct nm_region *region, const struct nm_port_options *options, char *error,
                                 size_t size)
{
    struct capture *capture = capture_open(spec, path, error, size);
    if (!capture)
        return NULL;
    const struct nm_port_shape shape = {.n_rx = 1, .default_slots = NM_DEFAULT_SLOTS};
    struct nm_port *port = nm_port_create(&replay_ops, spec, region, options, &shape, error, size);
    if (port) {
        port->priv = replay;
        if (!replay_load(port, replay, capture)) {
            nm_port_error(error, size, spec,
                          "no memory for the file's packets; 'pcap:%s' reads it bit by bit", path);
            nm_port_release(port);
            port = NULL;
        }
    }
    capture_close(capture);
    return port;
}

static struct nm_port *replay_open(const char *spec, const char *rest, struct nm_region *region,
                                   const struct nm_port_options *options, char *error, size_t size)
{
    if (options->write) {
        nm_port_error(error, size, spec, "a replayed file cannot be written; 'pcap:FILE' can");
        return NULL;
    }
    struct replay *replay = alloc_lines(1, sizeof *replay);
    if (!replay) {
        nm_port_error(error, size, spec, "out of memory");
        return NULL;
    }
    replay->loops_left = replay->packets_left = UINT64_MAX;
    char *path = replay_parse(spec, rest, replay, error, size);
    struct nm_port *port = path ? open_file(spec, path, replay, region, options, error, size) : NULL;
    free(path);
    if (!port)
        replay_free(replay);
    return port;
}

static int64_t replay_probe(const char *spec, const char *rest, const struct nm_port_options *options,
                            char *error, size_t size)
{
    (void)options;
    struct replay ignored = {0};
    char *path = replay_parse(spec, rest, &ignored, error, size);
    int64_t longest = path ? capture_longest(spec, path, error, size) : -EINVAL;
    free(path);
    return longest;
}

NM_PORT_DRIVER(replay) = {.scheme = "replay", .open = replay_open, .probe = replay_probe};
