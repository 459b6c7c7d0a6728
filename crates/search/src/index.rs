//! The index on disk: one tantivy document per claim, its words with their stems at the same place.

use std::{fs, io, ops::Bound, path::Path};

use dictum_core::{ClaimId, Timestamp};
use dictum_store::{FilterTerms, StoredClaim, TimeRange};
use tantivy::{
    Index as Tantivy, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term,
    collector::TopDocs,
    query::{
        BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, PhraseQuery, Query as TantivyQuery,
        RangeQuery, RegexQuery, TermQuery,
    },
    schema::{
        FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
        Value,
    },
    tokenizer::{PreTokenizedString, Token},
};

use crate::{
    query::{Part, Query, searched_spans, stem_terms},
    words::{Stems, words},
};

/// The version of what is indexed and how; an index of another version is built anew.
const VERSION: u32 = 2;
/// Memory of the writer before it makes a segment.
const WRITER_BYTES: usize = 50_000_000;
/// Places between two parts of a claim: no phrase reaches across.
const GAP: usize = 100;

/// What the engine says when it fails.
pub(crate) use tantivy::TantivyError as IndexError;

/// An index that is open.
pub(crate) struct Index {
    reader: IndexReader,
    index: Tantivy,
    fields: Fields,
}

#[derive(Clone, Copy)]
struct Fields {
    id: Field,
    words: Field,
    /// What filters ask for: [`StoredClaim::terms`].
    terms: Field,
    /// Microseconds since 1970.
    published: Field,
    confidence: Field,
}

impl Index {
    /// Opens the index in `path` if it is whole, of this version and store, and not ahead of the revision `newest`; else
    /// makes an empty one in its place.
    pub(crate) fn open(path: &Path, store_id: &str, newest: u64) -> tantivy::Result<Self> {
        match Self::open_in(path) {
            Ok(index) if index.revision(store_id).is_some_and(|revision| revision <= newest) => {
                if index.is_whole() {
                    return Ok(index);
                }
                tracing::warn!("the search index is damaged and is built anew");
            }
            _ => {}
        }
        Self::create(path)
    }

    /// Makes an empty index in the place of whatever is there.
    pub(crate) fn create(path: &Path) -> tantivy::Result<Self> {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => fs::create_dir_all(path)?,
        }
        let (schema, _) = schema();
        Tantivy::create_in_dir(path, schema)?;
        Self::open_in(path)
    }

    fn open_in(path: &Path) -> tantivy::Result<Self> {
        let index = Tantivy::open_in_dir(path)?;
        let (schema, fields) = schema();
        if index.schema() != schema {
            return Err(tantivy::TantivyError::SchemaError("another schema".to_owned()));
        }
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { reader, index, fields })
    }

    /// Reads every file and compares its checksum.
    fn is_whole(&self) -> bool {
        let damaged = self.index.validate_checksum();
        damaged.is_ok_and(|files| files.is_empty())
    }

    /// Returns the revision of the store up to which it knows; `None` for one that is not of this version and store.
    pub(crate) fn revision(&self, store_id: &str) -> Option<u64> {
        let payload = self.index.load_metas().ok()?.payload?;
        payload.strip_prefix(&payload_prefix(store_id))?.parse().ok()
    }

    pub(crate) fn writer(&self, store_id: &str) -> tantivy::Result<Writer> {
        let writer = self.index.writer_with_num_threads(1, WRITER_BYTES)?;
        Ok(Writer { writer, fields: self.fields, payload_prefix: payload_prefix(store_id) })
    }

    /// Returns what can be searched now.
    pub(crate) fn snapshot(&self) -> tantivy::Result<Snapshot> {
        self.reader.reload()?;
        Ok(Snapshot { searcher: self.reader.searcher(), fields: self.fields })
    }
}

fn payload_prefix(store_id: &str) -> String {
    format!("dictum-search {VERSION} {store_id} ")
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let id = schema.add_bytes_field("id", INDEXED | STORED);
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let words = schema.add_text_field("words", TextOptions::default().set_indexing_options(indexing));
    let terms = schema.add_text_field("terms", STRING);
    let published = schema.add_i64_field("published", FAST);
    let confidence = schema.add_f64_field("confidence", FAST);
    (schema.build(), Fields { id, words, terms, published, confidence })
}

/// Changes the index.
pub(crate) struct Writer {
    writer: IndexWriter,
    fields: Fields,
    payload_prefix: String,
}

impl Writer {
    pub(crate) fn add(&self, claim: &StoredClaim) -> tantivy::Result<()> {
        let mut document = TantivyDocument::default();
        document.add_bytes(self.fields.id, claim.claim().id.as_bytes());
        document.add_pre_tokenized_text(self.fields.words, tokens(claim));
        claim.terms().iter().for_each(|term| document.add_text(self.fields.terms, term));
        if let Some(time) = claim.publish_time() {
            document.add_i64(self.fields.published, time.as_microsecond());
        }
        document.add_f64(self.fields.confidence, claim.claim().confidence.get().into());
        self.writer.add_document(document).map(drop)
    }

    pub(crate) fn remove(&self, id: ClaimId) {
        self.writer.delete_term(Term::from_field_bytes(self.fields.id, id.as_bytes()));
    }

