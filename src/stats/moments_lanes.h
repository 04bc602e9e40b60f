/* SPDX-License-Identifier: Apache-2.0 */
/* The passes over a block, included by moments.c once for each kind of processor: LANES_NAME
 * gives the functions their names, LANES_TARGET their instructions. The same operations in the same
 * order, so the same bits. */

/* Knuth's two-sum on half of the lanes. */
#define TWO_SUM(sum, low, x)                       \
    do {                                           \
        half s_ = (sum) + (x);                     \
        half bb_ = s_ - (sum);                     \
        (low) += ((sum) - (s_ - bb_)) + ((x)-bb_); \
        (sum) = s_;                                \
    } while (0)

LANES_TARGET static void LANES_NAME(sum_up)(const double *v, size_t n, total *ret)
{
    half sum_a = {0};
    half sum_b = {0};
    half low_a = {0};
    half low_b = {0};
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        half a = *(const loose_half *)(v + i);
        half b = *(const loose_half *)(v + i + LANES / 2);
        TWO_SUM(sum_a, low_a, a);
        TWO_SUM(sum_b, low_b, b);
    }
    half tail[2];
    load_tail(tail, v + whole, n - whole, 0);
    TWO_SUM(sum_a, low_a, tail[0]);
    TWO_SUM(sum_b, low_b, tail[1]);
    ret->sum[0] = sum_a;
    ret->sum[1] = sum_b;
    ret->low[0] = low_a;
    ret->low[1] = low_b;
}

/* Squares of the deviations from c, and their products with the next ones; y are those. */
#define DEVIATE(x, y, square, square_low, product, product_low) \
    do {                                                        \
        half d_ = (x)-c;                                        \
        half e_ = ((y)-c) * d_;                                 \
        d_ *= d_;                                               \
        TWO_SUM(product, product_low, e_);                      \
        TWO_SUM(square, square_low, d_);                        \
    } while (0)

LANES_TARGET static void LANES_NAME(deviate)(const double *v, size_t n, double c, total *square,
                                             total *product)
{
    half sq_a = {0};
    half sq_b = {0};
    half sq_low_a = {0};
    half sq_low_b = {0};
    half pr_a = {0};
    half pr_b = {0};
    half pr_low_a = {0};
    half pr_low_b = {0};
    size_t pairs = n - 1;
    size_t whole = pairs - pairs % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        const double *at = v + i;
        half xa = *(const loose_half *)at;
        half ya = *(const loose_half *)(at + 1);
        half xb = *(const loose_half *)(at + LANES / 2);
        half yb = *(const loose_half *)(at + LANES / 2 + 1);
        DEVIATE(xa, ya, sq_a, sq_low_a, pr_a, pr_low_a);
        DEVIATE(xb, yb, sq_b, sq_low_b, pr_b, pr_low_b);
    }
    half x[2];
    half y[2];
    load_tail(x, v + whole, n - whole, c);
    load_tail(y, v + whole + 1, pairs - whole, c);
    DEVIATE(x[0], y[0], sq_a, sq_low_a, pr_a, pr_low_a);
    DEVIATE(x[1], y[1], sq_b, sq_low_b, pr_b, pr_low_b);
    *square = (total){{sq_a, sq_b}, {sq_low_a, sq_low_b}};
    *product = (total){{pr_a, pr_b}, {pr_low_a, pr_low_b}};
}

#undef DEVIATE
#undef TWO_SUM
#undef LANES_NAME
#undef LANES_TARGET
