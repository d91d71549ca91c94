#include "deliver.h"

#include "../ports/copy.h"

#define MOST_COPIES 256u
#define MOST_TOUCHED 1024u

struct copy {
    const uint8_t *from;
    uint8_t *to;
    uint32_t length;
    bool lines;
};

static struct copy copies[MOST_COPIES];
static unsigned n_copies;
static struct ring *touched[MOST_TOUCHED];
static unsigned n_touched;

static void do_copies(void)
{
    for (unsigned i = 0; i < n_copies; i++) {
        const struct copy *copy = &copies[i];
        if (likely(copy->lines))
            nm_copy_lines(copy->to, copy->from, copy->length);
        else
            memcpy(copy->to, copy->from, copy->length);
    }
    n_copies = 0;
}

void deliver_flush(void)
{
    do_copies();
    for (unsigned i = 0; i < n_touched; i++)
        __atomic_store_n(&touched[i]->mail->hwtail, touched[i]->nm.hwtail, __ATOMIC_RELEASE);
}

void deliver_end(void)
{
    if (!n_touched)
        return;
    deliver_flush();
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* who did not see them sleeps, and we see that */
    for (unsigned i = 0; i < n_touched; i++) {
        touched[i]->touched = false;
        ring_bells(touched[i], false, POLLIN);
    }
    n_touched = 0;
}

/* Looks at what the program gave back since. */
static void look_for_room(struct ring *to)
{
    struct nm_ring *nm = &to->nm;
    uint32_t head = __atomic_load_n(&to->mail->head, __ATOMIC_ACQUIRE);
    if (head >= nm->n_slots ||
        nm_ring_distance(nm, nm->hwcur, head) > nm_ring_distance(nm, nm->hwcur, nm->hwtail))
        return;
    nm->hwcur = head;
    to->room = nm->n_slots - 1 - nm_ring_distance(nm, head, nm->hwtail);
}

static always_inline void put_piece(struct ring *to, uint32_t at, const struct piece *piece, uint16_t flags)
{
    struct netmap_slot *shared = &to->nm.ring->slot[at], slot = nm_slot_read(shared);
    const struct nm_region *region = &to->port->memory->region;
    const uint64_t offset = slot.ptr & to->offset_mask;
    uint32_t length = piece->length;
    if (unlikely(!nm_slot_has_buffer(region, &slot))) {
        nm_ring_drop(&to->nm, NM_DROP_INDEX);
        length = 0;
    } else if (unlikely(offset > BUFFER_SIZE || length > BUFFER_SIZE - offset)) {
        nm_ring_drop(&to->nm, NM_DROP_LONG);
        length = 0;
    } else {
        uint8_t *target = nm_region_buffer(region, slot.buf_idx) + offset;
        __builtin_prefetch(target, 1);
        copies[n_copies++] = (struct copy){piece->data, target, length,
                                           piece->lines && offset + ((length + 63) & ~63u) <= BUFFER_SIZE &&
                                               offset <= BUFFER_SIZE - 64};
    }
    __builtin_prefetch(shared + 16, 1);
    store_u32((uint8_t *)shared + offsetof(struct netmap_slot, len), length | (uint32_t)flags << 16);
}

void deliver(struct ring *to, const struct piece *pieces, uint32_t n, uint16_t flags)
{
    for (const struct watch *watch = to->watchers; unlikely(watch); watch = watch->next)
        deliver(watch->to, pieces, n, flags);
    if (unlikely(to->room < n)) {
        if (to->nm.ring)
            look_for_room(to);
        if (to->room < n) {
            nm_ring_drop(&to->nm, NM_DROP_FULL);
            return;
        }
    }
    if (unlikely(n_copies + n > MOST_COPIES))
        do_copies();
    if (!to->touched) {
        if (unlikely(n_touched == MOST_TOUCHED))
            deliver_end();
        to->touched = true;
        touched[n_touched++] = to;
    }
    uint32_t at = to->nm.hwtail;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t more = i + 1 < n ? NS_MOREFRAG : 0;
        put_piece(to, at, &pieces[i], (uint16_t)(n << 8 | more | flags));
        to->nm.bytes += pieces[i].length;
        at = nm_ring_next(&to->nm, at);
    }
    to->nm.hwtail = at;
    to->nm.packets++;
    to->room -= n;
}
