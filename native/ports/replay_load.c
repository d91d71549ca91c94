/* How a replayed file gets into memory. */
#define _GNU_SOURCE
#include "replay.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "copy.h"

#define FIRST_ROOM ((size_t)4 << 20)

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

bool replay_load(struct nm_port *port, struct replay *replay, struct capture *capture)
{
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

char *replay_parse(const char *spec, const char *rest, struct replay *replay, char *error, size_t size)
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

void replay_free(struct replay *replay)
{
    if (replay->data)
        munmap(replay->data, replay->room);
    free(replay->lengths);
    free(replay);
}
