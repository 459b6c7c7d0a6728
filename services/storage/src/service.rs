//! The handlers: wire to domain, the store, domain to wire.

use std::sync::Arc;

use dictum_core::{ClaimId, DocumentId, ExtractedDocument, Units};
use dictum_proto::{
    ConvertError, claim_to_wire, document_from_wire, document_to_wire, document_within, extraction_from_wire,
    extraction_to_wire, provenance_to_wire, span_to_wire, timestamp_from_wire,
    v1::{
        BackupStoreRequest, Claim, ClaimView, CountClaimsRequest, CountClaimsResponse, DeleteDocumentRequest,
        DeleteDocumentResponse, Document, GetClaimRequest, GetClaimResponse, GetDocumentRequest,
        GetDocumentResponse, GetSpeakerRequest, GetSpeakerResponse, ListChannelsRequest,
        ListChannelsResponse, ListClaimsRequest, ListClaimsResponse, ListDocumentsRequest,
        ListDocumentsResponse, ListExchangesRequest, ListExchangesResponse, ListPrerequisitesRequest,
        ListPrerequisitesResponse, ListSpeakersRequest, ListSpeakersResponse, ListTopicsRequest,
        ListTopicsResponse, ListedDocument, Provenance, PurgeDocumentsRequest, PurgeDocumentsResponse,
        ReplaceExtractionRequest, ReplaceExtractionResponse, SearchClaimsRequest, SearchClaimsResponse,
        SearchResult, WatchClaimsRequest, WriteDocumentRequest, WriteDocumentResponse,
        storage_service_server::StorageService,
    },
};
use dictum_search::{Hit, Search};
use dictum_server::{Caller, Metrics, Stopping};
use dictum_store::{ExtractionDiff, Store, StoredClaim, StoredDocument, WatchFrom, WriteOutcome, Written};
use tonic::{Request, Response, Status};

use crate::{
    StorageConfig,
    backup::{Backups, Pieces},
    compared::compared_to_wire,
    error::Error,
    filter::{filter_from_wire, id_from_wire, order_from_wire, size_from_wire},
    metrics::StorageMetrics,
    names::{count_to_wire, facet_from_wire, page_to_wire, profile_to_wire},
    retention,
    watch::{Changes, Watches},
};

/// Answers the calls of `dictum.v1.StorageService`.
#[derive(Debug, Clone)]
pub struct Keeper {
    store: Store,
    search: Search,
    max_document_bytes: usize,
    watches: Watches,
    backups: Backups,
}

impl Keeper {
    pub(crate) fn new(
        store: Store,
        search: Search,
        config: &StorageConfig,
        max_document_bytes: usize,
        stopping: Stopping,
        metrics: &Metrics,
    ) -> Self {
        let metrics = StorageMetrics::of(metrics, &store, &search);
        let backups = Backups::new(stopping.clone());
        let watches = Watches::new(config.max_watches, config.watch_patience, stopping, &metrics);
        Self { store, search, max_document_bytes, watches, backups }
    }

    async fn write(&self, request: WriteDocumentRequest) -> Result<WriteDocumentResponse, Error> {
        let extracted = self.extracted_from_wire(request)?;
        let Written { document_id, revision, outcome, claims } =
            self.store.write(extracted).await.map_err(Error::of_write)?;
        Ok(WriteDocumentResponse {
            document_id: document_id.to_string(),
            revision,
            duplicate: outcome == WriteOutcome::Duplicate,
            claim_count: u32::try_from(claims).unwrap_or(u32::MAX),
        })
    }

    fn extracted_from_wire(&self, request: WriteDocumentRequest) -> Result<ExtractedDocument, ConvertError> {
        let document = document_within(request.document, self.max_document_bytes, "document")?;
        let document = document_from_wire(document, "document")?;
        let extraction =
            request.extraction.ok_or_else(|| ConvertError::Missing { field: "extraction".to_owned() })?;
        let extraction = extraction_from_wire(extraction, &document, "extraction")?;
        Ok(ExtractedDocument { document, extraction })
    }

