#ifndef NMCLICK_PORTS_REPLAY_H
#define NMCLICK_PORTS_REPLAY_H

#include "capture.h"

/* A capture file in memory, and how far it has been sent. */
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

/* The file name in `rest`, with the options taken off it and into `replay`; the caller frees it. NULL with
 * the reason in `error`. */
char *replay_parse(const char *spec, const char *rest, struct replay *replay, char *error, size_t size);

/* Reads the whole file; what does not fit into the port's buffers is counted in its ring. False: out of
 * memory. */
bool replay_load(struct nm_port *port, struct replay *replay, struct capture *capture);

void replay_free(struct replay *replay);

#endif
