#include "nmclick/element.h"

struct CheckPaint {
    uint8_t color;
};

static inline int CheckPaint_init(struct CheckPaint *self, const struct CheckPaint_args *args,
                                  struct context *c)
{
    (void)c;
    self->color = (uint8_t)args->color;
    return 0;
}

static inline int CheckPaint_packet(struct CheckPaint *self, const struct CheckPaint_args *args,
                                    struct packet *p, struct context *c)
{
    (void)c;
    return anno_u8(p, (unsigned)args->anno) == self->color ? 0 : DROP(color);
}
