/* SPDX-License-Identifier: Apache-2.0 */
/* A rule in words: notation ("dd.MM.yyyy + HH:mm:ss"), zone, why, what else it could be. */
#include "base/buf.h"
#include "input/time/infer.h"

#include <string.h>

enum { MOST_OFFSETS = 4, TEXT = 400 };

/* How one part is written, over all rows of the sample. */
typedef struct written {
    const char *text; /* of the first cell that reads */
    size_t n;
    hb_moment m;
    uint8_t least[HB_FIELD_COUNT_]; /* characters; 0 = missing in some row */
    bool seen;
} written;

static bool part_moment(const hb_time_rule *r, size_t k, const hb_cell *cell, hb_moment *m)
{
    hb_str text = {cell->as.p, cell->len};
    int64_t ns = 0;
    if (cell->kind != HB_CELL_TEXT) {
        return false;
    }
    if (r->form[k] == HB_FORM_SPAN || r->form[k] == HB_FORM_SPAN_MS) {
        return hb_span_text(text, r->form[k] == HB_FORM_SPAN_MS, &ns, m);
    }
    return r->form[k] < HB_FORM_NUMBER && r->form[k] != HB_FORM_CELL_SPAN &&
           hb_moment_text(r->form[k] == HB_FORM_CELL ? HB_FORM_YMD : (hb_time_form)r->form[k],
                          r->order, text, m);
}

typedef struct zones {
    int32_t offset_s[MOST_OFFSETS];
    bool letters[MOST_OFFSETS]; /* Z, UTC */
    size_t n;
    bool more;
    bool word;
} zones;

static void add_zone(zones *z, const hb_moment *m, const char *text)
{
    z->word = z->word || (m->has & HB_HAS_ZONE_WORD && !(m->has & HB_HAS_ZONE));
    if (!(m->has & HB_HAS_ZONE)) {
        return;
    }
    bool letters = false;
    for (size_t i = 0; i < m->n_marks; i++) {
        if (m->marks[i].field == HB_FIELD_ZONE && m->offset_s == 0) {
            letters = letters || (text[m->marks[i].at] | 32) >= 'a';
        }
    }
    for (size_t i = 0; i < z->n; i++) {
        if (z->offset_s[i] == m->offset_s) {
            return;
        }
    }
    z->more = z->more || z->n == MOST_OFFSETS;
    if (z->n < MOST_OFFSETS) {
        z->letters[z->n] = letters;
        z->offset_s[z->n++] = m->offset_s;
    }
}

static written look_over(const hb_time_job *job, const hb_time_rule *r, size_t k, zones *z)
{
    written w = {0};
    for (size_t row = 0; row < job->s->n_rows; row++) {
        const hb_cell *cell = hb_time_cell(job, row, r->columns[k]);
        hb_moment m = {0};
        uint8_t len[HB_FIELD_COUNT_] = {0};
        if (r->form[k] == HB_FORM_ZONE && cell->kind == HB_CELL_TEXT) {
            hb_scan s = {cell->as.p, cell->as.p + cell->len, cell->as.p};
            hb_scan_zone(&s, &m);
            add_zone(z, &m, cell->as.p);
            continue;
        }
        if (!part_moment(r, k, cell, &m)) {
            continue;
        }
        add_zone(z, &m, cell->as.p);
        for (size_t i = 0; i < m.n_marks; i++) {
            len[m.marks[i].field] = m.marks[i].n;
        }
        /* The fullest cell is the pattern; what others lack stands in brackets. */
        bool fuller = !w.seen || m.n_marks > w.m.n_marks;
        for (size_t i = 0; i < HB_FIELD_COUNT_; i++) {
            w.least[i] = !w.seen || len[i] < w.least[i] ? len[i] : w.least[i];
        }
        if (fuller) {
            w.text = cell->as.p;
            w.n = cell->len;
            w.m = m;
        }
        w.seen = true;
    }
    return w;
}

static void letters(hb_buf *b, char c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        hb_buf_ch(b, c);
    }
}