    async fn document(&self, request: GetDocumentRequest) -> Result<GetDocumentResponse, Error> {
        let document_id: DocumentId = id_from_wire(&request.document_id, "document_id")?;
        let stored = self.store.get_document(document_id).await?;
        let extraction = request.with_extraction.then(|| {
            extraction_to_wire(&stored.extraction, &stored.document, ClaimView::Full, stored.revision)
        });
        Ok(GetDocumentResponse {
            document: Some(document_to_wire(&stored.document)),
            extraction,
            superseded_by: stored.superseded_by.map(|id| id.to_string()).unwrap_or_default(),
            revision: stored.revision,
        })
    }

    async fn claim(&self, request: GetClaimRequest) -> Result<GetClaimResponse, Error> {
        let claim_id: ClaimId = id_from_wire(&request.claim_id, "claim_id")?;
        let claim = self.store.get_claim(claim_id).await?;
        Ok(GetClaimResponse { claim: claims_to_wire(&[claim], ClaimView::Full).pop() })
    }

    async fn list(&self, request: ListClaimsRequest) -> Result<ListClaimsResponse, Error> {
        let (order, view, explain) = (order_from_wire(request.order()), request.view(), request.explain);
        let page_size = size_from_wire(request.page_size, "page_size")?;
        let filter = filter_from_wire(request.filter)?;
        let page = self.store.list_claims(&filter, order, page_size, Some(&request.page_token)).await?;
        Ok(ListClaimsResponse {
            claims: claims_to_wire(&page.claims, view),
            next_page_token: page.next_page_token.unwrap_or_default(),
            revision: page.revision,
            plan: if explain { self.store.explain(&filter, order).await? } else { String::new() },
        })
    }

    async fn search(&self, request: SearchClaimsRequest) -> Result<SearchClaimsResponse, Error> {
        let view = request.view();
        let SearchClaimsRequest { query, filter, page_size, page_token, view: _, min_revision, explain } =
            request;
        let page_size = size_from_wire(page_size, "page_size")?;
        let filter = filter_from_wire(filter)?;
        if min_revision > self.store.revision() {
            let message = "must not lie ahead of the store".to_owned();
            return Err(ConvertError::Invalid { field: "min_revision".to_owned(), message }.into());
        }
        self.search.reached(min_revision).await;
        let page = self.search.search(&query, &filter, page_size, Some(&page_token)).await?;
        Ok(SearchClaimsResponse {
            plan: if explain { self.search.explain(&query, &filter).await? } else { String::new() },
            results: page.hits.iter().map(|hit| hit_to_wire(hit, view)).collect(),
            next_page_token: page.next_page_token.unwrap_or_default(),
            revision: page.revision,
        })
    }

    async fn count(&self, request: CountClaimsRequest) -> Result<CountClaimsResponse, Error> {
        let facet = facet_from_wire(request.facet());
        let max_values = size_from_wire(request.max_values, "max_values")?;
        let filter = filter_from_wire(request.filter)?;
        let counts = match facet {
            Some(facet) => self.store.facets(&filter, facet, max_values).await?,
            None => Vec::new(),
        };
        Ok(CountClaimsResponse {
            claim_count: self.store.count_claims(&filter).await?,
            counts: counts.into_iter().map(count_to_wire).collect(),
        })
    }

    async fn speakers(&self, request: ListSpeakersRequest) -> Result<ListSpeakersResponse, Error> {
        let ListSpeakersRequest { prefix, page_size, page_token } = request;
        let page_size = size_from_wire(page_size, "page_size")?;
        let page = self.store.list_speakers(&prefix, page_size, Some(&page_token)).await?;
        let (speakers, next_page_token) = page_to_wire(page);
        Ok(ListSpeakersResponse { speakers, next_page_token })
    }

    async fn speaker(&self, request: GetSpeakerRequest) -> Result<GetSpeakerResponse, Error> {
        if request.name.trim().is_empty() {
            return Err(ConvertError::Missing { field: "name".to_owned() }.into());
        }
        Ok(profile_to_wire(self.store.get_speaker(&request.name).await?))
    }

