#include "nmclick/template.h"

/* A token bucket in units that need no division: one packet costs 10^9 units, and `rate` (packets per second)
 * units arrive every nanosecond. */
#define RATEDSOURCE_PACKET 1000000000u

struct RatedSource {
    struct packet_template packet;
    uint64_t count;
    int64_t limit;
    uint64_t tokens, capacity; /* units */
    uint64_t filled_at;        /* ns */
    uint64_t full_after;       /* ns it takes to fill an empty bucket; NM_NEVER at rate 0 */
    uint32_t rate;
    bool active, ended;
};

static inline int RatedSource_init(struct RatedSource *self, const struct RatedSource_args *args,
                                   struct context *c)
{
    self->limit = args->limit;
    self->active = args->active;
    self->rate = (uint32_t)args->rate;
    self->capacity = (uint64_t)args->capacity;
    self->full_after = (uint64_t)args->full_after;
    self->tokens = RATEDSOURCE_PACKET;
    return template_init(&self->packet, args->packet, args->n_packet, c);
}

static always_inline void RatedSource_refill(struct RatedSource *self, uint64_t time)
{
    uint64_t elapsed = time - self->filled_at;
    if (time < self->filled_at)
        elapsed = 0;
    if (elapsed >= self->full_after) {
        self->tokens = self->capacity;
    } else {
        self->tokens += elapsed * self->rate;
        if (self->tokens > self->capacity)
            self->tokens = self->capacity;
    }
    self->filled_at = time;
}

static inline unsigned RatedSource_task(struct RatedSource *self, const struct RatedSource_args *args,
                                        struct packet *out, unsigned max, struct context *c)
{
    if (!self->active)
        return 0;
    if (self->limit >= 0) {
        uint64_t limit = (uint64_t)self->limit, left = self->count < limit ? limit - self->count : 0;
        if (!left) {
            if (!self->ended) {
                self->ended = true;
                worker_upcall(c->worker, c->instance->number, 0, 0);
            }
            return 0;
        }
        if (max > left)
            max = (unsigned)left;
    }
    self->ended = false;
    RatedSource_refill(self, now(c));
    uint64_t packets = self->tokens / RATEDSOURCE_PACKET;
    unsigned n =
        template_fill(&self->packet, args->n_packet, out, packets < max ? (unsigned)packets : max, now(c), c);
    self->count += n;
    self->tokens -= (uint64_t)n * RATEDSOURCE_PACKET;
    if (self->tokens < RATEDSOURCE_PACKET && self->rate)
        wake_at(c->worker, now(c) + (RATEDSOURCE_PACKET - self->tokens + self->rate - 1) / self->rate);
    return n;
}

static inline unsigned RatedSource_pull(struct RatedSource *self, const struct RatedSource_args *args,
                                        struct packet *out, unsigned max, struct context *c)
{
    return RatedSource_task(self, args, out, max, c);
}

/* The new bytes of the packet; -1 when they do not fit in a buffer. */
static inline long RatedSource_call_packet(struct RatedSource *self, const struct RatedSource_args *args,
                                           const void *in, size_t n, void *out, size_t room,
                                           struct context *c)
{
    (void)args, (void)out, (void)room;
    return template_set(&self->packet, in, n, c->worker) ? 0 : -1;
}
