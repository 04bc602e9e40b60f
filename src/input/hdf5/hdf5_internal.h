/* SPDX-License-Identifier: Apache-2.0 */
/* What HDF5 files and MATLAB 7.3 files, which are HDF5, have in common: the file behind one open
 * descriptor (file.c), attributes (attribute.c), types (type.c), datasets as nodes of a tree
 * (dataset.c), their rows (rows.c). */
#ifndef HB_INPUT_HDF5_HDF5_INTERNAL_H
#define HB_INPUT_HDF5_HDF5_INTERNAL_H

#include "base/time.h"
#include "input/child/serve.h"

#define H5_USE_110_API 1 /* later libraries keep these calls */
#include <hdf5.h>

enum { HB_H5_MAX_RANK = 8, HB_H5_MAX_RECORD = 1 << 20 };

typedef struct hb_h5 {
    int fd;
    uint64_t file_bytes;
    hid_t driver;
    hid_t access; /* property list with the driver */
    hid_t file;   /* -1 until hb_h5_start */
    hb_tree tree;
} hb_h5;

typedef enum hb_h5_kind {
    HB_H5_DOUBLE,
    HB_H5_BOOL, /* read as double */
    HB_H5_I64,
    HB_H5_U64,
    HB_H5_FIXED_TEXT,
    HB_H5_TEXT, /* char * of the library */
} hb_h5_kind;

/* One value in a record as it is read into memory. */
typedef struct hb_h5_field {
    hb_h5_kind kind;
    size_t offset;
    size_t size;      /* FIXED_TEXT */
    const char *name; /* "" = the dataset itself */
} hb_h5_field;

typedef struct hb_h5_source hb_h5_source;
struct hb_h5_source {
    haddr_t address;
    int rank;
    hsize_t dims[HB_H5_MAX_RANK];
    int row_dim; /* -1: there is one row */
    int col_dim; /* -1: its columns are its fields */
    hid_t type;  /* in memory; -1: one number, see hb_h5_memory_type */
    size_t record_bytes;
    hb_h5_field *fields;
    size_t n_fields;
    bool has_texts; /* of the library, to be given back */
    bool has_missing;
    double missing;
    double scale; /* value = stored × scale + add; 1 and 0 */
    double add;
    hid_t dataset; /* while its table is read, else -1 */
    /* Another way to read it (MATLAB's texts); NULL = hb_h5_read_rows. */
    hb_status (*read)(hb_h5 *h, const hb_var *v, uint64_t first, size_t n, hb_frame_column *column,
                      hb_error *err);
    const haddr_t *cells; /* of a cell array */
};

/* file.c: before the sandbox, and the first thing inside. */
HB_CHECKED hb_status hb_h5_new(int fd, char separator, hb_h5 **ret, hb_error *err);
HB_CHECKED hb_status hb_h5_start(hb_h5 *h, hb_error *err);
void hb_h5_free(void *h);
/* Serves a table of the tree once it is filled. */
HB_CHECKED hb_status hb_h5_serve(hb_h5 *h, const char *wanted, hb_frames_out *out, hb_error *err);

/* walk.c: calls `each` with every object that lies in a group by a hard link, in the order of
 * creation where the file keeps it, else of names. */
typedef struct hb_h5_walk {
    hb_h5 *h;
    hb_var *parent;
    hb_status (*each)(struct hb_h5_walk *w, hid_t object, const char *name, hb_error *err);
    hb_error *err;
    hb_status status;
} hb_h5_walk;
HB_CHECKED hb_status hb_h5_each(hb_h5_walk *w, hid_t group, hb_error *err);
HB_CHECKED hb_status hb_h5_address(hid_t object, haddr_t *ret, hb_error *err);

/* attribute.c */
bool hb_h5_has_attribute(hid_t object, const char *name);
/* The texts of an attribute, at most max, in the arena; *ret_n = 0 when it is none. */
HB_CHECKED hb_status hb_h5_attribute_texts(hb_tree *t, hid_t object, const char *name, size_t max,
                                           const char **ret, size_t *ret_n, hb_error *err);
/* One number. */
bool hb_h5_attribute_number(hid_t object, const char *name, double *ret);

/* type.c: the fields of a record of `file_type`; *ret_why (constant text) when it has none that can
 * be read, and then nothing else is set. s->type lives as long as the library: the child ends with
 * it. */
hid_t hb_h5_memory_type(const hb_h5_source *s);
HB_CHECKED hb_status hb_h5_fields(hb_tree *t, hid_t file_type, hb_h5_source *s,
                                  const char **ret_why, hb_error *err);

/* conventions.c: how the stored values are meant, by the dataset's attributes; v has its unit. */
HB_CHECKED hb_status hb_h5_conventions(hb_tree *t, hid_t dataset, hb_var *v, hb_h5_source *s,
                                       hb_error *err);

/* dataset.c: adds a dataset. column_major: its dimensions are written in reverse (MATLAB). */
HB_CHECKED hb_status hb_h5_add_dataset(hb_h5 *h, hb_var *parent, hid_t dataset, const char *name,
                                       bool column_major, hb_var **ret, hb_error *err);
/* Its shape into s; *ret_why when it has none of two dimensions or less. */
void hb_h5_shape(hid_t dataset, bool column_major, hb_h5_source *s, const char **ret_why);
/* Why it cannot be read whatever it holds: filters, external or virtual storage; else NULL. */
const char *hb_h5_forbidden(hid_t dataset);

/* rows.c: of hb_var_reader. */
HB_CHECKED hb_status hb_h5_begin(void *ctx, const hb_var_table *table, size_t *io_step,
                                 hb_error *err);
HB_CHECKED hb_status hb_h5_read(void *ctx, const hb_var *v, bool turned, uint64_t first, size_t n,
                                hb_frame_column *columns, hb_error *err);

#endif
