#include "nmclick/element.h"

struct HostEtherFilter {
    uint8_t ether[6];
};

static inline int HostEtherFilter_init(struct HostEtherFilter *self, const struct HostEtherFilter_args *args,
                                       struct context *c)
{
    (void)c;
    memcpy(self->ether, args->ether, sizeof self->ether);
    return 0;
}

static inline int HostEtherFilter_packet(struct HostEtherFilter *self,
                                         const struct HostEtherFilter_args *args, struct packet *p,
                                         struct context *c)
{
    static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint32_t offset = (uint32_t)args->offset;
    (void)c;
    if (unlikely(p->length < 12 || p->length - 12 < offset))
        return DROP(runt);
    const uint8_t *destination = p->data + offset, *source = destination + 6;
    if (args->drop_own && !memcmp(source, self->ether, 6))
        return DROP(own);
    if (likely(!memcmp(destination, self->ether, 6))) {
        packet_set_type(p, PACKET_HOST);
    } else if (!memcmp(destination, broadcast, 6)) {
        packet_set_type(p, PACKET_BROADCAST);
    } else if (destination[0] & 1) {
        packet_set_type(p, PACKET_MULTICAST);
    } else {
        packet_set_type(p, PACKET_OTHERHOST);
        if (args->drop_other)
            return DROP(other);
    }
    return 0;
}
