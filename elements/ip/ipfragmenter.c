#include "nmclick/checksum.h"
#include "nmclick/element.h"
#include "nmclick/headers.h"

struct IPFragmenter {
    uint64_t fragments, uncut;
    uint32_t random;
};

/* Copy the options that every fragment carries (copied flag set) behind `to`, if there is one; their length,
 * padded. */
static unsigned IPFragmenter_options(const uint8_t *from, unsigned length, uint8_t *to)
{
    unsigned at = 0, n = 0;
    while (at < length && from[at] != 0) {
        if (from[at] == 1) {
            at++;
            continue;
        }
        if (at + 1 >= length || from[at + 1] < 2 || at + from[at + 1] > length)
            break;
        if (from[at] & 0x80) {
            if (to)
                memcpy(to + n, from + at, from[at + 1]);
            n += from[at + 1];
        }
        at += from[at + 1];
    }
    for (; n & 3; n++)
        if (to)
            to[n] = 0;
    return n;
}

/* A fragment after the first: `size` bytes from `at` on of the data behind `ip`, its header of `out_header`
 * bytes made from `ip`. False: no buffer. */
static bool IPFragmenter_make(const struct IPFragmenter_args *args, const struct packet *p,
                              const struct ip_header *ip, uint32_t out_header, uint32_t at, uint32_t size,
                              struct packet *fragment, struct worker *w)
{
    struct packet q;
    if (!packet_new(w, args->headroom, out_header + size, &q))
        return false;
    *fragment = *p; /* annotations go along */
    fragment->data = q.data;
    fragment->headroom = q.headroom;
    fragment->length = q.length;
    fragment->buffer = q.buffer;
    packet_set_mac_header(fragment, NULL);
    packet_set_network_header(fragment, q.data);
    packet_set_transport_header(fragment, q.data + out_header);
    uint32_t header = ip_header_length(ip);
    struct ip_header *out = (struct ip_header *)q.data;
    *out = *ip;
    IPFragmenter_options((const uint8_t *)(ip + 1), header - (uint32_t)sizeof *ip, (uint8_t *)(out + 1));
    memcpy(q.data + out_header, (const uint8_t *)ip + header + at, size);
    out->version_length = (uint8_t)(4 << 4 | out_header / 4);
    return true;
}

static void IPFragmenter_finish(struct ip_header *ip, uint32_t header, uint32_t size, uint16_t fragment)
{
    ip->total_length = BE16(header + size);
    ip->fragment = BE16(fragment);
    ip->checksum = 0;
    ip->checksum = checksum(ip, header);
}

/* Emit all fragments of `p`; the code to return. */
static cold_path int IPFragmenter_cut(struct IPFragmenter *self, const struct IPFragmenter_args *args,
                                      struct packet p, struct context *c)
{
    struct ip_header *ip = (struct ip_header *)packet_network_header(&p);
    uint32_t header = ip_header_length(ip), total = BE16(ip->total_length), room = packet_network_length(&p);
    uint16_t fragment = BE16(ip->fragment) & (uint16_t)~IP_DF;
    if (header < sizeof *ip || total < header || total > room || (uint8_t *)ip < p.data)
        return DROP(no_header);
    packet_take(&p, room - total);
    if (total <= args->mtu) { /* only padding behind the datagram was beyond the MTU */
        emit(c, 0, p);
        return KEPT;
    }
    uint32_t data = total - header, first = args->mtu > header ? (args->mtu - header) & ~7u : 0;
    if ((fragment & IP_OFFSET_MASK) + ((data + 7) >> 3) > IP_OFFSET_MASK + 1u) /* it would end beyond 64K */
        return DROP(no_header);
    if ((args->honor_df && (ip->fragment & BE16(IP_DF))) || first < 8) {
        if (args->verbose || self->uncut < 5)
            worker_log(c->worker, c->instance->number, "cannot fragment a packet of %u bytes (MTU %u)", total,
                       args->mtu);
        self->uncut++;
        return DROP(df);
    }
    if (ip->fragment & BE16(IP_DF)) { /* the sender may not have chosen an identification: make one up */
        self->random = self->random * 1664525u + 1013904223u + (uint32_t)now(c);
        ip->id = (be16)(self->random >> 16);
    }

    /* The first fragment lives in the packet's own buffer, which must keep its bytes until the others are
     * made: emitted packets leave only after this function has returned. */
    uint32_t out_header =
        (uint32_t)sizeof *ip + IPFragmenter_options((uint8_t *)(ip + 1), header - (uint32_t)sizeof *ip, NULL);
    IPFragmenter_finish(ip, header, first, fragment | IP_MF);
    struct packet head = p, next;
    packet_take(&head, data - first);
    emit(c, 0, head);
    self->fragments++;
    for (uint32_t at = first, size = (args->mtu - out_header) & ~7u; at < data; at += size) {
        size = size < data - at ? size : data - at;
        if (!IPFragmenter_make(args, &p, ip, out_header, at, size, &next, c->worker)) {
            c->drops[-2 - DROP(no_buffer)]++;
            continue;
        }
        uint16_t more = at + size < data ? IP_MF : 0;
        IPFragmenter_finish((struct ip_header *)next.data, out_header, size,
                            (uint16_t)(fragment + (at >> 3)) | more);
        emit(c, 0, next);
        self->fragments++;
    }
    return KEPT;
}

static inline int IPFragmenter_packet(struct IPFragmenter *self, const struct IPFragmenter_args *args,
                                      struct packet *p, struct context *c)
{
    uint32_t length = packet_network_length(p);
    if (likely(length <= args->mtu))
        return 0;
    if (length < sizeof(struct ip_header))
        return DROP(no_header);
    return COLD_CALL(c, IPFragmenter_cut(self, args, *p, cold));
}
