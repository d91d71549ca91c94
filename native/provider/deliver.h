/* Putting packets into receive rings, a batch of copies at a time so that their cache misses overlap. */
#ifndef NMCLICK_PROVIDER_DELIVER_H
#define NMCLICK_PROVIDER_DELIVER_H

#include "provider.h"

/* What one slot holds of a packet; the slot was checked. */
struct piece {
    const uint8_t *data;
    uint16_t length;
    bool lines; /* the buffer has room for whole cache lines */
};

/* Into an rx ring, and whatever watches it. A packet that does not fit is dropped and counted there. */
void deliver(struct ring *to, const struct piece *pieces, uint32_t n, uint16_t flags);
/* Does the copies and shows the packets to the receivers; before the pieces' slots are given back. */
void deliver_flush(void);
/* The same, and wakes the receivers: one by one is dear, so this is for the end of a batch. */
void deliver_end(void);

/* The piece in a slot of the ring's region; NM_DROP_REASONS, or why there is none. */
static always_inline enum nm_drop_reason piece_of(const struct ring *ring, const struct netmap_slot *slot,
                                                  struct piece *piece)
{
    const struct nm_region *region = &ring->port->memory->region;
    const uint64_t offset = slot->ptr & ring->offset_mask;
    if (unlikely(!nm_slot_has_buffer(region, slot)))
        return NM_DROP_INDEX;
    if (unlikely(offset > BUFFER_SIZE || slot->len > BUFFER_SIZE - offset || (slot->flags & NS_INDIRECT)))
        return NM_DROP_LENGTH;
    piece->data = nm_region_buffer(region, slot->buf_idx) + offset;
    piece->length = slot->len;
    piece->lines = offset + ((slot->len + 63u) & ~63u) <= BUFFER_SIZE && offset <= BUFFER_SIZE - 64;
    return NM_DROP_REASONS;
}

#endif
