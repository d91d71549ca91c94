/* VALE switches: who is on them, and where a packet goes. */
#include "deliver.h"
#include "table.h"

#include <stdlib.h>

#define CHUNK 128u /* slots looked at before their packets are copied */
#define LEAST_FRAME 14u

struct vale {
    struct vale *next;
    char name[NETMAP_REQUEST_NAME_SIZE]; /* up to the colon */
    uint32_t number;                     /* nr_bridge_idx */
    struct port *port[MOST_VALE_PORTS];
    uint32_t member[MOST_VALE_PORTS]; /* numbers of the ports there are */
    uint32_t n_members;
    struct table table;
};

static struct vale *find_switch(const struct provider *provider, const char *name, size_t length)
{
    struct vale *vale = provider->vales;
    while (vale && (strlen(vale->name) != length || memcmp(vale->name, name, length) != 0))
        vale = vale->next;
    return vale;
}

static uint32_t free_number(const struct provider *provider)
{
    for (uint32_t number = 0;; number++) {
        const struct vale *vale = provider->vales;
        while (vale && vale->number != number)
            vale = vale->next;
        if (!vale)
            return number;
    }
}

struct vale *vale_attach(struct provider *provider, struct port *port, int *err)
{
    size_t length = strcspn(port->name, ":");
    struct vale *vale = find_switch(provider, port->name, length);
    *err = ENOMEM;
    if (!vale) {
        vale = aligned_alloc(64, sizeof *vale);
        if (!vale)
            return NULL;
        memset(vale, 0, sizeof *vale);
        memcpy(vale->name, port->name, length);
        vale->number = free_number(provider);
        vale->next = provider->vales;
        provider->vales = vale;
    }
    for (uint32_t i = 0; i < MOST_VALE_PORTS; i++) {
        if (vale->port[i])
            continue;
        vale->port[i] = port;
        vale->member[vale->n_members++] = i;
        port->vale = vale;
        port->index = i;
        port->last_generation = vale->table.generation - 1;
        return vale;
    }
    return NULL;
}

void vale_detach(struct provider *provider, struct port *port)
{
    struct vale *vale = port->vale;
    if (!vale)
        return;
    vale->port[port->index] = NULL;
    for (uint32_t i = 0; i < vale->n_members; i++)
        if (vale->member[i] == port->index)
            vale->member[i--] = vale->member[--vale->n_members];
    table_forget(&vale->table, port->index);
    port->vale = NULL;
    if (vale->n_members)
        return;
    struct vale **at = &provider->vales;
    while (*at != vale)
        at = &(*at)->next;
    *at = vale->next;
    free(vale);
}

int vale_list(const struct provider *provider, struct nmreq_vale_list *list, char *name)
{
    if (*name) {
        const struct port *port = port_find(provider, name);
        if (strncmp(name, "vale", 4) != 0)
            return EINVAL;
        if (!port || !port->vale)
            return ENOENT;
        list->nr_bridge_idx = (uint16_t)port->vale->number;
        list->nr_port_idx = port->index;
        return 0;
    }
    const struct vale *best = NULL;
    uint32_t best_port = 0;
    for (const struct vale *vale = provider->vales; vale; vale = vale->next) {
        if (vale->number < list->nr_bridge_idx || (best && best->number < vale->number))
            continue;
        uint32_t i = vale->number == list->nr_bridge_idx ? list->nr_port_idx : 0;
        while (i < MOST_VALE_PORTS && !vale->port[i])
            i++;
        if (i < MOST_VALE_PORTS) {
            best = vale;
            best_port = i;
        }
    }
    if (!best)
        return ENOENT;
    list->nr_bridge_idx = (uint16_t)best->number;
    list->nr_port_idx = best_port;
    snprintf(name, NETMAP_REQUEST_NAME_SIZE, "%s", best->port[best_port]->name);
    return 0;
}

struct frame {
    uint16_t first, n; /* pieces */
    uint16_t flags;    /* of the first slot */
    uint8_t bad;       /* enum nm_drop_reason */
};

struct chunk {
    struct piece piece[CHUNK + NETMAP_MAX_FRAGS];
    struct frame frame[CHUNK];
    uint32_t n_pieces, n_frames;
};

/* One packet from slot `at` on; where the next begins. One that goes on behind `head` ends there, as in the
 * kernel. */
