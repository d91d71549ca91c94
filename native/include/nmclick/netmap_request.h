/* netmap's control interface, API 14, bit for bit: the requests that go to /dev/netmap, and the calls they go
 * through. The calls stand in a table, so that a kernel's netmap and the user-space provider are opened by
 * the same code. */
#ifndef NMCLICK_NETMAP_REQUEST_H
#define NMCLICK_NETMAP_REQUEST_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "nmclick/netmap_abi.h"

#define NETMAP_REQUEST_NAME_SIZE 64
#define NETMAP_LEAST_API 14 /* versions that NIOCCTRL takes */
#define NETMAP_MOST_API 15
#define NETMAP_MOST_RING_ID 4094 /* in a port's name */

#define NIOCCTRL 0xc0586997ul
#define NIOCTXSYNC 0x6994ul
#define NIOCRXSYNC 0x6995ul
#define NIOCGINFO 0xc03c6991ul /* legacy, as the next */
#define NIOCREGIF 0xc03c6992ul

enum netmap_request_type {
    NETMAP_REQ_REGISTER = 1,
    NETMAP_REQ_PORT_INFO_GET,
    NETMAP_REQ_VALE_ATTACH,
    NETMAP_REQ_VALE_DETACH,
    NETMAP_REQ_VALE_LIST,
    NETMAP_REQ_PORT_HDR_SET,
    NETMAP_REQ_PORT_HDR_GET,
    NETMAP_REQ_VALE_NEWIF,
    NETMAP_REQ_VALE_DELIF,
    NETMAP_REQ_VALE_POLLING_ENABLE,
    NETMAP_REQ_VALE_POLLING_DISABLE,
    NETMAP_REQ_POOLS_INFO_GET,
    NETMAP_REQ_SYNC_KLOOP_START,
    NETMAP_REQ_SYNC_KLOOP_STOP,
    NETMAP_REQ_CSB_ENABLE,
};

enum netmap_option_type {
    NETMAP_OPT_EXTMEM = 1,
    NETMAP_OPT_SYNC_KLOOP_EVENTFDS,
    NETMAP_OPT_CSB,
    NETMAP_OPT_SYNC_KLOOP_MODE,
    NETMAP_OPT_OFFSETS,
};

/* nmreq_register.nr_mode */
enum netmap_register_mode {
    NR_REG_DEFAULT,
    NR_REG_ALL_NIC,
    NR_REG_SW, /* the host rings alone */
    NR_REG_NIC_SW,
    NR_REG_ONE_NIC,
    NR_REG_PIPE_MASTER,
    NR_REG_PIPE_SLAVE,
    NR_REG_NULL,
    NR_REG_ONE_SW,
};

/* nmreq_register.nr_flags */
#define NR_MONITOR_TX 0x100u
#define NR_MONITOR_RX 0x200u
#define NR_ZCOPY_MON 0x400u
#define NR_EXCLUSIVE 0x800u
#define NR_RX_RINGS_ONLY 0x2000u
#define NR_TX_RINGS_ONLY 0x4000u
#define NR_ACCEPT_VNET_HDR 0x8000u
#define NR_DO_RX_POLL 0x10000u
#define NR_NO_TX_POLL 0x20000u

struct nmreq_header {
    uint16_t nr_version;
    uint16_t nr_reqtype;
    uint32_t nr_reserved; /* 0 */
    char nr_name[NETMAP_REQUEST_NAME_SIZE];
    uint64_t nr_options; /* addresses */
    uint64_t nr_body;
};

struct nmreq_option {
    uint64_t nro_next;
    uint32_t nro_reqtype;
    uint32_t nro_status; /* out: 0 or an errno */
    uint64_t nro_size;
};

struct nmreq_register {
    uint64_t nr_offset;  /* out: where the netmap_if is in the region */
    uint64_t nr_memsize; /* out: bytes to map */
    uint32_t nr_tx_slots, nr_rx_slots;
    uint16_t nr_tx_rings, nr_rx_rings, nr_host_tx_rings, nr_host_rx_rings;
    uint16_t nr_mem_id;
    uint16_t nr_ringid;
    uint32_t nr_mode;
    uint32_t nr_extra_bufs;
    uint64_t nr_flags;
};

