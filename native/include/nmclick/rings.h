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

/* Packets that wait in a receive ring, asking the port for more when there are none. */
static always_inline uint32_t ring_available(struct nm_port *port, unsigned number)
{
    struct nm_ring *rx = &port->rx[number];
    struct netmap_ring *ring = rx->ring;
    if (ring->head == ring->tail)
        nm_port_rxsync(port, number);
    return ring_distance(ring->head, ring->tail, rx->n_slots);
}

/* Why packets of a ring were not received. */
struct ring_losses {
    uint64_t invalid;   /* slots that describe no packet inside the region */
    uint64_t no_buffer; /* no free buffer to put in the packet's place */
};

/* Take the packets of `n` slots that do not wrap; how many of them were good. */
static inline unsigned ring_take(struct worker *w, const struct nm_region *region, struct netmap_slot *slot,
                                 const struct nm_slot_meta *meta, uint64_t offset_mask, uint32_t n, struct packet *out,
                                 struct ring_losses *losses)
{
    /* Locals, or every store to a slot would have them read again. */
    const uint32_t good = region->n_buffers - 2, size = w->buffer_size, *const free_list = w->free_list;
    const uint64_t time = w->now;
    uint8_t *const buffers = w->buffers;
    uint32_t free_count = w->free_count;
    struct packet *const first = out;
    for (uint32_t i = 0; i < n; i++, slot++) {
        uint64_t word = load_u64(slot);
        uint32_t buffer = (uint32_t)word, length = (uint16_t)(word >> 32), offset = (uint32_t)(slot->ptr & offset_mask);
        if (unlikely(buffer - 2 >= good || offset > size || length > size - offset)) {
            losses->invalid++;
            continue;
        }
        if (unlikely(!free_count)) {
            losses->no_buffer++;
            continue;
        }
        uint32_t fresh = free_list[--free_count];
        store_u64(slot, fresh | (uint64_t)NS_BUF_CHANGED << 48);
        slot->ptr = nm_buffer_offset(fresh) & offset_mask;
        struct packet p = packet_make(buffer, buffers + (size_t)buffer * size + offset, length);
        packet_set_mac_header(&p, p.data);
        packet_set_timestamp(&p, meta ? meta[i].timestamp : time);
        if (anno_kept(ANNO_EXTRA_LENGTH) && meta && meta[i].wire_length > length)
            set_anno_u32(&p, ANNO_EXTRA_LENGTH, meta[i].wire_length - length);
        *out++ = p;
    }
    w->free_count = free_count;
    return (unsigned)(out - first);
}

/* Take up to `max` packets, putting a free buffer in the place of each. */
static inline unsigned ring_receive(struct worker *w, struct nm_port *port, unsigned number, struct packet *out,
                                    unsigned max, struct ring_losses *losses)
{
    uint32_t available = ring_available(port, number), n = available < max ? available : max;
    if (!n)
        return 0;
    struct nm_ring *rx = &port->rx[number];
    struct netmap_ring *ring = rx->ring;
    unsigned taken = 0;
    for (uint32_t head = ring->head; n;) {
        uint32_t straight = rx->n_slots - head < n ? rx->n_slots - head : n;
        taken += ring_take(w, port->region, &ring->slot[head], rx->meta ? rx->meta + head : NULL, ring->offset_mask,
                           straight, out + taken, losses);
        n -= straight;
        head = head + straight == rx->n_slots ? 0 : head + straight;
        ring->head = ring->cur = head;
    }
    return taken;
}

/* Free slots of a transmit ring, pushing out what fills it when there are none. */
static always_inline uint32_t ring_room(struct nm_port *port, unsigned number)
{
    struct nm_ring *tx = &port->tx[number];
    struct netmap_ring *ring = tx->ring;
    if (unlikely(ring->head == ring->tail))
        nm_port_txsync(port, number);
    return ring_distance(ring->head, ring->tail, tx->n_slots);
}

/* Put a packet into the next slot, its buffer for the slot's, which becomes free. The caller made sure of the room. */
static always_inline void ring_send(struct worker *w, struct nm_port *port, unsigned number, const struct packet *p)
{
    struct nm_ring *tx = &port->tx[number];
    struct netmap_ring *ring = tx->ring;
    uint32_t head = ring->head;
    struct netmap_slot *slot = &ring->slot[head];
    uint32_t old = slot->buf_idx;
    slot->buf_idx = p->buffer;
    slot->len = (uint16_t)p->length;
    slot->ptr = ring->offset_mask ? packet_headroom(w, p) : 0;
    slot->flags = NS_BUF_CHANGED;
    if (tx->meta) {
        uint32_t extra = anno_u32(p, ANNO_EXTRA_LENGTH);
        tx->meta[head] = (struct nm_slot_meta){packet_timestamp(p), extra ? p->length + extra : 0};
    }
    ring->head = ring->cur = head + 1 == tx->n_slots ? 0 : head + 1;
    buffer_free(w, old);
}

#endif
