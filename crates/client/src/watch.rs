//! Following claims across broken connections.

use std::collections::HashSet;

use dictum_proto::v1::{
    ChangeKind, WatchClaimsRequest, WatchClaimsResponse, storage_service_client::StorageServiceClient,
};
use futures_util::{Stream, stream};
use tokio::time::sleep;
use tonic::{Code, Status, Streaming};

use crate::{ClientError, Connection, error::may_pass, retry::pause};

/// Returns the changes that `request` asks for; see [`StorageClient::watch`](crate::StorageClient::watch).
pub(crate) fn follow(
    connection: Connection,
    request: WatchClaimsRequest,
) -> impl Stream<Item = Result<WatchClaimsResponse, ClientError>> + Send + Unpin + 'static {
    let watch = Watch { connection, request, changes: None, after_bookmark: HashSet::new(), failures: 0 };
    Box::pin(stream::unfold(Some(watch), |watch| async {
        let mut watch = watch?;
        match watch.next().await {
            Ok(change) => Some((Ok(change), Some(watch))),
            Err(status) => Some((Err(status.into()), None)),
        }
    }))
}

struct Watch {
    connection: Connection,
    request: WatchClaimsRequest, // `after_revision` follows the bookmarks
    changes: Option<Streaming<WatchClaimsResponse>>,
    /// What was given since the last bookmark: a resumed stream repeats it. A bookmark follows every revision, so this
    /// holds the claims of one document at most.
    after_bookmark: HashSet<(u64, i32, String)>,
    failures: u32,
}

impl Watch {
    async fn next(&mut self) -> Result<WatchClaimsResponse, Status> {
        loop {
            match self.receive().await {
                Ok(change) => {
                    self.failures = 0;
                    if self.is_new(&change) {
                        return Ok(change);
                    }
                }
                Err(status) => {
                    self.changes = None;
                    self.failures += 1;
                    // ABORTED is what a slow reader is told: it may go on from where it was.
                    let resumes = may_pass(&status) || status.code() == Code::Aborted;
                    if !resumes || self.failures >= self.connection.options.max_attempts {
                        return Err(status);
                    }
                    sleep(pause(&self.connection.options, self.failures, &status)).await;
                }
            }
        }
    }

    async fn receive(&mut self) -> Result<WatchClaimsResponse, Status> {
        let changes = match &mut self.changes {
            Some(changes) => changes,
            None => {
                let mut service = StorageServiceClient::new(self.connection.channel.clone())
                    .max_decoding_message_size(self.connection.options.max_message_bytes);
                let response = service.watch_claims(self.request.clone()).await?;
                self.changes.insert(response.into_inner())
            }
        };
        changes.message().await?.ok_or_else(|| Status::unavailable("the server ended the stream"))
    }

    /// Returns whether the change was not given before, and remembers it.
    fn is_new(&mut self, change: &WatchClaimsResponse) -> bool {
        if change.kind() == ChangeKind::Bookmark {
            self.request.after_revision = Some(change.revision);
            self.after_bookmark.clear();
            return true;
        }
        let claim_id = change.claim.as_ref().map(|claim| claim.claim_id.clone()).unwrap_or_default();
        self.after_bookmark.insert((change.revision, change.kind, claim_id))
    }
}
