/* SPDX-License-Identifier: Apache-2.0 */
/* Symmetric positive matrices of some dozen rows by their Cholesky factor, A = LL'. Rows one after
 * the other, side × side; of a factor only the lower triangle is read. Sums in a fixed order, so
 * the same bits everywhere.
 *
 *     hb_cholesky(a, side);                       a is L from here on
 *     hb_cholesky_forward(a, side, v);            v = L⁻¹v, whose square is v'A⁻¹v
 *     hb_cholesky_backward(a, side, v);           v = A⁻¹v
 */
#ifndef HB_STATS_CHOLESKY_H
#define HB_STATS_CHOLESKY_H

#include <stddef.h>

static inline double hb_dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* In place. What is not positive, by rounding, is taken as 1e-300. */
void hb_cholesky(double *a, size_t side);
/* Solve Lv = b and L'v = b in place. */
void hb_cholesky_forward(const double *l, size_t side, double *v);
void hb_cholesky_backward(const double *l, size_t side, double *v);
/* Element k of the diagonal of A⁻¹: the squares of L⁻¹e_k added up. scratch: side. */
double hb_cholesky_inverse_diagonal(const double *l, size_t side, size_t k, double *scratch);

#endif
