#define _GNU_SOURCE
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE ((size_t)4096)
#define HUGE_PAGE ((size_t)2 << 20)

static size_t round_up(size_t size, size_t to)
{
    return (size + to - 1) / to * to;
}

/* At an address that huge pages can be used at. */
static uint8_t *map_file(int fd, size_t size)
{
    uint8_t *space =
        mmap(NULL, size + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED)
        return NULL;
    uint8_t *base = (uint8_t *)round_up((uintptr_t)space, HUGE_PAGE);
    if (mmap(base, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
        munmap(space, size + HUGE_PAGE);
        return NULL;
    }
    if (base > space)
        munmap(space, (size_t)(base - space));
    size_t behind = (size_t)(space + HUGE_PAGE - base);
    if (behind)
        munmap(base + size, behind);
    madvise(base, size, MADV_HUGEPAGE);
    return base;
}

static void fill_free_list(struct memory *memory)
{
    for (uint32_t buffer = memory->region.n_buffers - 1; buffer >= NETMAP_FIRST_BUFFER; buffer--)
        memory->free_list[memory->free_count++] = buffer;
}

struct memory *memory_create(uint16_t id, pid_t pid, const struct memory_plan *plan)
{
    struct memory *memory = calloc(1, sizeof *memory);
    if (!memory)
        return NULL;
    memory->id = id;
    memory->pid = pid;
    memory->plan = *plan;
    memory->fd = -1;
    size_t interfaces = round_up((size_t)plan->n_interfaces * round_up(plan->interface_size, 128), PAGE);
    size_t rings = round_up((size_t)plan->n_rings * round_up(plan->ring_size, 128), PAGE);
    struct nm_region *region = &memory->region;
    region->n_buffers = plan->n_buffers;
    region->buffer_size = BUFFER_SIZE;
    region->size = interfaces + rings + round_up((size_t)plan->n_buffers * BUFFER_SIZE, HUGE_PAGE);
    memory->owner = calloc(plan->n_buffers, 1);
    memory->free_list = malloc(plan->n_buffers * sizeof *memory->free_list);
    memory->fd = memfd_create("netmap", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (!memory->owner || !memory->free_list || memory->fd < 0 ||
        ftruncate(memory->fd, (off_t)region->size) < 0 ||
        fcntl(memory->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0 ||
        !(region->base = map_file(memory->fd, region->size))) {
        memory_destroy(memory);
        errno = ENOMEM;
        return NULL;
    }
    region->buffers = region->base + interfaces + rings;
    memory->interfaces = (struct nm_pool){.base = region->base, .size = interfaces};
    memory->rings = (struct nm_pool){.base = region->base + interfaces, .size = rings};
    fill_free_list(memory);
    return memory;
}

void memory_destroy(struct memory *memory)
{
    if (memory->region.base)
        munmap(memory->region.base, memory->region.size);
    if (memory->fd >= 0)
        close(memory->fd);
    nm_pool_clear(&memory->interfaces);
    nm_pool_clear(&memory->rings);
    free(memory->owner);
    free(memory->free_list);
    free(memory);
}

uint8_t memory_domain(const struct memory *memory, pid_t pid)
{
    for (unsigned i = 1; i <= MOST_DOMAINS; i++)
        if (memory->domain[i].holders && memory->domain[i].pid == pid)
            return (uint8_t)i;
    return 0;
}

uint8_t memory_enter(struct memory *memory, pid_t pid)
{
    uint8_t domain = memory_domain(memory, pid);
    for (unsigned i = 1; !domain && i <= MOST_DOMAINS; i++)
        if (!memory->domain[i].holders)
            domain = (uint8_t)i;
    if (!domain)
        return 0;
    memory->domain[domain].pid = pid;
    memory->domain[domain].holders++;
    return domain;
}

void memory_leave(struct memory *memory, uint8_t domain)
{
    if (--memory->domain[domain].holders)
        return;
    for (uint32_t i = NETMAP_FIRST_BUFFER; memory->domain[domain].n_buffers && i < memory->region.n_buffers;
         i++)
        if (memory->owner[i] == domain)
            memory_free(memory, i);
}

uint32_t memory_take(struct memory *memory, uint8_t domain, uint32_t *out, uint32_t n)
{
    if (n > memory->free_count)
        n = memory->free_count;
    for (uint32_t i = 0; i < n; i++) {
        out[i] = memory->free_list[--memory->free_count];
        memory->owner[out[i]] = domain;
    }
    memory->domain[domain].n_buffers += n;
    return n;
}

void memory_free(struct memory *memory, uint32_t buffer)
{
    memory->domain[memory->owner[buffer]].n_buffers--;
    memory->owner[buffer] = NOBODY;
    memory->free_list[memory->free_count++] = buffer;
}

static cold_path uint32_t steal(struct memory *memory, uint8_t domain)
{
    const uint32_t n = memory->region.n_buffers, from = memory->stolen;
    if (!memory->domain[domain].n_buffers)
        return 0;
    const uint8_t *at = memchr(memory->owner + from, domain, n - from);
    if (!at)
        at = memchr(memory->owner, domain, from);
    if (!at)
        return 0;
    memory->stolen = (uint32_t)(at - memory->owner);
    return memory->stolen;
}

uint32_t memory_claim(struct memory *memory, uint32_t buffer, uint8_t domain)
{
    return likely(memory_owns(memory, buffer, domain)) ? buffer : steal(memory, domain);
}

static uint32_t *first_word(const struct memory *memory, uint32_t buffer)
{
    return (uint32_t *)(memory->region.buffers + (size_t)buffer * memory->region.buffer_size);
}

void memory_free_list(struct memory *memory, uint32_t first, uint8_t domain)
{
    while (first >= NETMAP_FIRST_BUFFER && memory_owns(memory, first, domain)) {
        uint32_t next = __atomic_load_n(first_word(memory, first), __ATOMIC_RELAXED);
        memory_free(memory, first); /* a loop ends here: it is not the domain's any more */
        first = next;
    }
}

uint32_t memory_make_list(struct memory *memory, uint8_t domain, uint32_t n, uint32_t *got)
{
    uint32_t head = 0, buffer;
    for (*got = 0; *got < n && memory_take(memory, domain, &buffer, 1); ++*got) {
        *first_word(memory, buffer) = head;
        head = buffer;
    }
    return head;
}

uint32_t memory_in_use(const struct memory *memory)
{
    return memory->region.n_buffers - NETMAP_FIRST_BUFFER - memory->free_count;
}
