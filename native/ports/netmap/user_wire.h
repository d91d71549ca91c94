/* What the user-space provider's switch process and its clients say to each other: requests over a socket,
 * positions of rings through a page that the two share.
 *
 * A client's region is for its program. The page (struct nm_mail) is for the client's side of the provider,
 * which does what a system call does: it looks at head and cur only when the program syncs, and writes tail
 * only then. The switch process believes neither. */
#ifndef NMCLICK_USER_WIRE_H
#define NMCLICK_USER_WIRE_H

#include <stdbool.h>

#include "nmclick/netmap_request.h"

#define NM_USER_VERSION 1u
/* In the private folder. Who starts a switch process holds the lock meanwhile, and so does one that leaves.
 * The owner's file has its number, and is locked (F_OFD_SETLK) while it lives. */
#define NM_USER_SOCKET "switch"
#define NM_USER_LOCK "lock"
#define NM_USER_OWNER "switch.pid"
#define NM_USER_FOLDER_MODE 0700

#define NM_USER_MOST_RINGS 256u /* a direction */
#define NM_USER_WAITERS 32u     /* descriptors of one port */
/* A private flag of nmreq_register.nr_flags: NIOCTXSYNC does not wait until the switch process has seen the
 * packets, as with hardware. Without it they have arrived when the call returns, as with the kernel's VALE.
 */
#define NM_USER_LAZY UINT64_C(0x100000000)

#define NM_LINE_ALIGNED __attribute__((aligned(64)))
#define NM_WAIT_SYNC 0x10000u /* beside POLLIN and POLLOUT: until `answered` is `asked` */

/* One ring: a cache line written by either side. */
struct nm_mail_ring {
    /* The client's. */
    uint32_t head NM_LINE_ALIGNED; /* at the last sync */
    uint32_t asked;                /* syncs so far (tx) */
    uint32_t rtail;                /* what the program was shown last: the switch process does not read it */
    /* The switch process's. */
    uint32_t hwtail NM_LINE_ALIGNED;
    uint32_t answered;      /* value of `asked` that was dealt with */
    uint32_t tell_released; /* rx: ring the bell when slots are given back */
    uint32_t n_slots;       /* 0 while nobody bound it; as the next */
    uint64_t offset;        /* of the netmap_ring in the region */
};

struct nm_mail_waiter {
    uint32_t events NM_LINE_ALIGNED; /* what the descriptor sleeps for, 0: it is awake */
};

struct nm_mail {
    uint32_t stopped; /* the switch process's: no more packets, syncs fail (what a monitor watched is gone) */
    struct nm_mail_waiter waiter[NM_USER_WAITERS];
    struct nm_mail_ring ring[]; /* tx, then rx */
};

/* A page that all clients may read. */
struct nm_switch_state {
    uint32_t asleep; /* ring the bell */
};

enum nm_port_kind { NM_PORT_VALE, NM_PORT_PIPE, NM_PORT_NULL, NM_PORT_MONITOR };

enum nm_ask_kind {
    NM_ASK_HELLO = 1, /* am I talking to a switch process of my version? */
    NM_ASK_CONTROL,   /* an NIOCCTRL */
    NM_ASK_LIST,      /* text about all ports, in a file */
};

union nm_ask_body {
    struct nmreq_register reg;
    struct nmreq_port_info_get info;
    struct nmreq_vale_list list;
    struct nmreq_pools_info pools;
    struct nmreq_port_hdr port_hdr;
};

struct nm_ask {
    uint32_t kind, version;
    uint16_t reqtype;
    uint8_t has_offsets; /* not a bool: the other side may write anything */
    char name[NETMAP_REQUEST_NAME_SIZE];
    union nm_ask_body body;
    struct nmreq_opt_offsets offsets;
};

/* Descriptors that come with the answer to a registration. */
enum nm_answer_fd { NM_FD_REGION, NM_FD_MAIL, NM_FD_BELL, NM_FD_STATE, NM_FDS };

struct nm_span_of_rings {
    uint16_t first, end;
};

struct nm_answer {
    int32_t error; /* an errno */
    uint32_t version;
    char name[NETMAP_REQUEST_NAME_SIZE];
    union nm_ask_body body;
    struct nmreq_opt_offsets offsets;
    /* After a registration: */
    uint64_t region_size, rings_size; /* the part in front of the buffers */
    uint32_t n_buffers, buffer_size;
    uint32_t waiter;
    uint16_t n_tx, n_rx;            /* of the port */
    struct nm_span_of_rings tx, rx; /* bound */
    uint8_t kind;                   /* enum nm_port_kind */
};

/* nmclick/run/provider.py asks for the list. */
_Static_assert(sizeof(struct nm_ask) == 200, "nm_ask");
_Static_assert(sizeof(struct nm_answer) == 240, "nm_answer");

#endif
