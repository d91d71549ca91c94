/* The client's side of the user-space provider: what a system call would do, done in this process, and the
 * rest asked of the switch process. */
#ifndef NMCLICK_NETMAP_USER_H
#define NMCLICK_NETMAP_USER_H

#include <pthread.h>

#include "../../netmap/ring.h"
#include "user_wire.h"

/* One ring as this side sees it. hwcur and hwtail of `nm` are head and tail as of the last sync. */
struct nm_user_ring {
    struct nm_ring nm;
    struct nm_mail_ring *mail;
};

/* An open descriptor. */
struct nm_user {
    pthread_mutex_t lock; /* one request at a time */
    int fd;               /* the socket to the switch process */
    bool bound, dead;     /* has a port; the switch process is gone */
    /* From here on: once it is bound. */
    int region_fd, bell;
    struct nm_region
        region; /* base: the part in front of the buffers; n_buffers and buffer_size for checks */
    uint64_t region_size;
    struct nm_mail *mail;
    size_t mail_size;
    const struct nm_switch_state *state;
    struct nm_user_ring *tx, *rx; /* the bound ones */
    uint32_t n_tx, n_rx;
    uint32_t waiter;
    uint64_t flags; /* nr_flags */
    enum nm_port_kind kind;
};

/* user.c: NULL if it is none of ours. */
struct nm_user *nm_user_find(int fd);

/* user_connect.c */
/* A connection to the switch process of the private folder; with `start` it is started if there is none. -1
 * with errno. */
int nm_user_connect(bool start);
/* Sends a request and waits for the answer; fds has room for NM_FDS descriptors, or is NULL. 0 or an errno:
 * ENXIO when the switch process is gone, ETIMEDOUT when it does not answer. */
int nm_user_ask(int fd, const struct nm_ask *ask, struct nm_answer *answer, int *fds);

/* user_request.c: NIOCCTRL, NIOCREGIF, NIOCGINFO; 0 or an errno. */
int nm_user_control(struct nm_user *user, struct nmreq_header *header);
int nm_user_legacy(struct nm_user *user, bool info, struct nmreq *request);

/* user_bind.c: the descriptor is bound to what the answer says; 0 or an errno. */
int nm_user_bind(struct nm_user *user, const struct nm_answer *answer, const int *fds, uint64_t flags);
void nm_user_unbind(struct nm_user *user);

/* user_sync.c */
/* Give the switch process what the program gave, and show what there is. False after a bad ring. With `wait`
 * the packets have arrived at the return. */
bool nm_user_txsync(struct nm_user *user, bool wait);
bool nm_user_rxsync(struct nm_user *user);
bool nm_user_stopped(const struct nm_user *user);
void nm_user_ring_bell(struct nm_user *user);
/* Sleeps on the bell for at most this long; true if it rang. */
bool nm_user_sleep(struct nm_user *user, int timeout_ms);
void nm_user_drain(struct nm_user *user);

/* user_poll.c */
int nm_user_poll(struct pollfd *fds, nfds_t n, int timeout);
int nm_user_wait(int fd, short *events);

/* For who brings the switch process's program: its path. Without it $NMCLICK_PROVIDER counts. */
void nm_user_set_provider(const char *path);
/* Why the last open in this thread failed, in words; "" when errno says it all. */
const char *nm_user_trouble(void);

#endif
