//! The files that are checked, and which lines of them are test code.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::masking::{line_of, masked, matching_brace};

/// A source file.
pub(crate) struct Source {
    /// Path from the root, with slashes.
    pub(crate) file: String,
    /// As written.
    pub(crate) text: String,
    /// The same without comments and without what stands in quotes; every line and column stays where it is.
    pub(crate) code: String,
    /// Lines that only tests see, from 1, first and last.
    test_lines: Vec<(usize, usize)>,
}

impl Source {
    /// A file; `all_test` when only tests see it.
    pub(crate) fn new(file: &str, text: String, all_test: bool) -> Self {
        let code = masked(&text);
        let test_lines = if all_test { vec![(1, usize::MAX)] } else { test_blocks(&code) };
        Self { file: file.to_owned(), text, code, test_lines }
    }

    /// Whether only tests see a line.
    pub(crate) fn is_test_code(&self, line: usize) -> bool {
        self.test_lines.iter().any(|(first, last)| (*first..=*last).contains(&line))
    }

    /// The path of modules under `src`: `["domain", "notice"]`. Empty for `lib.rs`, `main.rs` and what is not under `src`.
    pub(crate) fn module(&self) -> Vec<&str> {
        let Some(path) = self.file.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")) else {
            return Vec::new();
        };
        let mut module: Vec<&str> = path.split('/').collect();
        if matches!(module.last(), Some(&("mod" | "lib" | "main"))) {
            module.pop();
        }
        module
    }

    /// The line of a place in the code.
    pub(crate) fn line(&self, at: usize) -> usize {
        line_of(&self.code, at)
    }
}

/// First and last lines of the blocks under `#[cfg(test)]`.
fn test_blocks(code: &str) -> Vec<(usize, usize)> {
    let blocks = code.match_indices("#[cfg(test)]").filter_map(|(start, _)| {
        let open = start + code[start..].find(['{', ';'])?;
        let close = if code[open..].starts_with('{') { matching_brace(code, open)? } else { open };
        Some((line_of(code, start), line_of(code, close)))
    });
    blocks.collect()
}

/// Files of modules that are declared `#[cfg(test)] mod name;`.
fn test_files(source: &Source) -> Vec<String> {
    let path = Path::new(&source.file);
    let named = !matches!(path.file_stem().and_then(|stem| stem.to_str()), Some("mod" | "lib" | "main"));
    let folder = if named { path.with_extension("") } else { path.parent().unwrap_or(path).to_owned() };
    let declared = source.code.split("#[cfg(test)]").skip(1).filter_map(|after| {
        let statement = after.split(['{', ';']).next()?.trim();
        let name = statement.strip_prefix("pub(crate) ").unwrap_or(statement).strip_prefix("mod ")?;
        Some(folder.join(name).to_string_lossy().replace('\\', "/"))
    });
    declared.collect()
}

/// Every source of the library, the binary, the tests, the benchmarks and the examples.
pub(crate) fn read_all() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["src", "tests", "benches", "examples"] {
        collect(&root.join(folder), &mut paths);
    }
    paths.sort();
    let read = |path: &PathBuf| {
        let file = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let all_test = !file.starts_with("src/");
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{file} cannot be read: {error}"));
        Source::new(&file, text, all_test)
    };
    let mut sources: Vec<Source> = paths.iter().map(read).collect();
    let for_tests: HashSet<String> = sources.iter().flat_map(test_files).collect();
    for source in &mut sources {
        let module_file = source.file.trim_end_matches(".rs").trim_end_matches("/mod");
        if Path::new(module_file).ancestors().any(|path| for_tests.contains(&*path.to_string_lossy())) {
            source.test_lines = vec![(1, usize::MAX)];
        }
    }
    sources
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

#[test]
fn lines_under_cfg_test_are_test_code() {
    let source =
        Source::new("src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n    use b;\n}\nfn c() {}\n".into(), false);
    let test_lines: Vec<usize> = (1..=6).filter(|line| source.is_test_code(*line)).collect();
    assert_eq!(test_lines, [2, 3, 4, 5]);
}

#[test]
fn a_file_declared_under_cfg_test_is_found() {
    let source = Source::new("src/app/mod.rs", "#[cfg(test)]\nmod fake_store;\nmod real;\n".into(), false);
    assert_eq!(test_files(&source), ["src/app/fake_store"]);
}
