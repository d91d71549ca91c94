#include "nmclick/checksum.h"
#include "nmclick/element.h"
#include "nmclick/headers.h"

enum { IPOPT_EOL = 0, IPOPT_NOP = 1, IPOPT_RECORD_ROUTE = 7, IPOPT_TIMESTAMP = 68 };

struct IPGWOptions {
    uint64_t bad;
};

/* Milliseconds since midnight UT, in network order. */
static be32 IPGWOptions_time(uint64_t now)
{
    return BE32(now / 1000000 % 86400000);
}

/* Serve one record route option. 0, or where in it the error is. */
static unsigned IPGWOptions_record_route(uint8_t *option, unsigned length, be32 address)
{
    if (length < 3)
        return 2;
    int at = option[2] - 1;
    if (at >= 3 && at + 4 <= (int)length) {
        store_u32(option + at, address);
        option[2] = (uint8_t)(option[2] + 4);
        return 0;
    }
    return at == (int)length ? 0 : 2;
}

/* Serve one timestamp option. 0, or where in it the error is. */
static unsigned IPGWOptions_timestamp(uint8_t *option, unsigned length, const struct IPGWOptions_args *args,
                                      uint64_t now)
{
    if (length < 4)
        return 1;
    int at = option[2] - 1, size = (int)length;
    unsigned overflow = option[3] >> 4, flag = option[3] & 15;
    if (at < 4)
        return 2;
    if (flag == 3) { /* addresses given by the sender */
        if (at + 8 > size)
            return 3;
        for (uint32_t i = 0; i < args->n_addresses; i++) {
            if (load_u32(option + at) != args->addresses[i])
                continue;
            store_u32(option + at + 4, IPGWOptions_time(now));
            option[2] = (uint8_t)(option[2] + 8);
            break;
        }
        return 0;
    }
    if (flag > 1)
        return 3;
    int entry = flag == 0 ? 4 : 8;
    if (at + entry > size) {
        if (overflow == 15)
            return 3;
        option[3] = (uint8_t)((overflow + 1) << 4 | flag);
        return 0;
    }
    if (flag == 1)
        store_u32(option + at, args->myaddr);
    store_u32(option + at + entry - 4, IPGWOptions_time(now));
    option[2] = (uint8_t)(option[2] + entry);
    return 0;
}

/* Serve all options of a header of `length` bytes. 0, or the place of the error. */
static cold_path unsigned IPGWOptions_process(uint8_t *header, unsigned length,
                                              const struct IPGWOptions_args *args, uint64_t now)
{
    bool changed = false;
    for (unsigned at = sizeof(struct ip_header); at < length;) {
        unsigned type = header[at];
        if (type == IPOPT_EOL)
            break;
        if (type == IPOPT_NOP) {
            at++;
            continue;
        }
        unsigned size = at + 1 < length ? header[at + 1] : 0, error = 0;
        if (size < 2 || at + size > length)
            return at + 1;
        if (type == IPOPT_RECORD_ROUTE)
            error = IPGWOptions_record_route(header + at, size, args->myaddr), changed = true;
        else if (type == IPOPT_TIMESTAMP)
            error = IPGWOptions_timestamp(header + at, size, args, now), changed = true;
        if (error)
            return at + error;
        at += size;
    }
    if (changed) {
        struct ip_header *ip = (struct ip_header *)header;
        ip->checksum = 0;
        ip->checksum = checksum(ip, length);
    }
    return 0;
}

static inline int IPGWOptions_packet(struct IPGWOptions *self, const struct IPGWOptions_args *args,
                                     struct packet *p, struct context *c)
{
    uint32_t room = packet_network_length(p);
    if (unlikely(room < sizeof(struct ip_header)))
        return DROP(no_header);
    uint8_t *header = packet_network_header(p);
    uint32_t length = ip_header_length((const struct ip_header *)header);
    if (likely(length <= sizeof(struct ip_header)))
        return 0;
    if (unlikely(length > room))
        return DROP(no_header);
    unsigned error = IPGWOptions_process(header, length, args, now(c));
    if (likely(!error))
        return 0;
    self->bad++;
    set_anno_u8(p, ANNO_ICMP_PARAMPROB, (uint8_t)error);
    return DROP(option);
}
