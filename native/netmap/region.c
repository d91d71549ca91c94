#define _GNU_SOURCE
#include "region.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)
#define INTERFACE_POOL ((size_t)256 << 10)
#define RING_POOL (((size_t)64 << 20) - INTERFACE_POOL) /* address space: pages appear at the first touch */
#define BUFFERS_AT (INTERFACE_POOL + RING_POOL)

_Static_assert(BUFFERS_AT % HUGE_PAGE == 0, "the buffer pool starts on a huge page");

static bool map_memory(struct nm_region_pools *pools, size_t size)
{
    pools->mapping_size = size;
    pools->mapping =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pools->mapping == MAP_FAILED)
        pools->mapping = NULL;
    return pools->mapping;
}

/* Private memory: Linux gives huge pages to it by default, to shared memory it does not. */
static bool map_region(struct nm_region *region)
{
    struct nm_region_pools *pools = region->pools;
    if (!map_memory(pools, region->size + HUGE_PAGE))
        return false;
    region->base = (uint8_t *)(((uintptr_t)pools->mapping + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
    region->buffers = region->base + BUFFERS_AT;
    madvise(region->buffers, region->size - BUFFERS_AT, MADV_HUGEPAGE);
    madvise(region->base, region->size, MADV_DONTFORK);
    return true;
}

static void free_region(struct nm_region *region)
{
    struct nm_region_pools *pools = region->pools;
    if (pools) {
        if (pools->memory && pools->memory->release)
            pools->memory->release(pools->memory, region->free_list, region->free_count);
        if (pools->mapping)
            munmap(pools->mapping, pools->mapping_size);
        nm_pool_clear(&pools->interfaces);
        nm_pool_clear(&pools->rings);
        pthread_mutex_destroy(&pools->lock);
        free(pools->free_bits);
        free(pools);
    }
    free(region->free_list);
    free(region);
}

static void fill_free_list(struct nm_region *region)
{
    region->pools->n_owned = region->n_buffers - NETMAP_FIRST_BUFFER;
    for (uint32_t buffer = region->n_buffers - 1; buffer >= NETMAP_FIRST_BUFFER; buffer--) {
        region->free_list[region->free_count++] = buffer;
        region->pools->free_bits[buffer / 64] |= UINT64_C(1) << (buffer % 64);
    }
}

/* The struct itself and what it needs to count n_buffers buffers; no memory for them yet. */
static struct nm_region *make_region(uint32_t n_buffers)
{
    struct nm_region *region = calloc(1, sizeof *region);
    struct nm_region_pools *pools = calloc(1, sizeof *pools);
    if (!region || !pools) {
        free(region);
        free(pools);
        return NULL;
    }
    region->n_buffers = n_buffers;
    region->pools = pools;
    pthread_mutex_init(&pools->lock, NULL);
    pools->holders = 1;
    region->free_list = malloc(n_buffers * sizeof *region->free_list);
    pools->free_bits = calloc((n_buffers + 63) / 64, sizeof *pools->free_bits);
    if (region->free_list && pools->free_bits)
        return region;
    free_region(region);
    return NULL;
}

static void place_pools(struct nm_region_pools *pools, uint8_t *base)
{
    pools->interfaces = (struct nm_pool){.base = base, .size = INTERFACE_POOL};
    pools->rings = (struct nm_pool){.base = base + INTERFACE_POOL, .size = RING_POOL};
}

struct nm_region *nm_region_create(uint32_t n_buffers, uint32_t buffer_size, char *error, size_t size)
{
    if (buffer_size <= NM_HEADROOM || buffer_size > 1u << 20 || n_buffers <= NETMAP_FIRST_BUFFER ||
        n_buffers > 1u << 28) {
        snprintf(error, size, "cannot make %u packet buffers of %u bytes", n_buffers, buffer_size);
        return NULL;
    }
    struct nm_region *region = make_region(n_buffers);
    if (!region) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    region->buffer_size = ((buffer_size + 63u) & ~63u) | 64u;
    region->size =
        BUFFERS_AT + (((size_t)n_buffers * region->buffer_size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
    if (!map_region(region)) {
        snprintf(error, size, "cannot get %zu MB of memory for %u packet buffers of %u bytes: %s",
                 region->size >> 20, n_buffers, region->buffer_size, strerror(errno));
        free_region(region);
        return NULL;
    }
    place_pools(region->pools, region->base);
    fill_free_list(region);
    return region;
}

struct nm_region *nm_region_adopt(const struct nm_memory *memory)
{
    struct nm_region *region = make_region(memory->n_buffers);
    if (!region || !map_memory(region->pools, BUFFERS_AT)) {
        if (region)
            free_region(region);
        return NULL;
    }
    region->base = memory->base;
    region->size = memory->size;
    region->buffers = memory->buffers;
    region->buffer_size = memory->buffer_size;
    region->pools->memory = memory;
    place_pools(region->pools, region->pools->mapping);
    return region;
}

uint32_t nm_region_add(struct nm_region *region, const uint32_t *buffers, uint32_t count)
{
    uint32_t taken = nm_region_give(region, buffers, count);
    pthread_mutex_lock(&region->pools->lock);
    region->pools->n_owned += taken;
    pthread_mutex_unlock(&region->pools->lock);
    return taken;
}

void nm_region_hold(struct nm_region *region)
{
    pthread_mutex_lock(&region->pools->lock);
    region->pools->holders++;
    pthread_mutex_unlock(&region->pools->lock);
}

void nm_region_destroy(struct nm_region *region)
{
    if (!region)
        return;
    pthread_mutex_lock(&region->pools->lock);
    bool last = --region->pools->holders == 0;
    pthread_mutex_unlock(&region->pools->lock);
    if (last)
        free_region(region);
}

uint32_t nm_region_take(struct nm_region *region, uint32_t *out, uint32_t count)
{
    struct nm_region_pools *pools = region->pools;
    pthread_mutex_lock(&pools->lock);
    if (count > region->free_count)
        count = region->free_count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t buffer = region->free_list[--region->free_count];
        pools->free_bits[buffer / 64] &= ~(UINT64_C(1) << (buffer % 64));
        out[i] = buffer;
    }
    pthread_mutex_unlock(&pools->lock);
    return count;
}

uint32_t nm_region_give(struct nm_region *region, const uint32_t *buffers, uint32_t count)
{
    struct nm_region_pools *pools = region->pools;
    uint32_t taken = 0;
    pthread_mutex_lock(&pools->lock);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t buffer = buffers[i];
        if (buffer < NETMAP_FIRST_BUFFER || buffer >= region->n_buffers)
            continue;
        uint64_t bit = UINT64_C(1) << (buffer % 64);
        if (pools->free_bits[buffer / 64] & bit)
            continue;
        pools->free_bits[buffer / 64] |= bit;
        region->free_list[region->free_count++] = buffer;
        taken++;
    }
    pthread_mutex_unlock(&pools->lock);
    return taken;
}

uint32_t nm_region_owned(const struct nm_region *region)
{
    return region->pools->n_owned;
}

uint32_t nm_region_in_use(const struct nm_region *region)
{
    pthread_mutex_lock(&region->pools->lock);
    uint32_t in_use = region->pools->n_owned - region->free_count;
    pthread_mutex_unlock(&region->pools->lock);
    return in_use;
}

static void *take_object(struct nm_region *region, struct nm_pool *pool, size_t size)
{
    pthread_mutex_lock(&region->pools->lock);
    void *object = nm_pool_take(pool, size);
    pthread_mutex_unlock(&region->pools->lock);
    return object;
}

static void give_object(struct nm_region *region, struct nm_pool *pool, void *object)
{
    pthread_mutex_lock(&region->pools->lock);
    nm_pool_give(pool, object);
    pthread_mutex_unlock(&region->pools->lock);
}

struct netmap_if *nm_region_take_if(struct nm_region *region, uint32_t n_rings)
{
    return take_object(region, &region->pools->interfaces,
                       sizeof(struct netmap_if) + n_rings * sizeof(int64_t));
}

void nm_region_give_if(struct nm_region *region, struct netmap_if *nifp)
{
    give_object(region, &region->pools->interfaces, nifp);
}

struct netmap_ring *nm_region_take_ring(struct nm_region *region, uint32_t n_slots)
{
    return take_object(region, &region->pools->rings,
                       sizeof(struct netmap_ring) + n_slots * sizeof(struct netmap_slot));
}

void nm_region_give_ring(struct nm_region *region, struct netmap_ring *ring)
{
    give_object(region, &region->pools->rings, ring);
}
