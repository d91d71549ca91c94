/* Finding the IP header behind the link headers of captures (www.tcpdump.org/linktypes). */
#ifndef NMCLICK_LINK_H
#define NMCLICK_LINK_H

#include "nmclick/element.h"
#include "nmclick/headers.h"

enum {
    LINK_NULL = 0,
    LINK_PPP = 9,
    LINK_FDDI = 10,
    LINK_PPP_HDLC = 50,
    LINK_ATM_RFC1483 = 100,
    LINK_C_HDLC = 104,
    LINK_802_11 = 105,
    LINK_LINUX_SLL = 113,
    LINK_PRISM = 119,
    LINK_SUNATM = 123,
    LINK_802_11_RADIO = 127,
};

#define LINK_NOT_IP UINT32_MAX

static always_inline bool link_ip_ethertype(const uint8_t *at)
{
    uint16_t type = load_u16(at);
    return type == BE16(ETHER_TYPE_IP) || type == BE16(ETHER_TYPE_IP6);
}

/* Behind an Ethernet type at `at`, one 802.1Q tag allowed. */
static always_inline uint32_t link_ethertype(const uint8_t *data, uint32_t length, uint32_t at)
{
    if (at + 2 > length)
        return LINK_NOT_IP;
    if (likely(link_ip_ethertype(data + at)))
        return at + 2;
    if (load_u16(data + at) == BE16(0x8100) && at + 6 <= length && link_ip_ethertype(data + at + 4))
        return at + 6;
    return LINK_NOT_IP;
}

