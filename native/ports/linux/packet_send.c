/* Frames out of buffers into the kernel: with one system call for many, straight from where they lie. That
 * was faster than a transmit ring (TPACKET_V2), into which they would be copied as well. */
#define _GNU_SOURCE
#include "packet.h"

void packet_prepare(struct packet_sender *sender)
{
    for (unsigned i = 0; i < PACKET_SEND_BATCH; i++)
        sender->messages[i].msg_hdr = (struct msghdr){.msg_iov = &sender->data[i], .msg_iovlen = 1};
}

/* Why the kernel did not take one frame. */
static cold_path void refused(struct nm_port *port, struct nm_ring *ring, int err)
{
    if (err == EMSGSIZE)
        nm_ring_drop(ring, NM_DROP_LONG);
    else
        nm_ring_drop(ring, err == ENOBUFS ? NM_DROP_FULL : NM_DROP_SYSTEM);
    if (err == ENETDOWN || err == ENXIO || err == ENODEV)
        packet_say_down(port);
}

/* Hands over slots from `from` up to `to`; where the kernel stopped taking them. */
static uint32_t send_slots(struct nm_port *port, struct nm_ring *ring, struct packet_sender *sender,
                           uint32_t from, uint32_t to)
{
    while (from != to) {
        unsigned n = 0;
        for (uint32_t at = from; at != to && n < PACKET_SEND_BATCH; at = nm_ring_next(ring, at)) {
            struct netmap_slot slot = nm_slot_read(&ring->ring->slot[at]);
            enum nm_drop_reason bad = nm_slot_check(port->region, &slot);
            if (unlikely(slot.flags & NS_MOREFRAG))
                bad = NM_DROP_LENGTH;
            if (unlikely(bad != NM_DROP_REASONS)) {
                if (n)
                    break;
                nm_ring_drop(ring, bad);
                from = nm_ring_next(ring, at);
                continue;
            }
            sender->data[n++] =
                (struct iovec){.iov_base = nm_slot_data(port->region, &slot), .iov_len = slot.len};
        }
        if (!n)
            break;
        int sent = sendmmsg(sender->fd, sender->messages, n, MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (sent <= 0) {
            refused(port, ring, errno);
            from = nm_ring_next(ring, from);
            continue;
        }
        for (int i = 0; i < sent; i++) {
            ring->bytes += sender->data[i].iov_len;
            from = nm_ring_next(ring, from);
        }
        ring->packets += (unsigned)sent;
    }
    return from;
}

int packet_txsync(struct nm_port *port, unsigned index)
{
    struct packet_port *packet = port->priv;
    struct nm_ring *ring = &port->tx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    ring->hwcur = send_slots(port, ring, &packet->pairs[index].sender, ring->hwcur, head);
    ring->hwtail = nm_ring_prev(ring, ring->hwcur);
    nm_ring_leave(ring);
    return 0;
}
