#include "nmclick/checksum.h"
#include "nmclick/element.h"
#include "nmclick/headers.h"

struct IPFragmenter {
    uint64_t fragments, uncut;
    uint32_t random;
};

/* Copy the options that every fragment carries (copied flag set) behind `to`, if there is one; their length, padded. */
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

/* Emit all fragments of `p`; the code to return. */
static cold_path int IPFragmenter_cut(struct IPFragmenter *self, const struct IPFragmenter_args *args, struct packet p,
                                      struct context context)
{
    struct context *c = &context;
    struct ip_header *ip = (struct ip_header *)packet_network_header(&p);
    uint32_t header = ip_header_length(ip), total = BE16(ip->total_length);
    if (header < sizeof *ip || total < header || total > packet_network_length(&p))
        return DROP(no_header);
    if (total <= args->mtu) /* only padding behind the datagram is beyond the MTU */
        return 0;
    uint32_t first = args->mtu > header ? (args->mtu - header) & ~7u : 0, data = total - header;
    if ((args->honor_df && (BE16(ip->fragment) & IP_DF)) || first < 8) {
        if (args->verbose || self->uncut < 5)
            worker_log(c->worker, c->element, "cannot fragment a packet of %u bytes (MTU %u)", p.length, args->mtu);
        self->uncut++;
        return DROP(df);
    }
    if (BE16(ip->fragment) & IP_DF) { /* the sender may not have chosen an identification: make one up */
        self->random = self->random * 1664525u + 1013904223u + (uint32_t)now(c);
        ip->id = (be16)(self->random >> 16);
    }
    uint16_t old = BE16(ip->fragment) & (uint16_t)~IP_DF;
    uint8_t *payload = (uint8_t *)ip + header;
    uint32_t out_header = (uint32_t)sizeof *ip + IPFragmenter_options((uint8_t *)(ip + 1), header - sizeof *ip, NULL);
    struct ip_header model = *ip;
    uint32_t before = (uint32_t)((uint8_t *)ip - p.data);

    struct packet head = p;
    ip->total_length = BE16(header + first);
    ip->fragment = BE16(old | IP_MF);
    ip->checksum = 0;
    ip->checksum = checksum(ip, header);
    packet_take(&head, p.length - before - header - first);

    /* The first fragment lives in the packet's own buffer, which must keep its bytes until the others are made: emitted
     * packets leave only after this function has returned. */
    emit(c, 0, head);
    self->fragments++;
    for (uint32_t at = first; at < data;) {
        uint32_t size = (args->mtu - out_header) & ~7u;
        if (size > data - at)
            size = data - at;
        struct packet q;
        if (!packet_new(c->worker, args->headroom, out_header + size, &q)) {
            c->drops[-2 - DROP(no_buffer)]++;
        } else {
            uint8_t *start = q.data, *own = start;
            uint32_t length = q.length, buffer = q.buffer;
            q = p; /* annotations go along */
            q.data = start, q.length = length, q.buffer = buffer;
            packet_set_mac_header(&q, NULL);
            packet_set_network_header(&q, start);
            packet_set_transport_header(&q, start + out_header);
            struct ip_header *out = (struct ip_header *)own;
            *out = model;
            IPFragmenter_options((uint8_t *)(ip + 1), header - sizeof *ip, (uint8_t *)(out + 1));
            memcpy(own + out_header, payload + at, size);
            out->version_length = (uint8_t)(4 << 4 | out_header / 4);
            out->total_length = BE16(out_header + size);
            bool last = at + size >= data;
            uint16_t flags = (old & IP_MF) || !last ? IP_MF : 0;
            out->fragment = BE16((old & (IP_RF | IP_OFFSET_MASK)) + (at >> 3) + flags);
            out->checksum = 0;
            out->checksum = checksum(out, out_header);
            emit(c, 0, q);
            self->fragments++;
        }
        at += size;
    }
    return KEPT;
}

static inline int IPFragmenter_packet(struct IPFragmenter *self, const struct IPFragmenter_args *args, struct packet *p,
                                      struct context *c)
{
    uint32_t length = packet_network_length(p);
    if (likely(length <= args->mtu))
        return 0;
    return length < sizeof(struct ip_header) ? DROP(no_header) : IPFragmenter_cut(self, args, *p, *c);
}
