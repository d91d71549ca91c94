/* Memory on cache lines of its own. */
#ifndef NMCLICK_LINES_H
#define NMCLICK_LINES_H

#include <stdlib.h>
#include <string.h>

#define NM_LINE_PAIR ((size_t)128) /* processors fetch lines in pairs */

/* Zeroed memory for n things that one thread writes while others write theirs: they do not wait for each
 * other's lines. NULL: there is none. To be freed with free(). */
static inline void *alloc_lines(size_t n, size_t size)
{
    size_t total = (n * size + NM_LINE_PAIR - 1) / NM_LINE_PAIR * NM_LINE_PAIR;
    void *memory = aligned_alloc(NM_LINE_PAIR, total ? total : NM_LINE_PAIR);
    return memory ? memset(memory, 0, total) : NULL;
}

#endif