static void add_field(hb_buf *b, const written *w, const hb_time_mark *mark, bool span)
{
    static const char plain[HB_FIELD_COUNT_] = {
        [HB_FIELD_YEAR] = 'y',   [HB_FIELD_MONTH] = 'M',    [HB_FIELD_DAY] = 'd',
        [HB_FIELD_DOY] = 'D',    [HB_FIELD_HOUR] = 'H',     [HB_FIELD_MINUTE] = 'm',
        [HB_FIELD_SECOND] = 's', [HB_FIELD_FRACTION] = 'f', [HB_FIELD_WEEKDAY] = 'E'};
    const char *at = w->text + mark->at;
    bool word = (at[0] < '0' || at[0] > '9');
    size_t n = w->least[mark->field] ? w->least[mark->field] : mark->n;
    if (mark->field == HB_FIELD_HALF) {
        hb_buf_c(b, "AM/PM");
    } else if (mark->field == HB_FIELD_ZONE) {
        if (at[0] == '+' || at[0] == '-') {
            hb_buf_c(b, memchr(at, ':', mark->n) ? "+hh:mm" : "+hhmm");
        } else {
            hb_buf_add(b, at, mark->n);
        }
    } else if (mark->field == HB_FIELD_MONTH && word) {
        letters(b, 'M', mark->n <= 4 ? 3 : 4);
    } else if (mark->field == HB_FIELD_WEEKDAY) {
        letters(b, 'E', mark->n <= 4 ? 3 : 4);
    } else if (mark->field == HB_FIELD_DOY && span) {
        hb_buf_ch(b, 'd');
    } else if (mark->field == HB_FIELD_HOUR && (w->m.half || span)) {
        letters(b, 'h', n > 2 ? 2 : n);
    } else if (mark->field == HB_FIELD_FRACTION) {
        letters(b, 'f', mark->n > 9 ? 9 : mark->n);
    } else {
        letters(b, plain[mark->field], n);
    }
}

/* The cell with its fields as letters; the rest of it, marks and blanks, as it stands. */
static void add_pattern(hb_buf *b, const written *w, bool span)
{
    size_t at = 0;
    bool optional = false;
    for (size_t i = 0; i < w->m.n_marks; i++) {
        const hb_time_mark *mark = &w->m.marks[i];
        bool missing = w->least[mark->field] == 0 && i > 0;
        if (missing && !optional) {
            hb_buf_ch(b, '[');
        } else if (!missing && optional) {
            hb_buf_ch(b, ']');
        }
        optional = missing;
        if (mark->at > at) {
            hb_buf_add(b, w->text + at, mark->at - at);
        }
        add_field(b, w, mark, span);
        at = (size_t)mark->at + mark->n;
    }
    if (optional) {
        hb_buf_ch(b, ']');
    }
    if (at < w->n) {
        hb_buf_add(b, w->text + at, w->n - at);
    }
}

static const char *unit_word(double ns)
{
    static const struct {
        double ns;
        const char *word;
    } rows[] = {{1, "ns"},     {1e3, "us"},   {1e6, "ms"},      {1e9, "s"},
                {60e9, "min"}, {3600e9, "h"}, {86400e9, "days"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].ns == ns) {
            return rows[i].word;
        }
    }
    return "units of its own";
}

static void add_form(hb_buf *b, const hb_time_rule *r, size_t k, const written *w)
{
    static const char *const words[HB_FORM_COUNT_] = {
        [HB_FORM_CELL] = "date cell",
        [HB_FORM_CELL_SPAN] = "clock or duration cell",
        [HB_FORM_QUANTITY] = "elapsed, number with its unit",
        [HB_FORM_SINCE_1904] = "s since 1904 (LabVIEW)",
        [HB_FORM_SINCE_1601] = "100 ns since 1601 (Windows file time)",
        [HB_FORM_SINCE_1] = "100 ns since year 1 (.NET ticks)",
        [HB_FORM_DATENUM] = "MATLAB datenum (days)",
        [HB_FORM_JULIAN] = "Julian date (days)",
        [HB_FORM_MJD] = "modified Julian date (days)",
        [HB_FORM_YEAR] = "year",
        [HB_FORM_MONTH] = "month",
        [HB_FORM_DAY] = "day",
        [HB_FORM_DAY_NUMBER] = "day of year",
        [HB_FORM_HOUR] = "hour",
        [HB_FORM_MINUTE] = "minute",
        [HB_FORM_SECOND] = "second",
        [HB_FORM_MILLI] = "ms",
        [HB_FORM_SECOND_OF_DAY] = "second of the day",
        [HB_FORM_HHMM] = "HHmm",
        [HB_FORM_HHMMSS] = "HHmmss",
        [HB_FORM_DAY_FRACTION] = "fraction of a day",
        [HB_FORM_HALF] = "AM/PM",
        [HB_FORM_ZONE] = "zone",
    };
    if (w->seen) {
        bool span = r->form[k] == HB_FORM_SPAN || r->form[k] == HB_FORM_SPAN_MS;
        bool iso = r->form[k] == HB_FORM_YMD && w->n > 10 && w->text[4] == '-' &&
                   (w->text[10] | 32) == 't';
        hb_buf_c(b, r->n_columns > 1 ? "" : span ? "elapsed " : iso ? "ISO 8601 " : "");
        add_pattern(b, w, span);
        if (r->kind == HB_AXIS_ELAPSED && r->n_columns == 1 && !span) {
            hb_buf_c(b,
                     r->form[k] == HB_FORM_CLOCK ? ", from midnight" : ", from the year's start");
        }
    } else if (r->form[k] == HB_FORM_NUMBER) {
        hb_buf_fmt(b, "plain number, %s", unit_word(r->scale_ns));
    } else if (r->form[k] == HB_FORM_EPOCH) {
        hb_buf_fmt(b, "epoch %s", unit_word(r->scale_ns));
    } else if (r->form[k] == HB_FORM_SERIAL) {
        hb_buf_fmt(b, "Excel serial date, %s system", r->serial_1904 ? "1904" : "1900");
    } else {
        hb_buf_c(b, words[r->form[k]] ? words[r->form[k]] : "yyyyMMdd");
    }
}

