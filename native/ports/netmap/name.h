/* The names of netmap's ports, as libnetmap's nmport_open reads them. */
#ifndef NMCLICK_NETMAP_NAME_H
#define NMCLICK_NETMAP_NAME_H

#include <stdbool.h>

#include "nmclick/netmap_request.h"

/* @extmem: the region lies in a file. Pool sizes of 0 are netmap's choice. */
struct nm_netmap_external {
    char file[256];
    uint32_t if_num, if_size, ring_num, ring_size, buf_num, buf_size;
};

/* @offset: where packets start in their buffers. */
struct nm_netmap_offset {
    bool wanted;
    uint32_t initial, bits; /* bits of slot.ptr, 0: all */
};

struct nm_netmap_name {
    char name[NETMAP_REQUEST_NAME_SIZE]; /* for the request: "eth0", "vale0:1", "x{1" */
    bool vale;                           /* a port of a switch, or a pipe under one */
    bool pipe;
    struct nmreq_register request; /* mode, ring, flags, memory and sizes wished */
    char share[128];               /* the port whose memory is wanted, or empty */
    struct nm_netmap_external external;
    struct nm_netmap_offset offset;
};

/* Reads "netmap:NAME..." or "valeID:PORT..."; on failure false, with the reason in `error`. */
bool nm_netmap_parse(const char *spec, struct nm_netmap_name *name, char *error, size_t size);

/* A tap on what another port's rings carry. */
static inline bool nm_netmap_is_monitor(const struct nm_netmap_name *name)
{
    return name->request.nr_flags & (NR_MONITOR_TX | NR_MONITOR_RX);
}

static inline bool nm_netmap_has_hardware_rings(const struct nm_netmap_name *name)
{
    return name->request.nr_mode != NR_REG_SW && name->request.nr_mode != NR_REG_ONE_SW;
}

#endif
