//! Pairing predicted claims with labelled ones, and counting.

use std::collections::{BTreeMap, HashSet};

use super::labels::{Label, LabelledDocument, Labels, Words};

/// What was counted, and what went wrong.
#[derive(Debug, Default)]
pub(crate) struct Score {
    /// By kind, with `all` for the sum.
    pub kinds: BTreeMap<String, Count>,
    /// By rule; only predictions, matches and speakers.
    pub rules: BTreeMap<String, Count>,
    /// Labels that nothing matches, with their document.
    pub missed: Vec<(String, Label)>,
    /// Predictions that match nothing, with their document.
    pub extra: Vec<(String, Label)>,
}

/// Counts of one kind or rule.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Count {
    /// Labels.
    pub gold: u64,
    /// Predictions.
    pub predicted: u64,
    /// Labels of this kind that are matched.
    pub matched: u64,
    /// Predictions of this kind that match: not the same where a claim is found with another manner.
    pub predicted_right: u64,
    /// Matches with the very same words.
    pub exact: u64,
    /// Matches whose label names a speaker.
    pub speaker_labelled: u64,
    /// Of those, with the right one.
    pub speaker_right: u64,
}

impl Count {
    /// Matching predictions over predictions; 1 where nothing is predicted and nothing labelled.
    pub(crate) fn precision(&self) -> f64 {
        ratio(self.predicted_right, self.predicted, self.gold == 0)
    }

    /// Matched labels over labels; 1 where nothing is labelled.
    pub(crate) fn recall(&self) -> f64 {
        ratio(self.matched, self.gold, true)
    }

    /// The harmonic mean of the two.
    pub(crate) fn f1(&self) -> f64 {
        harmonic_mean(self.precision(), self.recall())
    }

    /// As [`f1`](Self::f1), where a match with a wrong speaker is none.
    pub(crate) fn f1_with_speaker(&self) -> f64 {
        let wrong = self.speaker_labelled - self.speaker_right;
        let precision = ratio(self.predicted_right.saturating_sub(wrong), self.predicted, self.gold == 0);
        harmonic_mean(precision, ratio(self.matched - wrong, self.gold, true))
    }
}

impl Score {
    /// Returns the sum over all kinds.
    pub(crate) fn all(&self) -> Count {
        self.kinds.get(ALL).cloned().unwrap_or_default()
    }
}

const ALL: &str = "all";

/// Pairs the claims of each document and counts.
pub(crate) fn score(gold: &Labels, predicted: &Labels, overlap: f64) -> Score {
    let mut score = Score::default();
    score.kinds.insert(ALL.to_owned(), Count::default());
    let none = LabelledDocument::default();
    let ids: std::collections::BTreeSet<&String> =
        gold.documents.keys().chain(predicted.documents.keys()).collect();
    for id in ids {
        let labels = &gold.documents.get(id).unwrap_or(&none).labels;
        let predictions = &predicted.documents.get(id).unwrap_or(&none).labels;
        score_document(id, labels, predictions, overlap, &mut score);
    }
    score
}

fn score_document(id: &str, labels: &[Label], predictions: &[Label], overlap: f64, score: &mut Score) {
    let pairs = pair(labels, predictions, overlap);
    let mut matched_label = vec![None; labels.len()];
    let mut matched_prediction = vec![None; predictions.len()];
    for (label, prediction, closeness) in pairs {
        matched_label[label] = Some((prediction, closeness));
        matched_prediction[prediction] = Some(label);
    }
    for (label, matched) in labels.iter().zip(&matched_label) {
        let add = |count: &mut Count| {
            count.gold += 1;
            if let Some((prediction, closeness)) = matched {
                count.matched += 1;
                count.exact += u64::from(*closeness >= 1.0);
                count_speaker(label, &predictions[*prediction], count);
            }
        };
        score.each_kind(&label.kind, add);
        if matched.is_none() {
            score.missed.push((id.to_owned(), label.clone()));
        }
    }
    for (prediction, matched) in predictions.iter().zip(&matched_prediction) {
        score.each_kind(&prediction.kind, |count| {
            count.predicted += 1;
            count.predicted_right += u64::from(matched.is_some());
        });
        if let Some(rule) = &prediction.rule {
            let count = score.rules.entry(rule.clone()).or_default();
            count.predicted += 1;
            if let Some(label) = matched {
                count.predicted_right += 1;
                count.matched += 1;
                count_speaker(&labels[*label], prediction, count);
            }
        }
        if matched.is_none() {
            score.extra.push((id.to_owned(), prediction.clone()));
        }
    }
}

impl Score {
    fn each_kind(&mut self, kind: &str, mut add: impl FnMut(&mut Count)) {
        add(self.kinds.entry(kind.to_owned()).or_default());
        add(self.kinds.entry(ALL.to_owned()).or_default());
    }
}

