/* What workers ask of the runtime off the hot path: memory, lines of text. */
#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE ((size_t)2 << 20)

/* Large tables (route lookups) start on a huge page and get huge pages where the system gives them: fewer TLB
 * misses. */
static void *take_memory(struct allocation *a, size_t size)
{
    if (size < HUGE_PAGE)
        return a->memory = calloc(1, size);
    a->mapped = size + HUGE_PAGE;
    a->memory =
        mmap(NULL, a->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (a->memory == MAP_FAILED)
        return NULL;
    uintptr_t aligned = ((uintptr_t)a->memory + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    madvise((void *)aligned, size, MADV_HUGEPAGE);
    return (void *)aligned;
}

void *worker_alloc(struct worker *w, size_t size)
{
    struct thread *t = &w->runtime->threads[w->index];
    struct allocation *a = size < SIZE_MAX / 2 ? calloc(1, sizeof *a) : NULL;
    void *memory = a ? take_memory(a, size ? size : 1) : NULL;
    if (!memory) {
        free(a);
        return NULL;
    }
    a->next = t->allocations;
    t->allocations = a;
    return memory;
}

void free_allocations(struct thread *t)
{
    while (t->allocations) {
        struct allocation *a = t->allocations;
        t->allocations = a->next;
        if (a->mapped)
            munmap(a->memory, a->mapped);
        else
            free(a->memory);
        free(a);
    }
}

void worker_write(struct worker *w, const char *text, size_t length)
{
    (void)w;
    while (length) {
        ssize_t n = write(STDERR_FILENO, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return; /* nobody reads it */
        text += n;
        length -= (size_t)n;
    }
}

void worker_log(struct worker *w, unsigned element, const char *format, ...)
{
    char line[1024];
    size_t room = sizeof line - 1;
    int n = snprintf(line, room, "%s: ", w->runtime->names[element]);
    size_t length = n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
    va_list arguments;
    va_start(arguments, format);
    n = vsnprintf(line + length, room - length, format, arguments);
    va_end(arguments);
    if (n > 0)
        length += (size_t)n < room - length ? (size_t)n : room - length - 1;
    line[length++] = '\n';
    worker_write(w, line, length); /* one write keeps the line whole */
}
