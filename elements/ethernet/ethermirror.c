#include "nmclick/element.h"

static inline int EtherMirror_packet(struct EtherMirror *self, const struct EtherMirror_args *args,
                                     struct packet *p, struct context *c)
{
    (void)self, (void)args, (void)c;
    if (unlikely(p->length < 12))
        return DROP(runt);
    uint8_t destination[6];
    memcpy(destination, p->data, 6);
    memmove(p->data, p->data + 6, 6);
    memcpy(p->data + 6, destination, 6);
    return 0;
}
