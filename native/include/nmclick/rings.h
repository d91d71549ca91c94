/* Packets out of and into netmap rings, by exchanging buffers: nothing is copied. */
#ifndef NMCLICK_RINGS_H
#define NMCLICK_RINGS_H

#include "nmclick/element.h"

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

/* Take up to `max` packets, putting a free buffer in the place of each. A slot that does not describe a packet inside
 * the region is skipped and counted in `invalid`; without a free buffer the packet is lost, counted in `no_buffer`. */
static always_inline unsigned ring_receive(struct worker *w, struct nm_port *port, unsigned number, struct packet *out,
                                           unsigned max, uint64_t *invalid, uint64_t *no_buffer)
{
    uint32_t available = ring_available(port, number);
    if (!available)
        return 0;
    struct nm_ring *rx = &port->rx[number];
    struct netmap_ring *ring = rx->ring;
    const uint32_t n_slots = rx->n_slots, n_buffers = port->region->n_buffers, size = w->buffer_size;
    const uint64_t offset_mask = ring->offset_mask, time = w->now;
    const struct nm_slot_meta *meta = rx->meta;
    uint32_t head = ring->head, n = available < max ? available : max, taken = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct netmap_slot *slot = &ring->slot[head];
        uint32_t buffer = slot->buf_idx, length = slot->len, offset = (uint32_t)(slot->ptr & offset_mask);
        uint32_t fresh = w->free_count ? w->free_list[w->free_count - 1] : 0;
        if (unlikely(buffer - 2 >= n_buffers - 2 || offset > size || length > size - offset)) {
            ++*invalid;
        } else if (unlikely(!fresh)) {
            ++*no_buffer;
        } else {
            w->free_count--;
            struct packet p = packet_make(buffer, buffer_address(w, buffer) + offset, length);
            packet_set_mac_header(&p, p.data);
            packet_set_timestamp(&p, meta ? meta[head].timestamp : time);
            if (meta && meta[head].wire_length > length)
                set_anno_u32(&p, ANNO_EXTRA_LENGTH, meta[head].wire_length - length);
            out[taken++] = p;
            slot->buf_idx = fresh;
            slot->ptr = offset_mask ? nm_buffer_offset(fresh) : 0;
            slot->flags = NS_BUF_CHANGED;
        }
        head = head + 1 == n_slots ? 0 : head + 1;
    }
    ring->head = ring->cur = head;
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
