//! What a list of noisy numbers says: percentiles, and ratios that are taken pair by pair.
//!
//! The machine's speed drifts while a bench runs, so two medians may come from different minutes. A ratio is therefore
//! taken within each pair of neighbouring batches, and the median of those ratios is what is reported, with the
//! quartiles as the measure of how noisy the run was.

use serde::Serialize;

/// The middle of a distribution and how far its middle half reaches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Quartiles {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Quartiles {
    pub(crate) fn of(samples: &[f64]) -> Option<Self> {
        Some(Self {
            low: percentile(samples, 25.0)?,
            median: median(samples)?,
            high: percentile(samples, 75.0)?,
        })
    }
}

/// The smallest sample that at least `percent` of all samples do not exceed. `None` of no samples.
pub(crate) fn percentile(samples: &[f64], percent: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.saturating_sub(1).min(sorted.len().checked_sub(1)?))
        .copied()
}

/// The middle sample, or the mean of the two in the middle.
pub(crate) fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(sorted[sorted.len() / 2 - 1], upper))
}

/// The median where a figure must be shown whatever happened; zero says that there was none.
pub(crate) fn middle(samples: &[f64]) -> f64 {
    median(samples).unwrap_or_default()
}

/// `ours` over `theirs`, pair by pair. A pair without a positive denominator says nothing and is left out.
pub(crate) fn pair_ratios(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter()
        .zip(theirs)
        .filter(|(_, theirs)| **theirs > 0.0)
        .map(|(ours, theirs)| ours / theirs)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_smallest_sample_that_covers_its_share() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        for (samples, percent, expected) in [
            (&[][..], 50.0, None),
            (&[7.0], 0.0, Some(7.0)),
            (&[7.0], 99.0, Some(7.0)),
            (&[3.0, 1.0, 2.0], 50.0, Some(2.0)),
            (&[4.0, 3.0, 2.0, 1.0], 50.0, Some(2.0)),
            (&[4.0, 3.0, 2.0, 1.0], 75.0, Some(3.0)),
            (&hundred, 99.0, Some(99.0)),
            (&hundred, 99.1, Some(100.0)),
            (&hundred, 100.0, Some(100.0)),
        ] {
            assert_eq!(
                percentile(samples, percent),
                expected,
                "{percent} of {samples:?}"
            );
        }
    }

    #[test]
    fn a_median_lies_in_the_middle() {
        for (samples, expected) in [
            (&[][..], None),
            (&[5.0], Some(5.0)),
            (&[9.0, 1.0], Some(5.0)),
            (&[9.0, 1.0, 2.0], Some(2.0)),
            (&[1.0, 100.0, 2.0, 3.0], Some(2.5)),
        ] {
            assert_eq!(median(samples), expected, "{samples:?}");
        }
    }

    #[test]
    fn drift_that_hits_both_of_a_pair_leaves_the_ratio_alone() {
        let theirs = [10.0, 20.0, 80.0];
        let ours = [15.0, 30.0, 120.0];
        assert_eq!(pair_ratios(&ours, &theirs), [1.5, 1.5, 1.5]);
    }

    #[test]
    fn a_pair_that_divides_by_nothing_is_left_out() {
        assert_eq!(pair_ratios(&[1.0, 4.0], &[0.0, 2.0]), [2.0]);
        assert_eq!(pair_ratios(&[1.0, 4.0], &[2.0]), [0.5]);
    }

    #[test]
    fn quartiles_bound_the_middle_half() {
        assert_eq!(Quartiles::of(&[]), None);
        assert_eq!(
            Quartiles::of(&[4.0, 1.0, 3.0, 2.0]),
            Some(Quartiles {
                low: 1.0,
                median: 2.5,
                high: 3.0
            })
        );
    }
}
