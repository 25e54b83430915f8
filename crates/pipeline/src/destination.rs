use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use job::Recipe;

use crate::{Error, Upload};

/// Makes sure that the result of an upload can be written to `path`, or into it if it is a folder, and returns the file.
///
/// Only a file is ever replaced, never a device, and never the video itself. In a folder, the result has the name of its
/// source and how it was enhanced, such as `clip_sr_2x.mp4`.
pub fn destination(path: &Path, upload: &Upload, recipe: &Recipe) -> Result<PathBuf, Error> {
    if path.as_os_str() == "-" {
        return Err(Error::StandardOutput);
    }
    let file = if path.is_dir() { path.join(file_name(&upload.key()?, recipe)) } else { path.to_owned() };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_meant_as_folder = file.as_os_str().as_encoded_bytes().ends_with(b"/");
    let missing = if is_meant_as_folder { Some(path) } else { Some(folder).filter(|folder| !folder.is_dir()) };
    if let Some(folder) = missing {
        return Err(Error::NoFolder { folder: folder.to_owned() });
    }

    let unreadable = |error| Error::Unreadable { file: upload.file.clone(), error };
    let source = fs::metadata(&upload.file).map_err(unreadable)?;
    let part = part(&file);
    for target in [&file, &part] {
        if replaceable(target)?.is_some_and(|found| is_same(&found, &source)) {
            return Err(Error::ReplacesSource { file: target.clone() });
        }
    }
    try_to_write(&part).map_err(|error| Error::Unwritable { file: file.clone(), error })?;
    Ok(file)
}

/// Returns where a file grows until it is complete.
pub(crate) fn part(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    file.with_file_name(name)
}

/// Makes sure that what is at a path, if anything, is a file, so that it may be replaced.
pub(crate) fn replaceable(file: &Path) -> Result<Option<Metadata>, Error> {
    match fs::metadata(file) {
        Ok(found) if found.is_file() => Ok(Some(found)),
        Ok(_) => Err(Error::NotReplaceable { file: file.to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::Unwritable { file: file.to_owned(), error }),
    }
}

/// Opens a file for writing and leaves it as it was, so that nobody waits for a result that has no place.
fn try_to_write(file: &Path) -> io::Result<()> {
    match File::create_new(file) {
        Ok(_) => fs::remove_file(file),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => OpenOptions::new().append(true).open(file).map(drop),
        Err(error) => Err(error),
    }
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// The name that a result has by default. Characters that lead out of a folder, or into none, do not survive.
fn file_name(key: &str, recipe: &Recipe) -> String {
    let extension = recipe.encoding.container.as_str();
    let enhanced = job::keys::enhanced_key(key, recipe.scale, "", extension);
    // Its last segment is the job's id, which says nothing to who looks at the folder.
    let name = enhanced.rsplit('/').nth(1).unwrap_or_default();
    let plain = |letter: char| if letter.is_control() || letter == '\\' { '_' } else { letter };
    format!("{}.{extension}", name.chars().map(plain).collect::<String>())
}
