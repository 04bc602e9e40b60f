/* SPDX-License-Identifier: Apache-2.0 */
#include "input/csv/ahead.h"

#include "base/mem.h"
#include "os/pool.h"

#include <pthread.h>
#include <string.h>

/* Enough to keep all threads at work while one block is being looked at, in bounded memory. */
enum { MOST_SLOTS = 6 };

typedef struct slot {
    hb_csv_ahead *a;
    char *room; /* HB_MARKS_PAD, then the text */
    size_t cap;
    size_t n;   /* bytes of text */
    size_t cut; /* of them whole records */
    size_t rows_hint;
    bool too_long;
    bool last;            /* nothing follows */
    size_t number;        /* of its block */
    hb_work filling;      /* text into it; begins `figuring` before it is done */
    hb_work figuring;     /* text to figures */
    const char *encoding; /* as far as its text */
    uint64_t damaged;
    hb_csv_figures figures;
    hb_status status;
    hb_error err;
} slot;

struct hb_csv_ahead {
    hb_csv *c;
    hb_pool *pool;
    hb_csv_job job;
    slot slots[MOST_SLOTS];
    size_t n_slots;
    bool lent;            /* the caller has block `done` */
    pthread_mutex_t lock; /* of all below: one filling begins the next on whichever thread it is */
    size_t begun; /* blocks whose text is read or being read; block k is in slot k % n_slots */
    size_t done;  /* blocks the caller is through with */
    bool filling; /* a slot is being filled */
    bool stopped; /* the last block is begun: the end, or an error while reading */
    size_t rows;  /* of the latest block */
};

static char *text_of(const slot *s)
{
    return s->room + HB_MARKS_PAD;
}

static void read_slot(void *ctx, size_t index)
{
    (void)index;
    slot *s = ctx;
    s->status =
        hb_csv_figures_read(&s->figures, &s->a->job, text_of(s), s->cut, s->rows_hint, &s->err);
}

static hb_status grow_text(slot *s, size_t n, hb_error *err)
{
    if (s->room && n <= s->cap) {
        return HB_OK;
    }
    char *room = hb_alloc_large(n + 1 + 2 * HB_MARKS_PAD, 1);
    if (!room) {
        return HB_NOMEM(err);
    }
    memset(room, '\n', HB_MARKS_PAD);
    if (s->room) {
        memcpy(room + HB_MARKS_PAD, text_of(s), s->n);
    }
    hb_free(s->room);
    s->room = room;
    s->cap = n;
    return HB_OK;
}

/* What the block before left over. */
static hb_status carry_over(hb_csv_ahead *a, slot *s, hb_error *err)
{
    const slot *before = s->number ? &a->slots[(s->number - 1) % a->n_slots] : NULL;
    size_t n = before ? before->n - before->cut : a->c->n - a->c->at;
    HB_TRY(grow_text(s, n, err));
    const char *from = before ? text_of(before) + before->cut : a->c->text + a->c->at;
    memmove(text_of(s), from, n);
    s->n = n;
    return HB_OK;
}

static hb_status read_on(hb_csv_ahead *a, slot *s, size_t want, hb_error *err)
{
    HB_TRY(grow_text(s, want, err));
    char *text = text_of(s);
    while (s->n < want && !a->c->end) {
        size_t got = 0;
        HB_TRY(hb_text_read(a->c->source, text + s->n, want - s->n, &got, err));
        s->n += got;
        a->c->end = got == 0;
    }
    return HB_OK;
}

/* The end of the file ends its last record. */
static void close_text(slot *s)
{
    char *text = text_of(s);
    if (s->n && text[s->n - 1] != '\n' && text[s->n - 1] != '\r') {
        text[s->n++] = '\n';
    }
    text[s->n] = '\0';
    s->cut = s->n;
}

static hb_status fill(hb_csv_ahead *a, slot *s, hb_error *err)
{
    const hb_csv_job *job = &a->job;
    HB_TRY(carry_over(a, s, err));
    for (size_t want = hb_csv_block_bytes(a->c);; want *= 2) {
        HB_TRY(read_on(a, s, want, err));
        if (a->c->end && s->n <= want) {
            close_text(s);
            s->last = true;
            return HB_OK;
        }
        hb_rows_input in = {.text = text_of(s),
                            .n = s->n < want ? s->n : want,
                            .delimiter = job->delimiter,
                            .comments = job->comments};
        HB_TRY(hb_rows_cut(&s->figures.rows, &in, &s->cut, err));
        if (s->cut) {
            return HB_OK;
        }
        if (want >= HB_CSV_MAX_RECORD_BYTES) {
            s->too_long = true;
            return HB_OK;
        }
    }
}

/* Without a pool there is nobody to keep out, and what is started is done at once. */
static void lock(hb_csv_ahead *a)
{
    if (a->pool) {
        pthread_mutex_lock(&a->lock);
    }
}

static void unlock(hb_csv_ahead *a)
{
    if (a->pool) {
        pthread_mutex_unlock(&a->lock);
    }
}

static void fill_slot(void *ctx, size_t index);

/* Text for one more block, when none is on its way and there is room. The bytes come one after the
 * other, so what can go on next waits for it: it comes first. Under the lock. */
