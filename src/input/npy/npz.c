/* SPDX-License-Identifier: Apache-2.0 */
/* Which arrays of an .npz make a table: those with equally many rows. Where there are several such
 * groups, the one with the only two-dimensional array when it is the longest, else the
 * one-dimensional arrays when they agree; anything else is asked. */
#include "input/npy/npy_internal.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/wire.h"
#include "input/zip/choose.h"

#include <stdio.h>
#include <string.h>

enum { LIST_BYTES = 380, NOTE_BYTES = 190, WHAT_BYTES = 400 };

bool hb_npz_recognise(hb_str head)
{
    if (!hb_str_starts(head, "PK\3\4") || head.n < 30) {
        return false;
    }
    hb_rd r = hb_rd_of(head.p + 26, 2);
    size_t n = hb_rd_u16(&r);
    return head.n - 30 >= n && hb_str_ends((hb_str){head.p + 30, n}, ".npy");
}

static hb_str array_name(hb_str file)
{
    return hb_str_ends(file, ".npy") ? (hb_str){file.p, file.n - 4} : file;
}

static bool fits(hb_npy *n, const char *member, hb_str file)
{
    if (!member || hb_zip_matches(member, file)) {
        return true;
    }
    char *name = hb_arena_str(&n->arena, array_name(file));
    return name && hb_zip_matches(member, hb_str_of(name));
}

/* An array that cannot be read is left out only when the file holds it as it was written: damage
 * (its checksum is wrong) is no reason to go on without it. */
static hb_status check_whole(hb_npy *n, const hb_zip_entry *e, hb_error *err)
{
    enum { BYTES = 4096 };
    unsigned char bytes[BYTES];
    hb_zip_file *file = NULL;
    size_t got = 0;
    HB_TRY(hb_zip_file_open(n->zip, e, &file, err));
    hb_status status = HB_OK;
    do {
        status = hb_zip_file_read(file, bytes, sizeof bytes, &got, err);
    } while (status == HB_OK && got);
    hb_zip_file_close(file);
    return status;
}

static hb_status add_part(hb_npy *n, const hb_zip_entry *e, hb_error *err)
{
    char what[WHAT_BYTES];
    hb_error why = {0};
    hb_zip_file *file = NULL;
    HB_TRY(HB_GROW(n->parts, n->cap_parts, n->n_parts + 1, HB_NPZ_MAX_ARRAYS,
                   "arrays in one container; choose some with --member", err));
    snprintf(what, sizeof what, "%.250s: %.100s", n->path, e->name.p);
    hb_npy_part p = {0};
    char *name = hb_arena_str(&n->arena, array_name(e->name));
    char *kept = hb_arena_str(&n->arena, hb_str_of(what));
    if (!name || !kept) {
        return HB_NOMEM(err);
    }
    p.name = hb_str_of(name);
    hb_status status = hb_zip_file_open(n->zip, e, &file, &why);
    if (status == HB_OK) {
        status = hb_npy_array_open(NULL, file, kept, &n->arena, &p.array, &why);
    }
    if (status == HB_E_NOMEM) {
        return HB_NOMEM(err);
    }
    if (status != HB_OK) {
        hb_error damage = {0};
        hb_status whole = check_whole(n, e, &damage);
        if (whole != HB_OK && whole != HB_E_LIMIT) { /* too much to look through is no damage */
            if (err) {
                *err = damage;
            }
            return whole;
        }
        p.refused = hb_arena_str(&n->arena, hb_str_of(why.msg));
        if (!p.refused) {
            return HB_NOMEM(err);
        }
    }
    n->parts[n->n_parts++] = p;
    return HB_OK;
}

static void list_part(hb_buf *b, size_t most, const hb_npy_part *p)
{
    char shape[60] = "cannot be read";
    if (!p->refused) {
        hb_npy_shape_text(&p->array.h, shape, sizeof shape);
    }
    if (b->n + 100 < most) {
        hb_buf_fmt(b, "%s%.40s %s", b->n ? ", " : "", p->name.p, shape);
    } else if (!hb_str_ends((hb_str){b->p, b->n}, "…")) {
        hb_buf_c(b, " …");
    }
}

static hb_status ask(const hb_npy *n, hb_error *err)
{
    hb_buf b;
    hb_buf_init(&b, LIST_BYTES + 64);
    for (size_t i = 0; i < n->n_parts; i++) {
        list_part(&b, LIST_BYTES, &n->parts[i]);
    }
    hb_status status =
        HB_FAIL(err, HB_E_USAGE, "'%s' holds arrays of different lengths; choose with --member: %s",
                n->path, b.p);
    hb_buf_release(&b);
    return status;
}

typedef struct lengths {
    uint64_t longest;
    uint64_t of_plain; /* of the one-dimensional ones */
    uint64_t of_square;
    size_t plain;
    size_t square; /* two-dimensional */
    size_t usable;
    bool plain_agree;
    bool agree;
} lengths;

