#define _GNU_SOURCE
#include "provider.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct port *port_find(const struct provider *provider, const char *name)
{
    struct port *port = provider->ports;
    while (port && strcmp(port->name, name) != 0)
        port = port->next;
    return port;
}

static int make_mail(struct port *port)
{
    size_t n_rings = (size_t)port->n_tx + port->n_rx;
    port->mail_size = (sizeof *port->mail + n_rings * sizeof *port->mail->ring + 4095) & ~(size_t)4095;
    port->mail_fd = memfd_create("netmap-mail", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (port->mail_fd < 0 || ftruncate(port->mail_fd, (off_t)port->mail_size) < 0 ||
        fcntl(port->mail_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return ENOMEM;
    void *mail = mmap(NULL, port->mail_size, PROT_READ | PROT_WRITE, MAP_SHARED, port->mail_fd, 0);
    if (mail == MAP_FAILED)
        return ENOMEM;
    port->mail = mail;
    return 0;
}

static void name_rings(struct port *port)
{
    for (unsigned i = 0; i < port->n_tx; i++)
        port->tx[i] = (struct ring){
            .nm = {.n_slots = port->tx_slots, .ring_id = i}, .port = port, .mail = &port->mail->ring[i]};
    for (unsigned i = 0; i < port->n_rx; i++)
        port->rx[i] = (struct ring){.nm = {.n_slots = port->rx_slots, .ring_id = i},
                                    .port = port,
                                    .mail = &port->mail->ring[port->n_tx + i]};
}

struct port *port_create(struct provider *provider, enum nm_port_kind kind, const char *name,
                         struct memory *memory, uint16_t n_tx, uint16_t n_rx, uint32_t tx_slots,
                         uint32_t rx_slots)
{
    struct port *port = calloc(1, sizeof *port);
    if (!port)
        return NULL;
    *port = (struct port){.kind = kind,
                          .n_tx = n_tx,
                          .n_rx = n_rx,
                          .tx_slots = tx_slots,
                          .rx_slots = rx_slots,
                          .memory = memory,
                          .mail_fd = -1};
    snprintf(port->name, sizeof port->name, "%s", name);
    port->tx = calloc((size_t)n_tx + 1, sizeof *port->tx);
    port->rx = calloc((size_t)n_rx + 1, sizeof *port->rx);
    memory->holders++;
    port->next = provider->ports;
    provider->ports = port;
    if (!port->tx || !port->rx || make_mail(port)) {
        port_destroy(provider, port);
        return NULL;
    }
    name_rings(port);
    return port;
}

void memories_sweep(struct provider *provider)
{
    for (struct memory **at = &provider->memories; *at;) {
        struct memory *memory = *at;
        if (memory->holders) {
            at = &memory->next;
            continue;
        }
        *at = memory->next;
        memory_destroy(memory);
    }
}

void memory_release(struct provider *provider, struct memory *memory)
{
    memory->holders--;
    memories_sweep(provider);
}

void port_destroy(struct provider *provider, struct port *port)
{
    struct port **at = &provider->ports;
    while (*at != port)
        at = &(*at)->next;
    *at = port->next;
    provider->changed = true;
    if (port->mail)
        munmap(port->mail, port->mail_size);
    if (port->mail_fd >= 0)
        close(port->mail_fd);
    free(port->tx);
    free(port->rx);
    memory_release(provider, port->memory);
    free(port);
}

static int make_shared(struct ring *ring, int dir)
{
    struct memory *memory = ring->port->memory;
    const uint32_t n_slots = ring->nm.n_slots;
    struct netmap_ring *shared =
        nm_pool_take(&memory->rings, sizeof *shared + n_slots * sizeof(struct netmap_slot));
    if (!shared)
        return ENOMEM;
    shared->buf_ofs = memory->region.buffers - (uint8_t *)shared;
    shared->num_slots = n_slots;
    shared->nr_buf_size = memory->region.buffer_size;
    shared->ringid = (uint16_t)ring->nm.ring_id;
    shared->dir = (uint16_t)dir;
    ring->nm.ring = shared;
    ring->nm.hwcur = 0;
    ring->nm.hwtail = dir == NETMAP_DIR_TX ? n_slots - 1 : 0;
    shared->tail = ring->nm.hwtail;
    ring->room = dir == NETMAP_DIR_TX ? 0 : n_slots - 1;
    ring->answered = 0;
    struct nm_mail_ring *mail = ring->mail;
    *mail = (struct nm_mail_ring){.rtail = ring->nm.hwtail,
                                  .hwtail = ring->nm.hwtail,
                                  .n_slots = n_slots,
                                  .offset = (uint64_t)((uint8_t *)shared - memory->region.base)};
    return 0;
}

static void free_shared(struct ring *ring)
{
    nm_pool_give(&ring->port->memory->rings, ring->nm.ring);
    free(ring->pair);
    ring->pair = NULL;
    ring->nm.ring = NULL;
    ring->mail->n_slots = 0;
    ring->offset_mask = 0;
    ring->most_offset = 0;
}

int ring_make(struct ring *ring, int dir, uint8_t domain)
{
    struct memory *memory = ring->port->memory;
    const uint32_t n_slots = ring->nm.n_slots;
    uint32_t buffers[MOST_SLOTS];
    int err = make_shared(ring, dir);
    if (err)
        return err;
    uint32_t n = memory_take(memory, domain, buffers, n_slots);
    if (n < n_slots) {
        while (n)
            memory_free(memory, buffers[--n]);
        free_shared(ring);
        return ENOMEM;
    }
    for (uint32_t i = 0; i < n_slots; i++)
        ring->nm.ring->slot[i] = (struct netmap_slot){.buf_idx = buffers[i], .len = BUFFER_SIZE};
    return 0;
}

int ring_make_twin(struct ring *ring, struct ring *peer)
{
    int err = make_shared(ring, NETMAP_DIR_RX);
    if (err)
        return err;
    peer->pair = malloc(peer->nm.n_slots * sizeof *peer->pair);
    if (!peer->pair) {
        free_shared(ring);
        return ENOMEM;
    }
    for (uint32_t i = 0; i < ring->nm.n_slots; i++) {
        ring->nm.ring->slot[i] = peer->nm.ring->slot[i];
        peer->pair[i] = peer->nm.ring->slot[i].buf_idx;
    }
    return 0;
}

void ring_free(struct ring *ring, uint8_t domain)
{
    struct memory *memory = ring->port->memory;
    if (!ring->nm.ring)
        return;
    for (uint32_t i = 0; domain != NOBODY && i < ring->nm.n_slots; i++) {
        uint32_t buffer = nm_slot_read(&ring->nm.ring->slot[i]).buf_idx;
        if (memory_owns(memory, buffer, domain))
            memory_free(memory, buffer);
    }
    free_shared(ring);
}
