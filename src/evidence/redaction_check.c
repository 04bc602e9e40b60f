/* SPDX-License-Identifier: Apache-2.0 */
/* What may be hidden, and whether a document is the original's but for that. */
#include "evidence/inputs.h"
#include "evidence/leaves.h"
#include "evidence/redaction.h"

#include <stdio.h>
#include <string.h>

/* --- which texts --- */

/* Does a JSON pointer fit, where '*' stands for one whole part? */
static bool fits(const char *pointer, const char *pattern)
{
    while (*pattern) {
        if (*pattern == '*') {
            size_t n = strcspn(pointer, "/");
            if (n == 0) {
                return false;
            }
            pointer += n;
            pattern++;
        } else if (*pattern++ != *pointer++) {
            return false;
        }
    }
    return *pointer == '\0';
}

static bool fits_any(const char *pointer, const char *const *patterns)
{
    bool any = false;
    for (; *patterns; patterns++) {
        any = any || fits(pointer, *patterns);
    }
    return any;
}

/* Below the "meta" of a run, wherever that stands. Not run_id and program: by these a run is found,
 * governed and decided. */
static const char *const identity[] = {
    "/build_id",       "/context/*",     "/correlation_id", "/factors/*/value", "/git_sha",
    "/schema_version", "/source_system", "/subsystem",      "/test_name",       NULL};
static const char *const metas[] = {"/meta",
                                    "/set/runs/*/meta",
                                    "/with/runs/*/meta",
                                    "/prior/early/runs/*/meta",
                                    "/prior/history/runs/*/meta",
                                    NULL};
static const char *const files[] = {"/inputs/*/name", "/inputs/*/path", NULL};

/* Texts that are made of hidden ones, or of which a digest was made. */
static const char *const run_follows[] = {"/content_sha256",
                                          "/inputs/*/sha256",
                                          "/inputs/*/guesses/*/value",
                                          "/inputs/*/guesses/*/why",
                                          "/metrics/*/rejects/*/text",
                                          "/warnings/*",
                                          NULL};
static const char *const of_reference[] = {"/config/mode", "/facts/differs/*/baseline",
                                           "/facts/differs/*/run", NULL};
static const char *const reference_follows[] = {"/facts/warning", NULL};
static const char *const decision_follows[] = {"/run/build_id",
                                               "/run/context/*",
                                               "/run/git_sha",
                                               "/run/source_system",
                                               "/run/subsystem",
                                               "/run/test_name",
                                               "/reference/differs/*/baseline",
                                               "/reference/differs/*/run",
                                               "/reference/warning",
                                               "/findings/*/text",
                                               "/reason",
                                               "/what_to_do",
                                               "/statistics/attributions/*/level",
                                               "/statistics/attributions/*/text",
                                               "/statistics/changes/*/text",
                                               "/statistics/changes/*/with",
                                               "/statistics/order/text",
                                               "/statistics/power_text",
                                               NULL};

static bool is_identity(const char *pointer)
{
    for (size_t m = 0; metas[m]; m++) {
        for (size_t i = 0; identity[i]; i++) {
            char pattern[96];
            size_t n = strlen(metas[m]);
            memcpy(pattern, metas[m], n);
            memcpy(pattern + n, identity[i], strlen(identity[i]) + 1);
            if (fits(pointer, pattern)) {
                return true;
            }
        }
    }
    return false;
}

bool hb_redaction_may_hide(const char *path, const char *pointer, hb_hide_action action)
{
    bool is_run = strcmp(path, HB_PACK_RUN) == 0 || strcmp(path, HB_PACK_BASELINE) == 0;
    bool is_reference = strcmp(path, HB_PACK_REFERENCE) == 0;
    if (action != HB_HIDE_FOLLOWS) {
        return ((is_run || is_reference) && is_identity(pointer)) ||
               (is_run && fits_any(pointer, files)) ||
               (is_reference && fits_any(pointer, of_reference));
    }
    return (is_run && fits_any(pointer, run_follows)) ||
           (is_reference && fits_any(pointer, reference_follows)) ||
           (strcmp(path, HB_PACK_DECISION) == 0 && fits_any(pointer, decision_follows));
}

static bool is_number(const char *p, size_t n)
{
    bool digits = n > 0;
    for (size_t i = 0; i < n; i++) {
        digits = digits && p[i] >= '0' && p[i] <= '9';
    }
    return digits;
}

