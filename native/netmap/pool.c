#include "pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 128u

static bool make_room(struct nm_pool *pool)
{
    if (pool->n_used < pool->room)
        return true;
    uint32_t room = pool->room ? pool->room * 2 : 16;
    struct nm_span *used = realloc(pool->used, room * sizeof *used);
    if (!used)
        return false;
    pool->used = used;
    pool->room = room;
    return true;
}

void *nm_pool_take(struct nm_pool *pool, size_t size)
{
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (size == 0 || size > pool->size || !make_room(pool))
        return NULL;
    size_t start = 0;
    uint32_t at = 0;
    for (; at < pool->n_used && pool->used[at].start - start < size; at++)
        start = pool->used[at].start + pool->used[at].size;
    if (pool->size - start < size)
        return NULL;
    memmove(&pool->used[at + 1], &pool->used[at], (pool->n_used - at) * sizeof *pool->used);
    pool->used[at] = (struct nm_span){start, size};
    pool->n_used++;
    return memset(pool->base + start, 0, size);
}

void nm_pool_give(struct nm_pool *pool, void *object)
{
    size_t start = (size_t)((uint8_t *)object - pool->base);
    for (uint32_t at = 0; at < pool->n_used; at++) {
        if (pool->used[at].start != start)
            continue;
        pool->n_used--;
        memmove(&pool->used[at], &pool->used[at + 1], (pool->n_used - at) * sizeof *pool->used);
        return;
    }
}

void nm_pool_clear(struct nm_pool *pool)
{
    free(pool->used);
    *pool = (struct nm_pool){0};
}
