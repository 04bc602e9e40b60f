/* SPDX-License-Identifier: Apache-2.0 */
/* A run into its tables, in one transaction. */
#include "base/buf.h"
#include "store/compress.h"
#include "store/sql.h"

#include <string.h>

/* The digest under which a run_id is registered; *ret_found = false when it is not. */
static hb_status registered_digest(hb_store *s, const char *run_id, char ret_digest[65],
                                   bool *ret_found, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "SELECT digest FROM runs WHERE run_id = ?", &q, err));
    hb_sql_text(&q, run_id);
    HB_TRY(hb_sql_row(&q, ret_found, err));
    if (*ret_found) {
        hb_str digest = hb_sql_get_blob(&q);
        size_t n = digest.n < 64 ? digest.n : 64;
        memcpy(ret_digest, digest.p, n);
        ret_digest[n] = '\0';
    }
    return HB_OK;
}

static hb_status insert_run(hb_store *s, const hb_run *run, hb_time created, int64_t *ret_id,
                            hb_error *err)
{
    const hb_run_meta *m = &run->meta;
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO runs(run_id, program, subsystem, test_name, operating_mode,"
                       " scenario_id, sensor_config_id, input_data_version,"
                       " environment_fingerprint, environment, git_sha, build_id, source_system,"
                       " schema_version, correlation_id, start_ns, end_ns, first_sample_ns,"
                       " last_sample_ns, created_ns, n_metrics, n_inputs, n_warnings, n_factors,"
                       " digest)"
                       " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                       &q, err));
    hb_sql_text(&q, m->run_id);
    hb_sql_text(&q, m->program);
    hb_sql_text(&q, m->subsystem);
    hb_sql_text(&q, m->test_name);
    for (size_t i = 0; i < HB_CONTEXT_COUNT; i++) {
        hb_sql_text(&q, m->context[i]);
    }
    hb_sql_text(&q, m->git_sha);
    hb_sql_text(&q, m->build_id);
    hb_sql_text(&q, m->source_system);
    hb_sql_text(&q, m->schema_version);
    hb_sql_text(&q, m->correlation_id);
    hb_sql_time(&q, m->start);
    hb_sql_time(&q, m->end);
    hb_sql_time(&q, run->t_first);
    hb_sql_time(&q, run->t_last);
    hb_sql_i64(&q, created);
    hb_sql_u64(&q, run->n_metrics);
    hb_sql_u64(&q, run->n_inputs);
    hb_sql_u64(&q, run->n_warnings);
    hb_sql_u64(&q, m->n_factors);
    hb_sql_text(&q, run->digest);
    HB_TRY(hb_sql_exec(&q, err));
    *ret_id = sqlite3_last_insert_rowid(s->db);
    return HB_OK;
}

static hb_status insert_factors(hb_store *s, const hb_run *run, int64_t id, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "INSERT INTO run_factors(run, name, value) VALUES (?,?,?)", &q, err));
    for (size_t i = 0; i < run->meta.n_factors; i++) {
        hb_sql_i64(&q, id);
        hb_sql_text(&q, run->meta.factors[i].name);
        hb_sql_text(&q, run->meta.factors[i].value);
        HB_TRY(hb_sql_exec(&q, err));
    }
    return HB_OK;
}

static hb_status insert_warnings(hb_store *s, const hb_run *run, int64_t id, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s, "INSERT INTO run_warnings(run, pos, text) VALUES (?,?,?)", &q, err));
    for (size_t i = 0; i < run->n_warnings; i++) {
        hb_sql_i64(&q, id);
        hb_sql_u64(&q, i);
        hb_sql_text(&q, run->warnings[i]);
        HB_TRY(hb_sql_exec(&q, err));
    }
    return HB_OK;
}

static hb_status insert_guesses(hb_store *s, const hb_input_file *file, int64_t id, size_t input,
                                hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO run_input_guesses(run, input, pos, what, value, why)"
                       " VALUES (?,?,?,?,?,?)",
                       &q, err));
    for (size_t i = 0; i < file->n_guesses; i++) {
        hb_sql_i64(&q, id);
        hb_sql_u64(&q, input);
        hb_sql_u64(&q, i);
        hb_sql_text(&q, file->guesses[i].what);
        hb_sql_text(&q, file->guesses[i].value);
        hb_sql_text(&q, file->guesses[i].why);
        HB_TRY(hb_sql_exec(&q, err));
    }
    return HB_OK;
}

