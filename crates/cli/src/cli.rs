//! The commands, their flags and their help.

use std::{net::SocketAddr, path::PathBuf};

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use clap_complete::Shell;
use dictum_client::{ClientError, ClientOptions, ClientTls, Connection, Token};
use dictum_core::{Confidence, Timestamp};
use dictum_formats::{Format, ReadOptions, TimeZone};
use dictum_proto::v1::ClaimFacet;
use dictum_server::{Scope, TelemetryConfig};

use crate::{filter::FilterArgs, services::ServicesConfig};

const EXIT_CODES: &str = "\
Exit codes:
  0   everything was done
  1   something was rejected, not found, not proved or not whole; the rest was done
  2   wrong usage
  64  settings of a server are wrong; all mistakes are listed
  65  labels or a backup could not be read
  69  the server does not answer, or answered with an error
  70  the program is at fault
  73  the data directory or the address cannot be used
  74  standard output could not be written, or a file that was named could not be used
  75  another process has the data directory

Standard output carries data only; messages and progress go to standard error. Colour honours NO_COLOR and is left \
out where the output is no terminal. Every flag can be given as a variable: --min-confidence as DICTUM_MIN_CONFIDENCE.";

/// The version with what it was built from.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit   ",
    env!("DICTUM_COMMIT"),
    "\ntarget   ",
    env!("DICTUM_TARGET"),
    "\nprofile  ",
    env!("DICTUM_PROFILE"),
);

/// Turns what officials publish into claims with proof: who said what, on which bytes of the source.
#[derive(Debug, Parser)]
#[command(name = "dictum", version, long_version = LONG_VERSION, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See everything at work on a bundled sample, in a minute.
    Demo,
    /// Print the bundled sample: an invented channel, as a web-text extractor saves one.
    Sample,
    /// Find the claims in files, without a server.
    Extract(ExtractArgs),
    /// Run all three services on one port, with an embedded store.
    Serve(Box<ServeArgs>),
    /// Print every setting that `serve` would have, with its value and its origin, as a file that --config reads.
    Config(Box<ServeArgs>),
    /// Ask a running server whether it is healthy: exit code 0 if so, else 1.
    Probe(ProbeArgs),
    /// Make a token for somebody who may call a server, and the line that tells the server so.
    Token(TokenArgs),
    /// Send files to a server, which keeps their documents and claims.
    Ingest(IngestArgs),
    /// List the claims that a server keeps.
    List(Box<ListArgs>),
    /// Search the words of the claims that a server keeps; the most relevant come first.
    Search(Box<SearchArgs>),
    /// List the speakers that a server knows, with their counts.
    Speakers(NamesArgs),
    /// Show a speaker by any form of the name: forms, counts by month, topics.
    Speaker(SpeakerArgs),
    /// List the topics.
    Topics(NamesArgs),
    /// List the channels.
    Channels(NamesArgs),
    /// Count claims, and by one of their fields.
    Count(Box<CountArgs>),
    /// List the condition lists of a speaker over time, with what was added, dropped or reworded.
    Prerequisites(Box<PrerequisitesArgs>),
    /// List the questions and answers of one occasion in their order.
    Exchanges(ExchangesArgs),
    /// Print claims or documents by id.
    Get(GetArgs),
    /// Follow claims as they are added, changed and retracted.
    Watch(Box<WatchArgs>),
    /// Delete documents with their claims.
    Delete(DeleteArgs),
    /// Have stored documents extracted anew, by better rules; claims that stay keep their ids.
    Reextract(ReextractArgs),
    /// Check every span of every claim against its document, in bytes, code points and UTF-16 units.
    Verify(Box<VerifyArgs>),
    /// Score claims against labels of your own.
    Eval(EvalArgs),
    /// Measure how fast this machine stores and reads, on a temporary store.
    Bench(BenchArgs),
    /// Look after the data directory of a server that is stopped: check, back up, restore, compact.
    Store {
        /// What to do.
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Print the completions for a shell.
    #[command(
        after_help = "Example:\n  dictum completions bash > ~/.local/share/bash-completion/completions/dictum"
    )]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Flags of `dictum extract`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum extract posts.txt                                 a table for people
  dictum extract posts.txt --output ndjson | jq .claimId   a claim a line
  curl -s https://example.org/speech.txt | dictum extract -")]
