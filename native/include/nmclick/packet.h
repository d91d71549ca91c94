/* The packet as the pipeline carries it: a few words, passed by value, with only those annotations that some
 * element of this configuration reads. The generated prelude defines NM_KEEP_* (0 or 1) and the annotation
 * area: NM_ANNOTATION_FIELDS              the fields kept, e.g. "uint32_t anno_0; uint8_t anno_16;"
 *   packet_annotation_at(p, offset)   address of the byte `offset` of Click's 48-byte area, or NULL: nobody
 * reads it; NM_ANNOTATIONS_STORE(to, p)  copies them. Accessors of what is not kept vanish. */
#ifndef NMCLICK_PACKET_H
#define NMCLICK_PACKET_H

#include "nmclick/bytes.h"
#include "nmclick/worker.h"

enum packet_type { PACKET_HOST, PACKET_BROADCAST, PACKET_MULTICAST, PACKET_OTHERHOST, PACKET_OUTGOING };

/* Offsets in Click's annotation area. */
enum {
    ANNO_DST_IP = 0,           /* 4 bytes, network order */
    ANNO_DST_IP6 = 0,          /* 16 */
    ANNO_PAINT = 16,           /* 1 */
    ANNO_ICMP_PARAMPROB = 17,  /* 1 */
    ANNO_FIX_IP_SRC = 19,      /* 1 */
    ANNO_VLAN_TCI = 20,        /* 2 */
    ANNO_AGGREGATE = 20,       /* 4 */
    ANNO_EXTRA_PACKETS = 24,   /* 4 */
    ANNO_EXTRA_LENGTH = 28,    /* 4: bytes that were on the wire and are not in the packet */
    ANNO_FIRST_TIMESTAMP = 32, /* 8 */
    ANNO_SIZE = 48,
};

struct packet {
    uint8_t *data;   /* first byte */
    uint32_t length; /* bytes from data */
    uint32_t buffer; /* netmap buffer index */
#if NM_KEEP_mac_header
    uint8_t *mac_header;
#endif
#if NM_KEEP_network_header
    uint8_t *network_header;
#endif
#if NM_KEEP_transport_header
    uint8_t *transport_header;
#endif
#if NM_KEEP_timestamp
    uint64_t timestamp; /* ns since the epoch, 0: none */
#endif
    uint32_t headroom; /* bytes from the buffer's start to data */
    NM_ANNOTATION_FIELDS
#if NM_KEEP_packet_type
    uint8_t packet_type;
#endif
};

NM_ANNOTATION_AT

/* Header pointers lie inside the packet's buffer, at or before data + length is not promised: ask
 * packet_*_length. */
#define NM_HEADER_ACCESSORS(NAME)                                                                            \
    static always_inline uint8_t *packet_##NAME##_header(const struct packet *p)                             \
    {                                                                                                        \
        return NM_HEADER_GET_##NAME(p);                                                                      \
    }                                                                                                        \
    static always_inline void packet_set_##NAME##_header(struct packet *p, uint8_t *header)                  \
    {                                                                                                        \
        NM_HEADER_SET_##NAME(p, header);                                                                     \
    }                                                                                                        \
    /* Bytes from the header to the end of the packet; 0 when the header is not known or past the end. */    \
    static always_inline uint32_t packet_##NAME##_length(const struct packet *p)                             \
    {                                                                                                        \
        const uint8_t *header = packet_##NAME##_header(p), *end = p->data + p->length;                       \
        return header && header < end ? (uint32_t)(end - header) : 0;                                        \
    }

#if NM_KEEP_mac_header
#define NM_HEADER_GET_mac(p) ((p)->mac_header)
#define NM_HEADER_SET_mac(p, h) ((p)->mac_header = (h))
#else
#define NM_HEADER_GET_mac(p) ((void)(p), (uint8_t *)NULL)
#define NM_HEADER_SET_mac(p, h) ((void)(p), (void)(h))
#endif
#if NM_KEEP_network_header
#define NM_HEADER_GET_network(p) ((p)->network_header)
#define NM_HEADER_SET_network(p, h) ((p)->network_header = (h))
#else
#define NM_HEADER_GET_network(p) ((void)(p), (uint8_t *)NULL)
#define NM_HEADER_SET_network(p, h) ((void)(p), (void)(h))
#endif
#if NM_KEEP_transport_header
#define NM_HEADER_GET_transport(p) ((p)->transport_header)
#define NM_HEADER_SET_transport(p, h) ((p)->transport_header = (h))
#else
#define NM_HEADER_GET_transport(p) ((void)(p), (uint8_t *)NULL)
#define NM_HEADER_SET_transport(p, h) ((void)(p), (void)(h))
#endif

NM_HEADER_ACCESSORS(mac)
NM_HEADER_ACCESSORS(network)
NM_HEADER_ACCESSORS(transport)

static always_inline uint64_t packet_timestamp(const struct packet *p)
{
#if NM_KEEP_timestamp
    return p->timestamp;
#else
    (void)p;
    return 0;
#endif
}

static always_inline void packet_set_timestamp(struct packet *p, uint64_t ns)
{
#if NM_KEEP_timestamp
    p->timestamp = ns;
#else
    (void)p, (void)ns;
#endif
}

static always_inline enum packet_type packet_type(const struct packet *p)
{
#if NM_KEEP_packet_type
    return (enum packet_type)p->packet_type;
#else
    (void)p;
    return PACKET_HOST;
#endif
}

static always_inline void packet_set_type(struct packet *p, enum packet_type type)
{
#if NM_KEEP_packet_type
    p->packet_type = (uint8_t)type;
#else
    (void)p, (void)type;
#endif
}

