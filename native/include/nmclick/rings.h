/* Packets out of and into netmap rings, by exchanging buffers: nothing is copied. */
#ifndef NMCLICK_RINGS_H
#define NMCLICK_RINGS_H

#include "nmclick/element.h"
#include "nmclick/netmap_abi.h"

/* Slots from `from` up to `to`, circular. */
static always_inline uint32_t ring_distance(uint32_t from, uint32_t to, uint32_t n_slots)
{
    return to >= from ? to - from : to + n_slots - from;
}

_Static_assert(offsetof(struct netmap_ring, cur) == offsetof(struct netmap_ring, head) + 4, "written as one");

/* Head and cur, in one store. */
static always_inline void ring_advance(struct netmap_ring *ring, uint32_t head)
{
    store_u64(&ring->head, head | (uint64_t)head << 32);
}

/* Which of a port's rings are worker `rank` of n's where they are shared out: every n-th from here. Ports
 * begin with different workers, so that those with one ring are not all the first one's. */
static inline uint16_t port_share(const struct worker *w, const struct nm_port *port, unsigned rank,
                                  unsigned n)
{
    unsigned number = 0;
    while (w->ports[number] != port)
        number++;
    return (uint16_t)((rank + n - number % n) % n);
}

/* What went wrong with a port, said once. */
static cold_path void port_warn(struct nm_port *port, struct worker *w, unsigned element)
{
    const char *warning = __atomic_load_n(&port->warning, __ATOMIC_RELAXED);
    if (warning && __atomic_exchange_n(&port->warning, NULL, __ATOMIC_RELAXED))
        worker_log(w, element, "%s: %s", port->name, warning);
}

/* Packets that wait in a receive ring, asking the port for more when there are none. */
static always_inline uint32_t ring_available(struct nm_port *port, unsigned number)
{
    struct nm_ring *rx = &port->rx[number];
    struct netmap_ring *ring = rx->ring;
    if (ring->head == rx->hwtail)
        nm_port_rxsync(port, number);
    return ring_distance(ring->head, rx->hwtail, rx->n_slots);
}

/* Why packets of a ring were not received. */
struct ring_losses {
    uint64_t invalid;   /* slots that describe no packet inside the region */
    uint64_t no_buffer; /* no free buffer to put in the packet's place */
};

#define RING_BURST_MAX 256

/* Where a burst stands: small enough to be a local of the loop that reads it, out of reach of the stores
 * through packet pointers that would have anything in memory read again. */
struct ring_cursor {
    struct netmap_slot *slots;
    const struct nm_slot_meta *meta; /* parallel to slots, or NULL */
    uint8_t *buffers;
    uint64_t offset_mask, time;
    uint32_t size, good; /* of a buffer in bytes; buffer indexes from 2 up to good + 1 are the region's */
    uint32_t n, n_fresh, used; /* slots; free buffers set aside for them, and how many of those were used */
    bool link_broadcasts;      /* tell broadcasts and multicasts by the first byte (Ethernet) */
};

/* Slots of a receive ring on their way into the pipeline, one packet at a time: the packet is made in
 * registers, right in front of the first element. */
struct ring_burst {
    struct ring_cursor cursor;
    struct ring_losses losses;
    /* A copy: the free list itself changes under the pipeline's own frees. */
    uint32_t fresh[RING_BURST_MAX];
};

/* Begin with up to `max` packets of a ring; their number. To be followed by ring_close. */
static inline unsigned ring_open(struct ring_burst *b, struct worker *w, struct nm_port *port,
                                 unsigned number, unsigned max)
{
    uint32_t available = ring_available(port, number), n = available < max ? available : max;
    const struct nm_ring *rx = &port->rx[number];
    struct netmap_ring *ring = rx->ring;
    uint32_t straight = rx->n_slots - ring->head;
    n = straight < n ? straight : n;
    n = n < RING_BURST_MAX ? n : RING_BURST_MAX;
    uint32_t n_fresh = n < w->free_count ? n : (uint32_t)w->free_count;
    b->cursor = (struct ring_cursor){.slots = &ring->slot[ring->head],
                                     .meta = rx->meta ? rx->meta + ring->head : NULL,
                                     .buffers = w->buffers,
                                     .offset_mask = rx->offset_mask,
                                     .time = w->now,
                                     .size = w->buffer_size,
                                     .good = port->region->n_buffers - 2,
                                     .n = n,
                                     .n_fresh = n_fresh};
    b->losses = (struct ring_losses){0};
    w->free_count -= n_fresh;
    memcpy(b->fresh, w->free_list + w->free_count, n_fresh * sizeof *b->fresh);
    return n;
}

