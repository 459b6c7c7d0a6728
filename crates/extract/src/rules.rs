//! The catalogue of rules, for those who want to know why a claim is there.

use std::sync::LazyLock;

use dictum_core::{FormKind, Manner};

/// The version of the rules that this build has. It changes whenever the same text may give other claims.
pub const RULE_SET: &str = "2026.11-1";

/// One rule as users see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The id that claims carry.
    pub id: &'static str,
    /// What it finds.
    pub form: FormKind,
    /// The manner of the statements it finds; `None` for other forms, and for rules that find more than one manner.
    pub manner: Option<Manner>,
    /// When it fires, in one sentence.
    pub description: &'static str,
    /// Where its words come from: a lexicon file, or signs of the layout.
    pub source: &'static str,
}

/// Returns every rule, those for layouts first.
///
/// ```
/// assert!(dictum_extract::rules().iter().any(|rule| rule.id == "block-labelled"));
/// ```
#[must_use]
pub fn rules() -> &'static [Rule] {
    static ALL: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        [crate::layout::RULES, crate::turns::RULES, crate::lists::RULES, crate::quotes::RULES].concat()
    });
    &ALL
}
