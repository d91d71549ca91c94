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
    /* RFC 1624 for a high byte that went down by one: add 0x0100 to the checksum, end-around. */
    uint32_t sum = BE16(ip->checksum) + 0x0100u;
    ip->checksum = BE16((sum & 0xffff) + (sum >> 16));
    return 0;
}