static always_inline uint32_t link_be24(const uint8_t *at)
{
    return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

/* Behind an LLC header (RFC 1483, RFC 2684) at `at`. Bridged frames may hold LLC headers again, ever deeper.
 */
static inline uint32_t link_llc(const uint8_t *data, uint32_t length, uint32_t at)
{
    while (at + 4 <= length) {
        const uint8_t *llc = data + at;
        if (llc[0] == 0x06 && llc[1] == 0x06)
            return at + 4;
        if (at + 8 > length || llc[0] != 0xaa || llc[1] != 0xaa)
            return LINK_NOT_IP;
        if (llc[2] == 0x03 && link_be24(llc + 3) == 0 && link_ip_ethertype(llc + 6))
            return at + 8;
        uint32_t organisation = link_be24(llc + 3), type = load_be16(llc + 6);
        if (organisation == 0 || organisation == 0x0000f8)
            return link_ethertype(data, length, at + 6);
        if (organisation != 0x0080c2)
            return LINK_NOT_IP;
        if (type == 1 || type == 7) /* Ethernet with and without its check sequence */
            return link_ethertype(data, length, at + 8 + 12);
        if (type != 4 && type != 10)
            return LINK_NOT_IP;
        at += 9; /* FDDI, behind a byte of padding */
        if (at + 21 > length || (data[at] & 0xf0) != 0x50)
            return LINK_NOT_IP;
        at += 13;
    }
    return LINK_NOT_IP;
}

static inline uint32_t link_wifi(const uint8_t *data, uint32_t length, uint32_t at)
{
    if (at + 24 > length || (data[at] & 0x0c) != 0x08)
        return LINK_NOT_IP;
    return link_llc(data, length, at + ((data[at + 1] & 3) == 3 ? 30 : 24));
}

static inline uint32_t link_ppp(const uint8_t *data, uint32_t length)
{
    uint32_t at = length >= 2 && data[0] == 0xff && data[1] == 0x03 ? 2 : 0;
    if (at + 2 > length)
        return LINK_NOT_IP;
    if (data[at] == 0x21 || data[at] == 0x57)
        return at + 1;
    return data[at] == 0 && (data[at + 1] == 0x21 || data[at + 1] == 0x57) ? at + 2 : LINK_NOT_IP;
}

static inline uint32_t link_c_hdlc(const uint8_t *data, uint32_t length)
{
    return length >= 4 && link_ip_ethertype(data + 2) ? 4 : LINK_NOT_IP;
}

static inline uint32_t link_ppp_hdlc(const uint8_t *data, uint32_t length)
{
    if (length < 4)
        return LINK_NOT_IP;
    if (data[0] == 0xff)
        return data[2] == 0 && (data[3] == 0x21 || data[3] == 0x57) ? 4 : LINK_NOT_IP;
    return data[0] == 0x0f || data[0] == 0x8f ? link_c_hdlc(data, length) : LINK_NOT_IP;
}

/* BSD loopback: an address family in the byte order of whoever captured. */
static inline uint32_t link_null(const uint8_t *data, uint32_t length)
{
    if (length < 4)
        return LINK_NOT_IP;
    uint32_t family = load_u16(data) ? (uint32_t)data[0] | (uint32_t)data[1] << 8 : load_be16(data + 2);
    return family == 2 || family == 24 || family == 28 || family == 30 ? 4 : LINK_NOT_IP;
}

static cold_path uint32_t link_ip_offset_slow(uint32_t link_type, const uint8_t *data, uint32_t length)
{
    switch (link_type) {
    case LINK_FDDI:
        return length >= 21 && (data[0] & 0xf0) == 0x50 ? link_llc(data, length, 13) : LINK_NOT_IP;
    case LINK_SUNATM:
        return link_llc(data, length, 4);
    case LINK_ATM_RFC1483:
        return link_llc(data, length, 0);
    case LINK_LINUX_SLL:
        return length >= 16 && link_ip_ethertype(data + 14) ? 16 : LINK_NOT_IP;
    case LINK_C_HDLC:
        return link_c_hdlc(data, length);
    case LINK_PPP_HDLC:
        return link_ppp_hdlc(data, length);
    case LINK_PPP:
        return link_ppp(data, length);
    case LINK_PRISM:
        return link_wifi(data, length, 144);
    case LINK_802_11:
        return link_wifi(data, length, 0);
    case LINK_802_11_RADIO:
        return length >= 4 && data[2] + (data[3] << 8) >= 8
                   ? link_wifi(data, length, data[2] + ((uint32_t)data[3] << 8))
                   : LINK_NOT_IP;
    case LINK_NULL:
        return link_null(data, length);
    default:
        return LINK_NOT_IP;
    }
}

/* Whether packets of this link type can be searched for their IP headers. */
static inline bool link_can_hold_ip(uint32_t link_type)
{
    static const uint8_t known[] = {LINK_NULL,        LINK_PPP,    LINK_FDDI,         LINK_PPP_HDLC,
                                    LINK_ATM_RFC1483, LINK_C_HDLC, LINK_802_11,       LINK_LINUX_SLL,
                                    LINK_PRISM,       LINK_SUNATM, LINK_802_11_RADIO, NM_LINK_ETHERNET,
                                    NM_LINK_RAW_IP};
    return link_type < 256 && memchr(known, (int)link_type, sizeof known);
}

/* Mark the IP header: network and transport header, and for IPv4 the destination annotation. False: the
 * packet is not IP, or its header is not whole. */
static always_inline bool link_mark_ip(struct packet *p, uint32_t link_type)
{
    uint8_t *data = p->data;
    const uint32_t length = p->length;
    uint32_t at = 0;
    if (likely(link_type == NM_LINK_ETHERNET))
        at = link_ethertype(data, length, 12);
    else if (link_type != NM_LINK_RAW_IP)
        at = link_ip_offset_slow(link_type, data, length);
    if (at >= length || length - at < 20)
        return false;
    uint8_t *ip = data + at;
    uint32_t header = (ip[0] & 15u) << 2;
    if (likely(ip[0] >> 4 == 4)) {
        if (header < 20 || header > length - at)
            return false;
        set_anno_u32(p, ANNO_DST_IP, load_u32(ip + 16));
    } else {
        header = 40;
        if (ip[0] >> 4 != 6 || header > length - at)
            return false;
    }
    packet_set_network_header(p, ip);
    packet_set_transport_header(p, ip + header);
    return true;
}

#endif
