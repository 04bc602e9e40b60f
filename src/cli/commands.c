/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <string.h>

const hb_cmd *const hb_commands[] = {
    &hb_cmd_compare,
    &hb_cmd_run,
    &hb_cmd_ingest,
    &hb_cmd_analyze,
    &hb_cmd_inspect,
    &hb_cmd_normalize,
    &hb_cmd_report,
    &hb_cmd_watch,
    &hb_cmd_runs_list,
    &hb_cmd_runs_show,
    &hb_cmd_import,
    &hb_cmd_history,
    &hb_cmd_baseline_set,
    &hb_cmd_baseline_list,
    &hb_cmd_baseline_show,
    &hb_cmd_baseline_check,
    &hb_cmd_baseline_create,
    &hb_cmd_baseline_versions,
    &hb_cmd_baseline_diff,
    &hb_cmd_baseline_promote,
    &hb_cmd_baseline_retire,
    &hb_cmd_power,
    &hb_cmd_qualify,
    &hb_cmd_baseline_request,
    &hb_cmd_baseline_review,
    &hb_cmd_baseline_approve,
    &hb_cmd_baseline_reject,
    &hb_cmd_baseline_requests,
    &hb_cmd_baseline_approvals,
    &hb_cmd_config_request,
    &hb_cmd_config_approve,
    &hb_cmd_config_reject,
    &hb_cmd_operators_init,
    &hb_cmd_operators_check,
    &hb_cmd_operators_list,
    &hb_cmd_operators_propose,
    &hb_cmd_operators_approve,
    &hb_cmd_operators_apply,
    &hb_cmd_feedback,
    &hb_cmd_trust,
    &hb_cmd_export,
    &hb_cmd_verify,
    &hb_cmd_replay,
    &hb_cmd_timestamp_query,
    &hb_cmd_timestamp_attach,
    &hb_cmd_encrypt,
    &hb_cmd_decrypt,
    &hb_cmd_audit_list,
    &hb_cmd_audit_show,
    &hb_cmd_audit_verify,
    &hb_cmd_audit_prove,
    &hb_cmd_audit_checkpoint,
    &hb_cmd_audit_check,
    &hb_cmd_audit_cosign,
    &hb_cmd_redact,
    &hb_cmd_reveal,
    &hb_cmd_retention,
    &hb_cmd_custody_add,
    &hb_cmd_custody_timeline,
    &hb_cmd_custody_list,
    &hb_cmd_keys_generate,
    &hb_cmd_keys_list,
    &hb_cmd_keys_public,
    &hb_cmd_keys_rotate,
    &hb_cmd_keys_revoke,
    &hb_cmd_token_create,
    &hb_cmd_token_list,
    &hb_cmd_token_revoke,
    &hb_cmd_backup,
    &hb_cmd_restore,
    &hb_cmd_support_bundle,
    &hb_cmd_init,
    &hb_cmd_config_check,
    &hb_cmd_config_show,
    &hb_cmd_config_schema,
    &hb_cmd_record,
    &hb_cmd_demo,
    &hb_cmd_inject,
    &hb_cmd_daemon,
    &hb_cmd_live_list,
    &hb_cmd_live_show,
    &hb_cmd_health,
    &hb_cmd_journal_list,
    &hb_cmd_journal_cat,
    &hb_cmd_journal_verify,
    &hb_cmd_journal_repair,
    &hb_cmd_alert_list,
    &hb_cmd_alert_show,
    &hb_cmd_alert_ack,
    &hb_cmd_alert_shelve,
    &hb_cmd_alert_unshelve,
    &hb_cmd_alert_dead,
    &hb_cmd_alert_retry,
    &hb_cmd_sbom,
    &hb_cmd_help,
    &hb_cmd_completion,
    NULL,
};

const hb_cmd *hb_cmd_find(const char *const *words, size_t n, size_t *ret_words)
{
    const hb_cmd *best = NULL;
    for (size_t i = 0; n && hb_commands[i]; i++) {
        const char *name = hb_commands[i]->name;
        const char *blank = strchr(name, ' ');
        size_t first = blank ? (size_t)(blank - name) : strlen(name);
        if (strlen(words[0]) != first || strncmp(words[0], name, first) != 0) {
            continue;
        }
        if (!blank) {
            best = hb_commands[i];
            *ret_words = 1;
        } else if (n > 1 && strcmp(blank + 1, words[1]) == 0) {
            *ret_words = 2;
            return hb_commands[i];
        }
    }
    return best;
}

bool hb_cmd_is_group(const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; hb_commands[i]; i++) {
        if (strncmp(hb_commands[i]->name, word, n) == 0 && hb_commands[i]->name[n] == ' ') {
            return true;
        }
    }
    return false;
}
