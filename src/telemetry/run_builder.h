/* SPDX-License-Identifier: Apache-2.0 */
/* From samples to a run: names, units, profiles.
 *
 * Readers (input/, source/) push what they read; the builder maps names by the registry, converts
 * to the canonical unit, counts what is not usable and fills the profiles.
 *
 *     hb_run_builder_new(registry, units, &b, err)
 *     per file:  hb_run_builder_file(b, &file, err)            once per input, as read so far
 *                hb_run_builder_channel(b, name, unit, line, col, &ch, err)
 *                hb_run_builder_add / _missing / _reject / _stated …
 *     hb_run_builder_finish(b, &meta, &run, err)
 *     hb_run_builder_free(b)
 *
 * A channel id stays valid until finish. Two raw names that mean one canonical metric in one file
 * are an error unless they are the same text. A unit that cannot be converted to a declared
 * metric's canonical unit is an error at file:line:col; on an undeclared metric it is kept as
 * written. Blocks: call _add once per block of rows per channel; the figures depend on block
 * borders only. */
#ifndef HB_TELEMETRY_RUN_BUILDER_H
#define HB_TELEMETRY_RUN_BUILDER_H

#include "telemetry/registry.h"
#include "telemetry/run.h"
#include "telemetry/units.h"

typedef struct hb_run_builder hb_run_builder;

enum { HB_RUN_MAX_METRICS = 1 << 20 };

/* registry and units are borrowed for the life of the builder. */
HB_CHECKED hb_status hb_run_builder_new(const hb_registry *registry, hb_units *units,
                                        hb_run_builder **ret_builder, hb_error *err);
void hb_run_builder_free(hb_run_builder *b);

/* Starts a file; its strings are copied. Later counts go to the latest file. */
HB_CHECKED hb_status hb_run_builder_file(hb_run_builder *b, const char *path, const char *format,
                                         const char *layout, hb_error *err);
HB_CHECKED hb_status hb_run_builder_guess(hb_run_builder *b, const char *what, const char *value,
                                          const char *why, hb_error *err);
HB_CHECKED hb_status hb_run_builder_warn(hb_run_builder *b, const char *sentence, hb_error *err);
/* Totals known at the end of the file. */
void hb_run_builder_file_totals(hb_run_builder *b, uint64_t bytes, uint64_t rows,
                                const char sha256[65]);

HB_CHECKED hb_status hb_run_builder_channel(hb_run_builder *b, hb_str raw_name, hb_str raw_unit,
                                            uint64_t line, uint64_t col, uint32_t *ret_channel,
                                            hb_error *err);
/* Undeclared metrics that `like` has too are converted to its units where that is possible, so that
 * two files without a registry can be compared in ms and µs. Borrowed until finish; NULL is fine.
 */
void hb_run_builder_units_like(hb_run_builder *b, const hb_run *like);
/* Of a run that was built without: might hb_run_builder_units_like(b, like) have made a difference?
 * Never false when it would have. */
bool hb_run_units_unlike(const hb_run *run, const hb_run *like, hb_units *units);
/* Does the registry declare a metric of this name? */
bool hb_run_builder_declared(const hb_run_builder *b, hb_str raw_name);
/* How a channel's samples become its value where the metric declares no `reduce` of its own. */
void hb_run_builder_default_reduce(hb_run_builder *b, hb_reduce how);
/* The same for one metric, by the name its channel was given; nothing without such a metric. */
void hb_run_builder_reduce(hb_run_builder *b, hb_str raw_name, hb_reduce how);

/* The metric a channel feeds, from 0. _add, _missing, _nan and _inf may be called from several
 * threads at once for channels of different metrics; everything else belongs to one thread. */
uint32_t hb_run_builder_metric(const hb_run_builder *b, uint32_t channel);
/* Finite samples in order; t may be NULL. */
HB_CHECKED hb_status hb_run_builder_add(hb_run_builder *b, uint32_t channel, const double *v,
                                        const hb_time *t, size_t n, hb_error *err);
/* The same; block: hb_moments_block of v where it is known already, or NULL. */
HB_CHECKED hb_status hb_run_builder_add_known(hb_run_builder *b, uint32_t channel, const double *v,
                                              const hb_time *t, size_t n, const hb_moments *block,
                                              hb_error *err);
/* A finished profile made elsewhere, in the metric's unit (that of its registry, or what the
 * channel was opened with), becomes the metric's; *take is empty afterwards. HB_E_BUG when the
 * metric has samples. */
HB_CHECKED hb_status hb_run_builder_profile(hb_run_builder *b, uint32_t channel, hb_profile *take,
                                            hb_error *err);
void hb_run_builder_missing(hb_run_builder *b, uint32_t channel, uint64_t n);
void hb_run_builder_nan(hb_run_builder *b, uint32_t channel, uint64_t n); /* also missing */
void hb_run_builder_inf(hb_run_builder *b, uint32_t channel, uint64_t n);
/* A cell that is neither number nor missing. Counted by reason; the first few texts are kept. */
HB_CHECKED hb_status hb_run_builder_reject(hb_run_builder *b, uint32_t channel, const char *reason,
                                           hb_str text, uint64_t line, hb_error *err);
/* n more such cells, when their texts are not needed any more. */
HB_CHECKED hb_status hb_run_builder_rejects(hb_run_builder *b, uint32_t channel, const char *reason,
                                            uint64_t n, hb_error *err);
/* Would the next rejected cell's text be kept? */
bool hb_run_builder_wants_text(const hb_run_builder *b, uint32_t channel);
/* A row or record that no channel could take. */
HB_CHECKED hb_status hb_run_builder_reject_row(hb_run_builder *b, const char *reason, uint64_t n,
                                               hb_error *err);
/* The metric's value as the file states it (metric table); NaN and inf are kept as not usable. */
HB_CHECKED hb_status hb_run_builder_stated(hb_run_builder *b, uint32_t channel, double value,
                                           hb_error *err);
/* After _stated, where the value's text is known: one more in its last digit, in the channel's unit
 * (resolution.h). Counts when it is finer than what the value's shortest form shows. */
void hb_run_builder_printed(hb_run_builder *b, uint32_t channel, double digit);

/* A metric that counts events (metric_def.h): n more of them; called once with 0 the metric has the
 * value 0. A value stated by another file as well is a duplicate. */
HB_CHECKED hb_status hb_run_builder_events(hb_run_builder *b, uint32_t channel, uint64_t n,
                                           hb_error *err);
/* An event that could not be read and may have counted for the channel; its row is counted by
 * _reject_row. */
HB_CHECKED hb_status hb_run_builder_uncounted(hb_run_builder *b, uint32_t channel,
                                              const char *reason, hb_str text, uint64_t line,
                                              hb_error *err);
/* n more cells of a column of texts: no metric of the run (HB_METRIC_TEXT), unless the baseline had
 * figures under this name. */
void hb_run_builder_text_cells(hb_run_builder *b, uint32_t channel, uint64_t n);
/* Was a file of this path begun before? */
bool hb_run_builder_has_file(const hb_run_builder *b, const char *path);
const hb_registry *hb_run_builder_registry(const hb_run_builder *b);
hb_units *hb_run_builder_units(const hb_run_builder *b);

/* Copies meta's strings, sorts, reduces, digests. The builder is empty afterwards. */
HB_CHECKED hb_status hb_run_builder_finish(hb_run_builder *b, const hb_run_meta *meta,
                                           hb_run **ret_run, hb_error *err);

#endif
