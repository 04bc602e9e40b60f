/* SPDX-License-Identifier: Apache-2.0 */
/* A log of many entries: how fast they are appended, verified and proved.
 *
 *     bench_audit DIR ENTRIES
 *
 * prints {"entries", "append_s", "append_one_ms", "verify_s", "prove_us"}. DIR is made, and is left
 * behind. append_s: 4,096 at a time; append_one_ms: the mean of 100 appends of one at the end. */
#include "audit/log.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_A_TIME = 4096, ENTRY_BYTES = 640, ONES = 100, PROOFS = 1000 };

static char (*texts)[ENTRY_BYTES];
static hb_str *entries;

/* As long as a decision's. */
static void fill(uint64_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int len = snprintf(
            texts[i], ENTRY_BYTES,
            "{\"at\":\"2026-11-26T22:42:00.811797151Z\",\"by\":\"\",\"data\":{\"again\":"
            "false,\"baseline\":\"a\",\"baseline_version\":\"\",\"engine\":\"0.1.0\","
            "\"policy_sha256\":\"%064d\",\"registry_sha256\":\"%064d\",\"run_id\":\"r%llu\","
            "\"run_sha256\":\"%064d\",\"verdict\":\"PASS\"},\"format\":\"hb-log-entry/1\","
            "\"registry\":\"0123456789abcdef\",\"seq\":%llu,\"subject\":\"%064llu\","
            "\"type\":\"decision\"}",
            1, 2, (unsigned long long)(first + i), 3, (unsigned long long)(first + i + 1),
            (unsigned long long)(first + i));
        entries[i] = (hb_str){texts[i], (size_t)len};
    }
}

static hb_status append(hb_audit_log *log, uint64_t n, size_t at_a_time, double *ret_s,
                        hb_error *err)
{
    int64_t start = hb_os_real()->monotonic_ns();
    uint64_t end = hb_audit_size(log) + n;
    while (hb_audit_size(log) < end) {
        uint64_t first = hb_audit_size(log);
        size_t some = end - first < at_a_time ? (size_t)(end - first) : at_a_time;
        fill(first, some);
        HB_TRY(hb_audit_append(log, entries, some, &first, err));
    }
    *ret_s = (double)(hb_os_real()->monotonic_ns() - start) / 1e9;
    return HB_OK;
}

static hb_status verify(const char *dir, double *ret_s, double *ret_prove_us, hb_error *err)
{
    hb_audit_log *log = NULL;
    hb_proof proof;
    int64_t start = hb_os_real()->monotonic_ns();
    HB_TRY(hb_audit_open_read(hb_os_real(), dir, &log, err));
    hb_status status = hb_audit_verify(log, NULL, err);
    *ret_s = (double)(hb_os_real()->monotonic_ns() - start) / 1e9;
    uint64_t size = hb_audit_size(log);
    start = hb_os_real()->monotonic_ns();
    for (uint64_t i = 0; i < PROOFS && status == HB_OK; i++) {
        status = hb_audit_prove(log, i * 7919 % size, size, &proof, err);
    }
    *ret_prove_us = (double)(hb_os_real()->monotonic_ns() - start) / 1e3 / PROOFS;
    hb_audit_close(log);
    return status;
}

static hb_status run(const char *dir, uint64_t n, hb_error *err)
{
    hb_audit_log *log = NULL;
    double append_s = 0;
    double one_s = 0;
    double verify_s = 0;
    double prove_us = 0;
    HB_TRY(hb_audit_open_write(hb_os_real(), dir, NULL, &log, err));
    hb_status status = append(log, n, AT_A_TIME, &append_s, err);
    if (status == HB_OK) {
        status = append(log, ONES, 1, &one_s, err);
    }
    uint64_t size = hb_audit_size(log);
    hb_audit_close(log);
    HB_TRY(status);
    HB_TRY(verify(dir, &verify_s, &prove_us, err));
    printf("{\"entries\": %llu, \"append_s\": %.2f, \"append_one_ms\": %.2f, \"verify_s\": %.2f, "
           "\"prove_us\": %.0f}\n",
           (unsigned long long)size, append_s, one_s * 1000 / ONES, verify_s, prove_us);
    return HB_OK;
}

int main(int argc, char **argv)
{
    hb_error err = {0};
    texts = hb_alloc_array(AT_A_TIME, sizeof *texts);
    entries = hb_alloc_array(AT_A_TIME, sizeof *entries);
    if (argc != 3 || !texts || !entries) {
        fprintf(stderr, "usage: bench_audit DIR ENTRIES\n");
        return 2;
    }
    if (run(argv[1], strtoull(argv[2], NULL, 10), &err) != HB_OK) {
        fprintf(stderr, "bench_audit: %s\n", err.msg);
        return 1;
    }
    hb_free(texts);
    hb_free(entries);
    return 0;
}
