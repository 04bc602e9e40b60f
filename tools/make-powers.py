#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints src/base/num_powers_table.c: the leading 128 bits of 5^q for q = -342 ... 308, as Lemire (2021), "Number
parsing at a gigabyte per second", needs them: truncated for q >= 0, rounded up for q < 0."""

LEAST, MOST = -342, 308


def leading(q):
    if q >= 0:
        power = 5**q
        shift = 128 - power.bit_length()
        return power << shift if shift >= 0 else power >> -shift
    power = 5**-q
    bits = power.bit_length()  # 2^(bits - 1) < power < 2^bits
    if q >= -27:
        return 2 ** (bits + 127) // power + 1
    c = 2 ** (2 * bits + 128) // power + 1
    return c >> (c.bit_length() - 128)


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by tools/make-powers.py: the leading 128 bits of 5^q, high and low half. */")
    print('#include "base/num_decimal.h"')
    print()
    print("/* clang-format off */")
    print("const uint64_t hb_num_powers[HB_NUM_POWERS][2] = {")
    for q in range(LEAST, MOST + 1):
        c = leading(q)
        assert c.bit_length() == 128
        print(f"    {{0x{c >> 64:016x}, 0x{c & (2**64 - 1):016x}}}, /* {q} */")
    print("};")


main()
