//! From the names on the command line to source files: standard input, files, folders, patterns.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// One source file that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input, written `-`.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// Why a name on the command line leads to no source file.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct InputError {
    name: String,
    reason: InputErrorReason,
}

#[derive(Debug, thiserror::Error)]
enum InputErrorReason {
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    #[error("the folder holds no files")]
    EmptyFolder,
    #[error("no file fits the pattern")]
    NothingFits,
}

impl InputError {
    /// Returns what was asked for.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Input {
    /// Returns the name for messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Returns the name without folders, as provenance keeps it.
    pub(crate) fn source_file(&self) -> Option<String> {
        match self {
            Self::Stdin => None,
            Self::File(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()),
        }
    }

    /// Opens the source file for reading.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>, InputError> {
        match self {
            Self::Stdin => Ok(Box::new(io::stdin())),
            Self::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(cause) => Err(error(path, cause)),
            },
        }
    }
}

/// Returns the source files under the names, in their order; the files of a folder by name, hidden ones left out.
pub(crate) fn expand(names: &[PathBuf]) -> Vec<Result<Input, InputError>> {
    names.iter().flat_map(|name| expand_name(name)).collect()
}

/// Returns how many bytes the source files have, as far as that is known before they are read.
pub(crate) fn total_bytes(names: &[PathBuf]) -> u64 {
    let bytes = |input: Result<Input, InputError>| match input {
        Ok(Input::File(path)) => fs::metadata(path).map_or(0, |metadata| metadata.len()),
        Ok(Input::Stdin) | Err(_) => 0,
    };
    expand(names).into_iter().map(bytes).sum()
}

fn expand_name(name: &Path) -> Vec<Result<Input, InputError>> {
    if name == Path::new("-") {
        return vec![Ok(Input::Stdin)];
    }
    if name.is_dir() {
        return expand_folder(name);
    }
    match name.to_str() {
        Some(pattern) if pattern.contains(['*', '?', '[']) && !name.exists() => expand_pattern(pattern),
        _ => vec![Ok(Input::File(name.to_owned()))],
    }
}

fn expand_folder(folder: &Path) -> Vec<Result<Input, InputError>> {
    let mut inputs = Vec::new();
    let mut folders = VecDeque::from([folder.to_owned()]);
    while let Some(next) = folders.pop_front() {
        match entries(&next) {
            Ok(paths) => {
                for path in paths {
                    if path.is_dir() { folders.push_back(path) } else { inputs.push(Ok(Input::File(path))) }
                }
            }
            Err(cause) => inputs.push(Err(error(&next, cause))),
        }
    }
    if inputs.is_empty() {
        inputs.push(Err(error(folder, InputErrorReason::EmptyFolder)));
    }
    inputs
}

/// Returns what is in a folder, by name. Hidden entries are left out, and links to folders, which may lead in circles.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let circle = entry.file_type()?.is_symlink() && entry.path().is_dir();
        if !hidden && !circle {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn expand_pattern(pattern: &str) -> Vec<Result<Input, InputError>> {
    let nothing = || error(Path::new(pattern), InputErrorReason::NothingFits);
    let Ok(paths) = glob::glob(pattern) else {
        return vec![Err(nothing())];
    };
    let inputs: Vec<_> = paths
        .filter_map(|path| match path {
            Ok(path) if path.is_dir() => None,
            Ok(path) => Some(Ok(Input::File(path))),
            Err(cause) => {
                let path = cause.path().to_owned();
                Some(Err(error(&path, io::Error::from(cause))))
            }
        })
        .collect();
    if inputs.is_empty() { vec![Err(nothing())] } else { inputs }
}

fn error(path: &Path, reason: impl Into<InputErrorReason>) -> InputError {
    InputError { name: path.display().to_string(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path, of: &str) -> Vec<String> {
        expand(&[root.join(of)])
            .into_iter()
            .map(|input| match input {
                Ok(input) => input.name().replace(&root.display().to_string(), ""),
                Err(error) => format!("{}: {error}", error.name()).replace(&root.display().to_string(), ""),
            })
            .collect()
    }

    #[test]
    fn folders_and_patterns_become_files_in_order() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("posts/may")).unwrap();
        fs::create_dir_all(root.path().join("empty")).unwrap();
        for file in ["posts/b.txt", "posts/a.txt", "posts/.hidden", "posts/may/c.txt", "odd[1].txt"] {
            fs::write(root.path().join(file), "").unwrap();
        }
        let names = |of| names(root.path(), of);
        assert_eq!(names("posts"), ["/posts/a.txt", "/posts/b.txt", "/posts/may/c.txt"]);
        assert_eq!(names("posts/*.txt"), ["/posts/a.txt", "/posts/b.txt"]);
        assert_eq!(names("odd[1].txt"), ["/odd[1].txt"]); // a file of that very name
        assert_eq!(names("posts/*.json"), ["/posts/*.json: no file fits the pattern"]);
        assert_eq!(names("empty"), ["/empty: the folder holds no files"]);
        assert_eq!(names("missing.txt"), ["/missing.txt"]); // opening it says what is wrong
    }
}
