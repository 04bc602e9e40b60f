/* SPDX-License-Identifier: Apache-2.0 */
#include "input/child/frames.h"

#include "base/mem.h"
#include "input/child/text.h"

#include <string.h>

enum { HEAD_BYTES = 8 };

void hb_frame_column_init(hb_frame_column *c)
{
    *c = (hb_frame_column){0};
    hb_buf_init(&c->texts, HB_FRAME_MAX_BYTES);
}

void hb_frame_column_release(hb_frame_column *c)
{
    hb_free(c->v);
    hb_free(c->flags);
    hb_buf_release(&c->texts);
    hb_frame_column_init(c);
}

hb_status hb_frame_column_room(hb_frame_column *c, size_t n, hb_error *err)
{
    size_t cap = c->cap;
    HB_TRY(HB_GROW(c->v, cap, n, HB_FRAME_MAX_BYTES, "rows of a block", err));
    if (cap > c->cap) {
        uint8_t *flags = hb_realloc(c->flags, cap);
        if (!flags) {
            return HB_NOMEM(err);
        }
        c->flags = flags;
        c->cap = cap;
    }
    return HB_OK;
}

static void put_text(hb_buf *b, const char *p, size_t n)
{
    uint32_t len = (uint32_t)n;
    if (n > HB_FRAME_MAX_TEXT) {
        b->failed = HB_E_LIMIT;
        return;
    }
    hb_buf_add(b, &len, sizeof len);
    hb_buf_add(b, p, n);
}

void hb_frame_column_text(hb_frame_column *c, const char *p, size_t n)
{
    put_text(&c->texts, p, n);
}

void hb_frames_out_init(hb_frames_out *f,
                        hb_status (*write)(void *ctx, const void *p, size_t n, hb_error *err),
                        void *ctx)
{
    *f = (hb_frames_out){.write = write, .ctx = ctx};
    hb_buf_init(&f->frame, HB_FRAME_MAX_BYTES + HEAD_BYTES);
}

void hb_frames_out_release(hb_frames_out *f)
{
    hb_buf_release(&f->frame);
}

static void begin(hb_frames_out *f, hb_frame_kind kind)
{
    const uint32_t head[2] = {(uint32_t)kind, 0}; /* the length is filled in by send */
    hb_buf_clear(&f->frame);
    hb_buf_add(&f->frame, head, sizeof head);
}

static void put_u32(hb_frames_out *f, uint32_t v)
{
    hb_buf_add(&f->frame, &v, sizeof v);
}

/* What is put together by cutting texts may end within a character. */
static void put_cleaned(hb_frames_out *f, const char *text)
{
    hb_buf clean;
    hb_buf_init(&clean, HB_FRAME_MAX_TEXT);
    hb_text_clean(text, strlen(text), &clean);
    put_text(&f->frame, clean.p, clean.n);
    hb_buf_release(&clean);
}

static hb_status send(hb_frames_out *f, hb_error *err)
{
    if (f->frame.failed == HB_E_LIMIT) {
        return HB_FAIL(err, HB_E_LIMIT, "a text or a row of it is longer than is accepted");
    }
    HB_TRY(hb_buf_check(&f->frame, err));
    uint32_t len = (uint32_t)(f->frame.n - HEAD_BYTES);
    memcpy(f->frame.p + sizeof len, &len, sizeof len);
    return f->write(f->ctx, f->frame.p, f->frame.n, err);
}

hb_status hb_frames_start(hb_frames_out *f, hb_error *err)
{
    begin(f, HB_FRAME_START);
    put_u32(f, HB_FRAMES_VERSION);
    return send(f, err);
}

hb_status hb_frames_note(hb_frames_out *f, const char *what, const char *value, const char *why,
                         hb_error *err)
{
    const char *const texts[] = {what, value, why};
    begin(f, HB_FRAME_NOTE);
    for (size_t i = 0; i < 3; i++) {
        put_cleaned(f, texts[i]);
    }
    return send(f, err);
}

hb_status hb_frames_columns(hb_frames_out *f, bool named, const hb_frame_label *labels, size_t n,
                            hb_error *err)
{
    begin(f, HB_FRAME_COLUMNS);
    hb_buf_ch(&f->frame, (char)named);
    put_u32(f, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        put_text(&f->frame, labels[i].name.p, labels[i].name.n);
        put_text(&f->frame, labels[i].unit.p, labels[i].unit.n);
    }
    return send(f, err);
}

