/* SPDX-License-Identifier: Apache-2.0 */
#include "input/hdf5/hdf5.h"

#include "input/hdf5/hdf5_internal.h"

#include <string.h>

enum { SIGNATURE_BYTES = 8, LOOK_BYTES = 1 << 16 };

/* The signature stands at 0, or after a block of the user's of 512, 1024, 2048 … bytes. */
bool hb_hdf5_recognise(hb_str head)
{
    static const char signature[] = "\x89HDF\r\n\x1a\n";
    for (size_t at = 0; at + SIGNATURE_BYTES <= head.n; at = at ? 2 * at : 512) {
        if (memcmp(head.p + at, signature, SIGNATURE_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

hb_status hb_hdf5_open(const hb_os *os, hb_stream *stream, const hb_remote_options *options,
                       hb_table **ret_table, hb_error *err)
{
    hb_str head;
    HB_TRY(hb_stream_peek(stream, LOOK_BYTES, &head, err));
    if (!hb_hdf5_recognise(head)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has no signature of an HDF5 file",
                       hb_stream_path(stream));
    }
    return hb_remote_open(os, stream, "hdf5", hb_hdf5_child.name, options, ret_table, err);
}

/* A group, or a dataset, of any depth. */
typedef struct group_source {
    haddr_t address;
} group_source;

static bool is_above(const hb_var *v, haddr_t address)
{
    for (; v; v = v->parent) {
        const group_source *s = v->source;
        if (s && s->address == address) {
            return true;
        }
    }
    return false;
}

static hb_status add_object(hb_h5_walk *w, hid_t object, const char *name, hb_error *err);

static hb_status add_group(hb_h5_walk *w, hid_t group, const char *name, hb_error *err)
{
    haddr_t address = 0;
    hb_var *v = NULL;
    hb_tree *t = &w->h->tree;
    HB_TRY(hb_h5_address(group, &address, err));
    if (is_above(w->parent, address)) {
        return hb_tree_add_other(t, w->parent, name, "a link back to a group it lies in", err);
    }
    group_source *s = hb_arena_alloc(&t->arena, sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->address = address;
    HB_TRY(hb_tree_add(t, w->parent, HB_VAR_GROUP, name, &v, err));
    v->source = s;
    hb_h5_walk inner = {.h = w->h, .parent = v, .each = add_object};
    return hb_h5_each(&inner, group, err);
}

static hb_status add_object(hb_h5_walk *w, hid_t object, const char *name, hb_error *err)
{
    hb_var *v = NULL;
    H5I_type_t type = H5Iget_type(object);
    if (type == H5I_GROUP) {
        return add_group(w, object, name, err);
    }
    return type == H5I_DATASET ? hb_h5_add_dataset(w->h, w->parent, object, name, false, &v, err)
                               : HB_OK;
}

static hb_status fill(hb_h5 *h, hb_error *err)
{
    hid_t root = H5Gopen2(h->file, "/", H5P_DEFAULT);
    if (root < 0) {
        return HB_FAIL(err, HB_E_INPUT, "its root group cannot be read: damaged");
    }
    hb_h5_walk w = {.h = h, .parent = h->tree.root, .each = add_object};
    group_source *s = hb_arena_alloc(&h->tree.arena, sizeof *s);
    hb_status status = s ? hb_h5_address(root, &s->address, err) : HB_NOMEM(err);
    h->tree.root->source = s;
    if (status == HB_OK) {
        status = hb_h5_each(&w, root, err);
    }
    H5Gclose(root);
    return status;
}

static hb_status hdf5_open(int fd, void **ret, hb_error *err)
{
    hb_h5 *h = NULL;
    HB_TRY(hb_h5_new(fd, '/', &h, err));
    *ret = h;
    return HB_OK;
}

static hb_status hdf5_serve(void *state, const char *wanted, hb_frames_out *out, hb_error *err)
{
    hb_h5 *h = state;
    HB_TRY(hb_h5_start(h, err));
    HB_TRY(fill(h, err));
    return hb_h5_serve(h, wanted, out, err);
}

const hb_child_reader hb_hdf5_child = {
    .name = "hdf5", .open = hdf5_open, .serve = hdf5_serve, .close = hb_h5_free};
