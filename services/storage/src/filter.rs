//! Filters, orders and ids from the wire.

use std::str::FromStr;

use dictum_core::{Confidence, Date, DateInterval, FormKind, Manner};
use dictum_proto::{ConvertError, timestamp_from_wire, v1};
use dictum_store::{ClaimFilter, ListOrder, MAX_PAGE_SIZE, TimeRange};

/// What a page holds when the caller does not say.
const DEFAULT_PAGE_SIZE: usize = 50;

pub(crate) fn filter_from_wire(filter: Option<v1::ClaimFilter>) -> Result<ClaimFilter, ConvertError> {
    let filter = filter.unwrap_or_default();
    let (form, manner) = (filter.form(), filter.manner());
    let v1::ClaimFilter {
        speaker,
        form: _,
        manner: _,
        topic,
        channel,
        language,
        document_id,
        from_date,
        to_date,
        from_publish_time,
        to_publish_time,
        role,
        organization,
        reporter,
        min_confidence,
        rule_id,
        exact_speaker,
    } = filter;
    let set = |value: String| (!value.is_empty()).then_some(value).into_iter().collect();
    Ok(ClaimFilter {
        speakers: set(speaker),
        exact_speakers: exact_speaker,
        roles: set(role),
        organizations: set(organization),
        reporters: set(reporter),
        forms: form_from_wire(form).into_iter().collect(),
        manners: manner_from_wire(manner).into_iter().collect(),
        topics: set(topic),
        channels: set(channel),
        languages: set(language),
        document_ids: if document_id.is_empty() {
            Vec::new()
        } else {
            vec![id_from_wire(&document_id, "filter.document_id")?]
        },
        rule_ids: set(rule_id),
        occasion: days_from_wire(&from_date, &to_date)?,
        published: TimeRange {
            from: timestamp_from_wire(from_publish_time, "filter", "from_publish_time")?,
            before: timestamp_from_wire(to_publish_time, "filter", "to_publish_time")?,
        },
        min_confidence: confidence_from_wire(min_confidence)?,
    })
}

pub(crate) fn id_from_wire<T: FromStr<Err = dictum_core::ParseIdError>>(
    id: &str,
    field: &str,
) -> Result<T, ConvertError> {
    id.parse().map_err(|error: dictum_core::ParseIdError| invalid(field, error.to_string()))
}

/// Returns how many things are wanted: 0 means the default, and more than the most means the most.
pub(crate) fn size_from_wire(size: i32, field: &str) -> Result<usize, ConvertError> {
    match usize::try_from(size) {
        Ok(0) => Ok(DEFAULT_PAGE_SIZE),
        Ok(size) => Ok(size.min(MAX_PAGE_SIZE)),
        Err(_) => Err(invalid(field, "must not be negative".to_owned())),
    }
}

pub(crate) fn order_from_wire(order: v1::ClaimOrder) -> ListOrder {
    match order {
        v1::ClaimOrder::Unspecified | v1::ClaimOrder::TimeAscending => ListOrder::TimeAscending,
        v1::ClaimOrder::TimeDescending => ListOrder::TimeDescending,
        v1::ClaimOrder::WrittenAscending => ListOrder::WrittenAscending,
        v1::ClaimOrder::WrittenDescending => ListOrder::WrittenDescending,
    }
}

fn form_from_wire(form: v1::ClaimForm) -> Option<FormKind> {
    match form {
        v1::ClaimForm::Unspecified => None,
        v1::ClaimForm::QuotedStatement => Some(FormKind::QuotedStatement),
        v1::ClaimForm::QuestionAnswer => Some(FormKind::QuestionAnswer),
        v1::ClaimForm::PrerequisiteList => Some(FormKind::PrerequisiteList),
    }
}

fn manner_from_wire(manner: v1::Manner) -> Option<Manner> {
    match manner {
        v1::Manner::Unspecified => None,
        v1::Manner::Block => Some(Manner::Block),
        v1::Manner::Direct => Some(Manner::Direct),
        v1::Manner::Indirect => Some(Manner::Indirect),
        v1::Manner::Mixed => Some(Manner::Mixed),
        v1::Manner::Attitude => Some(Manner::Attitude),
    }
}

/// An open end reaches to the first or last day that there is.
fn days_from_wire(from: &str, to: &str) -> Result<Option<DateInterval>, ConvertError> {
    if from.is_empty() && to.is_empty() {
        return Ok(None);
    }
    let day = |text: &str, field: &str, open: Date| {
        if text.is_empty() {
            return Ok(open);
        }
        text.parse().map_err(|_| invalid(field, format!("must be a day as YYYY-MM-DD, not `{text}`")))
    };
    let start = day(from, "filter.from_date", Date::MIN)?;
    let end = day(to, "filter.to_date", Date::MAX)?;
    let interval = DateInterval::new(start, end)
        .ok_or_else(|| invalid("filter.to_date", "must not lie before from_date".to_owned()))?;
    Ok(Some(interval))
}

fn confidence_from_wire(confidence: f32) -> Result<Option<Confidence>, ConvertError> {
    let confidence = Confidence::new(confidence)
        .ok_or_else(|| invalid("filter.min_confidence", "must be from 0 to 1".to_owned()))?;
    Ok((confidence.get() > 0.0).then_some(confidence))
}

fn invalid(field: &str, message: String) -> ConvertError {
    ConvertError::Invalid { field: field.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(filter: v1::ClaimFilter) -> String {
        filter_from_wire(Some(filter)).unwrap_err().field().to_owned()
    }

    #[test]
    fn what_is_wrong_is_named() {
        let filter = v1::ClaimFilter::default;
        assert_eq!(field(v1::ClaimFilter { from_date: "7 May".into(), ..filter() }), "filter.from_date");
        assert_eq!(
            field(v1::ClaimFilter {
                from_date: "2024-05-07".into(),
                to_date: "2024-05-06".into(),
                ..filter()
            }),
            "filter.to_date"
        );
        assert_eq!(field(v1::ClaimFilter { document_id: "AB".into(), ..filter() }), "filter.document_id");
        assert_eq!(field(v1::ClaimFilter { min_confidence: 1.5, ..filter() }), "filter.min_confidence");
        assert_eq!(size_from_wire(-1, "page_size").unwrap_err().field(), "page_size");
    }

    #[test]
    fn what_is_not_set_lets_everything_through() {
        assert_eq!(filter_from_wire(None), Ok(ClaimFilter::default()));
        assert_eq!(size_from_wire(0, "page_size"), Ok(DEFAULT_PAGE_SIZE));
    }
}
