//! Names of channels.

/// Returns the name of a channel as documents carry it: without the flags that end it; `None` when there is none.
pub(crate) fn channel(name: &str) -> Option<String> {
    let name = name.trim();
    (!name.is_empty()).then(|| without_trailing_flags(name).to_owned())
}

/// Returns `name` without the flags that end it, unless it is made of flags alone.
fn without_trailing_flags(name: &str) -> &str {
    let bare = name.trim_end_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, '\u{1F1E6}'..='\u{1F1FF}' | '\u{1F3F3}' | '\u{1F3F4}' | '\u{FE0F}' | '\u{E0020}'..='\u{E007F}')
    });
    if bare.is_empty() { name } else { bare }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_flags_are_no_part_of_a_name() {
        assert_eq!(channel("Harbour Office 🇦🇶🏳\u{fe0f} ").as_deref(), Some("Harbour Office"));
        assert_eq!(channel("🇦🇶 Harbour").as_deref(), Some("🇦🇶 Harbour"));
        assert_eq!(channel("🇦🇶").as_deref(), Some("🇦🇶"));
        assert_eq!(channel(" "), None);
    }
}
