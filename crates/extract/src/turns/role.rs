//! Who asks, who answers, who moderates.

use std::collections::{HashMap, HashSet};

use super::mark::{Kind, Transcript, Turn};

/// What a turn does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Asks,
    Answers,
    Moderates,
}

/// What one speaker does in the whole transcript.
#[derive(Debug, Default, Clone)]
struct Habits {
    turns: usize,
    bytes: usize,
    /// Turns that ask something near their end.
    asking: usize,
    /// Turns right behind a question.
    behind_question: usize,
    /// A label says so: "LINDA HALE, HOST:".
    host: bool,
}

/// A moderator's turns are no longer than this on average, in bytes.
const MODERATOR_LENGTH: usize = 260;

/// Gives every turn its part; `None` when nothing is said by anybody.
pub(super) fn assign(text: &str, transcript: &mut Transcript) -> Option<()> {
    let turns = &mut transcript.turns;
    if turns.is_empty() {
        return None;
    }
    if transcript.unlabelled {
        return Some(());
    }
    let generic = turns.iter().filter(|turn| turn.kind == Kind::Question).count();
    let habits = habits(text, turns);
    let labelled = generic >= 2 || generic * 5 >= turns.len();
    let parts = if labelled { beside_questions(turns, &habits) } else { among_names(&habits) };
    for turn in turns.iter_mut() {
        turn.part = match turn.kind {
            Kind::Question => Part::Asks,
            Kind::Answer => Part::Answers,
            Kind::Moderator if labelled => Part::Moderates,
            // Where nobody else asks, the host does.
            Kind::Named | Kind::Moderator => parts.get(&turn.key).copied().unwrap_or(Part::Answers),
        };
    }
    Some(())
}

fn habits(text: &str, turns: &[Turn]) -> HashMap<String, Habits> {
    let mut all: HashMap<String, Habits> = HashMap::new();
    for (n, turn) in turns.iter().enumerate() {
        let habit = all.entry(turn.key.clone()).or_default();
        habit.turns += 1;
        habit.bytes += turn.content.len();
        habit.host |= is_host(turn.label.slice(text).unwrap_or_default());
        habit.asking += usize::from(asks(turn.content.slice(text).unwrap_or_default()));
        let generic =
            |i: Option<usize>| i.and_then(|i| turns.get(i)).is_some_and(|other| other.kind == Kind::Question);
        habit.behind_question += usize::from(generic(n.checked_sub(1)));
    }
    all
}

/// Returns whether a label ends in the role of one who asks: `WOLF BRANDT, ANCHOR`.
fn is_host(label: &str) -> bool {
    const ROLES: [&str; 8] =
        ["host", "anchor", "correspondent", "byline", "interviewer", "moderator", "reporter", "presenter"];
    label.split_once([',', '(']).is_some_and(|(_, role)| {
        let last = role.trim_end_matches(')').rsplit(' ').next().unwrap_or_default().to_lowercase();
        ROLES.contains(&last.as_str())
    })
}

/// Returns whether a turn asks: a question mark near its end.
fn asks(content: &str) -> bool {
    let mut low = content.len().saturating_sub(160);
    while !content.is_char_boundary(low) {
        low -= 1;
    }
    content[low..].contains(['?', '؟', '？'])
}

/// With turns labelled as questions: names answer, but for moderators and for reporters who are named.
fn beside_questions(turns: &[Turn], habits: &HashMap<String, Habits>) -> HashMap<String, Part> {
    let named = || turns.iter().filter(|turn| turn.kind == Kind::Named);
    let answers = turns.iter().any(|turn| turn.kind == Kind::Answer);
    let most = named().map(|turn| habits[&turn.key].behind_question).max().unwrap_or(0);
    let is_main = |key: &str| most > 0 && habits[key].behind_question * 4 >= most;
    let follows = |key: &str, fits: &dyn Fn(&Turn) -> bool| {
        turns
            .windows(2)
            .filter(|pair| pair[0].key == key && pair[0].kind == Kind::Named && fits(&pair[1]))
            .count()
    };
    let is_reporter = |key: &str| {
        let habit = &habits[key];
        let main = is_main(key) && !(answers && habit.behind_question * 2 < habit.turns);
        let main_follows =
            follows(key, &|next| next.kind == Kind::Answer || next.kind == Kind::Named && is_main(&next.key));
        !main
            && habit.asking * 2 >= habit.turns
            && main_follows * 2 >= habit.turns
            && habit.behind_question * 3 <= habit.turns
    };
    let reporters: HashSet<&str> =
        named().map(|turn| turn.key.as_str()).filter(|key| is_reporter(key)).collect();
    let asks = |turn: &Turn| turn.kind == Kind::Question || reporters.contains(turn.key.as_str());
    let last_question = turns.iter().rposition(asks).unwrap_or(0);
    let mut parts = HashMap::new();
    for turn in named() {
        let (key, habit) = (turn.key.as_str(), &habits[&turn.key]);
        let short = habit.bytes / habit.turns <= MODERATOR_LENGTH;
        // Who opens and who closes the meeting hands over to nobody there.
        let inside = turns[..last_question].iter().skip(1).filter(|turn| turn.key == key).count();
        let before_question = follows(key, &asks);
        let moderator = short
            && most > 0
            && before_question > 0
            && before_question * 5 >= inside * 3
            && habit.behind_question * 5 <= habit.turns * 2
            && habit.behind_question < most;
        let part = if reporters.contains(key) {
            Part::Asks
        } else if moderator {
            Part::Moderates
        } else {
            Part::Answers
        };
        parts.insert(turn.key.clone(), part);
    }
    parts
}

/// Without such labels: those who mostly ask, and shortly, are the interviewers. Where nobody does, it is a panel.
fn among_names(habits: &HashMap<String, Habits>) -> HashMap<String, Part> {
    let share = |habit: &Habits| habit.asking as f64 / habit.turns.max(1) as f64;
    let mean = |habit: &Habits| habit.bytes / habit.turns.max(1);
    let least = habits.values().filter(|h| h.turns > 1).map(share).fold(1.0, f64::min);
    let longest = habits.values().map(mean).max().unwrap_or(0);
    habits
        .iter()
        .map(|(key, habit)| {
            let shorter = mean(habit) < longest || share(habit) >= least + 0.4;
            let asks = share(habit) >= 0.45 && share(habit) >= least + 0.25 && shorter
                || habit.host && share(habit) > least;
            (key.clone(), if asks { Part::Asks } else { Part::Answers })
        })
        .collect()
}
