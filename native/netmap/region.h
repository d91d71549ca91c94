/* What the provider does with a region beside its buffers. */
#ifndef NMCLICK_NETMAP_REGION_H
#define NMCLICK_NETMAP_REGION_H

#include <pthread.h>

#include "nmclick/region.h"
#include "pool.h"

/* The private side of a region. */
struct nm_region_pools {
    pthread_mutex_t lock;
    struct nm_pool interfaces, rings;
    uint64_t *free_bits; /* one a buffer: set while it is on the free list */
    uint32_t holders;    /* the creator and every netmap_if */
    void *mapping;       /* as mmap returned it: larger than the region for the sake of alignment */
    size_t mapping_size;
};

void nm_region_hold(struct nm_region *region);

struct netmap_if *nm_region_take_if(struct nm_region *region, uint32_t n_rings);
void nm_region_give_if(struct nm_region *region, struct netmap_if *nifp);
struct netmap_ring *nm_region_take_ring(struct nm_region *region, uint32_t n_slots);
void nm_region_give_ring(struct nm_region *region, struct netmap_ring *ring);

#endif
