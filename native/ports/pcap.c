/* pcap:FILE reads a capture file once, or writes one. */
#include "capture.h"
#include "copy.h"
#include "pcap_write.h"

static int pcap_rxsync(struct nm_port *port, unsigned index)
{
    struct capture *capture = port->priv;
    const struct nm_region *region = port->region;
    struct nm_ring *ring = &port->rx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, region, &head);
    if (err)
        return err;
    ring->hwcur = head;
    const uint32_t longest = nm_longest_frame(region);
    const uint32_t stop = nm_ring_prev(ring, head);
    uint32_t at = ring->hwtail;
    while (at != stop) {
        struct netmap_slot *slot = &ring->ring->slot[at];
        struct netmap_slot copy = nm_slot_read(slot);
        enum nm_drop_reason bad = nm_slot_check_free(region, &copy);
        struct capture_record record = {.length = 0};
        uint32_t position = (uint32_t)capture_tell(capture);
        if (likely(bad == NM_DROP_REASONS)) {
            enum capture_status status = capture_next(capture, &record);
            if (unlikely(status == CAPTURE_AGAIN || status == CAPTURE_END)) {
                port->finished = status == CAPTURE_END;
                port->warning = capture->warning;
                break;
            }
            if (unlikely(status != CAPTURE_RECORD || record.length > longest)) {
                nm_ring_drop(ring, status == CAPTURE_LINK ? NM_DROP_LINK : NM_DROP_LONG);
                continue;
            }
            nm_copy_lines(nm_slot_data(region, &copy), record.data, record.length);
            ring->packets++;
            ring->bytes += record.length;
        } else {
            nm_ring_drop(ring, bad);
        }
        nm_slot_fill(slot, record.length);
        ring->meta[at] = (struct nm_slot_meta){record.timestamp, record.wire_length, position};
        at = nm_ring_next(ring, at);
    }
    ring->hwtail = at;
    nm_ring_leave(ring);
    return 0;
}

static int pcap_wait(struct nm_port *port, unsigned ring, short *events)
{
    (void)ring;
    const struct capture *capture = port->priv;
    (void)events;
    return capture->stream && !capture->ended ? capture->fd : -1;
}

static uint64_t pcap_tell(struct nm_port *port)
{
    return capture_tell(port->priv);
}

static int pcap_seek(struct nm_port *port, uint64_t position)
{
    int err = capture_seek(port->priv, position);
    if (!err)
        port->finished = false;
    return err;
}

static void pcap_close(struct nm_port *port)
{
    capture_close(port->priv);
    nm_port_release(port);
}

static const struct nm_port_ops pcap_read_ops = {
    .scheme = "pcap",
    .rxsync = pcap_rxsync,
    .txsync = nm_port_no_sync,
    .wait = pcap_wait,
    .tell = pcap_tell,
    .seek = pcap_seek,
    .close = pcap_close,
};

static struct nm_port *open_reader(const char *spec, const char *path, struct nm_region *region,
                                   const struct nm_port_options *options, char *error, size_t size)
{
    struct capture *capture = capture_open(spec, path, error, size);
    if (!capture)
        return NULL;
    const struct nm_port_shape shape = {.n_rx = 1, .default_slots = NM_DEFAULT_SLOTS, .rx_meta = true};
    struct nm_port *port = nm_port_create(&pcap_read_ops, spec, region, options, &shape, error, size);
    if (!port) {
        capture_close(capture);
        return NULL;
    }
    port->priv = capture;
    port->link_type = capture->link_type;
    return port;
}

static struct nm_port *pcap_open(const char *spec, const char *path, struct nm_region *region,
                                 const struct nm_port_options *options, char *error, size_t size)
{
    if (options->read == options->write) {
        nm_port_error(error, size, spec, "a capture file is either read or written");
        return NULL;
    }
    return options->read ? open_reader(spec, path, region, options, error, size)
                         : pcap_open_writer(spec, path, region, options, error, size);
}

static int64_t pcap_probe(const char *spec, const char *path, const struct nm_port_options *options,
                          char *error, size_t size)
{
    return options->read ? capture_longest(spec, path, error, size) : 0;
}

NM_PORT_DRIVER(pcap) = {.scheme = "pcap", .open = pcap_open, .probe = pcap_probe};
