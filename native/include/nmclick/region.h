/* The memory of a pipeline: interfaces, rings and packet buffers in one mapping that can be shared. */
#ifndef NMCLICK_REGION_H
#define NMCLICK_REGION_H

#include "nmclick/port.h"

/* A region of n_buffers buffers (indexes 0 and 1 included) of at least buffer_size bytes: rounded up to an
 * odd number of cache lines (2048 becomes 2112). NULL on failure with the reason in `error`. */
struct nm_region *nm_region_create(uint32_t n_buffers, uint32_t buffer_size, char *error, size_t size);

/* Gives up the creator's hold. The memory goes when the last port that has rings in it is closed. */
void nm_region_destroy(struct nm_region *region);

/* Moves up to `count` buffers from the region to `out`; returns how many. */
uint32_t nm_region_take(struct nm_region *region, uint32_t *out, uint32_t count);

/* Gives buffers back; an index that is reserved, out of range or free already is not taken.
 * Returns how many were taken. */
uint32_t nm_region_give(struct nm_region *region, const uint32_t *buffers, uint32_t count);

/* Buffers that are the region's, in use or not. */
uint32_t nm_region_owned(const struct nm_region *region);

/* Buffers owned by somebody (rings, workers): 0 when everything was given back. */
uint32_t nm_region_in_use(const struct nm_region *region);

static always_inline uint8_t *nm_region_buffer(const struct nm_region *region, uint32_t buffer)
{
    return region->buffers + (size_t)buffer * region->buffer_size;
}

#endif
