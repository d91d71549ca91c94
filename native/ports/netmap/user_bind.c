/* The memory that comes with a registration. */
#define _GNU_SOURCE
#include "user.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define STATE_SIZE 4096u

static void *map_shared(int fd, size_t size, int protection)
{
    void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static struct nm_user_ring *view_rings(const struct nm_user *user, struct nm_span_of_rings span,
                                       uint32_t first)
{
    struct nm_user_ring *rings = calloc((size_t)(span.end - span.first) + 1, sizeof *rings);
    for (uint32_t i = 0; rings && i < (uint32_t)(span.end - span.first); i++) {
        struct nm_mail_ring *mail = &user->mail->ring[first + span.first + i];
        rings[i].mail = mail;
        rings[i].nm = (struct nm_ring){.ring = (struct netmap_ring *)(user->region.base + mail->offset),
                                       .n_slots = mail->n_slots,
                                       .ring_id = span.first + i};
    }
    return rings;
}

int nm_user_bind(struct nm_user *user, const struct nm_answer *answer, const int *fds, uint64_t flags)
{
    user->region_fd = fds[NM_FD_REGION];
    user->bell = fds[NM_FD_BELL];
    user->region_size = answer->region_size;
    user->region = (struct nm_region){
        .size = answer->rings_size, .n_buffers = answer->n_buffers, .buffer_size = answer->buffer_size};
    user->mail_size = sizeof *user->mail + ((size_t)answer->n_tx + answer->n_rx) * sizeof *user->mail->ring;
    user->waiter = answer->waiter;
    user->flags = flags;
    user->kind = answer->kind;
    user->region.base = map_shared(user->region_fd, user->region.size, PROT_READ | PROT_WRITE);
    user->mail = map_shared(fds[NM_FD_MAIL], user->mail_size, PROT_READ | PROT_WRITE);
    user->state = map_shared(fds[NM_FD_STATE], STATE_SIZE, PROT_READ);
    close(fds[NM_FD_MAIL]);
    close(fds[NM_FD_STATE]);
    if (user->region.base && user->mail && user->state) {
        user->n_tx = answer->tx.end - answer->tx.first;
        user->n_rx = answer->rx.end - answer->rx.first;
        user->tx = view_rings(user, answer->tx, 0);
        user->rx = view_rings(user, answer->rx, answer->n_tx);
        if (user->tx && user->rx) {
            user->bound = true;
            return 0;
        }
    }
    nm_user_unbind(user);
    user->dead = true;
    return ENOMEM;
}

void nm_user_unbind(struct nm_user *user)
{
    if (user->region.base)
        munmap(user->region.base, user->region.size);
    if (user->mail)
        munmap(user->mail, user->mail_size);
    if (user->state)
        munmap((void *)(uintptr_t)user->state, STATE_SIZE);
    free(user->tx);
    free(user->rx);
    close(user->region_fd);
    close(user->bell);
    user->bound = false;
}