bool hb_redaction_is_token(hb_str text, hb_hide_action action)
{
    enum { HASH = 16 };
    char last = text.n ? text.p[text.n - 1] : '\0';
    switch (action) {
    case HB_HIDE_REDACT:
        return hb_str_eq_c(text, "[REDACTED]") ||
               (hb_str_starts(text, "[REDACTED ") && last == ']' &&
                is_number(text.p + 10, text.n - 11));
    case HB_HIDE_HASH:
        return hb_str_starts(text, "[HASH ") && text.n == 6 + HASH + 1 && last == ']' &&
               strspn(text.p + 6, "0123456789abcdef") == HASH;
    case HB_HIDE_TRUNCATE: {
        size_t n = text.n;
        if (last == ')') {
            while (n && text.p[n - 1] != '(') {
                n--;
            }
            if (n == 0 || !is_number(text.p + n, text.n - n - 1)) {
                return false;
            }
            n--;
        }
        return n >= 3 && memcmp(text.p + n - 3, "...", 3) == 0;
    }
    case HB_HIDE_FOLLOWS:
        return true;
    case HB_HIDE_COUNT_:
        break;
    }
    return false;
}

/* --- a document --- */

static hb_status check_hidden(const hb_opened *o, const hb_hidden *h, const char *pointer,
                              hb_str text, hb_error *err)
{
    if (strcmp(h->pointer, pointer) != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s': hidden text %zu is '%.200s', listed as '%.200s'",
                       o->path, h->index, pointer, h->pointer);
    }
    if (!hb_redaction_may_hide(o->path, pointer, h->action)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s': '%.200s' cannot be hidden", o->path, pointer);
    }
    return hb_redaction_is_token(text, h->action)
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "'%s': '%.200s' is listed as hidden, and something stands there that "
                         "does not say so",
                         o->path, pointer);
}

static hb_status look_at_hidden(const hb_opened *o, hb_str text, hb_buf *pointer, hb_buf *plain,
                                hb_error *err)
{
    hb_leaves w;
    hb_leaf leaf;
    size_t next = 0;
    hb_leaves_init(&w, text);
    while (next < o->n_hidden && hb_leaves_next(&w, &leaf)) {
        if (leaf.index != o->hidden[next].index) {
            continue;
        }
        hb_buf_clear(pointer);
        hb_buf_clear(plain);
        hb_leaves_pointer(&w, pointer);
        hb_leaf_text(&leaf, plain);
        hb_buf_ch(pointer, '\0');
        hb_buf_ch(plain, '\0');
        HB_TRY(hb_buf_check(pointer, err));
        HB_TRY(hb_buf_check(plain, err));
        HB_TRY(
            check_hidden(o, &o->hidden[next++], pointer->p, (hb_str){plain->p, plain->n - 1}, err));
    }
    return next == o->n_hidden
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE, "'%s' has no text %zu that is listed as hidden",
                         o->path, o->hidden[next].index);
}

hb_status hb_redaction_check_document(hb_committer *by, const hb_commitment *is, const hb_opened *o,
                                      hb_str text, hb_error *err)
{
    hb_buf pointer;
    hb_buf plain;
    hb_buf_init(&pointer, 1 << 20);
    hb_buf_init(&plain, HB_COMMITTED_TEXT_MAX);
    hb_status status = look_at_hidden(o, text, &pointer, &plain, err);
    hb_buf_release(&pointer);
    hb_buf_release(&plain);
    return status == HB_OK ? hb_commitment_check(by, is, text, o, err) : status;
}

/* --- the other files --- */

bool hb_redaction_may_replace(hb_str top, const hb_str *rest)
{
    if (hb_str_eq_c(top, "raw/") || !rest) {
        return hb_str_eq_c(top, "raw/");
    }
    return (hb_str_eq_c(top, "baseline/") && hb_str_starts(*rest, "runs/")) ||
           hb_str_eq_c(top, "log/") || hb_str_eq_c(top, "report/") ||
           (hb_str_eq_c(top, "keys/") && hb_str_eq_c(*rest, "chain.pem"));
}

/* What redaction adds or makes anew. */
static bool is_of_redaction(const char *path)
{
    return hb_is_committed_document(path) || strcmp(path, HB_PACK_REDACTION) == 0 ||
           strcmp(path, HB_PACK_COMMITMENTS) == 0 ||
           strcmp(path, "report/drift_report.html") == 0 ||
           strcmp(path, "report/drift_report.json") == 0 || strcmp(path, "raw/reading.json") == 0 ||
           (strncmp(path, "keys/", 5) == 0 && strcmp(path, HB_PACK_CHAIN) != 0);
}

/* The manifest's files ascend by path. */
static const hb_pack_file *listed(const hb_manifest *m, hb_str top, hb_str rest)
{
    char path[HB_PACK_PATH_BYTES + 1];
    size_t from = 0;
    size_t to = m->n_files;
    if (top.n + rest.n > HB_PACK_PATH_BYTES) {
        return NULL;
    }
    memcpy(path, top.p, top.n);
    memcpy(path + top.n, rest.p, rest.n);
    path[top.n + rest.n] = '\0';
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strcmp(m->files[middle].path, path);
        if (order == 0) {
            return &m->files[middle];
        }
        from = order < 0 ? middle + 1 : from;
        to = order < 0 ? to : middle;
    }
    return NULL;
}

