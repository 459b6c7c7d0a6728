//! Makes large source files of invented messages, piece by piece, without holding them. The same for the same size.

use std::{
    fmt::Write as _,
    io::{self, Read},
};

/// Which file is made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Telegram Desktop's `result.json`.
    ResultJson,
    /// A preview page, far longer than real ones.
    Preview,
}

/// A source file of about `bytes` bytes.
#[derive(Debug)]
pub(crate) struct Generated {
    kind: Kind,
    left: u64, // bytes still to be made before the file's end
    ended: bool,
    messages: u64,
    piece: String,
    given: usize, // bytes of `piece` already handed out
}

const SENTENCES: [&str; 8] = [
    "💬 Odile Brandt: We have counted the moorings, and all forty-two of them are in working order.",
    "The crane on the north quay stays closed until its cable has been replaced.",
    "❓ Will the old lighthouse be lit again this year?",
    "Смотритель маяка сообщил, что лампа вернулась из мастерской и горит третью ночь подряд.",
    "☝️ Nobody has asked us to raise the mooring fee. <...> We do not plan to.",
    "El faro volverá a encenderse en junio, dijo la capitana del puerto & de los muelles.",
    "The pilots' school opens its doors on Saturday, and \"whoever wants to steer\" is welcome.",
    "नॉरहेवन के बंदरगाह पर नई नौका पहुँची और शाम तक वहाँ रहेगी।",
];

impl Generated {
    /// Returns a file of about `bytes` bytes.
    pub(crate) fn new(kind: Kind, bytes: u64) -> Self {
        let piece = match kind {
            Kind::ResultJson => {
                "{\n \"name\": \"Norhaven Watch\",\n \"type\": \"public_channel\",\n \"id\": 77,\n \"messages\": [".into()
            }
            Kind::Preview => "<!DOCTYPE html>\n<html><body><section>\n".into(),
        };
        Self { kind, left: bytes, ended: false, messages: 0, piece, given: 0 }
    }

    /// Writes the next message, of two to nine sentences; every tenth is a service message.
    fn next_piece(&mut self) {
        self.piece.clear();
        self.given = 0;
        if self.left == 0 {
            self.ended = true;
            self.piece.push_str(match self.kind {
                Kind::ResultJson => "\n ]\n}",
                Kind::Preview => "</section></body></html>",
            });
            return;
        }
        self.messages += 1;
        match self.kind {
            Kind::ResultJson => self.json_message(),
            Kind::Preview => self.preview_message(),
        }
        self.left = self.left.saturating_sub(self.piece.len() as u64);
    }

    fn sentences(&self) -> impl Iterator<Item = &'static str> {
        let seed = self.messages.wrapping_mul(6_364_136_223_846_793_005) >> 33;
        (0..2 + seed % 8).map(move |n| SENTENCES[usize::try_from((seed / 8 + n) % 8).unwrap_or(0)])
    }

    fn json_message(&mut self) {
        let (n, comma) = (self.messages, if self.messages > 1 { "," } else { "" });
        let mut piece = std::mem::take(&mut self.piece);
        let _ = write!(
            piece,
            "{comma}\n  {{\n   \"id\": {n},\n   \"type\": \"{}\",\n   \"date\": \"2031-05-03T11:00:00\",\n   \
             \"date_unixtime\": \"{}\",\n   \"from\": \"Norhaven Watch\",\n   \"from_id\": \"channel77\",\n",
            if n.is_multiple_of(10) { "service" } else { "message" },
            1_935_565_200 + n * 60,
        );
        let text: Vec<String> = self.sentences().map(|sentence| sentence.replace('"', "\\\"")).collect();
        let text = text.join("\\n");
        let _ = write!(
            piece,
            "   \"text\": [\n    {{\n     \"type\": \"bold\",\n     \"text\": \"Post {n}\"\n    }},\n    \"\\n{text}\"\n   ],\n   \
             \"text_entities\": [\n    {{\n     \"type\": \"bold\",\n     \"text\": \"Post {n}\"\n    }},\n    {{\n     \
             \"type\": \"plain\",\n     \"text\": \"\\n{text}\"\n    }}\n   ]\n  }}"
        );
        self.piece = piece;
    }

    fn preview_message(&mut self) {
        let n = self.messages;
        let mut piece = std::mem::take(&mut self.piece);
        let escaped = |sentence: &str| sentence.replace('&', "&amp;").replace('<', "&lt;");
        let text: Vec<String> = self.sentences().map(escaped).collect();
        let _ = writeln!(
            piece,
            "<div class=\"tgme_widget_message_wrap js-widget_message_wrap\"><div class=\"tgme_widget_message{}\" \
             data-post=\"norhaven_watch/{n}\" data-view=\"eyJjIjotMTAwMTIzNDU2Nzg5MCwicCI6MTIsInQiOjE3MDAwMDAwMDB9\">\n  \
             <div class=\"tgme_widget_message_bubble\">\n    <div class=\"tgme_widget_message_author accent_color\">\
             <a class=\"tgme_widget_message_owner_name\" href=\"https://t.me/norhaven_watch\"><span dir=\"auto\">Norhaven Watch\
             </span></a></div>\n    <div class=\"tgme_widget_message_text js-message_text\" dir=\"auto\"><b>Post {n}</b><br/>\
             <i class=\"emoji\" style=\"background-image:url('//telegram.org/img/emoji/40/F09F92AC.png')\"><b>💬</b></i> {}\
             </div>\n    <div class=\"tgme_widget_message_footer compact\"><span class=\"tgme_widget_message_meta\">\
             <a class=\"tgme_widget_message_date\" href=\"https://t.me/norhaven_watch/{n}\">\
             <time datetime=\"2031-05-03T09:00:00+00:00\" class=\"time\">09:00</time></a></span></div>\n  </div></div></div>",
            if n.is_multiple_of(10) { " service_message" } else { "" },
            text.join("<br/>")
        );
        self.piece = piece;
    }
}

impl Read for Generated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.piece.len() {
            if self.ended {
                return Ok(0);
            }
            self.next_piece();
        }
        let rest = &self.piece.as_bytes()[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}
