/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/sketch_internal.h"

#include "base/mem.h"
#include "stats/sort.h"

#include <math.h>

static hb_status map_one(double v, double scale, double offset, double *ret, hb_error *err)
{
    double mapped = v * scale + offset;
    if (!isfinite(mapped)) {
        return HB_FAIL(err, HB_E_INPUT, "%g times %g plus %g is beyond the range of numbers", v,
                       scale, offset);
    }
    *ret = mapped + 0.0; /* -0 counts as 0 */
    return HB_OK;
}

static hb_status map_run(const hb_sketch *s, size_t h, double scale, double offset, hb_sketch *to,
                         hb_error *err)
{
    to->run[h] = hb_alloc_array(HB_SKETCH_RUN, sizeof *to->run[h]);
    if (!to->run[h]) {
        return HB_NOMEM(err);
    }
    hb_sketch_fence(to->run[h]);
    for (size_t i = 0; i < HB_SKETCH_HALF; i++) {
        /* Ascending before and after: a scale below 0 turns the order around. */
        size_t place = scale > 0 ? i : HB_SKETCH_HALF - 1 - i;
        double v = hb_order_preimage(hb_sketch_run(s, h)[i]);
        HB_TRY(map_one(v, scale, offset, &v, err));
        hb_sketch_run(to, h)[place] = hb_order_image(v);
    }
    return HB_OK;
}

static hb_status map_all(const hb_sketch *s, double scale, double offset, hb_sketch *to,
                         hb_error *err)
{
    size_t room = s->n_buffer ? s->n_buffer : 1;
    to->buffer = hb_alloc_array(room, sizeof *to->buffer);
    if (!to->buffer) {
        return HB_NOMEM(err);
    }
    to->cap_buffer = room;
    to->n_buffer = s->n_buffer;
    to->flushes = s->flushes;
    for (size_t i = 0; i < s->n_buffer; i++) {
        HB_TRY(map_one(s->buffer[i], scale, offset, &to->buffer[i], err));
    }
    for (size_t h = 1; h < HB_SKETCH_LEVELS; h++) {
        if (hb_sketch_holds(s, h)) {
            HB_TRY(map_run(s, h, scale, offset, to, err));
        }
    }
    return HB_OK;
}

hb_status hb_sketch_affine(const hb_sketch *s, double scale, double offset, hb_sketch **ret_sketch,
                           hb_error *err)
{
    hb_sketch *to = NULL;
    HB_TRY(hb_sketch_new(&to, err));
    hb_status status = map_all(s, scale, offset, to, err);
    if (status != HB_OK) {
        hb_sketch_free(to);
        return status;
    }
    hb_sketch_settle(to);
    *ret_sketch = to;
    return HB_OK;
}
