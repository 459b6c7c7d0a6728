//! proto3 JSON as it is printed: that of the generated code, with 64-bit offsets as numbers.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{
    Serializer,
    ser::{CompactFormatter, Formatter, PrettyFormatter},
};

/// Fields that the generated code writes as strings, because JavaScript cannot count beyond 2⁵³. No file is that long,
/// and readers add the offsets to others: they are printed as numbers.
const NUMBERS: [&str; 5] = ["sourceStartByte", "sourceEndByte", "revision", "claimCount", "documentCount"];

/// Writes `value` on one line, without the line's end.
pub(crate) fn write_line<W: Write>(out: W, value: &impl Serialize) -> io::Result<()> {
    write(out, value, CompactFormatter)
}

/// Writes `value` over several lines, for people.
pub(crate) fn write_pretty<W: Write>(out: W, value: &impl Serialize) -> io::Result<()> {
    write(out, value, PrettyFormatter::new())
}

fn write<W: Write, F: Formatter>(out: W, value: &impl Serialize, inner: F) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Numbers { inner, place: Place::Elsewhere });
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Leaves the quote marks of some values out while they are written: no second pass, no copy.
struct Numbers<F> {
    inner: F,
    place: Place,
}

/// Where the writing is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the key of an object's member.
    Key,
    /// Behind a key of [`NUMBERS`].
    Number,
    Elsewhere,
}

impl<F: Formatter> Formatter for Numbers<F> {
    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.place = Place::Key;
        self.inner.begin_object_key(out, first)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if self.place == Place::Key && NUMBERS.contains(&fragment) {
            self.place = Place::Number;
            self.inner.write_string_fragment(out, fragment)?;
            return self.inner.end_string(out);
        }
        self.inner.write_string_fragment(out, fragment)
    }

    fn begin_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if self.place == Place::Number { Ok(()) } else { self.inner.begin_string(out) }
    }

    fn end_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if self.place == Place::Number { Ok(()) } else { self.inner.end_string(out) }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if self.place == Place::Key {
            self.place = Place::Elsewhere;
        }
        self.inner.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.place = Place::Elsewhere;
        self.inner.end_object_value(out)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.inner.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.end_object(out)
    }
}

#[cfg(test)]
mod tests {
    use dictum_proto::v1;

    use super::*;

    #[test]
    fn offsets_are_numbers_and_texts_are_strings() {
        let residue = vec![v1::Residue { kind: 1, source_start_byte: 7, source_end_byte: u64::MAX }];
        let text = "sourceStartByte".to_owned(); // the name of a field as a value changes nothing
        let document = v1::Document {
            text,
            residue,
            source_start_byte: 7,
            source_file: "9".into(),
            ..Default::default()
        };
        let mut line = Vec::new();
        write_line(&mut line, &document).unwrap();
        assert_eq!(
            String::from_utf8(line).unwrap(),
            r#"{"text":"sourceStartByte","sourceFile":"9","sourceStartByte":7,"residue":[{"kind":"RESIDUE_KIND_HEADER","sourceStartByte":7,"sourceEndByte":18446744073709551615}]}"#
        );
    }
}
