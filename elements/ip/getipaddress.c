#include "nmclick/element.h"

static inline int GetIPAddress_packet(struct GetIPAddress *self, const struct GetIPAddress_args *args, struct packet *p,
                                      struct context *c)
{
    (void)self, (void)c;
    /* args->ip is the field's place in the IP header, 0 when OFFSET was given. */
    const uint8_t *start = args->ip ? packet_network_header(p) : p->data;
    uint32_t length = args->ip ? packet_network_length(p) : p->length, at = args->ip ? args->ip : args->offset;
    if (unlikely(length < at + 4))
        return DROP(short);
    set_anno_u32(p, args->anno, load_u32(start + at));
    return 0;
}