static hb_status insert_reject_counts(hb_store *s, const hb_input_file *file, int64_t id,
                                      size_t input, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO run_input_rejects(run, input, pos, reason, n)"
                       " VALUES (?,?,?,?,?)",
                       &q, err));
    for (size_t i = 0; i < file->n_rejects; i++) {
        hb_sql_i64(&q, id);
        hb_sql_u64(&q, input);
        hb_sql_u64(&q, i);
        hb_sql_text(&q, file->rejects[i].reason);
        hb_sql_u64(&q, file->rejects[i].n);
        HB_TRY(hb_sql_exec(&q, err));
    }
    return HB_OK;
}

static hb_status insert_inputs(hb_store *s, const hb_run *run, int64_t id, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO run_inputs(run, pos, path, name, sha256, bytes, format, layout,"
                       " n_rows, n_guesses, n_rejects) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                       &q, err));
    for (size_t i = 0; i < run->n_inputs; i++) {
        const hb_input_file *f = &run->inputs[i];
        hb_sql_i64(&q, id);
        hb_sql_u64(&q, i);
        hb_sql_text(&q, f->path);
        hb_sql_text(&q, f->name);
        hb_sql_text(&q, f->sha256);
        hb_sql_u64(&q, f->bytes);
        hb_sql_text(&q, f->format);
        hb_sql_text(&q, f->layout);
        hb_sql_u64(&q, f->rows);
        hb_sql_u64(&q, f->n_guesses);
        hb_sql_u64(&q, f->n_rejects);
        HB_TRY(hb_sql_exec(&q, err));
        HB_TRY(insert_guesses(s, f, id, i, err));
        HB_TRY(insert_reject_counts(s, f, id, i, err));
    }
    return HB_OK;
}

/* In the order of the columns; run_read.c reads them back in the same. */
static void bind_profile(hb_sql *q, const hb_profile *p)
{
    const hb_moments *m = &p->moments;
    hb_sql_u64(q, m->n);
    hb_sql_u64(q, p->n_missing);
    hb_sql_u64(q, p->n_nan);
    hb_sql_u64(q, p->n_inf);
    hb_sql_u64(q, p->n_rejected);
    const double figures[] = {m->mean, m->mean_low, m->m2,     m->min,   m->max,  m->first,
                              m->last, m->shift,    m->lag_xy, m->lag_x, m->lag_y};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        hb_sql_f64(q, figures[i]);
    }
    hb_sql_time(q, p->t_first);
    hb_sql_time(q, p->t_last);
    hb_sql_u64(q, p->persist_n);
    hb_sql_u64(q, p->persist_known);
    hb_sql_f64(q, p->sustained_high);
    hb_sql_f64(q, p->sustained_low);
    hb_sql_u64(q, p->sustained_high_at);
    hb_sql_u64(q, p->sustained_low_at);
}

static void bind_metric(hb_sql *q, const hb_metric *m, int64_t id)
{
    hb_sql_i64(q, id);
    hb_sql_text(q, m->name);
    hb_sql_text(q, m->raw_name);
    hb_sql_text(q, m->unit);
    hb_sql_text(q, m->raw_unit);
    hb_sql_u64(q, m->declared);
    hb_sql_u64(q, m->stated);
    hb_sql_text(q, hb_reduce_name(m->reduce));
    hb_sql_u64(q, m->has_value);
    hb_sql_f64(q, m->value);
    hb_sql_u64(q, m->flags);
    bind_profile(q, &m->profile);
    hb_sql_u64(q, m->n_reject_examples);
    hb_sql_step(q, m->step);
}

typedef struct blobs {
    hb_compressor *packer;
    hb_buf plain;
    hb_buf sketch;
    hb_buf trace;
} blobs;

static hb_status blobs_init(blobs *b, hb_error *err)
{
    *b = (blobs){0};
    hb_buf_init(&b->plain, HB_COMPRESS_MAX_BYTES);
    hb_buf_init(&b->sketch, HB_COMPRESS_MAX_BYTES + 1);
    hb_buf_init(&b->trace, HB_COMPRESS_MAX_BYTES + 1);
    return hb_compressor_new(&b->packer, err);
}

static void blobs_release(blobs *b)
{
    hb_compressor_free(b->packer);
    hb_buf_release(&b->plain);
    hb_buf_release(&b->sketch);
    hb_buf_release(&b->trace);
}

static hb_status pack_blobs(blobs *b, const hb_profile *p, hb_error *err)
{
    if (p->sketch) {
        hb_buf_clear(&b->plain);
        HB_TRY(hb_sketch_store(p->sketch, &b->plain, err));
        HB_TRY(hb_buf_check(&b->plain, err));
        HB_TRY(hb_compress(b->packer, (hb_str){b->plain.p, b->plain.n}, &b->sketch, err));
    }
    if (p->trace.n) {
        hb_buf_clear(&b->plain);
        HB_TRY(hb_trace_store(&p->trace, &b->plain, err));
        HB_TRY(hb_buf_check(&b->plain, err));
        HB_TRY(hb_compress(b->packer, (hb_str){b->plain.p, b->plain.n}, &b->trace, err));
    }
    return HB_OK;
}

