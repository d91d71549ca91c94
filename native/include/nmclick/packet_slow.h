/* Cold companions of packet.h and element.h; compiled once into every program, since they depend on its
 * packet. */
#ifndef NMCLICK_PACKET_SLOW_H
#define NMCLICK_PACKET_SLOW_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "nmclick/element.h"

/* Header pointers follow the bytes they point at when a packet moves by `distance` bytes. */
static always_inline void packet_rebase(struct packet *p, ptrdiff_t distance)
{
    p->data += distance;
    p->headroom += (uint32_t)distance;
    if (packet_mac_header(p))
        packet_set_mac_header(p, packet_mac_header(p) + distance);
    if (packet_network_header(p))
        packet_set_network_header(p, packet_network_header(p) + distance);
    if (packet_transport_header(p))
        packet_set_transport_header(p, packet_transport_header(p) + distance);
}

/* How many bytes in front of the data something still refers to, the MAC header for instance. */
static uint32_t packet_kept_front(const struct worker *w, const struct packet *p)
{
    const uint8_t *first = p->data, *start = buffer_address(w, p->buffer);
    const uint8_t *headers[] = {packet_mac_header(p), packet_network_header(p), packet_transport_header(p)};
    for (unsigned i = 0; i < 3; i++)
        if (headers[i] && headers[i] >= start && headers[i] < first)
            first = headers[i];
    return (uint32_t)(p->data - first);
}

static cold_path bool packet_shift(struct worker *w, struct packet *p, uint32_t head)
{
    uint8_t *start = buffer_address(w, p->buffer);
    uint32_t front = packet_kept_front(w, p);
    if (head < front)
        head = front;
    if (head > w->buffer_size || p->length > w->buffer_size - head)
        return false;
    ptrdiff_t distance = start + head - p->data;
    guard_open(start, w->buffer_size);
    memmove(p->data - front + distance, p->data - front, (size_t)front + p->length);
    packet_rebase(p, distance);
    packet_guard(w, p);
    return true;
}

static bool packet_clone(struct worker *w, const struct packet *p, struct packet *copy)
{
    uint32_t buffer = buffer_take(w);
    if (unlikely(!buffer)) {
        w->no_buffer++;
        return false;
    }
    uint8_t *from = buffer_address(w, p->buffer), *to = buffer_address(w, buffer);
    uint32_t head = p->headroom, origin = nm_buffer_offset(p->buffer), target = nm_buffer_offset(buffer);
    /* A packet that was not pushed past its origin keeps what was stripped from it, back to there. */
    if (head < origin || target + (head - origin) + p->length > w->buffer_size)
        origin = target = head < NM_HEADROOM ? 0 : NM_HEADROOM;
    memcpy(to + target, from + origin, head - origin + p->length);
    *copy = *p;
    copy->buffer = buffer;
    packet_rebase(copy, (to + target) - (from + origin));
    copy->headroom = target + head - origin;
    packet_guard(w, copy);
    return true;
}

static bool packet_new(struct worker *w, uint32_t head, uint32_t length, struct packet *p)
{
    if (head > w->buffer_size || length > w->buffer_size - head)
        return false;
    uint32_t buffer = buffer_take(w);
    if (unlikely(!buffer)) {
        w->no_buffer++;
        return false;
    }
    *p = packet_make(buffer, buffer_address(w, buffer), head, length);
    packet_guard(w, p);
    return true;
}

static cold_path bool emissions_grow(struct emissions *e)
{
    uint32_t room = e->room ? 2 * e->room : 64;
    struct emission *items = realloc(e->items, room * sizeof *items);
    if (!items)
        return false;
    e->items = items;
    e->room = room;
    return true;
}

/* The last `n` leave in the order they were emitted: turn them, since the stack is popped from its end. */
static void emissions_turn(struct emissions *e, uint32_t n)
{
    for (uint32_t i = e->count - n, j = e->count; j && i < --j; i++) {
        struct emission item;
        emission_store(&item, &e->items[i]);
        emission_store(&e->items[i], &e->items[j]);
        emission_store(&e->items[j], &item);
    }
}

static cold_path int init_error(struct context *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->worker->error, sizeof c->worker->error, format, arguments);
    va_end(arguments);
    return -1;
}

/* A region asks for the data of packets this far ahead, without looking at where its batch ends: arrays of
 * packets have room for that, and what stands there does no harm. */
#define PREFETCH_AHEAD 4

/* Packets on their way into a region; grows when a back edge or a Tee brings more than a burst. */
struct batch {
    struct packet *packets;
    uint32_t count, room;
};

static cold_path bool batch_grow(struct batch *b)
{
    uint32_t room = b->room ? 2 * b->room : 256;
    struct packet *packets = realloc(b->packets, (room + PREFETCH_AHEAD) * sizeof *packets);
    if (!packets)
        return false;
    b->packets = packets;
    b->room = room;
    return true;
}

static always_inline void batch_append(struct worker *w, struct batch *b, struct packet p)
{
    if (unlikely(b->count == b->room) && !batch_grow(b)) {
        w->no_buffer++;
        packet_free(w, &p);
        return;
    }
    packet_store(&b->packets[b->count++], &p);
}

#endif