static lengths measure(const hb_npy *n)
{
    lengths l = {.plain_agree = true, .agree = true};
    for (size_t i = 0; i < n->n_parts; i++) {
        const hb_npy_array *a = &n->parts[i].array;
        if (n->parts[i].refused || a->h.n_dims == 0) {
            l.usable += !n->parts[i].refused;
            continue;
        }
        l.agree = l.agree && (!l.longest || l.longest == a->rows);
        l.longest = a->rows > l.longest ? a->rows : l.longest;
        if (a->h.n_dims == 1) {
            l.plain_agree = l.plain_agree && (!l.plain++ || l.of_plain == a->rows);
            l.of_plain = a->rows;
        } else {
            l.square++;
            l.of_square = a->rows;
        }
        l.usable++;
    }
    return l;
}

/* Rows of the table, 0 when there is no telling. */
static uint64_t choose_rows(const lengths *l)
{
    if (l->agree && l->longest) {
        return l->longest;
    }
    if (l->square == 1 && l->of_square == l->longest) {
        return l->of_square;
    }
    return l->plain && l->plain_agree && l->of_plain == l->longest ? l->of_plain : 0;
}

/* Keeps the parts that fit, tells the others. */
static void keep(hb_npy *n, uint64_t rows, bool single)
{
    hb_buf used;
    hb_buf left;
    hb_buf_init(&used, LIST_BYTES + 64);
    hb_buf_init(&left, LIST_BYTES + 64);
    const char *why = "other lengths; --member chooses";
    size_t kept = 0;
    for (size_t i = 0; i < n->n_parts; i++) {
        hb_npy_part *p = &n->parts[i];
        if (!p->refused && (single || (p->array.h.n_dims && p->array.rows == rows))) {
            list_part(&used, NOTE_BYTES, p);
            n->parts[kept++] = *p;
        } else {
            list_part(&left, NOTE_BYTES, p);
            why = p->refused ? p->refused : why;
            hb_npy_array_release(&p->array);
        }
    }
    n->n_parts = kept;
    hb_npy_note(n, "arrays", (hb_str){used.p, used.n},
                kept > 1 ? "equally many rows" : "the only one that makes a table");
    if (left.n) {
        hb_npy_note(n, "arrays not read", (hb_str){left.p, left.n}, why);
    }
    hb_buf_release(&used);
    hb_buf_release(&left);
}

static hb_status nothing_fits(const hb_npy *n, const char *member, hb_error *err)
{
    hb_buf b;
    hb_zip_entry e;
    bool more = true;
    hb_status status = HB_OK;
    hb_buf_init(&b, LIST_BYTES + 64);
    hb_zip_rewind(n->zip);
    while (status == HB_OK && more && b.n + 70 < LIST_BYTES) {
        status = hb_zip_next(n->zip, &e, &more, err);
        if (status == HB_OK && more && !e.folder) {
            hb_str name = array_name(e.name);
            hb_buf_fmt(&b, "%s'%.*s'", b.n ? ", " : "", (int)(name.n < 60 ? name.n : 60), name.p);
        }
    }
    if (status == HB_OK) {
        status = HB_FAIL(err, HB_E_USAGE, "'%s' holds no array '%.60s'; it holds %s", n->path,
                         member ? member : "", b.p);
    }
    hb_buf_release(&b);
    return status;
}

static hb_status choose(hb_npy *n, const char *member, hb_error *err)
{
    bool more = true;
    while (more) {
        hb_zip_entry e;
        HB_TRY(hb_zip_next(n->zip, &e, &more, err));
        if (more && !hb_zip_is_litter(&e) && fits(n, member, e.name)) {
            HB_TRY(add_part(n, &e, err));
        }
    }
    if (n->n_parts == 0) {
        return nothing_fits(n, member, err);
    }
    lengths l = measure(n);
    if (l.usable == 0) {
        return HB_FAIL(err, HB_E_INPUT, "%s", n->parts[0].refused);
    }
    uint64_t rows = choose_rows(&l);
    if (!rows && l.usable > 1) {
        return ask(n, err);
    }
    keep(n, rows, l.usable == 1);
    return hb_npy_start(n, err);
}

hb_status hb_npz_open(hb_stream *stream, const char *member, hb_table **ret_table, hb_error *err)
{
    hb_npy *n = NULL;
    HB_TRY(hb_npy_new(stream, true, &n, err));
    hb_status status = hb_zip_open(stream, &n->zip, err);
    if (status == HB_OK) {
        status = choose(n, member, err);
    }
    if (status != HB_OK) {
        hb_npy_close(&n->t);
        return status;
    }
    *ret_table = &n->t;
    return HB_OK;
}