/* Put a packet into memory, member by member: an assignment would put one that is in registers together on
 * the stack by small stores, and then wait for them to copy it by a large load. */
static always_inline void packet_store(struct packet *to, const struct packet *p)
{
    to->data = p->data;
    to->length = p->length;
    to->buffer = p->buffer;
    packet_set_mac_header(to, packet_mac_header(p));
    packet_set_network_header(to, packet_network_header(p));
    packet_set_transport_header(to, packet_transport_header(p));
    packet_set_timestamp(to, packet_timestamp(p));
    to->headroom = p->headroom;
    NM_ANNOTATIONS_STORE(to, p);
    packet_set_type(to, packet_type(p));
}

/* Annotations by offset in the 48-byte area; `offset` is a compile-time constant. Values as they lie in
 * memory. */
#define NM_ANNOTATION_ACCESSORS(NAME, TYPE)                                                                  \
    static always_inline TYPE anno_##NAME(const struct packet *p, unsigned offset)                           \
    {                                                                                                        \
        const uint8_t *at = packet_annotation_at((struct packet *)(uintptr_t)p, offset);                     \
        TYPE v = 0;                                                                                          \
        if (at)                                                                                              \
            memcpy(&v, at, sizeof v);                                                                        \
        return v;                                                                                            \
    }                                                                                                        \
    static always_inline void set_anno_##NAME(struct packet *p, unsigned offset, TYPE v)                     \
    {                                                                                                        \
        uint8_t *at = packet_annotation_at(p, offset);                                                       \
        if (at && packet_annotation_at(p, offset + (unsigned)sizeof v - 1)) {                                \
            memcpy(at, &v, sizeof v);                                                                        \
        } else {                                                                                             \
            for (unsigned i = 0; i < sizeof v; i++)                                                          \
                if ((at = packet_annotation_at(p, offset + i)))                                              \
                    *at = (uint8_t)(v >> (8 * i));                                                           \
        }                                                                                                    \
    }
NM_ANNOTATION_ACCESSORS(u8, uint8_t)
NM_ANNOTATION_ACCESSORS(u16, uint16_t)
NM_ANNOTATION_ACCESSORS(u32, uint32_t)
NM_ANNOTATION_ACCESSORS(u64, uint64_t)

/* Whether some element of this configuration reads the annotation byte at `offset`. */
static always_inline bool anno_kept(unsigned offset)
{
    struct packet p;
    return packet_annotation_at(&p, offset) != NULL;
}

/* A new packet of `length` bytes in `buffer`, which begins at `start`, with so much headroom; all annotations
 * are clear. */
static always_inline struct packet packet_make(uint32_t buffer, uint8_t *start, uint32_t headroom,
                                               uint32_t length)
{
    struct packet p;
    memset(&p, 0, sizeof p);
    p.data = start + headroom;
    p.length = length;
    p.buffer = buffer;
    p.headroom = headroom;
    return p;
}

static always_inline uint8_t *packet_end(const struct packet *p)
{
    return p->data + p->length;
}

/* Bytes free behind the packet in its buffer. */
static always_inline uint32_t packet_tailroom(const struct worker *w, const struct packet *p)
{
    return w->buffer_size - p->headroom - p->length;
}

/* Only the packet's own bytes, and what lies in front of it, may be touched from here on (AddressSanitizer
 * builds). */
static always_inline void packet_guard(const struct worker *w, const struct packet *p)
{
    guard_open(p->data, p->length);
    guard_close(packet_end(p), packet_tailroom(w, p));
    (void)w, (void)p;
}

/* Remove `n` bytes in front (n <= length) or behind. */
static always_inline void packet_pull(struct packet *p, uint32_t n)
{
    p->data += n;
    p->headroom += n;
    p->length -= n;
}

static always_inline void packet_take(struct packet *p, uint32_t n)
{
    p->length -= n;
}

/* Move the packet inside its buffer so that there are at least `head` bytes in front; false: the buffer is
 * too small. */
static cold_path bool packet_shift(struct worker *w, struct packet *p, uint32_t head);

/* Add `n` bytes in front, their contents what was there. False when the buffer is too small: drop. */
static always_inline bool packet_push(struct worker *w, struct packet *p, uint32_t n)
{
    if (unlikely(p->headroom < n)) {
        struct packet moved =
            *p; /* a copy: taking p's address would keep it out of registers on the fast path */
        bool fits = packet_shift(w, &moved, n);
        *p = moved;
        if (!fits)
            return false;
    }
    p->data -= n;
    p->headroom -= n;
    p->length += n;
    return true;
}

/* Add `n` bytes behind. False when the buffer is too small: drop. */
static always_inline bool packet_put(struct worker *w, struct packet *p, uint32_t n)
{
    if (unlikely(packet_tailroom(w, p) < n)) {
        struct packet moved = *p;
        uint32_t slack = w->buffer_size - p->length;
        bool fits = slack >= n && packet_shift(w, &moved, slack - n);
        *p = moved;
        if (!fits || packet_tailroom(w, p) < n)
            return false;
    }
    p->length += n;
    packet_guard(w, p);
    return true;
}

/* A full copy in a buffer of its own, the bytes in front included (Unstrip works on it). False: no buffer. */
static bool packet_clone(struct worker *w, const struct packet *p, struct packet *copy);

/* An empty packet with `head` bytes of headroom and room for `length` bytes (length set). False: no buffer or
 * too long. */
static bool packet_new(struct worker *w, uint32_t head, uint32_t length, struct packet *p);

static always_inline void packet_free(struct worker *w, const struct packet *p)
{
    buffer_free(w, p->buffer);
}

#endif
