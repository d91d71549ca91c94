#include "nmclick/checksum.h"
#include "nmclick/element.h"
#include "nmclick/headers.h"

struct CheckIPHeader {
    uint64_t refused;
};

static always_inline bool CheckIPHeader_listed(const be32 *list, uint32_t n, be32 address)
{
    bool found = false;
    for (uint32_t i = 0; i < n; i++)
        found |= list[i] == address;
    return found;
}

static cold_path int CheckIPHeader_refuse(struct CheckIPHeader *self, bool verbose, struct worker *w,
                                          unsigned element, int code, const char *reason)
{
    if (!self->refused++ || verbose)
        worker_log(w, element, "IP header check failed: %s", reason);
    return code;
}

#define REFUSE(reason, text)                                                                                 \
    CheckIPHeader_refuse(self, args->verbose, c->worker, c->instance->number, DROP(reason), text)

static inline int CheckIPHeader_packet(struct CheckIPHeader *self, const struct CheckIPHeader_args *args,
                                       struct packet *p, struct context *c)
{
    uint32_t room = p->length - args->offset;
    if (unlikely(p->length < (uint64_t)args->offset + sizeof(struct ip_header)))
        return REFUSE(tiny, "tiny packet");
    uint8_t *start = p->data + args->offset;
    const struct ip_header *ip = (const struct ip_header *)start;
    uint32_t header = sizeof *ip;
    if (unlikely(ip->version_length != 0x45)) {
        if (ip->version_length >> 4 != 4)
            return REFUSE(version, "bad IP version");
        header = ip_header_length(ip);
        if (header < sizeof *ip)
            return REFUSE(header_length, "bad IP header length");
    }
    uint32_t total = BE16(ip->total_length);
    if (unlikely(total > room || total < header))
        return REFUSE(length, "bad IP length");
    if (args->checksum && unlikely(!ip_header_is_intact(ip, header)))
        return REFUSE(checksum, "bad IP checksum");
    if (unlikely(CheckIPHeader_listed(args->bad_sources, args->n_bad_sources, ip->src)) &&
        !CheckIPHeader_listed(args->good_destinations, args->n_good_destinations, ip->dst))
        return REFUSE(source, "bad source address");
    packet_set_network_header(p, start);
    packet_set_transport_header(p, start + header);
    packet_take(p, room - total);
    set_anno_u32(p, ANNO_DST_IP, ip->dst);
    return 0;
}
#undef REFUSE
