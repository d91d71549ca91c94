#include "nmclick/element.h"

struct Unqueue {
    uint64_t count;
    int32_t limit, burst;
    bool active;
};

static inline int Unqueue_init(struct Unqueue *self, const struct Unqueue_args *args, struct context *c)
{
    (void)c;
    self->limit = (int32_t)args->limit;
    self->burst = (int32_t)args->burst;
    self->active = args->active;
    return 0;
}

static inline unsigned Unqueue_task(struct Unqueue *self, const struct Unqueue_args *args, struct packet *out,
                                    unsigned max, struct context *c)
{
    (void)args;
    if (!self->active || !self->burst)
        return 0;
    if (self->limit >= 0) {
        uint64_t limit = (uint32_t)self->limit, left = self->count < limit ? limit - self->count : 0;
        if (max > left)
            max = (unsigned)left;
        if (!max)
            return 0;
    }
    unsigned n = pull_input(c, 0, out, max);
    self->count += n;
    return n;
}
