/* Two ends in one process, joined by two lanes of shared buffers: netmap's pipes. */
#ifndef NMCLICK_PORTS_PIPE_LINK_H
#define NMCLICK_PORTS_PIPE_LINK_H

#include "driver.h"

#define PIPE_NAME_SIZE 64u

/* One direction. A slot of the tx ring and the slot of the same number of the peer's rx ring share one
 * buffer: it belongs to the sender in [released, sent) of the next round and to the receiver in [released,
 * sent) of this one. */
struct pipe_lane {
    uint32_t *buffers; /* by slot: the buffer the pair was last seen with, in memory no program writes */
    uint32_t sent __attribute__((aligned(64)));     /* atomic, the sender's */
    uint32_t released __attribute__((aligned(64))); /* atomic, the receiver's */
};

struct pipe_end {
    struct nm_ring tx, rx;
    struct netmap_if *nifp;
    int event;     /* readable once something happened that this end waits for */
    short waiting; /* atomic: the poll events it waits for */
    bool open;     /* atomic */
    bool left;     /* atomic: was open and is not any more */
};

struct pipe_link {
    struct pipe_link *next;
    char name[PIPE_NAME_SIZE]; /* "PARENT{ID" */
    struct nm_region *region;
    struct pipe_end end[2];   /* master, slave */
    struct pipe_lane lane[2]; /* from end i to the other */
};

/* Opens one end (0: master, 1: slave) of the pipe of that name, made at the first use. NULL with errno: EBUSY
 * when that end is open, ENOBUFS, ENOMEM, EINVAL for a bad number of slots. */
struct pipe_link *pipe_link_open(const char *name, unsigned end, struct nm_region *region, uint32_t n_slots);
/* The last end to close frees the pipe and its buffers. */
void pipe_link_close(struct pipe_link *link, unsigned end);

/* Wake the end if it waits for `events`; call after what it waits for was published. */
void pipe_link_wake(struct pipe_end *end, short events);

#endif
