#include "nmclick/element.h"

static inline int GetIPAddress_packet(struct GetIPAddress *self, const struct GetIPAddress_args *args,
                                      struct packet *p, struct context *c)
{
    (void)self, (void)c;
    /* args->field is a place in the IP header, 0 when OFFSET was given. */
    const uint8_t *start = args->field ? packet_network_header(p) : p->data;
    uint32_t length = args->field ? packet_network_length(p) : p->length;
    int64_t at = args->field ? args->field : args->offset;
    if (unlikely(length < at + 4))
        return DROP(short);
    set_anno_u32(p, args->anno, load_u32(start + at));
    return 0;
}
