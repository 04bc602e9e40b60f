/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes and checkpoints: any bytes give a checkpoint or an error, and what was read is in
 * the text as it stands. */
#include "audit/note.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hb_arena arena;
    hb_checkpoint c;
    hb_note n;
    hb_buf again;
    hb_str text = {(const char *)data, size};
    hb_error err = {0};
    hb_arena_init(&arena, 1 << 20);
    hb_buf_init(&again, HB_CHECKPOINT_MAX);
    if (hb_note_read(text, "fuzz", &arena, &n, &err) == HB_OK) {
        if (n.n_signatures == 0 || n.text.n >= size || memcmp(n.text.p, data, n.text.n) != 0) {
            __builtin_trap();
        }
    } else if (err.code != HB_E_INPUT) {
        __builtin_trap();
    }
    if (hb_checkpoint_read(text, "fuzz", &arena, &c, &err) == HB_OK) {
        hb_checkpoint_text(c.origin, c.size, &c.root, &again);
        if (again.n > c.note.text.n || memcmp(again.p, c.note.text.p, again.n) != 0) {
            __builtin_trap();
        }
    }
    hb_buf_release(&again);
    hb_arena_release(&arena);
    return 0;
}
