#include "nmclick/checksum.h"
#include "nmclick/element.h"
#include "nmclick/headers.h"

static inline int FixIPSrc_packet(struct FixIPSrc *self, const struct FixIPSrc_args *args, struct packet *p,
                                  struct context *c)
{
    (void)self, (void)c;
    if (likely(!anno_u8(p, ANNO_FIX_IP_SRC)) || !packet_network_header(p))
        return 0;
    set_anno_u8(p, ANNO_FIX_IP_SRC, 0);
    struct ip_header *ip = (struct ip_header *)packet_network_header(p);
    uint32_t room = packet_network_length(p), header = room < sizeof *ip ? sizeof *ip : ip_header_length(ip);
    if (header > room)
        return DROP(header);
    ip->src = args->ipaddr;
    ip->checksum = 0;
    ip->checksum = checksum(ip, header);
    return 0;
}
