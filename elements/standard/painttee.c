#include "nmclick/element.h"

struct PaintTee {
    uint8_t color;
};

static inline int PaintTee_init(struct PaintTee *self, const struct PaintTee_args *args, struct context *c)
{
    (void)c;
    self->color = (uint8_t)args->color;
    return 0;
}

static inline int PaintTee_packet(struct PaintTee *self, const struct PaintTee_args *args, struct packet *p,
                                  struct context *c)
{
    if (anno_u8(p, (unsigned)args->anno) == self->color) {
        const struct packet original = *p;
        struct packet copy;
        if (likely(packet_clone(c->worker, &original, &copy)))
            emit(c, 1, copy);
    }
    return 0;
}