/* RFC 1112: the first bit of an Ethernet destination tells broadcast and multicast frames. */
static always_inline void ring_packet_type(struct packet *p)
{
    if (p->length >= 6 && (p->data[0] & 1))
        packet_set_type(p, load_u32(p->data) == 0xffffffff && load_u16(p->data + 4) == 0xffff
                               ? PACKET_BROADCAST
                               : PACKET_MULTICAST);
}

/* The packet of slot `i`, a free buffer put in its place. False: the slot was no packet, or there was no
 * buffer. */
static always_inline bool ring_cursor_next(struct ring_cursor *at, struct ring_burst *b, uint32_t i,
                                           struct packet *p)
{
    struct netmap_slot *slot = &at->slots[i];
    const uint64_t word = load_u64(slot);
    const uint32_t buffer = (uint32_t)word, length = (uint16_t)(word >> 32);
    const uint32_t offset = (uint32_t)(slot->ptr & at->offset_mask);
    if (unlikely(buffer - 2 >= at->good || offset > at->size || length > at->size - offset)) {
        b->losses.invalid++;
        return false;
    }
    if (unlikely(at->used == at->n_fresh)) {
        b->losses.no_buffer++;
        return false;
    }
    const uint32_t fresh = b->fresh[at->used++];
    store_u64(slot, fresh | (uint64_t)NS_BUF_CHANGED << 48);
    slot->ptr = NM_HEADROOM & at->offset_mask; /* where in the fresh buffer the next packet is to start */
    *p = packet_make(buffer, at->buffers + (size_t)buffer * at->size, offset, length);
    packet_set_mac_header(p, p->data);
    packet_set_timestamp(p, at->meta ? at->meta[i].timestamp : at->time);
    if (anno_kept(ANNO_EXTRA_LENGTH) && at->meta && at->meta[i].wire_length > length)
        set_anno_u32(p, ANNO_EXTRA_LENGTH, at->meta[i].wire_length - length);
    guard_close(packet_end(p), at->size - offset - length);
    if (NM_KEEP_packet_type && at->link_broadcasts)
        ring_packet_type(p);
    return true;
}

static always_inline bool ring_next(struct ring_burst *b, uint32_t i, struct packet *p)
{
    return ring_cursor_next(&b->cursor, b, i, p);
}

/* Ask for the bytes of a packet some slots ahead. */
static always_inline void ring_prefetch(const struct ring_cursor *at, uint32_t i)
{
    if (i < at->n)
        __builtin_prefetch(at->buffers + (size_t)at->slots[i].buf_idx * at->size + NM_HEADROOM);
}

/* Give the slots back; the number of packets that were taken. */
static inline unsigned ring_close(struct ring_burst *b, struct worker *w, struct nm_port *port,
                                  unsigned number)
{
    const struct nm_ring *rx = &port->rx[number];
    uint32_t head = rx->ring->head + b->cursor.n;
    rx->ring->head = rx->ring->cur = head == rx->n_slots ? 0 : head;
    while (b->cursor.n_fresh > b->cursor.used)
        buffer_free(w, b->fresh[--b->cursor.n_fresh]);
    return b->cursor.used;
}

/* Take up to `max` packets at once. */
static inline unsigned ring_receive(struct worker *w, struct nm_port *port, unsigned number,
                                    struct packet *out, unsigned max, bool link_broadcasts,
                                    struct ring_losses *losses)
{
    struct ring_burst b;
    unsigned n = ring_open(&b, w, port, number, max), taken = 0;
    b.cursor.link_broadcasts = link_broadcasts;
    for (unsigned i = 0; i < n; i++)
        taken += ring_next(&b, i, &out[taken]);
    losses->invalid += b.losses.invalid;
    losses->no_buffer += b.losses.no_buffer;
    return ring_close(&b, w, port, number);
}