    async fn prerequisites(
        &self,
        request: ListPrerequisitesRequest,
    ) -> Result<ListPrerequisitesResponse, Error> {
        let view = request.view();
        let ListPrerequisitesRequest { filter, subject, page_size, page_token, view: _ } = request;
        let page_size = size_from_wire(page_size, "page_size")?;
        let filter = filter_from_wire(filter)?;
        let page = self.store.compare_prerequisites(&filter, &subject, page_size, Some(&page_token)).await?;
        Ok(ListPrerequisitesResponse {
            lists: page.lists.iter().map(|list| compared_to_wire(list, view)).collect(),
            next_page_token: page.next_page_token.unwrap_or_default(),
        })
    }

    async fn exchanges(&self, request: ListExchangesRequest) -> Result<ListExchangesResponse, Error> {
        let view = request.view();
        let document_id: DocumentId = id_from_wire(&request.document_id, "document_id")?;
        let page_size = size_from_wire(request.page_size, "page_size")?;
        let (document, page) =
            self.store.list_exchanges(document_id, page_size, Some(&request.page_token)).await?;
        let Provenance { title, place, date, .. } =
            provenance_to_wire(&document.document, &document.extraction);
        Ok(ListExchangesResponse {
            exchanges: claims_to_wire(&page.claims, view),
            next_page_token: page.next_page_token.unwrap_or_default(),
            title,
            place,
            date,
        })
    }

    async fn topics(&self, request: ListTopicsRequest) -> Result<ListTopicsResponse, Error> {
        let ListTopicsRequest { prefix, page_size, page_token } = request;
        let page_size = size_from_wire(page_size, "page_size")?;
        let page = self.store.list_topics(&prefix, page_size, Some(&page_token)).await?;
        let (topics, next_page_token) = page_to_wire(page);
        Ok(ListTopicsResponse { topics, next_page_token })
    }

    async fn channels(&self, request: ListChannelsRequest) -> Result<ListChannelsResponse, Error> {
        let ListChannelsRequest { prefix, page_size, page_token } = request;
        let page_size = size_from_wire(page_size, "page_size")?;
        let page = self.store.list_channels(&prefix, page_size, Some(&page_token)).await?;
        let (channels, next_page_token) = page_to_wire(page);
        Ok(ListChannelsResponse { channels, next_page_token })
    }

    async fn delete(&self, request: DeleteDocumentRequest) -> Result<DeleteDocumentResponse, Error> {
        let document_id: DocumentId = id_from_wire(&request.document_id, "document_id")?;
        let revision = self.store.delete_document(document_id).await.map_err(Error::of_write)?;
        Ok(DeleteDocumentResponse { revision })
    }

    async fn purge(&self, request: PurgeDocumentsRequest) -> Result<PurgeDocumentsResponse, Error> {
        let PurgeDocumentsRequest { before, max_documents, dry_run } = request;
        let limit = size_from_wire(max_documents, "max_documents")?;
        let field = || "before".to_owned();
        let message = || "must be an instant of the years 0001 to 9999".to_owned();
        let before = timestamp_from_wire(before, "", "before")
            .map_err(|_| ConvertError::Invalid { field: field(), message: message() })?
            .ok_or_else(|| ConvertError::Missing { field: field() })?;
        let mut ids = self.store.documents_before(before, limit + 1).await?;
        let more = ids.len() > limit;
        ids.truncate(limit);
        if !dry_run {
            retention::delete(&self.store, &ids).await.map_err(Error::of_write)?;
        }
        Ok(PurgeDocumentsResponse {
            document_ids: ids.iter().map(ToString::to_string).collect(),
            more,
            revision: self.store.revision(),
        })
    }

    async fn documents(&self, request: ListDocumentsRequest) -> Result<ListDocumentsResponse, Error> {
        let ListDocumentsRequest { page_size, page_token } = request;
        let page_size = size_from_wire(page_size, "page_size")?;
        let page = self.store.list_documents(page_size, Some(&page_token)).await?;
        let listed = |stored: &StoredDocument| ListedDocument {
            document: Some(Document {
                text: String::new(),
                residue: Vec::new(),
                ..document_to_wire(&stored.document)
            }),
            claim_count: u32::try_from(stored.extraction.claims.len()).unwrap_or(u32::MAX),
            rule_set: stored.extraction.rule_set.to_string(),
            revision: stored.revision,
        };
        Ok(ListDocumentsResponse {
            documents: page.documents.iter().map(listed).collect(),
            next_page_token: page.next_page_token.unwrap_or_default(),
            revision: page.revision,
        })
    }