    /// Makes what was changed durable and visible, together with the revision that it shows.
    pub(crate) fn commit(&mut self, revision: u64) -> tantivy::Result<()> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&format!("{}{revision}", self.payload_prefix));
        commit.commit().map(drop)
    }
}

/// Returns the words of a claim's parts and of its speaker's name.
fn tokens(claim: &StoredClaim) -> PreTokenizedString {
    let document = claim.document();
    let form = &claim.claim().form;
    let stems = document.extraction.language.as_deref().and_then(Stems::of);
    let spans = searched_spans(form);
    let parts = spans.iter().filter_map(|span| span.slice(&document.document.text));
    let mut tokens = Vec::new();
    let mut position = 0;
    for part in parts.chain(form.speaker().map(|speaker| speaker.name.as_str())) {
        for word in words(part) {
            let mut add = |text| {
                tokens.push(Token { offset_from: 0, offset_to: 0, position, text, position_length: 1 });
            };
            if let Some(stems) = &stems {
                add(stems.term(&word.folded));
            }
            add(word.folded);
            position += 1;
        }
        position += GAP;
    }
    PreTokenizedString { text: String::new(), tokens }
}

/// The index as one commit left it.
#[derive(Clone)]
pub(crate) struct Snapshot {
    searcher: Searcher,
    fields: Fields,
}

impl Snapshot {
    /// Returns the ids of the best claims that the filter lets through, from number `offset` on.
    pub(crate) fn best(
        &self,
        query: &Query,
        filter: &FilterTerms,
        offset: usize,
        limit: usize,
    ) -> tantivy::Result<Vec<ClaimId>> {
        let found = self.searcher.search(
            &self.compile(query, filter)?,
            &TopDocs::with_limit(limit).and_offset(offset).order_by_score(),
        )?;
        let mut ids = Vec::with_capacity(found.len());
        for (_, address) in found {
            let document: TantivyDocument = self.searcher.doc(address)?;
            let id = document.get_first(self.fields.id).and_then(|value| value.as_bytes()?.try_into().ok());
            ids.extend(id.map(ClaimId::from_bytes));
        }
        Ok(ids)
    }

    fn compile(&self, query: &Query, filter: &FilterTerms) -> tantivy::Result<BooleanQuery> {
        let parts = query.parts.iter().map(|part| Ok((Occur::Must, self.compile_part(part)?)));
        let mut parts = parts.collect::<tantivy::Result<Vec<_>>>()?;
        // A filter says which claims, not how relevant they are.
        let filters = self.compile_filter(filter).into_iter();
        parts.extend(filters.map(|query| -> (Occur, Box<dyn TantivyQuery>) {
            (Occur::Must, Box::new(ConstScoreQuery::new(query, 0.0)))
        }));
        Ok(BooleanQuery::new(parts))
    }

    fn compile_filter(&self, filter: &FilterTerms) -> Vec<Box<dyn TantivyQuery>> {
        let FilterTerms { all_of, published, min_confidence } = filter;
        let mut queries: Vec<Box<dyn TantivyQuery>> = Vec::new();
        for terms in all_of {
            let either = terms.iter().map(|text| -> (Occur, Box<dyn TantivyQuery>) {
                let term = Term::from_field_text(self.fields.terms, text);
                (Occur::Should, Box::new(TermQuery::new(term, IndexRecordOption::Basic)))
            });
            queries.push(Box::new(BooleanQuery::new(either.collect())));
        }
        let TimeRange { from, before } = published;
        if !published.is_open() {
            let term = |time: Timestamp| Term::from_field_i64(self.fields.published, time.as_microsecond());
            let from = term(from.unwrap_or(Timestamp::MIN)); // One bound must be there: it names the field.
            let before = before.map_or(Bound::Unbounded, |time| Bound::Excluded(term(time)));
            queries.push(Box::new(RangeQuery::new(Bound::Included(from), before)));
        }
        if let Some(least) = min_confidence {
            let least = Term::from_field_f64(self.fields.confidence, least.get().into());
            queries.push(Box::new(RangeQuery::new(Bound::Included(least), Bound::Unbounded)));
        }
        queries
    }

    fn compile_part(&self, part: &Part) -> tantivy::Result<Box<dyn TantivyQuery>> {
        let term = |text: &str| Term::from_field_text(self.fields.words, text);
        Ok(match part {
            Part::Word(word) => {
                let terms = [word.clone()].into_iter().chain(stem_terms(word));
                let forms = terms.map(|text| -> Box<dyn TantivyQuery> {
                    Box::new(TermQuery::new(term(&text), IndexRecordOption::WithFreqs))
                });
                // The best of word and stems counts, once: a claim in a language that is not stemmed stands no lower.
                Box::new(DisjunctionMaxQuery::new(forms.collect()))
            }
            // Words are letters and digits alone: nothing to escape.
            Part::Prefix(prefix) => {
                Box::new(RegexQuery::from_pattern(&format!("{prefix}[^~]*"), self.fields.words)?)
            }
            Part::Phrase(words) => Box::new(PhraseQuery::new(words.iter().map(|word| term(word)).collect())),
        })
    }
}
