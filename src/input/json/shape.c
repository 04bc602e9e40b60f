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

/* A list with nothing but objects, or nothing but lists of one length. */
static bool is_list_of_records(json_t *v)
{
    json_t *first = json_array_get(v, 0);
    size_t i = 0;
    json_t *child = NULL;
    json_array_foreach(v, i, child)
    {
        bool list = json_is_array(child) && json_is_array(first) && json_array_size(child) > 0 &&
                    json_array_size(child) == json_array_size(first);
        if (!(json_is_object(child) && json_is_object(first)) && !list) {
            return false;
        }
    }
    return json_array_size(v) > 1;
}

/* {"rig": "A", "data": [{…}, {…}]}: the one list of records among what describes it, at most
 * `levels` objects down. NULL = none, or several that could be meant. */
static json_t *inner_list(json_t *v, int levels)
{
    json_t *found = NULL;
    size_t n = 0;
    const char *key = NULL;
    json_t *child = NULL;
    json_object_foreach(v, key, child)
    {
        json_t *list = is_list_of_records(child)             ? child
                       : levels > 1 && json_is_object(child) ? inner_list(child, levels - 1)
                                                             : NULL;
        found = list ? list : found;
        n += list != NULL;
    }
    return n == 1 ? found : NULL;
}

/* {"columns": ["t", "u"], "data": [[0, 1], [1, 2]]}: the list of names, one for each field of the
 * rows. */
static json_t *names_beside(json_t *v, json_t *rows)
{
    json_t *found = NULL;
    size_t width = json_array_size(json_array_get(rows, 0));
    const char *key = NULL;
    json_t *child = NULL;
    json_object_foreach(v, key, child)
    {
        bool names = width > 0 && child != rows && json_array_size(child) == width;
        for (size_t i = 0; names && i < width; i++) {
            names = json_string_length(json_array_get(child, i)) > 0;
        }
        if (names && !found) {
            found = child;
        }
    }
    return found;
}

/* {"rig": "A", "t": [0, 1, 2, 3], "u": [5, 6, 7, 8]}: lists of single values, of one length, among
 * what describes them. Short ones may be vectors. A new reference; NULL = it has none. */
static json_t *lists_of(json_t *v)
{
    enum { LEAST = 4 };
    json_t *lists = json_object();
    size_t n = 0;
    const char *key = NULL;
    json_t *child = NULL;
    json_object_foreach(v, key, child)
    {
        bool nested =
            json_is_array(json_array_get(child, 0)) || json_is_object(json_array_get(child, 0));
        if (!json_is_array(child)) {
            continue;
        }
        if (nested || json_array_size(child) < LEAST || (n && json_array_size(child) != n)) {
            json_decref(lists);
            return NULL;
        }
        n = json_array_size(child);
        if (lists && json_object_set(lists, key, child) != 0) {
            json_decref(lists);
            lists = NULL;
        }
    }
    if (json_object_size(lists) < 2) {
        json_decref(lists);
        return NULL;
    }
    return lists;
}

/* The lists of v itself, or of the one object in it that has such. A new reference or NULL. */
static json_t *inner_columns(json_t *v)
{
    json_t *found = lists_of(v);
    const char *key = NULL;
    json_t *child = NULL;
    json_object_foreach(v, key, child)
    {
        json_t *lists = json_is_object(child) ? lists_of(child) : NULL;
        if (lists && found) {
            json_decref(lists);
            json_decref(found);
            return NULL;
        }
        found = lists ? lists : found;
    }
    return found;
}

static json_t *rows_with_names(json_t *lists, json_t *names)
{
    json_t *rows = json_array();
    bool failed = !rows;
    size_t i = 0;
    json_t *list = NULL;
    json_array_foreach(lists, i, list)
    {
        json_t *row = json_object();
        size_t k = 0;
        json_t *cell = NULL;
        json_array_foreach(list, k, cell)
        {
            failed |= json_object_set(row, json_string_value(json_array_get(names, k)), cell) != 0;
        }
        failed |= json_array_append_new(rows, row) != 0;
    }
    return all_or_nothing(rows, failed);
}

json_t *hb_json_records(json_t *v, const char **ret_shape)
{
    json_t *metrics = json_object_get(v, "metrics");
    json_t *inner = json_is_object(metrics) || json_is_array(metrics) ? metrics : v;
    json_t *list = inner == v && !is_columnar(v) ? inner_list(v, 2) : NULL;
    json_t *columns = inner == v && !list && !is_columnar(v) ? inner_columns(v) : NULL;
    json_t *names = list ? names_beside(v, list) : NULL;
    json_t *rows = NULL;
    if (json_is_array(inner)) {
        *ret_shape = "list below \"metrics\"";
        rows = json_incref(inner);
    } else if (names) {
        *ret_shape = "list of rows with the list of their names";
        rows = rows_with_names(list, names);
    } else if (list) {
        *ret_shape = "the one list of records in it";
        rows = json_incref(list);
    } else if (columns) {
        *ret_shape = "columns of equal length";
        rows = rows_of_columns(columns);
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
    json_decref(columns);
    json_decref(v);
    return rows;
}