    async fn replace(&self, request: ReplaceExtractionRequest) -> Result<ReplaceExtractionResponse, Error> {
        let ReplaceExtractionRequest { document_id, extraction, dry_run } = request;
        let document_id: DocumentId = id_from_wire(&document_id, "document_id")?;
        let extraction =
            extraction.ok_or_else(|| ConvertError::Missing { field: "extraction".to_owned() })?;
        let stored = self.store.get_document(document_id).await?;
        let extraction = extraction_from_wire(extraction, &stored.document, "extraction")?;
        let (diff, revision) = if dry_run {
            (self.store.diff_extraction(document_id, &extraction).await?, 0)
        } else {
            let replaced =
                self.store.replace_extraction(document_id, extraction).await.map_err(Error::of_write)?;
            (replaced.diff, replaced.revision)
        };
        let ExtractionDiff { added, changed, retracted, unchanged } = diff;
        let ids = |ids: Vec<ClaimId>| ids.iter().map(ToString::to_string).collect();
        Ok(ReplaceExtractionResponse {
            added_claim_ids: ids(added),
            changed_claim_ids: ids(changed),
            retracted_claim_ids: ids(retracted),
            unchanged_count: u32::try_from(unchanged).unwrap_or(u32::MAX),
            revision,
        })
    }

    async fn watch(&self, request: WatchClaimsRequest) -> Result<Changes, Error> {
        let filter = filter_from_wire(request.filter)?;
        let from = request.after_revision.map_or(WatchFrom::Now, WatchFrom::After);
        self.watches.open(self.store.watch(&filter, from).await?)
    }
}

/// Returns the messages of claims; the text of a document is counted once for all its claims that stand together.
pub(crate) fn claims_to_wire(claims: &[StoredClaim], view: ClaimView) -> Vec<Claim> {
    let same_document = |a: &StoredClaim, b: &StoredClaim| Arc::ptr_eq(a.document(), b.document());
    claims
        .chunk_by(same_document)
        .flat_map(|claims| {
            let StoredDocument { extracted, revision, .. } = &**claims[0].document();
            let units = Units::new(&extracted.document.text);
            let wire = move |claim: &StoredClaim| {
                claim_to_wire(
                    claim.claim(),
                    &extracted.document,
                    &extracted.extraction,
                    &units,
                    view,
                    *revision,
                )
            };
            claims.iter().map(wire).collect::<Vec<_>>()
        })
        .collect()
}

fn hit_to_wire(hit: &Hit, view: ClaimView) -> SearchResult {
    let Hit { claim, highlights } = hit;
    let units = Units::new(&claim.document().document.text);
    SearchResult {
        claim: claims_to_wire(std::slice::from_ref(claim), view).pop(),
        highlights: highlights.iter().map(|span| span_to_wire(*span, &units, view)).collect(),
    }
}

#[tonic::async_trait]
impl StorageService for Keeper {
    async fn write_document(
        &self,
        request: Request<WriteDocumentRequest>,
    ) -> Result<Response<WriteDocumentResponse>, Status> {
        let caller = Caller::of(&request);
        let written = self.write(request.into_inner()).await?;
        caller.audit(if written.duplicate { "DUPLICATE" } else { "STORED" }, &written.document_id, "");
        Ok(Response::new(written))
    }

    async fn get_document(
        &self,
        request: Request<GetDocumentRequest>,
    ) -> Result<Response<GetDocumentResponse>, Status> {
        Ok(Response::new(self.document(request.into_inner()).await?))
    }

    async fn get_claim(
        &self,
        request: Request<GetClaimRequest>,
    ) -> Result<Response<GetClaimResponse>, Status> {
        Ok(Response::new(self.claim(request.into_inner()).await?))
    }

    async fn list_claims(
        &self,
        request: Request<ListClaimsRequest>,
    ) -> Result<Response<ListClaimsResponse>, Status> {
        Ok(Response::new(self.list(request.into_inner()).await?))
    }

