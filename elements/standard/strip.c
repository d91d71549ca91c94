#include "nmclick/element.h"

static inline int Strip_packet(struct Strip *self, const struct Strip_args *args, struct packet *p,
                               struct context *c)
{
    (void)self, (void)c;
    packet_pull(p, p->length < args->length ? p->length : (uint32_t)args->length);
    return 0;
}
