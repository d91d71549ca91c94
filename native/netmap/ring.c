#include "ring.h"
#include "region.h"

#include <stdlib.h>

static int make_ring(struct nm_ring *ring, struct nm_region *region, int dir, uint32_t ring_id,
                     uint32_t n_slots, bool with_meta)
{
    *ring = (struct nm_ring){
        .n_slots = n_slots,
        .ring_id = ring_id,
        .offset_mask = NM_OFFSET_MASK,
        .most_offset = NM_OFFSET_MASK,
    };
    if (n_slots < NM_MIN_SLOTS || n_slots > NM_MAX_SLOTS)
        return -EINVAL;
    if (with_meta && !(ring->meta = calloc(n_slots, sizeof *ring->meta)))
        return -ENOMEM;
    ring->ring = nm_region_take_ring(region, n_slots);
    if (!ring->ring) {
        free(ring->meta);
        return -ENOMEM;
    }
    struct netmap_ring *shared = ring->ring;
    shared->buf_ofs = region->buffers - (uint8_t *)shared;
    shared->num_slots = n_slots;
    shared->nr_buf_size = region->buffer_size;
    shared->ringid = (uint16_t)ring_id;
    shared->dir = (uint16_t)dir;
    shared->offset_mask = NM_OFFSET_MASK;
    ring->hwtail = dir == NETMAP_DIR_TX ? n_slots - 1 : 0;
    shared->tail = ring->hwtail;
    return 0;
}

static void free_ring(struct nm_ring *ring, struct nm_region *region)
{
    nm_region_give_ring(region, ring->ring);
    free(ring->meta);
    *ring = (struct nm_ring){0};
}

static void put_buffer(struct netmap_slot *slot, const struct nm_region *region, uint32_t buffer)
{
    *slot = (struct netmap_slot){
        .buf_idx = buffer,
        .len = (uint16_t)(region->buffer_size > UINT16_MAX ? UINT16_MAX : region->buffer_size),
        .ptr = nm_buffer_offset(buffer),
    };
}

int nm_ring_create(struct nm_ring *ring, struct nm_region *region, int dir, uint32_t ring_id,
                   uint32_t n_slots, bool with_meta)
{
    int err = make_ring(ring, region, dir, ring_id, n_slots, with_meta);
    if (err)
        return err;
    uint32_t *buffers = malloc(n_slots * sizeof *buffers);
    uint32_t n = buffers ? nm_region_take(region, buffers, n_slots) : 0;
    if (n < n_slots) {
        if (n)
            nm_region_give(region, buffers, n);
        free(buffers);
        free_ring(ring, region);
        return -ENOBUFS;
    }
    for (uint32_t i = 0; i < n; i++)
        put_buffer(&ring->ring->slot[i], region, buffers[i]);
    free(buffers);
    return 0;
}

int nm_ring_create_twin(struct nm_ring *rx, struct nm_region *region, const struct nm_ring *tx)
{
    int err = make_ring(rx, region, NETMAP_DIR_RX, tx->ring_id, tx->n_slots, tx->meta != NULL);
    if (err)
        return err;
    memcpy(rx->ring->slot, tx->ring->slot, tx->n_slots * sizeof *tx->ring->slot);
    return 0;
}

void nm_ring_destroy(struct nm_ring *ring, struct nm_region *region, bool with_buffers)
{
    if (!ring->ring)
        return;
    for (uint32_t i = 0; with_buffers && i < ring->n_slots; i++) {
        uint32_t buffer = nm_slot_read(&ring->ring->slot[i]).buf_idx;
        nm_region_give(region, &buffer, 1);
    }
    free_ring(ring, region);
}

struct netmap_if *nm_if_create(struct nm_region *region, const char *name, const struct nm_ring *tx,
                               uint32_t n_tx, const struct nm_ring *rx, uint32_t n_rx)
{
    /* One host ring a direction that is not bound, as netmap's own software ports say. */
    struct netmap_if *nifp = nm_region_take_if(region, n_tx + 1 + n_rx + 1);
    if (!nifp)
        return NULL;
    size_t length = strlen(name);
    memcpy(nifp->ni_name, name, length < NETMAP_NAME_SIZE ? length : NETMAP_NAME_SIZE - 1);
    nifp->ni_flags = NI_PRIV_MEM;
    nifp->ni_tx_rings = n_tx;
    nifp->ni_rx_rings = n_rx;
    nifp->ni_host_tx_rings = 1;
    nifp->ni_host_rx_rings = 1;
    for (uint32_t i = 0; i < n_tx; i++)
        nifp->ring_ofs[i] = (uint8_t *)tx[i].ring - (uint8_t *)nifp;
    for (uint32_t i = 0; i < n_rx; i++)
        nifp->ring_ofs[n_tx + 1 + i] = (uint8_t *)rx[i].ring - (uint8_t *)nifp;
    nm_region_hold(region);
    return nifp;
}

void nm_if_destroy(struct nm_region *region, struct netmap_if *nifp)
{
    nm_region_give_if(region, nifp);
    nm_region_destroy(region);
}

void nm_ring_reinit(struct nm_ring *ring, const struct nm_region *region)
{
    struct netmap_ring *shared = ring->ring;
    for (uint32_t i = 0; i < ring->n_slots; i++) {
        struct netmap_slot slot = nm_slot_read(&shared->slot[i]);
        if (!nm_slot_has_buffer(region, &slot)) {
            shared->slot[i].buf_idx = 0;
            shared->slot[i].len = 0;
        } else if (slot.len > region->buffer_size) {
            shared->slot[i].len = 0;
        }
    }
    uint32_t head = __atomic_load_n(&shared->head, __ATOMIC_RELAXED);
    uint32_t cur = __atomic_load_n(&shared->cur, __ATOMIC_RELAXED);
    uint32_t tail = __atomic_load_n(&shared->tail, __ATOMIC_RELAXED);
    if (head >= ring->n_slots || cur >= ring->n_slots || tail >= ring->n_slots) {
        shared->head = ring->hwcur;
        shared->cur = ring->hwcur;
        nm_ring_leave(ring);
    }
}
