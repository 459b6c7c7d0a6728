//! Follows claims from the beginning, across restarts of the server.
//!
//! ```sh
//! cargo run -p dictum-client --example watch
//! ```

use std::{env, error::Error};

use dictum_client::{ClientOptions, Connection, StorageClient};
use dictum_proto::v1::{ChangeKind, WatchClaimsRequest};
use futures_util::TryStreamExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = env::var("DICTUM_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:50051".to_owned());
    let options = ClientOptions { max_attempts: 100, ..Default::default() };
    let client = StorageClient::new(Connection::new(&endpoint, options)?);
    let mut changes = client.watch(WatchClaimsRequest { filter: None, after_revision: Some(0) });
    while let Some(change) = changes.try_next().await? {
        match (change.kind(), &change.claim) {
            (ChangeKind::Bookmark, _) => println!("everything up to revision {} is here", change.revision),
            (kind, Some(claim)) => println!("{} {}", kind.as_str_name(), claim.claim_id),
            _ => {}
        }
    }
    Ok(())
}
