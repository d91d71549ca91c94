#include "nmclick/element.h"

static inline int StripIPHeader_packet(struct StripIPHeader *self, const struct StripIPHeader_args *args,
                                       struct packet *p, struct context *c)
{
    (void)self, (void)args, (void)c;
    uint8_t *transport = packet_transport_header(p);
    if (unlikely(!transport || transport > packet_end(p)))
        return DROP(no_header);
    packet_pull(p, (uint32_t)(transport - p->data));
    return 0;
}
