#include "nmclick/element.h"
#include "nmclick/headers.h"

static inline int MarkIPHeader_packet(struct MarkIPHeader *self, const struct MarkIPHeader_args *args,
                                      struct packet *p, struct context *c)
{
    (void)self, (void)c;
    if (unlikely(args->offset >= (int64_t)p->length))
        return DROP(short);
    if (args->offset < 0 && p->headroom < (uint32_t) - (int64_t)args->offset)
        return DROP(short);
    uint8_t *start = p->data + args->offset;
    uint32_t header = (load_u8(start) & 15u) * 4u;
    if (unlikely(header > p->length - (uint32_t)args->offset))
        return DROP(short);
    packet_set_network_header(p, start);
    packet_set_transport_header(p, start + header);
    return 0;
}
