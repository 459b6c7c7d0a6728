//! Sends documents, each acknowledged when it is durable, to the healthy ones of all addresses of a name, with a token.
//!
//! ```sh
//! DICTUM_ENDPOINT=https://dictum.example:50051 DICTUM_TOKEN=… cargo run -p dictum-client --example ingest
//! ```

use std::{env, error::Error};

use dictum_client::{ClientOptions, Connection, IngestClient, Token};
use dictum_proto::v1::Document;
use futures_util::{TryStreamExt, stream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = env::var("DICTUM_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:50051".to_owned());
    let token = env::var("DICTUM_TOKEN").ok().map(|token| Token::new(&token)).transpose()?;
    let connection = Connection::new(&endpoint, ClientOptions { token, ..Default::default() })?;
    let documents = (1..=3).map(|n| Document {
        text: format!("💬 Mayor Ada Fenwick: Bridge number {n} opens in May."),
        channel: "Harbour Office".to_owned(),
        message_id: n.to_string(),
        ..Default::default()
    });
    let mut acknowledged = IngestClient::new(connection).ingest_documents(stream::iter(documents));
    while let Some(acknowledgement) = acknowledged.try_next().await? {
        let result = acknowledgement.result;
        println!("{} {} {}", acknowledgement.sequence, result.status().as_str_name(), result.document_id);
    }
    Ok(())
}