static void add_offset(hb_buf *b, int32_t offset_s)
{
    unsigned s = offset_s < 0 ? (unsigned)-offset_s : (unsigned)offset_s;
    hb_buf_fmt(b, "%c%02u:%02u", offset_s < 0 ? '-' : '+', s / 3600, s / 60 % 60);
}

static char *keep(hb_time_job *job, hb_buf *b)
{
    char *text = hb_buf_check(b, NULL) == HB_OK ? hb_arena_strndup(job->arena, b->p, b->n) : NULL;
    hb_buf_clear(b);
    return text;
}

/* Where the zone stands: in the cells, over a column, above the table. */
static bool tell_zone(hb_time_job *job, hb_time_found *f, const zones *z, hb_buf *b,
                      const char **ret_why)
{
    hb_time_rule *r = &f->rule;
    *ret_why = "";
    if (r->kind == HB_AXIS_ELAPSED) {
        return true;
    }
    if (r->kind == HB_AXIS_UTC) {
        r->zone = "UTC"; /* epochs */
        return true;
    }
    if (z->n) {
        for (size_t i = 0; i < z->n; i++) {
            hb_buf_c(b, i ? "/" : "");
            if (z->letters[i]) {
                hb_buf_c(b, "UTC");
            } else {
                add_offset(b, z->offset_s[i]);
            }
        }
        hb_buf_c(b, z->more ? "/…" : "");
        *ret_why = "; the cells state the zone";
    } else {
        bool zoned = false;
        for (size_t k = 0; k < r->n_columns && !zoned; k++) {
            const hb_time_name *name = &job->looks[r->columns[k]].name;
            zoned = name->zoned;
            r->offset_s = name->offset_s;
            *ret_why = "; the header states the zone";
        }
        if (!zoned && job->preamble_zoned) {
            zoned = true;
            r->offset_s = job->preamble_offset_s;
            *ret_why = "; the lines above the table state the zone";
        }
        if (!zoned) {
            bool word = z->word;
            for (size_t k = 0; k < r->n_columns; k++) {
                word = word || job->looks[r->columns[k]].name.zone_word;
            }
            *ret_why = word ? "; the zone is a word that is not used: wall clock taken as if UTC"
                            : "; no zone in the file: wall clock taken as if UTC";
            return true;
        }
        if (r->offset_s) {
            add_offset(b, r->offset_s);
        } else {
            hb_buf_c(b, "UTC");
        }
    }
    r->kind = HB_AXIS_UTC;
    r->zone = keep(job, b);
    return r->zone != NULL;
}

static bool named_time(const hb_time_job *job, const hb_time_rule *r)
{
    return job->looks[r->columns[0]].name.roles & HB_NAME_ANY_TIME;
}

static const char *reason(const hb_time_job *job, const hb_time_rule *r)
{
    const hb_time_name *name = &job->looks[r->columns[0]].name;
    switch (r->form[0]) {
    case HB_FORM_NUMBER:
        return name->unit_ns ? "its name or unit is of time and it rises"
                             : "its name is of time and it rises; no unit stated, taken as seconds";
    case HB_FORM_EPOCH:
        return named_time(job, r) ? "its name and the size of its figures"
                                  : "the size of its figures, which run on";
    case HB_FORM_SERIAL:
    case HB_FORM_DATENUM:
    case HB_FORM_SINCE_1904:
    case HB_FORM_SINCE_1601:
    case HB_FORM_SINCE_1:
    case HB_FORM_JULIAN:
    case HB_FORM_MJD:
        return "its name and the size of its figures, nothing else";
    case HB_FORM_CLOCK:
        return "clocks without a date: counted from midnight";
    case HB_FORM_DAY_OF_YEAR:
        return "days of a year that is not stated: counted from its first";
    default:
        return named_time(job, r) ? "its name and how its cells are written"
                                  : "how its cells are written";
    }
}

