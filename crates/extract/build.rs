//! Lists the lexicon files, `data/<language>/<file>.toml`, for the program to carry: a new language is a new folder.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=data");
    let data = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("data");
    let mut paths = Vec::new();
    for language in fs::read_dir(&data)? {
        for file in fs::read_dir(language?.path())? {
            paths.push(file?.path());
        }
    }
    paths.sort(); // the order of a directory is not the same everywhere
    let mut list = String::from("&[\n");
    for path in paths {
        let name =
            |p: Option<&Path>| p.and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let (language, file) = (name(path.parent()), name(Some(&path)));
        writeln!(list, "({language:?}, {file:?}, include_str!({:?})),", path.display().to_string())?;
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("lexicon_files.rs"), list)?;
    Ok(())
}