static void fill_next(hb_csv_ahead *a)
{
    if (a->filling || a->stopped || a->begun - a->done == a->n_slots) {
        return;
    }
    slot *s = &a->slots[a->begun % a->n_slots];
    s->number = a->begun++;
    s->rows_hint = a->rows;
    s->filling = (hb_work){.fn = fill_slot, .ctx = s, .n = 1};
    a->filling = true;
    hb_pool_start_first(a->pool, &s->filling);
}

/* What was filled becomes figures, and the next slot is filled, whatever the caller is doing. */
static void fill_slot(void *ctx, size_t index)
{
    (void)index;
    slot *s = ctx;
    hb_csv_ahead *a = s->a;
    s->status = fill(a, s, &s->err);
    s->encoding = hb_encoding_name(hb_text_encoding(a->c->source));
    s->damaged = hb_text_damaged(a->c->source) + hb_text_strays(a->c->source);
    bool failed = s->status != HB_OK || s->too_long;
    bool last = failed || s->last;
    s->figuring = (hb_work){.fn = read_slot, .ctx = s, .n = !failed};
    hb_pool_start(a->pool, &s->figuring);
    lock(a);
    a->filling = false;
    a->stopped = a->stopped || last;
    fill_next(a);
    unlock(a);
}

/* Lines were counted from the block's first. */
static void place_lines(hb_csv_ahead *a, slot *s)
{
    hb_rows *r = &s->figures.rows;
    uint64_t before = a->c->line - 1;
    for (size_t i = 0; i < r->n_rows; i++) {
        r->lines[i] += before;
    }
    for (size_t i = 0; i < r->odd.n_rejects; i++) {
        r->odd.rejects[i].line += before;
    }
    s->err.in_line += s->err.in_line ? before : 0;
    a->c->line += r->line - 1;
    a->c->t.format.comment_lines += r->n_comments;
}

static hb_status take_block(hb_csv_ahead *a, slot *s, hb_block *ret, hb_error *err)
{
    const hb_rows *r = &s->figures.rows;
    hb_pool_wait(a->pool, &s->filling);
    hb_pool_wait(a->pool, &s->figuring);
    a->lent = true;
    a->c->t.format.encoding = s->encoding;
    a->c->t.format.damaged = s->damaged;
    if (s->too_long) {
        return hb_csv_record_too_long(a->c, err);
    }
    if (s->figuring.n) {
        place_lines(a, s);
    }
    if (s->status != HB_OK) {
        if (err) {
            *err = s->err;
        }
        return s->status;
    }
    lock(a);
    a->rows = r->n_rows;
    unlock(a);
    *ret = (hb_block){.figures = s->figures.figures,
                      .n_rows = r->n_rows,
                      .n_cols = a->job.width,
                      .lines = r->lines,
                      .rejects = r->odd.rejects,
                      .n_rejects = r->odd.n_rejects};
    return HB_OK;
}

hb_status hb_csv_ahead_next(hb_csv_ahead *a, hb_block *ret, hb_error *err)
{
    do {
        lock(a);
        a->done += a->lent;
        a->lent = false;
        fill_next(a);
        bool ended = a->begun == a->done;
        unlock(a);
        if (ended) {
            *ret = (hb_block){.n_cols = a->job.width};
            return HB_OK;
        }
        HB_TRY(take_block(a, &a->slots[a->done % a->n_slots], ret, err));
    } while (ret->n_rows == 0 && ret->n_rejects == 0);
    return HB_OK;
}

hb_str hb_csv_ahead_text(hb_csv_ahead *a, size_t row, size_t column)
{
    return hb_csv_figures_text(&a->slots[a->done % a->n_slots].figures, &a->job, row, column);
}

hb_status hb_csv_ahead_new(hb_csv *c, const hb_plan *plan, hb_csv_ahead **ret, hb_error *err)
{
    hb_csv_ahead *a = hb_alloc_zero(sizeof *a);
    if (!a) {
        return HB_NOMEM(err);
    }
    pthread_mutex_init(&a->lock, NULL);
    a->c = c;
    a->pool = c->t.pool;
    a->rows = c->sink.n_rows;
    a->job.delimiter = c->dialect.delimiter;
    a->job.comments = c->dialect.comments;
    a->job.path = c->path;
    unsigned threads = hb_pool_threads(a->pool);
    a->n_slots = threads == 1 ? 1 : threads < MOST_SLOTS - 2 ? threads + 2 : MOST_SLOTS;
    for (size_t i = 0; i < MOST_SLOTS; i++) {
        a->slots[i].a = a;
    }
    hb_status status = hb_csv_job_init(&a->job, plan, c->n_columns, err);
    if (status != HB_OK) {
        pthread_mutex_destroy(&a->lock);
        hb_free(a);
        return status;
    }
    *ret = a;
    return HB_OK;
}

void hb_csv_ahead_free(hb_csv_ahead *a)
{
    if (!a) {
        return;
    }
    lock(a);
    a->stopped = true;
    unlock(a);
    for (size_t k = a->done; k < a->begun; k++) {
        slot *s = &a->slots[k % a->n_slots];
        hb_pool_wait(a->pool, &s->filling);
        hb_pool_wait(a->pool, &s->figuring);
    }
    pthread_mutex_destroy(&a->lock);
    for (size_t i = 0; i < MOST_SLOTS; i++) {
        hb_csv_figures_release(&a->slots[i].figures);
        hb_free(a->slots[i].room);
    }
    hb_csv_job_release(&a->job);
    hb_free(a);
}
