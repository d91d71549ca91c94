/* One queue of an AF_XDP port; xdp.c opens the port, xdp_program.c puts the program on the interface,
 * xdp_socket.c opens the queues, xdp_ring.c moves packets. */
#ifndef NMCLICK_PORTS_XDP_H
#define NMCLICK_PORTS_XDP_H

#include <linux/if_xdp.h>

#include "device.h"

/* The kernel writes a received frame behind this many bytes of the buffer (linux/bpf.h). */
#define XDP_HEADROOM 256u
/* A buffer has at least the one and at most the other, a page. */
#define XDP_SMALLEST_CHUNK 2048u
#define XDP_LARGEST_CHUNK 4096u

/* A ring shared with the kernel: of buffers (fill, completion) or of frames (receive, send). */
struct xdp_ring {
    uint32_t *producer, *consumer, *flags;
    void *entries;
    uint32_t mask;
    uint32_t at; /* our own position */
    void *map;
    size_t map_size;
};

/* Who has which buffer: the kernel's word is not taken for it. One bit a buffer. */
struct xdp_loan {
    uint64_t *bits;
};

struct xdp_queue {
    int fd;
    uint32_t number;
    bool zero_copy;
    /* The receiver's side. */
    _Alignas(64) struct xdp_ring fill;
    struct xdp_ring rx;
    struct xdp_loan receiving;
    uint64_t lost; /* frames, as far as they were taken notice of */
    uint32_t syncs;
    /* The sender's side, maybe another worker's. */
    _Alignas(64) struct xdp_ring completion;
    struct xdp_ring tx;
    struct xdp_loan sending;
    uint32_t *spare; /* buffers that came back and wait for a slot of the transmit ring */
    uint32_t n_spare;
};

struct xdp_port {
    struct xdp_port *next; /* all that are open, to share memory */
    struct nm_region *region;
    struct nm_device device;
    struct xdp_queue *queues;
    unsigned n_queues;
    uint32_t chunk;             /* bytes of a buffer that the kernel is told of */
    uint32_t longest;           /* frame that is sent */
    unsigned stride_shift;      /* the distance of two buffers is an odd number, shifted ... */
    uint64_t inverse;           /* ... and this is that number's inverse modulo 2^64 */
    int promiscuous, map, link; /* descriptors, or -1 */
    bool generic;               /* the program runs in the stack, not in the driver */
    bool local;                 /* frames come from a stack on this machine */
    bool said_down;
    char warning[256], advice[256], note[128];
};

/* Puts the program on the interface, in the driver if that can (unless `generic`), else in the stack. It
 * hands out nothing before the map has sockets. */
bool xdp_attach(struct xdp_port *xdp, bool generic, const char *spec, char *error, size_t size);

/* What a socket is opened with. */
struct xdp_wish {
    uint32_t n_slots;
    bool read, write, copy;
};

/* 0 or -errno, with a message in `error`. */
int xdp_open_queue(struct xdp_port *xdp, struct xdp_queue *queue, const struct xdp_wish *wish,
                   const char *spec, char *error, size_t size);
/* Closes the socket: every buffer that the kernel had is the region's again. */
void xdp_close_queue(struct xdp_port *xdp, struct xdp_queue *queue);
/* From now on other ports can share this one's memory, and no longer. */
void xdp_publish(struct xdp_port *xdp);
void xdp_withdraw(struct xdp_port *xdp);

/* Gives the kernel the buffers of a fresh receive ring, and takes the last one of a fresh transmit ring. */
void xdp_start_queue(struct nm_port *port, unsigned index);
int xdp_rxsync(struct nm_port *port, unsigned index);
int xdp_txsync(struct nm_port *port, unsigned index);
/* Adds what the kernel lost since the last time, and looks whether the interface is still there. */
void xdp_look_after(struct nm_port *port, unsigned index);
/* Says once that the interface is down. */
cold_path void xdp_say_down(struct nm_port *port);
/* Frames that the kernel has not taken yet. */
bool xdp_unsent(const struct xdp_queue *queue);
/* Has the kernel look at the transmit ring. */
void xdp_kick(struct nm_port *port, unsigned index);

#endif
