/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/run_builder_internal.h"

#include "base/mem.h"
#include "telemetry/metric_unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_FILES = 10000, MAX_WARNINGS = 1000, MAX_GUESSES = 64, MAX_REASONS = 64 };

hb_status hb_builder_text(hb_run_builder *b, hb_str raw, size_t max, const char **ret,
                          hb_error *err)
{
    return hb_shown_text(&b->run->arena, raw, max, ret, err);
}

const char *hb_builder_path(const hb_run_builder *b)
{
    return b->n_files ? b->files[b->n_files - 1].f.path : "input";
}

hb_status hb_run_builder_file(hb_run_builder *b, const char *path, const char *format,
                              const char *layout, hb_error *err)
{
    HB_TRY(HB_GROW(b->files, b->cap_files, b->n_files + 1, MAX_FILES, "input files", err));
    const char *slash = strrchr(path, '/');
    hb_input_file f = {.format = format, .layout = layout};
    HB_TRY(hb_builder_text(b, hb_str_of(path), 4096, &f.path, err));
    HB_TRY(hb_builder_text(b, hb_str_of(slash ? slash + 1 : path), 4096, &f.name, err));
    b->files[b->n_files++] = (file_state){.f = f};
    return HB_OK;
}

bool hb_run_builder_has_file(const hb_run_builder *b, const char *path)
{
    for (size_t i = 0; i < b->n_files; i++) {
        if (strcmp(b->files[i].f.path, path) == 0) {
            return true;
        }
    }
    return false;
}

hb_status hb_run_builder_guess(hb_run_builder *b, const char *what, const char *value,
                               const char *why, hb_error *err)
{
    file_state *f = &b->files[b->n_files - 1];
    HB_TRY(HB_GROW(f->f.guesses, f->cap_guesses, f->f.n_guesses + 1, MAX_GUESSES, "guesses", err));
    hb_guess g = {0};
    HB_TRY(hb_builder_text(b, hb_str_of(what), 64, &g.what, err));
    HB_TRY(hb_builder_text(b, hb_str_of(value), 200, &g.value, err));
    HB_TRY(hb_builder_text(b, hb_str_of(why), 300, &g.why, err));
    f->f.guesses[f->f.n_guesses++] = g;
    return HB_OK;
}

hb_status hb_run_builder_warn(hb_run_builder *b, const char *sentence, hb_error *err)
{
    size_t n = b->run->n_warnings;
    if (n == MAX_WARNINGS) {
        return HB_OK; /* the last place says that there were more */
    }
    HB_TRY(HB_GROW(b->warnings, b->cap_warnings, n + 1, MAX_WARNINGS, "warnings", err));
    if (n + 1 == MAX_WARNINGS) {
        sentence = "more warnings followed and were not kept";
    }
    HB_TRY(hb_builder_text(b, hb_str_of(sentence), 500, &b->warnings[n], err));
    b->run->n_warnings = n + 1;
    return HB_OK;
}

void hb_run_builder_file_totals(hb_run_builder *b, uint64_t bytes, uint64_t rows,
                                const char sha256[65])
{
    hb_input_file *f = &b->files[b->n_files - 1].f;
    f->bytes = bytes;
    f->rows = rows;
    memcpy(f->sha256, sha256, 65);
}

__attribute__((format(printf, 3, 4))) hb_status hb_builder_warn(hb_run_builder *b, hb_error *err,
                                                                const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return n < 0 ? HB_OK : hb_run_builder_warn(b, text, err);
}

hb_status hb_builder_count(hb_run_builder *b, const char *reason, uint64_t n, hb_error *err)
{
    file_state *f = &b->files[b->n_files - 1];
    for (size_t i = 0; i < f->f.n_rejects; i++) {
        if (strcmp(f->f.rejects[i].reason, reason) == 0) {
            f->f.rejects[i].n += n;
            return HB_OK;
        }
    }
    HB_TRY(HB_GROW(f->f.rejects, f->cap_rejects, f->f.n_rejects + 1, MAX_REASONS, "reject reasons",
                   err));
    hb_reject_count c = {.n = n};
    HB_TRY(hb_builder_text(b, hb_str_of(reason), 100, &c.reason, err));
    f->f.rejects[f->f.n_rejects++] = c;
    return HB_OK;
}

hb_status hb_run_builder_reject_row(hb_run_builder *b, const char *reason, uint64_t n,
                                    hb_error *err)
{
    return hb_builder_count(b, reason, n, err);
}

static hb_status copy_list(hb_run_builder *b, const void *from, size_t n, size_t size, void *ret,
                           hb_error *err)
{
    void *to = hb_arena_array(&b->run->arena, n ? n : 1, size);
    if (!to) {
        return HB_NOMEM(err);
    }
    if (n) {
        memcpy(to, from, n * size);
    }
    memcpy(ret, &to, sizeof to);
    return HB_OK;
}

hb_status hb_builder_finish_files(hb_run_builder *b, hb_error *err)
{
    hb_run *run = b->run;
    run->inputs = hb_arena_array(&run->arena, b->n_files + 1, sizeof *run->inputs);
    if (!run->inputs) {
        return HB_NOMEM(err);
    }
    for (size_t i = 0; i < b->n_files; i++) {
        hb_input_file f = b->files[i].f;
        HB_TRY(copy_list(b, f.guesses, f.n_guesses, sizeof *f.guesses, &f.guesses, err));
        HB_TRY(copy_list(b, f.rejects, f.n_rejects, sizeof *f.rejects, &f.rejects, err));
        run->inputs[i] = f;
    }
    run->n_inputs = b->n_files;
    return copy_list(b, b->warnings, run->n_warnings, sizeof *b->warnings, &run->warnings, err);
}

hb_units *hb_run_builder_units(const hb_run_builder *b)
{
    return b->units;
}
