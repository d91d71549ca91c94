/* Protocol headers as they lie in memory. Packed: packets are aligned to nothing. Fields of type be16/be32
 * are in network order; compare them with BE16(...)/BE32(...) constants. */
#ifndef NMCLICK_HEADERS_H
#define NMCLICK_HEADERS_H

#include "nmclick/bytes.h"

#define nm_packed __attribute__((packed))

enum { ETHER_HEADER = 14, ETHER_TYPE_IP = 0x0800, ETHER_TYPE_ARP = 0x0806, ETHER_TYPE_IP6 = 0x86dd };

struct ether_header {
    uint8_t dst[6], src[6];
    be16 type;
} nm_packed;

/* RFC 826, for IPv4 over Ethernet */
struct arp_header {
    be16 hardware, protocol;
    uint8_t hardware_length, protocol_length;
    be16 operation;
    uint8_t sender_ether[6];
    be32 sender_ip;
    uint8_t target_ether[6];
    be32 target_ip;
} nm_packed;

enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

/* RFC 791 */
struct ip_header {
    uint8_t version_length; /* version << 4 | header length in 4-byte words */
    uint8_t tos;
    be16 total_length, id, fragment;
    uint8_t ttl, protocol;
    be16 checksum;
    be32 src, dst;
} nm_packed;

enum { IP_DF = 0x4000, IP_MF = 0x2000, IP_RF = 0x8000, IP_OFFSET_MASK = 0x1fff };
enum { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17 };

static always_inline uint32_t ip_header_length(const struct ip_header *ip)
{
    return (ip->version_length & 15u) * 4u;
}

/* RFC 792; `rest` is the unused word, a gateway, a pointer or an MTU */
struct icmp_header {
    uint8_t type, code;
    be16 checksum;
    be32 rest;
} nm_packed;

/* RFC 793 and 768: what elements look at */
struct tcp_header {
    be16 src_port, dst_port;
    be32 sequence, acknowledgment;
    uint8_t offset, flags;
    be16 window, checksum, urgent;
} nm_packed;

struct udp_header {
    be16 src_port, dst_port, length, checksum;
} nm_packed;

#endif
