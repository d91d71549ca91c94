/* netmap's shared-memory interface, API 14, bit for bit: what a netmap program and the kernel module agree
 * on. */
#ifndef NMCLICK_NETMAP_ABI_H
#define NMCLICK_NETMAP_ABI_H

#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

#define NETMAP_API 14
#define NETMAP_MAX_FRAGS 64    /* slots one packet may span */
#define NETMAP_FIRST_BUFFER 2u /* indexes 0 and 1 belong to netmap itself */
#define NETMAP_NAME_SIZE 16

/* netmap_slot.flags; the high byte is the fragment count (VALE rx) or the destination port (VALE tx). */
#define NS_BUF_CHANGED 0x0001 /* buf_idx is not the one netmap put there */
#define NS_REPORT 0x0002      /* tell me soon that it was sent */
#define NS_FORWARD 0x0004     /* hand to the other side of the host rings */
#define NS_NO_LEARN 0x0008    /* VALE must not learn this source address */
#define NS_INDIRECT 0x0010    /* ptr is the address of the data */
#define NS_MOREFRAG 0x0020    /* the packet goes on in the next slot */
#define NS_TXMON 0x0040       /* seen by a monitor on the tx side */
#define NS_FRAGMENTS(flags) ((uint8_t)((flags) >> 8))

/* netmap_ring.flags */
#define NR_TIMESTAMP 0x0002 /* ts is set at each sync */
#define NR_FORWARD 0x0004   /* NS_FORWARD slots are looked at */

/* netmap_ring.dir, as measured */
#define NETMAP_DIR_RX 0
#define NETMAP_DIR_TX 1

/* netmap_if.ni_flags */
#define NI_PRIV_MEM 0x1 /* the port's memory is its own */

struct netmap_slot {
    uint32_t buf_idx;
    uint16_t len;
    uint16_t flags;
    uint64_t ptr; /* under offset_mask: where in the buffer the packet starts */
};

/* The program owns slots [head, tail) and moves head and cur; the provider moves tail. */
struct netmap_ring {
    int64_t buf_ofs; /* from the ring to buffer 0, bytes */
    uint32_t num_slots;
    uint32_t nr_buf_size;
    uint16_t ringid;
    uint16_t dir;
    uint32_t head;
    uint32_t cur; /* wake me when tail moves past this */
    uint32_t tail;
    uint32_t flags;
    struct timeval ts;
    uint64_t offset_mask; /* bits of slot.ptr that are an offset; 0: packets start at the buffer's start */
    uint64_t buf_align;
    uint8_t sem[128] __attribute__((aligned(128)));
    struct netmap_slot slot[];
};

struct netmap_if {
    char ni_name[NETMAP_NAME_SIZE];
    uint32_t ni_version;
    uint32_t ni_flags;
    uint32_t ni_tx_rings;
    uint32_t ni_rx_rings;
    uint32_t ni_bufs_head; /* first extra buffer; the first word of each is the next one */
    uint32_t ni_host_tx_rings;
    uint32_t ni_host_rx_rings;
    uint32_t ni_spare[3];
    int64_t ring_ofs[]; /* from this struct; hw tx, host tx, hw rx, host rx; 0: not bound */
};

#define NMCLICK_ABI(type, member, at)                                                                        \
    _Static_assert(offsetof(struct type, member) == (at), #type "." #member " is not where netmap has it")

_Static_assert(sizeof(struct netmap_slot) == 16, "netmap_slot is 16 bytes");
NMCLICK_ABI(netmap_slot, buf_idx, 0);
NMCLICK_ABI(netmap_slot, len, 4);
NMCLICK_ABI(netmap_slot, flags, 6);
NMCLICK_ABI(netmap_slot, ptr, 8);

_Static_assert(sizeof(struct netmap_ring) == 256, "the ring's header is 256 bytes");
_Static_assert(_Alignof(struct netmap_ring) == 128, "rings are aligned to 128 bytes");
NMCLICK_ABI(netmap_ring, buf_ofs, 0);
NMCLICK_ABI(netmap_ring, num_slots, 8);
NMCLICK_ABI(netmap_ring, nr_buf_size, 12);
NMCLICK_ABI(netmap_ring, ringid, 16);
NMCLICK_ABI(netmap_ring, dir, 18);
NMCLICK_ABI(netmap_ring, head, 20);
NMCLICK_ABI(netmap_ring, cur, 24);
NMCLICK_ABI(netmap_ring, tail, 28);
NMCLICK_ABI(netmap_ring, flags, 32);
NMCLICK_ABI(netmap_ring, ts, 40);
NMCLICK_ABI(netmap_ring, offset_mask, 56);
NMCLICK_ABI(netmap_ring, buf_align, 64);
NMCLICK_ABI(netmap_ring, sem, 128);
NMCLICK_ABI(netmap_ring, slot, 256);

_Static_assert(sizeof(struct netmap_if) == 56, "netmap_if is 56 bytes and the offsets");
NMCLICK_ABI(netmap_if, ni_name, 0);
NMCLICK_ABI(netmap_if, ni_version, 16);
NMCLICK_ABI(netmap_if, ni_flags, 20);
NMCLICK_ABI(netmap_if, ni_tx_rings, 24);
NMCLICK_ABI(netmap_if, ni_rx_rings, 28);
NMCLICK_ABI(netmap_if, ni_bufs_head, 32);
NMCLICK_ABI(netmap_if, ni_host_tx_rings, 36);
NMCLICK_ABI(netmap_if, ni_host_rx_rings, 40);
NMCLICK_ABI(netmap_if, ni_spare, 44);
NMCLICK_ABI(netmap_if, ring_ofs, 56);

#undef NMCLICK_ABI

static inline struct netmap_ring *netmap_tx_ring(struct netmap_if *nifp, uint32_t ring)
{
    return (struct netmap_ring *)((char *)nifp + nifp->ring_ofs[ring]);
}

static inline struct netmap_ring *netmap_rx_ring(struct netmap_if *nifp, uint32_t ring)
{
    return (struct netmap_ring *)((char *)nifp +
                                  nifp->ring_ofs[nifp->ni_tx_rings + nifp->ni_host_tx_rings + ring]);
}

static inline uint8_t *netmap_buffer(const struct netmap_ring *ring, uint32_t buffer)
{
    return (uint8_t *)ring + ring->buf_ofs + (size_t)buffer * ring->nr_buf_size;
}

#endif
