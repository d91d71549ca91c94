/* A first-in first-out store of packets with a capacity that may change: what Queue and its kin keep. */
#ifndef NMCLICK_FIFO_H
#define NMCLICK_FIFO_H

#include "nmclick/element.h"

struct fifo {
    struct packet *packets;     /* `slots` of them, a power of two */
    uint32_t slots, head, tail; /* head and tail run freely and are masked on use */
    uint32_t capacity, highwater;
    uint64_t drops;
};

static always_inline uint32_t fifo_length(const struct fifo *f)
{
    return f->tail - f->head;
}

/* Packets that a store has room for, as a good guess: another worker may be at it. */
static always_inline uint32_t fifo_room(const struct fifo *f)
{
    uint32_t length =
        __atomic_load_n(&f->tail, __ATOMIC_RELAXED) - __atomic_load_n(&f->head, __ATOMIC_RELAXED);
    uint32_t capacity = __atomic_load_n(&f->capacity, __ATOMIC_RELAXED);
    return length < capacity ? capacity - length : 0;
}

/* Packets beyond the new capacity are freed, the youngest first, and counted in *lost. False: out of memory,
 * nothing has changed. */
static inline bool fifo_resize(struct fifo *f, uint32_t capacity, uint64_t *lost, struct worker *w)
{
    uint64_t slots = f->slots ? f->slots : 1;
    while (slots < capacity)
        slots *= 2;
    for (; fifo_length(f) > capacity; ++*lost)
        packet_free(w, &f->packets[--f->tail & (f->slots - 1)]);
    if (slots != f->slots) {
        struct packet *packets = slots <= UINT32_MAX ? worker_alloc(w, slots * sizeof *packets) : NULL;
        if (!packets)
            return false;
        uint32_t length = fifo_length(f);
        for (uint32_t i = 0; i < length; i++)
            packets[i] = f->packets[(f->head + i) & (f->slots - 1)];
        f->packets = packets;
        f->slots = (uint32_t)slots;
        f->head = 0;
        f->tail = length;
    }
    f->capacity = capacity;
    return true;
}

static inline int fifo_init(struct fifo *f, uint32_t capacity, struct context *c)
{
    uint64_t lost = 0;
    return fifo_resize(f, capacity, &lost, c->worker) ? 0 : init_error(c, "out of memory");
}

/* False, with the loss counted, when the store is full. */
static always_inline bool fifo_push(struct fifo *f, const struct packet *p, struct context *c)
{
    uint32_t length = fifo_length(f);
    if (unlikely(length >= f->capacity)) {
        if (!f->drops++ && f->capacity)
            worker_log(c->worker, c->instance->number, "overflow");
        return false;
    }
    packet_store(&f->packets[f->tail & (f->slots - 1)], p);
    __atomic_store_n(&f->tail, f->tail + 1, __ATOMIC_RELAXED);
    if (length >= f->highwater)
        f->highwater = length + 1;
    return true;
}

static always_inline unsigned fifo_pull(struct fifo *f, struct packet *out, unsigned max)
{
    uint32_t length = fifo_length(f);
    unsigned n = length < max ? length : max;
    for (unsigned i = 0; i < n; i++)
        out[i] = f->packets[(f->head + i) & (f->slots - 1)];
    __atomic_store_n(&f->head, f->head + n, __ATOMIC_RELAXED);
    return n;
}

/* Frees what is stored; how much that was. */
static inline uint32_t fifo_clear(struct fifo *f, struct worker *w)
{
    uint32_t length = fifo_length(f);
    while (f->head != f->tail)
        packet_free(w, &f->packets[f->head++ & (f->slots - 1)]);
    return length;
}

static inline void fifo_reset_counts(struct fifo *f)
{
    f->drops = 0;
    f->highwater = fifo_length(f);
}

#endif
