/* A pipeline's view of packets and rings for tests in C: no annotations kept. */
#ifndef TEST_PIPELINE_H
#define TEST_PIPELINE_H

#define NM_KEEP_mac_header 0
#define NM_KEEP_network_header 0
#define NM_KEEP_transport_header 0
#define NM_KEEP_timestamp 0
#define NM_KEEP_packet_type 0
#define NM_ANNOTATION_FIELDS
#define NM_ANNOTATIONS_STORE(to, p) (void)0
#define NM_ANNOTATION_AT                                                                                     \
    static always_inline uint8_t *packet_annotation_at(struct packet *p, unsigned offset)                    \
    {                                                                                                        \
        (void)p, (void)offset;                                                                               \
        return NULL;                                                                                         \
    }
#pragma GCC diagnostic ignored "-Wunused-function"
#include "nmclick/rings.h"
#include "nmclick/packet_slow.h"

static inline struct worker make_worker(struct nm_region *region)
{
    struct worker w = {.buffers = region->buffers, .buffer_size = region->buffer_size};
    w.free_list = malloc(region->n_buffers * sizeof *w.free_list);
    w.free_count = nm_region_take(region, w.free_list, region->n_buffers);
    return w;
}

static inline void end_worker(struct worker *w, struct nm_region *region)
{
    CHECK_EQUAL(nm_region_give(region, w->free_list, (uint32_t)w->free_count), w->free_count);
    free(w->free_list);
}

#endif