struct nmreq_port_info_get {
    uint64_t nr_memsize;
    uint32_t nr_tx_slots, nr_rx_slots;
    uint16_t nr_tx_rings, nr_rx_rings, nr_host_tx_rings, nr_host_rx_rings;
    uint16_t nr_mem_id;
    uint16_t pad[3];
};

struct nmreq_vale_attach {
    struct nmreq_register reg;
    uint32_t port_index;
    uint32_t pad;
};

struct nmreq_vale_list {
    uint16_t nr_bridge_idx;
    uint16_t pad;
    uint32_t nr_port_idx;
};

struct nmreq_port_hdr {
    uint32_t nr_hdr_len;
    uint32_t pad;
};

struct nmreq_pools_info {
    uint64_t nr_memsize;
    uint16_t nr_mem_id;
    uint16_t pad1[3];
    uint64_t nr_if_pool_offset;
    uint32_t nr_if_pool_objtotal, nr_if_pool_objsize;
    uint64_t nr_ring_pool_offset;
    uint32_t nr_ring_pool_objtotal, nr_ring_pool_objsize;
    uint64_t nr_buf_pool_offset;
    uint32_t nr_buf_pool_objtotal, nr_buf_pool_objsize;
};

struct nmreq_opt_extmem {
    struct nmreq_option nro_opt;
    uint64_t nro_usrptr;
    struct nmreq_pools_info nro_info; /* wished; out: as it came */
};

struct nmreq_opt_offsets {
    struct nmreq_option nro_opt;
    uint64_t nro_max_offset;
    uint64_t nro_initial_offset;
    uint32_t nro_offset_bits;
    uint32_t nro_tx_align;
    uint64_t nro_min_gap;
};

/* The legacy request. */
struct nmreq {
    char nr_name[NETMAP_NAME_SIZE];
    uint32_t nr_version;
    uint32_t nr_offset, nr_memsize;
    uint32_t nr_tx_slots, nr_rx_slots;
    uint16_t nr_tx_rings, nr_rx_rings;
    uint16_t nr_ringid;
    uint16_t nr_cmd;
    uint16_t nr_arg1;
    uint16_t nr_arg2;  /* memory id */
    uint32_t nr_arg3;  /* extra buffers */
    uint32_t nr_flags; /* the mode in the low 4 bits */
    uint32_t spare2[1];
};

_Static_assert(sizeof(struct nmreq_header) == 88, "nmreq_header");
_Static_assert(sizeof(struct nmreq_option) == 24, "nmreq_option");
_Static_assert(sizeof(struct nmreq_register) == 56, "nmreq_register");
_Static_assert(sizeof(struct nmreq_port_info_get) == 32, "nmreq_port_info_get");
_Static_assert(sizeof(struct nmreq_vale_attach) == 64, "nmreq_vale_attach");
_Static_assert(sizeof(struct nmreq_vale_list) == 8, "nmreq_vale_list");
_Static_assert(sizeof(struct nmreq_port_hdr) == 8, "nmreq_port_hdr");
_Static_assert(sizeof(struct nmreq_pools_info) == 64, "nmreq_pools_info");
_Static_assert(sizeof(struct nmreq_opt_extmem) == 96, "nmreq_opt_extmem");
_Static_assert(sizeof(struct nmreq_opt_offsets) == 56, "nmreq_opt_offsets");
_Static_assert(sizeof(struct nmreq) == 60, "nmreq");

/* netmap's system calls. Results and errno as the calls' of the same names. */
struct nm_netmap_calls {
    const char *provider; /* for messages: "the kernel's netmap", "the user-space provider" */
    uint64_t
        register_flags; /* in nr_flags, besides netmap's: the provider's own, for programs that know it */
    int (*open)(void);  /* of /dev/netmap */
    int (*ioctl)(int fd, unsigned long request, void *argument);
    void *(*map)(int fd, size_t length);
    int (*unmap)(void *memory, size_t length);
    int (*poll)(struct pollfd *fds, nfds_t n, int timeout);
    int (*close)(int fd);
    /* For who polls several kinds of descriptors at once: the descriptor to poll for `fd`, and in `events`
     * what for. Syncs first what poll would sync. */
    int (*wait)(int fd, short *events);
};

extern const struct nm_netmap_calls nm_kernel_calls, nm_user_calls;

#endif
