//! The documentation hangs together: links lead somewhere, every page is near the front door, and what is to be
//! typed can be read by a shell.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// The front door.
const README: &str = "README.md";
const LONGEST_README: usize = 200;
const MOST_CLICKS: usize = 3;
/// Where others' pages are.
const NOT_OURS: [&str; 2] = ["target", "node_modules"];

/// A page's text, by its path from the root.
fn pages() -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    collect(Path::new(""), &mut found);
    assert!(found.contains_key(Path::new(README)), "no {README} in {ROOT}");
    found
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    let entries = fs::read_dir(Path::new(ROOT).join(folder)).expect("a folder that can be read");
    for entry in entries {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        let path = folder.join(&name);
        let is_folder = entry.file_type().expect("its type").is_dir();
        if is_folder && !name.starts_with('.') && !NOT_OURS.contains(&name.as_str()) {
            collect(&path, found);
        } else if name.ends_with(".md") {
            let text = fs::read_to_string(entry.path()).expect("a page in UTF-8");
            found.insert(path, text);
        }
    }
}

/// The lines that are no code.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Where a page's links lead, but for those that leave the repository.
fn links(page: &str) -> Vec<&str> {
    let starts = prose(page).flat_map(|line| line.split("](").skip(1));
    let targets = starts.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let headings = prose(page).filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let slug = slug(heading.trim_start_matches('#').trim());
            let earlier = seen.entry(slug.clone()).or_default();
            *earlier += 1;
            match *earlier {
                1 => slug,
                number => format!("{slug}-{}", number - 1),
            }
        })
        .collect()
}

fn slug(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower
        .chars()
        .filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
    kept.map(|it| if it == ' ' { '-' } else { it }).collect()
}

/// The path and the anchor that a link on `page` leads to.
fn resolved<'a>(page: &Path, link: &'a str) -> (PathBuf, Option<&'a str>) {
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (link, None),
    };
    if path.is_empty() {
        return (page.to_path_buf(), anchor);
    }
    let mut whole = PathBuf::new();
    for part in page.parent().unwrap_or(Path::new("")).join(path).components() {
        match part {
            Component::ParentDir => assert!(whole.pop(), "{link} leaves the repository"),
            part => whole.push(part),
        }
    }
    (whole, anchor)
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut broken = Vec::new();
    for (path, page) in &pages {
        for link in links(page) {
            let (target, anchor) = resolved(path, link);
            let has_anchor = |anchor| {
                pages
                    .get(&target)
                    .is_some_and(|page| anchors(page).contains(anchor))
            };
            if !Path::new(ROOT).join(&target).exists() || !anchor.is_none_or(has_anchor) {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "these lead nowhere: {broken:#?}");
}

#[test]
fn every_page_is_near_the_front_door() {
    let pages = pages();
    let mut reached = BTreeSet::from([PathBuf::from(README)]);
    for _ in 0..MOST_CLICKS {
        let next: Vec<_> = reached
            .iter()
            .filter_map(|path| Some((path, pages.get(path)?)))
            .flat_map(|(path, page)| links(page).into_iter().map(|link| resolved(path, link).0))
            .collect();
        reached.extend(next);
    }
    let far: Vec<_> = pages.keys().filter(|path| !reached.contains(*path)).collect();
    assert!(
        far.is_empty(),
        "more than {MOST_CLICKS} clicks from {README}: {far:?}"
    );
}

#[test]
fn the_front_door_is_short() {
    let lines = pages()[Path::new(README)].lines().count();
    assert!(lines <= LONGEST_README, "{README} has {lines} lines");
}

#[test]
fn every_shell_block_can_be_read_by_bash() {
    for (path, page) in pages() {
        for block in page.split("\n```sh\n").skip(1) {
            let (block, _) = block.split_once("\n```").expect("the block's end");
            let read = Command::new("bash").args(["-n", "-c", block]).output();
            let read = read.expect("bash is installed");
            let said = String::from_utf8_lossy(&read.stderr);
            assert!(read.status.success(), "{}: {said}\n{block}", path.display());
        }
    }
}

#[test]
fn anchors_are_those_of_github() {
    let page = "# A report's life\n## E-mails\n```sh\n# no heading\n```\n## `call`: how?\n## E-mails\n";
    let expected = ["a-reports-life", "call-how", "e-mails", "e-mails-1"];
    assert_eq!(anchors(page), expected.map(str::to_owned).into());
    let (path, anchor) = resolved(Path::new("tests/local/README.md"), "../../cdk/README.md#settings");
    assert_eq!((path, anchor), (PathBuf::from("cdk/README.md"), Some("settings")));
}
