#include "pipe_link.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>

/* Pipes are found by name by whoever opens the other end. */
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct pipe_link *registry;

static int make_lane(struct pipe_link *link, unsigned from, uint32_t n_slots)
{
    struct pipe_lane *lane = &link->lane[from];
    struct nm_ring *tx = &link->end[from].tx, *rx = &link->end[!from].rx;
    lane->buffers = malloc(n_slots * sizeof *lane->buffers);
    if (!lane->buffers)
        return -ENOMEM;
    int err = nm_ring_create(tx, link->region, NETMAP_DIR_TX, 0, n_slots, true);
    if (err)
        return err;
    for (uint32_t i = 0; i < n_slots; i++)
        lane->buffers[i] = tx->ring->slot[i].buf_idx;
    return nm_ring_create_twin(rx, link->region, tx);
}

static int make_end(struct pipe_link *link, unsigned number)
{
    struct pipe_end *end = &link->end[number];
    end->nifp = nm_if_create(link->region, link->name, &end->tx, 1, &end->rx, 1);
    end->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return end->nifp && end->event >= 0 ? 0 : -ENOMEM;
}

/* A slot's one buffer stands with the receiver while the packet is on its way, else with the sender. */
static void give_buffers(struct pipe_link *link, unsigned from)
{
    const struct pipe_lane *lane = &link->lane[from];
    struct nm_ring *tx = &link->end[from].tx, *rx = &link->end[!from].rx;
    if (!tx->ring || !rx->ring)
        return;
    uint32_t on_the_way = nm_ring_distance(tx, lane->released, lane->sent);
    for (uint32_t i = 0; i < tx->n_slots; i++) {
        bool received = nm_ring_distance(tx, lane->released, i) < on_the_way;
        uint32_t buffer = nm_slot_read(received ? &rx->ring->slot[i] : &tx->ring->slot[i]).buf_idx;
        nm_region_give(link->region, &buffer, 1);
    }
}

static void free_link(struct pipe_link *link)
{
    for (unsigned i = 0; i < 2; i++)
        give_buffers(link, i);
    for (unsigned i = 0; i < 2; i++) {
        struct pipe_end *end = &link->end[i];
        bool twin_missing = end->tx.ring && !link->end[!i].rx.ring;
        nm_ring_destroy(&end->tx, link->region, twin_missing);
        free(link->lane[i].buffers);
        if (end->event >= 0)
            close(end->event);
    }
    for (unsigned i = 0; i < 2; i++)
        nm_ring_destroy(&link->end[i].rx, link->region, false);
    for (unsigned i = 0; i < 2; i++)
        if (link->end[i].nifp)
            nm_if_destroy(link->region, link->end[i].nifp);
    free(link);
}

static struct pipe_link *make_link(const char *name, struct nm_region *region, uint32_t n_slots)
{
    struct pipe_link *link = aligned_alloc(64, sizeof *link);
    if (!link) {
        errno = ENOMEM;
        return NULL;
    }
    *link = (struct pipe_link){.region = region, .end = {{.event = -1}, {.event = -1}}};
    snprintf(link->name, sizeof link->name, "%s", name);
    int err = 0;
    for (unsigned i = 0; i < 2 && !err; i++)
        err = make_lane(link, i, n_slots);
    for (unsigned i = 0; i < 2 && !err; i++)
        err = make_end(link, i);
    if (!err)
        return link;
    free_link(link);
    errno = -err;
    return NULL;
}

static struct pipe_link *find_link(const char *name)
{
    struct pipe_link *link = registry;
    while (link && strcmp(link->name, name) != 0)
        link = link->next;
    return link;
}

/* What a program that left had not synced is not sent: an end starts where the provider is. */
static void reset_positions(struct nm_ring *ring)
{
    ring->ring->head = ring->ring->cur = ring->hwcur;
    nm_ring_leave(ring);
}

struct pipe_link *pipe_link_open(const char *name, unsigned number, struct nm_region *region,
                                 uint32_t n_slots)
{
    pthread_mutex_lock(&registry_lock);
    struct pipe_link *link = find_link(name);
    if (!link && (link = make_link(name, region, n_slots))) {
        link->next = registry;
        registry = link;
    }
    struct pipe_end *end = link ? &link->end[number] : NULL;
    if (end && __atomic_load_n(&end->open, __ATOMIC_RELAXED)) {
        link = NULL;
        errno = EBUSY;
    } else if (end) {
        reset_positions(&end->tx);
        reset_positions(&end->rx);
        __atomic_store_n(&end->left, false, __ATOMIC_RELAXED);
        __atomic_store_n(&end->open, true, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&registry_lock);
    return link;
}

void pipe_link_close(struct pipe_link *link, unsigned number)
{
    pthread_mutex_lock(&registry_lock);
    struct pipe_end *end = &link->end[number], *peer = &link->end[!number];
    __atomic_store_n(&end->open, false, __ATOMIC_RELAXED);
    __atomic_store_n(&end->left, true, __ATOMIC_RELEASE);
    pipe_link_wake(peer, POLLIN | POLLOUT);
    if (!__atomic_load_n(&peer->open, __ATOMIC_ACQUIRE)) {
        struct pipe_link **at = &registry;
        while (*at != link)
            at = &(*at)->next;
        *at = link->next;
        free_link(link);
    }
    pthread_mutex_unlock(&registry_lock);
}

void pipe_link_wake(struct pipe_end *end, short events)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (likely(!(__atomic_load_n(&end->waiting, __ATOMIC_RELAXED) & events)))
        return;
    __atomic_store_n(&end->waiting, 0, __ATOMIC_RELAXED);
    uint64_t one = 1;
    (void)!write(end->event, &one, sizeof one);
}
