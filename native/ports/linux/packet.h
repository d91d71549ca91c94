/* One ring pair of a packet socket port; packet.c opens it, packet_receive.c and packet_send.c move
 * frames. */
#ifndef NMCLICK_PORTS_PACKET_H
#define NMCLICK_PORTS_PACKET_H

#include <sys/socket.h>

#include "device.h"

#define PACKET_SEND_BATCH 64u

/* Frames that the kernel has put into its ring, in order (TPACKET_V2). Behind version 3 stands a timer: a
 * frame that comes alone would wait for it. */
struct packet_receiver {
    int fd; /* -1: the port is only written */
    uint8_t *map;
    size_t map_size;
    uint32_t frame_size, frames_per_block, block_size, n_frames;
    uint32_t at; /* the next frame */
};

struct packet_sender {
    int fd; /* -1: the port is only read */
    struct mmsghdr messages[PACKET_SEND_BATCH];
    struct iovec data[PACKET_SEND_BATCH];
};

struct packet_pair {
    struct packet_receiver receiver;
    struct packet_sender sender;
    int both; /* an epoll descriptor for the two, or -1 */
};

struct packet_port {
    struct nm_device device;
    struct packet_pair *pairs;
    unsigned n_pairs;
    bool outbound;
    int promiscuous, seclusion; /* descriptors that hold these, or -1 */
    bool said_down;
    char warning[256], advice[256], note[128];
};

/* Has the kernel put frames of up to `longest` bytes into a ring of `n_frames`. 0 or -errno. */
int packet_map_ring(struct packet_receiver *receiver, uint32_t longest, uint32_t n_frames);
void packet_unmap_ring(struct packet_receiver *receiver);
void packet_prepare(struct packet_sender *sender);

int packet_rxsync(struct nm_port *port, unsigned index);
int packet_txsync(struct nm_port *port, unsigned index);
/* Adds what the kernel lost since the last time. */
void packet_count_losses(struct nm_port *port, unsigned index);
/* Says once that the interface is down or gone. */
cold_path void packet_say_down(struct nm_port *port);

#endif