static always_inline bool ring_is_full(const struct nm_ring *tx)
{
    return tx->ring->head == tx->hwtail;
}

/* Free slots of a transmit ring, pushing out what fills it when there are none. */
static inline uint32_t ring_room(struct nm_port *port, unsigned number)
{
    const struct nm_ring *tx = &port->tx[number];
    if (ring_is_full(tx))
        nm_port_txsync(port, number);
    return ring_distance(tx->ring->head, tx->hwtail, tx->n_slots);
}

/* What a capture keeps of a packet besides its bytes; one without a timestamp gets the time of the batch. */
static always_inline struct nm_slot_meta ring_meta(const struct worker *w, const struct packet *p)
{
    uint32_t extra = anno_u32(p, ANNO_EXTRA_LENGTH);
    uint64_t timestamp = packet_timestamp(p);
    return (struct nm_slot_meta){
        .timestamp = timestamp ? timestamp : w->now,
        .wire_length = extra ? p->length + extra : 0,
    };
}

/* The packet moves to where in its buffer the ring can have it start. Its address is found here: the usual
 * way does not need it. */
static cold_path uint32_t ring_move_packet(struct worker *w, const struct nm_ring *tx, uint32_t buffer,
                                           uint32_t headroom, uint32_t length)
{
    uint32_t room = w->buffer_size - length, origin = tx->most_offset;
    origin = origin < NM_HEADROOM ? origin : NM_HEADROOM;
    origin = origin < room ? origin : room;
    uint8_t *start = buffer_address(w, buffer);
    memmove(start + origin, start + headroom, length);
    return origin;
}

/* Put a packet into the next slot, its buffer for the slot's, which becomes free. The caller made sure of the
 * room. */
static always_inline void ring_send(struct worker *w, struct nm_ring *tx, const struct packet *p)
{
    struct netmap_ring *ring = tx->ring;
    uint32_t head = ring->head;
    struct netmap_slot *slot = &ring->slot[head];
    uint32_t old = slot->buf_idx, offset = p->headroom;
    guard_open(buffer_address(w, p->buffer), w->buffer_size);
    if (unlikely(offset > tx->most_offset))
        offset = ring_move_packet(w, tx, p->buffer, p->headroom, p->length);
    store_u64(slot, p->buffer | (uint64_t)(uint16_t)p->length << 32 | (uint64_t)NS_BUF_CHANGED << 48);
    slot->ptr = offset;
    if (tx->meta)
        tx->meta[head] = ring_meta(w, p);
    ring_advance(ring, head + 1 == tx->n_slots ? 0 : head + 1);
    buffer_free(w, old);
}

/* Put a copy of the packet into the next slot: its first `most` bytes, and as many as a slot can tell of. */
static inline void ring_send_copy(struct worker *w, struct nm_ring *tx, const struct packet *p, uint32_t most)
{
    struct netmap_ring *ring = tx->ring;
    uint32_t head = ring->head;
    struct netmap_slot *slot = &ring->slot[head];
    uint32_t length = p->length < most ? p->length : most;
    length = length < UINT16_MAX ? length : UINT16_MAX;
    uint32_t offset = tx->most_offset < NM_HEADROOM ? tx->most_offset : NM_HEADROOM;
    if (w->buffer_size - length < offset)
        offset = w->buffer_size - length;
    memcpy(buffer_address(w, slot->buf_idx) + offset, p->data, length);
    slot->len = (uint16_t)length;
    slot->ptr = offset;
    slot->flags = 0;
    if (tx->meta) {
        tx->meta[head] = ring_meta(w, p);
        if (length < p->length && !tx->meta[head].wire_length)
            tx->meta[head].wire_length = p->length;
    }
    ring->head = ring->cur = head + 1 == tx->n_slots ? 0 : head + 1;
}

#endif
