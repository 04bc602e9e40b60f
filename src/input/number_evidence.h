/* SPDX-License-Identifier: Apache-2.0 */
/* What one column's cells show of how its figures are written. Inside number_infer.c's work. */
#ifndef HB_INPUT_NUMBER_EVIDENCE_H
#define HB_INPUT_NUMBER_EVIDENCE_H

#include "input/number_suffix.h"

enum { HB_MARK_POINT = 0, HB_MARK_COMMA = 1 };

typedef struct hb_number_evidence {
    size_t present; /* neither empty nor a word for missing */
    size_t figures;
    size_t weak; /* words for missing that need numbers around them */
    size_t truths;
    size_t trues;
    unsigned pairs; /* of truth values, met over all words */
    size_t bits;    /* figures that are 0 or 1 */
    size_t decimal[2];
    size_t either[2];  /* 1.397, 1,397 */
    size_t grouped[2]; /* marks that can only be between thousands */
    size_t blanks;
    size_t apostrophe_groups;
    size_t whole;       /* without any mark */
    size_t whole_three; /* of three digits */
    size_t whole_long;  /* of more */
    size_t parens;
    size_t parens_marked;
    size_t minus;
    size_t minus_behind;
    size_t apostrophes;
    size_t serials; /* '000417 */
    size_t hex;     /* 1Fh */
    size_t hex_letters;
    hb_str sample_decimal[2];
    hb_str sample_either[2];
    hb_str sample_grouped[2];
    hb_str sample_word;
} hb_number_evidence;

/* cell: not empty. Samples are borrowed from it. */
void hb_number_evidence_add(hb_str cell, hb_tails *tails, hb_number_evidence *e);

#endif