pub(crate) struct ExtractArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,

    /// How to print the claims.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: Output,

    /// Also find attitudes: what somebody wants, expects, believes.
    #[arg(long, env = "DICTUM_ATTITUDES")]
    pub(crate) attitudes: bool,

    /// Leave out claims of a lower confidence, from 0 to 1.
    #[arg(long, value_name = "NUMBER", default_value = "0", value_parser = confidence, env = "DICTUM_MIN_CONFIDENCE")]
    pub(crate) min_confidence: Confidence,

    /// Say on standard error what is odd in each text, with its place.
    #[arg(long, env = "DICTUM_DIAGNOSTICS")]
    pub(crate) diagnostics: bool,

    /// Say which rule found each claim, on which words, and what became no claim and why.
    ///
    /// With a table, on standard error. In JSON, each claim has a member `explanation`; what belongs to no claim is an
    /// object of its own with the one member `discarded`.
    #[arg(long, env = "DICTUM_EXPLAIN")]
    pub(crate) explain: bool,
}

/// Flags of `dictum bench`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  dictum bench --documents 100000 --within /data    a million claims, on the disk that matters

Prints one table in Markdown. Each figure stands beside what the same bytes cost an append with fdatasync or an RPC that
does nothing, measured in the same minute.")]
pub(crate) struct BenchArgs {
    /// How many documents of 8 KB with ten claims each to store before reading.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..),
        env = "DICTUM_DOCUMENTS")]
    pub(crate) documents: u64,

    /// The directory in which the temporary store is made [default: that of temporary files].
    #[arg(long, value_name = "DIR", env = "DICTUM_WITHIN")]
    pub(crate) within: Option<PathBuf>,
}

/// What to do with a data directory.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Check every checksum, every index entry both ways, the change log, and every span against its text.
    #[command(after_help = "Exit code 1 means that something is not whole; standard error says what.")]
    Check(DataArgs),
    /// Write everything to one file, which any later version restores.
    #[command(after_help = "\
Examples:
  dictum store backup dictum.bak --data ./dictum-data                          of a server that is stopped
  dictum store backup dictum.bak --online --endpoint http://127.0.0.1:50051    of one that goes on")]
    Backup {
        /// The file, which is there whole or not at all; `-` is standard output.
        file: PathBuf,
        /// Back up what the server at `--endpoint` keeps, while it goes on. `--data` does not count then.
        #[arg(long, env = "DICTUM_ONLINE")]
        online: bool,
        #[command(flatten)]
        server: ServerArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Make a data directory out of a backup; it must be absent or empty.
    #[command(after_help = "Example:\n  dictum store restore dictum.bak --data ./restored")]
    Restore {
        /// The backup; `-` is standard input.
        file: PathBuf,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Rewrite the data so that it takes less room; what was deleted leaves the disk.
    Compact(DataArgs),
    /// Bring the data of an earlier version to the format of this one.
    #[command(
        after_help = "Needs room for both meanwhile. Cut off, it leaves the old data, and goes on when run again."
    )]
    Upgrade(DataArgs),
    /// Print how much is kept and how much room it takes.
    Stats(DataArgs),
}

/// Which data directory, and how to print the outcome.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// The data directory.
    #[arg(long, env = "DICTUM_DATA", value_name = "DIR", default_value_os_t = dictum_storage::default_data())]
    pub(crate) data: PathBuf,

    /// How to print the outcome.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: SummaryOutput,
}

/// How an outcome is printed.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum SummaryOutput {
    /// A line per number, for people.
    #[default]
    Table,
    /// One JSON object.
    Json,
}

