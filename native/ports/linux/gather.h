/* Frames of several slots, for ports that write them with one system call. */
#ifndef NMCLICK_PORTS_GATHER_H
#define NMCLICK_PORTS_GATHER_H

#include <sys/uio.h>

#include "../driver.h"

#define NM_FRAGMENTS 32u /* slots of one frame */

struct nm_frame {
    struct iovec parts[NM_FRAGMENTS];
    unsigned n_parts;
    size_t length;
    uint32_t next; /* the slot behind it */
};

/* The frame that starts at slot `at` and ends before the program's head. NM_DROP_REASONS, or what is wrong
 * with it. */
static inline enum nm_drop_reason nm_ring_gather(const struct nm_ring *ring, const struct nm_region *region,
                                                 uint32_t at, struct nm_frame *frame)
{
    enum nm_drop_reason found = NM_DROP_REASONS;
    bool more;
    frame->n_parts = 0;
    frame->length = 0;
    do {
        struct netmap_slot slot = nm_slot_read(&ring->ring->slot[at]);
        enum nm_drop_reason bad = nm_slot_check(region, &slot);
        more = slot.flags & NS_MOREFRAG;
        if (bad == NM_DROP_REASONS && frame->n_parts == NM_FRAGMENTS)
            bad = NM_DROP_LONG;
        if (likely(bad == NM_DROP_REASONS)) {
            frame->parts[frame->n_parts++] = (struct iovec){nm_slot_data(region, &slot), slot.len};
            frame->length += slot.len;
        } else {
            found = bad;
        }
        at = nm_ring_next(ring, at);
    } while (more);
    frame->next = at;
    return found;
}

/* The part of the frame behind its first `n` bytes. */
static inline void nm_frame_skip(struct nm_frame *frame, size_t n)
{
    unsigned i = 0;
    for (; i < frame->n_parts && n >= frame->parts[i].iov_len; i++)
        n -= frame->parts[i].iov_len;
    frame->n_parts -= i;
    memmove(frame->parts, frame->parts + i, frame->n_parts * sizeof *frame->parts);
    if (frame->n_parts) {
        frame->parts[0].iov_base = (uint8_t *)frame->parts[0].iov_base + n;
        frame->parts[0].iov_len -= n;
    }
}

#endif
