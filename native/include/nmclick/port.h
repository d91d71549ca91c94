/* A port: where packets enter and leave. Every kind of port presents netmap rings and one small struct of
 * functions; the pipeline sees only the rings. */
#ifndef NMCLICK_PORT_H
#define NMCLICK_PORT_H

#include "nmclick/bytes.h"
#include "nmclick/netmap_abi.h"
#include "nmclick/spin_lock.h"

/* The memory that buffers, rings and interfaces live in. A pipeline works on one region; a port with another
 * region costs one copy at the boundary. */
struct nm_region {
    uint8_t *base;        /* start of the mapping */
    size_t size;          /* bytes mapped */
    uint8_t *buffers;     /* address of buffer 0 */
    uint32_t buffer_size; /* bytes from one buffer to the next: an odd number of 64-byte lines */
    uint32_t n_buffers;   /* indexes 0 and 1 are reserved, as in netmap */
    uint32_t *free_list;  /* buffers owned by nobody, a stack */
    uint32_t free_count;
    struct nm_region_pools *pools; /* who holds what; region.c */
};

/* What a capture file knows of a packet and a netmap slot has no room for; parallel to the ring's slots. */
struct nm_slot_meta {
    uint64_t timestamp;   /* ns since the epoch; 0: not known */
    uint32_t wire_length; /* bytes on the wire, at least slot->len; 0: the same as slot->len */
    uint32_t position;    /* of its record in the file, modulo 2^32 */
};

/* Why a slot or a frame did not go through a ring. */
enum nm_drop_reason {
    NM_DROP_INDEX,  /* the slot names no buffer of the region */
    NM_DROP_LENGTH, /* offset and length reach past the buffer's end */
    NM_DROP_LONG,   /* the frame is longer than a buffer */
    NM_DROP_LINK,   /* captured on an interface of another link type */
    NM_DROP_WRITE,  /* the destination cannot be written */
    NM_DROP_SYSTEM, /* the system refused this one frame; others may do */
    NM_DROP_FULL,   /* nobody made room for the frame in time */
    NM_DROP_CHAIN,  /* in several slots, together longer than a buffer */
    NM_DROP_REASONS
};
const char *nm_drop_text(enum nm_drop_reason reason);

/* One ring as the provider keeps it: the shared ring and the provider's own, trusted, copy of its indexes. */
struct nm_ring {
    struct netmap_ring *ring;
    struct nm_slot_meta *meta; /* num_slots entries, or NULL */
    uint32_t hwcur, hwtail;    /* as in the kernel: trusted positions; the pipeline goes up to hwtail */
    uint32_t n_slots, ring_id; /* trusted copies of what the shared ring says */
    uint64_t offset_mask;
    uint32_t most_offset; /* packets start here in their buffers at the latest; 0: the ring has no offsets */
    uint16_t worker;      /* who reads or fills it, and waits for it */
    uint16_t reader;      /* 1 + the worker whose elements read it; 0: none does */
    uint16_t sender;      /* 1 + a worker whose elements fill it; 0: none does */
    bool shared;          /* several workers fill it: each packet under the lock */
    uint32_t promised;    /* free slots that workers have drawn packets for; under the lock */
    struct spin_lock lock;
    uint64_t packets, bytes; /* moved through this ring so far */
    uint64_t drops;          /* refused by validation or by a full destination */
    uint64_t drops_by[NM_DROP_REASONS];
    uint64_t unused[5]; /* the next ring may be another worker's: it begins a line of its own */
};
_Static_assert(sizeof(struct nm_ring) % 64 == 0, "lines");

#define NM_NOBODY UINT16_MAX

/* From now on this worker waits for the ring. */
static inline void nm_ring_claim(struct nm_ring *ring, unsigned worker)
{
    __atomic_store_n(&ring->worker, (uint16_t)worker, __ATOMIC_RELAXED);
}

static inline bool nm_ring_is_of(const struct nm_ring *ring, unsigned worker)
{
    return __atomic_load_n(&ring->worker, __ATOMIC_RELAXED) == worker;
}

static inline void nm_ring_drop(struct nm_ring *ring, enum nm_drop_reason reason)
{
    ring->drops++;
    ring->drops_by[reason]++;
}

struct nm_port;

struct nm_port_ops {
    const char *scheme; /* "pcap", "replay", ... */
    /* Hand over what the program gave (txsync), take in what arrived (rxsync); never block.
     * 0, or -errno: -EINVAL after a ring that failed validation. */
    int (*rxsync)(struct nm_port *port, unsigned ring);
    int (*txsync)(struct nm_port *port, unsigned ring);
    /* File descriptor to poll() when there is no work on receive and transmit ring `ring`, or -1: nothing to
     * wait for. `events` is what the program waits for (POLLIN: packets, POLLOUT: room) and becomes what the
     * descriptor is to be polled for. */
    int (*wait)(struct nm_port *port, unsigned ring, short *events);
    /* Everything written so far reaches its destination: 0 or -errno, with port->warning set. NULL: nothing
     * to do. Call it before close to learn of late errors. */
    int (*flush)(struct nm_port *port);
    /* Where in a file the next packets come from, in bytes, and going on from elsewhere. What waits in the
     * rings is not affected. -ERANGE: past the end; -ESPIPE: a stream does not go back. NULL: not a file. */
    uint64_t (*tell)(struct nm_port *port);
    int (*seek)(struct nm_port *port, uint64_t position);
    /* All ports of the run are open: what is amiss among them goes to port->advice. NULL: nothing can be. */
    void (*review)(struct nm_port *port, struct nm_port *const *all, unsigned n);
    void (*close)(struct nm_port *port); /* flushes; frees the port */
};

