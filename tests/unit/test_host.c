/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "source/host/host.h"
#include "source/host/recorder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char root[64];

static void put(const char *name, const char *text)
{
    char path[256];
    char *dir = NULL;
    snprintf(path, sizeof path, "%s/%s", root, name);
    CHECK_OK(hb_path_dir(path, &dir, &err));
    CHECK_OK(hb_dir_make(hb_os_real(), dir, &err));
    CHECK_OK(hb_file_write_atomic(hb_os_real(), path, text, strlen(text), 0644, &err));
    hb_free(dir);
}

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/hb-host-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int drop_root(void **state)
{
    (void)state;
    return hb_dir_remove(hb_os_real(), root, NULL) == HB_OK ? 0 : -1;
}

static double value(const hb_host_reading *r, size_t n, const char *metric)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(r[i].metric, metric) == 0) {
            return r[i].value;
        }
    }
    return NAN;
}

static void host__rates_are_differences_per_second(void **state)
{
    (void)state;
    put("sys/block/sda/size", "1\n");
    put("proc/stat", "cpu  100 0 50 800 50 0 0 0 0 0\nctxt 1000\nintr 500 1 2\nprocesses 10\n"
                     "procs_running 2\n");
    put("proc/meminfo", "MemTotal: 100 kB\nMemAvailable:    2048 kB\nDirty: 512 kB\n");
    put("proc/loadavg", "0.25 0.1 0.0 1/100 1\n");
    put("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n");
    put("proc/diskstats", "8 0 sda 1 0 10 0 1 0 20 0 0 0 0\n8 1 sda1 1 0 99 0 1 0 99 0 0 0 0\n");
    put("proc/net/dev", "a|b\n lo: 9 0 0 0 0 0 0 0 9 0\n eth0: 100 0 0 0 0 0 0 0 200 0\n");
    put("sys/class/thermal/thermal_zone0/temp", "45500\n");
    hb_host *h = NULL;
    const hb_host_reading *r = NULL;
    size_t n = 0;
    CHECK_OK(hb_host_open(hb_os_real(), root, &h, &err));
    CHECK_OK(hb_host_read(h, 1000000000, &r, &n, &err));
    assert_true(isnan(value(r, n, "cpu_busy"))); /* no rate from one reading */
    assert_true(value(r, n, "memory_available") == 2);
    assert_true(value(r, n, "load_1min") == 0.25);
    assert_true(value(r, n, "temperature_zone0") == 45.5);

    put("proc/stat", "cpu  130 0 60 860 50 0 0 0 0 0\nctxt 3000\nintr 600 1 2\nprocesses 10\n"
                     "procs_running 1\n");
    put("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=501000\n");
    put("proc/diskstats", "8 0 sda 1 0 12 0 1 0 24 0 0 0 0\n8 1 sda1 1 0 999 0 1 0 99 0 0 0 0\n");
    put("proc/net/dev", "a|b\n lo: 99 0 0 0 0 0 0 0 9 0\n eth0: 300 0 0 0 0 0 0 0 200 0\n");
    CHECK_OK(hb_host_read(h, 3000000000, &r, &n, &err));
    assert_true(value(r, n, "cpu_busy") == 40); /* 40 of 100 ticks */
    assert_true(value(r, n, "cpu_user") == 30);
    assert_true(value(r, n, "context_switches") == 1000);       /* 2000 in 2 s */
    assert_true(fabs(value(r, n, "pressure_cpu") - 25) < 1e-9); /* 0.5 s stalled in 2 s */
    assert_true(value(r, n, "disk_read") == 512); /* the partition is not counted again */
    assert_true(value(r, n, "disk_written") == 1024);
    assert_true(value(r, n, "net_received") == 100); /* loopback left out */
    hb_host_close(h);
}

static void host__a_counter_that_went_back_gives_no_rate(void **state)
{
    (void)state;
    put("proc/stat", "ctxt 1000\n");
    hb_host *h = NULL;
    const hb_host_reading *r = NULL;
    size_t n = 0;
    CHECK_OK(hb_host_open(hb_os_real(), root, &h, &err));
    CHECK_OK(hb_host_read(h, 1000000000, &r, &n, &err));
    put("proc/stat", "ctxt 10\n");
    CHECK_OK(hb_host_read(h, 2000000000, &r, &n, &err));
    assert_true(isnan(value(r, n, "context_switches")));
    hb_host_close(h);
}

static void host__garbage_in_proc_is_survived(void **state)
{
    (void)state;
    put("proc/stat", "cpu x y z\nctxt\nintr -\n\n\ncpu 1 2");
    put("proc/meminfo", "MemAvailable: lots\n");
    put("proc/diskstats", "8 0\n\n8");
    put("proc/net/dev", ":::\n");
    hb_host *h = NULL;
    const hb_host_reading *r = NULL;
    size_t n = 0;
    CHECK_OK(hb_host_open(hb_os_real(), root, &h, &err));
    CHECK_OK(hb_host_read(h, 1000000000, &r, &n, &err));
    CHECK_OK(hb_host_read(h, 2000000000, &r, &n, &err));
    hb_host_close(h);
}

static void host__needs_proc(void **state)
{
    (void)state;
    hb_host *h = NULL;
    CHECK_ERROR(hb_host_open(hb_os_real(), "/nonexistent", &h, &err), HB_E_IO, "/proc");
}

static void record__this_machine_gives_all_samples(void **state)
{
    (void)state;
    hb_record_options o = {.seconds = 0.3, .interval_s = 0.1, .root = ""};
    hb_buf out;
    uint64_t samples = 0;
    hb_buf_init(&out, HB_RECORD_MAX_BYTES);
    CHECK_OK(hb_record(hb_os_real(), &o, &out, &samples, &err));
    assert_int_equal(samples, 3);
    assert_true(strncmp(out.p, "time,metric,value,unit\n", 23) == 0);
    assert_non_null(strstr(out.p, ",wakeup_delay,"));
    assert_non_null(strstr(out.p, ",memory_available,"));
    hb_buf_clear(&out);
    o.format = HB_RECORD_JSONL;
    CHECK_OK(hb_record(hb_os_real(), &o, &out, &samples, &err));
    assert_true(out.p[0] == '{');
    hb_buf_release(&out);
    o.interval_s = 0.001;
    CHECK_ERROR(hb_record(hb_os_real(), &o, &out, &samples, &err), HB_E_USAGE, "interval");
}

static hb_status read_once(void)
{
    hb_host *h = NULL;
    const hb_host_reading *r = NULL;
    size_t n = 0;
    hb_status status = hb_host_open(hb_os_real(), "", &h, NULL);
    if (status == HB_OK) {
        status = hb_host_read(h, 1, &r, &n, NULL);
    }
    hb_host_close(h);
    return status;
}

static void host__survives_every_failing_allocation(void **state)
{
    (void)state;
    fault_loop(read_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(host__rates_are_differences_per_second, make_root,
                                        drop_root),
        cmocka_unit_test_setup_teardown(host__a_counter_that_went_back_gives_no_rate, make_root,
                                        drop_root),
        cmocka_unit_test_setup_teardown(host__garbage_in_proc_is_survived, make_root, drop_root),
        cmocka_unit_test(host__needs_proc),
        cmocka_unit_test(record__this_machine_gives_all_samples),
        cmocka_unit_test(host__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
