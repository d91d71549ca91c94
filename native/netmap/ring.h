/* netmap rings as a provider sees them: making them, and believing nothing that stands in shared memory.
 * Every shared value is read once into a local copy, the copy is checked, and only the copy is used. */
#ifndef NMCLICK_NETMAP_RING_H
#define NMCLICK_NETMAP_RING_H

#include <errno.h>

#include "nmclick/region.h"

#define NM_MIN_SLOTS 3u
#define NM_MAX_SLOTS 65536u

/* A ring with n_slots buffers of the region, in netmap's fresh state: tx has all slots but one to fill, rx
 * has nothing yet. 0 or -errno. */
int nm_ring_create(struct nm_ring *ring, struct nm_region *region, int dir, uint32_t ring_id,
                   uint32_t n_slots, bool with_meta);

/* An rx ring whose slots name the buffers of `tx`: the other side of a pipe. */
int nm_ring_create_twin(struct nm_ring *rx, struct nm_region *region, const struct nm_ring *tx);

/* Frees the ring, and the buffers in its slots unless they belong to a twin. */
void nm_ring_destroy(struct nm_ring *ring, struct nm_region *region, bool with_buffers);

/* The netmap_if that lists these rings; NULL when the region is full. Holds the region. */
struct netmap_if *nm_if_create(struct nm_region *region, const char *name, const struct nm_ring *tx,
                               uint32_t n_tx, const struct nm_ring *rx, uint32_t n_rx);
void nm_if_destroy(struct nm_region *region, struct netmap_if *nifp);

/* After a bad head or cur, as the kernel does it: slots that name no buffer get index and length 0, too long
 * ones length 0, and positions outside the ring are put back to the provider's; wrong ones inside it stay for
 * the program to repair. */
void nm_ring_reinit(struct nm_ring *ring, const struct nm_region *region);

static always_inline uint32_t nm_ring_next(const struct nm_ring *ring, uint32_t slot)
{
    return unlikely(slot + 1 == ring->n_slots) ? 0 : slot + 1;
}

static always_inline uint32_t nm_ring_prev(const struct nm_ring *ring, uint32_t slot)
{
    return slot == 0 ? ring->n_slots - 1 : slot - 1;
}

/* Slots from `from` up to, not including, `to`. */
static always_inline uint32_t nm_ring_distance(const struct nm_ring *ring, uint32_t from, uint32_t to)
{
    return to >= from ? to - from : to + ring->n_slots - from;
}

/* Takes head and cur from the program. 0 with the trusted head, or -EINVAL after nm_ring_reinit. */
static inline int nm_ring_enter(struct nm_ring *ring, const struct nm_region *region, uint32_t *trusted_head)
{
    uint32_t head = __atomic_load_n(&ring->ring->head, __ATOMIC_ACQUIRE);
    uint32_t cur = __atomic_load_n(&ring->ring->cur, __ATOMIC_RELAXED);
    if (likely(head < ring->n_slots && cur < ring->n_slots)) {
        uint32_t window = nm_ring_distance(ring, ring->hwcur, ring->hwtail);
        uint32_t moved = nm_ring_distance(ring, ring->hwcur, head);
        if (likely(moved <= window && nm_ring_distance(ring, head, cur) <= window - moved)) {
            *trusted_head = head;
            return 0;
        }
    }
    nm_ring_reinit(ring, region);
    return -EINVAL;
}

/* Publishes the slots up to hwtail. */
static always_inline void nm_ring_leave(struct nm_ring *ring)
{
    __atomic_store_n(&ring->ring->tail, ring->hwtail, __ATOMIC_RELEASE);
}

typedef uint64_t nm_word __attribute__((may_alias));

/* One look at a shared slot: two loads, whatever a peer does meanwhile. */
static always_inline struct netmap_slot nm_slot_read(const struct netmap_slot *shared)
{
    const nm_word *words = (const nm_word *)shared;
    uint64_t copy[2] = {__atomic_load_n(&words[0], __ATOMIC_RELAXED),
                        __atomic_load_n(&words[1], __ATOMIC_RELAXED)};
    struct netmap_slot slot;
    memcpy(&slot, copy, sizeof slot);
    return slot;
}

static always_inline bool nm_slot_has_buffer(const struct nm_region *region, const struct netmap_slot *slot)
{
    return slot->buf_idx - NETMAP_FIRST_BUFFER < region->n_buffers - NETMAP_FIRST_BUFFER;
}

static always_inline uint32_t nm_slot_offset(const struct netmap_slot *slot)
{
    return (uint32_t)slot->ptr & NM_OFFSET_MASK;
}

/* Is there a whole packet in the slot? NM_DROP_REASONS if so, else what is wrong. */
static always_inline enum nm_drop_reason nm_slot_check(const struct nm_region *region,
                                                       const struct netmap_slot *slot)
{
    if (unlikely(!nm_slot_has_buffer(region, slot)))
        return NM_DROP_INDEX;
    if (unlikely(nm_slot_offset(slot) + slot->len > region->buffer_size || (slot->flags & NS_INDIRECT)))
        return NM_DROP_LENGTH;
    return NM_DROP_REASONS;
}

/* May a packet of nm_longest_frame() bytes be put into the slot? NM_DROP_REASONS if so, else what is wrong.
 */
static always_inline enum nm_drop_reason nm_slot_check_free(const struct nm_region *region,
                                                            const struct netmap_slot *slot)
{
    if (unlikely(!nm_slot_has_buffer(region, slot)))
        return NM_DROP_INDEX;
    return unlikely(nm_slot_offset(slot) > NM_HEADROOM) ? NM_DROP_LENGTH : NM_DROP_REASONS;
}

/* What fits behind the largest offset, in bytes, whole cache lines included. */
static always_inline uint32_t nm_longest_frame(const struct nm_region *region)
{
    uint32_t room = region->buffer_size - NM_HEADROOM;
    return room < UINT16_MAX ? room : UINT16_MAX;
}

/* Tells the program of a packet of `length` bytes in the slot's buffer: one store for length and flags. */
static always_inline void nm_slot_fill(struct netmap_slot *slot, uint32_t length)
{
    store_u32((uint8_t *)slot + offsetof(struct netmap_slot, len),
              length); /* little-endian: flags become 0 */
}

/* Where the slot's packet starts; the slot was checked. */
static always_inline uint8_t *nm_slot_data(const struct nm_region *region, const struct netmap_slot *slot)
{
    return nm_region_buffer(region, slot->buf_idx) + nm_slot_offset(slot);
}

/* The end of the last whole packet in [from, head): what is before it may be sent. */
static always_inline uint32_t nm_ring_whole_packets(const struct nm_ring *ring, uint32_t from, uint32_t head)
{
    while (head != from) {
        uint32_t last = nm_ring_prev(ring, head);
        if (likely(!(nm_slot_read(&ring->ring->slot[last]).flags & NS_MOREFRAG)))
            break;
        head = last;
    }
    return head;
}

#endif
