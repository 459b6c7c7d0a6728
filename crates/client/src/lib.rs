//! What every caller of Dictum does: connections, deadlines, retries, streams that resume.
//!
//! ```no_run
//! # async fn run() -> Result<(), dictum_client::ClientError> {
//! use dictum_client::{ClientOptions, Connection, StorageClient};
//! use dictum_proto::v1;
//! use futures_util::TryStreamExt;
//!
//! let connection = Connection::new("http://127.0.0.1:50051", ClientOptions::default())?;
//! let filter = v1::ClaimFilter { speaker: "Ada Fenwick".into(), ..Default::default() };
//! let mut claims = StorageClient::new(connection).list_all(v1::ListClaimsRequest {
//!     filter: Some(filter),
//!     ..Default::default()
//! });
//! while let Some(claim) = claims.try_next().await? {
//!     println!("{}", claim.claim_id);
//! }
//! # Ok(()) }
//! ```
//!
//! Every call of `dictum.v1` may be repeated: ids come from content, so writing twice is harmless. Absent on purpose:
//! reading files, printing.

mod address;
mod balance;
mod connection;
mod credentials;
mod error;
mod extraction;
mod health;
mod ingest;
mod retry;
mod storage;
mod trace;
mod transport;
mod watch;

pub use connection::{ClientOptions, Connection};
pub use credentials::{ClientTls, Token};
pub use error::ClientError;
pub use extraction::ExtractionClient;
pub use ingest::{Acknowledgement, IngestClient};
pub use storage::StorageClient;
pub use transport::Transport;
