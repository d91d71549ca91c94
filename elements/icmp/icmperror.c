#include "nmclick/checksum.h"
#include "nmclick/element.h"
#include "nmclick/headers.h"

enum { ICMP_UNREACHABLE = 3, ICMP_QUENCH = 4, ICMP_REDIRECT = 5, ICMP_EXCEEDED = 11, ICMP_PARAMETER = 12 };
enum { ICMP_NEEDFRAG = 4 }; /* a code of ICMP_UNREACHABLE */
enum { ICMPERROR_TTL = 200 };

struct ICMPError {
    be32 src;
    uint32_t mtu;
    uint16_t pmtu;
};

/* Identifications count over all ICMPErrors of a router, as in Click. */
static uint16_t ICMPError_id;

static inline int ICMPError_init(struct ICMPError *self, const struct ICMPError_args *args, struct context *c)
{
    (void)c;
    self->src = args->src;
    self->mtu = args->mtu;
    self->pmtu = args->pmtu;
    return 0;
}

static bool ICMPError_is_error(uint8_t type)
{
    return type == ICMP_UNREACHABLE || type == ICMP_QUENCH || type == ICMP_REDIRECT ||
           type == ICMP_EXCEEDED || type == ICMP_PARAMETER;
}

static bool ICMPError_unicast(const struct ICMPError_args *args, be32 address)
{
    for (uint32_t i = 0; i < args->n_bad; i++)
        if (args->bad[i] == address)
            return false;
    return address != 0xffffffff && (BE32(address) & 0xf0000000) != 0xe0000000;
}

/* RFC 1812, 5.3.7, 4.2.2.11 and 4.2.3.1: neither broadcast, multicast, net 0, loopback nor class E */
static bool ICMPError_valid_source(const struct ICMPError_args *args, be32 address)
{
    uint32_t net = BE32(address) >> 24;
    return ICMPError_unicast(args, address) && net != 0 && net != 127 && net < 0xf0;
}

/* The source route option that has been travelled at least one hop of, or NULL. */
static const uint8_t *ICMPError_source_route(const uint8_t *header, uint32_t length)
{
    for (uint32_t at = sizeof(struct ip_header); at < length && header[at] != 0;) {
        if (header[at] == 1) {
            at++;
            continue;
        }
        uint32_t size = at + 1 < length ? header[at + 1] : 0;
        if (size < 2 || at + size > length)
            return NULL;
        const uint8_t *option = header + at;
        if ((option[0] == 131 || option[0] == 137) && size >= 3 && option[2] >= 4 && option[2] % 4 == 0 &&
            option[2] <= size + 1)
            return option;
        at += size;
    }
    return NULL;
}

/* Whether RFC 1812, section 4.3.2.7, allows an error about this packet; sets the source route to go back by.
 */
static bool ICMPError_answers(const struct ICMPError_args *args, const struct packet *p,
                              const struct ip_header *ip, const uint8_t **route)
{
    uint32_t header = ip_header_length(ip), room = packet_network_length(p);
    const uint8_t *start = (const uint8_t *)ip;
    if (ip->protocol == IP_ICMP && (header + 4 > room || ICMPError_is_error(start[header])))
        return false;
    if (!ICMPError_unicast(args, ip->dst) || !ICMPError_valid_source(args, ip->src))
        return false;
    if (packet_type(p) == PACKET_BROADCAST || packet_type(p) == PACKET_MULTICAST)
        return false;
    if (BE16(ip->fragment) & IP_OFFSET_MASK)
        return false;
    *route = ICMPError_source_route(start, header);
    if (*route) {
        if (args->type == ICMP_REDIRECT)
            return false;
        /* A problem inside the source route itself is not sent back by it (4.3.2.6). */
        const uint8_t *problem = start + anno_u8(p, ANNO_ICMP_PARAMPROB);
        if (args->type == ICMP_PARAMETER && args->code == 0 && *route <= problem &&
            problem < *route + (*route)[1])
            *route = NULL;
    }
    return true;
}

