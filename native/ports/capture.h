/* Reading capture files: pcap and pcapng, from files and streams, record by record. */
#ifndef NMCLICK_PORTS_CAPTURE_H
#define NMCLICK_PORTS_CAPTURE_H

#include "driver.h"

#define CAPTURE_FRAME_MAX 65535u           /* what a slot's length can say */
#define CAPTURE_LENGTH_MAX 262144u         /* a captured length above this is no length (libpcap's limit) */
#define CAPTURE_WINDOW ((size_t)256 << 10) /* what is read at a time; half a usual second-level cache */
#define CAPTURE_PADDING 64u                /* readable bytes behind every frame */

enum capture_status {
    CAPTURE_RECORD,
    CAPTURE_LONG,  /* a frame above CAPTURE_FRAME_MAX was passed over */
    CAPTURE_LINK,  /* a frame of another link type than the file's first was passed over */
    CAPTURE_AGAIN, /* the stream has nothing more at the moment */
    CAPTURE_END,   /* of the file, or of what can be understood of it: see warning */
};

struct capture_record {
    const uint8_t *data; /* valid until the next call; CAPTURE_PADDING more bytes may be read */
    uint32_t length;
    uint32_t wire_length; /* at least length */
    uint64_t timestamp;   /* ns since the epoch */
};

/* How the ticks of a pcapng interface become nanoseconds. */
struct capture_interface {
    uint32_t link_type;
    uint32_t snap_length; /* 0: none */
    uint8_t resolution;   /* as in the if_tsresol option */
    uint64_t offset;      /* ns to add, modulo 2^64 */
};

struct capture {
    uint8_t *window; /* [start, end) is read and not used yet */
    size_t start, end;
    uint64_t skip;     /* bytes of the input to throw away first */
    uint64_t position; /* of window[end] in the input */
    int fd;
    bool stream;   /* poll before reading */
    bool blocking; /* while opening: wait for the header */
    bool at_end;
    bool ended; /* nothing more will be delivered */

    bool plain; /* pcap of this machine's byte order and no oddities */
    bool pcapng;
    bool swapped;           /* written in the other byte order */
    bool old_lengths;       /* before version 2.3 the two lengths stood the other way round */
    uint32_t record_header; /* bytes */
    uint32_t tick;          /* ns in the unit of the second timestamp word */
    uint32_t link_type;     /* 12, 14, 228 and 229 are told as 101, raw IP */

    struct capture_interface *interfaces; /* of the current pcapng section */
    uint32_t n_interfaces, interface_room;
    uint64_t records;
    const char *warning; /* why it ended early, or NULL */
    char message[256];
};

/* NULL with the reason in `error`. "-" is standard input. Waits for the file's header. */
struct capture *capture_open(const char *spec, const char *path, char *error, size_t size);
void capture_close(struct capture *capture);

/* The position in the input of what capture_next looks at next. */
static always_inline uint64_t capture_tell(const struct capture *capture)
{
    return capture->position + capture->skip - (capture->end - capture->start);
}

/* Go on from another position, which must be that of a record. 0, -ERANGE past the end, -ESPIPE back in a
 * stream. */
int capture_seek(struct capture *capture, uint64_t position);

/* Longest frame among the first 100,000 records of a regular file, 0 for streams, or -errno. */
int64_t capture_longest(const char *spec, const char *path, char *error, size_t size);

enum capture_status capture_next_slow(struct capture *capture, struct capture_record *record);

static always_inline enum capture_status capture_next(struct capture *c, struct capture_record *record)
{
    size_t have = c->end - c->start;
    if (likely(c->plain && have >= 16)) {
        const uint8_t *header = c->window + c->start;
        uint32_t length = load_u32(header + 8);
        uint32_t wire_length = load_u32(header + 12);
        if (likely(length <= have - 16 && length <= wire_length && length <= CAPTURE_FRAME_MAX)) {
            record->data = header + 16;
            record->length = length;
            record->wire_length = wire_length;
            record->timestamp =
                load_u32(header) * UINT64_C(1000000000) + (uint64_t)load_u32(header + 4) * c->tick;
            c->start += 16 + length;
            c->records++;
            return CAPTURE_RECORD;
        }
    }
    return capture_next_slow(c, record);
}

/* For the readers of the formats. */

/* CAPTURE_RECORD when `count` bytes (at most CAPTURE_WINDOW) stand at window + start, else AGAIN or END. */
enum capture_status capture_need(struct capture *capture, size_t count);
/* Drops `count` bytes, those that are not read yet as they come. */
void capture_skip(struct capture *capture, uint64_t count);
/* Ends the capture here, saying why. */
__attribute__((format(printf, 2, 3))) cold_path enum capture_status capture_broken(struct capture *capture,
                                                                                   const char *format, ...);
/* Ends it at the end of the input; says so if that is in the middle of something. */
enum capture_status capture_finish(struct capture *capture, enum capture_status status);
uint32_t capture_link_type(uint32_t link_type);

static inline uint32_t capture_u32(const struct capture *capture, const void *at)
{
    return capture->swapped ? __builtin_bswap32(load_u32(at)) : load_u32(at);
}

static inline uint16_t capture_u16(const struct capture *capture, const void *at)
{
    return capture->swapped ? __builtin_bswap16(load_u16(at)) : load_u16(at);
}

bool pcapng_open(struct capture *capture); /* false: no pcapng section header here */
enum capture_status pcapng_next(struct capture *capture, struct capture_record *record);

#endif
