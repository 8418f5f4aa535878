//! Small symmetric positive matrices: Cholesky's factor, what it solves, and the inverse.

/// The lower factor of `a` (row by row, `n` x `n`), in its place; `false` when `a` is not positive.
pub(super) fn factor(a: &mut [f64], n: usize) -> bool {
    for column in 0..n {
        let mut pivot = a[column * n + column];
        for k in 0..column {
            pivot -= a[column * n + k] * a[column * n + k];
        }
        if pivot.is_nan() || pivot <= 1e-14 {
            return false;
        }
        let pivot = pivot.sqrt();
        a[column * n + column] = pivot;
        for row in column + 1..n {
            let mut sum = a[row * n + column];
            for k in 0..column {
                sum -= a[row * n + k] * a[column * n + k];
            }
            a[row * n + column] = sum / pivot;
        }
    }
    true
}

/// Solves `factor * y = x` in the place of `x`.
pub(super) fn forward(factor: &[f64], n: usize, x: &mut [f64]) {
    for row in 0..n {
        let known: f64 = (0..row).map(|k| factor[row * n + k] * x[k]).sum();
        x[row] = (x[row] - known) / factor[row * n + row];
    }
}

/// Solves `transposed factor * y = x` in the place of `x`.
fn backward(factor: &[f64], n: usize, x: &mut [f64]) {
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| factor[k * n + row] * x[k]).sum();
        x[row] = (x[row] - known) / factor[row * n + row];
    }
}

/// The inverse of `a`; `None` when it is not positive.
pub(super) fn inverse(mut a: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    factor(&mut a, n).then(|| {
        let mut inverse = vec![0.0; n * n];
        let mut column = vec![0.0; n];
        for place in 0..n {
            column.fill(0.0);
            column[place] = 1.0;
            forward(&a, n, &mut column);
            backward(&a, n, &mut column);
            for row in 0..n {
                inverse[row * n + place] = column[row];
            }
        }
        inverse
    })
}

#[cfg(test)]
mod tests {
    use super::inverse;

    #[test]
    fn a_matrix_times_its_inverse_changes_nothing() {
        let a = vec![4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0];
        let b = inverse(a.clone(), 3).unwrap();
        for row in 0..3 {
            for column in 0..3 {
                let sum: f64 = (0..3).map(|k| a[row * 3 + k] * b[k * 3 + column]).sum();
                assert!((sum - f64::from(u8::from(row == column))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn what_is_not_positive_has_no_factor() {
        assert!(inverse(vec![1.0, 2.0, 2.0, 1.0], 2).is_none());
        assert!(inverse(vec![f64::NAN], 1).is_none());
    }
}
