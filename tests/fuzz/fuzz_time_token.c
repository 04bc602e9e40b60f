/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a time stamping authority. Before the first NUL line ("\n\0\n"): the authorities in
 * PEM; after it the answer, over the bytes "attestation". What is verified has also been looked at.
 */
#include "crypto/tsa.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const hb_str bytes = HB_STR("attestation");
    const uint8_t *mark = memmem(data, size, "\n\0\n", 3);
    hb_tsa_found found;
    hb_time at = 0;
    if (!mark) {
        return 0;
    }
    const hb_tsa_ask ask = {.trust_pem = {(const char *)data, (size_t)(mark - data)}};
    hb_str response = {(const char *)mark + 3, size - (size_t)(mark - data) - 3};
    hb_status looked = hb_tsa_look(response, bytes, &at, NULL);
    hb_status verified = hb_tsa_verify(response, bytes, &ask, &found, NULL);
    if (verified == HB_OK && (looked != HB_OK || found.at != at)) {
        abort();
    }
    return 0;
}
