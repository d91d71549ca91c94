/* Frames out of the kernel's ring into buffers. */
#define _GNU_SOURCE
#include "packet.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <sys/mman.h>

#include "offload.h"

#define BLOCK_SIZE (128u << 10)
#define ADDRESSES 12u /* the two Ethernet addresses, behind which a VLAN tag stands */
#define TAG 4u

int packet_map_ring(struct packet_receiver *receiver, uint32_t longest, uint32_t n_frames)
{
    /* In front of a frame: the ring's header, an address, and what the socket tells of checksum and GSO. */
    receiver->frame_size = TPACKET_ALIGN(TPACKET2_HDRLEN + sizeof(struct virtio_net_hdr) + 32 + longest);
    receiver->block_size = BLOCK_SIZE;
    receiver->frames_per_block = BLOCK_SIZE / receiver->frame_size;
    uint32_t blocks = (n_frames + receiver->frames_per_block - 1) / receiver->frames_per_block;
    receiver->n_frames = blocks * receiver->frames_per_block;
    struct tpacket_req request = {.tp_block_size = BLOCK_SIZE,
                                  .tp_block_nr = blocks,
                                  .tp_frame_size = receiver->frame_size,
                                  .tp_frame_nr = receiver->n_frames};
    int version = TPACKET_V2, on = 1;
    if (setsockopt(receiver->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) < 0 ||
        setsockopt(receiver->fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) < 0 ||
        setsockopt(receiver->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) < 0)
        return -errno;
    receiver->map_size = (size_t)blocks * BLOCK_SIZE;
    void *map =
        mmap(NULL, receiver->map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, receiver->fd, 0);
    if (map == MAP_FAILED)
        return -errno;
    receiver->map = map;
    return 0;
}

void packet_unmap_ring(struct packet_receiver *receiver)
{
    if (receiver->map)
        munmap(receiver->map, receiver->map_size);
    receiver->map = NULL;
}

static always_inline uint8_t *frame_at(const struct packet_receiver *receiver, uint32_t frame)
{
    return receiver->map + (size_t)(frame / receiver->frames_per_block) * receiver->block_size +
           (size_t)(frame % receiver->frames_per_block) * receiver->frame_size;
}

static cold_path void warn_merged(struct nm_port *port, uint32_t length)
{
    struct packet_port *packet = port->priv;
    if (packet->warning[0])
        return;
    const char *name = packet->device.name;
    if (strcmp(packet->device.driver, "veth") == 0)
        name = "PEER";
    snprintf(packet->warning, sizeof packet->warning,
             "a frame of %u bytes came, several packets in one, and was dropped: switch the merging off with "
             "`ethtool -K %s gro off gso off tso off tx off`%s",
             length, name, *name == 'P' ? " at the other end of the veth pair (PEER)" : "");
    port->warning = packet->warning;
}

/* A frame of the ring, looked at once: what the kernel wrote is checked before it is believed. */
struct packet_frame {
    const uint8_t *data;
    uint32_t stored, length, tag; /* bytes here, bytes on the wire without the tag, bytes of the tag */
    struct tpacket2_hdr header;
    struct virtio_net_hdr offload;
};

static always_inline bool look(const struct packet_receiver *receiver, const uint8_t *at,
                               struct packet_frame *frame)
{
    memcpy(&frame->header, at, sizeof frame->header);
    uint32_t start = frame->header.tp_mac;
    if (unlikely(start < TPACKET2_HDRLEN || start > receiver->frame_size ||
                 frame->header.tp_snaplen > receiver->frame_size - start))
        return false;
    memcpy(&frame->offload, at + start - sizeof frame->offload, sizeof frame->offload);
    frame->data = at + start;
    frame->stored = frame->header.tp_snaplen;
    frame->length = frame->header.tp_len;
    frame->tag = frame->header.tp_status & TP_STATUS_VLAN_VALID ? TAG : 0;
    return true;
}

/* The packet type of a frame, which stands in an address behind the header. */
static always_inline bool is_outgoing(const uint8_t *at)
{
    return at[TPACKET_ALIGN(sizeof(struct tpacket2_hdr)) + offsetof(struct sockaddr_ll, sll_pkttype)] ==
           PACKET_OUTGOING;
}

