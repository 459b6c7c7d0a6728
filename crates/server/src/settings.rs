//! Settings from flags, `DICTUM_…` variables and a TOML file, in this order; each with its origin.
//!
//! The file's keys are the long flags with `_` for `-`: `max_calls = 256`. Every mistake in
//! file, variables and flags is reported at once.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt::{self, Display},
    fs,
    path::{Path, PathBuf},
};

use clap::{
    Arg, ArgAction, ArgMatches, Args, Command,
    builder::{Resettable, ValueParser},
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};

/// Exit code of a process whose settings are wrong, as `sysexits.h` has it for wrong usage.
pub const EXIT_USAGE: u8 = 64;

/// Where more settings are, and whether to print what came of them all.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Settings")]
pub struct SettingsConfig {
    /// A TOML file of settings: the flags of this command without dashes, `max_calls = 256`.
    #[arg(long, env = "DICTUM_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Print every setting with its value and its origin, and leave.
    #[arg(long)]
    pub print_config: bool,
}

/// What is wrong with the settings: all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .mistakes.join("\n"))]
pub struct SettingsError {
    /// One line a mistake.
    pub mistakes: Vec<String>,
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A flag.
    Flag,
    /// A `DICTUM_…` variable.
    Variable,
    /// The file.
    File,
    /// Nowhere: it is the default.
    Default,
}

impl Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Variable => "variable",
            Self::File => "file",
            Self::Default => "default",
        })
    }
}

/// One setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its key in a file.
    pub key: String,
    /// Its value as a flag would have it; several joined by commas; empty when it is unset.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Reads the file that flag or variable name, and makes its values the defaults of `command`. Flags and variables
/// still win.
///
/// # Errors
///
/// Returns every mistake in file, variables and values of flags.
pub fn with_file(command: Command, arguments: &[OsString]) -> Result<(Command, FileKeys), SettingsError> {
    let mut mistakes = mistakes_in_variables(&command);
    mistakes.extend(mistakes_in_flags(&command, arguments));
    let values = match config_path(&command, arguments) {
        Some(path) => read(&path).unwrap_or_else(|mistake| {
            mistakes.push(mistake);
            BTreeMap::new()
        }),
        None => BTreeMap::new(),
    };
    let mut command = command;
    let mut keys = Vec::new();
    for (key, value) in values {
        match arg_of(&command, &key).map(|arg| (arg.get_id().to_string(), check(arg, &value))) {
            None => mistakes.push(format!("{key}: there is no such setting")),
            Some((_, Err(mistake))) => mistakes.push(format!("{key}: {mistake}")),
            Some((id, Ok(()))) => {
                // The command keeps only texts that live as long as the process, which is how long settings do.
                let values: Vec<&'static str> = value.into_iter().map(|value| &*value.leak()).collect();
                command = command.mut_arg(&id, |arg| arg.default_values(values));
                keys.push(id);
            }
        }
    }
    if mistakes.is_empty() { Ok((command, FileKeys(keys))) } else { Err(SettingsError { mistakes }) }
}

/// Which settings a file gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileKeys(Vec<String>);

/// Returns every setting of `command` as `matches` has it.
#[must_use]
pub fn effective(command: &Command, matches: &ArgMatches, file: &FileKeys) -> Vec<Setting> {
    let setting = |arg: &Arg| {
        let id = arg.get_id().as_str();
        let values = matches.get_raw(id).into_iter().flatten();
        let values: Vec<_> = values.map(|value| value.to_string_lossy().into_owned()).collect();
        let origin = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => Origin::Flag,
            Some(ValueSource::EnvVariable) => Origin::Variable,
            _ if file.0.iter().any(|key| key == id) => Origin::File,
            _ => Origin::Default,
        };
        Setting { key: key_of(arg), value: values.join(","), origin }
    };
    command.get_arguments().filter(|arg| is_setting(arg)).map(setting).collect()
}

/// A line of a settings file, with its origin as a comment.
impl Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, origin } = self;
        write!(f, "{key} = {value:?} # {origin}")
    }
}

fn config_path(command: &Command, arguments: &[OsString]) -> Option<PathBuf> {
    let matches = command.clone().ignore_errors(true).try_get_matches_from(arguments).ok()?;
    matches.try_get_one::<PathBuf>("config").ok().flatten().cloned()
}

fn read(path: &Path) -> Result<BTreeMap<String, Vec<String>>, String> {
    let wrong = |error: &dyn Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| wrong(&error.to_string().trim_end()))?;
    table
        .into_iter()
        .map(|(key, value)| match values_of(value) {
            Some(values) => Ok((key, values)),
            None => {
                Err(wrong(&format!("{key}: must be a text, a number, true or false, or a list of texts")))
            }
        })
        .collect()
}

fn values_of(value: toml::Value) -> Option<Vec<String>> {
    Some(match value {
        toml::Value::String(text) => vec![text],
        toml::Value::Integer(number) => vec![number.to_string()],
        toml::Value::Float(number) => vec![number.to_string()],
        toml::Value::Boolean(truth) => vec![truth.to_string()],
        toml::Value::Array(values) => values.into_iter().map(values_of).collect::<Option<Vec<_>>>()?.concat(),
        toml::Value::Table(_) | toml::Value::Datetime(_) => return None,
    })
}

