#include "nmclick/element.h"

/* The header as it goes out: destination, source, type (IEEE 802.3, 3.1.1). */
struct EtherEncap {
    uint8_t dst[6], src[6];
    uint8_t ethertype[2];
};

static inline int EtherEncap_init(struct EtherEncap *self, const struct EtherEncap_args *args,
                                  struct context *c)
{
    (void)c;
    memcpy(self->dst, args->dst, sizeof self->dst);
    memcpy(self->src, args->src, sizeof self->src);
    store_be16(self->ethertype, (uint16_t)args->ethertype);
    return 0;
}

static inline int EtherEncap_packet(struct EtherEncap *self, const struct EtherEncap_args *args,
                                    struct packet *p, struct context *c)
{
    (void)args;
    if (unlikely(!packet_push(c->worker, p, sizeof *self)))
        return DROP(too_long);
    memcpy(p->data, self, sizeof *self);
    packet_set_mac_header(p, p->data);
    packet_set_network_header(p, p->data + sizeof *self);
    return 0;
}
