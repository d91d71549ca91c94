#include "nmclick/element.h"

#define PAINTSWITCH_ALL 255

static inline int PaintSwitch_packet(struct PaintSwitch *self, const struct PaintSwitch_args *args,
                                     struct packet *p, struct context *c)
{
    (void)self;
    uint8_t color = anno_u8(p, (unsigned)args->anno);
    if (likely(color < c->instance->n_outputs && color != PAINTSWITCH_ALL))
        return color;
    if (color != PAINTSWITCH_ALL || !c->instance->n_outputs)
        return DROP(no_output);
    const struct packet original = *p;
    unsigned last = c->instance->n_outputs - 1u;
    for (unsigned port = 0; port < last; port++) {
        struct packet copy;
        if (likely(packet_clone(c->worker, &original, &copy)))
            emit(c, port, copy);
    }
    return (int)last;
}