/* Copies the frame, its VLAN tag put back (IEEE 802.1Q) and its checksum finished. */
static always_inline void copy_frame(uint8_t *to, const struct packet_frame *frame)
{
    const uint32_t tag = frame->tag;
    if (unlikely(tag)) {
        uint16_t type =
            frame->header.tp_status & TP_STATUS_VLAN_TPID_VALID ? frame->header.tp_vlan_tpid : ETH_P_8021Q;
        memcpy(to, frame->data, ADDRESSES);
        store_be16(to + ADDRESSES, type);
        store_be16(to + ADDRESSES + 2, frame->header.tp_vlan_tci);
        memcpy(to + ADDRESSES + TAG, frame->data + ADDRESSES, frame->length - ADDRESSES);
    } else {
        memcpy(to, frame->data, frame->length);
    }
    if (frame->offload.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
        nm_finish_checksum(to, frame->length + tag, frame->offload.csum_start + tag,
                           frame->offload.csum_offset);
}

/* Longer than what one packet may be on this network: the kernel has merged several. */
static always_inline bool is_merged(const struct packet_port *packet, const struct packet_frame *frame)
{
    return frame->offload.gso_type != VIRTIO_NET_HDR_GSO_NONE &&
           frame->length > nm_device_longest_frame(&packet->device);
}

/* Takes the frame into a buffer: its length there, or 0 if it is not for the program. */
static always_inline uint32_t take_frame(struct nm_port *port, struct nm_ring *ring,
                                         const struct packet_receiver *receiver, const uint8_t *shared,
                                         uint8_t *to, struct nm_slot_meta *meta, bool *losses)
{
    const struct packet_port *packet = port->priv;
    struct packet_frame frame;
    bool sound = look(receiver, shared, &frame);
    *losses |= (frame.header.tp_status & TP_STATUS_LOSING) != 0;
    if (unlikely(!packet->outbound && is_outgoing(shared)))
        return 0;
    if (unlikely(!sound || frame.length > nm_longest_frame(port->region) - frame.tag ||
                 frame.stored < frame.length || frame.length < ADDRESSES || is_merged(packet, &frame))) {
        nm_ring_drop(ring, NM_DROP_LONG);
        if (sound && frame.offload.gso_type != VIRTIO_NET_HDR_GSO_NONE)
            warn_merged(port, frame.length);
        return 0;
    }
    copy_frame(to, &frame);
    meta->timestamp = frame.header.tp_sec * UINT64_C(1000000000) + frame.header.tp_nsec;
    return frame.length + frame.tag;
}

int packet_rxsync(struct nm_port *port, unsigned index)
{
    struct packet_port *packet = port->priv;
    struct packet_receiver *receiver = &packet->pairs[index].receiver;
    struct nm_ring *ring = &port->rx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    ring->hwcur = head;
    const uint32_t stop = nm_ring_prev(ring, head);
    bool losses = false;
    while (ring->hwtail != stop) {
        uint8_t *shared = frame_at(receiver, receiver->at);
        uint32_t *status = (uint32_t *)(void *)shared; /* tp_status, the first field */
        if (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
            break;
        struct netmap_slot *slot = &ring->ring->slot[ring->hwtail], copy = nm_slot_read(slot);
        enum nm_drop_reason bad = nm_slot_check_free(port->region, &copy);
        if (unlikely(bad != NM_DROP_REASONS)) {
            nm_ring_drop(ring, bad);
            nm_slot_fill(slot, 0);
            ring->hwtail = nm_ring_next(ring, ring->hwtail);
            continue;
        }
        uint32_t length = take_frame(port, ring, receiver, shared, nm_slot_data(port->region, &copy),
                                     &ring->meta[ring->hwtail], &losses);
        __atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        receiver->at = receiver->at + 1 == receiver->n_frames ? 0 : receiver->at + 1;
        if (length) {
            nm_slot_fill(slot, length);
            ring->packets++;
            ring->bytes += length;
            ring->hwtail = nm_ring_next(ring, ring->hwtail);
        }
    }
    nm_ring_leave(ring);
    if (unlikely(losses))
        packet_count_losses(port, index);
    return 0;
}

void packet_count_losses(struct nm_port *port, unsigned index)
{
    const struct packet_port *packet = port->priv;
    struct tpacket_stats counted = {0};
    socklen_t length = sizeof counted;
    int fd = packet->pairs[index].receiver.fd;
    if (fd < 0 || getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &counted, &length) < 0)
        return;
    port->rx[index].drops += counted.tp_drops;
    port->rx[index].drops_by[NM_DROP_FULL] += counted.tp_drops;
}
