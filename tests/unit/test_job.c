/* SPDX-License-Identifier: Apache-2.0 */
#include "os/job.h"
#include "support/check.h"

#include <signal.h>
#include <string.h>

static hb_buf out;
static hb_buf said;
static hb_job_end end;

static int setup(void **state)
{
    (void)state;
    hb_buf_init(&out, 1 << 20);
    hb_buf_init(&said, 1 << 20);
    memset(&end, 0, sizeof end);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hb_buf_release(&out);
    hb_buf_release(&said);
    return 0;
}

static hb_status shell(const char *script, hb_str input, int64_t timeout_ms, hb_error *err)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    hb_job job = {.program = "/bin/sh", .argv = argv, .input = input, .timeout_ms = timeout_ms};
    return hb_job_run(&job, &out, &said, &end, err);
}

static void job__gives_output_and_exit_code(void **state)
{
    (void)state;
    hb_error err;
    assert_int_equal(shell("cat; echo no >&2; exit 7", hb_str_of("yes"), 60000, &err), HB_OK);
    assert_string_equal(out.p, "yes");
    assert_string_equal(said.p, "no\n");
    assert_int_equal(end.exit_code, 7);
    assert_int_equal(end.signal, 0);
    assert_false(end.timed_out);
}

static void job__survives_a_program_that_reads_nothing(void **state)
{
    (void)state;
    hb_error err;
    static char big[1 << 20];
    memset(big, 'x', sizeof big);
    assert_int_equal(shell("exit 0", (hb_str){big, sizeof big}, 60000, &err), HB_OK);
    assert_int_equal(end.exit_code, 0);
}

static void job__keeps_what_fits_and_tells_the_rest(void **state)
{
    (void)state;
    hb_error err;
    assert_int_equal(shell("head -c 3000000 /dev/zero; echo end >&2", hb_str_of(""), 60000, &err),
                     HB_OK);
    assert_int_equal(hb_buf_check(&out, &err), HB_E_LIMIT);
    assert_string_equal(said.p, "end\n");
    assert_int_equal(end.exit_code, 0);
}

static void job__kills_the_whole_group_when_the_time_is_over(void **state)
{
    (void)state;
    hb_error err;
    /* The grandchild holds the pipe open: only killing all of the group ends it. */
    assert_int_equal(shell("sleep 600 & sleep 600", hb_str_of(""), 200, &err), HB_OK);
    assert_true(end.timed_out);
    assert_int_equal(end.signal, SIGKILL);
    assert_int_equal(shell("exec >&- 2>&-; sleep 600", hb_str_of(""), 200, &err), HB_OK);
    assert_true(end.timed_out);
}

static void job__says_what_cannot_be_started(void **state)
{
    (void)state;
    hb_error err;
    const char *argv[] = {"x", NULL};
    hb_job job = {.program = "/nonexistent/x", .argv = argv};
    assert_int_equal(hb_job_run(&job, &out, &said, &end, &err), HB_E_IO);
    assert_non_null(strstr(err.msg, "/nonexistent/x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(job__gives_output_and_exit_code, setup, teardown),
        cmocka_unit_test_setup_teardown(job__survives_a_program_that_reads_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(job__keeps_what_fits_and_tells_the_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(job__kills_the_whole_group_when_the_time_is_over, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(job__says_what_cannot_be_started, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
