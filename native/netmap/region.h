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
    uint64_t *free_bits;            /* one a buffer: set while it is on the free list */
    uint32_t n_owned;               /* buffers that were given to the region, free or not */
    uint32_t holders;               /* the creator, every netmap_if, ports on adopted memory */
    const struct nm_memory *memory; /* adopted, or NULL */
    void *mapping; /* as mmap returned it: larger than the region for the sake of alignment */
    size_t mapping_size;
};

void nm_region_hold(struct nm_region *region);

/* Packet buffers in memory that another made: a netmap's. */
struct nm_memory {
    uint8_t *base;
    size_t size;
    uint8_t *buffers; /* all of them lie inside */
    uint32_t buffer_size, n_buffers;
    /* The last holder has gone: what is free must be given back, the memory itself goes with it. */
    void (*release)(const struct nm_memory *memory, const uint32_t *free_list, uint32_t count);
};

/* A region over such memory, which stays where it is until `release`. None of its buffers is free yet. Rings
 * made in the region lie elsewhere, in the process's own memory. NULL: no memory. */
struct nm_region *nm_region_adopt(const struct nm_memory *memory);
/* Buffers that the region owns from now on, free ones; how many of them were new and in range. */
uint32_t nm_region_add(struct nm_region *region, const uint32_t *buffers, uint32_t count);

struct netmap_if *nm_region_take_if(struct nm_region *region, uint32_t n_rings);
void nm_region_give_if(struct nm_region *region, struct netmap_if *nifp);
struct netmap_ring *nm_region_take_ring(struct nm_region *region, uint32_t n_slots);
void nm_region_give_ring(struct nm_region *region, struct netmap_ring *ring);

#endif
