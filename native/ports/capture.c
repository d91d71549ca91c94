/* The input of a capture file and the classic pcap format (draft-ietf-opsawg-pcap). */
#include "capture.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

#define MAGIC_MICROSECONDS 0xa1b2c3d4u
#define MAGIC_NANOSECONDS 0xa1b23c4du
#define MAGIC_MODIFIED 0xa1b2cd34u /* old Linux tcpdump: 8 more bytes in each record's header */
#define FILE_HEADER 24u
#define PROBED_RECORDS 100000u

enum capture_status capture_broken(struct capture *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->message, sizeof c->message, format, arguments);
    va_end(arguments);
    c->warning = c->message;
    c->ended = true;
    return CAPTURE_END;
}

enum capture_status capture_finish(struct capture *c, enum capture_status status)
{
    if (status == CAPTURE_END && !c->ended) {
        if (c->end > c->start || c->skip > 0)
            return capture_broken(c, "the file is cut off in the middle of record %llu",
                                  (unsigned long long)c->records + 1);
        c->ended = true;
    }
    return status;
}

/* Reads once. RECORD: something came. A signal ends the wait for a header. */
static enum capture_status fill(struct capture *c)
{
    if (c->at_end)
        return CAPTURE_END;
    if (c->stream) {
        struct pollfd ready = {.fd = c->fd, .events = POLLIN};
        int n = poll(&ready, 1, c->blocking ? -1 : 0);
        if (n < 0 && c->blocking)
            return capture_broken(c, "cannot wait for it: %s", strerror(errno));
        if (n <= 0)
            return CAPTURE_AGAIN;
    }
    ssize_t n = read(c->fd, c->window + c->end, CAPTURE_WINDOW - c->end);
    if (n > 0) {
        c->end += (size_t)n;
        c->position += (uint64_t)n;
        return CAPTURE_RECORD;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return CAPTURE_AGAIN;
    if (n < 0)
        return capture_broken(c, "cannot read on: %s", strerror(errno));
    c->at_end = true;
    return CAPTURE_END;
}

enum capture_status capture_need(struct capture *c, size_t count)
{
    if (likely(c->skip == 0 && c->end - c->start >= count))
        return CAPTURE_RECORD;
    memmove(c->window, c->window + c->start, c->end - c->start);
    c->end -= c->start;
    c->start = 0;
    while (c->skip > 0 || c->end < count) {
        enum capture_status status = fill(c);
        if (status != CAPTURE_RECORD)
            return status;
        size_t dropped = c->skip < c->end ? (size_t)c->skip : c->end;
        c->skip -= dropped;
        c->end -= dropped;
        memmove(c->window, c->window + dropped, c->end);
    }
    return CAPTURE_RECORD;
}

void capture_skip(struct capture *c, uint64_t count)
{
    size_t have = c->end - c->start;
    size_t now = count < have ? (size_t)count : have;
    c->start += now;
    c->skip += count - now;
}

uint32_t capture_link_type(uint32_t link_type)
{
    switch (link_type) {
    case 12:  /* DLT_RAW where it was written without translation */
    case 14:  /* the same on OpenBSD */
    case 228: /* IPv4 */
    case 229: /* IPv6 */
        return NM_LINK_RAW_IP;
    default:
        return link_type;
    }
}

int capture_seek(struct capture *c, uint64_t position)
{
    struct stat status;
    if (c->stream) {
        uint64_t at = capture_tell(c);
        if (position < at)
            return -ESPIPE;
        capture_skip(c, position - at);
        return 0;
    }
    if (fstat(c->fd, &status) != 0)
        return -errno;
    if (position > (uint64_t)status.st_size)
        return -ERANGE;
    if (lseek(c->fd, (off_t)position, SEEK_SET) < 0)
        return -errno;
    c->start = c->end = 0;
    c->skip = 0;
    c->position = position;
    c->at_end = c->ended = false;
    c->warning = NULL;
    return 0;
}

static enum capture_status classic_next(struct capture *c, struct capture_record *record)
{
    enum capture_status status = capture_need(c, c->record_header);
    if (status != CAPTURE_RECORD)
        return capture_finish(c, status);
    const uint8_t *header = c->window + c->start;
    uint32_t length = capture_u32(c, header + 8);
    uint32_t wire_length = capture_u32(c, header + 12);
    if (c->old_lengths && length > wire_length) {
        uint32_t swap = length;
        length = wire_length;
        wire_length = swap;
    }
    record->timestamp =
        capture_u32(c, header) * UINT64_C(1000000000) + (uint64_t)capture_u32(c, header + 4) * c->tick;
    record->length = length < wire_length ? length : wire_length;
    record->wire_length = wire_length;
    if (length > CAPTURE_LENGTH_MAX)
        return capture_broken(c, "record %llu is damaged: it claims %u bytes, more than the %u there can be",
                              (unsigned long long)c->records + 1, length, CAPTURE_LENGTH_MAX);
    if (length > CAPTURE_FRAME_MAX) {
        capture_skip(c, (uint64_t)c->record_header + length);
        c->records++;
        return CAPTURE_LONG;
    }
    status = capture_need(c, c->record_header + length);
    if (status != CAPTURE_RECORD)
        return capture_finish(c, status);
    record->data = c->window + c->start + c->record_header;
    c->start += c->record_header + length;
    c->records++;
    return CAPTURE_RECORD;
}

enum capture_status capture_next_slow(struct capture *c, struct capture_record *record)
{
    if (c->ended)
        return CAPTURE_END;
    return c->pcapng ? pcapng_next(c, record) : classic_next(c, record);
}

static const char *compression(const uint8_t *magic)
{
    static const struct {
        uint8_t bytes[4], length;
        const char *program;
    } known[] = {
        {{0x1f, 0x8b}, 2, "gzip"},
        {{0x28, 0xb5, 0x2f, 0xfd}, 4, "zstd"},
        {{'B', 'Z', 'h'}, 3, "bzip2"},
        {{0xfd, '7', 'z', 'X'}, 4, "xz"},
        {{0x04, 0x22, 0x4d, 0x18}, 4, "lz4"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (memcmp(magic, known[i].bytes, known[i].length) == 0)
            return known[i].program;
    return NULL;
}

/* False with the reason in `error`. */
static bool classic_open(struct capture *c, const char *spec, char *error, size_t size)
{
    const uint8_t *header = c->window + c->start;
    uint32_t magic = load_u32(header);
    c->swapped = magic == __builtin_bswap32(MAGIC_MICROSECONDS) ||
                 magic == __builtin_bswap32(MAGIC_NANOSECONDS) || magic == __builtin_bswap32(MAGIC_MODIFIED);
    magic = capture_u32(c, header);
    if (magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS && magic != MAGIC_MODIFIED) {
        const char *program = compression(header);
        if (program)
            nm_port_error(error, size, spec,
                          "the file is compressed: unpack it first (%s -d), or pipe it into 'pcap:-'",
                          program);
        else
            nm_port_error(error, size, spec, "neither a pcap nor a pcapng file (it starts with 0x%08x)",
                          BE32(load_u32(header)));
        return false;
    }
    if (capture_need(c, FILE_HEADER) != CAPTURE_RECORD) {
        nm_port_error(error, size, spec, "the file is cut off in its header");
        return false;
    }
    header = c->window + c->start;
    uint16_t major = capture_u16(c, header + 4), minor = capture_u16(c, header + 6);
    if (major != 2) {
        nm_port_error(error, size, spec, "pcap version %u.%u is not known; 2.4 is", major, minor);
        return false;
    }
    c->old_lengths = minor <= 3;
    c->tick = magic == MAGIC_NANOSECONDS ? 1 : 1000;
    c->record_header = magic == MAGIC_MODIFIED ? 24 : 16;
    c->link_type = capture_link_type(capture_u32(c, header + 20) & 0xffff);
    c->plain = !c->swapped && !c->old_lengths && c->record_header == 16;
    c->start += FILE_HEADER;
    return true;
}

static bool open_input(struct capture *c, const char *spec, const char *path, char *error, size_t size)
{
    c->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (c->fd < 0 || fstat(c->fd, &status) != 0) {
        nm_port_error(error, size, spec, "%s", strerror(errno));
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        nm_port_error(error, size, spec, "%s", strerror(EISDIR));
        return false;
    }
    c->stream = !S_ISREG(status.st_mode);
    if (capture_need(c, 4) == CAPTURE_RECORD)
        return true;
    if (c->warning)
        nm_port_error(error, size, spec, "%s", c->warning);
    else
        nm_port_error(error, size, spec, "neither a pcap nor a pcapng file (%s)",
                      c->end > c->start ? "too short" : "it is empty");
    return false;
}

struct capture *capture_open(const char *spec, const char *path, char *error, size_t size)
{
    if (!*path) {
        nm_port_error(error, size, spec, "a file name is missing; '-' is standard input");
        return NULL;
    }
    struct capture *c = calloc(1, sizeof *c);
    if (c) {
        c->fd = -1;
        c->blocking = true;
        c->window = calloc(1, CAPTURE_WINDOW + CAPTURE_PADDING);
    }
    if (!c || !c->window) {
        free(c);
        nm_port_error(error, size, spec, "out of memory");
        return NULL;
    }
    bool opened = open_input(c, spec, path, error, size);
    if (opened && pcapng_open(c)) {
        opened = !c->warning;
        if (!opened)
            nm_port_error(error, size, spec, "%s", c->warning);
    } else if (opened) {
        opened = classic_open(c, spec, error, size);
    }
    if (!opened) {
        capture_close(c);
        return NULL;
    }
    c->blocking = false;
    return c;
}

void capture_close(struct capture *c)
{
    if (c->fd > STDIN_FILENO)
        close(c->fd);
    free(c->interfaces);
    free(c->window);
    free(c);
}

int64_t capture_longest(const char *spec, const char *path, char *error, size_t size)
{
    struct stat status;
    if (strcmp(path, "-") == 0 ||
        (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)))
        return 0;
    struct capture *c = capture_open(spec, path, error, size);
    if (!c)
        return -EINVAL;
    uint32_t longest = 0;
    struct capture_record record;
    for (uint32_t i = 0; i < PROBED_RECORDS; i++) {
        enum capture_status next = capture_next(c, &record);
        if (next == CAPTURE_RECORD && record.length > longest)
            longest = record.length;
        else if (next == CAPTURE_END)
            break;
    }
    capture_close(c);
    return longest;
}
