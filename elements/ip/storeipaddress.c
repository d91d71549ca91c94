#include "nmclick/checksum.h"
#include "nmclick/element.h"
#include "nmclick/headers.h"

/* The checksum at `at` after an address that it covers changed. */
static always_inline uint16_t StoreIPAddress_update(uint8_t *at, be32 old, be32 new)
{
    uint16_t sum = checksum_update16(load_u16(at), checksum_fold(old), checksum_fold(new));
    store_u16(at, sum);
    return sum;
}

/* Into a field of the IP header of `length` bytes, which with what is behind it takes `room`. */
static always_inline void StoreIPAddress_header(uint8_t *header, uint32_t length, uint32_t room,
                                                uint32_t field, be32 address)
{
    struct ip_header *ip = (struct ip_header *)header;
    be32 old = load_u32(header + field);
    store_u32(header + field, address);
    StoreIPAddress_update(header + offsetof(struct ip_header, checksum), old, address);
    if (ip->fragment & BE16(IP_OFFSET_MASK))
        return;
    uint8_t *transport = header + length;
    if (ip->protocol == IP_TCP && room >= length + sizeof(struct tcp_header)) {
        StoreIPAddress_update(transport + offsetof(struct tcp_header, checksum), old, address);
    } else if (ip->protocol == IP_UDP && room >= length + sizeof(struct udp_header)) {
        uint8_t *at = transport + offsetof(struct udp_header, checksum);
        /* RFC 768: zero stands for no checksum, so a checksum of zero is sent as its complement. */
        if (load_u16(at) && !StoreIPAddress_update(at, old, address))
            store_u16(at, 0xffff);
    }
}

static inline int StoreIPAddress_packet(struct StoreIPAddress *self, const struct StoreIPAddress_args *args,
                                        struct packet *p, struct context *c)
{
    (void)self, (void)c;
    be32 address = args->given ? (be32)args->address : anno_u32(p, ANNO_DST_IP);
    if (args->field) {
        uint32_t room = packet_network_length(p);
        if (unlikely(room < sizeof(struct ip_header)))
            return DROP(short);
        uint8_t *header = packet_network_header(p);
        uint32_t length = ip_header_length((const struct ip_header *)header);
        if (unlikely(length < sizeof(struct ip_header)))
            return DROP(short);
        StoreIPAddress_header(header, length, room, args->field, address);
        return 0;
    }
    if (!args->given && unlikely(!address))
        return DROP(no_address);
    if (unlikely(p->length < (uint64_t)args->offset + 4))
        return DROP(short);
    store_u32(p->data + args->offset, address);
    return 0;
}