/// Pairs one to one, the closest first; of equals the earlier ones.
fn pair(labels: &[Label], predictions: &[Label], overlap: f64) -> Vec<(usize, usize, f64)> {
    let mut candidates = Vec::new();
    for (l, label) in labels.iter().enumerate() {
        for (p, prediction) in predictions.iter().enumerate() {
            let closeness = closeness(label, prediction);
            if closeness >= overlap {
                candidates.push((l, p, closeness));
            }
        }
    }
    candidates.sort_by(|a, b| b.2.total_cmp(&a.2)); // stable
    let (mut used_labels, mut used_predictions) = (HashSet::new(), HashSet::new());
    candidates.retain(|(l, p, _)| {
        if used_labels.contains(l) || used_predictions.contains(p) {
            return false;
        }
        used_labels.insert(*l) && used_predictions.insert(*p)
    });
    candidates
}

/// Shared words over all words, of the part where it is least; 0 for another form.
fn closeness(label: &Label, prediction: &Label) -> f64 {
    if label.form != prediction.form || label.parts.len() != prediction.parts.len() {
        return 0.0;
    }
    label.parts.iter().zip(&prediction.parts).map(|(a, b)| shared(a, b)).fold(1.0, f64::min)
}

fn shared(a: &Words, b: &Words) -> f64 {
    let (mut n, mut m, mut both) = (0, 0, 0_u64);
    while let (Some(x), Some(y)) = (a.starts.get(n), b.starts.get(m)) {
        both += u64::from(x == y);
        n += usize::from(x <= y);
        m += usize::from(y <= x);
    }
    ratio(both, (a.starts.len() + b.starts.len()) as u64 - both, false)
}

fn count_speaker(label: &Label, prediction: &Label, count: &mut Count) {
    if let Some(name) = &label.speaker {
        count.speaker_labelled += 1;
        count.speaker_right +=
            u64::from(same_speaker(name, prediction.speaker.as_deref().unwrap_or_default()));
    }
}

/// The last name of either side is among the words of the other; nobody is only nobody.
fn same_speaker(a: &str, b: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        let folded = name.to_lowercase().replace("’s", "").replace("'s", "");
        folded
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (a, b) = (words(a), words(b));
    match (a.last(), b.last()) {
        (None, None) => true,
        (Some(last_a), Some(last_b)) => b.contains(last_a) && a.contains(last_b),
        _ => false,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of claims are far below 2^52")]
fn ratio(part: u64, whole: u64, of_nothing_is_one: bool) -> f64 {
    match whole {
        0 if of_nothing_is_one => 1.0,
        0 => 0.0,
        _ => part as f64 / whole as f64,
    }
}

fn harmonic_mean(a: f64, b: f64) -> f64 {
    if a + b > 0.0 { 2.0 * a * b / (a + b) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(kind: &str, starts: &[usize], speaker: &str) -> Label {
        let form = if kind == "question-answer" { "question-answer" } else { "quoted-statement" };
        let words = Words { starts: starts.to_vec(), text: String::new() };
        Label {
            kind: kind.to_owned(),
            form,
            parts: vec![words],
            speaker: Some(speaker.to_owned()),
            source: None,
            rule: None,
        }
    }

    fn labels(labels: Vec<Label>) -> Labels {
        let document = LabelledDocument { text: None, labels };
        Labels { documents: BTreeMap::from([("a".to_owned(), document)]) }
    }

    #[test]
    fn a_claim_is_matched_once_and_the_closest_first() {
        let gold = labels(vec![label("direct", &[0, 5, 9, 12, 20], "Ada Fenwick")]);
        let predicted = labels(vec![
            label("direct", &[0, 5, 9, 12], "Fenwick"),
            label("indirect", &[0, 5, 9, 12, 20], "Mayor Fenwick"),
        ]);
        let all = score(&gold, &predicted, 0.8).all();
        assert_eq!((all.gold, all.predicted, all.matched, all.exact, all.speaker_right), (1, 2, 1, 1, 1));
    }

    #[test]
    fn another_form_never_matches() {
        let gold = labels(vec![label("question-answer", &[0, 5], "")]);
        let predicted = labels(vec![label("direct", &[0, 5], "")]);
        assert_eq!(score(&gold, &predicted, 0.8).all().matched, 0);
    }

    #[test]
    fn a_wrong_speaker_costs_precision_and_recall() {
        let gold = labels(vec![label("direct", &[0, 5], "Ada Fenwick")]);
        let predicted = labels(vec![label("direct", &[0, 5], "Tom Hale")]);
        let all = score(&gold, &predicted, 0.8).all();
        assert!(all.f1() > 0.99 && all.f1_with_speaker() < 0.01);
    }

    #[test]
    fn traps_that_stay_empty_count_as_right() {
        let all = score(&labels(vec![]), &labels(vec![]), 0.8).all();
        assert!(all.f1() > 0.99);
        let all = score(&labels(vec![]), &labels(vec![label("direct", &[0], "")]), 0.8).all();
        assert!(all.f1() < 0.01);
    }
}
