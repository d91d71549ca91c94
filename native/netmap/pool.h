/* A part of a region from which objects of any size are handed out: interfaces, rings. What is in use is
 * noted outside the shared memory, where no peer can write. */
#ifndef NMCLICK_POOL_H
#define NMCLICK_POOL_H

#include <stddef.h>
#include <stdint.h>

struct nm_span {
    size_t start, size;
};

struct nm_pool {
    uint8_t *base;
    size_t size;
    struct nm_span *used; /* by start */
    uint32_t n_used, room;
};

/* Zeroed memory aligned to 128 bytes (what netmap_ring needs), or NULL when the pool is full. */
void *nm_pool_take(struct nm_pool *pool, size_t size);
void nm_pool_give(struct nm_pool *pool, void *object);
void nm_pool_clear(struct nm_pool *pool);

#endif