/// Flags of `dictum eval`.
#[derive(Debug, Args)]
#[command(after_help = "\
GOLD and PRED are one of these, told apart by their content:
  claims     the lines of `dictum extract --output ndjson`, corrected by hand
  texts      lines {\"id\": …, \"text\": …, \"gold\": [LABEL, …]} (in PRED also \"pred\"); a LABEL is
             {\"kind\":\"quote\",\"content_start\":0,\"content_end\":9,\"speaker\":…,\"qtype\":\"direct\"},
             {\"kind\":\"qa\",\"question_start\":…,\"question_end\":…,\"answer_start\":…,\"answer_end\":…,\"speaker\":…} or
             {\"kind\":\"list\",\"items\":[[0,9],…],\"speaker\":…}; offsets are code points, ends are not included
  cases      a TOML file of [[test]] tables with `text` and `claims`, as in this project's own tests; a case that
             leaves out a part that is scored is passed over
Without PRED, the claims are extracted from the texts of GOLD by this program.

Two claims match when they have the same form and share at least --overlap of their words (shared words over all words);
each claim is matched once, the closest first. `exact` counts matches with the very same words.
`speaker` counts matches with the right speaker, of those whose label names one; `joint F1` takes the others for misses.
A speaker is right when the last name of either side is among the words of the other; the words that name a speaker
(\"she\") serve as well as the name.

Examples:
  dictum extract posts.txt --output ndjson > gold.ndjson    # correct it by hand, then
  dictum eval gold.ndjson                                   # needs texts: see above; or
  dictum extract posts.txt --output ndjson > new.ndjson && dictum eval gold.ndjson new.ndjson
  dictum eval crates/extract/tests/data/lists-en.toml --form prerequisite-list --floor 0.85")]
pub(crate) struct EvalArgs {
    /// What is right.
    pub(crate) gold: PathBuf,
    /// What was found; left out, it is extracted from the texts of GOLD.
    pub(crate) pred: Option<PathBuf>,
    /// Score claims of this form alone.
    #[arg(long, value_parser = ["quoted-statement", "question-answer", "prerequisite-list"], env = "DICTUM_FORM")]
    pub(crate) form: Option<String>,
    /// Share of words from which two claims match.
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, value_parser = share, env = "DICTUM_OVERLAP")]
    pub(crate) overlap: f64,
    /// Fail (exit code 1) when the F1 of all claims with the right speaker is lower.
    #[arg(long, value_name = "F1", env = "DICTUM_FLOOR")]
    pub(crate) floor: Option<f64>,
    /// Also print up to N claims that were missed, and up to N that should not be there.
    #[arg(long, value_name = "N", default_value_t = 0, env = "DICTUM_ERRORS")]
    pub(crate) errors: usize,
    /// How to print the scores.
    #[arg(long, value_enum, default_value = "table", env = "DICTUM_OUTPUT")]
    pub(crate) output: EvalOutput,
}

/// How the scores are printed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum EvalOutput {
    /// A table for people.
    Table,
    /// One JSON object.
    Json,
}

/// Which source files to read, and how.
#[derive(Debug, Clone, Args)]
pub(crate) struct InputArgs {
    /// Source files, folders (every file in them) or patterns; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// The format of the files; `auto` looks at the first bytes of each.
    #[arg(long, default_value = Format::Auto.name(), value_parser = format(), env = "DICTUM_FORMAT")]
    pub(crate) format: Format,

    /// The channel that published them [default: what the file says].
    #[arg(long, value_name = "NAME", env = "DICTUM_CHANNEL")]
    pub(crate) channel: Option<String>,

    /// The zone of times that come without one, such as `Europe/Oslo` [default: such times are not used].
    #[arg(long, value_name = "ZONE", value_parser = time_zone, env = "DICTUM_TIME_ZONE")]
    pub(crate) time_zone: Option<TimeZone>,

    /// The longest text of one document, in bytes; a longer one is rejected alone.
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = ReadOptions::default().max_document_bytes,
        env = "DICTUM_MAX_DOCUMENT_BYTES"
    )]
    pub(crate) max_document_bytes: usize,
}

impl InputArgs {
    /// Returns how to read the source file of this name.
    pub(crate) fn read_options(&self, source_file: Option<String>) -> ReadOptions {
        ReadOptions {
            format: self.format,
            channel: self.channel.clone(),
            source_file,
            max_document_bytes: self.max_document_bytes,
            time_zone: self.time_zone.clone(),
        }
    }
}

/// Flags of `dictum serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum serve --data ./dictum-data
  dictum serve --listen 127.0.0.1:0                a free port; the first line says which")]
pub(crate) struct ServeArgs {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50051", env = "DICTUM_LISTEN")]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) services: ServicesConfig,

    #[command(flatten)]
    pub(crate) telemetry: TelemetryConfig,

    /// A TOML file of settings: the flags of this command with `_` for `-` and without dashes, `max_calls = 256`. Flags
    /// and variables win.
    #[arg(long, value_name = "FILE", env = "DICTUM_CONFIG", help_heading = "Settings")]
    pub(crate) config: Option<PathBuf>,
}

/// Flags of `dictum probe`.
#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    /// The address of the server.
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:50051",
        value_parser = endpoint,
        env = "DICTUM_ENDPOINT"
    )]
    pub(crate) endpoint: String,

    #[command(flatten)]
    pub(crate) credentials: CredentialArgs,

    /// The service, such as dictum.v1.IngestService; empty asks for the whole server.
    #[arg(long, value_name = "NAME", default_value = "", env = "DICTUM_SERVICE")]
    pub(crate) service: String,
}

