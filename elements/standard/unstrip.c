#include "nmclick/element.h"

static inline int Unstrip_packet(struct Unstrip *self, const struct Unstrip_args *args, struct packet *p,
                                 struct context *c)
{
    (void)self;
    return packet_push(c->worker, p, (uint32_t)args->length) ? 0 : DROP(too_long);
}
