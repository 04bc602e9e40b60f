/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/slice.h"

#include <inttypes.h>
#include <string.h>

enum { PAGE = 4096 };

static void put_zeros(hb_buf *out, size_t n)
{
    static const char zeros[PAGE];
    while (n) {
        size_t piece = n < sizeof zeros ? n : sizeof zeros;
        hb_buf_add(out, zeros, piece);
        n -= piece;
    }
}

/* hb_record_write wants zeroed room at an aligned place. */
static hb_status put_record(hb_buf *out, const hb_record *r, hb_error *err)
{
    size_t at = out->n;
    put_zeros(out, hb_record_bytes(r));
    HB_TRY(hb_buf_check(out, err));
    hb_record_write((unsigned char *)out->p + at, r, r->position);
    return HB_OK;
}

static hb_status put_records(hb_journal_reader *reader, uint64_t to, hb_buf *out, hb_slice *s,
                             hb_error *err)
{
    bool more = true;
    while (s->to < to && out->n < HB_SEGMENT_HEAD + HB_SLICE_BYTES) {
        hb_record r;
        HB_TRY(hb_journal_next(reader, &r, &more, err));
        if (!more || r.position >= to) {
            break;
        }
        if (s->seal.records == 0) {
            s->from = r.position;
            s->seal = HB_SEAL_OF(r.position);
        } else if (r.position != s->to) {
            break; /* a gap: a segment has none */
        }
        HB_TRY(put_record(out, &r, err));
        hb_segment_seal_add(&s->seal, &r, r.next);
        s->to = r.next;
    }
    return HB_OK;
}

hb_status hb_journal_slice(hb_journal *j, uint64_t from, uint64_t to, hb_buf *out, hb_slice *ret,
                           hb_error *err)
{
    hb_slice s = {.from = from, .to = from};
    hb_journal_reader *reader = NULL;
    hb_buf_clear(out);
    put_zeros(out, HB_SEGMENT_HEAD);
    HB_TRY(hb_buf_check(out, err));
    HB_TRY(hb_journal_reader_open(j, from, &reader, err));
    hb_status status = put_records(reader, to, out, &s, err);
    hb_journal_reader_close(reader);
    HB_TRY(status);
    if (s.seal.records == 0) {
        return HB_FAIL(err, HB_E_INPUT,
                       "the journal holds no record from position %" PRIu64 " to %" PRIu64, from,
                       to);
    }
    /* A segment's file has at least one page of records, and the reader needs a zero word. */
    put_zeros(out, (PAGE - out->n % PAGE) % PAGE);
    HB_TRY(hb_buf_check(out, err));
    const hb_segment_head head = {.start = s.from, .file_bytes = out->n, .made = s.seal.first};
    hb_segment_head_write((unsigned char *)out->p, &head);
    hb_segment_seal_write((unsigned char *)out->p, &s.seal);
    hb_segment_name(s.from, s.name);
    *ret = s;
    return HB_OK;
}

hb_status hb_journal_narrow(hb_journal *j, uint64_t *io_from, uint64_t *io_to, hb_time first,
                            hb_time last, bool *ret_any, hb_error *err)
{
    hb_journal_reader *reader = NULL;
    HB_TRY(hb_journal_reader_open(j, *io_from, &reader, err));
    hb_status status = HB_OK;
    bool any = false;
    bool more = true;
    uint64_t from = *io_from;
    uint64_t to = *io_from;
    for (uint64_t at = from; at < *io_to && more;) {
        hb_record r;
        status = hb_journal_next(reader, &r, &more, err);
        if (status != HB_OK || !more || r.position >= *io_to) {
            break;
        }
        at = r.next;
        if (r.arrival >= first && r.arrival <= last) {
            from = any ? from : r.position;
            to = r.next;
            any = true;
        }
    }
    hb_journal_reader_close(reader);
    HB_TRY(status);
    *io_from = from;
    *io_to = to;
    *ret_any = any;
    return HB_OK;
}
