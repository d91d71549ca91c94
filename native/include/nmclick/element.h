/* What an element's C file includes: packets, workers, and the contract with the generated code. */
/* clang-format off */
/*
 * NAME.c beside NAME.py defines `struct NAME` (its state, zeroed at start) and the entry points that suit it. All of
 * them begin with (struct NAME *, const struct NAME_args *, ...) and end with (..., struct context *):
 *
 *   int NAME_packet(..., struct packet *, ...)
 *       One packet in; the output port, DROP(reason) or KEPT out. May emit() other packets before it returns.
 *   void NAME_batch(..., struct packet *, int *result, unsigned n, ...)
 *       A whole vector; result[i] is what _packet would have returned.
 *   unsigned NAME_pull(..., struct packet *, unsigned max, ...)
 *       Up to max packets for the puller at output c->output.
 *   unsigned NAME_task(..., struct packet *, unsigned max, ...)
 *       Called again and again; fills up to max packets for output 0 (sources, Unqueue). 0: nothing to do now (or
 *       worker->busy is set). Not called where an agnostic input turned out to be pushed to.
 *   unsigned NAME_burst(..., struct ring_burst *, unsigned max, ...)
 *   void NAME_done(..., struct ring_burst *, ...)
 *       A task for sources over netmap rings: opens up to max slots (nmclick/rings.h), which the fused loop then reads
 *       one by one; done, called when burst returned more than 0, closes them. A _packet function of such a source is
 *       run on each packet that it brings, by burst or by pull.
 *   void NAME_flush(..., ...)
 *       At the end of every turn in which packets may have reached the element (ToNetmap synchronises its ring).
 *   uint64_t NAME_timer(..., ...)
 *       Called at the time it returned last (first: after init); returns the next time in ns, NM_NEVER to end.
 *   int NAME_init(..., ...)
 *       0, or init_error(c, "why").
 *   void NAME_cleanup(..., ...)
 *   long NAME_call_WHAT(..., const void *in, size_t n, void *out, size_t room, ...)
 *       Reached from the Python half with self.call("WHAT", bytes, room): handlers; runs between two batches.
 *
 * A packet belongs to the element it was given to until it is returned, emitted, kept or freed. With several workers
 * the Python half's `sharing` says whether each has a state of its own, or one state is locked around every call.
 */
/* clang-format on */
#ifndef NMCLICK_ELEMENT_H
#define NMCLICK_ELEMENT_H

#include "nmclick/bytes.h"
#include "nmclick/packet.h"
#include "nmclick/spin_lock.h"
#include "nmclick/worker.h"

#ifndef NM_WORKERS
#define NM_WORKERS 1 /* workers that run the program */
#endif

/* The state of another element, at the distance that the argument `distance` says. */
#define state_of(self, distance, type) ((type *)((uint8_t *)(self) + (distance)))

#define KEPT (-1)
/* reason: one of the names in the Python half's `drops`. */
#define DROP(reason) NM_DROP(NM_ELEMENT, reason)
#define NM_DROP(element, reason) NM_DROP_(element, reason)
#define NM_DROP_(element, reason) (-2 - (int)element##_drop_##reason)

/* Packets on their way out of an element that sends more than the one it was given. */
struct emission {
    struct packet packet;
    uint32_t edge; /* which output of which element, numbered by the generated code */
};

struct emissions {
    uint32_t count, room;
    struct emission *items;
};

typedef unsigned pull_function(void *state, struct worker *, struct packet *, unsigned max);

/* What is known of an element before the program runs. */
struct instance {
    uint32_t number;     /* of the element, for upcalls and logs */
    uint32_t first_edge; /* number of its output 0 among all outputs */
    uint16_t n_inputs, n_outputs;
    bool per_worker;            /* each has a state of its own */
    uint16_t n_runners;         /* workers that run the element */
    const uint16_t *runners;    /* each worker's number among them, or NM_NOBODY; NULL: there is one worker */
    pull_function *const *pull; /* upstream of each pull input; NULL: it has none */
};

struct context {
    struct worker *worker;
    const struct instance *instance;
    struct emissions *emissions;
    uint64_t *drops;        /* this element's counters, by reason */
    void *state;            /* for pull_input */
    uint16_t input, output; /* the port this call is about */
    uint32_t emitted;       /* packets that this call has emitted so far */
};

/* Call a cold function that takes a context, as `cold`: the copy lets the fields of `c` stay out of memory on
 * the fast path. */
#define COLD_CALL(c, call)                                                                                   \
    ({                                                                                                       \
        struct context context_ = *(c), *cold = &context_;                                                   \
        __auto_type result_ = call;                                                                          \
        (c)->emitted = context_.emitted;                                                                     \
        result_;                                                                                             \
    })

/* This worker's number among those that run the element, or NM_NOBODY. */
static always_inline uint16_t runner(const struct context *c)
{
    return NM_WORKERS > 1 ? c->instance->runners[c->worker->index] : 0;
}

/* Whether a worker uses the state that the context belongs to. */
static inline bool used_by(const struct context *c, unsigned worker)
{
    if (NM_WORKERS == 1)
        return true;
    if (c->instance->per_worker && worker != c->worker->index)
        return false;
    return c->instance->runners[worker] != NM_NOBODY;
}

static always_inline void emission_store(struct emission *to, const struct emission *e)
{
    packet_store(&to->packet, &e->packet);
    to->edge = e->edge;
}

static cold_path bool emissions_grow(struct emissions *e);

/* Send `p` to output `port`; it leaves before the packet that the entry point returns, in the order of the
 * calls. */
static always_inline void emit(struct context *c, unsigned port, struct packet p)
{
    struct emissions *e = c->emissions;
    if (unlikely(e->count == e->room) && !emissions_grow(e)) {
        packet_free(c->worker, &p);
        c->worker->no_buffer++;
        return;
    }
    c->emitted++;
    emission_store(&e->items[e->count++], &(struct emission){p, c->instance->first_edge + port});
}

/* Free a packet the element owns, counting `code` (a DROP(...) value). */
static always_inline void drop(struct context *c, const struct packet *p, int code)
{
    c->drops[-2 - code]++;
    packet_free(c->worker, p);
}

/* Up to max packets from pull input `port`. */
static always_inline unsigned pull_input(struct context *c, unsigned port, struct packet *out, unsigned max)
{
    return c->instance->pull[port](c->state, c->worker, out, max);
}

/* Count in a state that several workers share without a lock. */
static always_inline void count_shared(uint64_t *counter)
{
    if (NM_WORKERS > 1)
        __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
    else
        ++*counter;
}

static always_inline uint64_t now(const struct context *c)
{
    return c->worker->now;
}

static cold_path int init_error(struct context *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
