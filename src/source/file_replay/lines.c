/* SPDX-License-Identifier: Apache-2.0 */
/* Lines to records, at the pace of their own times. */
#include "source/file_replay/replay.h"

static hb_status first_time(void *ctx, const hb_live_sample *sample, hb_error *err)
{
    (void)err;
    hb_time *t = ctx;
    if (*t == HB_TIME_NONE && sample->timed) {
        *t = sample->t;
    }
    return HB_OK;
}

/* Waits until a line is due. False: the program is ending. */
static bool wait_until_due(hb_source *s, const hb_source_sink *sink, const hb_record *record)
{
    hb_time t = HB_TIME_NONE;
    const char *bad = NULL;
    HB_IGNORE(hb_decode(s->decoder, record, first_time, &t, &bad, NULL)); /* no time: due at once */
    if (t == HB_TIME_NONE) {
        return true;
    }
    if (s->paced == HB_TIME_NONE) {
        s->paced = t;
        s->paced_from = s->os->monotonic_ns();
        return true;
    }
    double due_ns = ((double)t - (double)s->paced) / s->factor;
    for (;;) {
        double left_ms = (due_ns - (double)(s->os->monotonic_ns() - s->paced_from)) / 1e6;
        if (!(left_ms >= 1)) {
            return true;
        }
        if (!sink->sleep_ms(sink->ctx, left_ms < 60000 ? (uint32_t)left_ms : 60000)) {
            return false;
        }
    }
}

hb_status hb_replay_put(hb_source *s, const hb_source_sink *sink, hb_record_kind kind,
                        hb_str payload, bool *io_go_on, hb_error *err)
{
    char topic[HB_TAIL_PLACE_TEXT];
    hb_record record = {.kind = kind, .payload = payload, .event = HB_TIME_NONE};
    record.topic = (hb_str){topic, hb_tail_place_print(&s->tail.place, topic)};
    if (s->factor > 0 && kind == HB_RECORD_MESSAGE) {
        record.arrival = s->os->now();
        if (!wait_until_due(s, sink, &record)) {
            *io_go_on = false;
            return HB_OK;
        }
    }
    hb_error why = {0};
    hb_status status = sink->put(sink->ctx, &record, &why);
    if (status == HB_E_LIMIT) {
        *io_go_on = false;
        return HB_OK;
    }
    if (status != HB_OK && err) {
        *err = why;
    }
    return status;
}

/* Every line there is now. */
hb_status hb_replay_lines(hb_source *s, const hb_source_sink *sink, bool all, bool *io_go_on,
                          hb_error *err)
{
    while (*io_go_on && !sink->stopping(sink->ctx)) {
        hb_tail_got got = HB_TAIL_NOTHING;
        hb_str line;
        HB_TRY(hb_tail_line(&s->tail, all, &got, &line, err));
        if (got == HB_TAIL_NOTHING) {
            return HB_OK;
        }
        if (got == HB_TAIL_TOO_LONG) {
            sink->lost(sink->ctx, "too_large", 1);
        } else if (hb_str_trim(line).n) {
            HB_TRY(hb_replay_put(s, sink, HB_RECORD_MESSAGE, line, io_go_on, err));
        }
    }
    *io_go_on = false;
    return HB_OK;
}
