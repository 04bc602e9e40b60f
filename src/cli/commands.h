/* SPDX-License-Identifier: Apache-2.0 */
/* Every command, defined in its cmd_*.c. */
#ifndef HB_CLI_COMMANDS_H
#define HB_CLI_COMMANDS_H

#include "cli/cmd.h"

extern const hb_cmd hb_cmd_power;
extern const hb_cmd hb_cmd_qualify;
extern const hb_cmd hb_cmd_feedback;
extern const hb_cmd hb_cmd_trust;
extern const hb_cmd hb_cmd_keys_generate;
extern const hb_cmd hb_cmd_keys_list;
extern const hb_cmd hb_cmd_keys_public;
extern const hb_cmd hb_cmd_keys_rotate;
extern const hb_cmd hb_cmd_keys_revoke;
extern const hb_cmd hb_cmd_init;
extern const hb_cmd hb_cmd_verify;
extern const hb_cmd hb_cmd_import;
extern const hb_cmd hb_cmd_run;
extern const hb_cmd hb_cmd_ingest;
extern const hb_cmd hb_cmd_analyze;
extern const hb_cmd hb_cmd_compare;
extern const hb_cmd hb_cmd_inspect;
extern const hb_cmd hb_cmd_normalize;
extern const hb_cmd hb_cmd_report;
extern const hb_cmd hb_cmd_runs_list;
extern const hb_cmd hb_cmd_runs_show;
extern const hb_cmd hb_cmd_history;
extern const hb_cmd hb_cmd_baseline_set;
extern const hb_cmd hb_cmd_baseline_list;
extern const hb_cmd hb_cmd_baseline_show;
extern const hb_cmd hb_cmd_baseline_check;
extern const hb_cmd hb_cmd_baseline_create;
extern const hb_cmd hb_cmd_baseline_versions;
extern const hb_cmd hb_cmd_baseline_diff;
extern const hb_cmd hb_cmd_baseline_promote;
extern const hb_cmd hb_cmd_baseline_retire;
extern const hb_cmd hb_cmd_baseline_request;
extern const hb_cmd hb_cmd_baseline_review;
extern const hb_cmd hb_cmd_baseline_approve;
extern const hb_cmd hb_cmd_baseline_reject;
extern const hb_cmd hb_cmd_baseline_requests;
extern const hb_cmd hb_cmd_baseline_approvals;
extern const hb_cmd hb_cmd_operators_init;
extern const hb_cmd hb_cmd_operators_check;
extern const hb_cmd hb_cmd_operators_list;
extern const hb_cmd hb_cmd_operators_propose;
extern const hb_cmd hb_cmd_operators_approve;
extern const hb_cmd hb_cmd_operators_apply;
extern const hb_cmd hb_cmd_config_check;
extern const hb_cmd hb_cmd_config_show;
extern const hb_cmd hb_cmd_config_schema;
extern const hb_cmd hb_cmd_record;
extern const hb_cmd hb_cmd_demo;
extern const hb_cmd hb_cmd_watch;
extern const hb_cmd hb_cmd_inject;
extern const hb_cmd hb_cmd_daemon;
extern const hb_cmd hb_cmd_live_list;
extern const hb_cmd hb_cmd_live_show;
extern const hb_cmd hb_cmd_health;
extern const hb_cmd hb_cmd_journal_list;
extern const hb_cmd hb_cmd_journal_cat;
extern const hb_cmd hb_cmd_journal_verify;
extern const hb_cmd hb_cmd_journal_repair;
extern const hb_cmd hb_cmd_alert_list;
extern const hb_cmd hb_cmd_alert_show;
extern const hb_cmd hb_cmd_alert_ack;
extern const hb_cmd hb_cmd_alert_shelve;
extern const hb_cmd hb_cmd_alert_unshelve;
extern const hb_cmd hb_cmd_alert_dead;
extern const hb_cmd hb_cmd_alert_retry;
extern const hb_cmd hb_cmd_audit_list;
extern const hb_cmd hb_cmd_audit_show;
extern const hb_cmd hb_cmd_audit_verify;
extern const hb_cmd hb_cmd_audit_check;
extern const hb_cmd hb_cmd_audit_checkpoint;
extern const hb_cmd hb_cmd_audit_cosign;
extern const hb_cmd hb_cmd_audit_prove;
extern const hb_cmd hb_cmd_export;
extern const hb_cmd hb_cmd_replay;
extern const hb_cmd hb_cmd_help;
extern const hb_cmd hb_cmd_completion;

#endif