static bool is_hidden(const hb_opened *o, size_t index)
{
    size_t from = 0;
    size_t to = o->n_hidden;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (o->hidden[middle].index == index) {
            return true;
        }
        bool later = o->hidden[middle].index < index;
        from = later ? middle + 1 : from;
        to = later ? to : middle;
    }
    return false;
}

/* part[0] the folder, part[1] the rest, part[2] the digest. */
static hb_status check_file(const hb_opened *o, const hb_leaf part[HB_COMMITTED_PARTS],
                            const hb_manifest *now, size_t *io_kept, hb_error *err)
{
    hb_str top = part[0].raw;
    hb_str rest = part[1].raw;
    bool no_name = is_hidden(o, part[1].index);
    if (is_hidden(o, part[0].index)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s': of file %zu not even the folder is shown",
                       HB_PACK_REDACTION, part[0].index / HB_COMMITTED_PARTS);
    }
    if (no_name || is_hidden(o, part[2].index)) {
        return hb_redaction_may_replace(top, no_name ? NULL : &rest)
                   ? HB_OK
                   : HB_FAIL(err, HB_E_EVIDENCE, "'%.*s%.*s' cannot have been taken out",
                             (int)top.n, top.p, no_name ? 0 : (int)rest.n, rest.p);
    }
    const hb_pack_file *is = listed(now, top, rest);
    if (!is || !hb_str_eq_c(part[2].raw, is->sha256)) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%.*s%.*s' %s", (int)top.n, top.p, (int)rest.n, rest.p,
                       is ? "is not the file of the original"
                          : "of the original is missing and not listed");
    }
    *io_kept += !is_of_redaction(is->path);
    return HB_OK;
}

/* One that the list does not have; there is one. */
static hb_status name_new(hb_str text, const hb_manifest *now, hb_error *err)
{
    for (size_t i = 0; i < now->n_files; i++) {
        const char *path = now->files[i].path;
        const char *slash = strchr(path, '/');
        const char *rest = slash ? slash + 1 : path;
        char part[HB_PACK_PATH_BYTES + HB_DIGEST_HEX + 16];
        int n = snprintf(part, sizeof part, "\"%.*s\",\"%s\",\"%s\"", (int)(rest - path), path,
                         rest, now->files[i].sha256);
        if (!is_of_redaction(path) && !memmem(text.p, text.n, part, (size_t)n)) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%s' is not of the original", path);
        }
    }
    return HB_FAIL(err, HB_E_EVIDENCE, "a file is here that is not of the original");
}

/* The list's own pointers have one spelling too. */
static hb_status check_places(const hb_opened *o, hb_error *err)
{
    for (size_t i = 0; i < o->n_hidden; i++) {
        char due[32];
        snprintf(due, sizeof due, "/%zu", o->hidden[i].index);
        if (o->hidden[i].action != HB_HIDE_FOLLOWS || strcmp(due, o->hidden[i].pointer) != 0) {
            return HB_FAIL(err, HB_E_EVIDENCE, "'%s': hidden text %zu of '%s' is listed as '%.80s'",
                           HB_PACK_REDACTION, o->hidden[i].index, o->path, o->hidden[i].pointer);
        }
    }
    return HB_OK;
}

hb_status hb_redaction_check_files(hb_committer *by, const hb_commitment *is, const hb_opened *o,
                                   hb_str text, const hb_manifest *now, hb_error *err)
{
    hb_leaves w;
    hb_leaf part[HB_COMMITTED_PARTS];
    size_t kept = 0;
    size_t due = 0;
    HB_TRY(check_places(o, err));
    HB_TRY(hb_commitment_check(by, is, text, o, err));
    hb_leaves_init(&w, text);
    while (hb_leaves_next(&w, &part[w.n % HB_COMMITTED_PARTS])) {
        if (w.n % HB_COMMITTED_PARTS == 0) {
            HB_TRY(check_file(o, part, now, &kept, err));
        }
    }
    if (w.bad || w.n % HB_COMMITTED_PARTS != 0) {
        return HB_FAIL(err, HB_E_EVIDENCE, "'%s': 'files' is no list of files", HB_PACK_REDACTION);
    }
    for (size_t i = 0; i < now->n_files; i++) {
        due += !is_of_redaction(now->files[i].path);
    }
    return kept == due ? HB_OK : name_new(text, now, err);
}