fn mistakes_in_variables(command: &Command) -> Vec<String> {
    let mistake = |arg: &Arg| {
        let name = arg.get_env()?;
        let value = std::env::var_os(name)?;
        let wrong = check(arg, &[value.to_string_lossy().into_owned()]).err()?;
        Some(format!("{}: {wrong}", name.to_string_lossy()))
    };
    command.get_arguments().filter_map(mistake).collect()
}

/// Collects the flags whose values are wrong: clap itself stops at the first. A flag that does not exist is left to clap,
/// which proposes the one that was meant.
fn mistakes_in_flags(command: &Command, arguments: &[OsString]) -> Vec<String> {
    let mut lenient = command.clone().mut_args(|arg| arg.env(Resettable::Reset));
    let mut mistakes = Vec::new();
    while let Err(error) = lenient.clone().try_get_matches_from(arguments) {
        let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { break };
        let name = flag.trim_start_matches('-').split([' ', '=', '<']).next().unwrap_or_default();
        let wrong = command.get_arguments().find(|arg| arg.get_long() == Some(name));
        let Some(id) = wrong.map(|arg| arg.get_id().to_string()) else { break };
        if !matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) {
            break;
        }
        mistakes.push(first_line(&error));
        // Whatever it says is right from now on, so that the next mistake is seen.
        lenient = lenient
            .mut_arg(id, |arg| arg.value_parser(ValueParser::os_string()).default_value(Resettable::Reset));
    }
    mistakes
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// Parses the values as the flag alone would be parsed.
fn check(arg: &Arg, values: &[String]) -> Result<(), String> {
    if !arg.get_action().takes_values() {
        let truth = matches!(values, [value] if value == "true" || value == "false");
        return if truth { Ok(()) } else { Err("must be true or false".to_owned()) };
    }
    let flag = arg.get_long().unwrap_or_default();
    let alone = Command::new("settings").no_binary_name(true).arg(arg.clone());
    let given = values.iter().map(|value| format!("--{flag}={value}"));
    match alone.try_get_matches_from(given) {
        Ok(_) => Ok(()),
        Err(error) => Err(first_line(&error)),
    }
}

fn arg_of<'c>(command: &'c Command, key: &str) -> Option<&'c Arg> {
    command.get_arguments().find(|arg| is_setting(arg) && key_of(arg) == key)
}

fn key_of(arg: &Arg) -> String {
    arg.get_long().unwrap_or_default().replace('-', "_")
}

/// A file cannot name a file, and help is no setting.
fn is_setting(arg: &Arg) -> bool {
    let id = arg.get_id().as_str();
    let acts = matches!(
        arg.get_action(),
        ArgAction::Help | ArgAction::HelpLong | ArgAction::HelpShort | ArgAction::Version
    );
    arg.get_long().is_some() && !acts && id != "config" && id != "print_config"
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::ServerConfig;

    fn load(file: &str, flags: &[&str]) -> Result<Vec<Setting>, SettingsError> {
        let mut toml = tempfile::NamedTempFile::new().unwrap();
        toml.write_all(file.as_bytes()).unwrap();
        let arguments = ["test", "--config", toml.path().to_str().unwrap()];
        let arguments: Vec<OsString> = arguments.iter().chain(flags).map(OsString::from).collect();
        let command = ServerConfig::augment_args(SettingsConfig::augment_args(Command::new("test")));
        let (command, keys) = with_file(command, &arguments)?;
        let matches = command.clone().try_get_matches_from(arguments).unwrap();
        Ok(effective(&command, &matches, &keys))
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let settings = load(
            "max_calls = 7\ncors_origin = ['https://a.example', 'https://b.example']\n",
            &["--drain-delay", "1s"],
        )
        .unwrap();
        let of = |key: &str| settings.iter().find(|setting| setting.key == key).unwrap();
        assert_eq!((of("max_calls").value.as_str(), of("max_calls").origin), ("7", Origin::File));
        assert_eq!(of("cors_origin").value, "https://a.example,https://b.example");
        assert_eq!((of("drain_delay").value.as_str(), of("drain_delay").origin), ("1s", Origin::Flag));
        assert_eq!(
            (of("max_connections").value.as_str(), of("max_connections").origin),
            ("1024", Origin::Default)
        );
        let settings = load("max_calls = 7\n", &["--max-calls", "8"]).unwrap();
        assert!(settings.iter().any(|s| s.key == "max_calls" && s.value == "8" && s.origin == Origin::Flag));
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let error = load("max_calls = 'many'\nmax_cals = 3\ndrain_delay = '5'\n", &[]).unwrap_err();
        assert_eq!(error.mistakes.len(), 3, "{error}");
        assert!(error.mistakes[0].starts_with("drain_delay: invalid value '5'"), "{error}");
        assert!(error.mistakes.contains(&"max_cals: there is no such setting".to_owned()));
    }

    #[test]
    fn mistakes_in_flags_come_with_the_others() {
        let flags = ["--max-calls", "many", "--drain-delay=5", "--max-connections", "3"];
        let error = load("max_header_bytes = 'x'\n", &flags).unwrap_err();
        assert_eq!(error.mistakes.len(), 3, "{error}");
        for name in ["--max-calls", "--drain-delay", "max_header_bytes"] {
            assert!(error.mistakes.iter().any(|mistake| mistake.contains(name)), "{name}: {error}");
        }
    }

    #[test]
    fn a_file_that_is_none_is_named() {
        assert!(load("max_calls == 3", &[]).unwrap_err().mistakes[0].contains("TOML parse error"));
    }
}
