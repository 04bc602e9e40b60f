/* SPDX-License-Identifier: Apache-2.0 */
#include "input/json/shape.h"

#include <stdbool.h>
#include <stdint.h>

/* {"a": [1, 2], "b": [3, 4]}: columns of equal length. */
static bool is_columnar(json_t *v)
{
    size_t n = SIZE_MAX;
    const char *key = NULL;
    json_t *child = NULL;
    json_object_foreach(v, key, child)
    {
        if (!json_is_array(child) || (n != SIZE_MAX && json_array_size(child) != n)) {
            return false;
        }
        n = json_array_size(child);
    }
    return n != SIZE_MAX && n > 0;
}

static json_t *all_or_nothing(json_t *rows, bool failed)
{
    if (failed) {
        json_decref(rows);
        return NULL;
    }
    return rows;
}

static json_t *rows_of_columns(json_t *v)
{
    json_t *rows = json_array();
    bool failed = !rows;
    const char *key = NULL;
    json_t *column = NULL;
    json_object_foreach(v, key, column)
    {
        size_t i = 0;
        json_t *cell = NULL;
        json_array_foreach(column, i, cell)
        {
            if (i >= json_array_size(rows)) {
                failed |= json_array_append_new(rows, json_object()) != 0;
            }
            failed |= json_object_set(json_array_get(rows, i), key, cell) != 0;
        }
    }
    return all_or_nothing(rows, failed);
}

/* {"latency": 3, "resets": {"value": 0, "unit": "count"}}: names to values. */
static bool is_metric_map(json_t *v)
{
    const char *key = NULL;
    json_t *child = NULL;
    json_object_foreach(v, key, child)
    {
        if (!json_is_number(child) && !json_is_null(child) && !json_object_get(child, "value")) {
            return false;
        }
    }
    return json_object_size(v) > 0;
}

static json_t *rows_of_map(json_t *v)
{
    json_t *rows = json_array();
    bool failed = !rows;
    const char *key = NULL;
    json_t *child = NULL;
    json_object_foreach(v, key, child)
    {
        json_t *row = json_is_object(child) ? json_copy(child) : json_pack("{s:O}", "value", child);
        failed |= json_object_set_new(row, "metric", json_string(key)) != 0;
        failed |= json_array_append_new(rows, row) != 0;
    }
    return all_or_nothing(rows, failed);
}

json_t *hb_json_records(json_t *v, const char **ret_shape)
{
    json_t *metrics = json_object_get(v, "metrics");
    json_t *inner = json_is_object(metrics) || json_is_array(metrics) ? metrics : v;
    json_t *rows = NULL;
    if (json_is_array(inner)) {
        *ret_shape = "list below \"metrics\"";
        rows = json_incref(inner);
    } else if (json_object_size(inner) == 0) {
        *ret_shape = "nothing";
        rows = json_array();
    } else if (is_columnar(inner)) {
        *ret_shape = "columns of equal length";
        rows = rows_of_columns(inner);
    } else if (is_metric_map(inner)) {
        *ret_shape = "metric names with their values";
        rows = rows_of_map(inner);
    } else {
        *ret_shape = "one record";
        rows = json_pack("[O]", inner);
    }
    json_decref(v);
    return rows;
}