/// How to reach a server.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// The address of the server; several with commas between them. Of a name all addresses are used that are healthy.
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:50051",
        value_parser = endpoint,
        env = "DICTUM_ENDPOINT"
    )]
    pub(crate) endpoint: String,

    /// How often a call is tried while the server does not answer; the pauses grow from 0.1 to 5 seconds.
    #[arg(long, value_name = "NUMBER", default_value_t = 7, env = "DICTUM_ATTEMPTS")]
    pub(crate) attempts: u32,

    #[command(flatten)]
    pub(crate) credentials: CredentialArgs,
}

impl ServerArgs {
    /// Returns a connection; nothing is sent before the first call.
    pub(crate) fn connect(&self) -> Result<Connection, ClientError> {
        let options = ClientOptions { max_attempts: self.attempts, ..self.credentials.options()? };
        Connection::new(&self.endpoint, options)
    }
}

/// What is shown to a server, and by what it is known.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS and identity")]
pub(crate) struct CredentialArgs {
    /// The authorities by which an https server is known (PEM) [default: those of the machine].
    #[arg(long, value_name = "FILE", env = "DICTUM_CA")]
    pub(crate) ca: Option<PathBuf>,

    /// The certificate to show (PEM).
    #[arg(long, value_name = "FILE", env = "DICTUM_CERT")]
    pub(crate) cert: Option<PathBuf>,

    /// The private key of that certificate (PEM).
    #[arg(long, value_name = "FILE", env = "DICTUM_KEY")]
    pub(crate) key: Option<PathBuf>,

    /// The token to send. Other users of the machine see flags: the variable or --token-file keeps it to yourself.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "DICTUM_TOKEN",
        hide_env_values = true,
        conflicts_with = "token_file"
    )]
    pub(crate) token: Option<String>,

    /// A file with the token to send.
    #[arg(long, value_name = "FILE", env = "DICTUM_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// Send the token in plain text to other machines too.
    #[arg(long, env = "DICTUM_INSECURE")]
    pub(crate) insecure: bool,
}

impl CredentialArgs {
    /// Returns the options of a client with them.
    pub(crate) fn options(&self) -> Result<ClientOptions, ClientError> {
        let Self { ca, cert, key, token, token_file, insecure } = self;
        let token = match (token, token_file) {
            (Some(token), _) => Some(Token::new(token)?),
            (None, file) => file.as_deref().map(Token::from_file).transpose()?,
        };
        let tls = ClientTls::from_files(ca.as_deref(), cert.as_deref(), key.as_deref())?;
        Ok(ClientOptions { tls, token, insecure: *insecure, ..Default::default() })
    }
}

/// Flags of `dictum token`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  dictum token press-desk --scopes read,ingest --access access.txt > token.txt
  dictum serve --access access.txt &
  dictum list --token-file token.txt

The token goes to standard output and is shown this once. The file of --access holds its hash alone.")]
pub(crate) struct TokenArgs {
    /// The name of whoever will have it: letters, digits, `.`, `-` and `_`.
    #[arg(value_parser = identity_name)]
    pub(crate) name: String,

    /// What it may do: read, ingest, admin.
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', default_value = "read", env = "DICTUM_SCOPES")]
    pub(crate) scopes: Vec<Scope>,

    /// The file of identities to add it to [default: its line goes to standard error].
    #[arg(long, value_name = "FILE", env = "DICTUM_ACCESS")]
    pub(crate) access: Option<PathBuf>,
}

/// Flags of `dictum ingest`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum ingest posts.txt archive/ --channel 'Harbour Office'
  dictum ingest 'dumps/2026-*.txt' --output ndjson > acknowledged.ndjson

A document is acknowledged when it and its claims are on the server's disk. Sending it twice is harmless.")]
pub(crate) struct IngestArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,

    #[command(flatten)]
    pub(crate) server: ServerArgs,

    /// How to print what became of the documents: counts per file, or a JSON object per document.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: LineOutput,
}

/// Flags of `dictum list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum list --speaker 'Oda Lindqvist' --from-date 2026-05-01 --to-date 2026-05-31
  dictum list --form prerequisite-list --output json
  dictum list --all --output ndjson > claims.ndjson")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) query: QueryArgs,

    /// Oldest or newest document first.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_ORDER")]
    pub(crate) order: Order,

    /// Every claim, however many.
    #[arg(long, env = "DICTUM_ALL", conflicts_with = "limit")]
    pub(crate) all: bool,

    /// How to print the claims.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: Output,
}

