#include "nmclick/element.h"

struct Paint {
    uint8_t color;
};

static inline int Paint_init(struct Paint *self, const struct Paint_args *args, struct context *c)
{
    (void)c;
    self->color = (uint8_t)args->color;
    return 0;
}

static inline int Paint_packet(struct Paint *self, const struct Paint_args *args, struct packet *p,
                               struct context *c)
{
    (void)c;
    set_anno_u8(p, (unsigned)args->anno, self->color);
    return 0;
}
