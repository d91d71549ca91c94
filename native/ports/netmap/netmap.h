/* What the files of the netmap ports share. */
#ifndef NMCLICK_PORTS_NETMAP_H
#define NMCLICK_PORTS_NETMAP_H

#include "kernel.h"
#include "name.h"
#include "../../netmap/region.h"
#include "../driver.h"

/* Opens `spec` by these calls; otherwise as nm_port_open. */
struct nm_port *nm_netmap_open(const struct nm_netmap_calls *calls, const char *spec,
                               struct nm_region *region, const struct nm_port_options *options, char *error,
                               size_t size);

/* One descriptor and what it was bound to. */
struct netmap_channel {
    int fd;
    struct nmreq_register request; /* as netmap answered */
    uint32_t most_offset;
    bool one_host_ring; /* bound by the legacy request, which knows of no more */
};

/* The memory of a registration, as a region's memory. */
struct netmap_memory {
    struct nm_memory memory;
    const struct nm_netmap_calls *calls;
    uint16_t id;
    int fd;                 /* it was mapped through this one, which is closed after it */
    struct netmap_if *nifp; /* of that descriptor: takes the list of extra buffers */
    void *file;             /* the mapping of @extmem's file, or NULL */
};

/* A port that is being opened. */
struct netmap_opening {
    const struct nm_netmap_calls *calls;
    struct nm_netmap_name name;
    const char *spec;
    char *error;
    size_t size;
    uint16_t pipeline_memory; /* id of the memory that the pipeline works in; 0: another kind */
    uint32_t extra_buffers;   /* to ask for with the first descriptor */
    void *file;               /* of @extmem */
    size_t file_size;
    struct netmap_channel *channels;
    unsigned n_channels;
};

/* Binds descriptors, one a ring pair where that can be. False with the reason in o->error. */
bool netmap_bind(struct netmap_opening *o);
void netmap_unbind(struct netmap_opening *o);

/* One registration. 0, or -errno. */
int netmap_register(const struct netmap_opening *o, const struct nmreq_register *wish, void *file,
                    size_t file_size, struct netmap_channel *channel);
/* The memory that a port lies in, or -errno. */
int netmap_memory_of(const struct nm_netmap_calls *calls, const char *spec);

/* The region of what was bound, with the extra buffers if there are any. NULL with the reason in o->error. */
struct nm_region *netmap_make_region(struct netmap_opening *o);
/* The memory under a region, NULL if it is not netmap's. */
const struct netmap_memory *netmap_memory(const struct nm_region *region);

/* Why netmap refused, and what helps. */
cold_path void netmap_cannot_open(const struct netmap_opening *o, int err);
cold_path void netmap_cannot_register(const struct netmap_opening *o, const struct nmreq_register *wish,
                                      int err);

/* A receive ring beyond struct nm_ring. */
struct netmap_rx {
    uint32_t seen;   /* up to here the slots were looked at; those from hwtail on are spent */
    bool skipping;   /* in a chain that is being dropped */
    bool unfinished; /* a chain begins at `seen` whose end has not come */
};

struct netmap_port {
    const struct nm_netmap_calls *calls;
    struct netmap_channel *channels;
    unsigned n_channels;
    int *tx_fds, *rx_fds; /* by ring */
    struct netmap_rx *rx;
    struct nm_netmap_name name;
    char interface[NETMAP_REQUEST_NAME_SIZE]; /* of the machine, or empty */
    bool hardware, host;                      /* rings of these are bound */
    bool region_is_shared;                    /* the first descriptor belongs to the region */
    char address[64];                         /* one of the interface's, or empty */
    char note[160], warning[160], advice[768];
};

/* Takes the slots up to `tail`: whole packets reach ring->hwtail. */
void netmap_take_slots(struct nm_ring *ring, struct netmap_rx *state, const struct nm_region *region,
                       uint32_t tail);

/* Adds a line to a port's advice. */
__attribute__((format(printf, 2, 3))) cold_path void netmap_advise(struct nm_port *port, const char *format,
                                                                   ...);
/* What can be seen from the interface alone, and from the ports of a run together. */
void netmap_look_at_interface(struct nm_port *port);
void netmap_review(struct nm_port *port, struct nm_port *const *all, unsigned n);

extern const struct nm_port_ops nm_netmap_ops;

#endif