/// What `list` and `search` have in common: which claims, how many, from where.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,

    /// How many claims at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, env = "DICTUM_LIMIT")]
    pub(crate) limit: usize,

    /// Say on standard error how the claims were found: which index was walked, which others sieved.
    #[arg(long, env = "DICTUM_EXPLAIN")]
    pub(crate) explain: bool,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Flags of `dictum search`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum search 'harbour repairs'                     both words, in any of their forms
  dictum search '\"north bridge\" repair*'             these words in a row, and a beginning
  dictum search pier --speaker 'Oda Lindqvist' --output ndjson | jq .highlights")]
pub(crate) struct SearchArgs {
    /// Words, "words in a row" and beginnings*; all must be found in one claim.
    pub(crate) words: String,

    #[command(flatten)]
    pub(crate) query: QueryArgs,

    /// How to print them: a table of claims, or a JSON object for each with its highlights.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: LineOutput,

    /// Wait until this revision of the store can be searched: a write's, to find what was written.
    #[arg(long, value_name = "REVISION", default_value_t = 0, env = "DICTUM_MIN_REVISION")]
    pub(crate) min_revision: u64,
}

/// Flags of `dictum speaker`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum speaker 'Oda Lindqvist'
  dictum speaker lindqvist --output ndjson | jq .forms")]
pub(crate) struct SpeakerArgs {
    /// Any form of the name; case, accents and title do not count.
    pub(crate) name: String,

    /// How to print what is known.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: LineOutput,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Flags of `dictum prerequisites`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum prerequisites --speaker 'Oda Lindqvist'
  dictum prerequisites --speaker 'Oda Lindqvist' --subject talks --output ndjson | jq .changes

A list is compared with the one before it by the same speaker on the same subject: = kept, ~ reworded, + added,
- dropped.")]
pub(crate) struct PrerequisitesArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,

    /// Only lists on a subject with all of these words.
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true, env = "DICTUM_SUBJECT")]
    pub(crate) subject: String,

    /// How to print the lists.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: LineOutput,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Flags of `dictum exchanges`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  dictum list --form question-answer --limit 1 --output ndjson | jq -r .documentId | xargs dictum exchanges")]
pub(crate) struct ExchangesArgs {
    /// The id of a document of the occasion: those of its channel with the same date and place belong to it.
    #[arg(value_name = "ID")]
    pub(crate) document: String,

    /// How to print the questions and answers.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Flags of `dictum speakers`, `topics` and `channels`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum speakers oda
  dictum topics --output ndjson | jq -r .name")]
pub(crate) struct NamesArgs {
    /// Only names that start so; case and accents do not count.
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,

    /// How to print them.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: LineOutput,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Flags of `dictum count`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum count --by speaker --form prerequisite-list
  dictum count --by month --speaker 'Oda Lindqvist' --output ndjson")]
pub(crate) struct CountArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,

    /// Count by this field too.
    #[arg(long, value_name = "FIELD", value_parser = facet(), env = "DICTUM_BY")]
    pub(crate) by: Option<ClaimFacet>,

    /// How many values of the field at most, the most frequent first.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, env = "DICTUM_LIMIT", value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub(crate) limit: i32,

    /// How to print the counts.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: LineOutput,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Flags of `dictum delete`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum delete 1ea5aa9bad1189f26bd7793b44f0afaf
  dictum delete --published-before 2020-01-01T00:00:00Z --dry-run   which documents that would be")]
pub(crate) struct DeleteArgs {
    /// Ids of documents.
    #[arg(required_unless_present = "published_before", value_name = "ID")]
    pub(crate) ids: Vec<String>,

    /// All documents that were published before this instant, or else are about an earlier day; those with neither stay.
    #[arg(long, value_name = "TIME", conflicts_with = "ids", env = "DICTUM_PUBLISHED_BEFORE")]
    pub(crate) published_before: Option<Timestamp>,

    /// Only say which documents of `--published-before` would be deleted.
    #[arg(long, requires = "published_before", env = "DICTUM_DRY_RUN")]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Flags of `dictum reextract`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum reextract --dry-run      what the server's present rules would change
  dictum reextract                do it

A line for each document of which something changes: its id, and how many claims are added, changed and retracted.")]
pub(crate) struct ReextractArgs {
    /// Ids of documents [default: all].
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,