static always_inline uint32_t read_frame(const struct ring *ring, uint32_t at, uint32_t head,
                                         struct chunk *chunk)
{
    struct frame *frame = &chunk->frame[chunk->n_frames++];
    *frame = (struct frame){.first = (uint16_t)chunk->n_pieces, .bad = NM_DROP_REASONS};
    for (bool more = true; more;) {
        struct netmap_slot slot = nm_slot_read(&ring->nm.ring->slot[at]);
        enum nm_drop_reason bad = NM_DROP_LENGTH;
        at = nm_ring_next(&ring->nm, at);
        more = unlikely(slot.flags & NS_MOREFRAG) && at != head;
        if (frame->n == 0)
            frame->flags = slot.flags;
        if (likely(frame->n < NETMAP_MAX_FRAGS)) {
            struct piece *piece = &chunk->piece[chunk->n_pieces];
            bad = piece_of(ring, &slot, piece);
            if (likely(bad == NM_DROP_REASONS)) {
                __builtin_prefetch(piece->data);
                chunk->n_pieces++;
                frame->n++;
            }
        }
        if (unlikely(bad != NM_DROP_REASONS))
            frame->bad = (uint8_t)bad;
    }
    return at;
}

static void flood(const struct ring *from, const struct piece *pieces, uint32_t n)
{
    const struct vale *vale = from->port->vale;
    for (uint32_t i = 0; i < vale->n_members; i++) {
        struct port *port = vale->port[vale->member[i]];
        if (port != from->port && port->rx[0].users)
            deliver(&port->rx[0], pieces, n, 0);
    }
}

/* Where the last packet went, for the next one to the same station. */
struct route {
    uint64_t mac;
    uint32_t generation;
    struct ring *to; /* NULL: everywhere */
    bool nowhere;
};

static always_inline void find_route(const struct ring *ring, uint64_t mac, struct route *route)
{
    struct vale *vale = ring->port->vale;
    if (likely(route->mac == mac && route->generation == vale->table.generation))
        return;
    uint32_t number = mac & 1 ? TABLE_NO_PORT : table_find(&vale->table, mac);
    struct port *port = number == TABLE_NO_PORT ? NULL : vale->port[number];
    *route = (struct route){.mac = mac, .generation = vale->table.generation};
    route->nowhere = port == ring->port;
    if (port)
        route->to = &port->rx[ring->nm.ring_id % port->n_rx];
}

static always_inline void learn(struct port *port, uint64_t mac)
{
    struct table *table = &port->vale->table;
    if (likely(mac == port->last_source && port->last_generation == table->generation))
        return;
    if (!(mac & 1))
        table_learn(table, mac, port->index);
    port->last_source = mac;
    port->last_generation = table->generation;
}

static always_inline void forward(struct ring *ring, const struct chunk *chunk, const struct frame *frame,
                                  struct route *route)
{
    const struct piece *pieces = &chunk->piece[frame->first];
    if (unlikely(frame->bad != NM_DROP_REASONS || pieces->length < LEAST_FRAME)) {
        nm_ring_drop(&ring->nm, frame->bad != NM_DROP_REASONS ? frame->bad : NM_DROP_LENGTH);
        return;
    }
    ring->nm.packets++;
    for (uint32_t i = 0; i < frame->n; i++)
        ring->nm.bytes += pieces[i].length;
    for (const struct watch *watch = ring->watchers; unlikely(watch); watch = watch->next)
        deliver(watch->to, pieces, frame->n, NS_TXMON);
    if (likely(!(frame->flags & NS_NO_LEARN)))
        learn(ring->port, load_u64(pieces->data + 4) >> 16);
    find_route(ring, load_u64(pieces->data) & TABLE_MAC, route);
    if (unlikely(route->nowhere))
        return;
    if (likely(route->to))
        deliver(route->to, pieces, frame->n, 0);
    else
        flood(ring, pieces, frame->n);
}

void vale_txsync(struct ring *ring)
{
    struct nm_ring *nm = &ring->nm;
    const uint32_t asked = __atomic_load_n(&ring->mail->asked, __ATOMIC_ACQUIRE);
    const uint32_t head = __atomic_load_n(&ring->mail->head, __ATOMIC_RELAXED);
    struct route route = {.mac = UINT64_MAX};
    uint32_t at = nm->hwcur;
    if (likely(head < nm->n_slots &&
               nm_ring_distance(nm, at, head) <= nm_ring_distance(nm, at, nm->hwtail))) {
        while (at != head) {
            struct chunk chunk;
            chunk.n_pieces = chunk.n_frames = 0;
            while (at != head && chunk.n_pieces < CHUNK && chunk.n_frames < CHUNK)
                at = read_frame(ring, at, head, &chunk);
            for (uint32_t i = 0; i < chunk.n_frames; i++)
                forward(ring, &chunk, &chunk.frame[i], &route);
            deliver_flush();
        }
        deliver_end();
        nm->hwcur = head;
        nm->hwtail = nm_ring_prev(nm, head);
    }
    __atomic_store_n(&ring->mail->hwtail, nm->hwtail, __ATOMIC_RELAXED);
    ring->answered = asked;
    __atomic_store_n(&ring->mail->answered, asked, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    ring_bells(ring, true, POLLOUT | NM_WAIT_SYNC);
}
