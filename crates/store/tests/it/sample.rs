//! Documents made up from a number: the same number gives the same document.

use dictum_core::{
    Claim, ClaimId, Confidence, Document, DocumentParts, ExtractedDocument, Extraction, Form, Manner,
    Occasion, PrerequisiteList, QuestionAnswer, QuotedStatement, Span, Speaker, UnknownSpeaker,
};
use dictum_store::{Store, StoreOptions};

/// A source of numbers that repeats itself exactly (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.roll() % n as u64).unwrap()
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Forms of four people; Cyrillic letters and titles are joined without further evidence.
pub(crate) const SPEAKERS: [&str; 8] = [
    "Ada Marsh",
    "ada  marsh",
    "Zoë Brook",
    "Zoe Brook",
    "Ministry of Tides",
    "Iva Stone",
    "Dr. Iva Stone",
    "Ада Марш",
];
pub(crate) const ROLES: [&str; 3] = ["Harbour Master", "Minister of Tides", "spokeswoman"];
pub(crate) const ORGANIZATIONS: [&str; 2] = ["Port Authority", "Tide Council"];
pub(crate) const TOPICS: [&str; 5] = ["Harbour", "harbour", "Fisheries", "BRIDGE", "Tides"];
pub(crate) const CHANNELS: [&str; 3] = ["Harbour Office", "Tide Watch", "The Pier"];
pub(crate) const RULES: [&str; 3] = ["block-marked", "quote-cue-after", "list-numbered"];
pub(crate) const LANGUAGES: [&str; 2] = ["en", "hi"];

/// Returns a document with up to six claims.
pub(crate) fn document(seed: u64) -> ExtractedDocument {
    let mut dice = Dice::new(seed);
    let claims = dice.below(7);
    let text = format!("💬 {seed}\n{}", "We open the harbour on Monday. ".repeat(2 + 2 * claims));
    let time = |dice: &mut Dice| {
        let second = 1_700_000_000 + i64::try_from(dice.below(40)).unwrap() * 43_200;
        dictum_core::Timestamp::from_second(second).unwrap()
    };
    let channel = (!dice.one_in(5)).then(|| (*dice.pick(&CHANNELS)).to_owned());
    let message_id = dice.one_in(3).then(|| dice.below(12).to_string());
    let publish_time = dice.one_in(2).then(|| time(&mut dice));
    let edit_time = dice.one_in(6).then(|| time(&mut dice));
    let document = Document::new(DocumentParts {
        text,
        channel,
        message_id,
        publish_time,
        edit_time,
        source_file: Some("sample.txt".into()),
        source_start_byte: seed,
        ..DocumentParts::default()
    });
    let extraction = extraction(&document, &mut dice, claims);
    ExtractedDocument { document, extraction }
}

/// Returns another extraction of a document.
pub(crate) fn extraction(document: &Document, dice: &mut Dice, claims: usize) -> Extraction {
    let mut extraction = Extraction {
        title: dice.one_in(2).then(|| Span::new(5, 6).unwrap()),
        occasion: Occasion { place: None, date: dice.one_in(2).then(|| date(dice)) },
        topics: some(dice, &TOPICS, 3),
        language: (!dice.one_in(6)).then(|| (*dice.pick(&LANGUAGES)).into()),
        claims: (0..claims).map(|at| claim(document, dice, 30 + 62 * at)).collect(),
        diagnostics: Vec::new(),
        rule_set: "2026.11-1".into(),
    };
    extraction.sort_claims();
    extraction
}

fn date(dice: &mut Dice) -> dictum_core::DateInterval {
    let first = dictum_core::Date::new(2023, 11, i8::try_from(1 + dice.below(28)).unwrap()).unwrap();
    let last = match dice.below(8) {
        0 => first.saturating_add(jiff::Span::new().days(2)),
        1 => first.saturating_add(jiff::Span::new().days(90)),
        _ => first,
    };
    dictum_core::DateInterval::new(first, last).unwrap()
}

fn some(dice: &mut Dice, of: &[&str], most: usize) -> Vec<String> {
    let mut values: Vec<String> = (0..dice.below(most + 1)).map(|_| (*dice.pick(of)).to_owned()).collect();
    values.sort();
    values.dedup();
    values
}

fn speaker(dice: &mut Dice) -> Speaker {
    Speaker {
        name: (*dice.pick(&SPEAKERS)).into(),
        role: dice.one_in(2).then(|| (*dice.pick(&ROLES)).into()),
        organization: dice.one_in(3).then(|| (*dice.pick(&ORGANIZATIONS)).into()),
    }
}

fn claim(document: &Document, dice: &mut Dice, at: usize) -> Claim {
    const MANNERS: [Manner; 5] =
        [Manner::Block, Manner::Direct, Manner::Indirect, Manner::Mixed, Manner::Attitude];
    let span = |from: usize, to: usize| Span::new(at + from, at + to).unwrap();
    let who =
        |dice: &mut Dice| if dice.one_in(5) { Err(UnknownSpeaker::NotNamed) } else { Ok(speaker(dice)) };
    let chain = |dice: &mut Dice| if dice.one_in(4) { vec![speaker(dice)] } else { Vec::new() };
    let form = match dice.below(4) {
        0 => Form::QuestionAnswer(QuestionAnswer {
            question: span(0, 10),
            asker: who(dice),
            answer: span(11, 20),
            respondent: who(dice),
        }),
        1 => Form::PrerequisiteList(PrerequisiteList {
            introducer: span(0, 5),
            subject: None,
            items: vec![span(6, 10), span(11, 15)],
            speaker: who(dice),
            source: None,
            attribution_chain: chain(dice),
        }),
        _ => Form::QuotedStatement(QuotedStatement {
            speaker: who(dice),
            source: dice.one_in(2).then(|| span(0, 3)),
            cue: None,
            content: span(4, 20),
            content_parts: if dice.one_in(4) { vec![span(4, 9), span(12, 20)] } else { Vec::new() },
            manner: *dice.pick(&MANNERS),
            attribution_chain: chain(dice),
        }),
    };
    Claim {
        id: ClaimId::of(document.id(), &form),
        form,
        rule_id: (*dice.pick(&RULES)).into(),
        confidence: Confidence::new(f32::from(u8::try_from(dice.below(11)).unwrap()) / 10.0).unwrap(),
    }
}

/// Options of small caches, so that tests meet the paths behind them.
pub(crate) fn small() -> StoreOptions {
    StoreOptions {
        cache_bytes: 16 << 20,
        decoded_cache_bytes: 64 << 10,
        min_free_bytes: 0,
        recent_changes: 8,
        ..StoreOptions::default()
    }
}

/// Opens a store in a new directory, which is removed with the first of the two.
pub(crate) async fn new_store() -> (tempfile::TempDir, Store) {
    // In memory where there is such a place: these tests are not about the disk, and wait for it often.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let store = Store::open(folder.path(), small()).await.unwrap();
    (folder, store)
}
