//! A figure with its standard error over series.

use serde::Serialize;

/// A figure and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Figure {
    /// The figure of all series together.
    pub(super) value: f64,
    /// Its standard error; none for fewer than two series.
    pub(super) error: Option<f64>,
}

impl Figure {
    /// The mean of one figure per series.
    pub(super) fn mean(each: &[f64]) -> Figure {
        let n = each.len() as f64;
        let value = each.iter().sum::<f64>() / n.max(1.0);
        let squares: f64 = each.iter().map(|x| (x - value) * (x - value)).sum();
        Figure { value, error: (1 < each.len()).then(|| libm::sqrt(squares / (n - 1.0) / n)) }
    }

    /// A figure of sums over series, such as F1: the error by leaving out one series at a time (Tukey's jackknife, 1958).
    /// `of` gives the figure of all series but one, or of all.
    pub(super) fn of_sums(series: usize, of: impl Fn(Option<usize>) -> f64) -> Figure {
        let without: Vec<f64> = (0..series).map(|at| of(Some(at))).collect();
        let n = series as f64;
        let mean = without.iter().sum::<f64>() / n.max(1.0);
        let squares: f64 = without.iter().map(|x| (x - mean) * (x - mean)).sum();
        Figure { value: of(None), error: (1 < series).then(|| libm::sqrt((n - 1.0) / n * squares)) }
    }

    /// The figure as `12.3 ± 0.4`, with so many decimals.
    pub(super) fn text(&self, decimals: usize) -> String {
        match self.error {
            Some(error) => format!("{:.decimals$} ± {error:.decimals$}", self.value),
            None => format!("{:.decimals$}", self.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_the_mean() {
        // Of 1, 2, 3, 6: mean 3, variance 14/3, error sqrt(14/12).
        let figure = Figure::mean(&[1.0, 2.0, 3.0, 6.0]);
        assert_eq!(figure.text(3), "3.000 ± 1.080");
        assert_eq!(Figure::mean(&[2.0]), Figure { value: 2.0, error: None });
    }

    #[test]
    fn the_jackknife_of_a_mean_is_its_error() {
        let each = [1.0, 2.0, 3.0, 6.0];
        let without = |out: Option<usize>| {
            let left: Vec<f64> = (0..4).filter(|&at| Some(at) != out).map(|at| each[at]).collect();
            left.iter().sum::<f64>() / left.len() as f64
        };
        let (jack, mean) = (Figure::of_sums(4, without), Figure::mean(&each));
        assert_eq!(jack.value, mean.value);
        assert!((jack.error.unwrap() - mean.error.unwrap()).abs() < 1e-12);
    }
}