    /// Only say what would change.
    #[arg(long, env = "DICTUM_DRY_RUN")]
    pub(crate) dry_run: bool,

    /// How to print the documents.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: LineOutput,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Flags of `dictum get`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum get 1ea5aa9bad1189f26bd7793b44f0afaf                   the text of a document
  dictum list --output ndjson | jq -r .claimId | xargs dictum get --output json")]
pub(crate) struct GetArgs {
    /// Ids: 48 digits name a claim, 32 a document.
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,

    /// How to print them; a table shows of a document its text.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Flags of `dictum watch`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dictum watch --speaker 'Oda Lindqvist'
  dictum watch --after-revision 0 --output ndjson      everything so far, then what comes

With --output ndjson a line of kind CHANGE_KIND_BOOKMARK says up to which revision everything was printed: start again
with --after-revision of the last one, and nothing is lost or repeated.")]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,

    /// Start after this revision; 0 is the beginning [default: from now on].
    #[arg(long, value_name = "REVISION", env = "DICTUM_AFTER_REVISION")]
    pub(crate) after_revision: Option<u64>,

    /// Stop after this many changes [default: never].
    #[arg(long, value_name = "NUMBER", env = "DICTUM_LIMIT")]
    pub(crate) limit: Option<u64>,

    /// How to print the changes.
    #[arg(long, value_enum, default_value_t, env = "DICTUM_OUTPUT")]
    pub(crate) output: LineOutput,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Flags of `dictum verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// How claims are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Table,
    /// One JSON array.
    Json,
    /// One JSON object a line, as soon as it is known.
    Ndjson,
}

/// How what happens is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LineOutput {
    /// For people.
    #[default]
    Table,
    /// One JSON object a line, as soon as it is known.
    Ndjson,
}

/// In which order claims are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Order {
    /// Oldest document first.
    #[default]
    Oldest,
    /// Newest document first.
    Newest,
}

fn format() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.iter().map(|format| format.name());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Format>())
}

/// The fields by which claims are counted, as the contract names them: `speaker` is CLAIM_FACET_SPEAKER.
fn facet() -> impl TypedValueParser<Value = ClaimFacet> {
    let facets: Vec<(String, ClaimFacet)> = (1..)
        .map_while(|number| ClaimFacet::try_from(number).ok())
        .map(|facet| (facet.as_str_name().trim_start_matches("CLAIM_FACET_").to_lowercase(), facet))
        .collect();
    PossibleValuesParser::new(facets.iter().map(|(name, _)| name.clone())).map(move |name| {
        let found = facets.iter().find(|(known, _)| *known == name);
        found.map(|(_, facet)| *facet).unwrap_or_default()
    })
}

fn endpoint(url: &str) -> Result<String, String> {
    let known = |url: &str| url.starts_with("http://") || url.starts_with("https://");
    url.split(',')
        .all(|url| known(url.trim()))
        .then(|| url.to_owned())
        .ok_or_else(|| "expected an address such as http://127.0.0.1:50051".to_owned())
}

fn identity_name(name: &str) -> Result<String, String> {
    dictum_server::is_identity_name(name)
        .then(|| name.to_owned())
        .ok_or_else(|| "expected letters, digits, `.`, `-` and `_`, 64 at most".to_owned())
}

fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name)
        .map_err(|_| "expected a zone of the IANA time zone database, such as Europe/Oslo".to_owned())
}

/// Reads a confidence.
pub(crate) fn confidence(value: &str) -> Result<Confidence, String> {
    value.parse().ok().and_then(Confidence::new).ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

fn share(value: &str) -> Result<f64, String> {
    let share = value.parse().ok().filter(|share| *share > 0.0 && *share <= 1.0);
    share.ok_or_else(|| "expected a number above 0 and at most 1".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    /// Design: every flag has a variable.
    #[test]
    fn every_flag_has_a_variable_of_its_name() {
        let cli = Cli::command();
        for command in cli.get_subcommands().flat_map(|command| command.get_subcommands().chain([command])) {
            for flag in command.get_arguments().filter(|arg| arg.get_long().is_some()) {
                let expected = format!("DICTUM_{}", flag.get_id().as_str().to_uppercase());
                let variable = flag.get_env().map(|name| name.to_string_lossy().into_owned());
                assert_eq!(
                    variable.as_ref(),
                    Some(&expected),
                    "dictum {} --{}",
                    command.get_name(),
                    flag.get_id()
                );
            }
        }
    }
}
