/* SPDX-License-Identifier: Apache-2.0 */
/* A program's own software bill of materials: what it is made of, as CycloneDX JSON, made by the
 * build from what the linker did and compiled in. Each program has another. docs/sbom.md
 *
 * main has it and hands it on; rooms take it as a value, because tests and tools link them as
 * well and have none. */
#ifndef HB_BASE_SBOM_H
#define HB_BASE_SBOM_H

#include <stddef.h>

typedef struct hb_sbom {
    const char *text; /* n bytes, JSON with a line end */
    size_t n;
    const char *sha256; /* of text, hex */
} hb_sbom;

extern const hb_sbom hb_sbom_self; /* of the program it is linked into; for its main alone */

#endif
