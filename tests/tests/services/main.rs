//! The services over real sockets: contract, errors, limits, streams, start and stop.

mod contract;
mod errors;
mod ingest;
mod life;
mod protocol;
mod watch;
