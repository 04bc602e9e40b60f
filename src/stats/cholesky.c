/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/cholesky.h"

#include <math.h>
#include <string.h>

void hb_cholesky(double *a, size_t side)
{
    for (size_t k = 0; k < side; k++) {
        double *row_k = a + k * side;
        double left = row_k[k] - hb_dot(row_k, row_k, k);
        row_k[k] = sqrt(left > 1e-300 ? left : 1e-300);
        for (size_t i = k + 1; i < side; i++) {
            double *row_i = a + i * side;
            row_i[k] = (row_i[k] - hb_dot(row_i, row_k, k)) / row_k[k];
        }
    }
}

void hb_cholesky_forward(const double *l, size_t side, double *v)
{
    for (size_t i = 0; i < side; i++) {
        v[i] = (v[i] - hb_dot(l + i * side, v, i)) / l[i * side + i];
    }
}

void hb_cholesky_backward(const double *l, size_t side, double *v)
{
    for (size_t i = side; i-- > 0;) {
        v[i] /= l[i * side + i];
        for (size_t k = 0; k < i; k++) {
            v[k] -= l[i * side + k] * v[i];
        }
    }
}

double hb_cholesky_inverse_diagonal(const double *l, size_t side, size_t k, double *scratch)
{
    memset(scratch, 0, side * sizeof *scratch);
    scratch[k] = 1;
    for (size_t i = k; i < side; i++) {
        scratch[i] = (scratch[i] - hb_dot(l + i * side + k, scratch + k, i - k)) / l[i * side + i];
    }
    return hb_dot(scratch + k, scratch + k, side - k);
}