/* The travelled part of a source route, reversed, behind an IP header; its length in bytes, padded. */
static uint32_t ICMPError_reverse(const uint8_t *route, uint8_t *to)
{
    uint32_t length = route[2] - 1u, padded = (length + 3) & ~3u;
    memset(to, 0, padded);
    to[0] = route[0];
    to[1] = (uint8_t)length;
    to[2] = 4;
    uint32_t out = 3;
    for (int from = (int)length - 4; from >= 3; from -= 4, out += 4)
        memcpy(to + out, route + from, 4);
    return padded;
}

/* Put an error about `p` into `error`: 0, or why not. */
static cold_path int ICMPError_make(const struct ICMPError *self, const struct ICMPError_args *args,
                                    struct packet p, struct packet *error, struct worker *w)
{
    const struct ip_header *ip = (const struct ip_header *)packet_network_header(&p);
    uint32_t room = packet_network_length(&p);
    if (room < sizeof *ip || ip_header_length(ip) < sizeof *ip || ip_header_length(ip) > room)
        return DROP(no_header);
    const uint8_t *route = NULL;
    if (!ICMPError_answers(args, &p, ip, &route))
        return DROP(not_answered);
    const uint32_t least = (uint32_t)(sizeof *ip + sizeof(struct icmp_header)),
                   most = w->buffer_size - NM_HEADROOM;
    uint32_t option = route ? (route[2] + 2u) & ~3u : 0, mtu = self->mtu < most ? self->mtu : most;
    if (least + option > mtu)
        option = 0, route = NULL;
    uint32_t headers = least + option, quoted = mtu - headers < room ? mtu - headers : room;
    struct packet q;
    if (!packet_new(w, NM_HEADROOM, headers + quoted, &q))
        return DROP(no_buffer);

    struct ip_header *out = (struct ip_header *)q.data;
    *out = (struct ip_header){.version_length = (uint8_t)(4 << 4 | (sizeof *ip + option) / 4),
                              .total_length = BE16(q.length),
                              .id = BE16(__atomic_add_fetch(&ICMPError_id, 1, __ATOMIC_RELAXED)),
                              .ttl = ICMPERROR_TTL,
                              .protocol = IP_ICMP,
                              .src = self->src,
                              .dst = ip->src};
    if (route)
        ICMPError_reverse(route, (uint8_t *)(out + 1));
    struct icmp_header *icmp = (struct icmp_header *)(q.data + sizeof *ip + option);
    *icmp = (struct icmp_header){.type = (uint8_t)args->type, .code = (uint8_t)args->code};
    if (args->type == ICMP_PARAMETER && args->code == 0)
        icmp->rest = BE32((uint32_t)anno_u8(&p, ANNO_ICMP_PARAMPROB) << 24);
    else if (args->type == ICMP_REDIRECT)
        icmp->rest = anno_u32(&p, ANNO_DST_IP);
    else if (args->type == ICMP_UNREACHABLE && args->code == ICMP_NEEDFRAG)
        icmp->rest = BE32(self->pmtu);
    memcpy(icmp + 1, ip, quoted);
    icmp->checksum = checksum(icmp, (uint32_t)sizeof *icmp + quoted);
    out->checksum = checksum(out, (uint32_t)sizeof *ip + option);

    packet_set_network_header(&q, q.data);
    packet_set_transport_header(&q, (uint8_t *)icmp);
    set_anno_u32(&q, ANNO_DST_IP, out->dst);
    set_anno_u8(&q, ANNO_FIX_IP_SRC, args->set_fix_anno);
    packet_set_timestamp(&q, w->now);
    *error = q;
    return 0;
}

static inline int ICMPError_packet(struct ICMPError *self, const struct ICMPError_args *args,
                                   struct packet *p, struct context *c)
{
    struct packet error;
    int result = ICMPError_make(self, args, *p, &error, c->worker);
    if (result != 0)
        return result;
    packet_free(c->worker, p);
    *p = error;
    return 0;
}