static double base_confidence(const hb_time_job *job, const hb_time_rule *r)
{
    const hb_time_name *name = &job->looks[r->columns[0]].name;
    bool named = named_time(job, r);
    switch (r->form[0]) {
    case HB_FORM_NUMBER:
        return (name->unit_ns ? (named ? 0.95 : 0.5)
                : named       ? 0.6
                              : 0.4) *
               (name->roles & (HB_NAME_LOOSE | HB_NAME_WEAK) ? 0.7 : 1);
    case HB_FORM_EPOCH:
        return named ? 0.95 : name->unit_ns ? 0.85 : 0.7;
    case HB_FORM_SERIAL:
        return r->n_columns > 1 ? 0.8 : name->roles & HB_NAME_STAMP ? 0.7 : 0.6;
    case HB_FORM_DATENUM:
    case HB_FORM_SINCE_1904:
    case HB_FORM_SINCE_1601:
    case HB_FORM_SINCE_1:
    case HB_FORM_JULIAN:
        return 0.7;
    default:
        return named || r->n_columns > 1 ? 0.97 : 0.8;
    }
}

static const char *other_reading(const hb_time_job *job, const hb_time_found *f)
{
    const hb_time_rule *r = &f->rule;
    for (size_t k = 0; k < r->n_columns; k++) {
        if (r->form[k] == HB_FORM_DMY && f->order_confidence < 0.95) {
            return r->order == HB_ORDER_DAY_FIRST ? "the month first (--month-first)"
                                                  : "the day first (--day-first)";
        }
        if (r->form[k] == HB_FORM_YY_MD) {
            return "the day first, the year last (--day-first)";
        }
    }
    switch (r->form[0]) {
    case HB_FORM_NUMBER:
        return job->looks[r->columns[0]].name.unit_ns ? NULL : "elapsed in another unit";
    case HB_FORM_SERIAL:
    case HB_FORM_DATENUM:
    case HB_FORM_JULIAN:
    case HB_FORM_MJD:
        return "a plain number";
    case HB_FORM_SINCE_1904:
        return "seconds since 1900 (NTP) or 1970";
    case HB_FORM_SINCE_1601:
    case HB_FORM_SINCE_1:
        return "nanoseconds since 1970";
    case HB_FORM_EPOCH:
        return named_time(job, r) ? NULL : "a counter";
    case HB_FORM_CLOCK:
        return "the time of day of a date that stands elsewhere";
    default:
        return NULL;
    }
}

bool hb_time_tell(hb_time_job *job, hb_time_found *f)
{
    hb_time_rule *r = &f->rule;
    zones z = {0};
    hb_buf b;
    hb_buf_init(&b, TEXT * 2);
    bool short_clock = false;
    for (size_t k = 0; k < r->n_columns; k++) {
        written w = look_over(job, r, k, &z);
        hb_buf_c(&b, k == 0 ? "" : r->form[0] == HB_FORM_YEAR ? ", " : " + ");
        if (r->ambiguous && r->form[k] == HB_FORM_DMY && w.seen) {
            written other = w;
            for (size_t i = 0; i < other.m.n_marks; i++) {
                hb_time_mark *mark = &other.m.marks[i];
                mark->field = mark->field == HB_FIELD_DAY     ? (uint8_t)HB_FIELD_MONTH
                              : mark->field == HB_FIELD_MONTH ? (uint8_t)HB_FIELD_DAY
                                                              : mark->field;
            }
            add_pattern(&b, &w, false);
            hb_buf_c(&b, " or ");
            add_pattern(&b, &other, false);
        } else {
            add_form(&b, r, k, &w);
        }
        short_clock = short_clock || (r->form[k] == HB_FORM_SPAN && w.seen && w.m.n_marks == 2);
    }
    r->notation = keep(job, &b);
    const char *zone_why = "";
    bool ok = r->notation && tell_zone(job, f, &z, &b, &zone_why);
    f->score += r->kind == HB_AXIS_UTC && r->form[0] < HB_FORM_NUMBER ? 0.5 : 0;
    hb_buf_c(&b, r->n_columns > 1 ? "columns that tell the time together" : reason(job, r));
    if (r->form[0] == HB_FORM_CLOCK && r->n_columns == 1 && f->run.down) {
        hb_buf_c(&b, "; it goes back, as clocks do at midnight");
    }
    if (f->order_why) {
        hb_buf_fmt(&b, "; %s", f->order_why);
    }
    hb_buf_c(&b, zone_why);
    r->why = keep(job, &b);
    r->alternative = short_clock ? "minutes and seconds" : other_reading(job, f);
    r->confidence = base_confidence(job, r) * f->order_confidence * (short_clock ? 0.6 : 1);
    hb_buf_release(&b);
    return ok && r->why;
}
