/* Regions: what a netmap port's program maps. Who owns which buffer is noted outside of them. */
#ifndef NMCLICK_PROVIDER_MEMORY_H
#define NMCLICK_PROVIDER_MEMORY_H

#include <sys/types.h>

#include "nmclick/port.h"
#include "../netmap/pool.h"

#define BUFFER_SIZE 2048u
#define GLOBAL_ID 1u  /* nr_mem_id of the region that a process's ports can share */
#define NOBODY 0u     /* owner of a free buffer */
#define THE_PIPE 255u /* owner of what belongs to a pipe's end that nobody has opened */
#define MOST_DOMAINS 254u

/* How many objects a region has room for. */
struct memory_plan {
    uint32_t n_interfaces, interface_size;
    uint32_t n_rings, ring_size;
    uint32_t n_buffers;
};

/* A process with rings in the region. Its buffers come back when its last ring is gone, wherever they are. */
struct domain {
    pid_t pid;
    uint32_t holders;
    uint32_t n_buffers;
};

struct memory {
    struct memory *next;
    struct nm_region region; /* base, size, buffers, buffer_size, n_buffers */
    struct memory_plan plan;
    struct nm_pool interfaces, rings;
    uint8_t *owner; /* by buffer: a domain's number */
    uint32_t *free_list, free_count;
    struct domain domain[MOST_DOMAINS + 2];
    uint32_t stolen; /* where the last search for a buffer ended */
    uint32_t holders;
    int fd;
    pid_t pid; /* of whom it was made for */
    uint16_t id;
};

/* NULL with errno. */
struct memory *memory_create(uint16_t id, pid_t pid, const struct memory_plan *plan);
void memory_destroy(struct memory *memory);

/* The domain of a process, held; 0 when there are too many. */
uint8_t memory_enter(struct memory *memory, pid_t pid);
/* Gives up a hold. The last one frees all that the domain owns. */
void memory_leave(struct memory *memory, uint8_t domain);
uint8_t memory_domain(const struct memory *memory, pid_t pid);

/* Takes up to n free buffers for the domain, in ascending order at first; returns how many. */
uint32_t memory_take(struct memory *memory, uint8_t domain, uint32_t *out, uint32_t n);
/* A buffer of the domain's: this one if it is, else any other. 0 if it has none, which cannot be as long as
 * its rings have slots. */
uint32_t memory_claim(struct memory *memory, uint32_t buffer, uint8_t domain);
void memory_free(struct memory *memory, uint32_t buffer);
/* The list of buffers that starts at `first`, each naming the next in its first word. */
void memory_free_list(struct memory *memory, uint32_t first, uint8_t domain);
uint32_t memory_make_list(struct memory *memory, uint8_t domain, uint32_t n, uint32_t *got);
uint32_t memory_in_use(const struct memory *memory);

static always_inline bool memory_owns(const struct memory *memory, uint32_t buffer, uint8_t domain)
{
    return buffer < memory->region.n_buffers && memory->owner[buffer] == domain;
}

static always_inline void memory_pass(struct memory *memory, uint32_t buffer, uint8_t from, uint8_t to)
{
    memory->owner[buffer] = to;
    memory->domain[from].n_buffers--;
    memory->domain[to].n_buffers++;
}

#endif
