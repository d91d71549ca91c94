#include "nmclick/element.h"
#include "nmclick/headers.h"

struct DecIPTTL {
    uint64_t expired;
    bool active;
};

static inline int DecIPTTL_init(struct DecIPTTL *self, const struct DecIPTTL_args *args, struct context *c)
{
    (void)c;
    self->active = args->active;
    return 0;
}

static inline int DecIPTTL_packet(struct DecIPTTL *self, const struct DecIPTTL_args *args, struct packet *p,
                                  struct context *c)
{
    (void)c;
    if (unlikely(packet_network_length(p) < sizeof(struct ip_header)))
        return DROP(no_header);
    struct ip_header *ip = (struct ip_header *)packet_network_header(p);
    if (unlikely(!self->active) || (!args->multicast && (BE32(ip->dst) & 0xf0000000) == 0xe0000000))
        return 0;
    if (unlikely(ip->ttl <= 1)) {
        self->expired++;
        return DROP(ttl);
    }
    ip->ttl--;
    /* RFC 1624, equation 3, for a high byte that went down by one: 0x0100 is added to the checksum,
     * end-around, and the negative zero becomes zero. One's complement sums do not mind the byte order. */
    uint32_t sum = (uint32_t)ip->checksum + BE16(0x0100);
    ip->checksum = (be16)(sum + (sum >= 0xffff));
    return 0;
}
