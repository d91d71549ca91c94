/* The switch process: it plays the kernel's role for the user-space netmap. One thread; it sleeps in epoll
 * when no ring has work. Whatever stands in memory that a client can write is read once, checked, and only
 * the checked copy is used. */
#ifndef NMCLICK_PROVIDER_H
#define NMCLICK_PROVIDER_H

#include <poll.h>
#include <stdio.h>
#include <sys/types.h>

#include "../netmap/ring.h"
#include "../ports/netmap/user_wire.h"
#include "memory.h"

#define MOST_SLOTS 4096u /* as netmap's VALE and pipes */
#define DEFAULT_SLOTS 1024u
#define MOST_VALE_RINGS 16u
#define MOST_VALE_PORTS 254u

struct port;
struct watch;

struct ring {
    struct nm_ring nm; /* nm.ring is NULL while nobody needs it */
    struct nm_mail_ring *mail;
    struct port *port;
    struct ring *peer;      /* pipes: the ring at the other end that shares the slots */
    uint32_t *pair;         /* pipes, tx: by slot, the buffer that was sent */
    struct watch *watchers; /* monitors */
    uint64_t offset_mask;
    uint32_t most_offset;
    uint32_t answered;
    uint32_t room; /* rx: slots that can be filled before mail->head must be looked at */
    uint16_t users;
    bool exclusive;
    bool touched;     /* rx: filled, not yet shown */
    uint64_t rang_at; /* ns */
    uint32_t late;    /* what the bells are to be rung for that were put off */
};

/* A monitor's ring that gets a copy of what goes through another ring. */
struct watch {
    struct watch *next;
    struct ring *to;
};

/* One registration. */
struct binding {
    struct binding *next; /* of the port */
    struct client *client;
    struct port *port;
    struct netmap_if *nifp;
    struct nm_span_of_rings tx, rx;
    uint32_t n_extra;
    uint32_t waiter;
    int bell;
    bool exclusive;
};

struct port {
    struct port *next;
    enum nm_port_kind kind;
    char name[NETMAP_REQUEST_NAME_SIZE];
    pid_t pid;      /* whose it is while it is bound */
    uint8_t domain; /* the same in its memory */
    struct memory *memory;
    struct ring *tx, *rx;
    uint16_t n_tx, n_rx;
    uint32_t tx_slots, rx_slots; /* of a ring */
    struct nm_mail *mail;
    int mail_fd;
    size_t mail_size;
    struct binding *bindings;
    /* VALE */
    struct vale *vale;
    uint32_t index;
    uint64_t last_source;
    uint32_t last_generation;
    /* pipe */
    struct port *peer;
    /* monitor */
    struct port *watched;
    uint32_t n_monitors; /* of this port so far, for names */
};

struct client {
    struct client *next;
    int fd;
    pid_t pid;
    struct binding *binding;
};

struct provider {
    int epoll, listener, lock;
    int folder, owner; /* the lock on NM_USER_OWNER goes with this descriptor */
    ino_t socket;      /* of our socket in the folder */
    int reserve;       /* a descriptor to give up when there are no more */
    struct nm_switch_state *state;
    int state_fd;
    struct client *clients;
    struct port *ports;
    struct vale *vales;
    struct memory *memories;
    struct ring **active; /* tx rings that may have work */
    uint32_t n_active, active_room;
    bool changed;     /* `active` is out of date */
    uint64_t quit_at; /* ns; 0: there are clients */
};

/* What epoll says who is meant. */
enum source_kind { SOURCE_LISTENER, SOURCE_CLIENT, SOURCE_BELL };

/* place.c */
enum place { PLACE_OURS, PLACE_TAKEN, PLACE_UNUSABLE };
/* Makes this the one process that serves the folder, and listens there. Says why it cannot, but with `quiet`
 * not that another process does. */
enum place place_take(struct provider *provider, const char *path, bool quiet);
/* From now on it is this process that has the place. */
void place_tell_pid(const struct provider *provider, pid_t pid);
void place_leave(const struct provider *provider);

/* loop.c */
int provider_run(struct provider *provider);
void ring_bells(struct ring *ring, bool tx, uint32_t events);

/* client.c */
void client_accept(struct provider *provider);
void client_ready(struct provider *provider, struct client *client, uint32_t events);
void client_drop(struct provider *provider, struct client *client);
void client_forget_bell(struct provider *provider, struct binding *binding);
int client_new_bell(struct provider *provider, struct binding *binding, int *theirs);

/* request.c */
/* Does what NIOCCTRL would; answer->error is 0 or an errno. */
void request_control(struct provider *provider, struct client *client, const struct nm_ask *ask,
                     struct nm_answer *answer, int *fds);

/* register.c: 0 or an errno */
int register_port(struct provider *provider, struct client *client, struct nm_answer *answer,
                  struct nmreq_opt_offsets *offsets, int *fds);

/* binding.c */
/* Binds the client to these rings of the port, which are made if need be; 0 or an errno. `*made` may be there
 * after an error, too: to be unregistered. */
int bind_rings(struct client *client, struct port *port, const struct nmreq_register *reg,
               struct nm_span_of_rings tx, struct nm_span_of_rings rx, struct binding **made);
void unregister(struct provider *provider, struct binding *binding);
void port_free_unused(struct provider *provider, struct port *port);

/* port.c */
struct port *port_find(const struct provider *provider, const char *name);
struct port *port_create(struct provider *provider, enum nm_port_kind kind, const char *name,
                         struct memory *memory, uint16_t n_tx, uint16_t n_rx, uint32_t tx_slots,
                         uint32_t rx_slots);
void port_destroy(struct provider *provider, struct port *port);
void memory_release(struct provider *provider, struct memory *memory);
/* Frees regions that nobody came to use. */
void memories_sweep(struct provider *provider);
/* Makes the ring with buffers for `domain`; 0 or an errno. */
int ring_make(struct ring *ring, int dir, uint8_t domain);
/* Makes an rx ring that shares the slots' buffers of `peer`. */
int ring_make_twin(struct ring *ring, struct ring *peer);
/* Frees the buffers in its slots that are the domain's; NOBODY: they are all somebody else's. */
void ring_free(struct ring *ring, uint8_t domain);

/* open.c: the port that a registration means, made if need be; 0 or an errno. */
int open_port(struct provider *provider, struct client *client, const char *name, struct nmreq_register *reg,
              struct port **port);
/* The region of that number if the process may use it. */
struct memory *client_memory(struct provider *provider, pid_t pid, uint16_t id);

/* vale.c */
struct vale *vale_attach(struct provider *provider, struct port *port, int *err);
void vale_detach(struct provider *provider, struct port *port);
void vale_txsync(struct ring *ring);
/* As NETMAP_REQ_VALE_LIST; 0 or an errno. */
int vale_list(const struct provider *provider, struct nmreq_vale_list *list, char *name);

/* pipe.c */
void pipe_txsync(struct ring *ring);
bool pipe_released(const struct ring *ring); /* has the other end given slots back? */
int pipe_bind(struct port *port, uint8_t domain);
void pipe_unbind(struct port *port, uint8_t domain);

/* monitor.c */
int monitor_start(struct port *monitor, const struct nmreq_register *reg, struct nm_span_of_rings tx,
                  struct nm_span_of_rings rx);
void monitor_stop(struct port *monitor);
void monitors_of_gone(struct provider *provider, struct port *watched);

/* list.c: a file with a line a port, or -1 */
int list_ports(const struct provider *provider);

static inline bool span_has(struct nm_span_of_rings span, uint32_t ring)
{
    return ring >= span.first && ring < span.end;
}

#endif
