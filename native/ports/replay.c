/* replay:FILE[,loops=N][,time=SECONDS][,limit=PACKETS] sends a capture file from memory again and again,
 * every packet as it was captured. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "capture.h"
#include "copy.h"

#define FIRST_ROOM ((size_t)4 << 20)

struct replay {
    /* The packets one after another, each at a multiple of 64 bytes: a packet of 64 bytes costs one line. */
    uint8_t *data;
    size_t used, room;
    uint16_t *lengths;
    size_t n_packets, packets_room;

    size_t at; /* the next packet */
    const uint8_t *next;
    uint64_t loops_left;   /* the running one included */
    uint64_t packets_left; /* until `limit` */
    uint64_t duration;     /* ns, 0: for ever */
    uint64_t stop_time;    /* 0: not started */
    char message[256];
};

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
static void fill(struct replay *replay, const struct nm_region *region, struct nm_ring *ring, uint32_t from,
                 uint32_t count)
{
    struct netmap_slot *slot = &ring->ring->slot[from], *end = slot + count;
    const uint16_t *length = replay->lengths + replay->at;
    const uint8_t *data = replay->next;
    uint64_t bytes = 0;
    for (; slot != end; slot++) {
        uint8_t *to = free_slot_data(region, slot);
        if (unlikely(!to)) {
            struct netmap_slot copy = nm_slot_read(slot);
            nm_ring_drop(ring, nm_slot_has_buffer(region, &copy) ? NM_DROP_LENGTH : NM_DROP_INDEX);
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
    port->finished = !running;
    nm_ring_leave(ring);
    return 0;
}

static void free_replay(struct replay *replay)
{
    if (replay->data)
        munmap(replay->data, replay->room);
    free(replay->lengths);
    free(replay);
}

static void replay_close(struct nm_port *port)
{
    free_replay(port->priv);
    nm_port_release(port);
}

static const struct nm_port_ops replay_ops = {
    .scheme = "replay",
    .rxsync = replay_rxsync,
    .txsync = nm_port_no_sync,
    .wait = nm_port_no_wait,
    .close = replay_close,
};

static bool make_room(struct replay *replay, size_t more)
{
    if (replay->n_packets == replay->packets_room) {
        size_t room = replay->packets_room ? replay->packets_room * 2 : 4096;
        uint16_t *lengths = realloc(replay->lengths, room * sizeof *lengths);
        if (!lengths)
            return false;
        replay->lengths = lengths;
        replay->packets_room = room;
    }
    if (replay->used + more <= replay->room)
        return true;
    size_t room = replay->room ? replay->room * 2 : FIRST_ROOM;
    void *data = replay->data ? mremap(replay->data, replay->room, room, MREMAP_MAYMOVE)
                              : mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED)
        return false;
    replay->data = data;
    replay->room = room;
    madvise(data, room, MADV_HUGEPAGE);
    return true;
}

static bool append(struct replay *replay, const struct capture_record *record)
{
    /* One line more than the packet: the last one, if it is empty, is still copied from somewhere. */
    if (!make_room(replay, nm_round_line(record->length) + NM_LINE))
        return false;
    memcpy(replay->data + replay->used, record->data, record->length);
    replay->used += nm_round_line(record->length);
    replay->lengths[replay->n_packets++] = (uint16_t)record->length;
    return true;
}

static bool load(struct nm_port *port, struct capture *capture)
{
    struct replay *replay = port->priv;
    const uint32_t longest = nm_longest_frame(port->region);
    enum capture_status status;
    struct capture_record record;
    capture->blocking = true;
    while ((status = capture_next(capture, &record)) != CAPTURE_END) {
        if (status == CAPTURE_AGAIN)
            continue;
        if (status != CAPTURE_RECORD || record.length > longest)
            nm_ring_drop(port->rx, status == CAPTURE_LINK ? NM_DROP_LINK : NM_DROP_LONG);
        else if (!append(replay, &record))
            return false;
    }
    if (capture->warning) {
        snprintf(replay->message, sizeof replay->message, "%s", capture->warning);
        port->warning = replay->message;
    }
    replay->next = replay->data;
    port->link_type = capture->link_type;
    port->finished = replay->n_packets == 0 || replay->loops_left == 0 || replay->packets_left == 0;
    return true;
}

/* One ",name=value" from the end of `text`, cut off there. 1: it was one; 0: none; -1: not a number. */
static int take_option(char *text, struct replay *replay)
{
    char *comma = strrchr(text, ',');
    char *equals = comma ? strchr(comma, '=') : NULL;
    if (!equals)
        return 0;
    size_t length = (size_t)(equals - comma) - 1;
    const char *value = equals + 1;
    char *end;
    bool digit = *value >= '0' && *value <= '9';
    errno = 0;
    if (length == 4 && memcmp(comma + 1, "time", 4) == 0) {
        double seconds = strtod(value, &end);
        if (!digit || *end || seconds > 1e9)
            return -1;
        replay->duration = (uint64_t)(seconds * 1e9) + 1;
    } else if (length == 5 && (memcmp(comma + 1, "loops", 5) == 0 || memcmp(comma + 1, "limit", 5) == 0)) {
        uint64_t number = strtoull(value, &end, 10);
        if (!digit || *end || errno)
            return -1;
        *(comma[2] == 'o' ? &replay->loops_left : &replay->packets_left) = number;
    } else {
        return 0;
    }
    *comma = '\0';
    return 1;
}

/* The file name, with the options taken off it; the caller frees it. */
static char *parse(const char *spec, const char *rest, struct replay *replay, char *error, size_t size)
{
    char *path = strdup(rest);
    int taken = 1;
    while (path && taken > 0)
        taken = take_option(path, replay);
    if (path && taken == 0)
        return path;
    if (path)
        nm_port_error(error, size, spec, "'%s' is no number of %s", strrchr(path, '=') + 1,
                      strstr(strrchr(path, ','), "time") ? "seconds" : "loops or packets");
    else
        nm_port_error(error, size, spec, "out of memory");
    free(path);
    return NULL;
}

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
        if (!load(port, capture)) {
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
    struct replay *replay = calloc(1, sizeof *replay);
    if (!replay) {
        nm_port_error(error, size, spec, "out of memory");
        return NULL;
    }
    replay->loops_left = replay->packets_left = UINT64_MAX;
    char *path = parse(spec, rest, replay, error, size);
    struct nm_port *port = path ? open_file(spec, path, replay, region, options, error, size) : NULL;
    free(path);
    if (!port)
        free_replay(replay);
    return port;
}

static int64_t replay_probe(const char *spec, const char *rest, const struct nm_port_options *options,
                            char *error, size_t size)
{
    (void)options;
    struct replay ignored = {0};
    char *path = parse(spec, rest, &ignored, error, size);
    int64_t longest = path ? capture_longest(spec, path, error, size) : -EINVAL;
    free(path);
    return longest;
}

const struct nm_port_driver nm_replay_driver = {.scheme = "replay",
                                                .syntax =
                                                    "replay:FILE[,loops=N][,time=SECONDS][,limit=PACKETS]",
                                                .open = replay_open,
                                                .probe = replay_probe};