    async fn search_claims(
        &self,
        request: Request<SearchClaimsRequest>,
    ) -> Result<Response<SearchClaimsResponse>, Status> {
        Ok(Response::new(self.search(request.into_inner()).await?))
    }

    type WatchClaimsStream = Changes;

    async fn watch_claims(
        &self,
        request: Request<WatchClaimsRequest>,
    ) -> Result<Response<Self::WatchClaimsStream>, Status> {
        Ok(Response::new(self.watch(request.into_inner()).await?))
    }

    async fn count_claims(
        &self,
        request: Request<CountClaimsRequest>,
    ) -> Result<Response<CountClaimsResponse>, Status> {
        Ok(Response::new(self.count(request.into_inner()).await?))
    }

    async fn list_speakers(
        &self,
        request: Request<ListSpeakersRequest>,
    ) -> Result<Response<ListSpeakersResponse>, Status> {
        Ok(Response::new(self.speakers(request.into_inner()).await?))
    }

    async fn get_speaker(
        &self,
        request: Request<GetSpeakerRequest>,
    ) -> Result<Response<GetSpeakerResponse>, Status> {
        Ok(Response::new(self.speaker(request.into_inner()).await?))
    }

    async fn list_prerequisites(
        &self,
        request: Request<ListPrerequisitesRequest>,
    ) -> Result<Response<ListPrerequisitesResponse>, Status> {
        Ok(Response::new(self.prerequisites(request.into_inner()).await?))
    }

    async fn list_exchanges(
        &self,
        request: Request<ListExchangesRequest>,
    ) -> Result<Response<ListExchangesResponse>, Status> {
        Ok(Response::new(self.exchanges(request.into_inner()).await?))
    }

    async fn list_topics(
        &self,
        request: Request<ListTopicsRequest>,
    ) -> Result<Response<ListTopicsResponse>, Status> {
        Ok(Response::new(self.topics(request.into_inner()).await?))
    }

    async fn list_channels(
        &self,
        request: Request<ListChannelsRequest>,
    ) -> Result<Response<ListChannelsResponse>, Status> {
        Ok(Response::new(self.channels(request.into_inner()).await?))
    }

    async fn delete_document(
        &self,
        request: Request<DeleteDocumentRequest>,
    ) -> Result<Response<DeleteDocumentResponse>, Status> {
        let (caller, document_id) = (Caller::of(&request), request.get_ref().document_id.clone());
        let deleted = self.delete(request.into_inner()).await?;
        caller.audit("DELETED", &document_id, "");
        Ok(Response::new(deleted))
    }

    async fn purge_documents(
        &self,
        request: Request<PurgeDocumentsRequest>,
    ) -> Result<Response<PurgeDocumentsResponse>, Status> {
        let (caller, dry_run) = (Caller::of(&request), request.get_ref().dry_run);
        let purged = self.purge(request.into_inner()).await?;
        if !dry_run {
            purged.document_ids.iter().for_each(|id| caller.audit("DELETED", id, ""));
        }
        Ok(Response::new(purged))
    }

    async fn list_documents(
        &self,
        request: Request<ListDocumentsRequest>,
    ) -> Result<Response<ListDocumentsResponse>, Status> {
        Ok(Response::new(self.documents(request.into_inner()).await?))
    }

    type BackupStoreStream = Pieces;

    async fn backup_store(
        &self,
        _request: Request<BackupStoreRequest>,
    ) -> Result<Response<Self::BackupStoreStream>, Status> {
        Ok(Response::new(self.backups.start(self.store.clone())?))
    }

    async fn replace_extraction(
        &self,
        request: Request<ReplaceExtractionRequest>,
    ) -> Result<Response<ReplaceExtractionResponse>, Status> {
        let (caller, document_id) = (Caller::of(&request), request.get_ref().document_id.clone());
        let outcome = if request.get_ref().dry_run { "COMPARED" } else { "REPLACED" };
        let replaced = self.replace(request.into_inner()).await?;
        caller.audit(outcome, &document_id, "");
        Ok(Response::new(replaced))
    }
}