enum nm_link_type { NM_LINK_ETHERNET = 1, NM_LINK_RAW_IP = 101 }; /* DLT / LINKTYPE values */
#define NM_LINK_NULL UINT32_MAX /* in nm_port_options: the link type that has the number 0 */

struct nm_port {
    const struct nm_port_ops *ops;
    struct nm_region *region;
    struct netmap_if *nifp;
    uint16_t n_tx_rings, n_rx_rings;
    struct nm_ring *tx, *rx;
    uint32_t link_type;  /* DLT value of the packets in the rings */
    bool finished;       /* no packet will ever arrive again (end of file, loops done, peer gone) */
    char name[64];       /* the specification it was opened with, for messages */
    const char *warning; /* what went wrong while running (truncated file, disk full), or NULL; the port's */
    const char *note;    /* how it was opened (driver mode, queues), or NULL; the port's */
    const char *advice;  /* trouble seen at opening and its cures, a line each, or NULL; the port's */
    void *priv;
};

struct nm_port_options {
    bool read, write;     /* directions wanted */
    uint32_t ring_slots;  /* wished, 0: the port's default */
    uint32_t buffers;     /* for ports that bring a region: free buffers wished in it */
    uint32_t link_type;   /* for writers: what the packets are; 0: Ethernet */
    uint32_t snap_length; /* longest prefix that is stored, or delivered by a device; 0: all */
    bool nanoseconds;     /* for writers: time unit of the stamps */
    bool unbuffered;      /* for writers: each txsync reaches the file */
    bool promiscuous;     /* for devices: frames for other stations, too */
    bool outbound;        /* for devices: what the machine itself sends, too */
    bool alone;           /* for devices: the machine itself is not to see what arrives */
    uint16_t rings;       /* for devices: ring pairs wished; 0: the port's default */
    uint32_t mtu;         /* for devices that are made: 0: 1500 */
};

/* The folder below native/ports whose library has to be loaded before this port is opened; NULL: none any
 * more. */
const char *nm_port_module(const char *spec);

/* Longest frame that will come out of this port as far as can be told now (0: not known), so that the
 * region's buffers can be made large enough before it is opened. Negative: -errno, with a message in `error`.
 */
int64_t nm_port_probe(const char *spec, const struct nm_port_options *options, char *error, size_t size);

/* Whose memory packets may lie in. Above 0: the port has memory of its own, out of which packets go without
 * being copied (of several ports, the highest goes first); 0: any; below 0: in the pipeline's alone. */
int nm_port_memory(const char *spec);

/* Open "scheme:rest". NULL on failure, with the reason and its cure in `error`. Without a region the port
 * makes one of its own memory (nm_port_memory above 0), with options->buffers free buffers in it if they can
 * be had.
 */
struct nm_port *nm_port_open(const char *spec, struct nm_region *region,
                             const struct nm_port_options *options, char *error, size_t size);

/* Close a port: its buffers go back to the region. */
static inline void nm_port_close(struct nm_port *port)
{
    port->ops->close(port);
}

/* Written only when it changes: other workers look at the port, too, and a store takes the line from them. */
static inline void nm_port_set_finished(struct nm_port *port, bool finished)
{
    if (port->finished != finished)
        port->finished = finished;
}

/* Ring pairs, where one direction may have fewer. */
static inline unsigned nm_port_rings(const struct nm_port *port)
{
    return port->n_rx_rings > port->n_tx_rings ? port->n_rx_rings : port->n_tx_rings;
}

static inline int nm_port_flush(struct nm_port *port)
{
    return port->ops->flush ? port->ops->flush(port) : 0;
}

static inline int nm_port_rxsync(struct nm_port *port, unsigned ring)
{
    return port->ops->rxsync(port, ring);
}

static inline int nm_port_txsync(struct nm_port *port, unsigned ring)
{
    return port->ops->txsync(port, ring);
}

/* Room for headers in front of a packet. Equal offsets are fine because nm_region_create puts buffers an odd
 * number of cache lines apart: powers of two would put every packet's first line into the same few cache
 * sets. */
#define NM_HEADROOM 64u
#define NM_OFFSET_MASK 0xffffu /* offset_mask of the rings made here */
/* Where a packet starts that is written into a free buffer. */
static always_inline uint32_t nm_buffer_offset(uint32_t buffer)
{
    (void)buffer;
    return NM_HEADROOM;
}

#endif
