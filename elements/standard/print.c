#include "nmclick/element.h"

enum { PRINT_NONE, PRINT_HEX, PRINT_ASCII };

/* Longest text of everything but the label and the contents: CPU, time, length, head and tail room,
 * annotations. */
#define PRINT_FRAME 256u

struct Print {
    char *text;
    size_t room;
    bool active;
};

static inline int Print_init(struct Print *self, const struct Print_args *args, struct context *c)
{
    self->active = args->active;
    self->room = args->n_label + PRINT_FRAME + (size_t)3 * c->worker->buffer_size;
    self->text = worker_alloc(c->worker, self->room);
    return self->text ? 0 : init_error(c, "out of memory");
}

static inline char *Print_number(char *at, uint64_t value, unsigned width, char fill)
{
    char digits[20];
    unsigned n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    for (; width > n; width--)
        *at++ = fill;
    while (n)
        *at++ = digits[--n];
    return at;
}

static inline char *Print_text(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
    return at;
}

static inline char *Print_byte(char *at, uint8_t byte)
{
    *at++ = "0123456789abcdef"[byte >> 4];
    *at++ = "0123456789abcdef"[byte & 15];
    return at;
}

static cold_path void Print_line(struct Print *self, const struct Print_args *args, struct packet p,
                                 struct worker *w)
{
    char *at = self->text;
    const char *separator = args->n_label || args->cpu ? ": " : "";
    memcpy(at, args->label, args->n_label);
    at += args->n_label;
    if (args->cpu) {
        *at++ = '(';
        at = Print_number(at, w->index, 0, ' ');
        *at++ = ')';
    }
    if (args->timestamp) {
        uint64_t time = packet_timestamp(&p);
        at = Print_number(Print_text(at, separator), time / 1000000000u, 0, ' ');
        *at++ = '.';
        at = Print_number(at, time % 1000000000u, 9, '0');
        separator = ": ";
    }
    at = Print_number(Print_text(at, separator), p.length, 4, ' ');
    if (args->headroom) {
        at = Print_number(Print_text(at, " (h"), p.headroom, 0, ' ');
        at = Print_number(Print_text(at, " t"), packet_tailroom(w, &p), 0, ' ');
        *at++ = ')';
    }
    if (args->printanno) {
        at = Print_text(at, " | ");
        for (unsigned i = 0; i < ANNO_SIZE; i++)
            at = Print_byte(at, anno_u8(&p, i));
    }
    uint32_t bytes = args->contents == PRINT_NONE ? 0 : p.length;
    if (args->maxlength >= 0 && bytes > (uint64_t)args->maxlength)
        bytes = (uint32_t)args->maxlength;
    if (bytes)
        at = Print_text(at, " | ");
    for (uint32_t i = 0; i < bytes; i++) {
        if (args->contents == PRINT_HEX) {
            if (i && i % 4 == 0)
                *at++ = ' ';
            at = Print_byte(at, p.data[i]);
        } else {
            if (i % 8 == 0)
                *at++ = ' ';
            *at++ = p.data[i] < 32 || p.data[i] > 126 ? '.' : (char)p.data[i];
        }
    }
    *at++ = '\n';
    worker_write(w, self->text, (size_t)(at - self->text));
}

static inline int Print_packet(struct Print *self, const struct Print_args *args, struct packet *p,
                               struct context *c)
{
    if (self->active)
        Print_line(self, args, *p, c->worker);
    return 0;
}
