#include "nmclick/fifo.h"
#include "nmclick/template.h"

struct InfiniteSource {
    struct packet_template packet;
    uint64_t count;
    int64_t limit;
    int32_t burst;
    bool active, ended;
};

static inline int InfiniteSource_init(struct InfiniteSource *self, const struct InfiniteSource_args *args,
                                      struct context *c)
{
    self->limit = args->limit;
    self->burst = args->burst;
    self->active = args->active;
    return template_init(&self->packet, args->packet, args->n_packet, c);
}

/* How many packets may be sent now; at the limit, says once that the end is reached. */
static always_inline unsigned InfiniteSource_allowed(struct InfiniteSource *self, unsigned max,
                                                     struct context *c)
{
    if (unlikely(!self->active))
        return 0;
    if (self->limit < 0)
        return max;
    uint64_t limit = (uint64_t)self->limit, left = self->count < limit ? limit - self->count : 0;
    if (unlikely(!left)) {
        if (!self->ended) {
            self->ended = true;
            worker_upcall(c->worker, c->instance->number, 0, 0);
        }
        return 0;
    }
    self->ended = false;
    return left < max ? (unsigned)left : max;
}

/* As long as one of the queues has room, packets go on to all, as in Click. */
static always_inline unsigned InfiniteSource_room(const struct InfiniteSource *self,
                                                  const struct InfiniteSource_args *args, unsigned max)
{
    unsigned room = args->n_storages ? 0 : max;
    for (uint32_t i = 0; i < args->n_storages; i++) {
        unsigned here = fifo_room(state_of(self, args->storages[i], struct fifo));
        room = here > room ? here : room;
    }
    return room < max ? room : max;
}

static inline unsigned InfiniteSource_task(struct InfiniteSource *self,
                                           const struct InfiniteSource_args *args, struct packet *out,
                                           unsigned max, struct context *c)
{
    unsigned n = InfiniteSource_allowed(self, InfiniteSource_room(self, args, max), c);
    n = template_fill(&self->packet, args->n_packet, out, n, args->timestamp ? now(c) : 0, c);
    self->count += n;
    return n;
}

static inline unsigned InfiniteSource_pull(struct InfiniteSource *self,
                                           const struct InfiniteSource_args *args, struct packet *out,
                                           unsigned max, struct context *c)
{
    return InfiniteSource_task(self, args, out, max, c);
}

/* The new bytes of the packet; -1 when they do not fit in a buffer. */
static inline long InfiniteSource_call_packet(struct InfiniteSource *self,
                                              const struct InfiniteSource_args *args, const void *in,
                                              size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)out, (void)room;
    return template_set(&self->packet, in, n, c->worker) ? 0 : -1;
}
