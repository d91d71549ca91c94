/* The writing side of pcap:FILE. Packets are gathered and reach the file in large writes. */
#define _GNU_SOURCE
#include "pcap_write.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "capture.h"
#include "copy.h"

#define MAGIC_MICROSECONDS 0xa1b2c3d4u
#define MAGIC_NANOSECONDS 0xa1b23c4du
#define FILE_HEADER 24u
#define RECORD_HEADER 16u
#define NANOSECONDS UINT64_C(1000000000)
#define FLUSH_AT ((size_t)256 << 10)
#define RECORD_ROOM (RECORD_HEADER + CAPTURE_LENGTH_MAX + NM_LINE)

struct pcap_writer {
    int fd;
    bool regular;
    bool nanoseconds, unbuffered;
    uint32_t snap_length;
    uint8_t *buffer; /* FLUSH_AT + RECORD_ROOM bytes */
    size_t used;
    uint64_t waiting; /* packets that end in the buffer */
    int error;        /* errno of the first failed write: nothing is written after it */
    char message[160];
};

/* Writes everything or says why not. A reader that went away must not kill the process: SIGPIPE is held back
 * and taken off again. Regular files have no SIGPIPE. */
static int write_all(const struct pcap_writer *writer, const uint8_t *data, size_t length)
{
    int result = 0;
    sigset_t pipe_signal, before;
    if (!writer->regular) {
        sigemptyset(&pipe_signal);
        sigaddset(&pipe_signal, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    }
    while (length > 0 && result == 0) {
        ssize_t n = write(writer->fd, data, length);
        if (n >= 0) {
            data += n;
            length -= (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd ready = {.fd = writer->fd, .events = POLLOUT};
            poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            result = errno;
        }
    }
    if (!writer->regular) {
        if (result == EPIPE && !sigismember(&before, SIGPIPE))
            sigtimedwait(&pipe_signal, NULL, &(struct timespec){0, 0});
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return result;
}

static int flush(struct nm_port *port)
{
    struct pcap_writer *writer = port->priv;
    if (writer->error == 0 && writer->used > 0) {
        writer->error = write_all(writer, writer->buffer, writer->used);
        if (writer->error) {
            snprintf(writer->message, sizeof writer->message, "cannot write on: %s", strerror(writer->error));
            port->warning = writer->message;
            port->tx->packets -= writer->waiting;
            port->tx->drops += writer->waiting;
            port->tx->drops_by[NM_DROP_WRITE] += writer->waiting;
        }
    }
    writer->used = 0;
    writer->waiting = 0;
    return -writer->error;
}

static cold_path uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

static void put_record_header(const struct pcap_writer *writer, uint8_t *at, uint64_t timestamp,
                              uint32_t stored, uint32_t wire_length)
{
    uint32_t fraction = (uint32_t)(timestamp % NANOSECONDS);
    store_u32(at, (uint32_t)(timestamp / NANOSECONDS));
    store_u32(at + 4, writer->nanoseconds ? fraction : fraction / 1000);
    store_u32(at + 8, stored);
    store_u32(at + 12, wire_length);
}

static always_inline void copy_packet(uint8_t *to, const struct nm_region *region,
                                      const struct netmap_slot *slot, uint32_t length)
{
    const uint8_t *data = nm_slot_data(region, slot);
    if (likely(nm_slot_offset(slot) + nm_round_line(length | 1) <= region->buffer_size))
        nm_copy_lines(to, data, length);
    else
        memcpy(to, data, length);
}

/* Packets may span several slots (NS_MOREFRAG): the record's header is filled in at the last one. */
static int pcap_txsync(struct nm_port *port, unsigned index)
{
    struct pcap_writer *writer = port->priv;
    const struct nm_region *region = port->region;
    struct nm_ring *ring = &port->tx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, region, &head);
    if (err)
        return err;
    head = nm_ring_whole_packets(ring, ring->hwcur, head);
    uint64_t time_now = 0;
    uint32_t stored = 0, length = 0;
    for (uint32_t at = ring->hwcur; at != head; at = nm_ring_next(ring, at)) {
        struct netmap_slot slot = nm_slot_read(&ring->ring->slot[at]);
        enum nm_drop_reason bad = nm_slot_check(region, &slot);
        if (unlikely(writer->used >= FLUSH_AT && length == 0))
            flush(port);
        if (unlikely(writer->error))
            bad = NM_DROP_WRITE;
        uint8_t *record = writer->buffer + writer->used;
        if (likely(bad == NM_DROP_REASONS)) {
            uint32_t room = writer->snap_length - stored;
            uint32_t take = slot.len < room ? slot.len : room;
            copy_packet(record + RECORD_HEADER + stored, region, &slot, take);
            stored += take;
            length += slot.len;
        } else {
            nm_ring_drop(ring, bad);
        }
        if (unlikely(slot.flags & NS_MOREFRAG) && nm_ring_next(ring, at) != head)
            continue;
        if (unlikely(bad != NM_DROP_REASONS && length == 0))
            continue;
        struct nm_slot_meta meta = ring->meta[at];
        if (unlikely(meta.timestamp == 0))
            meta.timestamp = time_now ? time_now : (time_now = now());
        put_record_header(writer, record, meta.timestamp, stored,
                          meta.wire_length > length ? meta.wire_length : length);
        writer->used += RECORD_HEADER + stored;
        writer->waiting++;
        ring->packets++;
        ring->bytes += length;
        stored = length = 0;
    }
    ring->hwcur = head;
    ring->hwtail = nm_ring_prev(ring, head);
    if (writer->unbuffered)
        flush(port);
    nm_ring_leave(ring);
    return 0;
}

static void pcap_close(struct nm_port *port)
{
    struct pcap_writer *writer = port->priv;
    flush(port);
    if (writer->fd > STDERR_FILENO)
        close(writer->fd);
    free(writer->buffer);
    free(writer);
    nm_port_release(port);
}

static const struct nm_port_ops pcap_write_ops = {
    .scheme = "pcap",
    .rxsync = nm_port_no_sync,
    .txsync = pcap_txsync,
    .wait = nm_port_no_wait,
    .flush = flush,
    .close = pcap_close,
};

static int write_file_header(const struct pcap_writer *writer, uint32_t link_type)
{
    uint8_t header[FILE_HEADER] = {0};
    store_u32(header, writer->nanoseconds ? MAGIC_NANOSECONDS : MAGIC_MICROSECONDS);
    store_u16(header + 4, 2);
    store_u16(header + 6, 4);
    store_u32(header + 16, writer->snap_length);
    store_u32(header + 20, link_type);
    return write_all(writer, header, sizeof header);
}

static struct pcap_writer *open_output(const char *path, const struct nm_port_options *options, int *err)
{
    struct pcap_writer *writer = calloc(1, sizeof *writer);
    uint8_t *buffer = malloc(FLUSH_AT + RECORD_ROOM);
    if (!writer || !buffer) {
        free(writer);
        free(buffer);
        *err = ENOMEM;
        return NULL;
    }
    writer->buffer = buffer;
    writer->nanoseconds = options->nanoseconds;
    writer->unbuffered = options->unbuffered;
    writer->snap_length = options->snap_length && options->snap_length < CAPTURE_LENGTH_MAX
                              ? options->snap_length
                              : CAPTURE_LENGTH_MAX;
    writer->fd =
        strcmp(path, "-") == 0 ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    struct stat status;
    *err = writer->fd < 0 || fstat(writer->fd, &status) != 0 ? errno : 0;
    if (*err == 0) {
        writer->regular = S_ISREG(status.st_mode);
        *err = write_file_header(writer, nm_port_link_type(options));
    }
    if (*err == 0)
        return writer;
    if (writer->fd > STDERR_FILENO)
        close(writer->fd);
    free(buffer);
    free(writer);
    return NULL;
}

struct nm_port *pcap_open_writer(const char *spec, const char *path, struct nm_region *region,
                                 const struct nm_port_options *options, char *error, size_t size)
{
    if (!*path) {
        nm_port_error(error, size, spec, "a file name is missing; '-' is standard output");
        return NULL;
    }
    const struct nm_port_shape shape = {.n_tx = 1, .default_slots = NM_DEFAULT_SLOTS, .tx_meta = true};
    struct nm_port *port = nm_port_create(&pcap_write_ops, spec, region, options, &shape, error, size);
    if (!port)
        return NULL;
    int err;
    port->priv = open_output(path, options, &err);
    if (!port->priv) {
        nm_port_error(error, size, spec, "%s", strerror(err));
        nm_port_release(port);
        return NULL;
    }
    port->link_type = nm_port_link_type(options);
    return port;
}
