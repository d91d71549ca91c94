#include "nmclick/element.h"

struct Truncate {
    uint32_t length;
};

static inline int Truncate_init(struct Truncate *self, const struct Truncate_args *args, struct context *c)
{
    (void)c;
    self->length = (uint32_t)args->length;
    return 0;
}

static inline int Truncate_packet(struct Truncate *self, const struct Truncate_args *args, struct packet *p,
                                  struct context *c)
{
    (void)c;
    if (p->length > self->length) {
        uint32_t removed = p->length - self->length;
        if (args->extra_length)
            set_anno_u32(p, ANNO_EXTRA_LENGTH, anno_u32(p, ANNO_EXTRA_LENGTH) + removed);
        packet_take(p, removed);
    }
    return 0;
}
