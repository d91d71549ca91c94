/* Checksums that a sender left to its network card. */
#include "check.h"
#include "ports/linux/offload.h"

struct frame {
    uint8_t bytes[200];
    uint32_t length, start, field, pseudo, pseudo_length; /* of the transport header, and of the addresses */
    uint8_t protocol;
};

/* `tags` VLAN tags, IP version 4 (with `options` words) or 6, TCP or UDP with `payload` bytes. */
static struct frame make(unsigned tags, bool six, unsigned options, bool tcp, unsigned payload)
{
    struct frame f = {.protocol = tcp ? 6 : 17};
    uint8_t *at = f.bytes + 12;
    for (unsigned i = 0; i < tags; i++, at += 4)
        store_be16(at, i ? 0x8100 : 0x88a8);
    store_be16(at, six ? 0x86dd : 0x0800);
    uint8_t *ip = at + 2;
    uint32_t header = six ? 40 : 20 + 4 * options, segment = (tcp ? 20 : 8) + payload;
    for (uint32_t i = 0; i < header + segment; i++)
        ip[i] = (uint8_t)(i * 37 + 11);
    ip[0] = (uint8_t)(six ? 0x60 : 0x45 + options);
    if (six) {
        store_be16(ip + 4, (uint16_t)segment);
        ip[6] = f.protocol;
    } else {
        store_be16(ip + 2, (uint16_t)(header + segment));
        store_be16(ip + 6, 0x4000);
        ip[9] = f.protocol;
    }
    f.start = (uint32_t)(ip + header - f.bytes);
    f.length = f.start + segment;
    f.pseudo = (uint32_t)(ip - f.bytes) + (six ? 8 : 12);
    f.pseudo_length = six ? 32 : 8;
    f.field = f.start + (tcp ? 16 : 6);
    return f;
}

static uint64_t pseudo_sum(const struct frame *f)
{
    uint32_t segment = f->length - f->start;
    uint8_t rest[4] = {0, f->protocol, (uint8_t)(segment >> 8), (uint8_t)segment};
    return checksum_add(checksum_add(0, f->bytes + f->pseudo, f->pseudo_length), rest, sizeof rest);
}

static uint16_t whole_sum(const struct frame *f)
{
    return checksum_fold(checksum_add(pseudo_sum(f), f->bytes + f->start, f->length - f->start));
}

static void finish(struct frame *f)
{
    uint8_t *exact = malloc(f->length); /* so that the sanitizer sees every byte too many */
    memcpy(exact, f->bytes, f->length);
    nm_finish_unknown_checksum(exact, f->length);
    memcpy(f->bytes, exact, f->length);
    free(exact);
}

TEST(unfinished_checksums_are_finished_and_others_kept)
{
    for (unsigned n = 0; n < 3 * 2 * 2 * 2 * 60; n++) {
        bool six = n / 3 % 2, tcp = n / 6 % 2;
        struct frame f = make(n % 3, six, six ? 0 : n / 12 % 2 * 3, tcp, n / 24);
        store_u16(f.bytes + f.field, checksum_fold(pseudo_sum(&f)));
        finish(&f);
        CHECK_EQUAL(whole_sum(&f), 0xffff);
        struct frame again = f;
        finish(&again);
        CHECK(memcmp(&again, &f, sizeof f) == 0);
        store_u16(again.bytes + f.field, (uint16_t)(load_u16(f.bytes + f.field) + 1));
        struct frame wrong = again;
        finish(&again);
        CHECK(memcmp(&again, &wrong, sizeof wrong) == 0);
    }
}

TEST(fragments_and_cut_frames_are_let_be)
{
    struct frame f = make(1, false, 0, false, 30);
    store_be16(f.bytes + 18 + 6, 0x2000);
    store_u16(f.bytes + f.field, checksum_fold(pseudo_sum(&f)));
    struct frame before = f;
    finish(&f);
    CHECK(memcmp(&before, &f, sizeof f) == 0);
    for (unsigned n = 0; n < 12; n++) {
        f = make(n % 3, n / 3 % 2, 0, n / 6, 30);
        store_u16(f.bytes + f.field, checksum_fold(pseudo_sum(&f)));
        before = f;
        for (f.length--; f.length > 13; f.length--) {
            finish(&f);
            CHECK(memcmp(before.bytes, f.bytes, sizeof f.bytes) == 0);
        }
    }
}