static hb_status insert_metric_rows(hb_sql *q, const hb_run *run, int64_t id, blobs *b,
                                    hb_error *err)
{
    for (size_t i = 0; i < run->n_metrics; i++) {
        const hb_metric *m = &run->metrics[i];
        HB_TRY(pack_blobs(b, &m->profile, err));
        bind_metric(q, m, id);
        hb_sql_blob(q, m->profile.sketch ? b->sketch.p : NULL, b->sketch.n);
        hb_sql_blob(q, m->profile.trace.n ? b->trace.p : NULL, b->trace.n);
        HB_TRY(hb_sql_exec(q, err));
    }
    return HB_OK;
}

static hb_status insert_metrics(hb_store *s, const hb_run *run, int64_t id, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO run_metrics(run, name, raw_name, unit, raw_unit, declared,"
                       " stated, reduce, has_value, value, flags, n, n_missing, n_nan, n_inf,"
                       " n_rejected, mean, mean_low, m2, min, max, first, last, shift, lag_xy,"
                       " lag_x, lag_y, first_ns, last_ns, persist_n, persist_known,"
                       " sustained_high, sustained_low, sustained_high_at, sustained_low_at,"
                       " n_reject_examples, step, sketch, trace) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,"
                       "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                       &q, err));
    blobs b;
    hb_status status = blobs_init(&b, err);
    if (status == HB_OK) {
        status = insert_metric_rows(&q, run, id, &b, err);
    }
    blobs_release(&b);
    return status;
}

static hb_status insert_reject_examples(hb_store *s, const hb_run *run, int64_t id, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT INTO run_metric_rejects(run, name, pos, text, reason, line)"
                       " VALUES (?,?,?,?,?,?)",
                       &q, err));
    for (size_t i = 0; i < run->n_metrics; i++) {
        const hb_metric *m = &run->metrics[i];
        for (size_t k = 0; k < m->n_reject_examples; k++) {
            hb_sql_i64(&q, id);
            hb_sql_text(&q, m->name);
            hb_sql_u64(&q, k);
            hb_sql_text(&q, m->rejects[k].text);
            hb_sql_text(&q, m->rejects[k].reason);
            hb_sql_u64(&q, m->rejects[k].line);
            HB_TRY(hb_sql_exec(&q, err));
        }
    }
    return HB_OK;
}

static hb_status add_run(hb_store *s, const hb_run *run, hb_time created, bool *ret_existed,
                         hb_error *err)
{
    char digest[65];
    int64_t id = 0;
    HB_TRY(registered_digest(s, run->meta.run_id, digest, ret_existed, err));
    if (*ret_existed && strcmp(digest, run->digest) == 0) {
        return HB_OK;
    }
    if (*ret_existed) {
        return HB_FAIL(err, HB_E_STORE,
                       "run '%s' is already registered with other content (digest %.12s…, this "
                       "one has %.12s…); give this run another run_id",
                       run->meta.run_id, digest, run->digest);
    }
    HB_TRY(insert_run(s, run, created, &id, err));
    HB_TRY(insert_factors(s, run, id, err));
    HB_TRY(insert_warnings(s, run, id, err));
    HB_TRY(insert_inputs(s, run, id, err));
    HB_TRY(insert_metrics(s, run, id, err));
    return insert_reject_examples(s, run, id, err);
}

static hb_status add_run_read(hb_store *s, const hb_run *run, hb_str reading, hb_time created,
                              bool *ret_existed, hb_error *err)
{
    HB_TRY(add_run(s, run, created, ret_existed, err));
    return reading.n ? hb_store_write_reading(s, run->meta.run_id, reading, err) : HB_OK;
}

hb_status hb_store_add_run_read(hb_store *s, const hb_run *run, hb_str reading, hb_time created,
                                bool *ret_existed, hb_error *err)
{
    bool existed = false;
    HB_TRY(hb_store_begin(s, err));
    HB_TRY(hb_store_end(s, add_run_read(s, run, reading, created, &existed, err), err));
    *ret_existed = existed;
    return HB_OK;
}

hb_status hb_store_add_run(hb_store *s, const hb_run *run, hb_time created, bool *ret_existed,
                           hb_error *err)
{
    return hb_store_add_run_read(s, run, HB_STR(""), created, ret_existed, err);
}
