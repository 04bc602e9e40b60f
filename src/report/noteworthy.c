/* SPDX-License-Identifier: Apache-2.0 */
#include "report/noteworthy.h"

#include "decide/decision_json.h"

#include <math.h>
#include <string.h>

static bool is_told_of(const hb_decision *d, const char *metric)
{
    const hb_run_statistics *s = &d->statistics;
    bool told = false;
    for (size_t i = 0; i < s->n_retests && !told; i++) {
        told = strcmp(s->retests[i].of->metric, metric) == 0;
    }
    for (size_t i = 0; i < s->n_changes && !told; i++) {
        told = strcmp(s->changes[i].metric, metric) == 0;
    }
    for (size_t i = 0; i < s->n_attributions && !told; i++) {
        told = strcmp(s->attributions[i].metric, metric) == 0;
    }
    return told;
}

static bool is_noted(const hb_decision *d, const hb_comparison *c, hb_note note)
{
    const hb_run_test *t = &c->test;
    if (!hb_run_tested(t)) {
        return false;
    }
    switch (note) {
    case HB_NOTE_TESTED:
        return true;
    case HB_NOTE_CONFIRMED:
        return t->confirmed;
    case HB_NOTE_SUSPECTED:
        return t->suspected && !t->confirmed;
    case HB_NOTE_ANY:
        return t->confirmed || t->suspected || t->rejected || is_told_of(d, c->name);
    }
    return false;
}

static bool before(const hb_comparison *a, const hb_comparison *b)
{
    double p = isnan(a->test.p) ? 2 : a->test.p;
    double q = isnan(b->test.p) ? 2 : b->test.p;
    return p < q || (!(q < p) && strcmp(a->name, b->name) < 0);
}

size_t hb_noteworthy(const hb_decision *d, hb_note note, const hb_comparison **ret, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_comparisons && most; i++) {
        const hb_comparison *c = &d->comparisons[i];
        if (!is_noted(d, c, note) || (n == most && !before(c, ret[n - 1]))) {
            continue;
        }
        size_t at = n < most ? n++ : n - 1;
        for (; at > 0 && before(c, ret[at - 1]); at--) {
            ret[at] = ret[at - 1];
        }
        ret[at] = c;
    }
    return n;
}

size_t hb_next_length(const hb_decision *d)
{
    const hb_run_statistics *s = &d->statistics;
    const char *said[] = {s->order ? s->order->text : "", s->ran ? s->power_text : ""};
    size_t n = strlen(d->what_to_do);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        const char *at = said[i] && *said[i] ? strstr(d->what_to_do, said[i]) : NULL;
        n = at && (size_t)(at - d->what_to_do) < n ? (size_t)(at - d->what_to_do) : n;
    }
    while (n && d->what_to_do[n - 1] == ' ') {
        n--;
    }
    return n;
}

const hb_comparison *hb_comparison_of(const hb_decision *d, const char *metric)
{
    size_t low = 0;
    size_t high = d->n_comparisons;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = strcmp(d->comparisons[mid].name, metric);
        if (c == 0) {
            return &d->comparisons[mid];
        }
        if (c < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}
