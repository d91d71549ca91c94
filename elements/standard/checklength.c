#include "nmclick/element.h"

struct CheckLength {
    uint32_t length;
};

static inline int CheckLength_init(struct CheckLength *self, const struct CheckLength_args *args,
                                   struct context *c)
{
    (void)c;
    self->length = (uint32_t)args->length;
    return 0;
}

static inline int CheckLength_packet(struct CheckLength *self, const struct CheckLength_args *args,
                                     struct packet *p, struct context *c)
{
    (void)args, (void)c;
    return p->length > self->length ? DROP(too_long) : 0;
}
