/* SPDX-License-Identifier: Apache-2.0 */
/* Change points of real series that five people each marked (Turing Change Point Dataset, van den
 * Burg, Williams 2020), by their F1 with a margin of 5: precision against all marks together,
 * recall averaged over the people, and the first place counted as a mark by everybody. Prints the
 * table of docs/verdict-quality.md. Skipped where HB_DATA has no tcpd. */
#include "support/check.h"

#include "stats/change_point.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { SERIES_MOST = 40, MARKS_MOST = 1000, MARGIN = 5, VALUES_MOST = 2000 };

#define LEVEL 0.01

typedef struct marks {
    size_t at[MARKS_MOST];
    size_t n;
} marks;

static void add(marks *m, size_t at)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->at[i] == at) {
            return;
        }
    }
    assert_true(m->n < MARKS_MOST);
    m->at[m->n++] = at;
}

/* Marks of `truth` that have one of `found` within the margin, each of `found` used once. */
static size_t hits(const marks *truth, const marks *found)
{
    bool used[MARKS_MOST] = {false};
    size_t n = 0;
    for (size_t i = 0; i < truth->n; i++) {
        for (size_t k = 0; k < found->n; k++) {
            size_t a = truth->at[i];
            size_t b = found->at[k];
            if (!used[k] && (a > b ? a - b : b - a) <= MARGIN) {
                used[k] = true;
                n++;
                break;
            }
        }
    }
    return n;
}

static double f1(json_t *people, const marks *found)
{
    marks all = {.n = 0};
    double recall = 0;
    const char *who = NULL;
    json_t *list = NULL;
    add(&all, 0);
    json_object_foreach(people, who, list)
    {
        marks one = {.n = 0};
        add(&one, 0);
        for (size_t i = 0; i < json_array_size(list); i++) {
            size_t at = (size_t)json_integer_value(json_array_get(list, i));
            add(&one, at);
            add(&all, at);
        }
        recall += (double)hits(&one, found) / (double)one.n;
    }
    recall /= (double)json_object_size(people);
    double precision = (double)hits(&all, found) / (double)found->n;
    return 2 * precision * recall / (precision + recall);
}

static marks ours(const double *v, size_t n, size_t *ret_ramps)
{
    static hb_change_part parts[VALUES_MOST];
    marks m = {.n = 0};
    size_t n_parts = 0;
    CHECK_OK(hb_change_segments(v, n, LEVEL, 1, parts, &n_parts, &err));
    add(&m, 0);
    *ret_ramps = 0;
    for (size_t i = 0; i < n_parts; i++) {
        if (parts[i].shape.ramp) {
            ++*ret_ramps;
        } else {
            add(&m, parts[i].change.at);
        }
    }
    return m;
}

static json_t *load(const char *folder, const char *name)
{
    char path[600];
    json_error_t error;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    json_t *j = json_load_file(path, 0, &error);
    if (!j) {
        fail_msg("%s: %s", path, error.text);
    }
    return j;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static double judge(const char *folder, const char *file, json_t *annotations, double *io_never,
                    double *io_always)
{
    char name[300];
    static double v[VALUES_MOST];
    snprintf(name, sizeof name, "series/%s", file);
    json_t *j = load(folder, name);
    const char *title = json_string_value(json_object_get(j, "name"));
    json_t *raw = json_object_get(json_array_get(json_object_get(j, "series"), 0), "raw");
    json_t *people = json_object_get(annotations, title);
    size_t n = json_array_size(raw);
    assert_true(people && n > HB_CHANGE_MIN && n < VALUES_MOST);
    marks never = {.n = 0};
    marks always = {.n = 0};
    size_t ramps = 0;
    add(&never, 0);
    for (size_t i = 0; i < n; i++) {
        v[i] = json_number_value(json_array_get(raw, i));
        if (n <= MARKS_MOST) {
            add(&always, i);
        }
    }
    marks found = ours(v, n, &ramps);
    double score = f1(people, &found);
    *io_never += f1(people, &never);
    *io_always += f1(people, &always);
    printf("| %s | %zu | %zu | %zu | %.3f | %.3f | %.3f |\n", title, n, found.n - 1, ramps, score,
           f1(people, &never), f1(people, &always));
    json_decref(j);
    return score;
}

static void tcpd__is_not_worse_than_saying_nothing(void **state)
{
    (void)state;
    const char *folder = data_path("tcpd");
    if (!folder) {
        skip();
    }
    char kept[500];
    char series[600];
    char *files[SERIES_MOST];
    size_t n = 0;
    snprintf(kept, sizeof kept, "%s", folder);
    snprintf(series, sizeof series, "%s/series", kept);
    DIR *dir = opendir(series);
    assert_non_null(dir);
    for (struct dirent *e = readdir(dir); e && n < SERIES_MOST; e = readdir(dir)) {
        if (strstr(e->d_name, ".json")) {
            files[n++] = hb_strdup(e->d_name);
        }
    }
    closedir(dir);
    qsort(files, n, sizeof *files, by_name);
    json_t *annotations = load(kept, "annotations.json");
    double sum = 0;
    double never = 0;
    double always = 0;
    printf("| series | values | changes | ramps | F1 | never | always "
           "|\n|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        sum += judge(kept, files[i], annotations, &never, &always);
        hb_free(files[i]);
    }
    double size = (double)n;
    printf("| mean of %zu | | | | %.3f | %.3f | %.3f |\n", n, sum / size, never / size,
           always / size);
    json_decref(annotations);
    assert_true(n >= 10 && sum / size >= never / size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcpd__is_not_worse_than_saying_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
