/* SPDX-License-Identifier: Apache-2.0 */
/* The library reads through a driver of ours that knows one descriptor and pread: it opens nothing,
 * and inside the sandbox it could not. Plug-in filters are switched off, external links have no
 * handler, and the environment that could say otherwise is empty (os/child.c). */
#include "input/hdf5/hdf5_internal.h"

#include "base/mem.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct descriptor {
    int fd;
    uint64_t bytes;
} descriptor;

typedef struct driver_file {
    H5FD_t base; /* the library's, first */
    descriptor d;
    haddr_t end; /* of what the library calls allocated */
} driver_file;

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access, haddr_t max)
{
    const descriptor *d = H5Pget_driver_info(access);
    (void)name;
    (void)max;
    driver_file *f = d && !(flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT))
                         ? hb_alloc_zero(sizeof *f)
                         : NULL;
    if (!f) {
        return NULL;
    }
    f->d = *d;
    return &f->base;
}

static herr_t driver_close(H5FD_t *file)
{
    hb_free(file);
    return 0;
}

static herr_t driver_query(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_ACCUMULATE_METADATA_READ | H5FD_FEAT_IGNORE_DRVRINFO;
    return 0;
}

static haddr_t driver_eoa(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const driver_file *)file)->end;
}

static herr_t driver_set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t address)
{
    (void)type;
    ((driver_file *)file)->end = address;
    return 0;
}

static haddr_t driver_eof(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const driver_file *)file)->d.bytes;
}

/* Bytes beyond the file are an error, never zeros. */
static herr_t driver_read(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                          size_t size, void *room)
{
    const driver_file *f = (const driver_file *)file;
    char *at = room;
    (void)type;
    (void)transfer;
    if (address > f->d.bytes || size > f->d.bytes - address) {
        return -1;
    }
    while (size) {
        ssize_t got = pread(f->d.fd, at, size, (off_t)address);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return -1;
        }
        at += got;
        address += (haddr_t)got;
        size -= (size_t)got;
    }
    return 0;
}

static herr_t driver_write(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                           size_t size, const void *p)
{
    (void)file;
    (void)type;
    (void)transfer;
    (void)address;
    (void)size;
    (void)p;
    return -1;
}

static const H5FD_class_t driver_class = {
    .name = "hb",
    .maxaddr = (haddr_t)1 << 62,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(descriptor),
    .open = driver_open,
    .close = driver_close,
    .query = driver_query,
    .get_eoa = driver_eoa,
    .set_eoa = driver_set_eoa,
    .get_eof = driver_eof,
    .read = driver_read,
    .write = driver_write,
    .fl_map = H5FD_FLMAP_SINGLE,
};

static hb_status prepare(hb_h5 *h, hb_error *err)
{
    struct stat st;
    if (fstat(h->fd, &st) != 0) {
        return HB_FAIL(err, HB_E_IO, "it cannot be looked at");
    }
    h->file_bytes = (uint64_t)st.st_size;
    descriptor d = {.fd = h->fd, .bytes = h->file_bytes};
    bool ready =
        H5open() >= 0 && H5Eset_auto2(H5E_DEFAULT, NULL, NULL) >= 0 &&
        H5PLset_loading_state(0) >= 0 &&
        (H5Lis_registered(H5L_TYPE_EXTERNAL) == 0 || H5Lunregister(H5L_TYPE_EXTERNAL) >= 0) &&
        (h->driver = H5FDregister(&driver_class)) >= 0 &&
        (h->access = H5Pcreate(H5P_FILE_ACCESS)) >= 0 &&
        H5Pset_driver(h->access, h->driver, &d) >= 0 &&
        H5Pset_fclose_degree(h->access, H5F_CLOSE_STRONG) >= 0;
    return ready ? HB_OK : HB_FAIL(err, HB_E_IO, "the HDF5 library cannot be prepared");
}

hb_status hb_h5_new(int fd, char separator, hb_h5 **ret, hb_error *err)
{
    hb_h5 *h = hb_alloc_zero(sizeof *h);
    if (!h) {
        return HB_NOMEM(err);
    }
    h->fd = fd;
    h->file = -1;
    h->access = -1;
    h->driver = -1;
    hb_status status = hb_tree_init(&h->tree, separator, err);
    if (status == HB_OK) {
        status = prepare(h, err);
    }
    if (status != HB_OK) {
        hb_h5_free(h);
        return status;
    }
    *ret = h;
    return HB_OK;
}

hb_status hb_h5_start(hb_h5 *h, hb_error *err)
{
    h->file = H5Fopen("input", H5F_ACC_RDONLY, h->access);
    return h->file >= 0 ? HB_OK
                        : HB_FAIL(err, HB_E_INPUT,
                                  "it is no whole HDF5 file: cut off, damaged, or still being "
                                  "written");
}

void hb_h5_free(void *state)
{
    hb_h5 *h = state;
    if (!h) {
        return;
    }
    if (h->file >= 0) {
        H5Fclose(h->file);
    }
    if (h->access >= 0) {
        H5Pclose(h->access);
    }
    if (h->driver >= 0) {
        H5FDunregister(h->driver);
    }
    hb_tree_release(&h->tree);
    hb_free(h);
}

hb_status hb_h5_serve(hb_h5 *h, const char *wanted, hb_frames_out *out, hb_error *err)
{
    hb_var_reader reader = {.ctx = h, .read = hb_h5_read, .begin = hb_h5_begin};
    return hb_serve_table(out, &h->tree, &reader, wanted, err);
}