static void put_column(hb_buf *b, const hb_frame_column *c, size_t n_rows)
{
    hb_buf_ch(b, (char)c->encoding);
    switch (c->encoding) {
    case HB_FRAME_SOME_NUMBER:
        hb_buf_add(b, c->flags, n_rows);
        hb_buf_add(b, c->v, n_rows * sizeof *c->v);
        break;
    case HB_FRAME_NUMBERS:
        hb_buf_add(b, c->v, n_rows * sizeof *c->v);
        break;
    case HB_FRAME_BOOLS:
        hb_buf_add(b, c->flags, n_rows);
        break;
    case HB_FRAME_TEXTS:
        b->failed = c->texts.failed != HB_OK ? c->texts.failed : b->failed;
        hb_buf_add(b, c->texts.p, c->texts.n);
        break;
    }
}

hb_status hb_frames_rows(hb_frames_out *f, const hb_frame_column *columns, size_t n, size_t n_rows,
                         hb_error *err)
{
    begin(f, HB_FRAME_ROWS);
    put_u32(f, (uint32_t)n_rows);
    for (size_t i = 0; i < n; i++) {
        put_column(&f->frame, &columns[i], n_rows);
    }
    return send(f, err);
}

hb_status hb_frames_end(hb_frames_out *f, uint64_t rows, hb_error *err)
{
    begin(f, HB_FRAME_END);
    hb_buf_add(&f->frame, &rows, sizeof rows);
    return send(f, err);
}

hb_status hb_frames_error(hb_frames_out *f, const hb_error *what, hb_error *err)
{
    begin(f, HB_FRAME_ERROR);
    put_u32(f, (uint32_t)what->code);
    put_cleaned(f, what->msg);
    return send(f, err);
}

void hb_frames_in_init(hb_frames_in *f,
                       hb_status (*read)(void *ctx, void *p, size_t n, size_t *ret_n,
                                         hb_error *err),
                       void *ctx)
{
    *f = (hb_frames_in){.read = read, .ctx = ctx};
    hb_buf_init(&f->payload, HB_FRAME_MAX_BYTES);
}

void hb_frames_in_release(hb_frames_in *f)
{
    hb_buf_release(&f->payload);
}

static hb_status read_all(hb_frames_in *f, char *p, size_t n, hb_error *err)
{
    while (n) {
        size_t got = 0;
        HB_TRY(f->read(f->ctx, p, n, &got, err));
        if (got == 0) {
            return HB_FAIL(err, HB_E_INPUT, "the program that reads it ended too early");
        }
        p += got;
        n -= got;
    }
    return HB_OK;
}

hb_status hb_frames_next(hb_frames_in *f, hb_frame *ret, hb_error *err)
{
    enum { CHUNK = 1 << 16 };
    char head[HEAD_BYTES];
    char chunk[CHUNK];
    uint32_t kind = 0;
    uint32_t left = 0;
    HB_TRY(read_all(f, head, sizeof head, err));
    memcpy(&kind, head, sizeof kind);
    memcpy(&left, head + sizeof kind, sizeof left);
    if (kind < HB_FRAME_START || kind > HB_FRAME_END || left > HB_FRAME_MAX_BYTES) {
        return HB_FAIL(err, HB_E_INPUT, "the program that reads it gave no proper answer");
    }
    hb_buf_clear(&f->payload);
    while (left) { /* memory grows with what arrives, not with what is announced */
        size_t n = left < CHUNK ? left : CHUNK;
        HB_TRY(read_all(f, chunk, n, err));
        hb_buf_add(&f->payload, chunk, n);
        HB_TRY(hb_buf_check(&f->payload, err));
        left -= (uint32_t)n;
    }
    *ret = (hb_frame){.kind = (hb_frame_kind)kind, .payload = hb_rd_of(f->payload.p, f->payload.n)};
    return HB_OK;
}

hb_str hb_frame_text(hb_rd *r)
{
    uint32_t n = 0;
    hb_rd_bytes(r, &n, sizeof n);
    if (n > HB_FRAME_MAX_TEXT || n > hb_rd_left(r)) {
        r->failed = true;
        r->p = r->end;
        return (hb_str){"", 0};
    }
    hb_str text = {(const char *)r->p, n};
    r->p += n;
    return text;
}
